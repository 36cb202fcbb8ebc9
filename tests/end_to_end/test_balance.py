"""Traffic goes where the weights, regions and limits say."""
import asyncio
import unittest

from load import Load, chat_body
from yard import Sim, Yard, http, key, provider, secret


class Balance(unittest.TestCase):
    def setUp(self):
        self.sim = Sim()

    def tearDown(self):
        self.sim.stop()

    def run_with(self, config, check):
        yard = Yard(config)
        try:
            check(yard)
        finally:
            code = yard.stop()
        self.assertEqual(code, 0)

    def test_70_30_weights_give_70_30_over_ten_thousand_requests(self):
        def check(yard):
            load = asyncio.run(Load(yard.endpoint).run(10_000))
            self.assertEqual(load.failed, 0, load.failures)
            seen = self.sim.received()["keys"]
            self.assertEqual(seen[secret("heavy")]["requests"] + seen[secret("light")]["requests"], 10_000)
            self.assertAlmostEqual(seen[secret("heavy")]["requests"] / 10_000, 0.70, delta=0.02)
        self.run_with({"providers": {"openai": provider(self.sim.url, key("heavy", weight=0.7), key("light", weight=0.3))}}, check)

    def test_every_strategy_serves_and_uses_every_key(self):
        for strategy in ("weighted", "round_robin", "least_connections", "lowest_latency", "lowest_cost", "geo", "adaptive"):
            with self.subTest(strategy):
                self.sim.reset()

                def check(yard):
                    load = asyncio.run(Load(yard.endpoint, chat_body(model="auto"), connections=8).run(400))
                    self.assertEqual(load.failed, 0, load.failures)
                    seen = self.sim.received()["keys"]
                    self.assertEqual(sum(k["requests"] for k in seen.values()), 400)
                    if strategy not in ("lowest_cost", "geo"):
                        self.assertEqual(len(seen), 2, seen)
                self.run_with({"providers": {"openai": provider(self.sim.url, key("a"), key("b"))},
                               "routes": [{"name": "auto", "stages": [{"balance": {"strategy": strategy, "targets": ["openai/small"]}}]}]}, check)

    def test_geo_prefers_the_region_the_request_names(self):
        def check(yard):
            for region, name in (("eu-west", "eu"), ("us-east", "us")):
                served = {yard.chat(model="auto", headers={"x-switchyard-region": region})[1]["x-switchyard-key"] for _ in range(10)}
                self.assertEqual(served, {name})
        self.run_with({"providers": {"openai": provider(self.sim.url, key("eu", region="eu-west"), key("us", region="us-east"))},
                       "routes": [{"name": "auto", "stages": [{"balance": {"strategy": "geo", "targets": ["openai/small"]}}]}]}, check)

    def test_lowest_latency_leaves_the_slow_key(self):
        def check(yard):
            self.sim.faults({"kind": "latency", "key": secret("slow"), "latency_ms": 80})
            load = asyncio.run(Load(yard.endpoint, chat_body(model="auto"), connections=4).run(300))
            self.assertEqual(load.failed, 0)
            self.assertGreater(load.by_key["quick"], 3 * load.by_key["slow"], load.by_key)
        self.run_with({"providers": {"openai": provider(self.sim.url, key("quick"), key("slow"))},
                       "routes": [{"name": "auto", "stages": [{"balance": {"strategy": "lowest_latency", "targets": ["openai/small"]}}]}]}, check)

    def test_a_key_serves_only_its_models(self):
        def check(yard):
            for model, name in (("small", "s"), ("large", "l")):
                self.assertEqual({yard.chat(model=model)[1]["x-switchyard-key"] for _ in range(5)}, {name})
        self.run_with({"providers": {"openai": provider(self.sim.url, {**key("s"), "models": ["small"]}, {**key("l"), "models": ["large"]})}}, check)

    def test_a_keys_max_in_flight_is_never_exceeded(self):
        def check(yard):
            self.sim.pace(latency_ms=100)

            async def watch():
                load = Load(yard.endpoint, connections=12)
                running = asyncio.create_task(load.run(48))
                most = 0
                while not running.done():
                    most = max(most, (await asyncio.to_thread(self.sim.total))["in_flight"])
                return load, most
            load, most = asyncio.run(watch())
            self.assertLessEqual(most, 3)
            self.assertGreater(load.statuses[200], 0)
            self.assertTrue(set(load.statuses) <= {200, 429, 503}, load.statuses)
        self.run_with({"providers": {"openai": provider(self.sim.url, key("a", max_in_flight=3))}}, check)

    def test_a_keys_rpm_is_kept(self):
        def check(yard):
            statuses = [yard.chat()[0] for _ in range(40)]
            self.assertLessEqual(self.sim.requests(), 31)
            self.assertIn(429, statuses)
        self.run_with({"providers": {"openai": provider(self.sim.url, key("a", rpm=30))}}, check)

    def test_remaining_zero_in_a_providers_headers_is_obeyed_at_once(self):
        def check(yard):
            self.sim.faults({"kind": "headers", "key": secret("a"), "headers": {"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20s"}})
            for _ in range(30):
                self.assertEqual(yard.chat()[0], 200)
            self.assertLessEqual(self.sim.requests(secret("a")), 2)
        self.run_with({"providers": {"openai": provider(self.sim.url, key("a"), key("b"))}}, check)

    def test_the_seed_style_json_config_works_as_it_stands(self):
        def check(yard):
            self.assertEqual(yard.chat(model="gpt-4o")[0], 200)
            self.assertEqual(yard.chat(model="openai/gpt-4o-mini")[1]["x-switchyard-key"], "openai-key-1")
        self.run_with({"providers": {"openai": {"base_url": self.sim.url, "keys": [
            {"name": "openai-key-1", "value": secret("1"), "models": ["gpt-4o", "gpt-4o-mini"], "weight": 0.7},
            {"name": "openai-key-2", "value": secret("2"), "models": ["gpt-4o"], "weight": 0.3}]}}}, check)

    def test_without_any_provider_the_built_in_one_answers(self):
        yard = Yard({"node": {"name": "bare"}})
        try:
            self.assertEqual(yard.chat(model="sim/small")[0], 200)
            self.assertEqual(yard.chat(model="auto")[0] in (200, 404), True)
        finally:
            yard.stop()


class WhatReachesTheProvider(unittest.TestCase):
    def test_client_credentials_and_our_own_headers_stay_here(self):
        sim = Sim()
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))}})
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        try:
            yard.chat(headers={"authorization": "Bearer client-secret", "x-api-key": "client-secret", "cookie": "session=client-secret", "x-switchyard-tags": "team=a",
                               "x-switchyard-timeout": "5s", "proxy-authorization": "client-secret", "x-forwarded-for": "10.1.2.3", "traceparent": trace})
            kept = sim.received(bodies=True)["requests"][-1]
            headers = {name.lower(): value for name, value in kept["headers"].items()}
            self.assertEqual(headers["authorization"], "Bearer " + secret("one"))
            self.assertNotIn("client-secret", str(kept))
            self.assertFalse([h for h in headers if h.startswith("x-switchyard") or h in ("cookie", "x-forwarded-for")], headers)
            self.assertEqual(headers["traceparent"].split("-")[1], trace.split("-")[1])
            self.assertEqual(headers["host"], sim.address)
        finally:
            yard.stop()
            sim.stop()

    def test_bodies_that_choose_an_upstream_do_not_choose_it(self):
        sim, other = Sim(), Sim()
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))}})
        try:
            for field in ("api_base", "base_url", "custom_host", "api_key"):
                yard.chat(**{field: other.url})
                http("POST", yard.url + "/v1/chat/completions", {"model": "small", "messages": [{"role": "user", "content": "x"}]}, {f"x-{field.replace('_', '-')}": other.url})
            self.assertEqual(other.requests(), 0)
        finally:
            yard.stop()
            sim.stop()
            other.stop()


if __name__ == "__main__":
    unittest.main()
