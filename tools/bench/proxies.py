"""Starts the mock and the proxies, and reads what they cost from /proc."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SWITCHYARD_BIN", ROOT / "build/release/bin"))
TICK = os.sysconf("SC_CLK_TCK")


def tool(name):
    beside = BIN / name
    return str(beside if beside.exists() else pathlib.Path(os.environ.get("SWITCHYARD_BENCH_BIN", BIN)) / name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    for _ in range(500):
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on {port}")


class Started:
    """A process tree on a port."""

    def __init__(self, name, arguments, port=None, ready=None):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="switchyard-bench-")
        self.errors = open(os.path.join(self.folder, "stderr"), "wb")
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE if ready else subprocess.DEVNULL, stderr=self.errors)
        if ready:
            while not (match := re.search(ready, line := self.process.stdout.readline().decode())):
                if not line:
                    raise SystemExit(f"{arguments[0]} did not start: " + pathlib.Path(self.errors.name).read_text())
            port = int(match.group(1))
        self.port = port
        wait_for_port(port, self.process)

    def tree(self):
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                todo += [int(child) for child in children.read_text().split()]
        return found

    def cpu_seconds(self):
        """User and system time of the process and its workers (utime + stime of /proc/PID/stat)."""
        total = 0.0
        for pid in self.tree():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / TICK
        return total

    def rss_kib(self):
        return sum(int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) for pid in self.tree())

    def descriptors(self):
        """(sockets and such, files): the ledger keeps up to 32 tables open, however many there are."""
        folder, files, others = f"/proc/{self.process.pid}/fd", 0, 0
        for one in os.listdir(folder):
            try:
                is_file = os.readlink(f"{folder}/{one}").startswith("/")
            except FileNotFoundError:
                continue                         # closed meanwhile
            files, others = files + is_file, others + (not is_file)
        return others, files

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_mock():
    return Started("direct", [tool("bench_mock"), "0"], ready=r"mock=\S+:(\d+)")


def write(folder, name, text):
    path = pathlib.Path(folder) / name
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def start_switchyard(folder, mock_port):
    """Two keys weighted 70/30, accounting, metrics and health on, as in production; one I/O thread."""
    config = {"server": {"threads": 1}, "providers": {"openai": {"base_url": f"http://127.0.0.1:{mock_port}", "keys": [
        {"name": "key-1", "value": "sk-bench-1", "weight": 0.7, "models": ["small"]}, {"name": "key-2", "value": "sk-bench-2", "weight": 0.3, "models": ["small"]}],
        "prices": {"small": {"input": 0.15, "output": 0.6}}}}}
    path = write(folder, "switchyard.yaml", json.dumps(config))
    return Started("switchyard", [str(BIN / "switchyard"), "--config", path, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir", folder + "/data",
                                  "--threads", "1", "--log-level", "warn"], ready=r"data=\S+:(\d+) ")


def start_haproxy(folder, mock_port):
    port = free_port()
    path = write(folder, "haproxy.cfg", f"""global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
    option http-no-delay
frontend in
    bind 127.0.0.1:{port}
    default_backend out
backend out
    server mock 127.0.0.1:{mock_port} pool-max-conn 1024
""")
    return Started("haproxy", ["haproxy", "-db", "-f", path], port)


def start_nginx(folder, mock_port):
    port = free_port()
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    os.chmod(folder, 0o755)
    path = write(folder, "nginx.conf", f"""daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 8000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_body_buffer_size 64k;
  keepalive_requests 100000000;
  upstream mock {{ server 127.0.0.1:{mock_port}; keepalive 1024; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }}
  }}
}}
""")
    return Started("nginx", ["nginx", "-e", f"{folder}/nginx.log", "-c", path], port)


STARTERS = {"switchyard": start_switchyard, "haproxy": start_haproxy, "nginx": start_nginx}


def load(port, *arguments):
    """bench_load's answer."""
    done = subprocess.run([tool("bench_load"), str(port), *map(str, arguments)], capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        raise SystemExit(f"bench_load {arguments}: {done.stderr}")
    return json.loads(done.stdout)
