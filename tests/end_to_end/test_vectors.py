"""A provider's vectors for the semantic stage: a real node, simulated embeddings APIs, and what happens when they are slow or gone."""
import json
import unittest

from yard import Sim, Yard, http, key, provider, secret, wait_until

# The simulator's vectors are sums over words: alike is what shares them. Built-in vectors know what these words mean, and disagree.
CODE = ["zork flum brindle", "zork vashti"]
LAW = ["Write a Python function that sorts a list", "Implement binary search in C++"]


def config(sim, timeout="5s", embed="vec/embed"):
    categories = [{"name": "code", "examples": CODE, "target": "openai/large"}, {"name": "law", "examples": LAW, "target": "openai/medium"}]
    semantic = {"semantic": {"threshold": 0.3, "embedding": {"provider": embed, "timeout": timeout}, "categories": categories}}
    balance = {"balance": {"targets": ["openai/small"]}}
    guard = {"guard": {"pii": "mask", "jailbreak": "off", "harmful": "off"}}
    return {
        "providers": {
            "openai": provider(sim.url, key("one")),
            "vec": provider(sim.url, {"name": "vec", "value": secret("vec"), "models": ["embed"]}, prices={"embed": {"input": 0.02}},
                            retry={"attempts": 1, "backoff": "10ms"}),
            "gem": {"wire": "gemini", "base_url": sim.url, "keys": [{"name": "gem", "value": secret("gem"), "models": ["embed"]}]},
        },
        "routes": [{"name": "topics", "stages": [guard, semantic, balance]}],
    }


class Vectors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        cls.sim.models(*({"id": m} for m in ("small", "medium", "large", "embed")))

    @classmethod
    def tearDownClass(cls):
        cls.sim.stop()

    def setUp(self):
        self.sim._control("DELETE", "/sim/faults")
        self.sim._control("DELETE", "/sim/received")

    def node(self, *arguments, **more):
        yard = Yard(config(self.sim, *arguments, **more))
        self.addCleanup(lambda: yard.process.alive() and yard.stop())
        return yard

    def bodies(self):
        """What embeddings APIs were asked, in order."""
        return [r["body"] for r in self.sim.received(bodies=True)["requests"] if "mbed" in r["path"]]

    def ready(self, yard):
        """Waits for the examples' vectors; the probe is the one prompt that was asked about."""
        wait_until(lambda: "/embed" in yard.chat("zork flum", model="topics")[1]["x-switchyard-decision"], 10, "the examples' vectors are there")

    def results(self, yard, result):
        return yard.metric("switchyard_prompt_vectors_total", route="topics", result=result)

    def test_the_providers_vectors_decide_and_the_same_prompt_makes_no_second_call(self):
        yard = self.node()
        self.ready(yard)
        before = len(self.bodies())
        for _ in range(2):
            status, headers, body = yard.chat("flum brindle zork", model="topics")
            self.assertEqual(status, 200, body)
            self.assertEqual(headers["x-switchyard-model"], "large")
            self.assertRegex(headers["x-switchyard-decision"], r"semantic: category code 0\.\d\d \(next law -?0\.\d\d\) by vec/embed")
        self.assertEqual(len(self.bodies()), before + 1)
        wait_until(lambda: self.results(yard, "cached") >= 1 and self.results(yard, "provider") >= 1, 5, "counted")

    def test_a_call_is_in_the_ledger_under_the_routes_own_books(self):
        yard = self.node()
        self.ready(yard)
        spent = lambda: {group["name"]: group for group in yard.get_admin("/admin/v1/spend?by=route")["groups"]}
        wait_until(lambda: "topics/embedding" in spent(), 10, "the rows are there")
        self.assertGreater(float(spent()["topics/embedding"]["cost_usd"]), 0)
        found = lambda: yard.get_admin("/admin/v1/decisions?route=topics/embedding")["decisions"]
        wait_until(found, 5, "the decisions are there")
        self.assertEqual({(d["operation"], d["provider"], d["model"]) for d in found()}, {("embeddings", "vec", "embed")})

    def test_a_slow_provider_is_not_waited_for_and_its_vector_serves_the_next(self):
        yard = self.node("200ms")
        self.ready(yard)
        self.sim.faults({"kind": "latency", "path": "/v1/embeddings", "latency_ms": 1500})
        status, headers, body = yard.chat("vashti zork", model="topics")
        self.assertEqual(status, 200, body)
        kept = self.decision(yard, headers)
        self.assertEqual(kept["vectors"], "timeout")
        self.assertLess(kept["duration_us"], 1_400_000)
        wait_until(lambda: "by vec/embed" in yard.chat("vashti zork", model="topics")[1]["x-switchyard-decision"], 10, "the late vector is kept")
        wait_until(lambda: self.results(yard, "timeout") >= 1, 5, "counted")

    def test_what_the_built_in_embedding_decides_says_why(self):
        yard = self.node("200ms")
        self.ready(yard)
        self.sim.faults({"kind": "latency", "path": "/v1/embeddings", "latency_ms": 1500})
        _, headers, _ = yard.chat("Write a Python function that sorts a tuple", model="topics")
        self.assertEqual(headers["x-switchyard-model"], "medium")
        self.assertIn("built-in embedding: the provider took longer than 200 ms", headers["x-switchyard-decision"])

    def decision(self, yard, headers):
        path = "/admin/v1/decisions/" + headers["x-request-id"]
        wait_until(lambda: http("GET", yard.admin + path)[0] == 200, 5, "the decision is there")
        return yard.get_admin(path)

    def test_a_failing_provider_is_fallen_back_from_and_its_examples_are_asked_for_again(self):
        self.sim.faults({"kind": "status", "status": 503, "path": "/v1/embeddings", "next": 1})
        yard = self.node()
        _, headers, _ = yard.chat("Write a Python function that sorts a tuple", model="topics")
        self.ready(yard)   # after the first rest of a second
        self.assertIn("example_vectors_missing", yard.process.output())
        self.sim.faults({"kind": "status", "status": 500, "path": "/v1/embeddings"})
        _, headers, _ = yard.chat("Write a Python function that sorts a map", model="topics")
        self.assertEqual(headers["x-switchyard-model"], "medium")
        self.assertIn("built-in embedding: ", headers["x-switchyard-decision"])
        self.assertIn(self.decision(yard, headers)["vectors"], ("error", "limited"))

    def test_gemini_embeds_too(self):
        yard = self.node(embed="gem/embed")
        self.ready(yard)
        self.assertIn("by gem/embed", yard.chat("zork vashti", model="topics")[1]["x-switchyard-decision"])

    def test_masked_data_does_not_reach_the_embedding_provider(self):
        yard = self.node()
        self.ready(yard)
        self.assertEqual(yard.chat("zork flum bob.smith@example.com", model="topics")[0], 200)
        self.assertIn("zork flum [EMAIL]", self.bodies()[-1])
        self.assertNotIn("bob.smith", json.dumps(self.sim.received(bodies=True)))

    def test_explain_uses_what_is_kept_and_sends_nothing(self):
        yard = self.node()
        self.ready(yard)
        before = self.sim.requests()
        explain = lambda prompt: json.loads(http("POST", yard.admin + "/admin/v1/explain",
                                                 {"model": "topics", "messages": [{"role": "user", "content": prompt}]})[2])
        reason = lambda prompt: {s["name"]: s for s in explain(prompt)["stages"]}["semantic"]["reason"]
        self.assertIn("by vec/embed", reason("zork flum"))
        self.assertIn("built-in embedding: explain asks no provider", reason("never seen"))
        self.assertEqual(self.sim.requests(), before)

    def test_a_named_model_and_routes_without_the_wish_ask_nobody(self):
        yard = self.node()
        self.ready(yard)
        before = len(self.bodies())
        self.assertEqual(yard.chat("something new", model="openai/small")[0], 200)
        self.assertEqual(len(self.bodies()), before)

    def test_a_reload_fetches_only_new_examples(self):
        yard = self.node()
        self.ready(yard)
        self.sim._control("DELETE", "/sim/received")
        changed = config(self.sim)
        changed["routes"][0]["stages"][1]["semantic"]["categories"][0]["examples"] = CODE + ["qwop"]
        yard.reload(changed)
        wait_until(lambda: any("qwop" in body for body in self.bodies()), 10, "the new example is asked for")
        self.assertFalse(any("vashti" in body for body in self.bodies()))

    def test_virtual_keys_do_not_pay_and_are_not_asked_for(self):
        restricted = config(self.sim)
        restricted["virtual_keys"] = [{"name": "team", "key": secret("team"), "models": ["openai/*"]}]
        yard = Yard(restricted)
        self.addCleanup(lambda: yard.process.alive() and yard.stop())
        team = {"authorization": "Bearer " + secret("team")}
        wait_until(lambda: "by vec/embed" in yard.chat("zork flum", model="topics", headers=team)[1]["x-switchyard-decision"], 10, "vectors are there")


if __name__ == "__main__":
    unittest.main()
