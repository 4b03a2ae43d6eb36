#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""run.py MODE PROGRAM [--only PATTERN] [--record]: the scripts of this folder in a lab (run it with `scripts/lab run --`), each
compared with what stands in expected/: what it says, and what it does to the directory.

direct PROGRAM   as they are, in one PowerShell with the module: PROGRAM is e2e_script_direct. --record writes expected/ anew
run              through the broker: `causewayctl run`, in tests/lab/with-agent
plan             planned, which is to change nothing, and then applied: `causewayctl plan`, `causewayctl apply`
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
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import directory  # noqa: E402
import teams  # noqa: E402

MARK = "#== "
AT_ONCE = 10  # scripts in one sandbox
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
        if value.keys() == {"name", "value"} and isinstance(value["value"], int):
            return value["name"]  # an enumeration is a word through the broker
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
    def __init__(self, arguments, _):
        self.process = subprocess.Popen([arguments.program, os.environ["CAUSEWAY_LAB_POWERSHELL"]], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def run(self, some):
        self.process.stdin.write(json.dumps({"text": some[0].text}) + "\n")
        self.process.stdin.flush()
        says = []
        for line in self.process.stdout:
            said = json.loads(line)
            if "done" in said:
                return {some[0].name: (says, said["done"])}
            says.append(said)
        sys.exit("run.py: the engine is gone")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def causewayctl(*words):
    """Lines that it prints, and what it ends with."""
    done = subprocess.run([os.environ["CAUSEWAY_CTL"], "--state", os.environ["CAUSEWAY_AGENT_STATE"], *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines or "result" not in lines[-1]:
        return lines, {"state": f"exit {done.returncode}: {done.stderr.strip()}"}
    return lines[:-1], lines[-1]["result"]


class Run:
    """Some at a time, as one script with a line between them: a sandbox costs as much as they do."""

    def __init__(self, arguments, expected):
        self.expected = expected
        self.folder = tempfile.TemporaryDirectory()
        self.file = pathlib.Path(self.folder.name) / "script.ps1"

    def write(self, some):
        text = some[0].text if len(some) == 1 else "\n".join(f"'{MARK}{s.name}'\n& {{\n{s.text}\n}}" for s in some)
        self.file.write_text(text, encoding="utf-8")

    @staticmethod
    def told(some, says, state):
        """{script: what it said, and how it ended}"""
        if len(some) == 1:
            return {some[0].name: (says, state)}
        parts, name = {s.name: [] for s in some}, some[0].name
        for line in says:
            if str(line.get("output", "")).startswith(MARK):
                name = line["output"][len(MARK):]
            else:
                parts[name].append(line)
        if state not in ("done", "failed"):
            return {name: (part, state) for name, part in parts.items()}
        return {name: (part, "failed" if any("error" in line for line in part) else "done") for name, part in parts.items()}

    def run(self, some):
        self.write(some)
        says, result = causewayctl("run", "--json", str(self.file))
        if result.get("refusals"):
            says.append({"refusals": result["refusals"]})
        return self.told(some, says, result["state"])

    def end(self):
        self.folder.cleanup()


class Plan(Run):
    """What a plan says is what the script said; what it does, its apply does. Passwords are the server's own then."""

    def run(self, some):
        kept = self.file.with_name("plan.json")
        kept.unlink(missing_ok=True)
        self.write(some)
        says, result = causewayctl("plan", "--json", "--out", str(kept), str(self.file))
        told = self.told(some, says, result["state"])
        plan = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else None
        whole = plan is not None and not plan.get("approximate")
        if len(some) > 1 and not (whole and all(plain(spoken(told[s.name][0])) == self.expected[s.name]["says"] for s in some)):
            return {name: part for script in some for name, part in self.run([script]).items()}  # nothing was done yet
        if not whole:
            says.append({"plan": plan and plan.get("reason")})
        elif plan["entries"]:
            more = ["--new-passwords"] if plan["slots"] else []
            _, applied = causewayctl("apply", "--json", *more, str(kept))
            if applied["state"] != "done":
                told[some[0].name][0].append({"apply": applied})
        return told


def spoken(says):
    """What would happen is said by the host, which not every way has."""
    return [line for line in says if not str(line.get("information", "")).startswith("What if: ")]


def batches(scripts, expected, most):
    """Those of one file together, each that ends in an error alone."""
    some = []
    for script in scripts:
        alone = expected.get(script.name, {}).get("state") != "done"
        if some and (alone or len(some) == most or some[0].file != script.file):
            yield some
            some = []
        some.append(script)
        if alone:
            yield some
            some = []
    if some:
        yield some


def apart(changes, some, expected):
    """{script: what it changed}: what is in its team's unit, or what only it is expected to change; or else the first one's."""
    owners = {script.name: {} for script in some}
    for dn, change in changes.items():
        owner = [s.name for s in some if s.team and f"OU={s.team},{teams.CORPUS}" in dn]
        owner += [s.name for s in some if directory.plain(dn) in expected.get(s.name, {}).get("does", {})]
        owners[(owner + [some[0].name])[0]][dn] = change
    return owners


def recorded():
    return {name: result for file in (HERE / "expected").glob("*.json")
            for name, result in json.loads(file.read_text(encoding="utf-8")).items()}


def text(result):
    return json.dumps(result, indent=1, ensure_ascii=False, sort_keys=True).splitlines()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--only", default="*")
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)

    scripts = [s for s in load() if fnmatch.fnmatch(s.name, arguments.only)]
    lab = directory.Directory(os.environ["CAUSEWAY_LAB_STATE"])
    began = time.monotonic()
    teams.create(lab.samdb, [s.team for s in scripts if s.team])
    lab.look()
    print(f"teams: {time.monotonic() - began:.1f} s")
    expected = {} if arguments.record else recorded()
    way = MODES[arguments.mode](arguments, expected)
    failed, found = [], {}
    runnable = [s for s in scripts if arguments.mode not in s.not_in]
    for some in batches(runnable, expected, 1 if arguments.mode == "direct" else AT_ONCE):
        at = time.monotonic()
        told = way.run(some)
        took = time.monotonic() - at
        does = apart(lab.changes(), some, expected)
        for script in some:
            says, state = told[script.name]
            result = plain({"says": spoken(says), "state": state, "does": does[script.name]})
            found.setdefault(script.file, {})[script.name] = result
            if not arguments.record and result != expected.get(script.name):
                failed.append(script.name)
                print(f"FAIL {script.name} ({took * 1000:.0f} ms, with {len(some) - 1} others)")
                print("\n".join(difflib.unified_diff(text(expected.get(script.name)), text(result), "expected", arguments.mode, lineterm="", n=2)))
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


MODES = {"direct": Direct, "run": Run, "plan": Plan}

if __name__ == "__main__":
    main()
