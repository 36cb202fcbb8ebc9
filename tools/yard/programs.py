"""Programs that a yard is made of: started on free ports, ready when they say so, ended by their process id."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SWITCHYARD_BIN", ROOT / "build/release/bin"))


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
            said = out.tell()                    # a program that is started again writes behind what it wrote before
            self.child = subprocess.Popen(arguments, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        self.match = None
        deadline = time.monotonic() + 15
        while self.match is None:
            self.match = re.search(ready, self.out_path.read_text(errors="replace")[said:])
            if self.match is None and (self.child.poll() is not None or time.monotonic() > deadline):
                self.kill()
                raise AssertionError(f"{arguments[0]} did not get ready: {self.output()}")
            time.sleep(0.005)

    @property
    def pid(self):
        return self.child.pid

    def output(self):
        return self.out_path.read_text(errors="replace") + self.err_path.read_text(errors="replace")

    def signal(self, which):
        self.child.send_signal(which)

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

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def alive(self):
        return self.child.poll() is None


class Sim:
    """A switchyard-sim; `host`: where it listens; `program`: what starts it."""

    def __init__(self, folder, *arguments, host="127.0.0.1", port=0, setup=None, program=BIN / "switchyard-sim"):
        self.folder = str(folder)
        command = [str(program), "--listen", f"{host}:{port}", *arguments]
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
