# Cmdlets of the engine's own that are something else in a sandbox.

# --- cmdlets that ask somebody: nobody is there, and a secret would be waited for until the script's time is over

function global:__cwNobody($cmdlet) {
    $name = $cmdlet.MyInvocation.MyCommand.Name
    $cmdlet.ThrowTerminatingError((__cwRecord $name @{
        message = "$name asks for something, and nobody is there to answer"; error_id = "CausewayNobody,$name"; category = 'InvalidOperation'
        type = 'System.Management.Automation.PSInvalidOperationException' }))
}

function global:Read-Host {
    [CmdletBinding()]
    param([Parameter(Position = 0, ValueFromRemainingArguments)] $Prompt, [switch] $AsSecureString, [switch] $MaskInput)
    __cwNobody $PSCmdlet
}

function global:Get-Credential {
    [CmdletBinding()]
    param([Parameter(Position = 0)] $Credential, $Message, $UserName, $Title)
    if ($Credential -is [pscredential]) { $Credential } else { __cwNobody $PSCmdlet }
}

# --- modules that scripts ask for: what they would bring is here

# The names of modules that stand here, of those that are asked for, when all of them do.
function global:__cwModules($names) {
    $found = @(foreach ($name in $names) { foreach ($module in $__cw.Modules) { if ($module.Name -like [string]$name) { $module } } })
    if ($found.Count -and $found.Count -ge @($names).Count) { $found }
}

function global:Import-Module {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)] [Alias('FullyQualifiedName', 'ModuleInfo')] [object[]] $Name, [switch] $Force,
        [switch] $PassThru, [switch] $DisableNameChecking, [switch] $Global, [switch] $SkipEditionCheck, [switch] $NoClobber,
        [switch] $UseWindowsPowerShell, [version] $MinimumVersion, [version] $MaximumVersion, [version] $RequiredVersion, [string] $Prefix,
        [string[]] $Function, [string[]] $Cmdlet, [string[]] $Variable, [string[]] $Alias, [string] $Scope, [object[]] $ArgumentList)
    process {
        $__cwFound = __cwModules $Name
        if ($__cwFound) { if ($PassThru) { $__cwFound } }
        else { Microsoft.PowerShell.Core\Import-Module @PSBoundParameters }
    }
}

function global:Get-Module {
    [CmdletBinding()]
    param([Parameter(Position = 0, ValueFromPipeline)] [string[]] $Name, [switch] $ListAvailable, [switch] $All, [switch] $Refresh,
        [switch] $SkipEditionCheck)
    process {
        $__cwFound = __cwModules $(if ($Name) { $Name } else { '*' })
        $__cwFound
        if (-not $Name -or -not $__cwFound) { Microsoft.PowerShell.Core\Get-Module @PSBoundParameters }
    }
}
