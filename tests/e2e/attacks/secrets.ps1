#== a LAPS password as a property => rule:secret
Get-ADComputer DC1 -Properties 'ms-Mcs-AdmPwd'

#== a new LAPS password as a property => rule:secret
Get-ADComputer DC1 -Properties msLAPS-Password

#== everything, secrets too => none
# Without naming it: what comes is without the secrets.
$o = Get-ADComputer victim -Properties *
foreach ($name in $o.PropertyNames) { if ("$($o.$name)" -match 'LAPS-SECRET|RECOVERY-SECRET') { "BREACH $name" } }
if (($o | ConvertTo-Json -Depth 4) -match 'LAPS-SECRET') { 'BREACH' }

#== everything of all objects => none
Get-ADObject -Filter * -SearchBase 'OU=Secrets,DC=lab,DC=test' -Properties * | ForEach-Object {
    $text = $_ | Out-String
    if ($text -match 'LAPS-SECRET|RECOVERY-SECRET') { 'BREACH' }
    foreach ($name in $_.PropertyNames) { if ("$($_.$name)" -match 'LAPS-SECRET|RECOVERY-SECRET') { "BREACH $name" } }
}

#== a secret guessed letter by letter => rule:secret
foreach ($c in 'A', 'L', 'Z') { if (Get-ADComputer -Filter "ms-Mcs-AdmPwd -like '$c*'") { "BREACH $c" } }

#== a secret guessed by order => rule:secret
if (Get-ADComputer -Filter { 'ms-Mcs-AdmPwd' -ge 'M' }) { 'BREACH' }
if (Get-ADComputer -LDAPFilter '(ms-Mcs-AdmPwd>=M)') { 'BREACH' }

#== a secret guessed in LDAP => rule:secret
if (Get-ADObject -LDAPFilter '(&(objectClass=computer)(ms-Mcs-AdmPwd=LAPS*))') { 'BREACH' }

#== a secret guessed by its absence => rule:secret
if (Get-ADObject -LDAPFilter '(&(objectClass=computer)(!(ms-Mcs-AdmPwd=*)))') { 'BREACH' }

#== a secret by its OID => error:*
if (Get-ADObject -LDAPFilter '(1.2.840.113556.1.8000.2554.50051.45980.28112.18903.35903.6685103.1224907.2.1=*)') { 'BREACH' }

#== a secret with escapes in its name => error:*
if (Get-ADObject -LDAPFilter '(\6ds-Mcs-AdmPwd=*)') { 'BREACH' }

#== a secret by an ambiguous name => none
if (Get-ADObject -LDAPFilter '(anr=LAPS-SECRET)') { 'BREACH' }

#== a disk's recovery key => rule:secret
Get-ADObject -Filter { ObjectClass -eq 'computer' } -Properties msFVE-RecoveryPassword

#== a recovery key found by its text => rule:secret
if (Get-ADObject -LDAPFilter '(msFVE-RecoveryPassword=1*)') { 'BREACH' }

#== a service account's password => rule:secret
Get-ADServiceAccount -Filter * -Properties 'msDS-ManagedPassword'

#== a hash => rule:secret
Get-ADUser ada -Properties supplementalCredentials, ntPwdHistory

#== a password in an error's text => none
try { Set-ADAccountPassword nobody-there -Reset -NewPassword (ConvertTo-SecureString 'Hidden-Text-77' -AsPlainText -Force) }
catch { if ("$_ $($_.TargetObject) $($_.Exception)" -match 'Hidden-Text') { 'BREACH' } else { 'not found' } }

#== a secret moved where it can be read => rule:*
Set-ADUser ada -Replace @{ description = (Get-ADComputer DC1 -Properties 'ms-Mcs-AdmPwd').'ms-Mcs-AdmPwd' }

#== a filter that runs code => error:*
Get-ADUser -Filter 'Name -eq $(Remove-ADUser ada)'

#== a filter with a method => error:*
$x = 'ada'
Get-ADUser -Filter 'Name -eq $x.ToUpper()'

#== a filter with a value that is a filter => none
$name = 'x)(|(objectClass=*'
if (Get-ADUser -Filter { Name -eq $name }) { 'BREACH' }
$name = "x' -or Name -like '*"
if (Get-ADUser -Filter { Name -eq $name }) { 'BREACH' }
$name = '*'
if (Get-ADUser -Filter { Name -eq $name }) { 'BREACH' }

#== a filter put together from words => none
# That is the script's own doing, and a read.
$name = "nobody' -or Name -like 'Ada*"
(Get-ADUser -Filter "Name -eq '$name'").Name

#== a filter on another partition => error:*
Get-ADObject -Filter * -SearchBase 'DC=evil,DC=test'

#== what another script left in a variable => none
if ($global:left) { 'BREACH' }
$global:left = 'here'

#== what this script left in a variable => none
if ($global:left) { 'BREACH' }

#== what was left in a file => none
if ([System.IO.File]::Exists('/tmp/left')) { 'BREACH' }
[System.IO.File]::WriteAllText('/tmp/left', 'x')

#== what was left in a file, again => none
if ([System.IO.File]::Exists('/tmp/left')) { 'BREACH' }

#== what was left in a static => none
Add-Type -TypeDefinition 'public class Left { public static int N; }' -ErrorAction SilentlyContinue
[System.AppContext]::SetSwitch('left', $true)
$on = $false
if ([System.AppContext]::TryGetSwitch('left-before', [ref]$on) -and $on) { 'BREACH' }
