"""One cache for all nodes of a cluster: what one was answered the others give, at no cost, to whom it belongs alone; a node that does not answer costs 10 ms."""
import concurrent.futures
import json
import signal
import time
import unittest

from test_cluster import stop
from test_cluster_state import Yards, bearer
from test_ledger import rows_of
from yard import http, secret, wait_until

FRENCH = "What is the best way to learn French?"
LIKE = "what is the best way to learn french"
TEAMS = [f"team-{i}" for i in range(8)]


class CacheYards(Yards):
    def shared(self, **more):
        stages = [{"guard": {"pii": "mask"}}, {"cache": {"threshold": 0.9}}, {"balance": {"targets": ["openai/small"]}}]
        return super().shared(**{"routes": [{"name": "auto", "stages": stages}],
                                 "virtual_keys": [{"name": team, "key": secret(team), "tags": {"team": team}} for team in TEAMS], **more})


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = CacheYards()
        cls.addClassCleanup(cls.nodes.stop)
        cls.nodes.sim.pace(latency_ms=0, tokens_per_second=0)
        cls.owners = {}

    def setUp(self):
        for name in self.nodes.names:
            if not self.at(name).process.alive():
                self.nodes.start(name)
        self.formed()
        self.assertEqual(self.nodes.admin("a", "DELETE", "/admin/v1/cache")[2]["missing"], [])
        self.nodes.sim.reset()
        self.nodes.sim.pace(latency_ms=0, tokens_per_second=0)

    def formed(self):
        alive = lambda name: all(row["state"] == "alive" for row in self.at(name).get_admin("/admin/v1/nodes")["nodes"])
        wait_until(lambda: all(alive(name) for name in self.nodes.names), 10, "all are alive to all")
        for name in self.nodes.names:
            wait_until(lambda: http("GET", self.at(name).url + "/readyz")[0] == 200, 10, name + " is ready")

    def at(self, name):
        return self.nodes.yards[name]

    def ask(self, name, prompt=FRENCH, team=TEAMS[0], wish=None, **more):
        return self.at(name).chat(prompt, "auto", {**bearer(secret(team)), **({"x-switchyard-cache": wish} if wish else {})}, **more)

    def stats(self, name, of="lookups"):
        return self.at(name).get_admin("/admin/v1/cache")[of]

    def inserted(self, name):
        return self.at(name).get_admin("/admin/v1/cache")["inserted"]

    def fill(self, name, prompt=FRENCH, team=TEAMS[0], **more):
        """Asks once and comes back when the owner of the team's answers has it; who that is."""
        before = {one: self.inserted(one) for one in self.nodes.names}
        status, headers, body = self.ask(name, prompt, team, **more)
        self.assertEqual((status, headers["x-switchyard-cache"]), (200, "miss"), body)
        wait_until(lambda: self.inserted(name) > before[name], 5, "it is kept where it was made")
        grown = lambda: [one for one in self.nodes.names if one != name and self.inserted(one) > before[one]]
        owner = self.owners.get(team)
        if owner is None:
            try:
                wait_until(grown, 0.5, "another node keeps it")
            except AssertionError:
                pass
            owner = self.owners[team] = (grown() or [name])[0]
        elif owner != name:
            wait_until(lambda: owner in grown(), 5, "its owner keeps it")
        return owner

    def team_of(self, *owners):
        """A team whose answers one of these keeps."""
        for team in TEAMS:
            if team not in self.owners:
                self.fill("a", "Whose are you?", team)
            if self.owners[team] in owners:
                return team
        self.fail("every team belongs to another node")


class SharedCache(Base):
    def test_what_one_node_was_answered_all_give_and_it_looks_the_same_everywhere(self):
        team = self.team_of("b")
        self.nodes.sim.reset()
        self.fill("a", team=team)
        seen = {}
        for name in ("b", "c"):                            # its owner, and one that asks the owner
            status, headers, body = self.ask(name, team=team)
            self.assertEqual((status, headers["x-switchyard-cache"]), (200, "hit"), name)
            alike_status, alike, alike_body = self.ask(name, LIKE, team)
            self.assertEqual((alike_status, alike["x-switchyard-cache"], alike_body), (200, "semantic-hit", body), name)
            self.assertEqual(headers["x-switchyard-node"], name)
            own = {"x-request-id", "x-switchyard-node", "x-switchyard-overhead-us", "Date", "date"}
            seen[name] = [{k: v for k, v in one.items() if k not in own} for one in (headers, alike)] + [body]
            self.assertEqual(float(headers["x-switchyard-cost-usd"]), 0)
        self.assertEqual(seen["b"], seen["c"])
        took = {name: sorted(int(self.ask(name, team=team)[1]["x-switchyard-overhead-us"]) for _ in range(51))[25] for name in ("b", "c")}
        print(f"a hit takes {took['b']} us of its owner, and {took['c']} us of a node that asks the owner (medians)", flush=True)
        self.assertEqual(self.nodes.sim.requests(), 1)
        status, headers, streamed = self.ask("c", team=team, stream=True)
        self.assertEqual((status, headers["x-switchyard-cache"]), (200, "hit"))
        self.assertIn(b"data: [DONE]", streamed)
        shared = self.stats("c", "cluster")
        self.assertGreaterEqual(shared["found"], 3)
        for name in ("b", "c"):
            rows = lambda: [row for row in rows_of(self.at(name)) if row["virtual_key"] == team and row["cache"] != "miss"]
            wait_until(lambda: len(rows()) >= 2, 5, "the rows are there")
            for row in rows()[-2:]:
                self.assertEqual((float(row["cost_usd"]), row["input_tokens"], row["outcome"], row["node"]), (0, 0, "ok", name))
                self.assertGreater(float(row["saved_usd"]), 0)

    def test_teams_never_get_each_others_answers(self):
        for team in TEAMS[:4]:
            self.fill("a", team=team)
        for team in TEAMS[4:]:
            for name in self.nodes.names:
                status, headers, _ = self.ask(name, team=team, wish="only")
                self.assertEqual((status, headers["x-switchyard-cache"]), (504, "miss"), (team, name))
                self.assertEqual(self.ask(name, LIKE, team, wish="only")[0], 504)
        for team in TEAMS[:4]:
            for name in self.nodes.names:
                self.assertEqual(self.ask(name, team=team, wish="only")[0], 200, (team, name))

    def test_what_a_guard_masks_is_neither_looked_up_nor_kept(self):
        prompt = "Write to jane.doe@example.com that we are late."
        for name in self.nodes.names:
            status, headers, _ = self.ask(name, prompt)
            self.assertEqual((status, headers["x-switchyard-cache"]), (200, "bypass"), name)

    def test_what_is_cleared_on_one_node_is_gone_on_all(self):
        mine, other = self.team_of("a", "b"), self.team_of("c")
        for part, kept in (({"virtual_key": mine}, True), ({"tag": "team=" + mine}, True), ({"route": "auto"}, False)):
            for team in (mine, other):
                self.fill("b", "anything else", team, wish="refresh")
                self.fill("b", team=team, wish="refresh")
            query = "&".join(f"{k}={v}" for k, v in part.items())
            status, _, answer = self.nodes.admin("c", "DELETE", "/admin/v1/cache?" + query)
            self.assertEqual((status, answer["missing"]), (200, []))
            self.assertGreaterEqual(answer["cleared"], 2)
            for name in self.nodes.names:
                self.assertEqual(self.ask(name, team=mine, wish="only")[0], 504, (part, name))
                self.assertEqual(self.ask(name, team=other, wish="only")[0], 200 if kept else 504, (part, name))

    def test_a_node_that_was_down_does_not_bring_back_what_was_cleared(self):
        team = self.team_of("c")
        self.fill("a", team=team)
        self.fill("c", "One more, so that the first is on the disk", team)
        self.at("c").process.kill()
        status, _, answer = self.nodes.admin("b", "DELETE", "/admin/v1/cache?virtual_key=" + team)
        self.assertEqual((status, answer["missing"]), (200, ["c"]))
        self.nodes.start("c")
        self.formed()
        took = wait_until(lambda: self.ask("c", team=team, wish="only")[0] == 504, 3, "c has heard of it")
        print(f"a node that was down has cleared {took * 1000:.0f} ms after it was ready", flush=True)

    def test_single_flight_stays_within_a_node(self):
        team = self.team_of("b")
        self.nodes.sim.reset()
        self.nodes.sim.pace(latency_ms=300, tokens_per_second=0)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda i: self.ask("ac"[i % 2], "Only once, please", team), range(12)))
        self.assertEqual({status for status, _, _ in found}, {200})
        self.assertLessEqual(self.nodes.sim.requests(), 2)

    def test_a_refreshed_answer_is_the_one_that_others_get(self):
        team = self.team_of("b")
        self.fill("a", "Refresh me", team)
        self.fill("c", "Refresh me", team, wish="refresh")
        wait_until(lambda: self.ask("b", "Refresh me", team)[1]["x-switchyard-cache"] == "hit", 3, "stored")
        self.assertEqual(self.ask("b", "Refresh me", team)[2], self.ask("c", "Refresh me", team)[2])


class SilentOwner(Base):
    def overhead_of_misses(self, name, team, count, tag):
        worst = []
        for i in range(count):
            status, headers, body = self.ask(name, f"{tag}: tell me about the number {i} {time.monotonic_ns()}", team)
            self.assertEqual((status, headers["x-switchyard-cache"]), (200, "miss"), body)
            worst.append(int(headers["x-switchyard-overhead-us"]) / 1000)
        return sorted(worst)

    def test_an_owner_that_stands_still_costs_ten_milliseconds_at_most_and_a_killed_one_nothing(self):
        team = self.team_of("b")
        usual = self.overhead_of_misses("a", team, 30, "usual")
        child = self.at("b").process.child
        stop(child)
        try:
            before = self.stats("a", "cluster")
            silent = self.overhead_of_misses("a", team, 60, "silent")
            after = self.stats("a", "cluster")
        finally:
            child.send_signal(signal.SIGCONT)
        print(f"a miss takes {usual[15]:.2f} ms of a node with its owner there (worst {usual[-1]:.2f}), and with its owner standing still "
              f"{silent[30]:.2f} (worst {silent[-1]:.2f}); {after['unanswered'] - before['unanswered']} of 60 waited", flush=True)
        self.assertLess(silent[-1], 30)                    # of a machine that may be busy; the figure is printed
        self.assertGreater(after["unanswered"], before["unanswered"])
        self.assertLessEqual(after["unanswered"] - before["unanswered"], 8)   # it is left alone after four
        self.formed()
        self.at("b").process.kill()
        wait_until(lambda: self.at("a").get_admin("/admin/v1/nodes")["nodes"][1]["state"] != "alive", 3, "a sees that b is gone")
        before = self.stats("a", "cluster")["unanswered"]
        self.fill_elsewhere(team)
        self.assertEqual(self.stats("a", "cluster")["unanswered"], before)

    def fill_elsewhere(self, team):
        """While its owner is gone another node keeps a team's answers."""
        prompt = "Who keeps it now?"
        self.assertEqual(self.ask("a", prompt, team)[1]["x-switchyard-cache"], "miss")
        wait_until(lambda: self.ask("c", prompt, team, wish="only")[0] == 200, 5, "the answer is found again")


if __name__ == "__main__":
    unittest.main()
