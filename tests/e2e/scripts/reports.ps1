#== report-departments
Get-ADUser -Filter * -SearchBase 'OU=Staff,DC=lab,DC=test' -Properties Department | Group-Object Department -NoElement | Sort-Object Count, Name -Descending |
    Select-Object Name, Count

#== report-csv
Get-ADUser -Filter { Department -eq 'Sales' -and Title -like 'Head*' } -Properties Department, Title, EmailAddress |
    Select-Object SamAccountName, Title, EmailAddress | ConvertTo-Csv -NoTypeInformation

#== report-json
$u = Get-ADUser ada -Properties Title, Department, Manager
[ordered]@{ account = $u.SamAccountName; title = $u.Title; manager = (Get-ADUser $u.Manager).SamAccountName } | ConvertTo-Json -Compress

#== report-first-and-last
Get-ADUser -Filter "Surname -like 'L*'" -SearchBase 'OU=Staff,DC=lab,DC=test' | Sort-Object Surname, GivenName | Select-Object -First 2 -Property Name, SamAccountName
Get-ADUser -Filter "Surname -like 'L*'" -SearchBase 'OU=Staff,DC=lab,DC=test' | Sort-Object Surname, GivenName | Select-Object -Last 1 -ExpandProperty Name
Get-ADUser -Filter * -SearchBase 'OU=Staff,DC=lab,DC=test' -ResultSetSize 3 | Measure-Object | Select-Object -ExpandProperty Count

#== report-begin-process-end
Get-ADUser -Filter * -SearchBase 'OU=Finance,OU=Staff,DC=lab,DC=test' -Properties Office | ForEach-Object -Begin {
    $offices = @{}
    $total = 0
} -Process {
    $key = ($_.Office -split ' ')[0]
    $offices[$key] = 1 + $offices[$key]
    $total++
} -End {
    foreach ($key in $offices.Keys | Sort-Object) { '{0}: {1} ({2:p0})' -f $key, $offices[$key], ($offices[$key] / $total) }
}

#== report-averages
$sizes = Get-ADGroup -Filter * -SearchBase 'OU=Groups,DC=lab,DC=test' -Properties Members | ForEach-Object { $_.Members.Count }
$m = $sizes | Measure-Object -Sum -Average -Maximum -Minimum
[pscustomobject]@{ Groups = $m.Count; Members = $m.Sum; Average = [math]::Round($m.Average, 1); Largest = $m.Maximum; Smallest = $m.Minimum }

#== report-error-variable
$found = foreach ($name in 'ada', 'nobody-1', 'grace', 'nobody-2') {
    Get-ADUser -Filter "SamAccountName -eq '$name'" -ErrorVariable +problems
}
$found.SamAccountName
"problems: $(@($problems).Count)"

#== report-not-found-continues
# A statement that fails does not end the script.
Get-ADUser no-such-person
'still here'
$? | Out-Null
Get-ADUser ada | ForEach-Object Name

#== report-not-found-stop !plan:a script that does not come to its end has no plan
$ErrorActionPreference = 'Stop'
'before'
Get-ADUser no-such-person
'never'

#== report-error-details
try { Get-ADUser no-such-person }
catch {
    $_.Exception.GetType().FullName
    $_.FullyQualifiedErrorId
    [string]$_.CategoryInfo.Category
    $_.Exception.Message
}

#== report-nested-pipelines
Get-ADGroup -Filter "Name -eq 'Managers'" | Get-ADGroupMember | Get-ADUser -Properties Department |
    Group-Object Department | Sort-Object Name | ForEach-Object { '{0}={1}' -f $_.Name, (($_.Group | Sort-Object SamAccountName | ForEach-Object SamAccountName) -join '/') }

#== report-dates
$u = Get-ADUser ada -Properties whenCreated, PasswordLastSet
$u.whenCreated.GetType().Name
($u.PasswordLastSet -is [datetime])
($u.whenCreated -le [datetime]::Now)
'{0:yyyy}-{0:MM}' -f ([datetime]'2026-03-31').AddMonths(-1)
([timespan]'1.02:30:00').TotalHours

#== report-types
$u = Get-ADUser ada -Properties MemberOf, Enabled, Title
$u.Enabled.GetType().Name
$u.ObjectGUID.GetType().Name
"$u"
$u.PSObject.TypeNames -match 'ActiveDirectory.Management.ADUser$' | ForEach-Object { $_ -replace '^Deserialized\.' }
@($u.MemberOf).Count
$u.MemberOf[0].Substring(0, 3)
$u.ObjectGUID -eq (Get-ADUser -Identity $u.ObjectGUID).ObjectGUID

#== report-sid-value
$u = Get-ADUser ada
$u.SID.Value -eq "$($u.SID)"
(Get-ADDomain).DomainSID.Value -eq ($u.SID.Value -replace '-\d+$')
(Get-ADUser -Identity $u.SID.Value).Name

#== report-default-properties
Get-ADUser ada | Select-Object DistinguishedName, Enabled, GivenName, Name, ObjectClass, SamAccountName, Surname, UserPrincipalName

#== report-raw-object
Get-ADUser ada -Properties Title
Get-ADGroup Managers

#== report-filter-kinds
$day = [datetime]'2000-01-01'
$names = @{ first = 'Ada' }
@(
    (Get-ADUser -Filter { GivenName -eq 'Ada' -and Surname -like 'Love*' }).SamAccountName
    (Get-ADUser -Filter "GivenName -eq '$($names.first)'").SamAccountName
    (Get-ADUser -Filter 'sAMAccountName -eq "grace"').SamAccountName
    @(Get-ADUser -Filter { whenCreated -lt $day }).Count
    @(Get-ADUser -Filter { (Title -eq 'Researcher' -or Title -eq 'Mathematician') -and -not (Enabled -eq $false) } -SearchBase 'OU=Research,OU=Staff,DC=lab,DC=test').Count
    (Get-ADUser -Filter { EmployeeNumber -le 'E00002' -and EmployeeNumber -ge 'E00001' } | Sort-Object Name).Name -join ','
)

#== report-filter-variable-property
$boss = Get-ADUser grace
@(Get-ADUser -Filter { Manager -eq $boss.DistinguishedName }).Count
$title = 'Head*'
(Get-ADUser -Filter { Title -like $title } | Sort-Object Name | Select-Object -First 1).Name

#== report-ldap-filter
@(Get-ADUser -LDAPFilter '(&(department=Research)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))').Count
(Get-ADUser -LDAPFilter '(|(sAMAccountName=ada)(sAMAccountName=alan))' | Sort-Object Name).Name -join ';'

#== report-domain
$d = Get-ADDomain
'{0} {1} {2}' -f $d.DNSRoot, $d.NetBIOSName, $d.PDCEmulator
(Get-ADForest).Domains
(Get-ADRootDSE).defaultNamingContext

#== report-out-string
$table = Get-ADUser ada -Properties Title | Select-Object Name, Title
$text = "$($table.Name) is $($table.Title)"
$text.ToUpper().PadRight(30, '.') + '|'
$text -split ' ' | ForEach-Object { $_.Length } | Measure-Object -Sum | ForEach-Object Sum

#== report-members-add
$rows = Get-ADUser -Filter "Surname -eq 'Turing'" -Properties Office | ForEach-Object {
    $_ | Select-Object Name, Office | Add-Member -NotePropertyName Floor -NotePropertyValue ([int]($_.Office -replace '^\D+(\d+)\..*$', '$1')) -PassThru
}
$rows

#== report-streams
Write-Output 'out'
Write-Warning 'careful'
Write-Verbose 'quiet'
Write-Verbose 'loud' -Verbose
Write-Information 'told' -InformationAction Continue
Write-Host 'shown'
Write-Error 'wrong' -ErrorId Own
Write-Debug 'hidden'

#== report-select-properties-star
(Get-ADUser ada -Properties *).PSObject.Properties.Name -contains 'Title'
(Get-ADUser ada -Properties * | Select-Object -Property Title, Department, City | ConvertTo-Json -Compress)

#== report-loop-forms
$i = 0
while ($true) { if (++$i -gt 3) { break } }
do { $i-- } until ($i -le 1)
for ($n = 0; $n -lt 3; $n++) { if ($n -eq 1) { continue }; "n$n" }
foreach ($sam in 'ada', 'alan') { (Get-ADUser $sam).Surname }
$i
$(foreach ($x in 1..3) { $x * $x }) -join ','
'b', 'a' | Sort-Object | ForEach-Object { $_.ToUpper() }

#== report-classes-and-enums
enum State { Active; Left }
class Person {
    [string]$Name
    [State]$State
    Person([string]$name, [bool]$enabled) { $this.Name = $name; $this.State = if ($enabled) { [State]::Active } else { [State]::Left } }
    [string] ToString() { return '{0} ({1})' -f $this.Name, $this.State }
}
Get-ADUser -Filter "SamAccountName -like 'a*'" -SearchBase 'OU=Staff,DC=lab,DC=test' | Sort-Object Name | ForEach-Object { [Person]::new($_.Name, $_.Enabled) } | ForEach-Object ToString
