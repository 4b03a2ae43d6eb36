#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh PSHOST: test.ps1 against the directory that CAUSEWAY_LAB_AD_URL names,
# or, where that is not set, against a Samba of its own: provisioned in a
# temporary folder, on a loopback address of its own, gone afterwards. The tests
# call `test.sh stop` and `test.sh start` to see what a break does.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: ${0##*/} PSHOST | stop | start" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
pshost=$1
state=

alive() { [ -e "/proc/$1/stat" ] && ! grep -q ') Z ' "/proc/$1/stat"; }

samba_stop() {
	[ -f "$CAUSEWAY_AD_TEST_STATE/pid" ] || return 0
	local pid deadline=$((SECONDS + 10))
	pid=$(cat "$CAUSEWAY_AD_TEST_STATE/pid")
	kill "$pid" 2>/dev/null || true
	while alive "$pid"; do
		[ $SECONDS -lt $deadline ] || kill -KILL "$pid" 2>/dev/null || true
		sleep 0.05
	done
	rm -f "$CAUSEWAY_AD_TEST_STATE/pid"
}

samba_start() {
	local log=$CAUSEWAY_AD_TEST_STATE/log deadline=$((SECONDS + 30)) pid
	samba -s "$CAUSEWAY_AD_TEST_STATE/etc/smb.conf" -F -M single --no-process-group --debug-stdout </dev/null >"$log" 2>&1 &
	pid=$!
	echo "$pid" >"$CAUSEWAY_AD_TEST_STATE/pid"
	until LDAPTLS_CACERT=$CAUSEWAY_LAB_AD_CA ldapsearch -x -H "$CAUSEWAY_LAB_AD_URL" -D "$CAUSEWAY_LAB_AD_BIND_DN" \
		-w "$CAUSEWAY_LAB_AD_PASSWORD" -s base -b "" 1.1 >/dev/null 2>&1; do
		if ! alive "$pid" || [ $SECONDS -ge $deadline ]; then
			echo "${0##*/}: Samba did not come up at $CAUSEWAY_LAB_AD_URL:" >&2
			cat "$log" >&2
			exit 1
		fi
		sleep 0.1
	done
}

finish() {
	[ -n "$state" ] || return 0
	samba_stop
	rm -rf "$state"
}

configure() { # into the provisioned tree, whose own file has other paths
	cat >"$state/etc/smb.conf" <<-EOF
	[global]
	  netbios name = DC1
	  realm = LAB.TEST
	  workgroup = LAB
	  server role = active directory domain controller
	  interfaces = $address/8
	  bind interfaces only = yes
	  server services = ldap, cldap, kdc
	  private dir = $state/private
	  state directory = $state/state
	  cache directory = $state/cache
	  lock directory = $state/run
	  pid directory = $state/run
	  ncalrpc dir = $state/run/ncalrpc
	  disable netbios = yes
	  log level = 1
	  tls enabled = yes
	  tls certfile = $state/tls/cert.pem
	  tls keyfile = $state/tls/key.pem
	  tls cafile = $state/tls/ca.pem
	EOF
}

certify() {
	mkdir -p "$state/tls"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test CA" -keyout "$state/tls/ca.key" -out "$state/tls/ca.pem"
	openssl req -newkey rsa:2048 -nodes -subj "/CN=dc1.lab.test" -keyout "$state/tls/key.pem" -out "$state/tls/req.pem"
	openssl x509 -req -in "$state/tls/req.pem" -CA "$state/tls/ca.pem" -CAkey "$state/tls/ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=DNS:dc1.lab.test,IP:$address") -out "$state/tls/cert.pem"
	chmod 600 "$state"/tls/*key* # or Samba refuses it
}

start() {
	for tool in samba samba-tool ldapsearch openssl; do
		command -v "$tool" >/dev/null || { echo "${0##*/}: $tool is missing: run scripts/setup" >&2; exit 1; }
	done
	local memory=/dev/shm
	[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
	state=$(mktemp -d "$memory/causeway-ad-test.XXXXXX")
	export CAUSEWAY_AD_TEST_STATE=$state
	address=127.77.$(($$ / 250 % 250)).$(($$ % 250 + 2))
	export CAUSEWAY_LAB_AD_URL=ldaps://$address:636 CAUSEWAY_LAB_AD_BASE_DN=DC=lab,DC=test
	export CAUSEWAY_LAB_AD_BIND_DN=Administrator@lab.test CAUSEWAY_LAB_AD_PASSWORD=Passw0rd!$RANDOM$RANDOM
	export CAUSEWAY_LAB_AD_CA=$state/tls/ca.pem
	printf '[global]\nlog file = /dev/null\n' >"$state/empty.conf"
	samba-tool domain provision -s "$state/empty.conf" --quiet --targetdir="$state" --realm=LAB.TEST --domain=LAB \
		--server-role=dc --host-name=dc1 --host-ip="$address" --adminpass="$CAUSEWAY_LAB_AD_PASSWORD" --dns-backend=NONE \
		</dev/null >"$state/log" 2>&1 || { cat "$state/log" >&2; exit 1; }
	certify 2>/dev/null
	configure
	samba-tool domain passwordsettings set -s "$state/etc/smb.conf" -H "$state/private/sam.ldb" --quiet \
		--min-pwd-age=0 --history-length=0 --account-lockout-threshold=3 >/dev/null
	samba_start
}

case $pshost in
stop) samba_stop; exit ;;
start) samba_start; exit ;;
esac
trap finish EXIT
[ -n "${CAUSEWAY_LAB_AD_URL:-}" ] || start
"$pshost" -NoProfile -File "$here/test.ps1" | grep -v '^What if: '
