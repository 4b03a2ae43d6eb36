# Built into the agent: what causewayctl doctor wants to know of a PowerShell. It runs in one of its own, which then ends, and changes
# nothing. Each line that it puts out is KIND, a tab, and what that kind has, with tabs between. What fails says so and is not the end.
param([string[]] $Modules)

$ErrorActionPreference = 'Continue'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$PSModuleAutoLoadingPreference = 'None'
"version`t$($PSVersionTable.PSVersion)`t$($PSVersionTable.PSEdition)"
"language`t$($ExecutionContext.SessionState.LanguageMode)"
try {
    $me = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    "account`t$($me.Name)`t$($me.User.Value)"
    foreach ($group in $me.Groups) { "group`t$($group.Value)" }
} catch { try { "account`t$([System.Environment]::UserName)`t" } catch { "account`t`t" } }
foreach ($module in $Modules) {
    try {
        Microsoft.PowerShell.Core\Import-Module -Name $module -DisableNameChecking -ErrorAction Stop
        $loaded = Microsoft.PowerShell.Core\Get-Module -Name $module
        "module`t$module`t$($loaded.Version)"
    } catch { "missing`t$module`t$("$_" -replace '\s+', ' ')"; continue }
    foreach ($c in Microsoft.PowerShell.Core\Get-Command -Module $module) { "command`t$module`t$($c.Name)`t$($c.Parameters.Keys -join ',')" }
}
if ($Modules -contains 'ActiveDirectory') {
    try {
        $domain = Get-ADDomain -ErrorAction Stop
        "domain`t$($domain.DNSRoot)`t$($domain.PDCEmulator)"
        foreach ($name in @($domain.ReplicaDirectoryServers) + @($domain.ReadOnlyReplicaDirectoryServers)) {
            if (-not $name) { continue }
            try {
                $root = Get-ADRootDSE -Server $name -ErrorAction Stop
                $time = try { $root.currentTime.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ') } catch { '' }
                "controller`t$name`tok`t$time"
            } catch { "controller`t$name`tfailed`t$("$_" -replace '\s+', ' ')" }
        }
    } catch { "nodomain`t$("$_" -replace '\s+', ' ')" }
}
