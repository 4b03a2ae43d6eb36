# Commands that do what none of ours may: each leaves something behind in its runspace.
function Set-Leftover { $global:leftover = 1 }
function Set-LeftoverPreference { $global:WarningPreference = 'Stop' }
function Set-LeftoverDefault { $global:PSDefaultParameterValues['*:Confirm'] = $false }
function Set-LeftoverFunction { function global:leftover { 1 } }
# And what the canary is to clear.
function Write-Wrong { [CmdletBinding()] param() $PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new(
    [System.Exception]::new('wrong'), 'Wrong', 'NotSpecified', $null)) }
function Get-ErrorCount { $global:Error.Count }
