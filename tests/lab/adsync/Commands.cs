// SPDX-License-Identifier: Apache-2.0
//
// The cmdlets of Entra Connect that a change needs, with the real names, parameters and errors.

using System.Management.Automation;
using Causeway.Lab.ADSync;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel
{
    public enum SynchronizationPolicyType { Unspecified, Delta, Initial }

    public enum ConnectorRunState { Idle, Busy }

    public sealed record SyncCycleResult(string Result);

    public sealed record ConnectorRunStatus(ConnectorRunState RunState, string ConnectorName);

    public sealed record SchedulerSettings(
        TimeSpan AllowedSyncCycleInterval, TimeSpan CurrentlyEffectiveSyncCycleInterval, TimeSpan? CustomizedSyncCycleInterval,
        SynchronizationPolicyType NextSyncCyclePolicyType, DateTime NextSyncCycleStartTimeInUTC, TimeSpan PurgeRunHistoryInterval,
        bool SyncCycleEnabled, bool MaintenanceEnabled, bool StagingModeEnabled, bool SchedulerSuspended, bool SyncCycleInProgress);
}

namespace Microsoft.IdentityManagement.PowerShell.Cmdlet
{
    [Cmdlet(VerbsLifecycle.Start, "ADSyncSyncCycle")]
    [OutputType(typeof(SyncCycleResult))]
    public sealed class StartADSyncSyncCycle : PSCmdlet
    {
        [Parameter(Position = 1, ValueFromPipeline = true)]
        public SynchronizationPolicyType PolicyType { get; set; }

        [Parameter(Position = 2, ValueFromPipeline = true)]
        public bool InteractiveMode { get; set; }

        protected override void ProcessRecord()
        {
            if (Files.Settings.SchedulerSuspended)
                Refuse("Scheduler is already suspended via global parameters.");
            else if (Cycle.TryStart(PolicyType == SynchronizationPolicyType.Initial))
                WriteObject(new SyncCycleResult("Success"));
            else
                Refuse($"Connector: {Cycle.CloudConnector} is busy.");
        }

        /* The service sends the text of its exception, trace and all; the real module makes it the message and the error id. */
        private void Refuse(string reason)
        {
            string text = $"System.InvalidOperationException: {reason}\r\n"
                + "   at Microsoft.MetadirectoryServices.Scheduler.Scheduler.StartSyncCycle(String overridePolicy, Boolean interactiveMode)\r\n"
                + "   at SchedulerUtils.StartSyncCycle(SchedulerUtils* , Char* policyType, Int32 interactiveMode, Char** errorString)";
            WriteError(new ErrorRecord(new InvalidOperationException(text), text, ErrorCategory.WriteError, this));
        }
    }

    [Cmdlet(VerbsCommon.Get, "ADSyncConnectorRunStatus")]
    [OutputType(typeof(ConnectorRunStatus))]
    public sealed class GetADSyncConnectorRunStatus : PSCmdlet
    {
        protected override void ProcessRecord()
        {
            if (Files.Running?.Connector is { } connector)
                WriteObject(new ConnectorRunStatus(ConnectorRunState.Busy, connector));
        }
    }

    [Cmdlet(VerbsCommon.Get, "ADSyncScheduler")]
    [OutputType(typeof(SchedulerSettings))]
    public sealed class GetADSyncScheduler : PSCmdlet
    {
        private static readonly TimeSpan Interval = TimeSpan.FromMinutes(30);

        protected override void ProcessRecord()
        {
            Settings settings = Files.Settings;
            CycleRecord? running = Files.Running, last = Files.Cycle;
            // While a cycle runs the next start still shows when this one began.
            DateTime next = running?.Started ?? (last?.Finished ?? last?.Started ?? DateTime.UtcNow) + Interval;
            WriteObject(new SchedulerSettings(Interval, Interval, null,
                Files.ConnectorSpace is null ? SynchronizationPolicyType.Initial : SynchronizationPolicyType.Delta, next,
                TimeSpan.FromDays(7), settings.SyncCycleEnabled, true, settings.StagingModeEnabled, settings.SchedulerSuspended,
                running is not null));
        }
    }
}
