#== offboard-one @leave
# The leaver's list: disable, take out of groups, clear the manager, move.
$sam = 'leave.ben'
$user = Get-ADUser $sam -Properties MemberOf, Manager, Description
Disable-ADAccount -Identity $user
foreach ($group in $user.MemberOf) {
    Remove-ADGroupMember -Identity $group -Members $user -Confirm:$false
}
Set-ADUser $user -Clear manager -Description ('left; groups: ' + (($user.MemberOf | ForEach-Object { ($_ -split ',')[0] -replace '^CN=' } | Sort-Object) -join ', '))
Move-ADObject -Identity $user.ObjectGUID -TargetPath 'OU=Disabled,OU=leave,OU=Corpus,DC=lab,DC=test'
Get-ADUser $sam -Properties Description, MemberOf | Select-Object Enabled, DistinguishedName, Description, @{ n = 'Groups'; e = { @($_.MemberOf).Count } }

#== offboard-password @leavepw
# Nobody knows the new password, and nobody logs on with it.
$chars = [char[]](33..126)
$text = -join (1..24 | ForEach-Object { $chars[(7 * $_ * $_ + 11) % $chars.Count] }) + 'aA1!'
Set-ADAccountPassword leavepw.ann -Reset -NewPassword (ConvertTo-SecureString $text -AsPlainText -Force)
Set-ADUser leavepw.ann -Enabled $false
'{0} is {1}' -f 'leavepw.ann', $(if ((Get-ADUser leavepw.ann).Enabled) { 'enabled' } else { 'disabled' })

#== offboard-batch-errors @leavebat
# A list with mistakes in it: each is reported, the others go on.
$done = [System.Collections.Generic.List[string]]::new()
$bad = @()
foreach ($name in 'leavebat.ann', 'leavebat.nobody', 'leavebat.dee', '') {
    try {
        if ([string]::IsNullOrWhiteSpace($name)) { throw 'an empty line' }
        Disable-ADAccount $name -ErrorAction Stop
        $done.Add($name)
    }
    catch [Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException] {
        $bad += "$name`: not found"
    }
    catch {
        $bad += "'$name': $($_.Exception.Message)"
    }
    finally {
        Write-Information "looked at '$name'"
    }
}
"done: $($done -join ', ')"
$bad

#== offboard-reports-to @leaverep
# Whoever reported to the leaver reports to the leaver's manager now.
$leaver = Get-ADUser leaverep.ben -Properties Manager
Get-ADUser -Filter "Manager -eq '$($leaver.DistinguishedName)'" | Sort-Object SamAccountName | ForEach-Object {
    Set-ADUser $_ -Manager $leaver.Manager
    $_.SamAccountName
}

#== offboard-hide-and-forward @leavemail
# The addresses move to the successor.
$old = Get-ADUser leavemail.ann -Properties proxyAddresses
$addresses = $old.proxyAddresses | ForEach-Object { $_ -replace '^SMTP:', 'smtp:' }
Set-ADUser $old -Clear proxyAddresses
Set-ADUser leavemail.fay -Add @{ proxyAddresses = $addresses }
(Get-ADUser leavemail.fay -Properties proxyAddresses).proxyAddresses | Sort-Object

#== offboard-expired @leaveexp
# Who has expired is disabled and says so.
$today = [datetime]'2026-06-01'
Get-ADUser -Filter * -SearchBase 'OU=leaveexp,OU=Corpus,DC=lab,DC=test' -Properties AccountExpirationDate, Description |
    Where-Object { $_.AccountExpirationDate -and $_.AccountExpirationDate -lt $today } |
    ForEach-Object {
        Set-ADUser $_ -Enabled $false -Description ('expired {0:yyyy-MM-dd}' -f $_.AccountExpirationDate)
        $_.SamAccountName
    }

#== offboard-remove @leavedel
# Accounts that were disabled for long are deleted.
$old = Get-ADUser -Filter { Enabled -eq $false } -SearchBase 'OU=leavedel,OU=Corpus,DC=lab,DC=test' -Properties Description |
    Where-Object { $_.Description -match '^left (?<date>\d{4}-\d\d-\d\d)$' -and [datetime]$Matches.date -lt [datetime]'2026-01-01' }
$old | Remove-ADUser -Confirm:$false
'removed {0}' -f @($old).Count
@(Get-ADUser -Filter * -SearchBase 'OU=leavedel,OU=Corpus,DC=lab,DC=test').Count

#== offboard-extend @leaveext
# Or stays half a year longer.
$user = Get-ADUser leaveext.dee -Properties AccountExpirationDate
Set-ADAccountExpiration $user -DateTime $user.AccountExpirationDate.AddMonths(6)
Clear-ADAccountExpiration leaveext.eli
Get-ADUser -Filter "SamAccountName -like 'leaveext.*'" -Properties AccountExpirationDate | Where-Object AccountExpirationDate |
    ForEach-Object { '{0} {1:yyyy-MM-dd}' -f $_.SamAccountName, $_.AccountExpirationDate.ToUniversalTime() }

#== offboard-pipeline-function @leavefun
function Disable-Leaver {
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory, ValueFromPipeline)][string]$Account, [string]$Ticket = 'none')
    begin { $count = 0 }
    process {
        if ($PSCmdlet.ShouldProcess($Account, 'disable')) {
            Disable-ADAccount $Account
            Set-ADUser $Account -Replace @{ info = "ticket $Ticket" }
            $count++
        }
    }
    end { "$count disabled" }
}
'leavefun.ann', 'leavefun.dee' | Disable-Leaver -Ticket 'T-4711'
'leavefun.fay' | Disable-Leaver -WhatIf

#== offboard-move-all-disabled @leaveou
$target = 'OU=Disabled,OU=leaveou,OU=Corpus,DC=lab,DC=test'
Search-ADAccount -AccountDisabled -UsersOnly -SearchBase 'OU=leaveou,OU=Corpus,DC=lab,DC=test' |
    Where-Object { $_.DistinguishedName -notlike "*$target" } |
    Move-ADObject -TargetPath $target -PassThru | Select-Object Name, DistinguishedName
