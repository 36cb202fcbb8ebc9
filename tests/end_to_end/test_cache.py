"""The cache: the same request and like ones are answered without a provider, in the client's own way, and never anybody else's answer."""
import json
import shutil
import tempfile
import threading
import time
import unittest

from test_ledger import ctl, rows_of
from yard import Sim, Yard, http, key, provider, wait_until

FRENCH = "What is the best way to learn French?"
LIKE = "what is the best way to learn french"


def config(sim, **stage):
    return {
        "providers": {"sim": provider(sim.url, key("k1"), prices={"small": {"input": 1, "output": 2}})},
        "routes": [{"name": "auto", "stages": [{"cache": {"threshold": 0.9, "scope": "route", **stage}}, {"balance": {"targets": ["sim/small"]}}]},
                   {"name": "plain", "stages": [{"balance": {"targets": ["sim/small"]}}]}],
    }


def stored(yard):
    return yard.get_admin("/admin/v1/cache")["entries"]


class CacheTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        cls.addClassCleanup(cls.sim.stop)

    def setUp(self):
        self.sim.reset()
        self.sim.pace(latency_ms=0, tokens_per_second=0)

    def yard(self, setup=None, **more):
        yard = Yard(setup or config(self.sim), **more)
        self.addCleanup(lambda: yard.process.alive() and yard.stop())
        return yard

    def ask(self, yard, prompt=FRENCH, model="auto", wish=None, **more):
        status, headers, body = yard.chat(prompt, model, {"x-switchyard-cache": wish} if wish else None, **more)
        return status, headers, body

    def fill(self, yard, prompt=FRENCH, count=1, **more):
        status, headers, body = self.ask(yard, prompt, **more)
        self.assertEqual((status, headers["x-switchyard-cache"]), (200, "miss"), body)
        wait_until(lambda: stored(yard) == count, 5, "the answer is stored")
        return body

    def test_the_same_request_is_answered_from_the_cache_at_no_cost(self):
        yard = self.yard()
        first = self.fill(yard)
        status, headers, body = self.ask(yard)
        self.assertEqual((status, headers["x-switchyard-cache"], body), (200, "hit", first))
        self.assertEqual((headers["x-switchyard-provider"], headers["x-switchyard-model"], headers["x-switchyard-key"]), ("sim", "small", "k1"))
        self.assertNotIn("x-switchyard-similarity", headers)
        self.assertEqual(float(headers["x-switchyard-cost-usd"]), 0)
        self.assertEqual(self.sim.requests(), 1)
        wait_until(lambda: len(rows_of(yard)) == 2, 5, "both rows are there")
        paid, free = sorted(rows_of(yard), key=lambda row: row["cache"], reverse=True)   # I/O threads hand their rows in when they come to it
        self.assertEqual((paid["cache"], free["cache"]), ("miss", "hit"))
        self.assertEqual((free["input_tokens"], free["output_tokens"], float(free["cost_usd"]), free["outcome"]), (0, 0, 0, "ok"))
        self.assertEqual(free["saved_usd"], paid["cost_usd"])
        self.assertGreater(float(free["saved_usd"]), 0)
        saved = yard.get_admin("/admin/v1/savings")["total"]
        self.assertEqual((saved["saved_by"]["cache"], float(saved["saved_by"]["routing"])), (free["saved_usd"], 0))
        wait_until(lambda: yard.metric("switchyard_cache_lookups_total", result="hit") == 1, 5, "the hit is counted")
        self.assertEqual(yard.metric("switchyard_cache_lookups_total", result="miss"), 1)

    def test_a_like_prompt_gets_the_answer_and_a_near_miss_does_not(self):
        yard = self.yard()
        first = self.fill(yard)
        status, headers, body = self.ask(yard, LIKE)
        self.assertEqual((status, headers["x-switchyard-cache"], body), (200, "semantic-hit", first))
        self.assertGreaterEqual(float(headers["x-switchyard-similarity"]), 0.9)
        for other in (FRENCH.replace("French", "German"), FRENCH.replace("best", "worst"), "What is not the best way to learn French?"):
            self.assertEqual(self.ask(yard, other)[1]["x-switchyard-cache"], "miss", other)

    def test_everything_but_the_last_turn_must_be_the_same(self):
        yard = self.yard()
        self.fill(yard)
        for more in ({"temperature": 0.5}, {"seed": 1}, {"max_completion_tokens": 500}, {"user": "u"}):
            self.assertEqual(self.ask(yard, **more)[1]["x-switchyard-cache"], "miss", more)
        self.assertEqual(self.ask(yard, model="plain")[1]["x-switchyard-cache"], "bypass")

    def test_streams_are_stored_and_replayed_either_way(self):
        yard = self.yard()
        streamed = self.fill(yard, stream=True)
        text = "".join(json.loads(line[6:])["choices"][0]["delta"].get("content") or "" for line in streamed.decode().splitlines()
                       if line.startswith("data: {") and json.loads(line[6:])["choices"])
        status, headers, body = self.ask(yard)
        self.assertEqual((status, headers["x-switchyard-cache"]), (200, "hit"))
        self.assertEqual(json.loads(body)["choices"][0]["message"]["content"], text)
        self.assertGreater(json.loads(body)["usage"]["completion_tokens"], 0)
        status, headers, body = self.ask(yard, stream=True, stream_options={"include_usage": True})
        self.assertEqual((status, headers["x-switchyard-cache"], headers["content-type"].split(";")[0]), (200, "hit", "text/event-stream"))
        chunks = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")]
        self.assertEqual("".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"]), text)
        self.assertTrue(any(c.get("usage") for c in chunks))
        self.assertIn("data: [DONE]", body.decode())
        self.assertFalse(any(json.loads(line[6:]).get("usage") for line in self.ask(yard, stream=True)[2].decode().splitlines() if line.startswith("data: {")))
        self.assertEqual(self.sim.requests(), 1)

    def test_other_formats_replay_in_their_own(self):
        yard = self.yard()
        body = {"model": "auto", "max_tokens": 4000, "messages": [{"role": "user", "content": FRENCH}]}
        url = yard.url + "/v1/messages"
        status, headers, first = http("POST", url, body)
        self.assertEqual((status, headers["x-switchyard-cache"]), (200, "miss"), first)
        wait_until(lambda: stored(yard) == 1, 5, "stored")
        status, headers, again = http("POST", url, body)
        self.assertEqual((status, headers["x-switchyard-cache"], again), (200, "hit", first))
        status, headers, events = http("POST", url, {**body, "stream": True})
        self.assertEqual((status, headers["x-switchyard-cache"]), (200, "hit"))
        self.assertIn("event: message_stop", events.decode())

    def test_the_client_may_decline_refresh_or_want_nothing_else(self):
        yard = self.yard()
        status, _, body = self.ask(yard, wish="only")
        self.assertEqual(status, 504, body)
        self.assertEqual(self.sim.requests(), 0)
        self.fill(yard)
        self.assertEqual(self.ask(yard, wish="only")[1]["x-switchyard-cache"], "hit")
        self.assertEqual(self.ask(yard, wish="off")[1]["x-switchyard-cache"], "bypass")
        self.assertEqual(self.ask(yard, wish="refresh")[1]["x-switchyard-cache"], "miss")
        self.assertEqual(self.sim.requests(), 3)
        status, _, body = self.ask(yard, wish="sometimes")
        self.assertEqual((status, json.loads(body)["error"]["param"]), (400, "x-switchyard-cache"))

    def test_cut_answers_and_failures_are_not_stored(self):
        yard = self.yard()
        self.assertEqual(json.loads(self.ask(yard, max_completion_tokens=3)[2])["choices"][0]["finish_reason"], "length")
        self.sim.faults({"kind": "status", "status": 500})
        self.assertGreaterEqual(self.ask(yard)[0], 500)
        self.sim.faults()
        self.fill(yard, "Something else altogether")     # the writer has seen all before it
        self.assertEqual(stored(yard), 1)

    def test_tenants_share_nothing_unless_told_to(self):
        for scope, word in (("virtual_key", "miss"), ("route", "hit")):
            setup = config(self.sim, scope=scope)
            setup["virtual_keys"] = [{"name": "a", "key": "vk-a"}, {"name": "b", "key": "vk-b"}]
            yard = self.yard(setup)
            ask = lambda who: yard.chat(FRENCH, "auto", {"authorization": "Bearer vk-" + who})[1]["x-switchyard-cache"]
            self.assertEqual(ask("a"), "miss")
            wait_until(lambda: stored(yard) == 1, 5, "stored")
            self.assertEqual(ask("a"), "hit")
            self.assertEqual(ask("b"), word)
            yard.stop()

    def test_the_same_request_at_the_same_time_is_asked_once(self):
        yard = self.yard()
        self.sim.pace(latency_ms=400, tokens_per_second=0)
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(self.ask(yard))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(headers["x-switchyard-cache"] for _, headers, _ in seen), ["hit"] * 7 + ["miss"])
        self.assertEqual(len({body for _, _, body in seen}), 1)
        self.assertEqual(self.sim.requests(), 1)

    def test_one_that_waited_for_a_failure_asks_itself(self):
        yard = self.yard()
        self.sim.pace(latency_ms=300, tokens_per_second=0)
        self.sim.faults({"kind": "status", "status": 400, "next": 1})
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(self.ask(yard)[0])) for _ in range(4)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)
        for thread in threads:
            thread.join()
        self.assertEqual(seen.count(200), 3, seen)

    def test_answers_survive_a_restart_until_they_are_too_old(self):
        data = tempfile.mkdtemp(prefix="switchyard-cache-")
        self.addCleanup(shutil.rmtree, data, True)
        yard = self.yard(data_dir=data)
        first = self.fill(yard)
        yard.process.kill()
        yard = self.yard(data_dir=data)
        wait_until(lambda: stored(yard) == 1, 5, "the answer is read")
        self.assertEqual((self.ask(yard)[1]["x-switchyard-cache"], self.ask(yard)[2]), ("hit", first))
        self.assertEqual(self.ask(yard, LIKE)[1]["x-switchyard-cache"], "semantic-hit")
        yard.stop()
        yard = self.yard(config(self.sim, ttl="200ms"), data_dir=data)
        self.ask(yard, "A question of short life")
        time.sleep(0.3)
        self.assertEqual(self.ask(yard, "A question of short life")[1]["x-switchyard-cache"], "miss")

    def test_it_can_be_emptied_and_tells_its_figures(self):
        yard = self.yard()
        self.fill(yard)
        self.ask(yard)
        figures = json.loads(ctl(yard, "--json", "cache", "stats"))
        self.assertEqual((figures["entries"], figures["lookups"]["hit"], figures["lookups"]["miss"]), (1, 1, 1))
        self.assertEqual(ctl(yard, "cache", "clear", "--route", "plain"), "cleared 0 answers\n")
        self.assertEqual(ctl(yard, "cache", "clear", "--route", "auto"), "cleared 1 answers\n")
        self.assertEqual(self.ask(yard)[1]["x-switchyard-cache"], "miss")

    def test_under_error_control_nothing_like_is_given_before_it_is_shown_to_be_right(self):
        yard = self.yard(config(self.sim, max_wrong_rate=0.01))
        self.fill(yard)
        self.assertEqual(self.ask(yard)[1]["x-switchyard-cache"], "hit")
        self.assertEqual(self.ask(yard, LIKE)[1]["x-switchyard-cache"], "miss")
        wait_until(lambda: yard.get_admin("/admin/v1/cache")["checked"] == 1, 5, "the like prompt's answer was compared")


if __name__ == "__main__":
    unittest.main()
