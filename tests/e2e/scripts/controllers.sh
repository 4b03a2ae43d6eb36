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
# at SERVER ACCOUNT PROPERTY: past Causeway, on one controller
at() { "$CAUSEWAY_LAB_POWERSHELL" -NoProfile -Command "(Get-ADUser $2 -Properties $3 -Server $1).$3"; }
# logon SERVER ACCOUNT PASSWORD
logon() {
	local servers=" ${CAUSEWAY_LAB_AD_SERVERS:?run it in a lab with two controllers} " url
	url=${servers#* "$1"=}
	LDAPTLS_CACERT=$CAUSEWAY_LAB_CA ldapsearch -x -LLL -H "${url%% *}" -D "$2@lab.test" -w "$3" -s base -b "" 1.1 >/dev/null 2>&1 &&
		echo yes || echo no
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
check "there and nowhere else" "First Analyst" "$(at dc1 ada Title) $(at dc2 ada Title)"
check "nobody names another one" "-Server is set by Causeway itself and cannot be given at  catalogue" "$(run 'Get-ADUser ada -Server dc2')"

configure '.server = "dc2.lab.test"'
check "the configured one" "Analyst Second Second at dc2.lab.test" "$(run '(Get-ADUser ada -Properties Title).Title
	Set-ADUser ada -Title Second
	(Get-ADUser ada -Properties Title).Title
	(Get-ADUser -Filter { SamAccountName -eq "ada" } -Properties Title).Title')"
check "each has its own" "First Second" "$(at dc1 ada Title) $(at dc2 ada Title)"
check "what was made is there at once" "made 1 true at dc2.lab.test" "$(run 'New-ADUser -Name made -SamAccountName made -Path "OU=Staff,DC=lab,DC=test"
	(Get-ADUser made).Name
	Add-ADGroupMember Sales -Members made
	@(Get-ADGroupMember Sales | Where-Object SamAccountName -eq made).Count
	(Get-ADUser -Filter { SamAccountName -eq "made" } -Properties MemberOf).MemberOf -match "CN=Sales" -as [bool]')"

printf '%s\n' 'Set-ADUser ada -Title Planned' >"$home/script.ps1"
causewayctl --json plan --out "$home/plan.json" "$home/script.ps1" >/dev/null
check "a plan says where" dc2.lab.test "$(jq -r .domain_controller "$home/plan.json")"
check "and has written nothing" Second "$(at dc2 ada Title)"
configure 'del(.server)'
causewayctl --json apply "$home/plan.json" >/dev/null
check "it is applied where it was made, whatever is configured by then" "First Planned" "$(at dc1 ada Title) $(at dc2 ada Title)"
configure '.server = "dc2.lab.test"'

"$root/scripts/lab" replicate
run 'Set-ADAccountPassword made -Reset -NewPassword (ConvertTo-SecureString "Made-by-a-script-12" -AsPlainText -Force); Enable-ADAccount made' >/dev/null
# Windows tells the PDC emulator of it at once; this directory waits until it is copied.
check "a password is set on the operation's controller" "no yes" "$(logon dc1 made Made-by-a-script-12) $(logon dc2 made Made-by-a-script-12)"
"$root/scripts/lab" replicate
check "all of it, once it is copied" "Planned Planned yes yes" \
	"$(at dc1 ada Title) $(at dc2 ada Title) $(logon dc1 made Made-by-a-script-12) $(logon dc2 made Made-by-a-script-12)"

echo "controllers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
