#== computers-stale @cstale
# No logon for half a year: disabled, described, moved.
$limit = [datetime]'2026-05-01'
$ou = 'OU=cstale,OU=Corpus,DC=lab,DC=test'
Get-ADComputer -Filter { LastLogonDate -lt $limit } -SearchBase $ou -Properties LastLogonDate | ForEach-Object {
    Set-ADComputer $_ -Enabled $false -Description ('stale since {0:yyyy-MM-dd}' -f $_.LastLogonDate.ToUniversalTime())
    Move-ADObject $_ -TargetPath "OU=Old,$ou"
    $_.Name
}
Get-ADComputer -Filter * -SearchBase $ou | Sort-Object Name | Select-Object Name, Enabled

#== computers-never-logged-on @cnever
Get-ADComputer -LDAPFilter '(!(lastLogonTimestamp=*))' -SearchBase 'OU=cnever,OU=Corpus,DC=lab,DC=test' | ForEach-Object Name

#== computers-by-os @cos
Get-ADComputer -Filter "Name -like 'cos-*'" -Properties OperatingSystem, OperatingSystemVersion | Group-Object {
    switch -Wildcard ($_.OperatingSystem) { '*Server*' { 'server' } 'Windows 1?*' { 'client' } default { 'other' } }
} | Sort-Object Name | Select-Object Name, Count

#== computers-build-number @cbuild
Get-ADComputer -Filter { OperatingSystem -like '*Windows*' } -SearchBase 'OU=cbuild,OU=Corpus,DC=lab,DC=test' -Properties OperatingSystemVersion |
    Select-Object Name, @{ n = 'Build'; e = { if ($_.OperatingSystemVersion -match '\((\d+)\)') { [int]$Matches[1] } } } |
    Where-Object Build -lt 20000 | Sort-Object Build, Name

#== computers-describe @cdesc
$inventory = @{ 'CDESC-PC1' = 'Ann'; 'CDESC-PC2' = 'Ben' }
foreach ($name in $inventory.Keys | Sort-Object) {
    Set-ADComputer $name -Description "used by $($inventory[$name])" -Location 'London/1'
}
Get-ADComputer cdesc-PC1 -Properties Description, Location | Select-Object Name, Description, Location

#== computers-managed-by @cman
Get-ADComputer -Filter "Name -like 'cman-PC*'" | Set-ADComputer -ManagedBy cman.ann -PassThru | Sort-Object Name | ForEach-Object Name
Set-ADComputer cman-SRV -ManagedBy $null -Clear description

#== computers-delete @cdel
$gone = 'cdel-PC1', 'cdel-PC9'
foreach ($name in $gone) {
    if (Get-ADComputer -Filter "Name -eq '$name'") { Remove-ADComputer $name -Confirm:$false; "removed $name" }
    else { "no $name" }
}

#== computers-rename @cren
Get-ADComputer cren-PC1 | Rename-ADObject -NewName 'cren-PC7'
Set-ADComputer 'cren-PC1$' -SamAccountName 'cren-PC7$'
Get-ADComputer cren-PC7 | Select-Object Name, SamAccountName, DNSHostName
