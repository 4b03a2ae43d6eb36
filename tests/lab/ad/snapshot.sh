#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# snapshot.sh: prints the name of a tar file that holds a provisioned, filled domain, and makes it first where it is not there.
# Kept in ${XDG_CACHE_HOME:-~/.cache}/causeway, by the hash of this folder and Samba's version; made anew after 30 days,
# so that no password in it has expired. Callers may run side by side: one makes it, the others wait.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/ad/samba.sh
. "$here/samba.sh"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/causeway
hash=$({ cat "$here"/{snapshot.sh,samba.sh,laps.py,people.py,fill.py}; samba --version; } | sha256sum | cut -c1-16)
snapshot=$cache/lab-ad-$hash.tar.gz
mkdir -p "$cache"
exec 9>"$cache/lab-ad.lock"
flock 9
if [ -n "$(find "$snapshot" -mtime -30 2>/dev/null)" ]; then
	echo "$snapshot"
	exit
fi

memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d "$memory/causeway-lab-ad.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$work.log
fail() { cat "$log" >&2; rm -f "$log"; echo "${0##*/}: $1 failed, see above" >&2; exit 1; }

password() { echo "Lab-$(openssl rand -base64 18 | tr '+/' 'xy')9"; } # meets the domain's policy whatever comes up
umask 077
administrator=$(password)
printf '{"administrator":"%s","agent":"%s","user":"%s"}\n' "$administrator" "$(password)" "$(password)" >"$work/passwords.json"

# With a file of its own, or /etc/samba/smb.conf is mixed in.
printf '[global]\nlog file = /dev/null\n' >"$work/empty.conf"
samba-tool domain provision -s "$work/empty.conf" --quiet --targetdir="$work" --realm=LAB.TEST --domain=LAB --server-role=dc \
	--host-name=dc1 --host-ip=127.0.0.1 --adminpass="$administrator" --dns-backend=NONE \
	--option="interfaces=127.0.0.1/8" --option="bind interfaces only=yes" </dev/null >"$log" 2>&1 || fail "provisioning the domain"
samba_configure "$work" 127.0.0.1
/usr/bin/python3 -B "$here/laps.py" "$work/etc/smb.conf" >"$log" 2>&1 || fail "adding LAPS to the schema"
/usr/bin/python3 -B "$here/fill.py" "$work/etc/smb.conf" "$work/passwords.json" >"$log" 2>&1 || fail "filling the domain"
samba-tool domain passwordsettings set -s "$work/etc/smb.conf" -H "$work/private/sam.ldb" --quiet --complexity=on \
	--min-pwd-length=12 --history-length=5 --min-pwd-age=0 --max-pwd-age=365 --account-lockout-threshold=5 \
	--account-lockout-duration=30 --reset-account-lockout-after=30 >"$log" 2>&1 || fail "setting the password policy"

# What belongs to a run, or to another address, is made when the domain starts.
rm -rf "${work:?}"/{empty.conf,etc,run,log,msg.sock,msg.lock,gencache.tdb,names.tdb,private/tls}
tar -C "$work" -czf "$snapshot.new" --sparse .
mv "$snapshot.new" "$snapshot"
rm -f "$log"
find "$cache" -maxdepth 1 -name 'lab-ad-*.tar.gz' ! -path "$snapshot" -mtime +30 -delete
echo "$snapshot"
