#== ou-tree-create @outree
# Sites with the same three units in each.
$root = 'OU=outree,OU=Corpus,DC=lab,DC=test'
foreach ($site in 'Rome', 'Oslo') {
    New-ADOrganizationalUnit -Name $site -Path $root -ProtectedFromAccidentalDeletion $false
    foreach ($kind in 'Users', 'Computers', 'Groups') {
        New-ADOrganizationalUnit -Name $kind -Path "OU=$site,$root" -Description "$kind of $site" -ProtectedFromAccidentalDeletion $false
    }
}
Get-ADOrganizationalUnit -Filter * -SearchBase $root | Sort-Object DistinguishedName | ForEach-Object { ($_.DistinguishedName -split ',')[0..1] -join ',' }

#== ou-move-by-title @oumove
$map = @{ Trainee = 'Old' }
Get-ADUser -Filter * -SearchBase 'OU=oumove,OU=Corpus,DC=lab,DC=test' -Properties Title | Where-Object { $map[[string]$_.Title] } |
    ForEach-Object { Move-ADObject $_ -TargetPath "OU=$($map[$_.Title]),OU=oumove,OU=Corpus,DC=lab,DC=test" }
(Get-ADUser oumove.eli).DistinguishedName

#== ou-protect-all @ouprot
$units = Get-ADOrganizationalUnit -Filter * -SearchBase 'OU=ouprot,OU=Corpus,DC=lab,DC=test' -Properties ProtectedFromAccidentalDeletion
'unprotected: {0}' -f @($units | Where-Object { -not $_.ProtectedFromAccidentalDeletion }).Count
$units | Where-Object { -not $_.ProtectedFromAccidentalDeletion } | Set-ADOrganizationalUnit -ProtectedFromAccidentalDeletion $true
@(Get-ADOrganizationalUnit -Filter * -SearchBase 'OU=ouprot,OU=Corpus,DC=lab,DC=test' -Properties ProtectedFromAccidentalDeletion).ProtectedFromAccidentalDeletion

#== ou-protected-not-deleted @oukeep !plan:what the directory refuses shows when it is asked
Set-ADOrganizationalUnit 'OU=Old,OU=oukeep,OU=Corpus,DC=lab,DC=test' -ProtectedFromAccidentalDeletion $true
try {
    Remove-ADOrganizationalUnit 'OU=Old,OU=oukeep,OU=Corpus,DC=lab,DC=test' -Confirm:$false -ErrorAction Stop
    'removed'
}
catch [System.UnauthorizedAccessException] { 'kept: ' + $_.Exception.Message }

#== ou-empty-delete @ouempty
$root = 'OU=ouempty,OU=Corpus,DC=lab,DC=test'
Get-ADOrganizationalUnit -Filter * -SearchBase $root -SearchScope OneLevel | Where-Object {
    -not (Get-ADObject -Filter * -SearchBase $_.DistinguishedName -SearchScope OneLevel -ResultSetSize 1)
} | Sort-Object Name | ForEach-Object { Remove-ADOrganizationalUnit $_ -Confirm:$false; $_.Name }

#== ou-manager @ouman
Set-ADOrganizationalUnit 'OU=Old,OU=ouman,OU=Corpus,DC=lab,DC=test' -ManagedBy ouman.ann -City Rome -Description 'kept for a year'
Get-ADOrganizationalUnit 'OU=Old,OU=ouman,OU=Corpus,DC=lab,DC=test' -Properties Description | Select-Object Name, ManagedBy, City, Description

#== ou-count-report
Get-ADOrganizationalUnit -Filter * -SearchBase 'OU=Staff,DC=lab,DC=test' -SearchScope OneLevel | Sort-Object Name | ForEach-Object {
    $users = @(Get-ADUser -Filter * -SearchBase $_.DistinguishedName)
    [pscustomobject]@{ Unit = $_.Name; Users = $users.Count; Enabled = @($users | Where-Object Enabled).Count }
}

#== object-contact @contact
# Contacts are plain objects.
New-ADObject -Name 'Partner Desk' -Type contact -Path 'OU=contact,OU=Corpus,DC=lab,DC=test' -OtherAttributes @{ mail = 'desk@partner.example'; telephoneNumber = '+49 30 1' }
$c = Get-ADObject -LDAPFilter '(&(objectClass=contact)(mail=desk@partner.example))' -Properties mail, telephoneNumber
Set-ADObject $c -Replace @{ telephoneNumber = '+49 30 2' } -Description 'partner'
Get-ADObject $c.ObjectGUID -Properties telephoneNumber, Description | Select-Object Name, ObjectClass, telephoneNumber, Description

#== object-contact-remove @contdel
$dn = 'CN=Gone,OU=contdel,OU=Corpus,DC=lab,DC=test'
New-ADObject -Name Gone -Type contact -Path 'OU=contdel,OU=Corpus,DC=lab,DC=test'
Get-ADObject $dn | Remove-ADObject -Confirm:$false
[bool](Get-ADObject -Filter "DistinguishedName -eq '$dn'")
