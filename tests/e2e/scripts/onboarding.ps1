#== onboard-one @obone
# One new starter, from a form.
$form = [pscustomobject]@{ First = 'Mary'; Last = 'Somerville'; Title = 'Engineer'; Boss = 'obone.ann' }
$ou = 'OU=obone,OU=Corpus,DC=lab,DC=test'
$sam = ('{0}.{1}' -f $form.First.Substring(0, 1), $form.Last).ToLower()
$user = @{
    Name              = "$($form.First) $($form.Last)"
    GivenName         = $form.First
    Surname           = $form.Last
    DisplayName       = "$($form.First) $($form.Last)"
    SamAccountName    = $sam
    UserPrincipalName = "$sam@lab.test"
    Title             = $form.Title
    Department        = (Get-ADUser $form.Boss -Properties Department).Department
    Manager           = $form.Boss
    Path              = $ou
    AccountPassword   = ConvertTo-SecureString 'Welcome-2-the-team!' -AsPlainText -Force
    ChangePasswordAtLogon = $true
    Enabled           = $true
}
New-ADUser @user
Add-ADGroupMember -Identity 'obone-staff' -Members $sam
Get-ADUser $sam -Properties Title, Department, Manager | Select-Object SamAccountName, Enabled, Title, Department, Manager

#== onboard-csv @obcsv
# New starters from a table that somebody pasted.
$table = @'
First;Last;Title;Office
Emmy;Noether;Mathematician;Berlin 2.01
Sofia;Kovalevskaya;Researcher;Berlin 2.02
Maryam;Mirzakhani;Researcher;London 1.11
'@
$ou = 'OU=obcsv,OU=Corpus,DC=lab,DC=test'
$password = ConvertTo-SecureString 'Welcome-2-the-team!' -AsPlainText -Force
foreach ($row in $table | ConvertFrom-Csv -Delimiter ';') {
    $sam = 'obcsv.' + $row.First.ToLower()
    New-ADUser -Name "$($row.First) $($row.Last)" -GivenName $row.First -Surname $row.Last -SamAccountName $sam `
        -Title $row.Title -Office $row.Office -Path $ou -AccountPassword $password -Enabled $true
    Write-Verbose "made $sam" -Verbose
}
Get-ADUser -Filter * -SearchBase $ou -Properties Office | Where-Object Office -like 'Berlin*' | Sort-Object SamAccountName |
    Select-Object SamAccountName, Office

#== onboard-unique-name @obuniq
# The first free account name: ann, ann2, ann3 ...
function Get-FreeName {
    param([Parameter(Mandatory)][string]$Wanted)
    $candidate = $Wanted
    $n = 1
    while (Get-ADUser -Filter { SamAccountName -eq $candidate }) {
        $n++
        $candidate = "$Wanted$n"
    }
    $candidate
}
$ou = 'OU=obuniq,OU=Corpus,DC=lab,DC=test'
1..2 | ForEach-Object {
    $name = Get-FreeName -Wanted 'obuniq.ann'
    New-ADUser -Name $name -SamAccountName $name -Path $ou
    $name
}

#== onboard-copy-groups @obcopy
# The new one gets what a colleague has.
$from = Get-ADUser obcopy.ann -Properties MemberOf, Title, Department, Company, Manager
$new = New-ADUser -Name 'Hedy Obcopy' -SamAccountName obcopy.hedy -Path 'OU=obcopy,OU=Corpus,DC=lab,DC=test' -Title $from.Title `
    -Department $from.Department -Company $from.Company -PassThru
foreach ($group in $from.MemberOf) {
    Add-ADGroupMember -Identity $group -Members $new
}
Get-ADPrincipalGroupMembership $new | Select-Object -ExpandProperty Name | Sort-Object

#== onboard-skip-existing @obskip
# Makes who is missing, leaves who is there, and says both.
$wanted = 'obskip.ann', 'obskip.gus', 'obskip.ben', 'obskip.hal'
$result = foreach ($sam in $wanted) {
    try {
        $null = Get-ADUser -Identity $sam -ErrorAction Stop
        [pscustomobject]@{ Account = $sam; Action = 'there already' }
    }
    catch [Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException] {
        New-ADUser -Name $sam -SamAccountName $sam -Path 'OU=obskip,OU=Corpus,DC=lab,DC=test'
        [pscustomobject]@{ Account = $sam; Action = 'made' }
    }
}
$result
"{0} of {1} made" -f @($result | Where-Object { $_.Action -eq 'made' }).Count, $wanted.Count

#== onboard-department-groups @obdept
# A group for each department of the table, and its people in it.
$people = @'
account,department
obdept.ann,Red
obdept.ben,Blue
obdept.dee,Red
obdept.fay,Blue
obdept.eli,Green
'@ | ConvertFrom-Csv
$ou = 'OU=obdept,OU=Corpus,DC=lab,DC=test'
$people | Group-Object department | Sort-Object Name | ForEach-Object {
    $group = New-ADGroup -Name "obdept $($_.Name)" -SamAccountName "obdept-$($_.Name.ToLower())" -GroupScope Global -GroupCategory Security `
        -Path $ou -Description "Department $($_.Name)" -PassThru
    Add-ADGroupMember $group -Members $_.Group.account
    '{0}: {1}' -f $group.Name, $_.Count
}

#== onboard-from-json @objson
$request = @'
[ { "account": "objson.one", "attributes": { "title": "Clerk", "department": "Finance" }, "groups": ["objson-staff", "objson-vpn"] },
  { "account": "objson.two", "attributes": { "title": "Trainer", "department": "People" }, "groups": ["objson-news"] } ]
'@ | ConvertFrom-Json
foreach ($one in $request) {
    $other = @{}
    foreach ($property in $one.attributes.PSObject.Properties) { $other[$property.Name] = $property.Value }
    New-ADUser -Name $one.account -SamAccountName $one.account -Path 'OU=objson,OU=Corpus,DC=lab,DC=test' -OtherAttributes $other
    $one.groups | ForEach-Object { Add-ADGroupMember -Identity $_ -Members $one.account }
}
Get-ADGroupMember objson-news | Sort-Object SamAccountName | ForEach-Object SamAccountName

#== onboard-computer @obpc
# Names with a running number, and the site in the description.
$prefix = 'obpc-LT'
$next = 1
$taken = Get-ADComputer -Filter "Name -like '$prefix*'" | ForEach-Object { [int]($_.Name -replace "^$prefix", '') }
if ($taken) { $next = ($taken | Measure-Object -Maximum).Maximum + 1 }
foreach ($n in $next..($next + 1)) {
    New-ADComputer -Name ('{0}{1:d3}' -f $prefix, $n) -Path 'OU=obpc,OU=Corpus,DC=lab,DC=test' -Description 'London laptop' -Enabled $true
}
(Get-ADComputer -Filter "Name -like '$prefix*'").Name | Sort-Object

#== onboard-mail-addresses @obmail
# A primary address and an alias for who has none.
$users = Get-ADUser -Filter * -SearchBase 'OU=obmail,OU=Corpus,DC=lab,DC=test' -SearchScope OneLevel -Properties proxyAddresses, mail |
    Where-Object { -not $_.proxyAddresses -and $_.GivenName }
foreach ($u in $users | Sort-Object SamAccountName) {
    $local = ($u.GivenName.Trim() + '.' + $u.Surname).ToLower()
    Set-ADUser $u -EmailAddress "$local@lab.test" -Add @{ proxyAddresses = "SMTP:$local@lab.test", "smtp:$($u.SamAccountName)@lab.test" }
    $local
}

#== onboard-whatif @obwhat
# Rehearsed only: nothing is to happen.
$WhatIfPreference = $true
New-ADUser -Name 'Never Made' -SamAccountName obwhat.never -Path 'OU=obwhat,OU=Corpus,DC=lab,DC=test'
Set-ADUser obwhat.ann -Title 'Never Set'
$WhatIfPreference = $false
Set-ADUser obwhat.ben -Title 'Not Set Either' -WhatIf
(Get-ADUser obwhat.ann -Properties Title).Title

#== onboard-room @obroom
# A resource account with everything in -OtherAttributes.
New-ADUser -Name 'Room Turing' -SamAccountName obroom.turing -Path 'OU=obroom,OU=Corpus,DC=lab,DC=test' -Enabled $false -OtherAttributes @{
    displayName = 'Room Turing (8)'
    physicalDeliveryOfficeName = 'London 4.02'
    otherTelephone = '4711', '4712'
    info = "Screen: yes`r`nSeats: 8"
}
Get-ADUser obroom.turing -Properties otherTelephone, info | Select-Object Name, Enabled, @{ n = 'Phones'; e = { ($_.otherTelephone | Sort-Object) -join '+' } }, info
