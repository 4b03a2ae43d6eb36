# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Samba as the lab's domain controller, for sourcing: its configuration, which is the only place that has absolute paths,
# so that a snapshot may be unpacked anywhere.

# samba_configure DIR ADDRESS
samba_configure() {
	local dir=$1 address=$2
	mkdir -p "$dir"/{etc,run,log,cache,state,private}
	chmod 700 "$dir/private"
	cat >"$dir/etc/smb.conf" <<-TEXT
	[global]
	  netbios name = DC1
	  realm = LAB.TEST
	  workgroup = LAB
	  server role = active directory domain controller
	  interfaces = $address/8
	  bind interfaces only = yes
	  server services = ldap, cldap, kdc
	  dcerpc endpoint servers = -winreg
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
