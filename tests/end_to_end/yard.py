"""Starts switchyard and switchyard-sim for a test, on free ports, and ends them by their process id.

Every credential made here carries CANARY; Yard.stop() fails the test if one shows up in what the node printed.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

BIN = pathlib.Path(os.environ["SWITCHYARD_BIN"])
CANARY = "canary-7f3a91"
MODELS = ["small", "medium", "large"]


def secret(name):
    return f"sk-{CANARY}-{name}"


def wait_until(condition, seconds, what):
    """Polls every 10 ms; returns the time it took."""
    start = time.monotonic()
    while True:
        if condition():
            return time.monotonic() - start
        if time.monotonic() - start > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def http(method, url, body=None, headers=None, timeout=10):
    """(status, headers, body) of one request; never raises on an HTTP status."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, dict(refused.headers), refused.read()


class Process:
    """A program whose output goes to files, so that nothing can block it."""

    def __init__(self, arguments, folder, ready, environment=None):
        self.folder = pathlib.Path(folder)
        self.out_path = self.folder / "stdout"
        self.err_path = self.folder / "stderr"
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.child = subprocess.Popen(arguments, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        self.match = None
        deadline = time.monotonic() + 15
        while self.match is None:
            self.match = re.search(ready, self.out_path.read_text(errors="replace"))
            if self.match is None and (self.child.poll() is not None or time.monotonic() > deadline):
                self.kill()
                raise AssertionError(f"{arguments[0]} did not get ready: {self.output()}")
            time.sleep(0.005)

    @property
    def pid(self):
        return self.child.pid

    def output(self):
        return self.out_path.read_text(errors="replace") + self.err_path.read_text(errors="replace")

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def terminate(self, seconds=40):
        """SIGTERM, then the exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("did not end after SIGTERM") from None

    def rss_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.pid}/status").read_text()).group(1))

    def threads(self):
        return int(re.search(r"Threads:\s+(\d+)", pathlib.Path(f"/proc/{self.pid}/status").read_text()).group(1))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def alive(self):
        return self.child.poll() is None


class Sim:
    def __init__(self, *arguments, port=0, setup=None):
        self.folder = tempfile.mkdtemp(prefix="switchyard-sim-")
        command = [str(BIN / "switchyard-sim"), "--listen", f"127.0.0.1:{port}", *arguments]
        if setup is not None:
            path = pathlib.Path(self.folder) / "setup.json"
            path.write_text(json.dumps(setup))
            command += ["--config", str(path)]
        self.process = Process(command, self.folder, r"listening sim=(\S+)")
        self.address = self.process.match.group(1)
        self.url = "http://" + self.address
        self.port = int(self.address.rsplit(":", 1)[1])

    def _control(self, method, path, body=None):
        status, _, answer = http(method, self.url + path, body)
        assert status == 200, answer
        return json.loads(answer)

    def faults(self, *rules, seed=1):
        return self._control("PUT", "/sim/faults", {"seed": seed, "faults": list(rules)})

    def models(self, *models):
        return self._control("PUT", "/sim/models", {"models": list(models)})

    def pace(self, **timing):
        """The same timing for every model."""
        self.models(*({"id": m, **timing} for m in MODELS))

    def received(self, bodies=False):
        return self._control("GET", "/sim/received" + ("?bodies=1" if bodies else ""))

    def total(self):
        return self.received()["total"]

    def requests(self, key=None):
        seen = self.received()
        return seen["total"]["requests"] if key is None else seen["keys"].get(key, {}).get("requests", 0)

    def reset(self):
        self._control("DELETE", "/sim/faults")
        self._control("DELETE", "/sim/models")
        self._control("DELETE", "/sim/received")

    def stop(self):
        self.process.terminate(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def key(name, url=None, **more):
    entry = {"name": name, "value": secret(name), "models": MODELS, **more}
    if url:
        entry["base_url"] = url
    return entry


def provider(url, *keys, **more):
    return {"wire": "openai", "base_url": url, "keys": list(keys), **more}


class Yard:
    """A node with the given config (a dict; written as JSON, which is valid YAML)."""

    def __init__(self, config, *arguments, environment=None, data_dir=None):
        """`data_dir`: one that outlives this node; left out: one of its own."""
        self.folder = tempfile.mkdtemp(prefix="switchyard-e2e-")
        self.config_path = pathlib.Path(self.folder) / "config.yaml"
        self.write(config)
        command = [str(BIN / "switchyard"), "--config", str(self.config_path), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                   "--data-dir", data_dir or self.folder + "/data", *arguments]
        self.process = Process(command, self.folder, r"listening data=(\S+) admin=(\S+)", environment)
        self.address, self.admin_address = self.process.match.groups()
        self.url, self.admin = "http://" + self.address, "http://" + self.admin_address
        host, port = self.address.rsplit(":", 1)
        self.endpoint = (host, int(port))

    def write(self, config):
        text = config if isinstance(config, str) else json.dumps(config, indent=1)
        partial = self.config_path.with_suffix(".new")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(text)
        partial.replace(self.config_path)

    def reload(self, config):
        self.write(config)
        self.process.child.send_signal(signal.SIGHUP)

    def chat(self, prompt="Hello signals", model="small", headers=None, **more):
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], **more}
        return http("POST", self.url + "/v1/chat/completions", body, headers, timeout=30)

    def get_admin(self, path):
        status, _, body = http("GET", self.admin + path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def metrics(self):
        status, _, body = http("GET", self.admin + "/metrics")
        assert status == 200
        return body.decode()

    def metric(self, name, **labels):
        """The sum over the series that carry these labels."""
        total = 0.0
        for line in self.metrics().splitlines():
            found = re.match(r"([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)", line)
            if not found or found.group(1) != name:
                continue
            have = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or ""))
            if all(have.get(k) == v for k, v in labels.items()):
                total += float(found.group(3))
        return total

    def stop(self):
        """SIGTERM; the exit code. Nothing printed may hold a credential."""
        shown = ""
        if self.process.alive():
            for path in ("/metrics", "/admin/v1/status", "/admin/v1/keys", "/admin/v1/config", "/admin/v1/routes", "/admin/v1/decisions"):
                shown += http("GET", self.admin + path)[2].decode(errors="replace")
        code = self.process.terminate()
        shown += self.process.output()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert CANARY not in shown, "a credential was printed: " + shown[max(0, shown.index(CANARY) - 200):][:400]
        return code
