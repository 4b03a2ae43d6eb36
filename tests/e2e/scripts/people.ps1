#== titles-bulk @titbulk
# One wording for all.
$map = @{ 'engineer' = 'Engineer'; 'Sr. Engineer' = 'Senior Engineer'; 'Trainee' = 'Junior Engineer' }
Get-ADUser -Filter * -SearchBase 'OU=titbulk,OU=Corpus,DC=lab,DC=test' -Properties Title | Sort-Object SamAccountName | ForEach-Object {
    $title = [string]$_.Title
    if ($map.ContainsKey($title) -and $map[$title] -cne $title) {
        Set-ADUser $_ -Title $map[$title]
        '{0}: {1} -> {2}' -f $_.SamAccountName, $title, $map[$title]
    }
}

#== titles-switch-regex @titswit
Get-ADUser -LDAPFilter '(title=*)' -SearchBase 'OU=titswit,OU=Corpus,DC=lab,DC=test' -Properties title | ForEach-Object {
    $new = switch -Regex ($_.title) {
        '^Sr\.\s+(.*)$' { "Senior $($Matches[1])"; break }
        '^[a-z]' { $_.Substring(0, 1).ToUpper() + $_.Substring(1); break }
        'Trainee' { 'Junior Engineer' }
    }
    if ($new) { Set-ADUser $_ -Replace @{ title = $new } }
}
(Get-ADUser -LDAPFilter '(title=*)' -SearchBase 'OU=titswit,OU=Corpus,DC=lab,DC=test' -Properties title).title | Sort-Object

#== titles-csv-lookup @titcsv
$csv = @'
EmployeeID,Title
titcsv-002,Principal Engineer
titcsv-003,Retired
titcsv-999,Ghost
'@ | ConvertFrom-Csv
$byId = @{}
Get-ADUser -Filter "EmployeeID -like 'titcsv-*'" -Properties EmployeeID | ForEach-Object { $byId[$_.EmployeeID] = $_ }
foreach ($row in $csv) {
    if (-not $byId.ContainsKey($row.EmployeeID)) { Write-Warning "$($row.EmployeeID): nobody"; continue }
    $byId[$row.EmployeeID] | Set-ADUser -Title $row.Title
}

#== phones-normalise @phone
# Every number as +44 20 7946 0000.
function ConvertTo-Phone([string]$text) {
    $digits = $text -replace '[^\d+]'
    $digits = $digits -replace '^0044', '+44' -replace '^0', '+44'
    if ($digits -match '^\+44(20)(\d{4})(\d{4})$') { return '+44 {0} {1} {2}' -f $Matches[1], $Matches[2], $Matches[3] }
    if ($digits -match '^\+44(7\d{3})(\d{6})$') { return '+44 {0} {1}' -f $Matches[1], $Matches[2] }
}
foreach ($u in Get-ADUser -Filter { OfficePhone -like '*' -or MobilePhone -like '*' } -SearchBase 'OU=phone,OU=Corpus,DC=lab,DC=test' -Properties OfficePhone, MobilePhone) {
    $set = @{}
    foreach ($property in 'OfficePhone', 'MobilePhone') {
        if ($u.$property) {
            $number = ConvertTo-Phone $u.$property
            if ($number -and $number -ne $u.$property) { $set[$property] = $number }
        }
    }
    if ($set.Count) { Set-ADUser -Identity $u @set }
}
Get-ADUser phone.ben -Properties OfficePhone, MobilePhone | Select-Object OfficePhone, MobilePhone

#== names-trim @names
# Blanks and small letters in names.
$culture = [System.Globalization.CultureInfo]::InvariantCulture.TextInfo
Get-ADUser -Filter "Surname -eq 'Names'" -Properties City | ForEach-Object {
    $change = @{}
    $given = "$($_.GivenName)".Trim()
    if ($given) { $given = $culture.ToTitleCase($given) }
    if ($given -cne $_.GivenName) { $change.GivenName = $given }
    if ($_.City -and $_.City -cne $culture.ToTitleCase($_.City)) { $change.City = $culture.ToTitleCase($_.City) }
    if ($change.Keys.Count -gt 0) {
        Set-ADUser $_ @change
        $_.SamAccountName
    }
} | Sort-Object

#== display-last-first @disp
$people = Get-ADUser -Filter * -SearchBase 'OU=disp,OU=Corpus,DC=lab,DC=test' -Properties DisplayName
$people | Where-Object { $_.GivenName -and $_.Surname -and $_.DisplayName -notmatch ',' } | ForEach-Object {
    $_ | Set-ADUser -DisplayName ('{0}, {1}' -f $_.Surname, $_.GivenName.Trim()) -PassThru | Select-Object -ExpandProperty SamAccountName
} | Sort-Object

#== company-one @company
$wrong = Get-ADUser -Filter { Company -like 'Lab*' -and Company -ne 'Lab Test Ltd' } -SearchBase 'OU=company,OU=Corpus,DC=lab,DC=test'
$wrong | Set-ADUser -Company 'Lab Test Ltd'
@($wrong).Count

#== clear-with-null @clear
# $null clears, an empty text does not pass.
Set-ADUser clear.ann -Title $null -Department $null
Set-ADUser clear.ben -Clear telephoneNumber, mobile
$u = Get-ADUser clear.ann -Properties Title, Department, Office
[pscustomobject]@{ Title = $null -eq $u.Title; Department = $null -eq $u.Department; Office = $u.Office }

#== rename-married @rename
$old = Get-ADUser rename.ann
Rename-ADObject $old -NewName 'Ann Lovelace-Byron'
Set-ADUser rename.ann -Surname 'Lovelace-Byron' -DisplayName 'Ann Lovelace-Byron' -UserPrincipalName 'ann.lovelace-byron@lab.test'
Set-ADUser rename.ann -SamAccountName 'rename.annlb'
Get-ADUser rename.annlb -Properties DisplayName | Select-Object Name, Surname, DisplayName, UserPrincipalName

#== rename-comma @rencomma
# A name that needs an escape in its distinguished name.
Get-ADUser rencomma.ben | Rename-ADObject -NewName 'Rencomma, Ben "Benny" #1'
Get-ADUser rencomma.ben | Select-Object Name, DistinguishedName
Set-ADUser (Get-ADUser rencomma.ben).DistinguishedName -Description 'found by its distinguished name'

#== apostrophe-filter @apos
# Names as they are.
Set-ADUser apos.ann -Surname "O'Hara" -DisplayName 'O"Hara (Ann) *'
$surname = "O'Hara"
$byScript = Get-ADUser -Filter { Surname -eq $surname }
$byDouble = Get-ADUser -Filter "Surname -eq `"$surname`""
$byQuote = Get-ADUser -Filter "Surname -eq 'O''Hara'"
$display = 'O"Hara (Ann) *'
$byDisplay = Get-ADUser -Filter { DisplayName -eq $display -and Surname -eq $surname }
@($byScript, $byDouble, $byQuote, $byDisplay).SamAccountName

#== manager-chain
# Up to the top.
$chain = [System.Collections.Generic.List[object]]::new()
$who = Get-ADUser ada -Properties Manager, Title
while ($who) {
    $chain.Add([pscustomobject]@{ Level = $chain.Count; Name = $who.Name; Title = $who.Title })
    $who = if ($who.Manager) { Get-ADUser $who.Manager -Properties Manager, Title }
}
$chain
($chain.Name -join ' > ')

#== manager-missing @boss
# Who has no manager gets the lead.
$lead = Get-ADUser boss.ann
$without = Get-ADUser -LDAPFilter '(&(!(manager=*))(!(sAMAccountName=boss.ann))(!(sAMAccountName=*.svc)))' -SearchBase 'OU=boss,OU=Corpus,DC=lab,DC=test'
foreach ($u in $without) { Set-ADUser $u -Manager $lead }
'{0} now report to {1}' -f @(Get-ADUser -Filter { Manager -eq 'CN=Ann Boss,OU=boss,OU=Corpus,DC=lab,DC=test' }).Count, $lead.Name

#== manager-direct-reports
Get-ADUser grace -Properties directReports | Select-Object -ExpandProperty directReports | Get-ADUser -Properties Department |
    Sort-Object Name | Select-Object Name, Department -First 5

#== multi-value-replace @multi
Set-ADUser multi.ann -Replace @{ otherTelephone = @('1001', '1002', '1003') }
Set-ADUser multi.ann -Add @{ otherTelephone = '1004' } -Remove @{ otherTelephone = '1002' }
Set-ADUser multi.ann -Replace @{ otherMobile = '7'; pager = '8' }
Set-ADUser multi.ann -Clear pager
(Get-ADUser multi.ann -Properties otherTelephone).otherTelephone | Sort-Object

#== set-by-instance @inst !run:what an object was changed in cannot be told: give parameters !plan:the same
$u = Get-ADUser inst.ann -Properties Title, Office
$u.Title = 'Chief'
$u.Office = 'Lisbon 3'
Set-ADUser -Instance $u
Get-ADUser inst.ann -Properties Title, Office | Select-Object Title, Office

#== notes-parsed @notes
# key: value lines in a text field.
$u = Get-ADUser notes.ben -Properties info
$pairs = [ordered]@{}
foreach ($line in $u.info -split "`r?`n") {
    $key, $value = $line -split ':\s*', 2
    $pairs[$key] = $value
}
$pairs['badge'] = [int]$pairs['badge'] + 1
Set-ADUser $u -Replace @{ info = ($pairs.GetEnumerator() | ForEach-Object { '{0}: {1}' -f $_.Key, $_.Value }) -join "`r`n" }
[pscustomobject]$pairs

#== country-from-city @country
$cities = @{ London = 'GB', 'United Kingdom', 826; Berlin = 'DE', 'Germany', 276 }
Get-ADUser -Filter "City -like '*'" -SearchBase 'OU=country,OU=Corpus,DC=lab,DC=test' -Properties City, Country | ForEach-Object {
    if (($entry = $cities[$_.City]) -and -not $_.Country) {
        Set-ADUser $_ -Replace @{ c = $entry[0]; co = $entry[1]; countryCode = $entry[2] }
        $_.SamAccountName
    }
}

#== upn-suffix @upn
$users = Get-ADUser -Filter 'UserPrincipalName -like "upn.*@lab.test"'
foreach ($user in $users) {
    $upn = $user.UserPrincipalName -replace '@lab\.test$', '@corp.lab.test'
    Set-ADUser $user -UserPrincipalName $upn
}
(Get-ADUser -Filter "UserPrincipalName -like 'upn.*'").UserPrincipalName | Sort-Object

#== pipe-long @pipelon
# More than goes at once, and somebody who is not there among them.
$people = @(Get-ADUser -Filter * -SearchBase 'OU=pipelon,OU=Corpus,DC=lab,DC=test' | Sort-Object SamAccountName)
1..30 | ForEach-Object { $people } | Set-ADUser -Description 'checked'
try {
    & { 1..20 | ForEach-Object { $people[0..3] }; 'pipelon.nobody'; $people } | Set-ADUser -Office 'Room 1'
}
catch { $_.FullyQualifiedErrorId }
Get-ADUser -Filter * -SearchBase 'OU=pipelon,OU=Corpus,DC=lab,DC=test' -Properties Description, Office | Sort-Object SamAccountName |
    ForEach-Object { '{0}: {1}, {2}' -f $_.SamAccountName, $_.Description, $_.Office }
