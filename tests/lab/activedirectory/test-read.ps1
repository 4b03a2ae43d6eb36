# SPDX-License-Identifier: Apache-2.0
# Get-*: identities, properties, filters, errors.
$pw = Secret 'Passw0rd!Test1'
New-ADUser -Name "Ada Lovelace $tag" -SamAccountName "ada$tag" -UserPrincipalName "ada$tag@$dns" -GivenName Ada -Surname Lovelace -DisplayName 'Ada Lovelace' `
	-Title Analyst -Department Engines -City London -EmailAddress "ada@$dns" -EmployeeID 1815 -Path $ou -AccountPassword $pw -Enabled $true
New-ADUser -Name "O'Brien (Test*) \ $tag" -SamAccountName "obrien$tag" -Surname "O'Brien" -Description 'a (b) * \ c' -Department Engines -Path $ou
New-ADGroup -Name "Engineers $tag" -SamAccountName "eng$tag" -GroupScope Global -Path $ou
New-ADComputer -Name "PC$tag" -Path $ou
$ada = Get-ADUser "ada$tag"

Check 'the default properties of a user, sorted' { $ada.PropertyNames } 'DistinguishedName|Enabled|GivenName|Name|ObjectClass|ObjectGUID|SamAccountName|SID|Surname|UserPrincipalName'
Check 'a user has the real type names' { $ada.PSTypeNames } "$ns.ADUser|$ns.ADAccount|$ns.ADPrincipal|$ns.ADObject|$ns.ADEntity|System.Object"
Check 'a user is its distinguished name as text' { "$ada" } $ada.DistinguishedName
Check 'a SID has the type of Windows' { $ada.SID.GetType().FullName, ($ada.SID.Value -like 'S-1-5-21-*'), $ada.SID.AccountDomainSid.Value } "System.Security.Principal.SecurityIdentifier|True|$((Get-ADDomain).DomainSID)"
Check 'a GUID is a GUID' { $ada.ObjectGUID.GetType().FullName } 'System.Guid'

Check 'identity: sAMAccountName' { (Get-ADUser -Identity "ADA$tag").SamAccountName } "ada$tag"
Check 'identity: distinguished name' { (Get-ADUser $ada.DistinguishedName).SamAccountName } "ada$tag"
Check 'identity: GUID' { (Get-ADUser $ada.ObjectGUID).SamAccountName } "ada$tag"
Check 'identity: GUID as text' { (Get-ADUser "$($ada.ObjectGUID)").SamAccountName } "ada$tag"
Check 'identity: SID' { (Get-ADUser $ada.SID).SamAccountName } "ada$tag"
Check 'identity: SID as text' { (Get-ADUser "$($ada.SID)").SamAccountName } "ada$tag"
Check 'identity: the object' { (Get-ADUser $ada).SamAccountName } "ada$tag"
Check 'identity: from the pipeline' { ("ada$tag", $ada, "obrien$tag" | Get-ADUser).SamAccountName } "ada$tag|ada$tag|obrien$tag"
$copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($ada))
Check 'an object that went through serialisation' { $copy.PSTypeNames[0], $copy.SID, $copy.Enabled } "Deserialized.$ns.ADUser|$($ada.SID)|True"
CheckError 'is no identity, as with the real module' { Get-ADUser $copy } ParameterBindingException 'CannotConvertArgumentNoMessage,GetADUser' InvalidArgument
Check 'but its name is' { (Get-ADUser $copy.DistinguishedName).SamAccountName } "ada$tag"
Check 'identity: a computer with and without its dollar sign' { (Get-ADComputer "PC$tag").SamAccountName, (Get-ADComputer "PC$tag`$").Name } "PC$tag`$|PC$tag"
Check 'identity: characters that LDAP escapes' { (Get-ADUser (Get-ADUser "obrien$tag").DistinguishedName).Surname } "O'Brien"

Check 'extended properties' {
	$u = Get-ADUser "ada$tag" -Properties Title, department, EmailAddress, City, LastLogonDate, PasswordLastSet, LockedOut, PasswordExpired, MemberOf, AccountExpirationDate, PasswordNeverExpires
	$u.Title, $u.Department, $u.EmailAddress, $u.City, ($null -eq $u.LastLogonDate), $u.PasswordLastSet.GetType().Name, $u.LockedOut, $u.PasswordExpired, $u.MemberOf.GetType().Name, $u.MemberOf.Count, ($null -eq $u.AccountExpirationDate), $u.PasswordNeverExpires
} "Analyst|Engines|ada@$dns|London|True|DateTime|False|False|ADPropertyValueCollection|0|True|False"
Check 'plain attributes by their own names and types' { $u = Get-ADUser "ada$tag" -Properties mail, pwdLastSet, whenCreated, userAccountControl, objectSid; $u.mail, $u.pwdLastSet.GetType().Name, $u.whenCreated.GetType().Name, $u.userAccountControl, $u.objectSid.GetType().Name } "ada@$dns|Int64|DateTime|512|SecurityIdentifier"
Check 'an attribute only the schema knows' { $u = Get-ADUser "ada$tag" -Properties carLicense, msDS-PrincipalName; $u.carLicense.Count } '0'
Check '-Properties * has both kinds' { $u = Get-ADUser "ada$tag" -Properties *; $u.Title, $u.mail, $u.EmailAddress, $u.CanonicalName, ($u.PropertyCount -gt 80) } "Analyst|ada@$dns|ada@$dns|$dns/$tag/Ada Lovelace $tag|True"
Check 'default properties of a group' { (Get-ADGroup "eng$tag").PropertyNames } 'DistinguishedName|GroupCategory|GroupScope|Name|ObjectClass|ObjectGUID|SamAccountName|SID'
Check 'default properties of a computer' { (Get-ADComputer "PC$tag").PropertyNames } 'DistinguishedName|DNSHostName|Enabled|Name|ObjectClass|ObjectGUID|SamAccountName|SID|UserPrincipalName'
Check 'default properties of an object' { (Get-ADObject $ada.ObjectGUID).PropertyNames } 'DistinguishedName|Name|ObjectClass|ObjectGUID'
Check 'default properties of an organizational unit' { (Get-ADOrganizationalUnit $ou).PropertyNames } 'City|Country|DistinguishedName|LinkedGroupPolicyObjects|ManagedBy|Name|ObjectClass|ObjectGUID|PostalCode|State|StreetAddress'
Check 'a computer is not a user' { @(Get-ADUser -Filter "SamAccountName -eq 'PC$tag`$'").Count } '0'

function Found([string]$Filter) { (Get-ADUser -Filter $Filter -SearchBase $ou | Sort-Object SamAccountName).SamAccountName }
$both = "ada$tag|obrien$tag"
Check 'filter: *' { Found '*' } $both
Check 'filter: -eq' { Found "Surname -eq 'Lovelace'" } "ada$tag"
Check 'filter: -eq with double quotes' { Found 'Surname -eq "Lovelace"' } "ada$tag"
Check 'filter: an LDAP name' { Found "sn -eq 'lovelace'" } "ada$tag"
Check 'filter: -ne' { Found "Surname -ne 'Lovelace'" } "obrien$tag"
Check 'filter: -like' { Found "Name -like 'Ada*$tag'" } "ada$tag"
Check 'filter: -like * is presence' { Found "Title -like '*'" } "ada$tag"
Check 'filter: -notlike * is absence' { Found "Title -notlike '*'" } "obrien$tag"
Check 'filter: * is itself in -eq' { Found "Description -eq 'a (b) * \5c c'" } "obrien$tag"
Check 'filter: a star in a like must be escaped' { Found "Description -like 'a (b) \2a*'" } "obrien$tag"
Check 'filter: a quote written twice' { Found "Surname -eq 'O''Brien'" } "obrien$tag"
Check 'filter: the other kind of quote' { Found 'Surname -eq "O''Brien"' } "obrien$tag"
Check 'filter: -and, -or and their ranks' { Found "Surname -eq 'x' -and Title -eq 'y' -or Department -eq 'Engines' -and Title -like 'A*'" } "ada$tag"
Check 'filter: parentheses' { Found "(Surname -eq 'Lovelace' -or Surname -eq 'O''Brien') -and (Department -eq 'Engines')" } $both
Check 'filter: -not and !' { Found "-not (Surname -eq 'Lovelace')"; Found "!(Surname -eq 'Lovelace')" } "obrien$tag|obrien$tag"
Check 'filter: nesting' { Found "((((Surname -eq 'Lovelace') -and !(Title -eq 'x'))))" } "ada$tag"
Check 'filter: Enabled' { Found 'Enabled -eq $true'; Found 'Enabled -ne $true'; Found "Enabled -eq 'False'" } "ada$tag|obrien$tag|obrien$tag"
Check 'filter: -ge and -le' { Found "EmployeeID -ge '1815' -and EmployeeID -le '1815'" } "ada$tag"
Check 'filter: -gt and -lt' { "$(Found "EmployeeID -gt '1815'")$(Found "EmployeeID -lt '1815'")$(Found "EmployeeID -gt '1814'")" } "ada$tag"
Check 'filter: -approx' { Found "Surname -approx 'Lovelace'" } "ada$tag"
Check 'filter: -band and -bor' { Found 'userAccountControl -band 2'; Found 'userAccountControl -bor 514' } "obrien$tag|$both"
Check 'filter: a variable, a script block' { $n = 'Lovelace'; (Get-ADUser -SearchBase $ou -Filter { Surname -eq $n }).SamAccountName } "ada$tag"
Check 'filter: a property of a variable' { $n = [pscustomobject]@{ p = @{ q = 1 }; Surname = 'Lovelace' }; (Get-ADUser -SearchBase $ou -Filter 'Surname -eq $n.Surname').SamAccountName } "ada$tag"
Check 'filter: what a variable holds cannot change the filter' { $n = "x' -or Surname -like '*)(cn=*"; @(Get-ADUser -SearchBase $ou -Filter 'Surname -eq $n').Count } '0'
Check 'filter: a date' { $d = (Get-Date).AddHours(-1); Found "whenCreated -ge '$($d.ToUniversalTime().ToString('yyyyMMddHHmmss.0Z'))'"; (Get-ADUser -SearchBase $ou -Filter { whenCreated -lt $d } | Measure-Object).Count; (Get-ADUser -SearchBase $ou -Filter { Created -gt $d } | Measure-Object).Count } "$both|0|2"
Check 'filter: a date kept as a count' { $d = (Get-Date).AddHours(-1); (Get-ADUser -SearchBase $ou -Filter { PasswordLastSet -gt $d }).SamAccountName } "ada$tag"
Check 'filter: a GUID and a SID' { $g = $ada.ObjectGUID; $s = $ada.SID; Found "ObjectGUID -eq '$g'"; Found "SID -eq '$s'"; (Get-ADUser -SearchBase $ou -Filter { ObjectGUID -eq $g }).SamAccountName } "ada$tag|ada$tag|ada$tag"
Check 'filter: an object as a value' { Add-ADGroupMember "eng$tag" "ada$tag"; $g = Get-ADGroup "eng$tag"; (Get-ADUser -SearchBase $ou -Filter { MemberOf -eq $g }).SamAccountName; (Get-ADUser -SearchBase $ou -Filter { MemberOf -recursivematch $g }).SamAccountName } "ada$tag|ada$tag"
Check 'filter: group scope and category' { (Get-ADGroup -SearchBase $ou -Filter "GroupScope -eq 'Global' -and GroupCategory -eq 'Security'").SamAccountName; @(Get-ADGroup -SearchBase $ou -Filter "GroupScope -eq 'Universal'").Count } "eng$tag|0"
Check 'LDAPFilter' { (Get-ADUser -SearchBase $ou -LDAPFilter '(sn=Lovelace)').SamAccountName } "ada$tag"
Check 'SearchScope' { @(Get-ADObject -SearchBase $ou -SearchScope Base -Filter *).Count; @(Get-ADObject -SearchBase $ou -SearchScope OneLevel -Filter *).Count; @(Get-ADObject -SearchBase $ou -Filter *).Count } '1|4|5'
Check 'ResultSetSize' { @(Get-ADObject -SearchBase $ou -Filter * -ResultSetSize 2).Count } '2'
Check 'ResultPageSize smaller than the result' { @(Get-ADObject -SearchBase $ou -Filter * -ResultPageSize 1).Count } '5'
Check 'searches between the pages of another' {
	@(Get-ADUser -Filter * -SearchBase $ou -ResultPageSize 1 | ForEach-Object { 1..12 | ForEach-Object { Get-ADGroup -Filter "Name -eq 'Engineers $tag'" } }).Count
	(Get-ADUser -Filter * -SearchBase $ou -Properties PrimaryGroup -ResultPageSize 1).PrimaryGroup
} "24|CN=Domain Users,CN=Users,$base|CN=Domain Users,CN=Users,$base"
Check 'Server: the controller, the domain, an address' { (Get-ADUser "ada$tag" -Server (Get-ADDomainController).HostName).SamAccountName, (Get-ADUser "ada$tag" -Server $dns).SamAccountName, (Get-ADUser "ada$tag" -Server ([uri]$env:CAUSEWAY_LAB_AD_URL).Host).SamAccountName } "ada$tag|ada$tag|ada$tag"

$notFound = "ActiveDirectoryCmdlet:$ns.ADIdentityNotFoundException"
CheckError 'no such user' { Get-ADUser "nobody$tag" } ADIdentityNotFoundException "$notFound,GetADUser" ObjectNotFound "Cannot find an object with identity: 'nobody$tag' under: '$base'."
CheckError 'no such user, though -ErrorAction says go on' { Get-ADUser "nobody$tag" -ErrorAction SilentlyContinue } ADIdentityNotFoundException "$notFound,GetADUser" ObjectNotFound
CheckError 'no such distinguished name' { Get-ADGroup "CN=no,$ou" } ADIdentityNotFoundException "$notFound,GetADGroup" ObjectNotFound
CheckError 'an identity of another kind' { Get-ADGroup "ada$tag" } ADIdentityNotFoundException "$notFound,GetADGroup" ObjectNotFound
CheckError 'no such container' { Get-ADUser -Filter * -SearchBase "OU=no,$ou" } ADIdentityNotFoundException "$notFound,GetADUser" ObjectNotFound 'Directory object not found'
CheckError 'a container of another domain' { Get-ADUser -Filter * -SearchBase 'OU=x,DC=other' } ArgumentException 'ActiveDirectoryCmdlet:System.ArgumentException,GetADUser' InvalidArgument
CheckError 'no container at all' { Get-ADUser -Filter * -SearchBase '' } ArgumentException 'ActiveDirectoryCmdlet:System.ArgumentException,GetADUser' InvalidArgument
CheckError 'a property that does not exist' { Get-ADUser "ada$tag" -Properties noSuch } ArgumentException 'ActiveDirectoryCmdlet:System.ArgumentException,GetADUser' InvalidArgument "One or more properties are invalid.`nParameter name: noSuch"
CheckError 'a filter that is none' { Get-ADUser -Filter 'SamAccountName -eq ThmsRynr' } ADFilterParsingException "ActiveDirectoryCmdlet:$ns.ADFilterParsingException,GetADUser" ParserError "Error parsing query: 'SamAccountName -eq ThmsRynr' Error Message: 'syntax error' at position: '20'."
foreach ($bad in '', 'x', 'x -eq', '(x -eq 1', 'x -eq 1)', 'x -foo 1', "x -eq 'a", 'x -eq 1 -and', '-not', "x -eq 'a' y", '* -and *', ('(' * 300 + 'x -eq 1' + ')' * 300)) {
	CheckError "a broken filter: $($bad.Substring(0, [math]::Min(20, $bad.Length)))" { Get-ADUser -Filter $bad } $(if ($bad) { 'ADFilterParsingException' } else { 'ParameterBindingValidationException' }) $(if ($bad) { "ActiveDirectoryCmdlet:$ns.ADFilterParsingException,GetADUser" } else { 'ParameterArgumentValidationErrorEmptyStringNotAllowed,GetADUser' }) $(if ($bad) { 'ParserError' } else { 'InvalidData' })
}
# Whatever is written there, the answer is a filter error or a result, never anything else.
$pieces = 'Name', 'sn', '-eq', '-like', '-and', '-or', '-not', '!', '(', ')', "'", '"', 'a', '*', '\2a', '\', '$ada', '$ada.SID', '$true', '12', ' ', ' ', '`', '-band', '$', '.', [string][char]0, 'é'
$null = Get-Random -SetSeed 42
$odd = 1..400 | ForEach-Object {
	$text = (1..(Get-Random -Minimum 1 -Maximum 9) | ForEach-Object { $pieces[(Get-Random -Maximum $pieces.Count)] }) -join (' ', '')[(Get-Random -Maximum 2)]
	try { $null = Get-ADUser -Filter $text -SearchBase $ou } catch [Microsoft.ActiveDirectory.Management.ADFilterParsingException], [ArgumentException] { } catch { if ($_.FullyQualifiedErrorId -notlike 'ParameterArgumentValidation*') { "$text -> $_" } }
}
Check 'random filters' { $odd } ''
CheckError 'a filter with a variable that is not there' { Get-ADUser -Filter { Surname -eq $noSuchVariable } } ArgumentException 'ActiveDirectoryCmdlet:System.ArgumentException,GetADUser' InvalidArgument "Variable: 'noSuchVariable' found in expression: `$noSuchVariable is not defined."
CheckError 'an LDAP filter that is none' { Get-ADUser -LDAPFilter '(&(x' } ADException 'ActiveDirectoryServer:8254,GetADUser' NotSpecified 'The search filter cannot be recognized'
CheckError 'a server that is not there' { Get-ADUser "ada$tag" -Server "no$tag.$dns" } ADServerDownException 'ActiveDirectoryServer:0,GetADUser' ResourceUnavailable 'Unable to contact the server.*'
CheckError 'credentials that are wrong' { Get-ADUser "ada$tag" -Credential ([pscredential]::new("ada$tag@$dns", (Secret 'wrong'))) } AuthenticationException 'ActiveDirectoryCmdlet:System.Security.Authentication.AuthenticationException,GetADUser' SecurityError 'The server has rejected the client credentials.'
Check 'credentials that are right' { (Get-ADUser "ada$tag" -Credential ([pscredential]::new("ada$tag@$dns", $pw))).SamAccountName } "ada$tag"

Check 'Get-ADDomain' { $d = Get-ADDomain; $d.DistinguishedName, $d.DNSRoot, $d.PDCEmulator, $d.UsersContainer, $d.GetType().Name } "$base|$dns|$((Get-ADDomainController).HostName)|CN=Users,$base|ADDomain"
Check 'Get-ADDomain by name' { (Get-ADDomain $dns).DistinguishedName } $base
CheckError 'Get-ADDomain of another' { Get-ADDomain other.test } ADIdentityNotFoundException "$notFound,GetADDomain" ObjectNotFound
Check 'Get-ADForest' { $f = Get-ADForest; $f.Name, $f.RootDomain, "$f", $f.Domains.Count, $f.Sites, ($f.SchemaMaster -eq (Get-ADDomainController).HostName) } "$dns|$dns|$dns|1|Default-First-Site-Name|True"
Check 'Get-ADRootDSE' { (Get-ADRootDSE).defaultNamingContext } $base
Check 'Get-ADDefaultDomainPasswordPolicy' { $p = Get-ADDefaultDomainPasswordPolicy; $p.ComplexityEnabled, ($p.LockoutThreshold -gt 0), $p.MaxPasswordAge.GetType().Name } 'True|True|TimeSpan'
Check 'Get-ADDomainController' { $c = Get-ADDomainController -Discover; $c.IsReadOnly, $c.IsGlobalCatalog, ($c.OperationMasterRoles -contains 'PDCEmulator'), $c.Site } 'False|True|True|Default-First-Site-Name'
