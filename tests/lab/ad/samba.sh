# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Samba as the lab's domain controller, for sourcing: its configuration, which is the only place that has absolute paths,
# so that a snapshot may be unpacked anywhere.

# samba_configure DIR ADDRESS [NAME [pair]]: NAME is DC1 unless given; "pair": there is another one to copy from, and it copies.
samba_configure() {
	local dir=$1 address=$2 name=${3:-DC1} services="ldap, cldap, kdc" endpoints="-winreg"
	if [ "${4:-}" = pair ]; then
		services="$services, rpc"
		endpoints="epmapper, drsuapi, lsarpc, samr, netlogon"
	fi
	mkdir -p "$dir"/{etc,run,log,cache,state,private}
	chmod 700 "$dir/private"
	cat >"$dir/etc/smb.conf" <<-TEXT
	[global]
	  netbios name = $name
	  realm = LAB.TEST
	  workgroup = LAB
	  server role = active directory domain controller
	  interfaces = $address/8
	  bind interfaces only = yes
	  server services = $services
	  dcerpc endpoint servers = $endpoints
	  ldap server require strong auth = yes
	  private dir = $dir/private
	  state directory = $dir/state
	  cache directory = $dir/cache
	  lock directory = $dir/run
	  pid directory = $dir/run
	  ncalrpc dir = $dir/run/ncalrpc
	  winbindd socket directory = $dir/run/winbindd
	  ntp signd socket directory = $dir/run/ntp_signd
	  binddns dir = $dir/bind-dns
	  log file = $dir/log/log.%m
	  log level = 1
	  disable netbios = yes
	  load printers = no
	  printing = bsd
	  tls enabled = yes
	  tls certfile = $dir/tls/cert.pem
	  tls keyfile = $dir/tls/key.pem
	  tls cafile = $dir/tls/ca.pem
	  # A lab that the machine's power failure destroys is made again: no waiting for the disk.
	  ldb:nosync = yes
	TEXT
}

# samba_names DIR ADDRESS1 ADDRESS2: writes what stands in for DNS, for samba_among_names.
samba_names() {
	mkdir -p "$1/names"
	printf '127.0.0.1 localhost\n%s dc1.lab.test dc1 lab.test\n%s dc2.lab.test dc2\n' "$2" "$3" >"$1/names/hosts"
	cat >"$1/names/krb5.conf" <<-TEXT
	[libdefaults]
	  default_realm = LAB.TEST
	  dns_lookup_kdc = false
	  dns_lookup_realm = false
	  dns_canonicalize_hostname = false
	  rdns = false
	[realms]
	  LAB.TEST = {
	    kdc = $2
	  }
	[domain_realm]
	  .lab.test = LAB.TEST
	TEXT
}

# samba_among_names DIR COMMAND...: where the controllers' names mean their addresses, in a mount namespace of its own.
samba_among_names() {
	local names=$1/names
	shift
	# shellcheck disable=SC2016 # meant for the new shell
	KRB5_CONFIG=$names/krb5.conf unshare --mount sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$names/hosts" "$@"
}

# Copying between controllers goes over RPC, which listens last.
samba_answers_rpc() { (exec 3<>"/dev/tcp/$1/135") 2>/dev/null && (exec 3<>"/dev/tcp/$1/389") 2>/dev/null; }
