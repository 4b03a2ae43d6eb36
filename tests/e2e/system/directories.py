# SPDX-License-Identifier: Apache-2.0
"""The two directories as a third party sees them: what is in them, who wrote what and when, and writing there oneself."""
import base64
import http.client
import json
import os
import subprocess
import urllib.parse

SOMEBODY_ELSE = "somebody-else"  # marks our own requests in Graph's log
AGENT_ACCOUNT = "svc-causeway"
DISABLED = 2  # of userAccountControl


def env(name):
    return os.environ[f"CAUSEWAY_LAB_{name}"]


def escape(value):
    """For a filter (RFC 4515)."""
    return "".join(f"\\{b:02x}" for b in value.encode())


def ldif(text):
    """Entries of an answer: {"dn": [...], attribute: [values]}, text where it is UTF-8."""
    entries, entry = [], {}
    for line in text.splitlines() + [""]:
        if not line:
            if entry:
                entries.append(entry)
            entry = {}
        elif not line.startswith("#"):
            name, value = line.split(":", 1)
            if value.startswith(":"):
                value = base64.b64decode(value[1:])
                try:
                    value = value.decode()
                except UnicodeDecodeError:
                    pass
            else:
                value = value.lstrip(" ")
            entry.setdefault(name, []).append(value)
    return entries


class Write:
    """One write to a directory by Causeway: who it was for, and the new values (None: cleared or secret)."""

    def __init__(self, time, whom, values, done):
        self.time, self.whom, self.values, self.done = time, whom, values, done

    def __repr__(self):
        return f"{self.time} {self.whom} {self.values}{'' if self.done else ' (refused)'}"


class ActiveDirectory:
    """One controller; second: of a lab with two, the other one."""

    def __init__(self, state, second=False):
        home, pid_file = (f"{state}/ad2", "samba2.pid") if second else (f"{state}/ad", "samba.pid")
        servers = dict(pair.split("=", 1) for pair in os.environ.get("CAUSEWAY_LAB_AD_SERVERS", "").split())
        self.url, self.base = servers["dc2"] if second else env("AD_URL"), env("AD_BASE_DN")
        self.log = f"{home}/log/samba"
        self.env = {**os.environ, "LDAPTLS_CACERT": env("AD_CA")}
        with open(f"{home}/{pid_file}", encoding="utf-8") as f:
            self.pid = int(f.read().split()[0])
        # Every write to the directory, in its log.
        subprocess.run(["smbcontrol", "-s", f"{home}/etc/smb.conf", str(self.pid), "debug", "1 dsdb_json_audit:5"], check=True,
                       capture_output=True)
        self.agent_sid = self._sid(self.one(f"(sAMAccountName={AGENT_ACCOUNT})", "objectSid")["objectSid"][0])

    def _run(self, program, *words, text="", user="Administrator@lab.test", password=None):
        password = env("AD_ADMIN_PASSWORD") if password is None else password
        secret, gives = os.pipe()
        os.write(gives, password.encode())
        os.close(gives)
        try:
            return subprocess.run([program, "-x", "-H", self.url, "-D", user, "-y", f"/dev/fd/{secret}", *words], env=self.env,
                                  input=text, capture_output=True, text=True, timeout=60, check=False, pass_fds=[secret])
        finally:
            os.close(secret)

    def search(self, search_filter, *attributes, base=None):
        done = self._run("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base or self.base, search_filter, *attributes)
        if done.returncode != 0:
            raise RuntimeError(f"{search_filter}: {done.stderr}")
        return [e for e in ldif(done.stdout) if "dn" in e]

    def one(self, search_filter, *attributes):
        found = self.search(search_filter, *attributes)
        if len(found) != 1:
            raise LookupError(f"{search_filter} finds {len(found)}")
        return found[0]

    def user(self, sam, *attributes):
        """{attribute: value or None} of an account; values of one as they are."""
        entry = self.one(f"(sAMAccountName={escape(sam)})", *attributes)
        return {a: entry.get(a, [None])[0] for a in attributes or entry}

    def dn(self, sam):
        return self.one(f"(sAMAccountName={escape(sam)})", "dn")["dn"][0]

    def _change(self, text):
        done = self._run("ldapmodify", text=text)
        if done.returncode != 0:
            raise RuntimeError(f"{text}: {done.stderr}")

    @staticmethod
    def _line(name, value):
        return f"{name}:: {base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()}\n"

    def add(self, dn, **attributes):
        text = self._line("dn", dn) + "changetype: add\n"
        for name, values in attributes.items():
            for value in values if isinstance(values, list) else [values]:
                text += self._line(name, value)
        self._change(text)

    def add_user(self, sam, where, **attributes):
        """An enabled account with a random password; its dn."""
        dn = f"CN={sam},{where},{self.base}"
        password = f'"Aa1-{os.urandom(16).hex()}"'.encode("utf-16-le")
        self.add(dn, objectClass="user", sAMAccountName=sam, userAccountControl="512", unicodePwd=password, **attributes)
        return dn

    def set(self, dn, **attributes):
        """None: cleared."""
        text = self._line("dn", dn) + "changetype: modify\n"
        for name, value in attributes.items():
            text += f"replace: {name}\n" + (self._line(name, value) if value is not None else "") + "-\n"
        self._change(text)

    def delete(self, dn):
        self._change(self._line("dn", dn) + "changetype: delete\n")

    def binds(self, sam, password):
        """What the directory says of a logon (sub-codes of LDAP_INVALID_CREDENTIALS, [MS-ERREF] 2.2)."""
        done = self._run("ldapsearch", "-s", "base", "-b", "", "1.1", user=f"{sam}@lab.test", password=password)
        for code, meaning in (("data 773", "must change"), ("data 52e", "wrong"), ("data 533", "disabled")):
            if code in done.stderr:
                return meaning
        return "yes" if done.returncode == 0 else done.stderr

    # --- who wrote what

    def mark(self):
        return os.path.getsize(self.log)

    def writes(self, since, of_agent=True):
        """Writes since a mark(), in their order."""
        found = []
        with open(self.log, "rb") as f:
            f.seek(since)
            text = f.read()
        text = text.replace(b" +>\n", b"")  # where Samba broke a long line
        for line in text[:text.rfind(b"\n") + 1].splitlines():
            if not line.startswith(b"{"):
                continue
            entry = json.loads(line)
            change = entry.get("dsdbChange")
            if change is None or (change["userSid"] == self.agent_sid) != of_agent:
                continue
            values = {}
            for name, what in change.get("attributes", {}).items():
                given = [v.get("value") for action in what["actions"] for v in action.get("values", [])]
                values[name] = given[0] if given else None
            found.append(Write(entry["timestamp"], change["dn"], values, change["statusCode"] == 0))
        return found

    @staticmethod
    def _sid(raw):
        raw = raw if isinstance(raw, bytes) else raw.encode()
        count = raw[1]
        parts = [str(int.from_bytes(raw[8 + 4 * i:12 + 4 * i], "little")) for i in range(count)]
        return "-".join(["S", str(raw[0]), str(int.from_bytes(raw[2:8], "big")), *parts])


class EntraId:
    """Graph as the lab's application asks it, and the double's own port."""

    def __init__(self, root, tls):
        self.url, self.tls = env("GRAPH_URL"), tls
        self.port = urllib.parse.urlsplit(self.url).port
        self.admin_host = urllib.parse.urlsplit(env("ENTRA_ADMIN_URL")).netloc
        # As the bridge signs in, but by the shell's hand.
        self.bearer = subprocess.run(["bash", "-euo", "pipefail", "-c", f'. "{root}/tests/lab/graph.sh"; token'], check=True,
                                     capture_output=True, text=True).stdout.strip()

    def admin(self, method, path, body=None):
        c = http.client.HTTPConnection(self.admin_host, timeout=60)
        c.request(method, path, json.dumps(body) if body is not None else None)
        got = c.getresponse()
        text = got.read()
        c.close()
        if got.status >= 300:
            raise RuntimeError(f"{method} {path}: {got.status} {text!r}")
        return json.loads(text) if text else None

    def graph(self, method, path, body=None):
        """Status and body."""
        c = http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=60)
        c.request(method, urllib.parse.urlsplit(self.url).path + path, json.dumps(body) if body is not None else None,
                  {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json",
                   "client-request-id": SOMEBODY_ELSE})
        got = c.getresponse()
        text = got.read()
        c.close()
        return got.status, json.loads(text) if text else None

    def user(self, name, *properties):
        """{property: value}; None where there is no such user."""
        select = "?$select=" + ",".join(properties) if properties else ""
        status, body = self.graph("GET", f"/users/{urllib.parse.quote(name, safe='')}{select}" if name[0] != "$" else
                                  "/users('" + urllib.parse.quote(name.replace("'", "''"), safe="") + f"'){select}")
        if status == 404:
            return None
        if status != 200:
            raise RuntimeError(f"{name}: {status} {body}")
        return {p: body[p] for p in properties} if properties else body

    def set(self, name, **properties):
        status, body = self.graph("PATCH", f"/users/{urllib.parse.quote(name, safe='')}", properties)
        if status != 204:
            raise RuntimeError(f"{name}: {status} {body}")

    def add_user(self, upn, **properties):
        """A user of the cloud alone."""
        self.admin("POST", "/seed", {"users": [{"userPrincipalName": upn, "displayName": upn.split("@")[0],
                                                "password": f"Aa1-{os.urandom(16).hex()}", **properties}]})

    def has_password(self, upn, password):
        return self.admin("POST", "/passwords/verify", {"user": upn, "password": password})["matches"]

    def fault(self, **what):
        """One that Graph has for Causeway: see tests/lab/entra/README.md."""
        return self.admin("POST", "/faults", {"target": "graph", "path": "/users", **what})["id"]

    def hits(self, fault):
        return next(f["hits"] for f in self.admin("GET", "/faults") if f["id"] == fault)

    def no_faults(self):
        self.admin("DELETE", "/faults")

    def settings(self, **what):
        return self.admin("PATCH", "/settings", what)

    # --- who asked for what

    def mark(self):
        seen = self.admin("GET", "/log")["requests"]
        return seen[-1]["number"] if seen else 0

    def requests(self, since):
        """What Causeway asked of Graph."""
        return [r for r in self.admin("GET", f"/log?since={since}")["requests"]
                if "/v1.0/" in r["target"] and r["clientRequestId"] != SOMEBODY_ELSE]

    def writes(self, since):
        return [Write(r["time"], r["target"], None, r["status"] < 300 and not r["dropped"]) for r in self.requests(since)
                if r["method"] != "GET"]
