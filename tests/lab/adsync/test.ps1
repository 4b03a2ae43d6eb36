# SPDX-License-Identifier: Apache-2.0
#
# Cycles of the Entra Connect double in a running lab: what its cmdlets say, and what a cycle reports. What the tenant then holds
# the caller asks Graph.
$ErrorActionPreference = 'Stop'
$script:passed = $script:failed = 0
$state = $env:CAUSEWAY_LAB_ADSYNC_STATE

function Check([string]$Name, [scriptblock]$Code, $Want) {
	try { $got = (& $Code | ForEach-Object { "$_" }) -join '|' } catch { $got = "threw $($_.Exception.GetType().Name): $_" }
	if ($got -ceq "$Want") { $script:passed++; return }
	$script:failed++
	Write-Host "FAIL $Name`n  want $Want`n  got  $got"
}

function Set-Lab([string]$Json) { [IO.File]::WriteAllText("$state/settings.json", $Json) }

# Starts a cycle, waits until the scheduler says it is over, and gives what it did.
function Sync([string]$Policy = 'Delta') {
	$started = Start-ADSyncSyncCycle -PolicyType $Policy
	if ($started.Result -cne 'Success') { throw "Result is $($started.Result)" }
	$deadline = [DateTime]::UtcNow.AddSeconds(60)
	while ((Get-ADSyncScheduler).SyncCycleInProgress) {
		if ([DateTime]::UtcNow -gt $deadline) { throw 'the cycle does not end' }
		[Threading.Thread]::Sleep(10)
	}
	$r = [IO.File]::ReadAllText("$state/cycle.json") | ConvertFrom-Json
	"$($r.step) +$($r.added) ~$($r.updated) =$($r.unchanged) -$($r.deleted) $($r.errors -join ';')".TrimEnd()
}

Check 'the scheduler' { $s = Get-ADSyncScheduler; "$($s.SyncCycleEnabled) $($s.StagingModeEnabled) $($s.SchedulerSuspended) $($s.SyncCycleInProgress) $($s.CurrentlyEffectiveSyncCycleInterval) $($s.NextSyncCyclePolicyType)" } 'True False False False 00:30:00 Delta'
Check 'nobody is busy' { Get-ADSyncConnectorRunStatus } ''

# Busy: a cycle long enough to look at.
Set-Lab '{"cycleMs":1500}'
Set-ADUser ada -Title Countess -Department Engineering -OfficePhone $null
Check 'a cycle starts' { (Start-ADSyncSyncCycle -PolicyType Delta).Result } Success
Check 'it is in progress' { $s = Get-ADSyncScheduler; "$($s.SyncCycleInProgress) $($s.NextSyncCycleStartTimeInUTC -le [DateTime]::UtcNow)" } 'True True'
Check 'a connector is busy' { (Get-ADSyncConnectorRunStatus).RunState } Busy
try { Start-ADSyncSyncCycle -PolicyType Delta; $busy = $null } catch { $busy = $_ }
Check 'a second one is refused' { $busy.Exception.GetType().FullName; ($busy.Exception.Message -split "`r`n")[0]; $busy.CategoryInfo.Category } `
	'System.InvalidOperationException|System.InvalidOperationException: Connector: lab.onmicrosoft.com - AAD is busy.|WriteError'
Check 'the id is the text' { $busy.FullyQualifiedErrorId -ceq "$($busy.Exception.Message),Microsoft.IdentityManagement.PowerShell.Cmdlet.StartADSyncSyncCycle" } True
Check 'it does not end the statement' { Start-ADSyncSyncCycle -ErrorAction SilentlyContinue; 'went on' } 'went on'
# Too late for this cycle's import once it exports; the next one takes it.
while ((Get-ADSyncConnectorRunStatus).ConnectorName -notlike '* - AAD') { [Threading.Thread]::Sleep(5) }
Add-ADGroupMember Sales ada
while ((Get-ADSyncScheduler).SyncCycleInProgress) { [Threading.Thread]::Sleep(10) }
Check 'the next start lies ahead' { (Get-ADSyncScheduler).NextSyncCycleStartTimeInUTC -gt [DateTime]::UtcNow } True

Set-Lab '{"cycleMs":0}'
# A group whose members alone changed counts as unchanged in the double.
Check 'what came too late' { Sync } 'done +0 ~0 =1 -0'
Check 'nothing to do' { Sync } 'done +0 ~0 =0 -0'
Get-ADUser user010 | Move-ADObject -TargetPath 'OU=Cloud Pairs,DC=lab,DC=test'
Remove-ADUser user011 -Confirm:$false
Check 'moved out of scope, and deleted' { Sync } 'done +0 ~0 =0 -2'
Get-ADUser user010 | Move-ADObject -TargetPath 'OU=Sales,OU=Staff,DC=lab,DC=test'
Check 'back in scope' { Sync } 'done +1 ~0 =0 -0'
Get-ADUser user010 | Move-ADObject -TargetPath 'OU=Cloud Pairs,DC=lab,DC=test'
Check 'out again' { Sync } 'done +0 ~0 =0 -1'

Set-ADUser dora -Title 'On-premises only'
Check 'the pairs do not flow' { Sync } 'done +0 ~0 =0 -0'

Set-Lab '{"cycleMs":0,"stagingModeEnabled":true}'
Set-ADUser user013 -Title 'Seen by nobody'
Check 'a staging server exports nothing' { Sync; (Get-ADSyncScheduler).StagingModeEnabled } 'done +0 ~0 =0 -0|True'
Set-Lab '{"cycleMs":0}'
Check 'until it is one no more' { Sync } 'done +0 ~1 =0 -0'

# A name that a user of the cloud alone has: refused, the rest is written, and tried again until it fits.
$seed = [Net.Http.StringContent]::new('{"users":[{"userPrincipalName":"cloud.only@lab.test"}]}')
if (-not [Net.Http.HttpClient]::new().PostAsync("$env:CAUSEWAY_LAB_ENTRA_ADMIN_URL/seed", $seed).Result.IsSuccessStatusCode) { throw 'seed' }
Set-ADUser user012 -UserPrincipalName 'cloud.only@lab.test'
Set-ADUser user014 -Title 'Unharmed'
Check 'a name that is taken' { (Sync) -replace "AttributeValue.*'(.*?)'.*", '$1' } 'done +0 ~1 =0 -0 cloud.only@lab.test'
Check 'tried again' { (Sync) -replace "AttributeValue.*'(.*?)'.*", '$1' } 'done +0 ~0 =0 -0 cloud.only@lab.test'
Set-ADUser user012 -UserPrincipalName 'fits@lab.test'
Check 'until it fits' { Sync; Sync } 'done +0 ~1 =0 -0|done +0 ~0 =0 -0'
Check 'a full cycle ends where the deltas did' { (Sync Initial) -replace '=\d+', '=N' } 'done +0 ~0 =N -0'

Set-Lab '{"cycleMs":0,"schedulerSuspended":true}'
Check 'a wizard is open' { try { Start-ADSyncSyncCycle } catch { ("$_" -split "`r`n")[0] } } 'System.InvalidOperationException: Scheduler is already suspended via global parameters.'
Set-Lab '{"cycleMs":0'
Check 'settings that are none' { try { Start-ADSyncSyncCycle } catch { "$_" -like "$state/settings.json: *" } } True
Set-Lab '{"cycleMs":500}'
$address = $env:CAUSEWAY_LAB_ENTRA_ADMIN_URL
$env:CAUSEWAY_LAB_ENTRA_ADMIN_URL = 'http://127.0.0.1:9'
Set-ADUser user015 -Title 'Later'
Check 'the cloud is away' { (Sync) -replace ' .*', '' } failed
$env:CAUSEWAY_LAB_ENTRA_ADMIN_URL = $address
Check 'and back' { Sync } 'done +0 ~1 =0 -0'

Write-Host "adsync: $passed passed, $failed failed"
exit [int]($failed -gt 0)
