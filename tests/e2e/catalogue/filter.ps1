# SPDX-License-Identifier: Apache-2.0
# filter.ps1 FILE: what `filters` printed, line by line, against the module's own parser: the same
# LDAP filter, or the same objects found. Every twentieth is asked of the directory in any case.
param([string] $File)
$ErrorActionPreference = 'Stop'
$ns = 'Microsoft.ActiveDirectory.Management'
$assembly = (Get-Command Get-ADUser).ImplementingType.Assembly
$hidden = [Reflection.BindingFlags]'Static,NonPublic,Public'
$parser = $assembly.GetType("$ns.FilterParser").GetMethod('ToLdap', $hidden)
$kinds = $assembly.GetType("$ns.ObjectKind")
$cmdlets = @{ User = 'ADUser'; Group = 'ADGroup'; Computer = 'ADComputer'; OrganizationalUnit = 'ADOrganizationalUnit'; Any = 'ADObject' }

# The variables of filters.c.
$n = 'O''Brien (x)*\'
$u = [pscustomobject]@{ Title = 'CTO' }
$five = 5
$yes = $true
$values = @{ n = $n; u = $u; five = $five; yes = $yes }
$lookup = [Func[string, object]] { param($name) $values[$name] }

function Theirs([string] $Kind, [string] $Filter) {
    try { '=' + $parser.Invoke($null, @($Filter, $kinds.GetField($Kind, $hidden).GetValue($null), $lookup)) }
    catch { '!' + $_.Exception.GetBaseException().Message }
}

function Found([string] $Kind, [hashtable] $By) {
    try { (& "Get-$($cmdlets[$Kind])" @By | ForEach-Object { $_.ObjectGUID } | Sort-Object) -join ' ' }
    catch { "error: $_" } # the module sends things that no server takes, as **; we do not
}

# Do both find the same objects?
function Ask([string] $Kind, [string] $Filter, [string] $Ldap) {
    $script:asked++
    $a = Found $Kind @{ LDAPFilter = $Ldap }
    $b = Found $Kind @{ Filter = $Filter }
    if ($a -cne $b -and ($a -like 'error:*' -or $b -notlike 'error:*')) { $wrong.Add("$Kind $Filter`n  finds '$a' and '$b'") }
}

$lines = $equal = $refused = $stricter = $script:asked = 0
$wrong = [Collections.Generic.List[string]]::new()
foreach ($line in [IO.File]::ReadAllLines($File)) {
    $kind, $how, $filter, $ours = $line.Split("`t")
    if ($filter -match '\\[89a-f][0-9a-f]') { continue } # a byte here, a character in the lab's module
    $theirs = Theirs $kind $filter
    $lines++
    if ($how -eq 'V' -and $ours[0] -eq '!') { $wrong.Add("$kind $filter`n  refused: $ours") }
    elseif ($ours[0] -eq '!' -and $theirs[0] -eq '!') { $refused++ }
    elseif ($ours[0] -eq '!') { $stricter++ }
    elseif ($theirs[0] -eq '!') { $wrong.Add("$kind $filter`n  ours   $ours`n  theirs $theirs") }
    elseif ($ours -cne $theirs) { Ask $kind $filter $ours.Substring(1) }
    else {
        $equal++
        if ($equal % 20 -eq 0) { Ask $kind $filter $ours.Substring(1) }
    }
}
$wrong | Out-Default
"filter: $lines filters, $equal equal, $refused refused by both, $stricter spoilt ones by us alone, $asked asked of the directory, $($wrong.Count) wrong"
if ($wrong.Count -or $equal -lt $lines / 2 -or -not $asked) { exit 1 }
