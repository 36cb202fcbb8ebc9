"""A failing key, endpoint or provider costs clients nothing while another can serve."""
import asyncio
import time
import unittest

from load import Load, chat_body
from yard import Sim, Yard, key, provider, secret, wait_until

OPEN_FOR = 2


class KilledEndpoint(unittest.TestCase):
    def test_killing_one_of_two_endpoints_fails_no_request_and_it_recovers(self):
        lasting, dying = Sim(), Sim()
        port = dying.port
        yard = Yard({"providers": {"openai": provider(lasting.url, key("lasting"), key("dying", url=dying.url), breaker={
            "failure_rate": 0.5, "min_requests": 5, "window": "10s", "open_for": f"{OPEN_FOR}s", "max_open_for": "30s", "half_open_probes": 2})}})
        state = lambda: yard.metric("switchyard_breaker_state", key="dying")

        async def scenario():
            load = Load(yard.endpoint, connections=16)
            running = asyncio.create_task(load.run())
            await asyncio.sleep(0.5)
            dying.kill()
            opened = await asyncio.to_thread(wait_until, lambda: state() == 2, 3, "breaker open")
            await asyncio.sleep(1)
            back = Sim(port=port)
            closed = await asyncio.to_thread(wait_until, lambda: state() == 0, 10, "breaker closed")
            await asyncio.to_thread(wait_until, lambda: back.requests() > 50, 5, "traffic is back")
            load.stop.set()
            await running
            return load, opened, closed, back
        try:
            load, opened, closed, back = asyncio.run(scenario())
            self.assertEqual(load.failed, 0, load.failures)
            self.assertLessEqual(opened, 1.0)
            self.assertLessEqual(closed, OPEN_FOR + 2)
            back.stop()
        finally:
            code = yard.stop()
            lasting.stop()
        self.assertEqual(code, 0)


class Failures(unittest.TestCase):
    """Two providers and a route from one to the other."""

    def setUp(self):
        self.first, self.second = Sim(), Sim()
        self.yard = Yard({
            "providers": {"alpha": provider(self.first.url, key("a1"), key("a2"), timeouts={"connect": "500ms", "first_byte": "1s", "idle": "1s"}),
                          "beta": provider(self.second.url, key("b1"))},
            "routes": [{"name": "auto", "stages": [{"balance": {"strategy": "weighted", "targets": ["alpha/small"]}}, {"fallback": ["beta/small"]}]}]})

    def tearDown(self):
        code = self.yard.stop()
        self.first.stop()
        self.second.stop()
        self.assertEqual(code, 0)

    def test_a_failing_provider_falls_back_to_the_next_target(self):
        for fault in ({"kind": "status", "status": 500}, {"kind": "status", "status": 503}, {"kind": "reset"}, {"kind": "malformed_json"},
                      {"kind": "rate_limited"}, {"kind": "blackhole"}):
            with self.subTest(fault):
                self.first.faults(fault)
                status, headers, body = self.yard.chat(model="auto")
                self.assertEqual(status, 200, body)
                self.assertEqual(headers["x-switchyard-provider"], "beta")

    def test_fallbacks_in_the_body_are_taken(self):
        self.first.faults({"kind": "status", "status": 500})
        status, headers, body = self.yard.chat(model="alpha/small", fallbacks=["beta/medium"])
        self.assertEqual(status, 200, body)
        self.assertEqual((headers["x-switchyard-provider"], headers["x-switchyard-model"].split("/")[-1]), ("beta", "medium"))
        self.assertGreater(int(headers["x-switchyard-attempts"]), 1)
        self.assertNotIn("fallbacks", self.second.received(bodies=True)["requests"][-1]["body"])

    def test_a_400_about_the_request_is_not_tried_elsewhere(self):
        self.assertEqual(self.yard.chat(model="auto", temperature=9)[0], 400)
        self.assertEqual(self.first.requests(), 1)
        self.assertEqual(self.second.requests(), 0)

    def test_a_401_parks_the_key_and_the_other_serves(self):
        self.first.faults({"kind": "unauthorized", "key": secret("a1")})
        for _ in range(40):
            status, headers, _ = self.yard.chat(model="alpha/small")
            self.assertEqual((status, headers["x-switchyard-key"]), (200, "a2"))
        self.assertLessEqual(self.first.requests(secret("a1")), 2)

    def test_an_exhausted_quota_parks_the_key_after_one_attempt(self):
        self.first.faults({"kind": "insufficient_quota", "key": secret("a1")})
        for _ in range(40):
            self.assertEqual(self.yard.chat(model="alpha/small")[0], 200)
        self.assertLessEqual(self.first.requests(secret("a1")), 2)

    def test_a_limited_key_rests_for_its_retry_after(self):
        self.first.faults({"kind": "rate_limited", "key": secret("a1"), "retry_after_s": 2, "next": 1})
        start = time.monotonic()
        while self.first.requests(secret("a1")) == 0:
            self.assertEqual(self.yard.chat(model="alpha/small")[0], 200)
        for _ in range(30):
            self.assertEqual(self.yard.chat(model="alpha/small")[1]["x-switchyard-key"], "a2")
        wait_until(lambda: self.yard.chat(model="alpha/small")[1]["x-switchyard-key"] == "a1", 10, "the key is back")
        self.assertGreaterEqual(time.monotonic() - start, 1.8)

    def test_an_error_as_the_first_event_of_a_stream_is_a_failure_not_an_answer(self):
        self.first.faults({"kind": "stream_error"})
        for _ in range(10):
            status, headers, body = self.yard.chat(model="auto", stream=True)
            self.assertEqual(status, 200)
            self.assertEqual(headers["x-switchyard-provider"], "beta")
            self.assertIn(b"[DONE]", body)
            self.assertNotIn(b'"error"', body)

    def test_after_content_has_gone_out_nothing_is_tried_again(self):
        self.first.faults({"kind": "reset", "after_events": 6})
        for _ in range(3):
            _, headers, body = self.yard.chat(model="auto", stream=True)
            self.assertEqual(headers["x-switchyard-provider"], "alpha")
            self.assertIn(b'"error"', body)
            self.assertNotIn(b"[DONE]", body)
        self.assertEqual(self.second.requests(), 0)


class TotalOutage(unittest.TestCase):
    def test_a_total_outage_is_not_amplified(self):
        sim = Sim()
        yard = Yard({"providers": {"openai": provider(sim.url, key("a"), key("b"), breaker={"min_requests": 10, "open_for": "1s", "max_open_for": "5s"})}})
        try:
            sim.faults({"kind": "status", "status": 500})
            load = asyncio.run(Load(yard.endpoint, chat_body(), connections=8).run(1000))
            self.assertEqual(load.statuses[200], 0)
            self.assertLessEqual(sim.requests() / load.sent, 1.2)
            self.assertLessEqual(sim.requests(), 100, "the breakers should have kept most requests from the provider")
            sim.faults()
            wait_until(lambda: yard.chat()[0] == 200, 12, "recovered by itself")
        finally:
            code = yard.stop()
            sim.stop()
        self.assertEqual(code, 0)

    def test_half_failing_providers_are_not_retried_beyond_the_budget(self):
        sim = Sim()
        yard = Yard({"providers": {"openai": provider(sim.url, key("a"), key("b"), breaker={"failure_rate": 1.0, "min_requests": 100000})}})
        try:
            sim.faults({"kind": "status", "status": 500, "probability": 0.5}, seed=7)
            load = asyncio.run(Load(yard.endpoint, chat_body(), connections=8).run(2000))
            self.assertLessEqual(sim.requests() / load.sent, 1.25)
            self.assertGreater(load.statuses[200], 900)
        finally:
            code = yard.stop()
            sim.stop()
        self.assertEqual(code, 0)


if __name__ == "__main__":
    unittest.main()
