# SPDX-License-Identifier: Apache-2.0
# properties.ps1 TABLES: the properties that the lab's ActiveDirectory module knows, and what each is made of, against
# kinds.tsv and properties.tsv.
param([string] $Tables)
$ErrorActionPreference = 'Stop'
$hidden = [Reflection.BindingFlags]'Static,Instance,NonPublic,Public'
$kinds = (Get-Command Get-ADUser).ImplementingType.Assembly.GetType('Microsoft.ActiveDirectory.Management.ObjectKind')
$up = @{}
Import-Csv "$Tables/kinds.tsv" -Delimiter "`t" | ForEach-Object { $up[$_.kind] = $_.parent }
$rows = @{}
foreach ($row in Import-Csv "$Tables/properties.tsv" -Delimiter "`t") {
    foreach ($kind in $row.kinds -split ' ') { $rows["$kind $($row.property)"] = ($row.attributes -split ',')[0] }
}
$count = 0
$wrong = foreach ($kind in $kinds.GetField('All', $hidden).GetValue($null)) {
    $properties = $kinds.GetProperty('Properties', $hidden).GetValue($kind)
    foreach ($property in $properties) {
        $count++
        $name = $property.GetType().GetProperty('Name', $hidden).GetValue($property)
        $want = $property.GetType().GetProperty('Attributes', $hidden).GetValue($property)[0]
        $type = $kinds.GetProperty('Type', $hidden).GetValue($kind).Name
        if ($type -eq 'ADPrincipal') { $type = 'ADAccount' } # the lab reads all of an account's for it
        for ($at = $type; $at -ne '-' -and -not $rows["$at $name"]; $at = $up[$at]) { }
        if ($at -eq '-') { "$type ${name}: no row" }
        elseif ($rows["$at $name"] -cne $want) { "$type ${name}: the row says $($rows["$at $name"]), the module $want" }
    }
}
$wrong | Out-Default
"properties: $count of the module, $(@($wrong).Count) wrong"
if ($wrong -or $count -lt 100) { exit 1 }
