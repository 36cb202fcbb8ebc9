"""Nodes form a cluster over TLS, notice who is gone and how, and let nobody in who cannot prove a name."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from programs import Process
from yard import BIN, Sim, Yard, http, key, provider, wait_until


def cpu_seconds(pid):
    """Time on a processor, of all threads, to the nanosecond."""
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def stop(child):
    child.send_signal(signal.SIGSTOP)
    tasks = pathlib.Path(f"/proc/{child.pid}/task")
    wait_until(lambda: all(path.read_text().rsplit(")", 1)[1].split()[0] == "T" for path in tasks.glob("*/stat")), 5, "every thread stands still")


class Certificates:
    def __init__(self, *nodes):
        self.folder = tempfile.mkdtemp(prefix="switchyard-e2e-pki-")
        self.make(*nodes)

    def make(self, *nodes):
        subprocess.run([BIN / "switchyardctl", "cluster", "cert", "--dir", self.folder, *nodes], check=True, capture_output=True)

    def of(self, node):
        return {"ca": f"{self.folder}/ca.pem", "cert": f"{self.folder}/{node}.pem", "key": f"{self.folder}/{node}.key"}

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Nodes:
    """Nodes of one cluster by name, each with a folder that outlives it."""

    def __init__(self, names, **section):
        self.names, self.section = names, section
        self.sim = Sim()
        self.certificates = Certificates(*names)
        self.data = {name: tempfile.mkdtemp(prefix="switchyard-e2e-data-") for name in names}
        self.ports, self.yards = {}, {}
        for name in names:
            self.start(name)

    def start(self, name):
        seeds = [f"127.0.0.1:{port}" for other, port in self.ports.items() if other != name]
        config = {"node": {"name": name}, "providers": {"openai": provider(self.sim.url, key("k1"))},
                  "cluster": {"listen": f"127.0.0.1:{self.ports.get(name, 0)}", "seeds": seeds[:1], "tls": self.certificates.of(name), **self.section}}
        yard = Yard(config, "--threads", "1", data_dir=self.data[name])
        address = re.search(r"cluster=(\S+)", yard.process.out_path.read_text()).group(1)
        self.ports[name] = int(address.rsplit(":", 1)[1])
        self.yards[name] = yard
        return yard

    def view(self, asked):
        """{name: state} as that node sees it."""
        return {row["name"]: row["state"] for row in self.yards[asked].get_admin("/admin/v1/nodes")["nodes"]}

    def all_see(self, state, of=None, by=None):
        return all(self.view(name).get(one) == state for name in by or self.names for one in of or self.names)

    def form(self):
        return wait_until(lambda: self.all_see("alive"), 10, "all are alive to all")

    def stop(self):
        for yard in self.yards.values():
            if yard.process.alive():
                yard.process.child.send_signal(signal.SIGCONT)
                yard.stop()
        self.sim.stop()
        self.certificates.remove()
        for folder in self.data.values():
            shutil.rmtree(folder, ignore_errors=True)


class ThreeNodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = Nodes(["a", "b", "c"])
        cls.nodes.form()

    @classmethod
    def tearDownClass(cls):
        cls.nodes.stop()

    def setUp(self):
        for name, yard in self.nodes.yards.items():
            if not yard.process.alive():
                self.nodes.start(name)
        self.nodes.form()

    def test_every_node_lists_all_with_what_is_known_of_them(self):
        for asked in self.nodes.names:
            known = lambda: all(row["self"] or row["round_trip_ms"] is not None for row in self.nodes.yards[asked].get_admin("/admin/v1/nodes?scope=cluster")["nodes"])
            wait_until(known, 2, "a heartbeat of each was answered")
            rows = self.nodes.yards[asked].get_admin("/admin/v1/nodes?scope=cluster")
            self.assertEqual(rows["missing"], [])
            self.assertEqual([row["name"] for row in rows["nodes"]], ["a", "b", "c"])
            for row in rows["nodes"]:
                self.assertEqual(row["self"], row["name"] == asked)
                self.assertEqual(row["address"], f"127.0.0.1:{self.nodes.ports[row['name']]}")
                self.assertGreater(row["incarnation"], 1_700_000_000)
                self.assertRegex(row["version"], r"^\d+\.\d+\.\d+$")
                self.assertIsInstance(row["uptime_s"], int)
                if not row["self"]:
                    self.assertLess(row["round_trip_ms"], 200)
        wait_until(lambda: self.nodes.yards["a"].metric("switchyard_cluster_members", state="alive") == 3, 1, "the metric counts three")
        shown = subprocess.run([BIN / "switchyardctl", "nodes", "--url", self.nodes.yards["b"].admin], capture_output=True, text=True, check=True).stdout
        self.assertEqual(len(re.findall(r"^[abc] +alive ", shown, re.M)), 3, shown)
        status, headers, _ = self.nodes.yards["c"].chat()
        self.assertEqual((status, headers["x-switchyard-node"]), (200, "c"))

    def test_a_killed_node_is_suspected_at_once_and_alive_again_within_two_seconds(self):
        before = self.nodes.yards["a"].get_admin("/admin/v1/nodes")["nodes"][2]["incarnation"]
        self.nodes.yards["c"].process.kill()
        took = wait_until(lambda: self.nodes.all_see("suspect", ["c"], ["a", "b"]), 1.5, "c is suspect to a and b")
        print(f"kill -9 is seen within {took * 1000:.0f} ms", flush=True)
        self.nodes.start("c")
        took = wait_until(lambda: self.nodes.all_see("alive"), 2, "c is alive again")
        print(f"a restarted node is alive to all {took * 1000:.0f} ms after it was ready", flush=True)
        self.assertGreater(self.nodes.yards["a"].get_admin("/admin/v1/nodes")["nodes"][2]["incarnation"], before)

    def test_a_stopped_process_is_suspected_within_a_second_and_a_half(self):
        child = self.nodes.yards["b"].process.child
        stop(child)
        took = wait_until(lambda: self.nodes.all_see("suspect", ["b"], ["a", "c"]), 1.5, "b is suspect to a and c")
        print(f"SIGSTOP is seen within {took * 1000:.0f} ms", flush=True)
        child.send_signal(signal.SIGCONT)
        wait_until(lambda: self.nodes.all_see("alive"), 2, "b is alive again")

    def test_a_node_that_is_told_to_end_says_goodbye(self):
        self.assertEqual(self.nodes.yards["c"].stop(), 0)
        wait_until(lambda: self.nodes.all_see("left", ["c"], ["a", "b"]), 1, "c has left")
        # Started again it knows the others by itself.
        self.nodes.start("c")
        wait_until(lambda: self.nodes.all_see("alive"), 2, "c is alive again")

    def test_answers_of_the_cluster_come_from_all_nodes_and_name_the_silent(self):
        spent = lambda query: self.nodes.yards["a"].get_admin("/admin/v1/spend?by=model" + query)["total"]["requests"]
        before = spent("&scope=cluster")
        for yard in self.nodes.yards.values():
            self.assertEqual(yard.chat()[0], 200)
        wait_until(lambda: spent("&scope=cluster") == before + 3, 3, "every node's row is counted")
        self.assertLess(spent(""), spent("&scope=cluster"))
        keys = self.nodes.yards["b"].get_admin("/admin/v1/keys?scope=cluster")
        self.assertEqual([row["node"] for row in keys["keys"]], ["b", "a", "c"])
        status = self.nodes.yards["b"].get_admin("/admin/v1/status?scope=cluster")
        self.assertEqual({row["node"] for row in status["actors"]}, {"a", "b", "c"})
        for path in ("/admin/v1/savings", "/admin/v1/cache"):
            self.assertEqual(self.nodes.yards["b"].get_admin(path + "?scope=cluster")["missing"], [])
        ctl = lambda *words: subprocess.run([BIN / "switchyardctl", "--url", self.nodes.yards["b"].admin, *words], check=True, capture_output=True, text=True, timeout=10).stdout
        self.assertIn('"missing"', ctl("cache", "stats"))
        self.assertNotIn('"missing"', ctl("cache", "stats", "--local"))
        self.assertIn("nothing to compare with", ctl("savings"))
        child = self.nodes.yards["c"].process.child
        stop(child)
        try:
            started = time.monotonic()
            keys = self.nodes.yards["b"].get_admin("/admin/v1/keys?scope=cluster")
            self.assertLess(time.monotonic() - started, 2.5)
            self.assertEqual(keys["missing"], ["c"])
            self.assertEqual([row["node"] for row in keys["keys"]], ["b", "a"])
        finally:
            child.send_signal(signal.SIGCONT)

    def test_any_node_drains_another(self):
        self.assertEqual(http("POST", self.nodes.yards["a"].admin + "/admin/v1/drain", {"node": "nobody"})[0], 404)
        self.assertEqual(http("POST", self.nodes.yards["a"].admin + "/admin/v1/drain", {"node": "b"})[0], 202)
        self.assertEqual(http("GET", self.nodes.yards["b"].url + "/readyz")[0], 503)
        self.assertEqual(http("GET", self.nodes.yards["a"].url + "/readyz")[0], 200)
        self.nodes.yards["b"].stop()

    def test_nobody_gets_in_who_cannot_prove_a_name(self):
        node = self.nodes.yards["a"]
        others = Certificates("b", "c")                       # the right names from another CA
        self.nodes.certificates.make(f"spare{time.monotonic_ns()}")
        before = node.process.rss_kib()

        def connect(certificate=None, say=b"", plain=False):
            """True when the node closes the connection."""
            with socket.create_connection(("127.0.0.1", self.nodes.ports["a"]), timeout=5) as raw:
                try:
                    if plain:
                        raw.sendall(say)
                        return raw.recv(1) == b""
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                    if certificate:
                        context.load_cert_chain(certificate["cert"], certificate["key"])
                    with context.wrap_socket(raw) as secured:
                        secured.sendall(say)
                        while secured.recv(4096):
                            pass
                        return True
                except (ssl.SSLError, ConnectionError):
                    return True
        bomb = b"\xf0\x00\x00\x00" + b"\xf0" * 28
        own = self.nodes.certificates
        for _ in range(20):
            self.assertTrue(connect(plain=True, say=bomb))
            self.assertTrue(connect(say=bomb))                # no certificate
            self.assertTrue(connect(others.of("b"), bomb))    # another CA's
            self.assertTrue(connect(own.of("b"), bomb))       # a member that says garbage
        self.assertLess(node.process.rss_kib() - before, 20 * 1024)
        others.remove()
        self.assertEqual(self.nodes.view("a"), {"a": "alive", "b": "alive", "c": "alive"})


class Refusals(unittest.TestCase):
    """What must not start does not, and says why."""

    def refused(self, cluster, name="a", code=2):
        folder = tempfile.mkdtemp(prefix="switchyard-e2e-")
        self.addCleanup(shutil.rmtree, folder, True)
        config = pathlib.Path(folder) / "c.json"
        config.write_text(json.dumps({"node": {"name": name}, "cluster": cluster}))
        done = subprocess.run([BIN / "switchyard", "--config", config, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir", folder + "/data"],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def test_a_cluster_without_its_files_does_not_start(self):
        pki, foreign = Certificates("a", "b"), Certificates("a")
        self.addCleanup(pki.remove)
        self.addCleanup(foreign.remove)
        off_loopback = {"listen": "0.0.0.0:0", "seeds": ["10.0.0.2:8082"]}
        self.assertIn("cluster.tls: is required", self.refused(off_loopback))
        self.assertIn("cluster.tls.ca", self.refused({**off_loopback, "tls": {**pki.of("a"), "ca": "/nowhere.pem"}}))
        self.assertIn("is for 'b', not for this node, 'a'", self.refused({**off_loopback, "tls": pki.of("b")}))
        self.assertIn("is not vouched for by cluster.tls.ca", self.refused({**off_loopback, "tls": {**foreign.of("a"), "ca": pki.of("a")["ca"]}}))
        self.assertIn("is not the key of", self.refused({**off_loopback, "tls": {**pki.of("a"), "key": pki.of("b")["key"]}}))
        self.assertIn("'a', is not among them", self.refused({"listen": "127.0.0.1:0", "members": ["b", "c"]}))
        self.assertIn("cluster.listen: is required in a cluster", self.refused({"seeds": ["127.0.0.1:1"]}))

    def test_a_node_that_finds_nobody_serves_after_three_seconds(self):
        yard = Yard({"node": {"name": "a"}, "cluster": {"listen": "127.0.0.1:0", "seeds": ["127.0.0.1:1"]}}, "--threads", "1")
        ready = lambda: http("GET", yard.url + "/readyz")
        try:
            self.assertEqual(ready()[0], 503)
            self.assertEqual(ready()[2], b"joining\n")
            wait_until(lambda: ready()[0] == 200, 4, "it is ready")
            self.assertEqual([row["name"] for row in yard.get_admin("/admin/v1/nodes")["nodes"]], ["a"])
        finally:
            self.assertEqual(yard.stop(), 0)

    def test_a_node_with_another_name_in_its_certificate_or_of_another_cluster_stays_outside(self):
        nodes = Nodes(["a", "b"], name="one")
        try:
            nodes.form()
            stranger = Yard({"node": {"name": "b2"}, "cluster": {"name": "two", "listen": "127.0.0.1:0", "seeds": [f"127.0.0.1:{nodes.ports['a']}"],
                                                                "tls": (nodes.certificates.make("b2"), nodes.certificates.of("b2"))[1]}}, "--threads", "1")
            wait_until(lambda: "it belongs to another cluster" in nodes.yards["a"].process.output() + stranger.process.output(), 5, "it is refused")
            self.assertEqual(nodes.view("a"), {"a": "alive", "b": "alive"})
            stranger.stop()
        finally:
            nodes.stop()


MAY_MOUNT = os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(MAY_MOUNT, "a hosts file of the nodes' own needs a mount namespace")
class Discovery(unittest.TestCase):
    def test_one_name_that_leads_to_all_nodes_is_seed_enough(self):
        """As a headless service: every node is given the same name and port, and finds its own address among those it leads to."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-e2e-"))
        self.addCleanup(shutil.rmtree, folder, True)
        names = {"a": "127.0.0.11", "b": "127.0.0.12", "c": "127.0.0.13"}
        certificates = Certificates(*names)
        self.addCleanup(certificates.remove)
        hosts = folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} yard.example\n" for address in names.values()))
        with socket.socket() as listener:
            listener.bind((names["a"], 0))
            port = listener.getsockname()[1]
        nodes = {}
        for name, address in names.items():
            (folder / name).mkdir()
            config = folder / name / "c.json"
            config.touch(0o600)
            config.write_text(json.dumps({"node": {"name": name}, "cluster": {"listen": f"{address}:{port}", "seeds": [f"yard.example:{port}"], "tls": certificates.of(name)}}))
            nodes[name] = Process(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts), str(BIN / "switchyard"), "--config", str(config),
                                   "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir", str(folder / name / "data"), "--threads", "1"],
                                  folder / name, r"listening data=(\S+) admin=(\S+)")
            self.addCleanup(nodes[name].terminate)
        view = lambda name: {row["name"]: row["state"] for row in json.loads(http("GET", f"http://{nodes[name].match.group(2)}/admin/v1/nodes")[2])["nodes"]}
        took = wait_until(lambda: all(view(name) == dict.fromkeys(names, "alive") for name in names), 12, "all have found each other")
        print(f"three nodes with one name for a seed have found each other after {took:.1f} s", flush=True)


class Idle(unittest.TestCase):
    def test_an_idle_node_of_three_takes_next_to_nothing(self):
        nodes = Nodes(["a", "b", "c"])
        try:
            nodes.form()
            wait_until(lambda: all(http("GET", yard.url + "/readyz")[0] == 200 for yard in nodes.yards.values()), 10, "all are ready")
            span = 10
            before = {name: cpu_seconds(yard.process.pid) for name, yard in nodes.yards.items()}
            time.sleep(span)
            used = {name: (cpu_seconds(yard.process.pid) - before[name]) / span for name, yard in nodes.yards.items()}
            print("idle nodes use " + ", ".join(f"{name} {100 * share:.2f} %" for name, share in used.items()) + " of a core", flush=True)
            self.assertLess(max(used.values()), 0.03)         # of a machine that may be busy; the figure is printed
        finally:
            nodes.stop()


if __name__ == "__main__":
    unittest.main()
