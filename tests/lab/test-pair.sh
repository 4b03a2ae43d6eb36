#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test-pair.sh, in a lab with two controllers: who knows what, and when. One PowerShell for each look, so that no connection is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
lab=$here/../../scripts/lab
failed=0 passed=0
# check NAME WANT GOT
check() {
	if [ "$2" = "$3" ]; then passed=$((passed + 1)); return; fi
	failed=$((failed + 1))
	printf 'FAIL %s\n  want %s\n  got  %s\n' "$1" "$2" "$3"
}
powershell() { "$CAUSEWAY_LAB_POWERSHELL" -NoProfile -Command "$1" | paste -sd' '; }
# shellcheck disable=SC2016 # PowerShell's
titles='foreach ($s in "dc1.lab.test", "dc2.lab.test") { (Get-ADUser ada -Properties Title -Server $s).Title }'

check "both are found" "DC1 DC2" "$(powershell '(Get-ADDomainController -Filter *).Name | Sort-Object')"
check "each by its name" "dc2.lab.test" "$(powershell '(Get-ADDomainController -Identity dc2).HostName')"
check "the roles are the first one's" "dc1.lab.test dc1.lab.test" \
	"$(powershell '(Get-ADDomain).PDCEmulator; (Get-ADDomainController -Discover -Service PrimaryDC).HostName')"
check "each says who it is" "dc1.lab.test dc2.lab.test dc1.lab.test" \
	"$(powershell '(Get-ADRootDSE -Server dc1).dnsHostName; (Get-ADRootDSE -Server dc2).dnsHostName; (Get-ADRootDSE).dnsHostName')"
check "one directory" "True" "$(powershell '(Get-ADUser ada -Server dc1).ObjectGUID -eq (Get-ADUser ada -Server dc2).ObjectGUID')"

powershell 'Set-ADUser ada -Title Countess -Server dc2.lab.test' >/dev/null
check "written to the second, not known to the first" "Analyst Countess" "$(powershell "$titles")"
"$lab" replicate dc1
check "what the first one knows does not undo it" "Analyst Countess" "$(powershell "$titles")"
"$lab" replicate dc2
check "copied" "Countess Countess" "$(powershell "$titles")"

# The later write counts, wherever it was made.
powershell 'Set-ADUser ada -Title Early -Server dc1.lab.test; Start-Sleep -Seconds 1; Set-ADUser ada -Title Late -Server dc2.lab.test' >/dev/null
"$lab" replicate
check "two writes" "Late Late" "$(powershell "$titles")"

powershell 'New-ADUser made -Path "OU=Staff,DC=lab,DC=test" -Server dc2' >/dev/null
check "made at the second, not there at the first" "0 1" \
	"$(powershell '@(Get-ADUser -Filter { Name -eq "made" } -Server dc1).Count; @(Get-ADUser -Filter { Name -eq "made" } -Server dc2).Count')"
"$lab" replicate dc2
powershell 'Set-ADAccountPassword made -Server dc1 -Reset -NewPassword (ConvertTo-SecureString "Made-at-the-first-1" -AsPlainText -Force); Enable-ADAccount made -Server dc1' >/dev/null
first=$CAUSEWAY_LAB_AD_URL second=${CAUSEWAY_LAB_AD_SERVERS##*=}
logon() { LDAPTLS_CACERT=$CAUSEWAY_LAB_CA ldapsearch -x -LLL -H "$1" -D made@lab.test -w Made-at-the-first-1 -s base -b "" 1.1 >/dev/null 2>&1 && echo yes || echo no; }
check "a password set at the first opens nothing at the second" "yes no" "$(logon "$first") $(logon "$second")"
"$lab" replicate
check "until it is copied" "yes yes" "$(logon "$first") $(logon "$second")"
# shellcheck disable=SC2016 # PowerShell's
powershell 'Remove-ADUser made -Confirm:$false -Server dc1' >/dev/null
"$lab" replicate dc1
check "gone at both" "0" "$(powershell '@(Get-ADUser -Filter { Name -eq "made" } -Server dc2).Count')"

# Half a lab is seen, and made whole.
read -r pid _ <"$CAUSEWAY_LAB_STATE/ad2/samba2.pid"
kill -KILL "$pid"
# shellcheck source=tests/lab/process.sh
. "$here/process.sh"
while process_alive "$CAUSEWAY_LAB_STATE/ad2/samba2.pid"; do sleep 0.02; done
check "status without the second" 1 "$("$lab" status >/dev/null && echo 0 || echo 1)"
check "the first goes on" "Late" "$(powershell '(Get-ADUser ada -Properties Title).Title')"

echo "lab pair: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
