"""Starting, reloading and stopping a node under load."""
import asyncio
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from load import Load, chat_body, request_bytes
from yard import BIN, Sim, Yard, http, key, provider, secret, wait_until


class Stopping(unittest.TestCase):
    def test_sigterm_finishes_streams_in_flight_and_exits_0(self):
        sim = Sim()
        sim.pace(tokens_per_second=20)
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))}})

        async def scenario():
            # Opened before the signal, so that it is there to ask while nothing new is accepted.
            probe_reader, probe = await asyncio.open_connection(*yard.endpoint)
            reader, writer = await asyncio.open_connection(*yard.endpoint)
            writer.write(request_bytes(chat_body("A story", stream=True, max_tokens=30, min_tokens=30)))
            await reader.readuntil(b"data: ")
            yard.process.child.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
            ready = await asyncio.to_thread(self.ready_status, yard)
            rest = await asyncio.wait_for(reader.read(), 10)
            probe.close()
            return ready, rest
        ready, rest = asyncio.run(scenario())
        self.assertIn(b"[DONE]", rest)
        self.assertTrue(rest.endswith(b"0\r\n\r\n"))
        self.assertIn(ready, (503, "refused"))
        self.assertEqual(yard.process.child.wait(10), 0)
        yard.stop()
        sim.stop()

    @staticmethod
    def ready_status(yard):
        """/readyz on the admin port, which outlives the data port while draining."""
        try:
            return http("GET", yard.admin + "/readyz", timeout=2)[0]
        except OSError:
            return "refused"

    def test_draining_turns_readyz_503_while_healthz_stays_200(self):
        sim = Sim()
        sim.pace(latency_ms=1500)
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))}})
        self.assertEqual(http("GET", yard.url + "/readyz")[0], 200)
        self.assertEqual(http("GET", yard.url + "/healthz")[0], 200)

        async def scenario():
            asking = asyncio.create_task(asyncio.to_thread(yard.chat))
            await asyncio.to_thread(wait_until, lambda: sim.total()["in_flight"] == 1, 5, "in flight")
            yard.process.child.send_signal(signal.SIGTERM)
            await asyncio.to_thread(wait_until, lambda: http("GET", yard.admin + "/readyz")[0] == 503, 1, "readyz is 503")
            self.assertEqual(http("GET", yard.admin + "/healthz")[0], 200)
            return await asking
        self.assertEqual(asyncio.run(scenario())[0], 200)
        self.assertEqual(yard.process.child.wait(10), 0)
        yard.stop()
        sim.stop()

    def test_what_does_not_finish_within_the_drain_timeout_is_cut(self):
        sim = Sim(setup={"faults": [{"kind": "blackhole"}]})
        yard = Yard({"server": {"drain_timeout": "500ms"}, "providers": {"openai": provider(sim.url, key("one"))}})

        async def scenario():
            reader, writer = await asyncio.open_connection(*yard.endpoint)
            writer.write(request_bytes(chat_body()))
            await asyncio.to_thread(wait_until, lambda: sim.total()["in_flight"] == 1, 5, "in flight")
            start = time.monotonic()
            yard.process.child.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(yard.process.child.wait, 10)
            writer.close()
            return code, time.monotonic() - start
        code, took = asyncio.run(scenario())
        self.assertEqual(code, 0)
        self.assertLess(took, 3)
        yard.stop()
        sim.stop()


class Reloading(unittest.TestCase):
    def setUp(self):
        self.sim = Sim()
        self.config = {"providers": {"openai": provider(self.sim.url, key("one"))}}
        self.yard = Yard(self.config)

    def tearDown(self):
        code = self.yard.stop()
        self.sim.stop()
        self.assertEqual(code, 0)

    def test_reloads_under_load_fail_no_request(self):
        async def scenario():
            load = Load(self.yard.endpoint, connections=8)
            running = asyncio.create_task(load.run())
            for i in range(10):
                names = ("one", "two") if i % 2 == 0 else ("one",)
                self.yard.reload({"providers": {"openai": provider(self.sim.url, *(key(n) for n in names))}})
                await asyncio.sleep(0.15)
            load.stop.set()
            await running
            return load
        load = asyncio.run(scenario())
        self.assertEqual(load.failed, 0, load.failures)
        self.assertGreater(self.sim.requests(secret("two")), 0)

    def test_a_reload_takes_effect(self):
        self.assertEqual(self.yard.chat(model="medium-2")[0], 404)
        self.config["providers"]["openai"]["keys"].append({**key("new"), "models": ["medium-2"]})
        self.yard.reload(self.config)
        wait_until(lambda: self.yard.chat(model="medium-2")[0] == 200, 3, "the new model is served")

    def test_a_bad_reload_keeps_the_old_config_and_says_where(self):
        for bad in ("providers: [", "providers:\n  openai:\n    kyes: []\n", '{"providers": {"openai": {"base_url": "ftp://x", "keys": []}}}', "\x00\xff"):
            with self.subTest(bad):
                self.yard.reload(bad)
                for _ in range(10):
                    self.assertEqual(self.yard.chat()[0], 200)
        wait_until(lambda: "config.yaml:" in self.yard.process.output(), 2, "the log names the place")
        self.assertIn("did you mean", self.yard.process.output())
        self.assertTrue(self.yard.process.alive())


class Starting(unittest.TestCase):
    def run_switchyard(self, *arguments):
        return subprocess.run([str(BIN / "switchyard"), *arguments], capture_output=True, text=True, timeout=10)

    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "c.yaml"
            path.write_text(text)
            path.chmod(0o600)
            return self.run_switchyard("--config", str(path), "--check")

    def test_wrong_config_exits_2_and_lists_every_problem_with_its_place(self):
        done = self.check("server:\n  listne: 127.0.0.1:0\nproviders:\n  openai:\n    keys:\n      - {name: a, value: x, weight: -1}\n")
        self.assertEqual(done.returncode, 2)
        said = done.stdout + done.stderr
        self.assertRegex(said, r"c\.yaml:2:3.*listne")
        self.assertIn("listen", said)
        self.assertRegex(said, r"c\.yaml:6:\d+.*weight")

    def test_right_config_checks_0(self):
        self.assertEqual(self.check("providers:\n  openai:\n    keys: [{name: a, value: x}]\n").returncode, 0)

    def test_a_stage_whose_models_are_not_there_exits_2_and_names_them(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "c.yaml"
            path.write_text("providers: {openai: {keys: [{name: a, value: x, models: [small]}]}}\nroutes: [{name: auto, stages: [{guard: {pii: flag}}, {balance: {targets: [openai/small]}}]}]\n")
            path.chmod(0o600)
            done = subprocess.run([str(BIN / "switchyard"), "--config", str(path), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir", folder + "/data"],
                                  capture_output=True, text=True, timeout=10, env={**os.environ, "SWITCHYARD_MODELS": folder})
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, r"switchyard: route auto: the stage 'guard' needs .*No such file")

    def test_wrong_usage_exits_2_and_version_exits_0(self):
        self.assertEqual(self.run_switchyard("--no-such-option").returncode, 2)
        self.assertEqual(self.run_switchyard("--config", "/does/not/exist").returncode, 2)
        version = self.run_switchyard("--version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"\d+\.\d+\.\d+")

    def test_a_taken_port_exits_1_and_names_the_address(self):
        sim = Sim()
        try:
            done = self.run_switchyard("--listen", sim.address, "--admin-listen", "127.0.0.1:0", "--data-dir", tempfile.mkdtemp())
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(sim.port), done.stdout + done.stderr)
        finally:
            sim.stop()


if __name__ == "__main__":
    unittest.main()
