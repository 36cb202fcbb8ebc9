"""What all nodes of a cluster hold alike: what providers say about keys, the configuration, virtual keys, and the ledger's rows on a second disk."""
import json
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from yard import BIN, Sim, Yard, http, key, provider, secret, wait_until

KEYS = "/admin/v1/virtual-keys"
PRICES = {"small": {"input": 100, "output": 400}}


def bearer(value):
    return {"authorization": "Bearer " + value}


class Yards:
    """Three nodes on loopback with one provider of two keys, each with a folder that outlives it."""

    def __init__(self, names=("a", "b", "c"), environment=None):
        self.names, self.environment = list(names), environment
        self.sim = Sim()
        self.data = {name: tempfile.mkdtemp(prefix="switchyard-e2e-data-") for name in names}
        self.ports, self.yards = {}, {}
        for name in names:
            self.start(name)
        for name in names:
            wait_until(lambda: http("GET", self.yards[name].url + "/readyz")[0] == 200, 10, name + " is ready")

    def shared(self, **more):
        """The sections that all nodes have alike."""
        return {"providers": {"openai": provider(self.sim.url, key("one"), key("two"), prices=PRICES)}, **more}

    def config_of(self, name, **more):
        seeds = [f"127.0.0.1:{port}" for other, port in self.ports.items() if other != name]
        cluster = {"listen": f"127.0.0.1:{self.ports.get(name, 0)}", "members": self.names, "seeds": seeds}
        return {"node": {"name": name}, "cluster": cluster, **self.shared(**more)}

    def start(self, name):
        yard = Yard(self.config_of(name), "--threads", "1", environment=self.environment, data_dir=self.data[name])
        self.ports[name] = int(re.search(r"cluster=\S+:(\d+)", yard.process.out_path.read_text()).group(1))
        self.yards[name] = yard
        return yard

    def stop(self):
        for yard in self.yards.values():
            if yard.process.alive():
                yard.stop()
        self.sim.stop()
        for folder in self.data.values():
            shutil.rmtree(folder, ignore_errors=True)

    def keys_of(self, name):
        return {row["key"]: row for row in self.yards[name].get_admin("/admin/v1/keys")["keys"]}

    def admin(self, name, method, path, body=None, headers=None):
        status, answered, answer = http(method, self.yards[name].admin + path, body, headers)
        return status, answered, json.loads(answer)

    def apply(self, name, text, headers=None):
        status, answered, answer = self.admin(name, "PUT", "/admin/v1/config", text.encode() if isinstance(text, str) else text, headers)
        return status, answer

    def effective(self, name):
        return self.yards[name].get_admin("/admin/v1/config")

    def routes_of(self, name):
        return [route["name"] for route in self.effective(name)["routes"]]


class Base(unittest.TestCase):
    def setUp(self):
        self.nodes = Yards()
        self.addCleanup(self.nodes.stop)

    def at(self, name):
        return self.nodes.yards[name]


class SharedHealth(Base):
    def said_on_one_node(self, fault, why):
        sim = self.nodes.sim
        sim.faults({"kind": fault["kind"], "key": secret("one"), "next": 1, **fault})
        while sim.requests(secret("one")) == 0:
            self.assertEqual(self.at("a").chat(model="openai/small")[0], 200)
        took = wait_until(lambda: all(self.nodes.keys_of(n)["one"]["parked"] for n in ("b", "c")), 3, "the key is parked on the others")
        self.assertLess(took, 1)
        print(f"what a provider said is known to the other nodes after {took * 1000:.0f} ms", flush=True)
        for name in ("a", "b", "c"):
            self.assertEqual(self.nodes.keys_of(name)["one"]["parked_for"], why)
        asked = sim.requests(secret("one"))
        for _ in range(40):
            for name in ("b", "c"):
                status, headers, _ = self.at(name).chat(model="openai/small")
                self.assertEqual((status, headers["x-switchyard-key"]), (200, "two"))
        self.assertEqual(sim.requests(secret("one")), asked)
        self.assertIn("as another node was told", self.at("b").process.output())

    def test_a_429_that_one_node_saw_keeps_all_from_the_key_until_its_time_is_over(self):
        begun = time.monotonic()
        self.said_on_one_node({"kind": "rate_limited", "retry_after_s": 7}, "retry_after")
        wait_until(lambda: self.at("b").chat(model="openai/small")[1]["x-switchyard-key"] == "one", 15, "the key is back on b")
        self.assertGreater(time.monotonic() - begun, 6.5)

    def test_a_refused_credential_is_refused_for_all(self):
        self.said_on_one_node({"kind": "unauthorized"}, "unauthorized")

    def test_a_new_credential_of_a_refused_key_is_used_on_all_nodes(self):
        self.said_on_one_node({"kind": "unauthorized"}, "unauthorized")
        shared = self.nodes.shared()
        shared["providers"]["openai"]["keys"][0]["value"] = secret("renewed")
        self.assertEqual(self.nodes.apply("c", shared)[0], 200)
        for name in ("a", "b", "c"):
            wait_until(lambda: not self.nodes.keys_of(name)["one"]["parked"], 3, "unparked on " + name)
        for _ in range(40):                            # what was said of the old one does not come back
            for name in ("a", "b", "c"):
                self.assertEqual(self.at(name).chat(model="openai/small")[0], 200)
                self.assertFalse(self.nodes.keys_of(name)["one"]["parked"])


    def test_what_one_node_measured_weighs_on_nodes_that_made_no_call(self):
        self.nodes.sim.faults({"kind": "latency", "key": secret("one"), "latency_ms": 80})
        while self.nodes.sim.requests(secret("one")) < 5 or self.nodes.sim.requests(secret("two")) < 5:
            self.assertEqual(self.at("a").chat(model="openai/small")[0], 200)
        took = wait_until(lambda: all(self.nodes.keys_of(name)["one"]["effective_weight"] < 0.5 for name in ("b", "c")), 10, "the slow key weighs less on the others")
        print(f"what one node measured weighs on the others after {took:.1f} s", flush=True)
        self.at("c").stop()
        self.nodes.start("c")                          # it begins with what is known
        wait_until(lambda: self.nodes.keys_of("c")["one"]["effective_weight"] < 0.5, 10, "the slow key weighs less on the new node")
        for name in ("b", "c"):
            self.assertEqual(self.nodes.keys_of(name)["two"]["effective_weight"], 1)
            self.assertEqual(self.nodes.keys_of(name)["one"]["calls"], 0)


class SharedConfig(Base):
    def route(self, name):
        return {"name": name, "stages": [{"balance": {"targets": ["openai/small"]}}]}

    def test_what_one_node_applies_is_in_force_on_all_and_stays_over_a_restart(self):
        listens = {name: self.nodes.effective(name)["server"]["listen"] for name in self.nodes.names}
        status, answer = self.nodes.apply("b", {"node": {"name": "x"}, "server": {"listen": "127.0.0.1:1"}, **self.nodes.shared(routes=[self.route("fresh")])})
        self.assertEqual(status, 200, answer)
        self.assertEqual(sorted(answer["passed_over"]), ["node", "server"])
        wait_until(lambda: all("fresh" in self.nodes.routes_of(name) for name in self.nodes.names), 3, "in force on all")
        for name in self.nodes.names:
            self.assertEqual(self.nodes.effective(name)["node"]["name"], name)
            self.assertEqual(self.nodes.effective(name)["server"]["listen"], listens[name])
            self.assertEqual(self.at(name).chat(model="fresh")[0], 200)
        self.at("c").stop()
        self.nodes.start("c")                          # its file knows no such route
        wait_until(lambda: "fresh" in self.nodes.routes_of("c"), 5, "the committed text goes before the file")

    def test_if_match_and_the_command(self):
        status, headers, _ = http("GET", self.at("a").admin + "/admin/v1/config")
        version = headers.get("etag", headers.get("Etag"))
        self.assertEqual(version, '"0"')
        status, answer = self.nodes.apply("a", self.nodes.shared(routes=[self.route("one")]), {"if-match": version})
        self.assertEqual(status, 200, answer)
        status, answer = self.nodes.apply("b", self.nodes.shared(routes=[self.route("two")]), {"if-match": version})
        self.assertEqual(status, 412, answer)
        file = self.at("a").folder + "/applied.json"
        with open(file, "w") as out:
            json.dump(self.nodes.shared(routes=[self.route("three")]), out)
        done = subprocess.run([str(BIN / "switchyardctl"), "--url", self.at("b").admin, "config", "apply", file], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("version 2-", done.stdout)
        wait_until(lambda: all(self.nodes.routes_of(name) == ["three"] for name in self.nodes.names), 3, "in force on all")

    def test_a_mistake_is_refused_with_its_place_and_changes_nothing(self):
        before = [self.nodes.effective(name) for name in self.nodes.names]
        status, answer = self.nodes.apply("a", "cache:\n  max_entriez: 5\n")
        self.assertEqual(status, 400)
        self.assertIn("config:2:3: cache.max_entriez: unknown key", answer["error"]["message"])
        status, answer = self.nodes.apply("a", "providers:\n  openai:\n    keys:\n      - {name: one, value: env.NOBODY_HAS_THIS}\n")
        self.assertEqual(status, 400)
        self.assertIn("config:4:", answer["error"]["message"])
        self.assertEqual(before, [self.nodes.effective(name) for name in self.nodes.names])

    def test_a_node_that_cannot_apply_it_is_shown_with_the_reason_until_it_can(self):
        nodes = Yards(environment={"ONLY_THERE": secret("one")})
        self.addCleanup(nodes.stop)
        nodes.yards["c"].process.kill()
        shared = nodes.shared(routes=[self.route("fresh")])
        shared["providers"]["openai"]["keys"][0]["value"] = "env.ONLY_THERE"
        status, answer = nodes.apply("a", shared)
        self.assertEqual(status, 200, answer)
        nodes.environment = None
        nodes.start("c")
        problem = lambda asked, of: {row["name"]: row.get("config_problem") for row in nodes.yards[asked].get_admin("/admin/v1/nodes?scope=cluster")["nodes"]}[of]
        wait_until(lambda: problem("a", "c"), 10, "a shows that c cannot apply it")
        self.assertIn("the environment variable ONLY_THERE is not set", problem("a", "c"))
        self.assertIsNone(problem("a", "b"))
        self.assertEqual(nodes.yards["c"].get_admin("/admin/v1/status")["config_problem"], problem("b", "c"))
        for command in ("nodes", "status"):
            shown = subprocess.run([str(BIN / "switchyardctl"), "--url", nodes.yards["b"].admin, command], capture_output=True, text=True, timeout=30, check=True).stdout
            self.assertRegex(shown, r"c cannot apply the cluster's configuration and goes on with its old one:\n  .*ONLY_THERE is not set")
        self.assertEqual(nodes.yards["c"].chat(model="openai/small")[0], 200)
        status, answer = nodes.apply("b", nodes.shared(routes=[self.route("mended")]))
        self.assertEqual(status, 200, answer)
        wait_until(lambda: "mended" in nodes.routes_of("c") and problem("a", "c") is None, 10, "c is with the others again")

    def test_a_minority_refuses(self):
        for name in ("b", "c"):
            self.at(name).process.kill()
        status, answer = self.nodes.apply("a", self.nodes.shared(routes=[self.route("alone")]))
        self.assertEqual(status, 503)
        self.assertIn("needs a majority of 3", answer["error"]["message"])
        self.assertNotIn("alone", self.nodes.routes_of("a"))

    def test_a_changed_file_and_sighup_reach_all_nodes(self):
        config = self.nodes.config_of("a", routes=[self.route("by-file")])
        config["server"] = {"request_timeout": "77s"}
        self.at("a").reload(config)
        wait_until(lambda: all("by-file" in self.nodes.routes_of(name) for name in self.nodes.names), 5, "in force on all")
        wait_until(lambda: self.nodes.effective("a")["server"]["request_timeout"] == "77s", 3, "a's own section")
        self.assertNotEqual(self.nodes.effective("b")["server"]["request_timeout"], "77s")
        wait_until(lambda: "the new configuration is in force" in self.at("a").process.output(), 3, "the reload is told")


class SharedVirtualKeys(Base):
    def make(self, name, key_name, **terms):
        status, _, answer = self.nodes.admin(name, "POST", KEYS, {"name": key_name, **terms})
        self.assertEqual(status, 201, answer)
        return answer["key"]

    def wait_for(self, key_name, *nodes):
        """Until a node has a key, it takes any credential."""
        return wait_until(lambda: all(self.nodes.admin(n, "GET", f"{KEYS}/{key_name}")[0] == 200 for n in nodes), 3, f"{key_name} is known")

    def status(self, name, value):
        return self.at(name).chat(model="openai/small", headers=bearer(value))[0]

    def test_a_key_made_on_one_node_works_on_all_and_is_revoked_on_all(self):
        value = self.make("a", "team")
        took = self.wait_for("team", "b", "c")
        self.assertLess(took, 1)
        print(f"a key is known to the other nodes after {took * 1000:.0f} ms", flush=True)
        self.assertEqual([self.status(name, value) for name in self.nodes.names], [200, 200, 200])
        self.assertEqual(self.status("c", "sy-nonsense"), 401)
        status, _, answer = self.nodes.admin("b", "PATCH", KEYS + "/team", {"tags": {"team": "red"}})
        self.assertEqual(status, 200, answer)
        wait_until(lambda: self.nodes.admin("a", "GET", KEYS + "/team")[2]["tags"] == {"team": "red"}, 1, "changed on a")
        self.assertEqual(self.nodes.admin("a", "DELETE", KEYS + "/team")[0], 200)
        took = wait_until(lambda: self.status("b", value) == 401 and self.status("c", value) == 401, 3, "it is refused on the others")
        self.assertLess(took, 1)
        print(f"a revoked key is refused on the other nodes after {took * 1000:.0f} ms", flush=True)
        self.at("c").stop()
        self.nodes.start("c")
        self.assertEqual(self.status("c", value), 401)

    def test_a_node_that_was_down_learns_what_was_revoked(self):
        value, other = self.make("a", "gone"), self.make("a", "stays")
        self.wait_for("gone", "b", "c")
        self.wait_for("stays", "b", "c")
        self.at("c").process.kill()
        self.assertEqual(self.nodes.admin("b", "DELETE", KEYS + "/gone")[0], 200)
        fresh = self.make("b", "fresh")
        self.nodes.start("c")
        took = wait_until(lambda: self.status("c", value) == 401 and self.status("c", fresh) == 200, 5, "c knows")
        self.assertLess(took, 3)
        self.assertEqual(self.status("c", other), 200)

    def test_rotation_on_one_node_ends_the_old_value_on_all(self):
        value = self.make("a", "team")
        self.wait_for("team", "b", "c")
        status, _, answer = self.nodes.admin("c", "POST", KEYS + "/team/rotate")
        self.assertEqual(status, 200, answer)
        wait_until(lambda: self.status("b", value) == 401 and self.status("b", answer["key"]) == 200, 1, "rotated on b")


class SharedLedger(Base):
    def verified(self):
        done = subprocess.run([str(BIN / "switchyardctl"), "--url", self.at("b").admin, "--json", "ledger", "verify", "--cluster"], capture_output=True, text=True, timeout=30)
        found = json.loads(done.stdout)
        return done.returncode, found, {one["node"]: one for one in found["ledgers"]}

    def test_each_nodes_rows_are_on_another_disk_within_a_second_and_the_command_says_so(self):
        for _ in range(70):
            for name in ("a", "c"):
                self.assertEqual(self.at(name).chat(model="openai/small")[0], 200)
        took = wait_until(lambda: all(self.verified()[2].get(name, {}).get("copied") == 70 for name in ("a", "c")), 3, "copied")
        self.assertLess(took, 1.5)
        print(f"rows are on another disk after {took * 1000:.0f} ms", flush=True)
        code, found, ledgers = self.verified()
        self.assertEqual((code, found["ok"]), (0, True), found)
        for name in ("a", "c"):
            self.assertEqual((ledgers[name]["rows"], ledgers[name]["waiting"], ledgers[name]["missing"], ledgers[name]["compared"]), (70, 0, 0, 64))

    def test_rows_of_a_node_that_is_gone_are_still_there_and_its_next_life_names_others(self):
        for _ in range(20):
            self.assertEqual(self.at("a").chat(model="openai/small")[0], 200)
        wait_until(lambda: self.verified()[2].get("a", {}).get("copied") == 20, 3, "copied")
        self.at("a").process.kill()
        copies = [row for name in ("b", "c") for row in self.at(name).get_admin("/admin/v1/ledger/copies")["copies"] if row["of"] == "a"]
        self.assertEqual([(row["first"], row["last"]) for row in copies], [(1, 20)])
        self.nodes.start("a")
        for _ in range(5):
            self.assertEqual(self.at("a").chat(model="openai/small")[0], 200)
        wait_until(lambda: self.verified()[2].get("a", {}).get("copied") == 25, 5, "both lives are copied")

    def lose_disk_of(self, name, rows):
        for _ in range(rows):
            self.assertEqual(self.at(name).chat(model="openai/small")[0], 200)
        wait_until(lambda: self.verified()[2].get(name, {}).get("copied") == rows, 5, "copied")
        total = self.at(name).get_admin("/admin/v1/spend?by=model")["total"]
        self.at(name).process.kill()
        shutil.rmtree(self.nodes.data[name])
        return total

    def test_a_node_whose_disk_was_lost_gets_its_rows_back_from_the_others(self):
        before = self.lose_disk_of("a", 30)
        command = [str(BIN / "switchyardctl"), "--url", self.at("b").admin, "ledger", "restore", "--node", "a", "--data-dir", self.nodes.data["a"]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("restored 30 rows", done.stdout)
        self.nodes.start("a")
        self.assertEqual(self.at("a").get_admin("/admin/v1/spend?by=model")["total"], before)
        checked = subprocess.run([str(BIN / "switchyardctl"), "--url", self.at("a").admin, "ledger", "verify"], capture_output=True, text=True, timeout=30)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        for _ in range(5):
            self.assertEqual(self.at("a").chat(model="openai/small")[0], 200)
        wait_until(lambda: self.verified()[2].get("a", {}).get("copied") == 35, 5, "new rows are copied, too")
        self.assertEqual(subprocess.run(command, capture_output=True, timeout=30).returncode, 1)   # it runs

    def test_rows_that_only_others_have_are_told(self):
        self.lose_disk_of("a", 20)
        self.nodes.start("a")
        wait_until(lambda: self.verified()[2].get("a", {}).get("elsewhere") == 20, 5, "it is told that they are on others alone")
        shown = subprocess.run([str(BIN / "switchyardctl"), "--url", self.at("b").admin, "ledger", "verify", "--cluster"], capture_output=True, text=True, timeout=30)
        self.assertEqual(shown.returncode, 0)
        self.assertIn("a: 20 rows of earlier lives are on other nodes alone", shown.stderr)


if __name__ == "__main__":
    unittest.main()
