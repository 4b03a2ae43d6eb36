#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""run.py MODE PROGRAM [--only PATTERN] [--record]: the scripts of this folder in a lab (run it with `scripts/lab run --`), each
compared with what stands in expected/: what it says, and what it does to the directory.

direct PROGRAM   as they are, in one PowerShell with the module: PROGRAM is e2e_script_direct. --record writes expected/ anew
"""

import argparse
import datetime
import difflib
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import directory  # noqa: E402
import teams  # noqa: E402

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class Script:
    """#== NAME [@TEAM] [!MODE: why it is not run so]... then the text, up to the next one."""

    def __init__(self, file, head, text):
        parts = head.split("!")
        words = parts[0].split()
        self.file, self.name, self.text = file, words[0], text
        self.team = words[1][1:] if len(words) > 1 else None
        self.not_in = dict(p.split(":", 1) for p in parts[1:])


def load():
    scripts = []
    for file in sorted(HERE.glob("*.ps1")):
        pieces = re.split(r"^#== (.*)\n", file.read_text(encoding="utf-8"), flags=re.M)
        scripts += [Script(file.stem, pieces[i], pieces[i + 1].strip("\n")) for i in range(1, len(pieces), 2)]
    names = [s.name for s in scripts]
    assert len(names) == len(set(names)), "two scripts have one name: " + str({n for n in names if names.count(n) > 1})
    owners = [s.team for s in scripts if s.team]
    assert len(owners) == len(set(owners)), "two scripts share a team: " + str({n for n in owners if owners.count(n) > 1})
    return scripts


def plain(value):
    """Without what differs from lab to lab and from run to run."""
    if isinstance(value, dict):
        return {directory.plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, str):
        if TIME.match(value):
            try:
                moment = datetime.datetime.fromisoformat(value[:19] + "+00:00")
                if abs(moment.timestamp() - time.time()) < 86400:
                    return "NOW"
            except ValueError:
                pass
        return directory.plain(value)
    return value


class Direct:
    def __init__(self, arguments):
        self.process = subprocess.Popen([arguments.program, os.environ["CAUSEWAY_LAB_POWERSHELL"]], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def run(self, script):
        self.process.stdin.write(json.dumps({"text": script.text}) + "\n")
        self.process.stdin.flush()
        says = []
        for line in self.process.stdout:
            said = json.loads(line)
            if "done" in said:
                return says, said["done"]
            says.append(said)
        sys.exit("run.py: the engine is gone")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def text(result):
    return json.dumps(result, indent=1, ensure_ascii=False, sort_keys=True).splitlines()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("program")
    parser.add_argument("--only", default="*")
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()

    scripts = [s for s in load() if fnmatch.fnmatch(s.name, arguments.only)]
    lab = directory.Directory(os.environ["CAUSEWAY_LAB_STATE"])
    began = time.monotonic()
    teams.create(lab.samdb, [s.team for s in scripts if s.team])
    lab.look()
    print(f"teams: {time.monotonic() - began:.1f} s")
    way = MODES[arguments.mode](arguments)
    failed, found = [], {}
    for script in scripts:
        if arguments.mode in script.not_in:
            continue
        at = time.monotonic()
        says, state = way.run(script)
        took = time.monotonic() - at
        result = plain({"says": says, "state": state, "does": lab.changes()})
        found.setdefault(script.file, {})[script.name] = result
        if arguments.record:
            continue
        expected = json.loads((HERE / "expected" / (script.file + ".json")).read_text(encoding="utf-8")).get(script.name)
        if result != expected:
            failed.append(script.name)
            print(f"FAIL {script.name} ({took * 1000:.0f} ms)")
            print("\n".join(difflib.unified_diff(text(expected), text(result), "expected", arguments.mode, lineterm="", n=2)))
    way.end()
    if arguments.record:
        for file, results in found.items():
            path = HERE / "expected" / (file + ".json")
            path.parent.mkdir(exist_ok=True)
            known = json.loads(path.read_text(encoding="utf-8")) if path.exists() and arguments.only != "*" else {}
            path.write_text(json.dumps(known | results, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    ran = sum(len(results) for results in found.values())
    print(f"{arguments.mode}: {ran} scripts in {time.monotonic() - began:.1f} s, {len(failed)} failed")
    sys.exit(1 if failed else 0)


MODES = {"direct": Direct}

if __name__ == "__main__":
    main()
