#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# pair.sh: prints the name of a tar file that holds the domain with a second controller joined to it (ad/ and ad2/), and makes it
# first where it is not there: ten seconds. Kept beside the snapshot that it is made from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/ad/samba.sh
. "$here/samba.sh"

snapshot=$("$here/snapshot.sh")
hash=$({ echo "$snapshot"; stat -c %Y "$snapshot"; cat "$here"/{pair.sh,samba.sh}; } | sha256sum | cut -c1-16)
pair=${snapshot%/*}/lab-ad-pair-$hash.tar.gz
exec 9>"${snapshot%/*}/lab-ad.lock"
flock 9
if [ -f "$pair" ]; then
	echo "$pair"
	exit
fi

memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d "$memory/causeway-lab-ad.XXXXXX")
log=$work.log
server=
finish() {
	if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
	rm -rf "$work"
}
trap finish EXIT
fail() { cat "$log" "$work/samba.log" >&2; rm -f "$log"; echo "${0##*/}: $1 failed, see above" >&2; exit 1; }
umask 077
mkdir -p "$work/ad/tls" "$work/ad2" # where it makes a certificate by itself
tar -C "$work/ad" --no-same-owner -xzf "$snapshot"

# Held until the pair is made: nobody else takes the addresses meanwhile.
exec 8>"$memory/causeway-lab-addresses.lock"
flock 8
mapfile -t address < <(/usr/bin/python3 -B "$here/free_address.py" "$work" 2)
samba_configure "$work/ad" "${address[0]}" DC1 pair
samba_names "$work/ad" "${address[@]}"
# The names by which Kerberos knows a controller, which it else registers by itself, over DNS. The second one's come with the join.
samba_spnupdate -s "$work/ad/etc/smb.conf" >"$log" 2>&1 || fail "naming the first controller's services"
setsid samba -s "$work/ad/etc/smb.conf" -F -M single --no-process-group --debug-stdout </dev/null >"$work/samba.log" 2>&1 8>&- 9>&- &
server=$!
for ((tries = 0; ; tries++)); do
	if samba_answers_rpc "${address[0]}"; then break; fi
	if [ $tries -ge 600 ] || ! kill -0 "$server" 2>/dev/null; then fail "starting the first controller"; fi
	sleep 0.05
done
printf '[global]\nlog file = /dev/null\n' >"$work/empty.conf"
samba_among_names "$work/ad" samba-tool domain join lab.test DC -s "$work/empty.conf" --server=dc1.lab.test --realm=LAB.TEST \
	-U "Administrator%$(jq -r .administrator "$work/ad/passwords.json")" --use-kerberos=required --dns-backend=NONE --targetdir="$work/ad2" \
	--option="netbios name=DC2" --option="interfaces=${address[1]}/8" --option="bind interfaces only=yes" </dev/null >"$log" 2>&1 ||
	fail "joining the second controller"
kill "$server"
wait "$server" || true
server=
for service in ldap/dc2.lab.test ldap/DC2 HOST/dc2.lab.test; do
	samba-tool spn add "$service" 'DC2$' -s "$work/ad/etc/smb.conf" -H "$work/ad/private/sam.ldb" >"$log" 2>&1 ||
		grep -q "already" "$log" || fail "naming the second controller's services"
done

# What belongs to a run, or to another address, is made when the domain starts.
rm -rf "${work:?}"/{samba.log,empty.conf} "${work:?}"/ad{,2}/{etc,run,log,names,tls,msg.sock,msg.lock,gencache.tdb,names.tdb,private/tls,private/ldapi,private/ldap_priv}
tar -C "$work" -czf "$pair.new" --sparse ad ad2
mv "$pair.new" "$pair"
rm -f "$log"
find "${pair%/*}" -maxdepth 1 -name 'lab-ad-pair-*.tar.gz' ! -path "$pair" -mtime +30 -delete
echo "$pair"
