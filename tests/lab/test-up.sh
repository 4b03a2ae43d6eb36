# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The steps of test.sh, for sourcing.

# Two at the same time, and the second call finds the first one's work.
"$lab" up --state "$b" 2>"$work/b.log" & other=$!
check "up" 0 "$(code "$lab" up --state "$a")"
cat "$work/out"
result=0
wait "$other" || result=$?
check "up, side by side" 0 "$result"
[ "$result" -eq 0 ] || cat "$work/b.log"
before=$("$lab" env --state "$a")
check "up, again" 0 "$(code "$lab" up --state "$a")"
check "up again changes nothing" "$before" "$("$lab" env --state "$a")"
check "status" 0 "$(code "$lab" status --state "$a")"
eval "$("$lab" env --state "$b")"
url_b=$CAUSEWAY_LAB_AD_URL pids_b=$(cat "$b/ad/samba.pid" "$b/entra/entra.pid")
eval "$before"
check "an address each" different "$([ "$url_b" = "$CAUSEWAY_LAB_AD_URL" ] && echo "$url_b" || echo different)"

# What is in the directory, and in the tenant.
bearer=$(token)
check "people of the staff" 198 "$(powershell -Command '(Get-ADUser -Filter * -SearchBase "OU=Staff,DC=lab,DC=test" | Measure-Object).Count')"
check "ada" "Ada Lovelace, Analyst, Research, ada@lab.test, 00001, Grace Hopper" "$(powershell -Command '
	$u = Get-ADUser ada -Properties title, department, employeeID, manager
	"$($u.Name), $($u.Title), $($u.Department), $($u.UserPrincipalName), $($u.EmployeeID), $((Get-ADUser $u.Manager).Name)"')"
check "ada is in Engineering" ada "$(powershell -Command 'Get-ADGroupMember Engineering | Where-Object SamAccountName -eq ada | ForEach-Object SamAccountName')"
check "groups in a group" "Engineering Operations Research" "$(powershell -Command '(Get-ADGroupMember "Technical Staff" | ForEach-Object Name | Sort-Object) -join " "')"
check "the policy" "12 True 5" "$(powershell -Command '$p = Get-ADDefaultDomainPasswordPolicy; "$($p.MinPasswordLength) $($p.ComplexityEnabled) $($p.LockoutThreshold)"')"
check "the tenant's people" 200 "$(graph_value '/users?$top=999' '.value | length')"
check "ada is synced" "true Research" "$(graph_value '/users/ada@lab.test?$select=onPremisesSyncEnabled,department' '"\(.onPremisesSyncEnabled) \(.department)"')"
check "ada's anchor" "$(powershell -Command '[Convert]::ToBase64String((Get-ADUser ada).ObjectGUID.ToByteArray())')" \
	"$(graph_value '/users/ada@lab.test?$select=onPremisesImmutableId' .onPremisesImmutableId)"
check "ada's manager" grace@lab.test "$(graph_value /users/ada@lab.test/manager .userPrincipalName)"
check "dora is not synced" "null Engineering" "$(graph_value '/users/dora@lab.test?$select=onPremisesSyncEnabled,department' '"\(.onPremisesSyncEnabled) \(.department)"')"
check "the directory masters ada" 400 "$(graph PATCH /users/ada@lab.test '{"jobTitle":"x"}' | tail -n 1)"
check "the cloud masters dora" 204 "$(graph PATCH /users/dora@lab.test '{"jobTitle":"x"}' | tail -n 1)"
check "licences" SPE_E3 "$(graph_value /subscribedSkus '.value[] | select(.prepaidUnits.enabled == 250).skuPartNumber')"

# A change, a cycle, Graph.
powershell -File "$here/adsync/test.ps1" || failed=$((failed + 1))
check "dora's title is the cloud's" x "$(graph_value /users/dora@lab.test .jobTitle)"
check "ada's new title" "Countess Engineering" "$(graph_value '/users/ada@lab.test?$select=jobTitle,department' '"\(.jobTitle) \(.department)"')"
check "ada's telephone is cleared" "[]" "$(graph_value /users/ada@lab.test '.businessPhones | tojson')"
check "who left the scope is gone" 404 "$(graph GET /users/user010@lab.test | tail -n 1)"
check "who was deleted is gone" 404 "$(graph GET /users/user011@lab.test | tail -n 1)"
group=$(graph_value "/groups?\$filter=displayName%20eq%20'Sales'" '.value[0].id')
check "who was added to a group" ada@lab.test "$(graph_value "/groups/$group/members?\$top=999" '.value[] | select(.userPrincipalName == "ada@lab.test").userPrincipalName')"
check "the other lab knows nothing of it" "Ada Lovelace, Analyst" "$(env -i "$b/bin/powershell" -NoProfile -Command '$u = Get-ADUser ada -Properties title; "$($u.Name), $($u.Title)"')"

# A cycle is seen from other processes, and does not outlive its own.
echo '{"cycleMs":30000}' >"$a/adsync/settings.json"
rm "$a/adsync/cycle.json"
env -i "$CAUSEWAY_LAB_POWERSHELL" -NoProfile -Command 'ADSync\Start-ADSyncSyncCycle -PolicyType Delta' >/dev/null & cycling=$!
until [ "$(jq -r '.step' "$a/adsync/cycle.json" 2>/dev/null)" = export ]; do sleep 0.02; done
check "in progress elsewhere" "True Busy" "$(powershell -Command '"$((Get-ADSyncScheduler).SyncCycleInProgress) $((Get-ADSyncConnectorRunStatus).RunState)"')"
check "busy elsewhere" "1 1" "$(code powershell -Command 'Start-ADSyncSyncCycle') $(grep -c 'AAD is busy' "$work/out")"
kill -KILL $cycling
wait $cycling 2>/dev/null || true
echo '{"cycleMs":0}' >"$a/adsync/settings.json"
check "its process died" False "$(powershell -Command '(Get-ADSyncScheduler).SyncCycleInProgress')"
check "the next one starts" "0 done" "$(code powershell -Command 'Start-ADSyncSyncCycle') $(jq -r .step "$a/adsync/cycle.json")"

# What others add, and the engine as a server.
mkdir -p "$a/env.d"
echo "export CAUSEWAY_URL='https://example'" >"$a/env.d/bridge"
check "what was started on top" "https://example" "$(eval "$("$lab" env --state "$a")"; echo "$CAUSEWAY_URL")"
zeros=00000000-0000-0000-0000-000000000000
check "PowerShell as a server" "<CloseAck PSGuid='$zeros' />" "$(echo "<Close PSGuid='$zeros' />" | env -i "$CAUSEWAY_LAB_POWERSHELL" -s 2>/dev/null || true)"
mkdir "$work/bin"
printf '#!/bin/sh\n[ "$2" = -Version ] && echo "PowerShell 7.6.10" || echo "pwsh with $PSModulePath"\n' >"$work/bin/pwsh"
chmod +x "$work/bin/pwsh"
check "a real pwsh is taken" "pwsh with $b/modules" "$(bash -c "state=$b build=$CAUSEWAY_LAB_BUILD PATH=$work/bin:\$PATH
	. '$here/up.sh'; write_powershell; env -i '$b/bin/powershell' -s")"
check "with the lab's modules" "ADSync ActiveDirectory" "$(cd "$b/modules" && echo *)"

mkdir "$a/top.d"
process_start "$a/top.d/1-one.pid" "$work/one.log" sleep 600
process_start "$a/top.d/2-two.pid" "$work/two.log" sleep 600
pids_top=$(cat "$a"/top.d/*.pid)

# Half a lab is started anew; one lab down leaves the other alone.
read -r pid _ <"$a/ad/samba.pid"
kill -KILL "$pid"
while process_alive "$a/ad/samba.pid"; do sleep 0.02; done
check "what runs on top" "one two" "$("$lab" status --state "$a" | sed -n 's/ *running, process .*//p' | grep -E 'one|two' | tr '\n' ' ' | sed 's/ $//')"
check "status of half a lab" 1 "$(code "$lab" status --state "$a")"
check "up of half a lab" 0 "$(code "$lab" up --state "$a")"
check "status afterwards" 0 "$(code "$lab" status --state "$a")"
pids_a=$(cat "$a/ad/samba.pid" "$a/entra/entra.pid")
check "down" 0 "$(code "$lab" down --state "$a")"
check "down, again" 0 "$(code "$lab" down --state "$a")"
check "status of nothing" 1 "$(code "$lab" status --state "$a")"
check "env of nothing" 1 "$(code "$lab" env --state "$a")"
check "the other lab is up" 0 "$(code "$lab" status --state "$b")"

# A command in a lab of its own; what is no lab is left alone; a wrong command line is told so.
check "run" "7 ldaps" "$(result=0; url=$("$lab" run -- sh -c 'echo "${CAUSEWAY_LAB_AD_URL%%:*}"; exit 7' 2>/dev/null) || result=$?; echo "$result $url")"
"$lab" run --state "$work/c" -- sleep 600 2>/dev/null & runner=$!
until [ -f "$work/c/up" ]; do sleep 0.02; done
pids_c=$(cat "$work/c/ad/samba.pid" "$work/c/entra/entra.pid")
kill -TERM "$runner"
result=0
wait "$runner" || result=$?
check "run, interrupted" 143 "$result"
check "up for an owner, beside one that is up" 1 "$(code "$lab" up --state "$b" --owner $$)"
check "an owner that is no process" 2 "$(code "$lab" up --state "$work/d" --owner x)"
"$lab" up --state "$work/d" 2>/dev/null & runner=$!
until [ -s "$work/d/ad/samba.pid" ]; do sleep 0.02; done
pids_d=$(cat "$work/d/ad/samba.pid")
kill -TERM "$runner"
result=0
wait "$runner" || result=$?
check "up, interrupted" 143 "$result"
# Killed, a run leaves its lab; the next run takes it down.
# shellcheck disable=SC2016 # meant for the lab's shell
"$lab" run -- sh -c 'echo "$$ $CAUSEWAY_LAB_STATE" >"$0"; exec sleep 600' "$work/lost" 2>/dev/null & runner=$!
until [ -s "$work/lost" ]; do sleep 0.02; done
read -r pid lost <"$work/lost"
rm "$work/lost"
pids_e=$(cat "$lost/ad/samba.pid" "$lost/entra/entra.pid")
kill -KILL "$runner" "$pid"
wait "$runner" 2>/dev/null || true
check "the next run" 0 "$(code "$lab" run -- test ! -e "$lost")"
mkdir "$work/mine"
echo precious >"$work/mine/file"
check "up in somebody's folder" 1 "$(code "$lab" up --state "$work/mine")"
check "down in somebody's folder" 1 "$(code "$lab" down --state "$work/mine")"
check "the folder afterwards" precious "$(cat "$work/mine/file")"
check "a folder that no command line takes" 1 "$(code "$lab" up --state "$work/a b")"
check "no verb" 2 "$(code "$lab")"

check "down of the other" 0 "$(code "$lab" down --state "$b")"
left=
while read -r pid started; do
	[ "$(process_started "$pid")" != "$started" ] || left="$left $pid"
done <<<"$pids_a
$pids_top
$pids_b
$pids_c
$pids_d
$pids_e"
check "no process is left" "" "$left"
check "no folder is left" "bin mine out" "$(cd "$work" && find . -mindepth 1 -maxdepth 1 ! -name '*.log' | sed 's|^./||' | sort | tr '\n' ' ' | sed 's/ $//')"
