#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# controllers.sh BUILD, in a lab with two controllers between which nothing is copied until we say so: an operation has one
# controller, sees there what it has written, and a plan goes back to the one that it was made on.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
state=$CAUSEWAY_LAB_STATE
export CAUSEWAY_BUILD=$1
# shellcheck source=tests/lab/causeway.sh
. "$root/tests/lab/causeway.sh"
failed=0 passed=0
trap '[ "$failed" -gt 0 ] || show_logs' ERR
# check NAME WANT GOT
check() {
	if [ "$2" = "$3" ]; then passed=$((passed + 1)); return; fi
	failed=$((failed + 1))
	printf 'FAIL %s\n  want %s\n  got  %s\n' "$1" "$2" "$3"
}
# run TEXT: what the script puts out, and where it ran
run() {
	# shellcheck disable=SC2154 # home: causeway.sh's
	printf '%s\n' "$1" >"$home/script.ps1"
	{ causewayctl --json run "$home/script.ps1" || true; } | jq -r 'if .result then "at " + .result.server, (.result.refusals[]? | .rule)
		else (.output // .error.message // empty) end' | paste -sd' '
}
url_of() {
	local servers=" ${CAUSEWAY_LAB_AD_SERVERS:?run it in a lab with two controllers} " url
	url=${servers#* "$1"=}
	echo "${url%% *}"
}
# logon SERVER ACCOUNT PASSWORD
logon() {
	LDAPTLS_CACERT=$CAUSEWAY_LAB_CA ldapsearch -x -LLL -H "$(url_of "$1")" -D "$2@lab.test" -w "$3" -s base -b "" 1.1 >/dev/null 2>&1 &&
		echo yes || echo no
}
# at SERVER ACCOUNT ATTRIBUTE: past Causeway, on one controller
at() {
	LDAPTLS_CACERT=$CAUSEWAY_LAB_CA ldapsearch -x -LLL -o ldif-wrap=no -H "$(url_of "$1")" -D Administrator@lab.test -w "$CAUSEWAY_LAB_AD_ADMIN_PASSWORD" \
		-b "$CAUSEWAY_LAB_AD_BASE_DN" "(sAMAccountName=$2)" "$3" | sed -n "s/^$3: //p"
}
# time_of SERVER ACCOUNT ATTRIBUTE: 0, or "set"
time_of() {
	local value
	value=$(at "$@")
	if [ "${value:-0}" = 0 ]; then echo 0; else echo set; fi
}
on_dc1() { "$CAUSEWAY_LAB_POWERSHELL" -NoProfile -Command "\$PSDefaultParameterValues['*-AD*:Server'] = 'dc1'; $1"; }
# password ACCOUNT PASSWORD: the line of a script that sets it
password() { echo "Set-ADAccountPassword $1 -Reset -NewPassword (ConvertTo-SecureString $2 -AsPlainText -Force)"; }
# run_result TEXT FILTER: of the script's result
run_result() {
	printf '%s\n' "$1" >"$home/script.ps1"
	{ causewayctl --json run "$home/script.ps1" || true; } | jq -r "select(.result) | .result | $2"
}
run_warnings() {
	printf '%s\n' "$1" >"$home/script.ps1"
	{ causewayctl --json run "$home/script.ps1" || true; } | jq -r '.warning // empty' | sed 's/: .*//'
}
# The last write.
journal() { causewayctl --json journal -n 2 | jq -r '[.commands[] | select(.step > 0)][0] | "\(.command) \(.server) \(.state)"'; }
# lock_out SERVER ACCOUNT
lock_out() {
	while [ "$(time_of "$1" "$2" lockoutTime)" = 0 ]; do
		logon "$1" "$2" wrong >/dev/null
	done
}
configure() {
	process_stop "$agent_pid"
	jq "$1" "$home/agent/agent.json" >"$home/agent.json.new"
	cat "$home/agent.json.new" >"$home/agent/agent.json"
	agent_start
}

bridge_create hybrid-dual >/dev/null 2>&1
agent_create >/dev/null 2>&1

check "the PDC emulator, unless another one is configured" "First at dc1.lab.test" \
	"$(run 'Set-ADUser ada -Title First; (Get-ADUser ada -Properties Title).Title')"
check "there and nowhere else" "First Analyst" "$(at dc1 ada title) $(at dc2 ada title)"
check "nobody names another one" "-Server is set by Causeway itself and cannot be given at  catalogue" "$(run 'Get-ADUser ada -Server dc2')"

configure '.server = "dc2.lab.test"'
check "the configured one" "Analyst Second Second at dc2.lab.test" "$(run '(Get-ADUser ada -Properties Title).Title
	Set-ADUser ada -Title Second
	(Get-ADUser ada -Properties Title).Title
	(Get-ADUser -Filter { SamAccountName -eq "ada" } -Properties title).Title')"
check "each has its own" "First Second" "$(at dc1 ada title) $(at dc2 ada title)"
check "what was made is there at once" "made 1 true at dc2.lab.test" "$(run 'New-ADUser -Name made -SamAccountName made -Path "OU=Staff,DC=lab,DC=test"
	(Get-ADUser made).Name
	Add-ADGroupMember Sales -Members made
	@(Get-ADGroupMember Sales | Where-Object SamAccountName -eq made).Count
	(Get-ADUser -Filter { SamAccountName -eq "made" } -Properties MemberOf).MemberOf -match "CN=Sales" -as [bool]')"

printf '%s\n' 'Set-ADUser ada -Title Planned' >"$home/script.ps1"
causewayctl --json plan --out "$home/plan.json" "$home/script.ps1" >/dev/null
check "a plan says where" dc2.lab.test "$(jq -r .domain_controller "$home/plan.json")"
check "and has written nothing" Second "$(at dc2 ada title)"
configure 'del(.server)'
causewayctl --json apply "$home/plan.json" >/dev/null
check "it is applied where it was made, whatever is configured by then" "First Planned" "$(at dc1 ada title) $(at dc2 ada title)"
configure '.server = "dc2.lab.test"'

# --- passwords, unlocks and "must change": on the PDC emulator, which is dc1, where it knows the account
"$root/scripts/lab" replicate
run "$(password ada Reset-by-a-script-12)" >/dev/null
check "a password is set on the PDC emulator" "yes no" "$(logon dc1 ada Reset-by-a-script-12) $(logon dc2 ada Reset-by-a-script-12)"
check "the journal says where" "Set-ADAccountPassword dc1.lab.test done" "$(journal)"
check "the result, too" '3 on dc2.lab.test, 2 on dc1.lab.test' "$(run_result "Set-ADUser ada -Title Both
	$(password ada Reset-by-a-script-13)
	Set-ADUser ada -ChangePasswordAtLogon \$true" '"\(.writes) on \(.server), \(.pdc_emulator.writes) on \(.pdc_emulator.server)"')"
check "the one here, the others there" "Planned 0 Both set" "$(at dc1 ada title) $(time_of dc1 ada pwdLastSet) $(at dc2 ada title) $(time_of dc2 ada pwdLastSet)"
lock_out dc1 grace
lock_out dc2 grace
run 'Unlock-ADAccount grace' >/dev/null
check "it is unlocked there" "0 set" "$(time_of dc1 grace lockoutTime) $(time_of dc2 grace lockoutTime)"

run "New-ADUser new -Path 'OU=Staff,DC=lab,DC=test' -Enabled \$true -AccountPassword (ConvertTo-SecureString New-by-a-script-12 -AsPlainText -Force)
	$(password new New-by-a-script-13)
	Unlock-ADAccount new
	'ada', 'new', 'grace' | Set-ADUser -ChangePasswordAtLogon \$true" >/dev/null
check "an account that was just made stays where it was made, also between others" "0 0 0 set" \
	"$(time_of dc1 ada pwdLastSet) $(time_of dc1 grace pwdLastSet) $(time_of dc2 new pwdLastSet) $(time_of dc2 grace pwdLastSet)"
check "that is no reason for a word" "made_on dc2.lab.test" "$(run_result "New-ADUser newer -Path 'OU=Staff,DC=lab,DC=test'
	$(password newer New-by-a-script-12)" 'if .pdc_emulator or .warnings then . else "made_on \(.server)" end')"
# Nobody logs on with a disabled one, and where it is enabled its password must be.
run "$(password made Made-by-a-script-12)
	Enable-ADAccount made
	Set-ADUser made -ChangePasswordAtLogon \$false" >/dev/null
check "one that is disabled has its password where it is enabled" "no yes" "$(logon dc1 made Made-by-a-script-12) $(logon dc2 made Made-by-a-script-12)"

lock_out dc1 edsger
on_dc1 'Add-ADGroupMember "Domain Admins" -Members edsger'
check "what is protected on the PDC emulator is protected" "at dc2.lab.test protected-object" "$(run 'try { Unlock-ADAccount edsger } catch { }')"
on_dc1 "Remove-ADGroupMember 'Domain Admins' -Members edsger -Confirm:\$false"

"$root/scripts/lab" replicate
check "all of it, once it is copied" "Both Both 0 0 yes yes" "$(at dc1 ada title) $(at dc2 ada title) $(time_of dc2 ada pwdLastSet) $(
	time_of dc2 grace lockoutTime) $(logon dc1 made Made-by-a-script-12) $(logon dc2 made Made-by-a-script-12)"

# --- commands that are no script's
causeway run Set-ADUser -Identity ada -Title Direct >/dev/null
causeway run Set-ADUser -Identity ada "-ChangePasswordAtLogon:\$false" >/dev/null
check "a command goes the same ways" "Direct 0 Both set" "$(at dc2 ada title) $(time_of dc2 ada pwdLastSet) $(at dc1 ada title) $(time_of dc1 ada pwdLastSet)"
check "the journal says where it was" "Set-ADUser dc1.lab.test done" "$(journal)"
causeway run New-ADUser -Name alone -SamAccountName alone -Path OU=Staff,DC=lab,DC=test >/dev/null
causeway run Unlock-ADAccount -Identity alone >/dev/null
check "one that only this controller knows" "Unlock-ADAccount dc2.lab.test done" "$(journal)"
check "nobody has it" "Cannot find an object with identity: 'nobody' under: 'DC=lab,DC=test'." \
	"$(causeway run --json Unlock-ADAccount -Identity nobody 2>/dev/null | jq -r '.errors[0].message')"

causeway change password.reset -t lab --user dora@lab.test >/dev/null 2>&1
check "a change's password, and that it must be changed" "Set-ADUser dc1.lab.test done 0 set" \
	"$(journal) $(time_of dc1 dora pwdLastSet) $(time_of dc2 dora pwdLastSet)"
check "status says where they go" "dc2.lab.test, as configured; passwords and unlocks: dc1.lab.test" \
	"$(causewayctl --no-color status | sed -n 's/^ *controller *//p')"

# --- a plan: the same ways, when it is applied
"$root/scripts/lab" replicate
lock_out dc2 grace
# shellcheck disable=SC2016 # PowerShell's
printf '%s\n' 'Unlock-ADAccount grace; Set-ADUser grace -Title Unlocked; Unlock-ADAccount grace
	Set-ADUser grace -ChangePasswordAtLogon $false; Set-ADUser grace -ChangePasswordAtLogon $true' >"$home/script.ps1"
causewayctl --json plan --out "$home/plan.json" "$home/script.ps1" >/dev/null
check "a plan's entries, each where it belongs" "dc1 dc2 dc1 dc1 dc1" \
	"$(causewayctl --json apply "$home/plan.json" | jq -r 'select(.result) | .result | .server as $s | .entries[] | select(.state == "done") | .server // $s' | sed 's/[.].*//' | paste -sd' ')"
check "as it was planned" "0 set 0 Unlocked" "$(time_of dc1 grace lockoutTime) $(time_of dc2 grace lockoutTime) $(time_of dc1 grace pwdLastSet) $(at dc2 grace title)"

# --- without the PDC emulator
read -r samba _ <"$state/ad/samba.pid"
kill -KILL "$samba"
check "it is set here, and that is said once" "the PDC emulator dc1.lab.test does not answer; passwords and unlocks are written on dc2.lab.test yes" \
	"$(run_warnings "$(password ada Reset-without-it-12); $(password grace Reset-without-it-12)") $(logon dc2 ada Reset-without-it-12)"
check "a command as well" "succeeded 1 dc2.lab.test" \
	"$(causeway run --json Unlock-ADAccount -Identity ada | jq -r '"\(.state) \(.warnings | length) \(.server)"')"

echo "controllers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
