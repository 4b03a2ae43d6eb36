#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clixml2json as a program: what it prints for good input, and that bad input is one line and a failure."""
import json
import subprocess
import sys

TOOL = sys.argv[1]
NS = 'Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"'
# As Export-Clixml of Windows PowerShell 5.1 writes two objects.
EXPORTED = f"""<Objs {NS}>\r
  <Obj RefId="0">\r
    <TN RefId="0">\r
      <T>System.Management.Automation.PSCustomObject</T>\r
      <T>System.Object</T>\r
    </TN>\r
    <MS>\r
      <S N="Name">Ångström €</S>\r
      <I32 N="Age">7</I32>\r
    </MS>\r
  </Obj>\r
  <Obj RefId="1">\r
    <TNRef RefId="0" />\r
    <MS>\r
      <S N="Name">b_x000A_c</S>\r
      <Ref N="Friend" RefId="0" />\r
    </MS>\r
  </Obj>\r
</Objs>"""
WANT = [{"Name": "Ångström €", "Age": 7}, {"Name": "b\nc", "Friend": {"Name": "Ångström €", "Age": 7}}]

GOOD = [
    ("a bare element", b"<I32>7</I32>", [7]),
    ("a bare element and white space", b"\n <I32>7</I32>\n", [7]),
    ("a document of one", f"<Objs {NS}><Nil /></Objs>".encode(), [None]),
    ("a document of several", EXPORTED.encode(), WANT),
    ("the same with a byte order mark", EXPORTED.encode("utf-8-sig"), WANT),
    ("the same in UTF-16", b"\xff\xfe" + EXPORTED.encode("utf-16-le"), WANT),
    ("the same in UTF-16, big-endian", b"\xfe\xff" + EXPORTED.encode("utf-16-be"), WANT),
    ("a line end inside a value stays inside", b"<S>a\nb</S>", ["a\nb"]),
    ("a secret", b"<SS>7800</SS>", [{"$secure": True}]),
]
BAD = [
    ("nothing", b"", "no element found"),
    ("an empty document", f"<Objs {NS}></Objs>".encode(), "no value"),
    ("no XML", b"hello\nworld\n", "CLIXML line 1"),
    ("cut short", EXPORTED.encode()[:300], "CLIXML line"),
    ("good, then bad", b"<Objs><S>a</S><I32>x\ny</I32></Objs>", '"x y" is not a whole number'),
    ("bad UTF-8", b"<S>\xff\xfe</S>", "not well-formed"),
    ("half of UTF-16", b"\xff\xfe<", "CLIXML line"),
    ("an entity bomb", b'<!DOCTYPE S [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><S>&b;</S>', "document type"),
    ("a property twice", b'<Obj><MS><S N="a"/><S N="A"/></MS></Obj>', "appears twice"),
]

failed = 0


def check(name, ok, what):
    global failed
    if not ok:
        failed += 1
        print(f"{name}: {what}", file=sys.stderr)


def run(data, *args):
    return subprocess.run([TOOL, *args], input=data, capture_output=True, timeout=60)


for name, data, want in GOOD:
    r = run(data)
    check(name, r.returncode == 0 and r.stderr == b"", f"status {r.returncode}, {r.stderr!r}")
    lines = r.stdout.decode().split("\n")
    check(name, lines[-1] == "" and [json.loads(line) for line in lines[:-1]] == want, r.stdout)
for name, data, says in BAD:
    r = run(data)
    error = r.stderr.decode()
    check(name, r.returncode == 1, f"status {r.returncode}")
    check(name, r.stdout == b"", r.stdout)
    check(name, error.count("\n") == 1 and error.endswith("\n"), f"not one line: {error!r}")
    check(name, error.startswith("clixml2json: ") and says in error, error)
check("an argument", run(b"", "x").returncode == 2, "not refused")
with open("/dev/full", "wb") as full:
    r = subprocess.run([TOOL], input=b"<S/>", stdout=full, stderr=subprocess.PIPE, timeout=60)
    check("a full disk", r.returncode == 1 and r.stderr == b"clixml2json: cannot write standard output\n", r.stderr)
print(f"{len(GOOD) + len(BAD) + 2} cases, {failed} failed")
sys.exit(1 if failed else 0)
