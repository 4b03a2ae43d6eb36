#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""free_address.py SEED [COUNT]: prints loopback addresses on which nobody serves LDAP or Kerberos, looking from one that SEED gives.

Samba's ports cannot be changed, so every domain has an address of its own. The caller holds a lock until its Samba listens.
"""

import errno
import socket
import sys
import zlib

PORTS = {socket.SOCK_STREAM: (88, 135, 389, 464, 636, 3268, 3269), socket.SOCK_DGRAM: (88, 389, 464)}


def free(address):
    for kind, ports in PORTS.items():
        for port in ports:
            with socket.socket(socket.AF_INET, kind) as probe:
                if kind == socket.SOCK_STREAM:  # a connection that lingers does not count, a listener does
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((address, port))
                except OSError as e:
                    if e.errno == errno.EADDRINUSE:
                        return False
                    raise
    return True


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: free_address.py SEED [COUNT]")
    count = int(sys.argv[2]) if len(sys.argv) == 3 else 1
    start = zlib.crc32(sys.argv[1].encode())
    try:
        for n in range(253):
            address = f"127.0.0.{2 + (start + n) % 253}"
            if free(address):
                print(address)
                count -= 1
                if count == 0:
                    return
    except PermissionError:
        sys.exit("a domain controller listens below port 1024: this needs root")
    sys.exit("somebody serves LDAP or Kerberos on every address from 127.0.0.2 to 127.0.0.254; stop a lab first")


if __name__ == "__main__":
    main()
