# SPDX-License-Identifier: Apache-2.0
# New-, Set-, Remove-, Move-, Rename-, memberships; each effect read back by LDAP.
$dn = $ada.DistinguishedName
Check 'New-ADUser wrote what it was told' { Ldap $dn title; Ldap $dn l; Ldap $dn mail; Ldap $dn userAccountControl } "Analyst|London|ada@$dns|512"
Check 'New-ADUser without a password is disabled' { Ldap (Get-ADUser "obrien$tag").DistinguishedName userAccountControl } '514'
Check 'Set-ADUser by parameters' { Set-ADUser "ada$tag" -Title 'Chief' -Office 'R 1' -Company 'Ünïcode & Söhne'; Ldap $dn title; Ldap $dn physicalDeliveryOfficeName; (Get-ADUser "ada$tag" -Properties Company).Company } 'Chief|R 1|Ünïcode & Söhne'
Check 'null clears' { Set-ADUser "ada$tag" -Office $null; @(Ldap $dn physicalDeliveryOfficeName).Count } '0'
Check 'Set-ADUser -Replace, -Add, -Remove, -Clear together' {
	Set-ADUser "ada$tag" -Replace @{ proxyAddresses = "SMTP:a@$dns", "smtp:b@$dns"; info = 'n'; division = 'd' }
	Set-ADUser "ada$tag" -Remove @{ proxyAddresses = "smtp:b@$dns" } -Add @{ proxyAddresses = "smtp:c@$dns" } -Clear info
	Ldap $dn proxyAddresses; @(Ldap $dn info).Count; (Get-ADUser "ada$tag" -Properties proxyAddresses).proxyAddresses.Count
} "SMTP:a@$dns|smtp:c@$dns|0|2"
Check 'Set-ADUser -Manager by any identity' { Set-ADUser "ada$tag" -Manager "obrien$tag"; (Get-ADUser "ada$tag" -Properties Manager).Manager -eq (Get-ADUser "obrien$tag").DistinguishedName; Set-ADUser "ada$tag" -Manager $null; @(Ldap $dn manager).Count } 'True|0'
Check 'Set-ADUser flags' { Set-ADUser "ada$tag" -PasswordNeverExpires $true -SmartcardLogonRequired $false; Ldap $dn userAccountControl; Set-ADUser "ada$tag" -PasswordNeverExpires $false; Ldap $dn userAccountControl } '66048|512'
Check 'Set-ADUser -ChangePasswordAtLogon' { Set-ADUser "ada$tag" -ChangePasswordAtLogon $true; Ldap $dn pwdLastSet; Set-ADUser "ada$tag" -ChangePasswordAtLogon $false; (Ldap $dn pwdLastSet) -ne '0' } '0|True'
Check 'Set-ADUser -Instance writes what was changed' { $u = Get-ADUser "ada$tag" -Properties Title, proxyAddresses; $u.Title = 'By instance'; $null = $u.proxyAddresses.Add("smtp:i@$dns"); "$($u.ModifiedProperties)"; Set-ADUser -Instance $u; Ldap $dn title; @(Ldap $dn proxyAddresses).Count } 'Title proxyAddresses|By instance|3'
Check 'Set-ADUser from the pipeline with -PassThru' { (Get-ADUser -Filter "SamAccountName -eq 'ada$tag'" | Set-ADUser -Title Piped -PassThru).SamAccountName; Ldap $dn title } "ada$tag|Piped"
Check '-WhatIf writes nothing' {
	Set-ADUser "ada$tag" -Title Never -WhatIf; Remove-ADUser "ada$tag" -WhatIf; Move-ADObject $dn $base -WhatIf; Rename-ADObject $dn -NewName x -WhatIf
	New-ADUser "never$tag" -Path $ou -WhatIf; Disable-ADAccount "ada$tag" -WhatIf; Set-ADAccountPassword "ada$tag" -Reset -NewPassword (Secret 'Never!Never1') -WhatIf
	Remove-ADGroupMember "eng$tag" "ada$tag" -WhatIf
	Ldap $dn title; Ldap $dn userAccountControl; @(Get-ADUser -Filter "Name -eq 'never$tag'").Count; @(Get-ADGroupMember "eng$tag").Count; Logon "ada$tag" 'Passw0rd!Test1'
} 'Piped|512|0|1|0'
Check 'Set-ADObject on any object' { Set-ADObject $dn -Description 'by object' -Replace @{ telephoneNumber = '1' }; Ldap $dn description; Ldap $dn telephoneNumber } 'by object|1'
Check 'Set-ADGroup scope and category' { Set-ADGroup "eng$tag" -GroupScope Universal -GroupCategory Distribution -Description g; $g = Get-ADGroup "eng$tag"; $g.GroupScope, $g.GroupCategory; Ldap $g.DistinguishedName groupType } 'Universal|Distribution|8'
Check 'Set-ADComputer' { Set-ADComputer "PC$tag" -Location Here -OperatingSystem Linux; $c = Get-ADComputer "PC$tag" -Properties Location, OperatingSystem; $c.Location, $c.OperatingSystem } 'Here|Linux'
Check 'New-ADObject' { New-ADObject -Name "c$tag" -Type contact -Path $ou -OtherAttributes @{ givenName = 'C'; otherTelephone = '1', '2' }; Ldap "CN=c$tag,$ou" givenName; @(Ldap "CN=c$tag,$ou" otherTelephone).Count } 'C|2'
Check 'New-ADUser -OtherAttributes and -PassThru' { (New-ADUser "o,t$tag" -SamAccountName "ot$tag" -Path $ou -OtherAttributes @{ title = 'T'; proxyAddresses = 'a:1', 'b:2' } -PassThru).DistinguishedName; (Get-ADUser "ot$tag" -Properties Title).Title } "CN=o\,t$tag,$ou|T"
Check 'New-ADUser -Instance' { $t = Get-ADUser "ada$tag" -Properties Department; $n = [Microsoft.ActiveDirectory.Management.ADUser]::new(); $n.Surname = 'FromTemplate'; New-ADUser -Name "inst$tag" -Instance $n -Path $ou; (Get-ADUser "inst$tag").Surname } 'FromTemplate'
Check 'New-ADUser by property name' { [pscustomobject]@{ Name = "csv$tag"; SamAccountName = "csv$tag"; Title = 'FromCsv'; Path = $ou } | New-ADUser; (Get-ADUser "csv$tag" -Properties Title).Title } 'FromCsv'
Check 'Add-ADGroupMember, several at once, twice' { Add-ADGroupMember "eng$tag" "obrien$tag", "ot$tag"; Add-ADGroupMember -Identity "eng$tag" -Members (Get-ADUser "obrien$tag"); @(Ldap (Get-ADGroup "eng$tag").DistinguishedName member).Count } '3'
CheckError 'Add-ADGroupMember twice, when that is an error' { Add-ADGroupMember "eng$tag" "obrien$tag" -DisablePermissiveModify } ADException 'ActiveDirectoryServer:1378,AddADGroupMember' NotSpecified 'The specified account name is already a member of the group'
CheckError 'Add-ADGroupMember of nobody' { Add-ADGroupMember "eng$tag" "csv$tag", "nobody$tag" } ADIdentityNotFoundException 'SetADGroupMember.ValidateMembersParameter,AddADGroupMember' ObjectNotFound "Cannot find an object with identity: 'nobody$tag' under: '$base'."
Check 'and nobody else was added' { @(Ldap (Get-ADGroup "eng$tag").DistinguishedName member).Count } '3'
Check 'Get-ADGroupMember' { (Get-ADGroupMember "eng$tag" | Sort-Object SamAccountName).SamAccountName; (Get-ADGroupMember "eng$tag")[0].PropertyNames; (Get-ADGroupMember "eng$tag")[0].GetType().Name } "ada$tag|obrien$tag|ot$tag|distinguishedName|name|objectClass|objectGUID|SamAccountName|SID|ADPrincipal"
Check 'Get-ADGroupMember -Recursive' { New-ADGroup "outer$tag" Universal -Path $ou; Add-ADGroupMember "outer$tag" "eng$tag"; (Get-ADGroupMember "outer$tag").SamAccountName; (Get-ADGroupMember "outer$tag" -Recursive | Sort-Object SamAccountName).SamAccountName } "eng$tag|ada$tag|obrien$tag|ot$tag"
Check 'Get-ADGroupMember counts primary groups' { (Get-ADGroupMember 'Domain Users').SamAccountName -contains "ada$tag" } 'True'
Check 'Get-ADPrincipalGroupMembership' { (Get-ADPrincipalGroupMembership "ada$tag" | Sort-Object SamAccountName).SamAccountName } "Domain Users|eng$tag"
Check 'one cmdlet into another: group, members, users' { (Get-ADGroup "eng$tag" | Get-ADGroupMember | Get-ADUser -Properties Title | Where-Object Title -EQ Piped).SamAccountName } "ada$tag"
Check 'one cmdlet into another: a user into cmdlets of objects and accounts' { Get-ADUser "ot$tag" | Enable-ADAccount -ErrorAction SilentlyContinue -WhatIf; Get-ADUser "ot$tag" | Set-ADObject -Description piped; (Get-ADUser "ot$tag" | Get-ADObject -Properties Description).Description; (Get-ADUser "ot$tag" | Get-ADPrincipalGroupMembership | Sort-Object Name).SamAccountName; Get-ADComputer "PC$tag" | Disable-ADAccount; (Get-ADComputer "PC$tag").Enabled; (Search-ADAccount -AccountDisabled -ComputersOnly -SearchBase $ou | Enable-ADAccount -PassThru).Enabled } "piped|Domain Users|eng$tag|False|True"
Check 'Remove-ADGroupMember' { Remove-ADGroupMember "eng$tag" "obrien$tag", "ot$tag" -Confirm:$false; Remove-ADGroupMember "eng$tag" "ot$tag" -Confirm:$false; @(Ldap (Get-ADGroup "eng$tag").DistinguishedName member).Count } '1'
Check 'Add- and Remove-ADPrincipalGroupMembership' { Add-ADPrincipalGroupMembership "ot$tag" -MemberOf "eng$tag", "outer$tag"; (Get-ADPrincipalGroupMembership "ot$tag").Count; Remove-ADPrincipalGroupMembership "ot$tag" "eng$tag", "outer$tag" -Confirm:$false; @(Get-ADPrincipalGroupMembership "ot$tag").Count } '3|1'
Check 'Rename-ADObject' { Rename-ADObject "CN=c$tag,$ou" -NewName "r,$tag"; Ldap "CN=r\,$tag,$ou" name } "r,$tag"
Check 'Move-ADObject and -PassThru' { New-ADOrganizationalUnit "Sub$tag" -Path $ou; (Move-ADObject "CN=r\,$tag,$ou" -TargetPath "OU=Sub$tag,$ou" -PassThru).DistinguishedName; Ldap "CN=r\,$tag,OU=Sub$tag,$ou" name } "CN=r\,$tag,OU=Sub$tag,$ou|r,$tag"
Check 'a new organizational unit is protected' { (Get-ADOrganizationalUnit "OU=Sub$tag,$ou" -Properties ProtectedFromAccidentalDeletion).ProtectedFromAccidentalDeletion } 'True'
CheckError 'and not alone removed either' { Remove-ADOrganizationalUnit "OU=Sub$tag,$ou" -Confirm:$false } UnauthorizedAccessException 'ActiveDirectoryCmdlet:System.UnauthorizedAccessException,RemoveADOrganizationalUnit' PermissionDenied 'Access is denied'
CheckError 'and is not removed' { Remove-ADObject "OU=Sub$tag,$ou" -Recursive -Confirm:$false } UnauthorizedAccessException 'ActiveDirectoryCmdlet:System.UnauthorizedAccessException,RemoveADObject' PermissionDenied 'Access is denied'
Check 'until the protection is taken away' { Set-ADObject "OU=Sub$tag,$ou" -ProtectedFromAccidentalDeletion $false; (Get-ADObject "OU=Sub$tag,$ou" -Properties ProtectedFromAccidentalDeletion).ProtectedFromAccidentalDeletion } 'False'
CheckError 'Remove-ADObject of what has children' { Remove-ADObject "OU=Sub$tag,$ou" -Confirm:$false } ADException 'ActiveDirectoryServer:8213,RemoveADObject' NotSpecified 'The directory service can perform the requested operation only on a leaf object'
Check 'Set-ADOrganizationalUnit' { Set-ADOrganizationalUnit "OU=Sub$tag,$ou" -City Berlin -StreetAddress 's 1' -ManagedBy "ada$tag"; Ldap "OU=Sub$tag,$ou" l; Ldap "OU=Sub$tag,$ou" street; (Get-ADOrganizationalUnit "OU=Sub$tag,$ou").ManagedBy -eq $dn } 'Berlin|s 1|True'
Check 'Remove-ADOrganizationalUnit' { New-ADOrganizationalUnit "Del$tag" -Path $ou -ProtectedFromAccidentalDeletion $false; Remove-ADOrganizationalUnit "OU=Del$tag,$ou" -Confirm:$false; @(Get-ADOrganizationalUnit -Filter "Name -eq 'Del$tag'").Count } '0'
Check 'Remove-ADObject -Recursive' { Remove-ADObject "OU=Sub$tag,$ou" -Recursive -Confirm:$false; @(Get-ADOrganizationalUnit -Filter "Name -eq 'Sub$tag'").Count } '0'
Check 'Get-ADObject of what was deleted' { (Get-ADObject -Filter "isDeleted -eq `$true -and Name -like 'r,$tag*'" -SearchBase $base -IncludeDeletedObjects).Deleted } 'True'
CheckError 'New-ADUser with an account name in use' { New-ADUser "other$tag" -SamAccountName "ada$tag" -Path $ou } ADIdentityAlreadyExistsException 'ActiveDirectoryServer:1316,NewADUser' ResourceExists 'The specified account already exists'
CheckError 'New-ADUser with a name in use' { New-ADUser "csv$tag" -SamAccountName "csv2$tag" -Path $ou } ADException 'ActiveDirectoryServer:8305,NewADUser' NotSpecified 'An attempt was made to add an object to the directory with a name that is already in use'
CheckError 'New-ADGroup with an account name in use' { New-ADGroup "other$tag" -SamAccountName "eng$tag" -GroupScope Global -Path $ou } ADIdentityAlreadyExistsException 'ActiveDirectoryServer:1318,NewADGroup' ResourceExists 'The specified group already exists'
CheckError 'New-ADUser where there is no container' { New-ADUser "x$tag" -Path "OU=no,$ou" } ADIdentityNotFoundException "$notFound,NewADUser" ObjectNotFound 'Directory object not found'
CheckError 'Set-ADUser of nobody' { Set-ADUser "nobody$tag" -Title x } ADIdentityNotFoundException "$notFound,SetADUser" ObjectNotFound
CheckError 'an attribute that does not exist' { Set-ADUser "ada$tag" -Replace @{ noSuch = 1 } } ArgumentException 'ActiveDirectoryCmdlet:System.ArgumentException,SetADUser' InvalidArgument "The specified directory service attribute or value does not exist`nParameter name: noSuch"
CheckError 'a value that is not there' { Set-ADUser "ada$tag" -Remove @{ proxyAddresses = 'no:such' } } ADException 'ActiveDirectoryServer:8202,SetADUser' NotSpecified 'The specified directory service attribute or value does not exist'
CheckError 'a parameter that the lab does not have' { Set-ADUser "ada$tag" -CannotChangePassword $true } NotSupportedException 'ActiveDirectoryCmdlet:System.NotSupportedException,SetADUser' NotImplemented '*-CannotChangePassword is not in the lab*'
CheckError 'rights that are missing' { Set-ADUser "obrien$tag" -Title x -Credential ([pscredential]::new("ada$tag@$dns", $pw)) } ADException 'ActiveDirectoryServer:8344,SetADUser' NotSpecified 'Insufficient access rights to perform the operation'
CheckError 'a removal that nobody can confirm' { Remove-ADUser "csv$tag" } PSInvalidOperationException 'InvalidOperation,RemoveADUser' InvalidOperation
Check 'Remove-ADUser, -ADGroup, -ADComputer' { Remove-ADUser "csv$tag" -Confirm:$false; Remove-ADGroup "outer$tag" -Confirm:$false; Remove-ADComputer "PC$tag" -Confirm:$false; @(Get-ADObject -SearchBase $ou -LDAPFilter "(|(cn=csv$tag)(cn=outer$tag)(cn=PC$tag))").Count } '0'
