#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""attack.py [--only PATTERN]: what must not be possible, tried on a whole agent (tests/lab/with-agent, in a lab).

*.ps1      scripts: `#== NAME => EXPECTED [; changes PART OF A DN]`, then the text, behind preamble.ps1. EXPECTED is one of
           rule:R     a refusal by that rule      error:T    an error with T in its id, type or words
           ends:S     how the script ended        says:T     an output with T in it         none   nothing in particular
           where * stands for any. Nobody may ever say BREACH, and nothing in the directory may change but what is named.
binds.tsv  parameters that the catalogue refuses, each forged as a host call
swaps      plans that no longer fit when they are applied (swaps.py)
"""

import argparse
import concurrent.futures
import fnmatch
import html
import json
import os
import pathlib
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))
sys.path.insert(0, str(HERE))

import directory  # noqa: E402
import run as scripts  # noqa: E402
import teams  # noqa: E402

TIMEOUT_S = {"exhaust": "4"}
TOGETHER = 3  # of those that only take time
BINDS_AT_ONCE = 50
# In CLIXML, as everywhere in .NET, half a character becomes U+FFFD: an ordinary text.
NOT_FORGED = {"a text that is no Unicode"}


# --- forged bytes

def xml_text(text):
    text = re.sub(r"_x(?=[0-9A-Fa-f]{4}_)", "_x005F_x", text)
    text = "".join(f"_x{ord(c):04X}_" if ord(c) < 0x20 or 0xD800 <= ord(c) < 0xE000 else c for c in text)
    return html.escape(text, quote=False)


def clixml(value, name=None):
    """As PSSerializer writes it. A map is a list of pairs: names may be there twice."""
    n = f' N="{name}"' if name else ""
    if value is None:
        return f"<Nil{n} />"
    if isinstance(value, bool):
        return f"<B{n}>{str(value).lower()}</B>"
    if isinstance(value, int):
        return f"<I32{n}>{value}</I32>" if abs(value) < 2**31 else f"<I64{n}>{value}</I64>"
    if isinstance(value, float):
        return f"<Db{n}>{value}</Db>"
    if isinstance(value, str):
        return f"<S{n}>{xml_text(value)}</S>"
    if isinstance(value, Pairs):
        entries = "".join(f'<En>{clixml(k, "Key")}{clixml(v, "Value")}</En>' for k, v in value.pairs)
        return f"<Obj{n}><TN><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT>{entries}</DCT></Obj>"
    items = "".join(clixml(item) for item in value)
    return f"<Obj{n}><TN><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST>{items}</LST></Obj>"


class Pairs:
    def __init__(self, pairs):
        self.pairs = pairs


def numbered(text):
    """Each object and each list of type names with an id of its own."""
    count = iter(range(1000000))
    return re.sub(r"<(Obj|TN)(?=[ >])", lambda m: f'<{m.group(1)} RefId="{next(count)}"', text)


def request(number, command, parameters):
    pairs = Pairs([("verb", "call"), ("id", number), ("command", command), ("parameters", parameters), ("error_action", "Continue"),
                   ("what_if", False)])
    return '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">' + numbered(clixml(pairs)) + "</Objs>"


# --- the attacks

class Attack:
    def __init__(self, file, head, text):
        self.file, self.text = file, text
        self.name, expected = (part.strip() for part in head.split(" => ", 1))
        expected, _, changes = expected.partition("; changes ")
        self.kind, _, self.wanted = expected.partition(":")
        self.may_change = changes.strip()

    def verdict(self, says, result):
        """What is wrong, or nothing."""
        told = json.dumps(says, ensure_ascii=False)
        errors = [line["error"] for line in says if "error" in line] + ([result["error"]] if "error" in result else [])
        if "BREACH" in told:
            return "it got through: " + next(json.dumps(line) for line in says if "BREACH" in json.dumps(line))[:300]
        found = {
            "rule": [r["rule"] for r in result.get("refusals", [])],
            "error": [json.dumps(e, ensure_ascii=False) for e in errors],
            "ends": [result["state"]],
            "says": [told],
        }.get(self.kind)
        if found is None or (self.wanted == "*" and found) or any(self.wanted in text for text in found):
            return None
        return f"not stopped by {self.kind} {self.wanted}: {result['state']}, {found or told[:300]}"


def load():
    attacks = []
    for file in sorted(HERE.glob("*.ps1")):
        if file.stem != "preamble":
            pieces = re.split(r"^#== (.*)\n", file.read_text(encoding="utf-8"), flags=re.M)
            attacks += [Attack(file.stem, pieces[i], pieces[i + 1].strip("\n")) for i in range(1, len(pieces), 2)]
    names = [a.name for a in attacks]
    assert len(names) == len(set(names)), "two attacks have one name"
    return attacks


class Runner:
    def __init__(self):
        self.lab = directory.Directory(os.environ["CAUSEWAY_LAB_STATE"])
        self.folder = tempfile.TemporaryDirectory()
        self.file = pathlib.Path(self.folder.name) / "attack.ps1"
        self.preamble = (HERE / "preamble.ps1").read_text(encoding="utf-8")
        self.count, self.failed = 0, []
        self.prepare()

    def prepare(self):
        secrets = "OU=Secrets,DC=lab,DC=test"

        def fill():
            self.lab.samdb.add({"dn": secrets, "objectClass": "organizationalUnit"})
            self.lab.samdb.add({"dn": f"CN=victim,{secrets}", "objectClass": "computer", "sAMAccountName": "victim$",
                                "userAccountControl": "4096", "ms-Mcs-AdmPwd": "LAPS-SECRET-1",
                                "msLAPS-Password": '{"n":"Administrator","t":"1d9a0e4c2b3f000","p":"LAPS-SECRET-2"}',
                                "msLAPS-EncryptedPassword": b"LAPS-SECRET-3", "msLAPS-EncryptedPasswordHistory": b"LAPS-SECRET-4",
                                "msLAPS-EncryptedDSRMPassword": b"LAPS-SECRET-5"})
            self.lab.samdb.add({"dn": f"CN=key,CN=victim,{secrets}", "objectClass": "msFVE-RecoveryInformation",
                                "msFVE-RecoveryGuid": b"0123456789abcdef", "msFVE-RecoveryPassword": "RECOVERY-SECRET-111111"})

        teams.create(self.lab.samdb, ["exh", "swap"])
        teams.with_transaction(self.lab.samdb, fill)
        self.lab.look()

    def script(self, text, *options):
        self.file.write_text(text, encoding="utf-8")
        return scripts.causewayctl("run", "--json", *options, str(self.file))

    def check(self, name, wrong, may_change=""):
        """wrong: what is wrong, or nothing. Then looks at the directory."""
        self.count += 1
        changes = {dn: change for dn, change in self.lab.changes().items() if not (may_change and may_change in dn)}
        if changes:
            wrong = (wrong + "; " if wrong else "") + f"the directory is another: {json.dumps(changes)[:300]}"
        if wrong:
            self.failed.append(name)
            print(f"FAIL {name}\n  {wrong}")

    def try_it(self, attack):
        """What is wrong, or nothing."""
        timeout = TIMEOUT_S.get(attack.file, "60")
        began = time.monotonic()
        with tempfile.NamedTemporaryFile("w", dir=self.folder.name, suffix=".ps1", encoding="utf-8") as file:
            file.write(self.preamble + attack.text)
            file.flush()
            says, result = scripts.causewayctl("run", "--json", "--timeout", timeout, file.name)
        wrong = attack.verdict(says, result)
        if time.monotonic() - began > TOGETHER * int(timeout) + 30:
            wrong = f"{wrong or ''} it took {time.monotonic() - began:.0f} s"
        return wrong

    def attacks(self, attacks):
        for attack in attacks:
            if attack.file not in TIMEOUT_S:
                self.check(attack.name, self.try_it(attack), attack.may_change)
        slow = [attack for attack in attacks if attack.file in TIMEOUT_S]
        with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
            for attack, wrong in zip(slow, list(pool.map(self.try_it, slow))):
                self.check(attack.name, wrong, "OU=exh,")

    def binds(self, only):
        rows = [line.split("\t") for line in (HERE / "binds.tsv").read_text(encoding="utf-8").splitlines()[1:]]
        rows = [row for row in rows if fnmatch.fnmatch(row[0], only) and row[0] not in NOT_FORGED]
        for at in range(0, len(rows), BINDS_AT_ONCE):
            some = rows[at:at + BINDS_AT_ONCE]
            lines = [self.preamble]
            for number, (_, _, command, parameters, _) in enumerate(some, 1):
                text = request(number, command, json.loads(parameters, object_pairs_hook=Pairs))
                lines.append(f"$a = SendText @'\n{text}\n'@\n'{number} ' + $(if ($a) {{ ($a.records | ForEach-Object {{ "
                             "$_[0] + ' ' + $_[1].error_id + ' ' + $_[1].message }) -join '|' } else { 'no answer' })")
            says, result = self.script("\n".join(lines))
            told = dict(line["output"].split(" ", 1) for line in says if isinstance(line.get("output"), str))
            for number, row in enumerate(some, 1):
                answer = told.get(str(number), f"nothing, the script ended as {result['state']}")
                stopped = answer.startswith("fail Causeway") or (row[1] == "invalid" and answer.startswith("fail "))
                self.check("forged: " + row[0], None if stopped else f"answered: {answer[:300]}")

    def alive(self):
        says, result = self.script("(Get-ADUser ada).Name")
        self.check("the agent serves afterwards", None if {"output": "Ada Lovelace"} in says else json.dumps(result)[:300])


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--only", default="*")
    only = parser.parse_args().only
    sys.stdout.reconfigure(line_buffering=True)
    runner = Runner()
    began = time.monotonic()
    runner.attacks([attack for attack in load() if fnmatch.fnmatch(attack.name, only)])
    runner.binds(only)
    if only in ("*", "swaps"):
        import swaps
        swaps.run(runner)
    runner.alive()
    print(f"attacks: {runner.count} in {time.monotonic() - began:.0f} s, {len(runner.failed)} got through or were not stopped as they must be")
    sys.exit(1 if runner.failed else 0)


if __name__ == "__main__":
    main()
