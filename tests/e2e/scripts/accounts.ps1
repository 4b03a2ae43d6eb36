#== password-reset-report @pwreset
$users = 'pwreset.ann', 'pwreset.ben'
$report = foreach ($sam in $users) {
    $text = 'Fresh-{0}-{1}' -f $sam.Substring(8), (4711 * $sam.Length)
    Set-ADAccountPassword -Identity $sam -Reset -NewPassword (ConvertTo-SecureString -String $text -AsPlainText -Force)
    Set-ADUser -Identity $sam -ChangePasswordAtLogon $true
    [pscustomobject]@{ Account = $sam; Length = $text.Length }
}
$report | Sort-Object Account

#== password-too-simple @pwweak !plan:what the directory refuses shows when it is asked
try {
    Set-ADAccountPassword pwweak.ann -Reset -NewPassword (ConvertTo-SecureString 'abc' -AsPlainText -Force)
}
catch [Microsoft.ActiveDirectory.Management.ADPasswordComplexityException] {
    'refused: ' + $_.CategoryInfo.Category
}

#== password-never-expires-report @pne
Search-ADAccount -PasswordNeverExpires -UsersOnly -SearchBase 'OU=pne,OU=Corpus,DC=lab,DC=test' | Sort-Object SamAccountName |
    Select-Object SamAccountName, Enabled, PasswordNeverExpires

#== password-never-expires-clear @pneclr
Get-ADUser -Filter { PasswordNeverExpires -eq $true -and Enabled -eq $true } -SearchBase 'OU=pneclr,OU=Corpus,DC=lab,DC=test' -Properties PasswordNeverExpires, ServicePrincipalNames |
    Where-Object { $_.ServicePrincipalNames.Count -eq 0 } | Set-ADUser -PasswordNeverExpires $false -PassThru | ForEach-Object SamAccountName

#== password-age @pwage
$max = (Get-ADDefaultDomainPasswordPolicy).MaxPasswordAge
$soon = Get-ADUser -Filter "SamAccountName -like 'pwage.*'" -Properties PasswordLastSet, PasswordNeverExpires |
    Where-Object { -not $_.PasswordNeverExpires -and $_.PasswordLastSet } |
    Select-Object SamAccountName, @{ n = 'Days'; e = { [math]::Ceiling(($_.PasswordLastSet + $max - [datetime]::Now).TotalDays) } }
($soon | Measure-Object Days -Minimum -Maximum).Count
$soon | Where-Object Days -le 365 | Sort-Object SamAccountName | ForEach-Object { '{0}: {1}' -f $_.SamAccountName, $_.Days }

#== policy-summary
$p = Get-ADDefaultDomainPasswordPolicy
'{0} characters, {1}, history {2}, locked after {3} for {4} minutes' -f $p.MinPasswordLength,
    $(if ($p.ComplexityEnabled) { 'complex' } else { 'simple' }), $p.PasswordHistoryCount, $p.LockoutThreshold, $p.LockoutDuration.TotalMinutes

#== unlock-locked @unlock !plan:who is locked afterwards cannot be told, and the plan says so
# Unlock whoever is locked; nobody is afterwards.
$locked = Search-ADAccount -LockedOut -SearchBase 'OU=unlock,OU=Corpus,DC=lab,DC=test'
if ($locked) { $locked | Unlock-ADAccount; $locked.SamAccountName }
if (-not (Search-ADAccount -LockedOut -SearchBase 'OU=unlock,OU=Corpus,DC=lab,DC=test')) { 'nobody is locked' }
Unlock-ADAccount unlock.ann

#== account-enable-after-leave @enable
Enable-ADAccount enable.cai
Set-ADUser enable.cai -Description $null -Replace @{ employeeType = 'Employee' }
Get-ADUser enable.cai -Properties Description, employeeType | Select-Object Enabled, Description, employeeType

#== account-hours-flags @flags
Set-ADAccountControl flags.ann -PasswordNeverExpires $true
Set-ADUser flags.ben -SmartcardLogonRequired $true -HomeDrive 'H:' -HomeDirectory '\\files\home\ben'
Get-ADUser flags.ben -Properties SmartcardLogonRequired, HomeDirectory | Select-Object SmartcardLogonRequired, HomeDirectory

#== expiry-report @exprep
# Contractors and how long they have left, counted from a fixed day.
$from = [datetime]::SpecifyKind([datetime]'2026-12-01', 'Utc')
Get-ADUser -Filter { employeeType -eq 'Contractor' } -SearchBase 'OU=exprep,OU=Corpus,DC=lab,DC=test' -Properties AccountExpirationDate, Manager |
    Select-Object SamAccountName,
        @{ n = 'Ends'; e = { $_.AccountExpirationDate.ToUniversalTime().ToString('yyyy-MM-dd') } },
        @{ n = 'Days'; e = { [int]($_.AccountExpirationDate.ToUniversalTime() - $from).TotalDays } },
        @{ n = 'Boss'; e = { (Get-ADUser $_.Manager).Name } } |
    Sort-Object Days -Descending

#== expiring-search @expsea
Search-ADAccount -AccountExpired -UsersOnly -SearchBase 'OU=expsea,OU=Corpus,DC=lab,DC=test' | ForEach-Object { '{0} expired' -f $_.Name }
Search-ADAccount -AccountExpiring -DateTime '2027-12-31' -SearchBase 'OU=expsea,OU=Corpus,DC=lab,DC=test' | ForEach-Object { '{0} expires' -f $_.Name }

#== expiry-from-description @expdesc
# "temp until DATE" means it.
Get-ADUser -LDAPFilter '(description=temp until *)' -SearchBase 'OU=expdesc,OU=Corpus,DC=lab,DC=test' -Properties Description | ForEach-Object {
    if ($_.Description -match 'until\s+(\d{4})-(\d{2})-(\d{2})') {
        $end = [datetime]::new([int]$Matches[1], [int]$Matches[2], [int]$Matches[3], 0, 0, 0, [System.DateTimeKind]::Utc).AddDays(1)
        Set-ADAccountExpiration $_ -DateTime $end
        '{0} {1:u}' -f $_.SamAccountName, $end
    }
}

#== service-accounts-report @svcrep
Get-ADUser -LDAPFilter '(servicePrincipalName=*)' -SearchBase 'OU=svcrep,OU=Corpus,DC=lab,DC=test' -Properties ServicePrincipalNames, PasswordNeverExpires, Description |
    Select-Object SamAccountName, PasswordNeverExpires, @{ n = 'SPNs'; e = { ($_.ServicePrincipalNames | Sort-Object) -join ';' } }, Description

#== service-account-new @svcnew
$name = 'svcnew.batch'
$splat = @{ Name = $name; SamAccountName = $name; Path = 'OU=svcnew,OU=Corpus,DC=lab,DC=test'; PasswordNeverExpires = $true; CannotBeDelegated = $true }
$splat.Remove('CannotBeDelegated')
New-ADUser @splat -AccountPassword (ConvertTo-SecureString 'Long-enough-for-a-service-1' -AsPlainText -Force) -Enabled $true -Description 'nightly batch'
Set-ADAccountControl $name -AccountNotDelegated $true
Get-ADUser $name -Properties AccountNotDelegated, PasswordNeverExpires | Select-Object Enabled, AccountNotDelegated, PasswordNeverExpires

#== delegation-audit
# Who may act for others, everywhere.
Get-ADObject -LDAPFilter '(|(userAccountControl:1.2.840.113556.1.4.803:=524288)(userAccountControl:1.2.840.113556.1.4.803:=16777216)(msDS-AllowedToDelegateTo=*))' -Properties userAccountControl, sAMAccountName |
    Select-Object Name, ObjectClass, @{ n = 'Unconstrained'; e = { [bool]($_.userAccountControl -band 0x80000) } }

#== spn-duplicates @spndup
$all = Get-ADObject -LDAPFilter '(servicePrincipalName=*)' -SearchBase 'OU=Corpus,DC=lab,DC=test' -Properties servicePrincipalName |
    ForEach-Object { foreach ($spn in $_.servicePrincipalName) { [pscustomobject]@{ Spn = $spn; Owner = $_.Name } } }
$twice = $all | Where-Object Spn -like 'HTTP/spndup*' | Group-Object Spn | Where-Object Count -gt 1
'{0} duplicates among {1}' -f @($twice).Count, @($all | Where-Object Spn -like '*spndup*').Count

#== admin-count
Get-ADGroupMember 'Domain Admins' | Sort-Object SamAccountName | ForEach-Object SamAccountName

#== restore-deleted @restor !plan: a plan holds no Restore-ADObject
# Deleted by mistake; back under the same identity, one of them elsewhere and under another name.
'restor.dee', 'restor.eli' | Remove-ADUser -Confirm:$false
$gone = Get-ADObject -Filter "isDeleted -eq `$true -and (Name -like 'Dee Restor*' -or Name -like 'Eli Restor*')" -IncludeDeletedObjects |
    Sort-Object Name
"$(@($gone).Count) deleted"
$gone[0] | Restore-ADObject
Restore-ADObject -Identity $gone[1].ObjectGUID -NewName 'Eli Back' -TargetPath 'CN=Users,DC=lab,DC=test' -PassThru | ForEach-Object Name
'restor.dee', 'restor.eli' | Get-ADUser | ForEach-Object { $_.DistinguishedName, ($_.ObjectGUID -in $gone.ObjectGUID) }
try { Restore-ADObject $gone[0].ObjectGUID } catch { $_.FullyQualifiedErrorId }
