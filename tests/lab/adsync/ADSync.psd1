# A double of Entra Connect's module, for the lab.
@{
    RootModule = 'Microsoft.IdentityManagement.PowerShell.Cmdlet.dll'
    ModuleVersion = '1.0.0.0'
    GUID = '6f7bb5a4-0e26-4b0c-9d0f-3b6f8a1f5c11'
    Author = 'Causeway'
    Description = 'Sync cycles from the lab directory to the Entra ID double'
    PowerShellVersion = '7.6'
    CmdletsToExport = @('Get-ADSyncConnectorRunStatus', 'Get-ADSyncScheduler', 'Start-ADSyncSyncCycle')
    FunctionsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
}
