# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the demo shows, act by act, for sourcing. What is claimed is checked where it can be seen: in the directory by LDAP, in Entra
# ID by Graph, and not in what Causeway says of itself.

acts=(act_commands act_sync act_dual act_cloud act_refusal act_crash act_password act_script act_attacks)

# ad_value ACCOUNT ATTRIBUTE: one value out of the directory
ad_value() {
	LDAPTLS_CACERT=$CAUSEWAY_LAB_CA ldapsearch -x -LLL -o ldif-wrap=no -H "$CAUSEWAY_LAB_AD_URL" -D "$CAUSEWAY_LAB_AD_BIND_DN" \
		-y "$state/ad/agent.password" -b "$CAUSEWAY_LAB_AD_BASE_DN" "(sAMAccountName=$1)" "$2" | sed -n "s/^$2: //p"
}
# both USER: title and department on each side
both() { printf '%s, %s | %s' "$(ad_value "$1" title)" "$(ad_value "$1" department)" "$(in_entra "$1")"; }
in_entra() { graph_value "/users/$1@lab.test?\$select=jobTitle,department" '"\(.jobTitle), \(.department)"'; }
# fault COUNT: Graph answers 503 to so many writes of a user
fault() {
	curl -fsS -o /dev/null "$CAUSEWAY_LAB_ENTRA_ADMIN_URL/faults" -d "{\"target\":\"graph\",\"method\":\"PATCH\",\"path\":\"/users/\",
		\"count\":$1,\"when\":\"before\",\"status\":503}"
}
no_faults() { curl -fsS -o /dev/null -X DELETE "$CAUSEWAY_LAB_ENTRA_ADMIN_URL/faults"; }
milliseconds() { jq -r '.duration_ms * 10 | round / 10'; }
median() { sort -n | sed -n "$((($1 + 1) / 2))p"; }

act_commands() {
	local cold warm began alone answer members
	heading "1. A cmdlet on the customer's domain controller"
	say "A request over HTTPS to the bridge, through the agent's own TLS connection, run by the real PowerShell engine against a" \
		"real Active Directory; typed JSON comes back."
	answer=$(causeway run --json Get-ADUser -Identity ada -Properties title,department)
	cold=$(milliseconds <<<"$answer")
	show causeway run Get-ADUser -Identity ada -Properties title,department
	show causeway run Get-ADGroupMember -Identity Managers
	warm=$(for _ in {1..21}; do causeway run --json Get-ADUser -Identity ada -Properties title,department | milliseconds; done | median 21)
	began=${EPOCHREALTIME/./}
	"$CAUSEWAY_LAB_POWERSHELL" -NoProfile -Command 'Get-ADUser ada -Properties title, department' >/dev/null
	alone=$(seconds "$began")
	echo
	check "ada's title came from the directory" "$(ad_value ada title)" "$(jq -r '.output[0].Title' <<<"$answer")"
	members=$(causeway run --json Get-ADGroupMember -Identity Managers | jq -r '[.output[].SamAccountName] | sort | join(" ")')
	check "the members of Managers too" "$(ad_members Managers)" "$members"
	printf '  cold %s ms, warm %s ms; a PowerShell started for this one command: %s\n' "$cold" "$warm" "$alone"
	if causeway run "Get-ADUser -Filter * | Set-ADUser -Title gone" >"$state/refused" 2>&1; then
		check "script text is refused" "refused" "run"
	fi
	printf "\n%s\$ causeway run 'Get-ADUser -Filter * | Set-ADUser -Title gone'%s\n%s\n" "$bold" "$plain" "$(<"$state/refused")"
	check "script text is refused, and says what to do" 1 "$(grep -c -i 'script' "$state/refused")"
}

ad_members() {
	local dn
	dn=$(ad_value "$1" distinguishedName)
	LDAPTLS_CACERT=$CAUSEWAY_LAB_CA ldapsearch -x -LLL -o ldif-wrap=no -H "$CAUSEWAY_LAB_AD_URL" -D "$CAUSEWAY_LAB_AD_BIND_DN" \
		-y "$state/ad/agent.password" -b "$CAUSEWAY_LAB_AD_BASE_DN" "(memberOf=$dn)" sAMAccountName |
		sed -n 's/^sAMAccountName: //p' | LC_ALL=C sort | paste -sd ' '
}

act_sync() {
	heading "2. hybrid-sync: Active Directory masters the user, Entra Connect carries it over"
	show causeway tenants set-mode lab hybrid-sync
	show causeway change user.update --user ada@lab.test --set "jobTitle=Head of Bridges" --set department=Engineering
	check "Active Directory and Graph show the same" "Head of Bridges, Engineering | Head of Bridges, Engineering" "$(both ada)"
}

act_dual() {
	heading "3. hybrid-dual: two directories, no synchronisation, one change"
	show causeway tenants set-mode lab hybrid-dual
	show causeway change user.update --user dora@lab.test --set "jobTitle=Head of Bridges" --set department=Engineering
	check "Active Directory and Graph show the same" "Head of Bridges, Engineering | Head of Bridges, Engineering" "$(both dora)"
}

act_cloud() {
	local before
	heading "4. cloud: Entra ID alone"
	before=$(ad_value edsger title)
	show causeway tenants set-mode lab cloud
	show causeway change user.update --user edsger@lab.test --set "jobTitle=Professor Emeritus" --set department=Research
	check "Graph has the change" "Professor Emeritus, Research" "$(in_entra edsger)"
	check "Active Directory was left alone" "$before" "$(ad_value edsger title)"
}

act_refusal() {
	heading "5. Graph is unwell: 503 in the middle of a change to two directories"
	show causeway tenants set-mode lab hybrid-dual
	fault 2
	show causeway change user.update --user dora@lab.test --set "jobTitle=Keeper of Bridges" --set department=Operations
	check "tried again until both agree" "Keeper of Bridges, Operations | Keeper of Bridges, Operations" "$(both dora)"
	no_faults
}

act_crash() {
	local id
	heading "6. The bridge is killed between the two writes"
	fault 100000
	id=$(causeway change user.update --user dora@lab.test --set jobTitle=Architect --set department=Research --no-wait)
	say "Active Directory is written; Graph answers 503. Then: kill -9."
	until [ "$(ad_value dora title)" = Architect ]; do sleep 0.05; done
	bridge_kill
	check "the directories differ" "Architect, Research | Keeper of Bridges, Operations" "$(both dora)"
	no_faults
	say "Graph is well again, and the bridge is started. Nobody tells it what to do."
	bridge_start
	show causeway operations watch "$id"
	check "finished by itself" "Architect, Research | Architect, Research" "$(both dora)"
}

act_password() {
	local output password
	heading "7. A new password, set on both sides, readable to nobody in between"
	printf '\n%s$ causeway change password.reset --user dora@lab.test%s\n' "$bold" "$plain"
	output=$(causeway change password.reset --user dora@lab.test)
	password=$(tail -n 1 <<<"$output")
	sed "\$s/.*/${#password} characters, hidden here/" <<<"$output"
	check "Active Directory takes it" "must change it at the next logon" "$(ad_logon dora "$password")"
	check "Entra ID takes it" true "$(jq -n --arg p "$password" '{user: "dora@lab.test", password: $p}' |
		curl -fsS "$CAUSEWAY_LAB_ENTRA_ADMIN_URL/passwords/verify" -d @- | jq .matches)"
	check "and it is in no file of bridge or agent" 0 "$(grep -rlF "$password" "$state/causeway" | wc -l)"
}

# ad_logon ACCOUNT PASSWORD: what the directory says of a bind (sub-codes of LDAP_INVALID_CREDENTIALS, [MS-ERREF] 2.2)
ad_logon() {
	local said
	said=$(printf %s "$2" | LDAPTLS_CACERT=$CAUSEWAY_LAB_CA ldapsearch -x -H "$CAUSEWAY_LAB_AD_URL" -D "$1@lab.test" -y /dev/stdin \
		-s base -b "" 1.1 2>&1) && { echo "logged on"; return; }
	case $said in
	*"data 773"*) echo "must change it at the next logon" ;;
	*"data 52e"*) echo "wrong password" ;;
	*) echo "$said" ;;
	esac
}

# script NAME <TEXT: a file with it, shown as it is
script() {
	cat >"$state/$1"
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
	sed 's/^/    /' "$state/$1"
}

act_script() {
	local before
	heading "8. A script: what it would write is shown first, and exactly that is written"
	say "It runs in a sandbox without power, network or credentials. Each cmdlet call comes back to the agent as data; reads are" \
		"made, writes are listed with their targets and the values before. The script is not run again."
	script titles.ps1 <<-'TEXT'
		$table = @'
		Name,Title
		grace,Rear Admiral
		alan,Head of Everything
		'@ | ConvertFrom-Csv
		foreach ($row in $table) {
		    Get-ADUser -Filter {SamAccountName -eq $row.Name} | Set-ADUser -Title $row.Title
		}
		foreach ($name in $table.Name) { '{0}: {1}' -f $name, (Get-ADUser $name -Properties title).Title }
	TEXT
	before=$(ad_value grace title)
	(cd "$state" && show causeway plan lab ad --script titles.ps1 --out plan.json)
	check "nothing is written yet" "$before" "$(ad_value grace title)"
	(cd "$state" && show causeway apply lab ad plan.json)
	check "grace has the title" "Rear Admiral" "$(ad_value grace title)"
	check "and alan" "Head of Everything" "$(ad_value alan title)"
}

# attack TEXT RULE: the script is refused, by this rule
attack() {
	local said result=0
	printf '\n%s$ causeway run lab ad --script -%s <<<%s\n' "$bold" "$plain" "\"$1\""
	said=$(causeway run lab ad --script - <<<"$1" 2>&1) || result=$?
	sed -n '/^refused\|^  who can/p' <<<"$said"
	check "refused by the rule $2" "3 1" "$result $(grep -c "^refused ($2)" <<<"$said")"
}

act_attacks() {
	local admins
	heading "9. Three scripts that want more"
	admins=$(ad_members "Domain Admins")
	attack "function Get-Name { Add-ADGroupMember 'Domain Admins' -Members ada }; Get-Name" protected-object
	attack "& ('Set-AD' + 'User') ada -Replace @{ 'msDS-KeyCredentialLink' = 'a key of mine' }" blocked
	attack "Get-ADComputer -Filter * -Properties ms-Mcs-AdmPwd" secret
	check "Domain Admins are who they were" "$admins" "$(ad_members "Domain Admins")"
}

invite() {
	local where=''
	[ "$state" = "$usual" ] || where=" --state $state"
	heading "It is all up. Try:"
	cat <<-TEXT
	  eval "\$(scripts/lab env$where)"          # in another terminal
	  export PATH=$programs/cli:$programs/agent/ctl:\$PATH
	  causeway run Get-ADUser -Filter "title -like 'Head*'" -Properties title
	  causeway change user.disable --user dora@lab.test
	  echo 'Get-ADUser -Filter * | Group-Object Enabled' | causeway run lab ad --script -
	  causeway operations list
	  causewayctl --state $state/causeway/agent status
	  causewayctl --state $state/causeway/agent test-connection

	  bridge  $CAUSEWAY_URL   (OpenAPI: $CAUSEWAY_URL/v1/openapi.json)
	  Graph   $CAUSEWAY_LAB_GRAPH_URL
	  AD      $CAUSEWAY_LAB_AD_URL

	Ctrl-C stops everything and removes it.
	TEXT
}
