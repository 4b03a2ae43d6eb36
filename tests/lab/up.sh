# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# How a lab comes up, and what its status is, for sourcing by scripts/lab: $state, $build, $lab, $samba, $entra and $sync are its.

need() {
	local tool
	for tool in samba samba-tool ldapsearch openssl curl jq flock setsid /usr/bin/python3 dotnet; do
		command -v "$tool" >/dev/null || die "$tool is missing: run scripts/setup"
	done
	[ "$(id -u)" -eq 0 ] || die "needs root: a domain controller listens below port 1024"
}

build_all() {
	say "the doubles (built the first time: a minute or two)"
	mkdir -p "$build"
	"$lab/powershell/build.sh" "$build/powershell"
	"$lab/entra/build.sh" "$build/entra"
}

# certificate NAME SUBJECT-ALTERNATIVE-NAMES: $state/tls/NAME.pem and .key, from the lab's own authority.
certificate() {
	local tls=$state/tls
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=$1.lab.test" \
		-CA "$tls/ca.pem" -CAkey "$tls/ca.key" -keyout "$tls/$1.key" -out "$tls/$1.pem" \
		-addext "subjectAltName=$2" -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth 2>/dev/null
}

authority() {
	mkdir -p "$state/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=Causeway lab CA" \
		-keyout "$state/tls/ca.key" -out "$state/tls/ca.pem" 2>/dev/null
}

start_samba() {
	local -a addresses
	mkdir -p "$state/ad"
	if [ "$controllers" -eq 2 ]; then
		tar -C "$state" --no-same-owner -xzf "$("$lab/ad/pair.sh")"
	else
		tar -C "$state/ad" --no-same-owner -xzf "$("$lab/ad/snapshot.sh")"
	fi
	jq -j .agent "$state/ad/passwords.json" >"$state/ad/agent.password"
	# Held until Samba listens: nobody else takes the addresses meanwhile.
	exec 8>"$memory/causeway-lab-addresses.lock"
	flock 8
	mapfile -t addresses < <(/usr/bin/python3 -B "$lab/ad/free_address.py" "$state" "$controllers")
	address=${addresses[0]} second=${addresses[1]:-}
	[ "$controllers" -eq 1 ] || samba_names "$state/ad" "${addresses[@]}"
	start_controller "$state/ad" "$address" dc1 "$samba"
	[ "$controllers" -eq 1 ] || start_controller "$state/ad2" "$second" dc2 "$samba2"
}

# start_controller DIR ADDRESS NAME PIDFILE
start_controller() {
	local dir=$1
	certificate "$3" "DNS:$3.lab.test,DNS:lab.test,IP:$2"
	mkdir -p "$dir/tls"
	cp "$state/tls/ca.pem" "$dir/tls/"
	cp "$state/tls/$3.pem" "$dir/tls/cert.pem"
	cp "$state/tls/$3.key" "$dir/tls/key.pem"
	samba_configure "$dir" "$2" "${3^^}" ${second:+pair}
	process_start "$4" "$dir/log/samba" samba -s "$dir/etc/smb.conf" -F -M single --no-process-group --debug-stdout
}

start_entra() {
	local dir=$state/entra
	mkdir -p "$dir"
	certificate entra "DNS:localhost,IP:127.0.0.1"
	# The application's own certificate: self-signed, as registrations usually are, and RSA, as the assertion's PS256 wants.
	openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=Causeway lab application" \
		-keyout "$state/tls/client.key" -out "$state/tls/client.pem" 2>/dev/null
	/usr/bin/python3 -B "$lab/ad/people.py" "$state/ad/passwords.json" >"$dir/seed.json"
	process_start "$entra" "$dir/log" "$build/entra/entra" --cert "$state/tls/entra.pem" --key "$state/tls/entra.key" \
		--tenant "$(</proc/sys/kernel/random/uuid)" --client "$(</proc/sys/kernel/random/uuid)" \
		--client-cert "$state/tls/client.pem" --ready-file "$dir/ready.json" --seed "$dir/seed.json"
}

samba_answers() { controller_answers "$address"; }
samba2_answers() { controller_answers "$second" && samba_answers_rpc "$second" && samba_answers_rpc "$address"; }

controller_answers() {
	LDAPTLS_CACERT=$state/tls/ca.pem ldapsearch -x -LLL -H "ldaps://$1:636" -D svc-causeway@lab.test \
		-y "$state/ad/agent.password" -s base -b "" 1.1 >/dev/null 2>&1
}

entra_answers() {
	[ -f "$state/entra/ready.json" ] && curl -fs -o /dev/null "$(jq -r .adminUrl "$state/entra/ready.json")/health"
}

# await NAME TEST PIDFILE LOG
await() {
	local deadline=$((SECONDS + 60))
	until "$2"; do
		if ! process_alive "$3" || [ $SECONDS -ge $deadline ]; then
			tail -n 30 "$4" >&2
			die "$1 did not come up; the end of its log is above"
		fi
		sleep 0.03
	done
}

write_env() {
	local ready=$state/entra/ready.json
	{
		jq -r --arg tls "$state/tls" '{GRAPH_URL: .graphUrl, TOKEN_URL: .tokenUrl, ENTRA_ADMIN_URL: .adminUrl,
			TENANT_ID: .tenant, CLIENT_ID: .client, CLIENT_CERT: ($tls + "/client.pem"), CLIENT_KEY: ($tls + "/client.key"),
			CA: ($tls + "/ca.pem"), AD_CA: ($tls + "/ca.pem")}
			| to_entries[] | "export CAUSEWAY_LAB_\(.key)=\(.value | @sh)"' "$ready"
		jq -r --arg address "$address" '{AD_URL: "ldaps://\($address):636", AD_BASE_DN: "DC=lab,DC=test",
			AD_BIND_DN: "CN=svc-causeway,OU=Service Accounts,DC=lab,DC=test", AD_PASSWORD: .agent,
			AD_ADMIN_PASSWORD: .administrator, AD_USER_PASSWORD: .user}
			| to_entries[] | "export CAUSEWAY_LAB_\(.key)=\(.value | @sh)"' "$state/ad/passwords.json"
		printf "export CAUSEWAY_LAB_%s='%s'\n" STATE "$state" ADSYNC_STATE "$state/adsync" POWERSHELL "$state/bin/powershell" ENGINE "$engine"
		[ -z "$second" ] || printf "export CAUSEWAY_LAB_AD_SERVERS='%s'\n" \
			"dc1=ldaps://$address:636 dc1.lab.test=ldaps://$address:636 dc2=ldaps://$second:636 dc2.lab.test=ldaps://$second:636"
	} >"$state/env.new"
	mv "$state/env.new" "$state/env"
}

# A real pwsh where there is one. The modules are built against 7.6.9 and .NET loads nothing against an older engine.
real_pwsh() {
	local version
	command -v pwsh >/dev/null || return 1
	version=$(pwsh -NoProfile -Version | sed 's/^PowerShell //')
	printf '7.6.9\n%s\n' "$version" | sort -V -C
}

# A command that needs no environment: the agent starts it with none of the lab's variables.
write_powershell() {
	local modules='# the host finds its modules beside itself' name
	mkdir -p "$state/bin" "$state/adsync"
	engine=$build/powershell/pshost
	if real_pwsh; then
		engine=$(command -v pwsh)
		# Without the double of the utility cmdlets: this engine has the real ones.
		mkdir -p "$state/modules"
		for name in ActiveDirectory ADSync; do ln -s "$build/powershell/Modules/$name" "$state/modules/"; done
		modules="export PSModulePath='$state/modules'\${PSModulePath:+:\$PSModulePath}"
	fi
	cat >"$state/bin/powershell" <<-TEXT
	#!/bin/sh
	. '$state/env'
	$modules
	exec '$engine' "\$@"
	TEXT
	chmod 755 "$state/bin/powershell"
}

# Fills the tenant from the directory. What the cycles of tests take, and whether the server is a staging one, is in settings.json.
first_sync() {
	local adsync=$state/adsync
	echo '{"cycleMs":0}' >"$adsync/settings.json"
	# A process that stop_all knows, in case we are stopped ourselves.
	process_start "$sync" "$adsync/log" "$state/bin/powershell" -NoProfile -Command 'Start-ADSyncSyncCycle -PolicyType Initial'
	while process_alive "$sync"; do sleep 0.02; done
	rm "$sync"
	jq -e '.step == "done" and .errors == []' "$adsync/cycle.json" >/dev/null 2>&1 || {
		cat "$adsync/log" "$adsync/cycle.json" >&2 || true
		die "the first synchronisation failed, see above"
	}
	echo '{"cycleMs":500}' >"$adsync/settings.json"
}

up() {
	need
	claim
	if running && ! orphaned "$state"; then
		[ -z "$owner" ] || die "a lab is up in $state already: name another folder, or end it with scripts/lab down --state $state"
		say "already up in $state"
		return
	fi
	stop_all # half a lab, or one that somebody left, is started anew
	find "$state" -mindepth 1 ! -name causeway-lab -delete
	trap 'dismantle' EXIT
	[ -z "$owner" ] || echo "$owner $(process_started "$owner")" >"$state/owner"
	build_all
	umask 077
	authority
	say "starting the domain controller"
	start_samba
	say "starting the Entra ID double"
	start_entra
	await "Samba" samba_answers "$samba" "$state/ad/log/samba"
	[ "$controllers" -eq 1 ] || await "the second controller" samba2_answers "$samba2" "$state/ad2/log/samba"
	exec 8>&-
	await "the Entra ID double" entra_answers "$entra" "$state/entra/log"
	write_powershell
	write_env
	say "the first synchronisation"
	first_sync
	: >"$state/up"
	trap - EXIT
	say "up: AD at ldaps://$address:636, Graph at $(jq -r .graphUrl "$state/entra/ready.json"), in $state"
}

status() {
	local name file result=0
	# What was started on top is named 1-bridge, 2-agent.
	for file in "$samba" "$samba2" "$entra" "$state"/top.d/*.pid; do
		[ -f "$file" ] || [ "$file" = "$samba" ] || [ "$file" = "$entra" ] || { [ "$file" = "$samba2" ] && [ -d "$state/ad2" ]; } || continue
		name=${file##*/}
		name=${name%.pid}
		if process_alive "$file"; then
			printf '%-8s running, process %s\n' "${name#[0-9]-}" "$(cut -d' ' -f1 "$file")"
		else
			printf '%-8s not running\n' "${name#[0-9]-}"
			result=1
		fi
	done
	[ ! -f "$state/env" ] || sed -n "s/^export CAUSEWAY_LAB_\(AD_URL\|GRAPH_URL\|ENTRA_ADMIN_URL\|STATE\)='\(.*\)'$/\1 \2/p" "$state/env"
	return $result
}

# replicate [dc1|dc2]: what that one knows (without a name: what each knows) is at the other one when this returns.
replicate() {
	local from to dir
	[ -d "$state/ad2" ] || die "one controller has nobody to copy to: scripts/lab up --controllers 2"
	for from in ${1:-dc1 dc2}; do
		case $from in
		dc1) to=dc2 dir=$state/ad2 ;;
		dc2) to=dc1 dir=$state/ad ;;
		*) die "$from: a controller is dc1 or dc2" ;;
		esac
		samba_among_names "$state/ad" samba-tool drs replicate "$to.lab.test" "$from.lab.test" DC=lab,DC=test --local \
			-s "$dir/etc/smb.conf" -U "Administrator%$(jq -r .administrator "$state/ad/passwords.json")" --use-kerberos=required \
			</dev/null >"$state/replicate.log" 2>&1 || { cat "$state/replicate.log" >&2; die "copying from $from to $to failed, see above"; }
	done
}
