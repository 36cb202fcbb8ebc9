"""What operators see: the admin API, the metrics, the command line."""
import json
import os
import subprocess
import time
import unittest

from yard import BIN, CANARY, Sim, Yard, http, key, provider, secret, wait_until


class Operators(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        cls.yard = Yard({
            "node": {"name": "yard-a"},
            "providers": {"openai": provider(cls.sim.url, key("one", weight=0.7), key("two", weight=0.3), prices={"small": {"input": 1, "output": 2}})},
            "routes": [{"name": "auto", "stages": [{"balance": {"strategy": "adaptive", "targets": ["openai/small"]}}, {"fallback": ["openai/large"]}]}]})
        for _ in range(20):
            assert cls.yard.chat(model="auto")[0] == 200
        assert cls.yard.chat(model="ghost")[0] == 404

    @classmethod
    def tearDownClass(cls):
        code = cls.yard.stop()
        cls.sim.stop()
        assert code == 0, code

    def ctl(self, *arguments, code=0, stdin=None):
        done = subprocess.run([str(BIN / "switchyardctl"), "--url", self.yard.admin, *arguments], capture_output=True, text=True, timeout=15, input=stdin)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn(CANARY, done.stdout + done.stderr)
        self.assertNotIn("\x1b[", done.stdout)
        return done.stdout

    def test_metrics_count_what_was_served(self):
        wait_until(lambda: self.yard.metric("switchyard_requests_total", provider="openai", code="200") >= 20, 3, "requests are counted")
        wait_until(lambda: self.yard.metric("switchyard_tokens_total", provider="openai", direction="output") > 20, 3, "tokens are counted")
        self.assertGreater(self.yard.metric("switchyard_cost_usd_total", provider="openai"), 0)
        text = self.yard.metrics()
        for name in ("switchyard_requests_total", "switchyard_request_duration_seconds_bucket", "switchyard_overhead_seconds_bucket",
                     "switchyard_upstream_duration_seconds", "switchyard_tokens_total", "switchyard_cost_usd_total", "switchyard_breaker_state",
                     "switchyard_key_weight", "switchyard_key_in_flight", "switchyard_build_info"):
            self.assertIn(name, text)
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) |[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eEinfNa]+$|$)')

    def test_cost_header_is_the_price_of_the_tokens(self):
        _, headers, body = self.yard.chat(model="openai/small")
        usage = json.loads(body)["usage"]
        expected = (usage["prompt_tokens"] * 1 + usage["completion_tokens"] * 2) / 1e6
        self.assertRegex(headers["x-switchyard-cost-usd"], r"^\d+\.\d{9}$")
        self.assertAlmostEqual(float(headers["x-switchyard-cost-usd"]), expected, delta=2e-9)

    def test_admin_answers_are_json_and_masked(self):
        for path in ("status", "providers", "keys", "breakers", "limits", "routes", "config", "decisions"):
            with self.subTest(path):
                shown = json.dumps(self.yard.get_admin("/admin/v1/" + path))
                self.assertNotIn(CANARY, shown)
        keys = json.dumps(self.yard.get_admin("/admin/v1/keys"))
        self.assertIn('"one"', keys)
        self.assertIn('"two"', keys)

    def test_status_shows_every_actor(self):
        shown = json.dumps(self.yard.get_admin("/admin/v1/status"))
        for kind in ("key", "breaker", "stage", "route", "ledger", "config", "supervisor"):
            self.assertIn(kind, shown)
        self.assertIn("mailbox", shown)

    def test_explain_decides_and_sends_nothing(self):
        before = self.sim.requests()
        status, _, body = http("POST", self.yard.admin + "/admin/v1/explain", {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]})
        self.assertEqual(status, 200, body)
        answer = json.loads(body)
        for field in ("route", "target", "reason", "stages", "candidates", "estimate", "took_us"):
            self.assertIn(field, answer)
        self.assertEqual(answer["route"], "auto")
        self.assertEqual({c["key"] for c in answer["candidates"]} & {"one", "two"}, {"one", "two"})
        self.assertEqual(self.sim.requests(), before)

    def test_a_decision_is_found_by_the_request_id_the_client_saw(self):
        request_id = self.yard.chat(model="auto")[1]["x-request-id"]
        url = self.yard.admin + "/admin/v1/decisions/" + request_id
        wait_until(lambda: http("GET", url)[0] == 200, 2, "the decision is kept")
        self.assertIn(request_id, http("GET", url)[2].decode())

    def test_events_and_dashboard_are_served(self):
        status, headers, page = http("GET", self.yard.admin + "/")
        self.assertEqual(status, 200)
        self.assertIn("text/html", {k.lower(): v for k, v in headers.items()}["content-type"])
        self.assertIn(b"<html", page.lower())

    def test_admin_port_serves_no_provider_traffic(self):
        self.assertEqual(http("POST", self.yard.admin + "/v1/chat/completions", {"model": "small", "messages": []})[0], 404)

    def test_cli_shows_status_keys_breakers_and_routes(self):
        for command in ("status", "keys", "breakers", "routes"):
            with self.subTest(command):
                self.assertTrue(self.ctl(command).strip())
                json.loads(self.ctl("--json", command))
        shown = self.ctl("keys")
        self.assertIn("one", shown)
        self.assertIn("two", shown)

    def test_cli_explains_a_prompt_and_reads_one_from_stdin(self):
        self.assertIn("openai/small", self.ctl("explain", "What is a railway switch?"))
        self.assertIn("target", json.loads(self.ctl("--json", "explain", "-", stdin="What is a railway switch?")))

    def test_cli_config_commands_work(self):
        json.loads(self.ctl("config", "schema"))
        self.assertIn("yard-a", self.ctl("config", "show"))
        self.ctl("config", "check", str(self.yard.config_path))
        bad = self.yard.config_path.with_name("bad.yaml")
        bad.write_text("provdiers: {}\n")
        self.ctl("config", "check", str(bad), code=2)
        example = self.yard.config_path.with_name("example.yaml")
        example.write_text(self.ctl("config", "example"))
        example.chmod(0o600)
        done = subprocess.run([str(BIN / "switchyard"), "--config", str(example), "--check"], capture_output=True, text=True, timeout=10,
                              env={**os.environ, "OPENAI_API_KEY": "x", "OPENAI_API_KEY_2": "x", "TEAM_A_KEY": "x", "ALICE_KEY": "y", "SWITCHYARD_ADMIN_TOKEN": "x",
                                   "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_cli_against_nothing_fails_with_1(self):
        done = subprocess.run([str(BIN / "switchyardctl"), "--url", "http://127.0.0.1:1", "status"], capture_output=True, text=True, timeout=10)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr)


class AdminToken(unittest.TestCase):
    def test_a_configured_token_is_needed(self):
        yard = Yard({"admin": {"token": secret("admin")}, "providers": {"openai": provider("http://127.0.0.1:1", key("one"))}})
        try:
            self.assertEqual(http("GET", yard.admin + "/admin/v1/status")[0], 401)
            self.assertEqual(http("GET", yard.admin + "/admin/v1/status", headers={"authorization": "Bearer wrong"})[0], 401)
            self.assertEqual(http("GET", yard.admin + "/admin/v1/status", headers={"authorization": "Bearer " + secret("admin")})[0], 200)
        finally:
            self.assertEqual(yard.stop(), 0)


class JsonLogs(unittest.TestCase):
    def test_json_log_lines_are_json_and_hold_no_secret(self):
        sim = Sim(setup={"faults": [{"kind": "unauthorized"}]})
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))}}, "--log-format", "json", "--log-level", "debug")
        try:
            for _ in range(3):
                yard.chat(headers={"authorization": f"Bearer {secret('client')}"})
            time.sleep(0.3)
            lines = [line for line in yard.process.err_path.read_text().splitlines() if line]
            self.assertTrue(lines)
            for line in lines:
                self.assertTrue(json.loads(line), line)
        finally:
            code = yard.stop()
            sim.stop()
        self.assertEqual(code, 0)


if __name__ == "__main__":
    unittest.main()
