"""Starts switchyard and switchyard-sim for a test, on free ports, and ends them by their process id.

Every credential made here carries CANARY; Yard.stop() fails the test if one shows up in what the node printed.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import tempfile

import programs   # of tools/yard
from programs import BIN, Process, http, wait_until   # noqa: F401: tests take them from here

CANARY = "canary-7f3a91"
MODELS = ["small", "medium", "large"]


def secret(name):
    return f"sk-{CANARY}-{name}"


class Sim(programs.Sim):
    """In a folder of its own."""

    def __init__(self, *arguments, port=0, setup=None):
        super().__init__(tempfile.mkdtemp(prefix="switchyard-sim-"), *arguments, port=port, setup=setup)

    def pace(self, **timing):
        """The same timing for every model."""
        self.models(*({"id": m, **timing} for m in MODELS))

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
