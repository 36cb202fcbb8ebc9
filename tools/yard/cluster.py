"""A cluster on this machine: nodes, simulated providers, HAProxy before them; on loopback, or each node on a host of its own (network.py)."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import network
from programs import BIN, ROOT, Process, Sim, http, wait_until

MODELS = ["small", "medium", "large"]


def free_port(host="127.0.0.1"):
    with socket.socket() as listener:
        listener.bind((host, 0))
        return listener.getsockname()[1]


def plain_config(sim_url):
    """Two keys of one simulated provider, a route over them."""
    return {
        "providers": {"openai": {"wire": "openai", "base_url": sim_url,
                                 "keys": [{"name": f"key-{n}", "value": f"sk-yard-{n}", "models": MODELS} for n in (1, 2)]}},
        "routes": [{"name": "auto", "stages": [{"balance": {"strategy": "weighted"}}, {"fallback": [f"openai/{MODELS[0]}"]}]}],
    }


class Node:
    def __init__(self, cluster, number):
        self.cluster, self.number = cluster, number
        self.name = cluster.names[number]
        self.folder = cluster.folder / self.name
        self.folder.mkdir()
        host = cluster.host(number)
        ports = (8080, 8081, 8082) if cluster.net else (free_port(), free_port(), free_port())
        self.data, self.admin_at, self.peers_at = (f"{host}:{port}" for port in ports)
        self.endpoint = (host, ports[0])         # of the data plane
        self.url, self.admin = f"http://{self.data}", f"http://{self.admin_at}"
        self.process = None

    def config(self):
        cluster = self.cluster
        own = {
            "node": {"name": self.name, "data_dir": str(self.folder / "data")},
            "server": {"listen": self.data, "threads": 1, "drain_timeout": "20s"},
            "admin": {"listen": self.admin_at, "token": cluster.token},
        }
        if cluster.size == 1:                    # it stands alone
            return {**cluster.config, **own}
        own["cluster"] = {"listen": self.peers_at, "seeds": [n.peers_at for n in cluster.nodes if n is not self], "members": cluster.names}
        if cluster.certificates:
            own["cluster"]["tls"] = {"ca": str(cluster.certificates / "ca.pem"), "cert": str(cluster.certificates / f"{self.name}.pem"),
                                     "key": str(cluster.certificates / f"{self.name}.key")}
        return {**cluster.config, **own}

    def write(self):
        path = self.folder / "switchyard.yaml"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(self.config(), out, indent=1)
        return path

    def start(self, program=None, before=()):
        """`program`: another build than this one's. `before`: what stands before it on the command line, such as env."""
        inside = self.cluster.net.inside(self.number) if self.cluster.net else []
        self.process = Process([*inside, *before, str(program or BIN / "switchyard"), "--config", str(self.write())], self.folder, r"listening data=(\S+) admin=(\S+)")

    def ask(self, path, method="GET", body=None, timeout=5):
        status, _, answer = http(method, self.admin + path, body, {"authorization": f"Bearer {self.cluster.token}"}, timeout)
        if status >= 300:
            raise RuntimeError(f"{self.name} {path}: {status} {answer[:300]}")
        return json.loads(answer) if answer[:1] in (b"{", b"[") else answer.decode()

    def sees(self):
        """What this node thinks of each: {name: state}."""
        return {n["name"]: n["state"] for n in self.ask("/admin/v1/nodes?scope=node")["nodes"]}

    def chat(self, prompt="Hello", model="small", headers=None, timeout=30, **more):
        return http("POST", self.url + "/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": prompt}], **more}, headers, timeout)

    def ready(self):
        try:
            return http("GET", self.url + "/readyz", timeout=1)[0] == 200
        except OSError:
            return False

    def kill(self):
        self.process.kill()

    def pause(self):
        self.process.signal(signal.SIGSTOP)

    def resume(self):
        self.process.signal(signal.SIGCONT)

    def stop(self):
        if self.process and self.process.alive():
            self.process.signal(signal.SIGCONT)
            return self.process.terminate()
        return None


class Balancer:
    """HAProxy as deploy/haproxy/haproxy.cfg has it, with these nodes."""

    def __init__(self, cluster):
        self.cluster = cluster
        host = cluster.host(cluster.size)
        self.endpoint = (host, 8000 if cluster.net else free_port())
        self.url = f"http://{host}:{self.endpoint[1]}"
        text = (ROOT / "deploy/haproxy/haproxy.cfg").read_text()
        text = re.sub(r"(?m)^  maxconn \d+", "  maxconn 4000", text)     # what the usual limit of open files allows
        text = re.sub(r"bind :\d+", f"bind {host}:{self.endpoint[1]}", text)
        text = re.sub(r"(?m)^  server \w+ \S+ check\n?", "", text)
        text = text.rstrip("\n") + "\n" + "".join(f"  server {n.name} {n.data} check\n" for n in cluster.nodes)
        path = cluster.folder / "haproxy.cfg"
        path.write_text(text)
        program = next(p for p in ("/usr/sbin/haproxy", "/usr/bin/haproxy", "/usr/local/sbin/haproxy") if os.path.exists(p))
        inside = cluster.net.inside(cluster.size) if cluster.net else []
        self.log = open(cluster.folder / "haproxy.log", "w")
        self.child = subprocess.Popen([*inside, program, "-db", "-f", str(path)], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)

    def ready(self):
        try:
            return http("GET", self.url + "/readyz", timeout=1)[0] == 200
        except OSError:
            return False

    def stop(self):
        self.child.terminate()
        self.child.wait()
        self.log.close()


class Cluster:
    """`size` nodes named a, b, c, ...; started by start(), ended by close()."""

    def __init__(self, size, folder, namespaces=False, tls=True, config=None, balancer=True, sim_arguments=()):
        self.size, self.folder = size, pathlib.Path(folder)
        self.names = [chr(ord("a") + n) for n in range(size)]
        self.token = "yard-admin-token"
        self.net = network.Network(size + 1) if namespaces else None   # the last host: providers and balancer
        self.balancer = self.sim = self.certificates = None
        self.nodes = []
        try:
            if tls:
                self.certificates = self.folder / "certificates"
                subprocess.run([str(BIN / "switchyardctl"), "cluster", "cert", "--dir", str(self.certificates), *self.names], check=True, stdout=subprocess.DEVNULL)
            (self.folder / "providers").mkdir()
            self._start_sim(sim_arguments)
            self.config = config(self.sim.url) if callable(config) else config or plain_config(self.sim.url)
            self.nodes = [Node(self, number) for number in range(size)]
            self.wants_balancer = balancer
        except BaseException:
            self.close()
            raise

    def _start_sim(self, arguments):
        if not self.net:
            self.sim = Sim(self.folder / "providers", *arguments)
            return
        wrapper = self.folder / "sim-inside"
        wrapper.write_text("#!/bin/sh\nexec " + " ".join(self.net.inside(self.size)) + f" {BIN / 'switchyard-sim'} \"$@\"\n")
        wrapper.chmod(0o700)
        self.sim = Sim(self.folder / "providers", *arguments, host=self.host(self.size), port=9000, program=wrapper)

    def host(self, number):
        return self.net.address(number) if self.net else "127.0.0.1"

    def __getitem__(self, name):
        return self.nodes[self.names.index(name)]

    def start(self, programs=None):
        """Until every node sees every other one alive and takes requests. `programs`: a build for each node."""
        for node in self.nodes:
            node.start(programs[node.number] if programs else None)
        self.wait_formed()
        if self.wants_balancer:
            self.balancer = Balancer(self)
            wait_until(self.balancer.ready, 10, "the balancer found a node")

    def formed(self, nodes=None):
        nodes = nodes or self.nodes
        want = {n.name for n in nodes}
        try:
            return all(want <= {k for k, v in n.sees().items() if v == "alive"} and n.ready() for n in nodes)
        except (OSError, RuntimeError):
            return False

    def wait_formed(self, nodes=None, seconds=20):
        return wait_until(lambda: self.formed(nodes), seconds, "all nodes see each other")

    def until_seen(self, by, whom, states, seconds):
        """How long until each node of `by` sees `whom` in one of those states."""
        start, when = time.monotonic(), {}
        while len(when) < len(by):
            for node in by:
                if node.name not in when and node.sees().get(whom) in states:
                    when[node.name] = time.monotonic() - start
            if time.monotonic() - start > seconds:
                raise AssertionError(f"not within {seconds} s: {[n.name for n in by if n.name not in when]} see {whom} as {states}")
            time.sleep(0.005)
        return when

    def close(self):
        for node in self.nodes:
            if node.process and node.process.alive():
                node.process.signal(signal.SIGCONT)
                node.process.signal(signal.SIGTERM)
        for node in self.nodes:
            if node.process:
                try:
                    node.process.terminate(25)
                except AssertionError as stuck:
                    print(f"node {node.name}: {stuck}")
        if self.balancer:
            self.balancer.stop()
        if self.sim:
            self.sim.process.terminate(5)
        if self.net:
            self.net.close()
