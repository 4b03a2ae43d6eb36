# A double: the real module's cmdlets over LDAP, for the lab.
@{
    RootModule = 'Microsoft.ActiveDirectory.Management.dll'
    ModuleVersion = '1.0.1.0'
    GUID = '43c15630-959c-49e4-a977-758c5cc93408'
    Author = 'Causeway'
    Description = 'The ActiveDirectory cmdlets over LDAP, for tests against a lab directory'
    PowerShellVersion = '7.6'
    TypesToProcess = @('ActiveDirectory.Types.ps1xml')
    CmdletsToExport = @(
        'Add-ADGroupMember', 'Add-ADPrincipalGroupMembership', 'Clear-ADAccountExpiration', 'Disable-ADAccount',
        'Enable-ADAccount', 'Get-ADComputer', 'Get-ADDefaultDomainPasswordPolicy', 'Get-ADDomain',
        'Get-ADDomainController', 'Get-ADForest', 'Get-ADGroup', 'Get-ADGroupMember', 'Get-ADObject',
        'Get-ADOrganizationalUnit', 'Get-ADPrincipalGroupMembership', 'Get-ADRootDSE', 'Get-ADUser', 'Move-ADObject',
        'New-ADComputer', 'New-ADGroup', 'New-ADObject', 'New-ADOrganizationalUnit', 'New-ADUser',
        'Remove-ADComputer', 'Remove-ADGroup', 'Remove-ADGroupMember', 'Remove-ADObject',
        'Remove-ADOrganizationalUnit', 'Remove-ADPrincipalGroupMembership', 'Remove-ADUser', 'Rename-ADObject',
        'Restore-ADObject', 'Search-ADAccount', 'Set-ADAccountControl', 'Set-ADAccountExpiration', 'Set-ADAccountPassword',
        'Set-ADComputer', 'Set-ADGroup', 'Set-ADObject', 'Set-ADOrganizationalUnit', 'Set-ADUser', 'Unlock-ADAccount'
    )
    FunctionsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
}
