# A handful of proxies by hand: what the real ones do, without their finesse. The tests of hostile scripts use its Ask.
function global:Ask($Map) {
    $Host.UI.Write('causeway/1 ' + [System.Management.Automation.PSSerializer]::Serialize($Map, 5))
    [System.Management.Automation.PSSerializer]::Deserialize($Host.UI.ReadLine())
}
$global:LastId = 0
function global:Call($Command, $Parameters, $Entries, $Cmdlet, $Action = 'Continue') {
    $id = [int]++$global:LastId
    $map = @{ verb = 'call'; id = $id; command = $Command; parameters = $Parameters; error_action = $Action; what_if = $false }
    if ($Entries) { $map.input = @($Entries) }
    $open = $true
    try {
        while ($open) {
            $answer = Ask $map
            $open = $answer.state -ne 'done'
            foreach ($record in $answer.records) {
                $stream, $value = $record
                switch ($stream) {
                    'output' { $value }
                    'warning' { Write-Warning $value }
                    'error' { Write-Error -Message $value.message -ErrorId $value.error_id }
                    'fail' {
                        $e = [System.Management.Automation.ErrorRecord]::new([System.Exception]::new($value.message), $value.error_id, 'NotSpecified', $value.refusal)
                        $Cmdlet.ThrowTerminatingError($e)
                    }
                }
            }
            $map = @{ verb = 'next'; id = $id }
        }
    }
    finally { if ($open) { $null = Ask @{ verb = 'cancel'; id = $id } } }
}
function global:Plain($v) { if ($v.ObjectGUID) { @{ ObjectGUID = "$($v.ObjectGUID)" } } else { "$v" } }
function global:Get-ADUser {
    [CmdletBinding()] param([Parameter(Position = 0, ValueFromPipeline)] $Identity, $Filter, $LDAPFilter, $Properties, $ResultSetSize)
    process {
        $p = @{}
        if ($Identity) { $p.Identity = Plain $Identity }
        foreach ($n in 'Filter', 'LDAPFilter', 'Properties', 'ResultSetSize') { if ($PSBoundParameters.ContainsKey($n)) { $p[$n] = $PSBoundParameters[$n] } }
        Call 'Get-ADUser' $p $null $PSCmdlet
    }
}
function global:Set-ADUser {
    [CmdletBinding(SupportsShouldProcess)] param([Parameter(Position = 0, ValueFromPipeline)] $Identity, $Title, $Description, $Manager, $Replace)
    begin {
        $p = @{}; $all = @()
        foreach ($n in 'Title', 'Description', 'Replace') { if ($PSBoundParameters.ContainsKey($n)) { $p[$n] = $PSBoundParameters[$n] } }
        if ($Manager) { $p.Manager = Plain $Manager }
    }
    process {
        if (-not $PSCmdlet.ShouldProcess("$Identity")) { return }
        $all += @{ Identity = Plain $Identity }
        if ($all.Count -eq 64) { Call 'Set-ADUser' $p $all $PSCmdlet; $all = @() }
    }
    end { if ($all) { Call 'Set-ADUser' $p $all $PSCmdlet } }
}
