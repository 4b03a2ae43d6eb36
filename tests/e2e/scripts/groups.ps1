#== group-add-many @gadd
Add-ADGroupMember gadd-empty -Members gadd.ann, gadd.ben, (Get-ADUser gadd.dee), 'CN=Eli Gadd,OU=gadd,OU=Corpus,DC=lab,DC=test'
Get-ADGroupMember gadd-empty | Sort-Object SamAccountName | ForEach-Object SamAccountName
Add-ADGroupMember gadd-empty -Members gadd.ann

#== group-remove-disabled @gdis
# Disabled people stay in no group.
foreach ($group in Get-ADGroup -Filter "Name -like 'gdis-*'" | Sort-Object Name) {
    $out = Get-ADGroupMember $group | Where-Object objectClass -eq 'user' | Get-ADUser | Where-Object { -not $_.Enabled }
    if ($out) {
        Remove-ADGroupMember -Identity $group -Members $out -Confirm:$false
        '{0}: {1}' -f $group.Name, ($out.SamAccountName -join ', ')
    }
}

#== group-sync-to-list @gsync
# The group is made to hold exactly these.
$wanted = 'gsync.ann', 'gsync.fay', 'gsync.eli'
$now = @(Get-ADGroupMember gsync-staff | Select-Object -ExpandProperty SamAccountName)
$difference = Compare-Object -ReferenceObject $now -DifferenceObject $wanted
$add = @($difference | Where-Object SideIndicator -eq '=>').InputObject
$remove = @($difference | Where-Object SideIndicator -eq '<=').InputObject
if ($add) { Add-ADGroupMember gsync-staff -Members $add }
if ($remove) { Remove-ADGroupMember gsync-staff -Members $remove -Confirm:$false }
[pscustomobject]@{ Added = ($add | Sort-Object) -join ' '; Removed = ($remove | Sort-Object) -join ' ' }

#== group-nested-members
(Get-ADGroupMember 'Technical Staff' | Sort-Object Name).Name -join ', '
$all = Get-ADGroupMember 'Technical Staff' -Recursive
'{0} people' -f @($all).Count
@($all | Where-Object SamAccountName -eq 'ada').Count

#== group-tree @gtree
# A walk of our own, with depth and loops.
function Get-Tree {
    param([string]$Group, [int]$Depth = 0, [hashtable]$Seen = @{})
    if ($Seen[$Group]) { return "$('  ' * $Depth)$Group (again)" }
    $Seen[$Group] = $true
    "$('  ' * $Depth)$Group"
    Get-ADGroupMember $Group | Sort-Object objectClass, SamAccountName | ForEach-Object {
        if ($_.objectClass -eq 'group') { Get-Tree -Group $_.SamAccountName -Depth ($Depth + 1) -Seen $Seen }
        else { "$('  ' * ($Depth + 1))$($_.SamAccountName)" }
    }
}
Add-ADGroupMember gtree-vpn -Members gtree-staff
Add-ADGroupMember gtree-staff -Members gtree-all
Get-Tree -Group gtree-all

#== group-in-chain @gchain
$group = Get-ADGroup gchain-all
Get-ADUser -LDAPFilter "(memberOf:1.2.840.113556.1.4.1941:=$($group.DistinguishedName))" | Sort-Object SamAccountName | ForEach-Object SamAccountName
Get-ADUser -Filter "memberOf -RecursiveMatch '$($group.DistinguishedName)'" | Measure-Object | ForEach-Object Count

#== group-empty-report @gempty
Get-ADGroup -Filter * -SearchBase 'OU=gempty,OU=Corpus,DC=lab,DC=test' -Properties Members, Description |
    Where-Object { $_.Members.Count -eq 0 } | Select-Object Name, Description, GroupScope, GroupCategory

#== group-empty-delete @gdel
Get-ADGroup -Filter { Description -eq 'TODO' } -SearchBase 'OU=gdel,OU=Corpus,DC=lab,DC=test' -Properties Members |
    Where-Object { -not $_.Members } | Remove-ADGroup -Confirm:$false
@(Get-ADGroup -Filter * -SearchBase 'OU=gdel,OU=Corpus,DC=lab,DC=test').Count

#== group-rename-prefix @gren
# Old names get the new prefix, account names too.
Get-ADGroup -Filter "SamAccountName -like 'gren-*'" | Sort-Object Name | ForEach-Object {
    $name = $_.Name -replace '^gren-', 'GRP gren '
    $_ | Set-ADGroup -SamAccountName ($name -replace ' ', '-').ToLower() -DisplayName $name
    $_ | Rename-ADObject -NewName $name
}
(Get-ADGroup -Filter "Name -like 'GRP gren*'").SamAccountName | Sort-Object

#== group-scope @gscope
Set-ADGroup gscope-news -GroupCategory Security
Set-ADGroup gscope-vpn -GroupScope Universal
Get-ADGroup -Filter "Name -like 'gscope-*'" | Sort-Object Name | Select-Object Name, GroupCategory, GroupScope

#== group-owner @gown
Set-ADGroup gown-staff -ManagedBy gown.ann -Description 'owned by Ann' -Replace @{ info = 'reviewed' }
$orphans = Get-ADGroup -Filter * -SearchBase 'OU=gown,OU=Corpus,DC=lab,DC=test' -Properties ManagedBy | Where-Object { !$_.ManagedBy }
$orphans | Set-ADGroup -ManagedBy gown.ben
@($orphans).Count

#== group-of-user @guser
Add-ADPrincipalGroupMembership guser.fay -MemberOf guser-vpn, guser-news
Remove-ADPrincipalGroupMembership guser.ann -MemberOf guser-staff -Confirm:$false
Get-ADPrincipalGroupMembership guser.fay | Sort-Object Name | ForEach-Object Name

#== group-licensing @glic
# One licensing group a person, by title.
$rules = [ordered]@{ 'Lead|Sr\.' = 'glic-staff'; 'Engineer' = 'glic-vpn'; '.' = 'glic-empty' }
$licences = [string[]]$rules.Values
foreach ($u in Get-ADUser -Filter { Title -like '*' } -SearchBase 'OU=glic,OU=Corpus,DC=lab,DC=test' -Properties Title, MemberOf | Sort-Object Name) {
    $wanted = $null
    foreach ($pattern in $rules.Keys) {
        if ($u.Title -match $pattern) { $wanted = $rules[$pattern]; break }
    }
    foreach ($group in $licences) {
        $in = $u.MemberOf -match "^CN=$group,"
        if ($group -eq $wanted -and -not $in) { Add-ADGroupMember $group $u }
        if ($group -ne $wanted -and $in) { Remove-ADGroupMember $group $u -Confirm:$false }
    }
    "$($u.SamAccountName) $wanted"
}

#== group-compare-two @gcmp
$a = (Get-ADGroupMember gcmp-staff).SamAccountName
$b = (Get-ADGroupMember gcmp-vpn).SamAccountName
Compare-Object $a $b -IncludeEqual | Sort-Object InputObject | ForEach-Object { $_.SideIndicator + ' ' + $_.InputObject }

#== group-new-with-members @gnew
$g = New-ADGroup -Name 'gnew project' -SamAccountName gnew-project -GroupScope DomainLocal -Path 'OU=gnew,OU=Corpus,DC=lab,DC=test' -ManagedBy gnew.ann -PassThru
'gnew.ann', 'gnew.ben', 'gnew.nobody' | ForEach-Object {
    try { Add-ADGroupMember $g -Members $_ }
    catch { Write-Warning "$_" }
}
(Get-ADGroup gnew-project -Properties Members).Members.Count

#== group-members-table
Get-ADGroup -Filter "Name -like 'E*' -or Name -like 'R*'" -SearchBase 'OU=Groups,DC=lab,DC=test' -Properties Members, Description | Sort-Object Name |
    Select-Object Name, @{ Name = 'Count'; Expression = { $_.Members.Count } }, @{ l = 'Words'; e = { ($_.Description -split ' ').Count } }
