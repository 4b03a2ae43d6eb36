# Built into the agent: the only script that a privileged runspace ever runs.
param([string[]] $Modules, [string[]] $Commands)

$PSModuleAutoLoadingPreference = 'None'
$ProgressPreference = 'SilentlyContinue'
if ($Modules) {
    Microsoft.PowerShell.Core\Import-Module -Name $Modules -DisableNameChecking -ErrorAction Stop
}

# The canary. Defined before the lock it keeps FullLanguage, so it sees what a caller of structured commands could have
# left behind: one line for each thing, NAME:STATE. Of a variable it says a hash of the text or number, or which object it
# is, never what it holds. Error records, which would hold a caller's data until 256 others came, are forgotten.
function global:Test-CausewayRunspace {
    $__state = $ExecutionContext.SessionState
    $__items = $__state.InvokeProvider.ChildItem
    $__text = [System.Text.StringBuilder]::new()
    $null = $__text.Append("programs:$($__state.Applications.Count)`nscripts:$($__state.Scripts.Count)`nfolder:$PWD")
    $null = $__text.Append("`ndefault parameters:$($PSDefaultParameterValues.Count)")
    $null = $__text.Append("`nfunctions:$($__items.Get('function:', $false).Count)")
    $null = $__text.Append("`naliases:$($__items.Get('alias:', $false).Count)")
    foreach ($__v in $__items.Get('variable:', $false)) {
        if ($__v.Name -cin '$', '?', '^', '_', 'args', 'Error', 'foreach', 'input', 'MyInvocation', 'PSBoundParameters',
            'PSCmdlet', 'PWD', 'StackTrace', 'switch', 'this', '__state', '__items', '__text', '__v', '__hash') { continue }
        $__hash = if ($__v.Value -is [string] -or $__v.Value -is [System.ValueType]) {
            $__v.Value.GetHashCode()
        }
        else {
            [System.Runtime.CompilerServices.RuntimeHelpers]::GetHashCode($__v.Value)
        }
        $null = $__text.Append("`n`$").Append($__v.Name).Append(':').Append($__hash)
    }
    $global:Error.Clear()
    $__text.ToString()
}

# The lock. What cannot be hidden keeps the runspace from serving.
$ExecutionContext.SessionState.Applications.Clear()
$ExecutionContext.SessionState.Scripts.Clear()
$Commands += 'Test-CausewayRunspace', 'Out-Default'
$kinds = 'Alias,Function,Filter,Cmdlet,Configuration'
foreach ($command in $ExecutionContext.InvokeCommand.GetCommands('*', $kinds, $true)) {
    if ($command.Name -notin $Commands) { try { $command.Visibility = 'Private' } catch { } }
}
$open = foreach ($command in $ExecutionContext.InvokeCommand.GetCommands('*', $kinds, $true)) {
    if ($command.Name -notin $Commands -and $command.Visibility -ne 'Private') { $command.Name }
}
if ($open) { throw "commands that cannot be hidden: $open" }
$ExecutionContext.SessionState.LanguageMode = 'NoLanguage'
