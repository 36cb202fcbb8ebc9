"""Virtual keys: made, rotated and revoked while requests run; limits and budgets that hold on every route, over restarts and kills."""
import asyncio
import collections
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest
from decimal import Decimal

from load import chat_body, read_answer, request_bytes
from yard import BIN, CANARY, Sim, Yard, http, key, provider, wait_until

PRICES = {"small": {"input": 100, "output": 400}, "medium": {"input": 1000, "output": 4000}}
KEYS = "/admin/v1/virtual-keys"
TEAM = f"vk-{CANARY}-team"


def bearer(value):
    return {"authorization": "Bearer " + value}


def ctl(yard, *arguments, code=0):
    done = subprocess.run([str(BIN / "switchyardctl"), "--url", yard.admin, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def rows_of(yard):
    return [json.loads(line) for line in ctl(yard, "ledger", "export").splitlines()]


class Base(unittest.TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix="switchyard-data-")
        self.addCleanup(shutil.rmtree, self.data, True)
        self.sim = Sim()
        self.addCleanup(self.sim.stop)
        self.values = []                     # every key made: none may be told twice
        self.yards = []

    def config(self, **more):
        return {"node": {"name": "yard-a"}, "providers": {"openai": provider(self.sim.url, key("one"), prices=PRICES)},
                "routes": [{"name": "auto", "stages": [{"balance": {"targets": ["openai/small"]}}], "baseline": "openai/medium"},
                           {"name": "other", "stages": [{"balance": {"targets": ["openai/medium"]}}]}], **more}

    def start(self, **more):
        yard = Yard(self.config(**more), data_dir=self.data)
        self.yards.append(yard)
        self.addCleanup(yard.process.kill)
        return yard

    def admin(self, yard, method, path, body=None):
        status, _, answer = http(method, yard.admin + path, body)
        return status, json.loads(answer)

    def make(self, yard, name, **terms):
        status, answer = self.admin(yard, "POST", KEYS, {"name": name, **terms})
        self.assertEqual(status, 201, answer)
        self.values.append(answer["key"])
        return answer["key"]

    def budget(self, yard, name):
        return self.admin(yard, "GET", f"{KEYS}/{name}")[1]["budget"]

    def settle(self, yard, name):
        wait_until(lambda: Decimal(self.budget(yard, name)["reserved_usd"]) == 0, 5, "every reservation is settled")

    def end(self, yard):
        """Nothing that can be read may hold a key's value."""
        shown = yard.process.output()
        for path in (KEYS, "/metrics", "/admin/v1/status", "/admin/v1/config", "/admin/v1/limits", "/admin/v1/decisions?limit=1000", "/admin/v1/spend?by=virtual_key",
                     "/admin/v1/ledger"):
            shown += http("GET", yard.admin + path)[2].decode(errors="replace")
        yard.stop()
        for value in self.values + [TEAM]:
            self.assertNotIn(value, shown)
        for file in pathlib.Path(self.data).rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                for value in self.values + [TEAM]:
                    self.assertNotIn(value.encode(), content, file)


class Life(Base):
    def test_a_key_is_made_rotated_and_revoked_while_it_is_used(self):
        yard = self.start()
        self.assertEqual(yard.chat()[0], 200)                              # no key anywhere: everybody may
        first = self.make(yard, "alice", tags={"team": "red"})
        self.assertRegex(first, r"^sy-[A-Za-z0-9_-]{43}$")
        self.assertEqual(yard.chat()[0], 401)                              # one exists: strangers may not
        self.assertEqual(yard.chat(headers=bearer(first))[0], 200)
        for close in (first[:-1], first[:20], first + "x", first[:-1] + ("A" if first[-1] != "A" else "B")):
            self.assertEqual(yard.chat(headers=bearer(close))[0], 401)
        status, answer = self.admin(yard, "POST", KEYS + "/alice/rotate", {"grace": "1h"})
        self.assertEqual(status, 200, answer)
        second = answer["key"]
        self.values.append(second)
        self.assertEqual([yard.chat(headers=bearer(v))[0] for v in (first, second)], [200, 200])
        third = json.loads(ctl(yard, "--json", "vkeys", "rotate", "alice"))["key"]
        self.values.append(third)
        self.assertEqual([yard.chat(headers=bearer(v))[0] for v in (first, second, third)], [401, 401, 200])
        self.assertEqual(self.admin(yard, "DELETE", KEYS + "/alice")[0], 200)
        self.assertEqual(yard.chat(headers=bearer(third))[0], 401)         # at once
        self.assertEqual(yard.chat()[0], 401)                              # revoking the last one opens nothing
        self.assertEqual(self.admin(yard, "POST", KEYS, {"name": "alice"})[0], 409)
        self.end(yard)
        yard = self.start()
        self.assertEqual([yard.chat(headers=bearer(v))[0] for v in (first, second, third, "")], [401] * 4)
        self.end(yard)

    def test_keys_outlive_restarts_and_stand_beside_declared_ones(self):
        declared = [{"name": "team", "key": TEAM, "models": ["openai/*"]}]
        yard = self.start(virtual_keys=declared)
        value = self.make(yard, "alice", parent="team", rpm=100)
        self.end(yard)
        yard = self.start(virtual_keys=declared)
        self.assertEqual([yard.chat(headers=bearer(v))[0] for v in (value, TEAM, "no")], [200, 200, 401])
        names = {k["name"]: k["source"] for k in self.admin(yard, "GET", KEYS)[1]["virtual_keys"]}
        self.assertEqual(names, {"team": "config", "alice": "api"})
        self.assertEqual(self.admin(yard, "DELETE", KEYS + "/team")[0], 409)
        yard.reload(self.config(virtual_keys=[{"name": "alice", "key": "vk-other"}]))
        wait_until(lambda: "already the name of a key that the admin API made" in yard.process.output(), 5, "the clash was said")
        self.assertEqual(yard.chat(headers=bearer(TEAM))[0], 200)          # the old config goes on
        self.end(yard)

    def test_the_command_line_does_all_of_it(self):
        yard = self.start()
        shown = ctl(yard, "vkeys", "create", "alice", "--budget", "5", "--period", "day", "--rpm", "60", "--models", "openai/small,medium", "--tag", "team=red",
                    "--expires", "30d")
        value = next(word for word in shown.split() if word.startswith("sy-"))
        self.values.append(value)
        self.assertEqual(yard.chat(headers=bearer(value))[0], 200)
        ctl(yard, "vkeys", "update", "alice", "--rpm", "7", "--without", "budget,expires")
        (alice,) = json.loads(ctl(yard, "--json", "vkeys", "list"))["virtual_keys"]
        self.assertEqual((alice["rpm"]["limit"], alice["budget"], alice["expires"], alice["models"]), (7, None, None, ["openai/small", "medium"]))
        self.assertIn("alice", ctl(yard, "vkeys", "list"))
        self.assertIn("there is no virtual key 'bob'", ctl(yard, "vkeys", "revoke", "bob", code=1))
        self.assertIn("give --budget", ctl(yard, "vkeys", "create", "bob", "--period", "day", code=2))
        ctl(yard, "vkeys", "revoke", "alice")
        self.assertEqual(yard.chat(headers=bearer(value))[0], 401)
        document = self.admin(yard, "GET", "/admin/openapi.json")[1]["paths"]
        self.assertEqual(set(document[KEYS + "/{name}"]), {"get", "put", "patch", "delete"})
        self.end(yard)

    def test_strangers_are_refused_in_every_format(self):
        yard = self.start()
        self.make(yard, "alice")
        chat = {"model": "openai/small", "messages": [{"role": "user", "content": "Hi"}]}
        claude = {**chat, "max_tokens": 5}
        gemini = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
        bedrock = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
        asked = [("/v1/chat/completions", chat, "x-api-key", lambda b: b["error"]["code"] == "invalid_api_key"),
                 ("/v1/responses", {"model": "openai/small", "input": "Hi"}, "authorization", lambda b: b["error"]["code"] == "invalid_api_key"),
                 ("/v1/messages", claude, "x-api-key", lambda b: b["type"] == "error" and b["error"]["type"] == "authentication_error"),
                 ("/v1beta/models/openai/small:generateContent", gemini, "x-goog-api-key", lambda b: b["error"]["status"] == "UNAUTHENTICATED"),
                 ("/model/openai%2Fsmall/converse", bedrock, "authorization", lambda b: "message" in b)]
        for path, body, field, fits in asked:
            status, _, answer = http("POST", yard.url + path, body, {field: ("Bearer " if field == "authorization" else "") + "sy-wrong"})
            self.assertEqual(status, 401, (path, answer))
            self.assertTrue(fits(json.loads(answer)), (path, answer))
        self.end(yard)


class Rules(Base):
    def test_models_and_routes_that_a_key_may_not_use_are_403(self):
        yard = self.start()
        self.make(yard, "team", models=["openai/small", "openai/medium"], routes=["auto", "direct"])
        value = self.make(yard, "alice", parent="team", models=["openai/small"])
        said = lambda **asked: (lambda s, _, b: (s, json.loads(b)["error"]["code"] if s != 200 else None))(*yard.chat(headers=bearer(value), **asked))
        self.assertEqual(said(model="openai/small"), (200, None))
        self.assertEqual(said(model="auto"), (200, None))
        self.assertEqual(said(model="openai/medium"), (403, "model_not_allowed"))
        self.assertEqual(said(model="openai/large"), (403, "model_not_allowed"))   # nor the parent may
        self.assertEqual(said(model="other"), (403, "model_not_allowed"))
        self.assertEqual(said(model="openai/small", fallbacks=["openai/medium"]), (403, "model_not_allowed"))
        for terms in ({"models": ["openai/*"]}, {"routes": ["other"]}):
            status, answer = self.admin(yard, "PATCH", KEYS + "/alice", terms)
            self.assertEqual(status, 400, answer)
            self.assertIn("its parent 'team'", answer["error"]["message"])
        self.end(yard)

    def test_rpm_and_expiry_of_a_parent_hold_for_its_children(self):
        yard = self.start()
        parent = self.make(yard, "team", rpm=3)
        children = [self.make(yard, name, parent="team") for name in ("a", "b")]
        self.assertEqual([yard.chat(headers=bearer(v))[0] for v in (children[0], children[1], parent)], [200] * 3)
        status, headers, body = yard.chat(headers=bearer(children[0]))
        self.assertEqual(status, 429)
        self.assertGreater(int(headers["retry-after"]), 0)
        self.assertIn("virtual key 'team'", json.loads(body)["error"]["message"])
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        self.assertEqual(self.admin(yard, "PATCH", KEYS + "/team", {"expires": soon, "rpm": 0})[0], 200)
        wait_until(lambda: yard.chat(headers=bearer(children[1]))[0] == 401, 5, "the parent's end ends its children")
        self.assertIn("'team' above this API key expired", json.loads(yard.chat(headers=bearer(children[1]))[2])["error"]["message"])
        self.end(yard)

    def test_tags_of_requests_are_in_the_ledger_and_cannot_forge_the_keys(self):
        yard = self.start()
        value = self.make(yard, "alice", tags={"team": "red"})
        self.assertEqual(yard.chat(headers={**bearer(value), "x-switchyard-tags": "project=x1, team=blue"})[0], 200)
        for bad in ("project", "=x", "a b=c", "a=1,a=2", "a=" + "x" * 300, ",".join(f"t{i}=1" for i in range(17))):
            status, _, body = yard.chat(headers={**bearer(value), "x-switchyard-tags": bad})
            self.assertEqual((status, json.loads(body)["error"]["param"]), (400, "x-switchyard-tags"), bad)
        wait_until(lambda: len(rows_of(yard)) == 1, 5, "its row")
        self.assertEqual(rows_of(yard)[0]["tags"], {"project": "x1", "team": "red"})
        groups = {g["name"] for g in yard.get_admin("/admin/v1/spend?by=tag")["groups"]}
        self.assertEqual(groups, {"project=x1", "team=red"})
        self.end(yard)

    def test_savings_are_what_the_baseline_would_have_cost_more(self):
        yard = self.start()
        for i in range(5):
            self.assertEqual(yard.chat(model="auto", stream=i % 2 == 0, max_tokens=7)[0], 200)
        yard.chat(model="openai/small")                                    # without a route: nothing to compare with
        wait_until(lambda: len(rows_of(yard)) == 6, 5, "six rows")
        rows = [r for r in rows_of(yard) if r["route"] == "auto"]
        for row in rows:
            self.assertEqual(Decimal(row["saved_usd"]), 9 * Decimal(row["cost_usd"]))
        total = sum(Decimal(r["saved_usd"]) for r in rows)
        answer = json.loads(ctl(yard, "--json", "savings"))
        self.assertEqual(Decimal(answer["total"]["saved_usd"]), total)
        self.assertEqual(Decimal(answer["total"]["saved_by"]["routing"]), total)
        self.assertEqual([(r["route"], r["baseline"]) for r in answer["routes"]], [("auto", "openai/medium")])
        self.assertAlmostEqual(yard.metric("switchyard_savings_usd_total", reason="routing"), float(total), places=9)
        self.assertIn("openai/medium", ctl(yard, "savings"))
        self.end(yard)


class Budgets(Base):
    async def storm(self, yard, value, requests, path="/v1/chat/completions", body=None):
        """Statuses of so many requests sent at the same time."""
        statuses = collections.Counter()
        message = request_bytes(body or chat_body("Hello there", max_tokens=5), path=path, headers=["authorization: Bearer " + value])

        async def one():
            reader, writer = await asyncio.open_connection(*yard.endpoint)
            try:
                writer.write(message)
                status, headers, answer = await asyncio.wait_for(read_answer(reader), 30)
                code = None if status == 200 else json.loads(answer)["error"]["code"]
                statuses[status, code] += 1
                if status == 429:
                    assert int(headers["retry-after"]) > 0
            finally:
                writer.close()
        await asyncio.gather(*(one() for _ in range(requests)))
        return statuses

    def test_500_parallel_requests_never_spend_more_than_ten_cents(self):
        yard = self.start()
        parent = self.make(yard, "team", budget={"usd": 0.1, "period": "month"})
        self.assertTrue(parent)
        value = self.make(yard, "alice", parent="team", budget={"usd": 0.1, "period": "day"})
        self.sim.pace(latency_ms=50)
        for stream in (False, True):
            statuses = asyncio.run(self.storm(yard, value, 250, body=chat_body("Hello there", max_tokens=5, stream=stream)))
            self.assertEqual(sum(statuses.values()), 250)
            self.assertLessEqual(set(statuses), {(200, None), (402, "budget_exceeded"), (429, "rate_limited")}, statuses)
            if not stream:
                self.assertGreater(statuses[200, None], 10)
        self.settle(yard, "alice")
        wait_until(lambda: sum(Decimal(r["cost_usd"]) for r in rows_of(yard)) == Decimal(self.budget(yard, "alice")["spent_usd"]), 5, "ledger and budget agree")
        spent = sum(Decimal(r["cost_usd"]) for r in rows_of(yard))
        self.assertLessEqual(spent, Decimal("0.1"))
        self.assertGreater(spent, Decimal("0.09"))
        self.assertEqual(Decimal(self.budget(yard, "team")["spent_usd"]), spent)
        self.assertAlmostEqual(yard.metric("switchyard_budget_spent_usd", virtual_key="alice"), float(spent), places=9)
        status, _, body = yard.chat(headers=bearer(value), max_tokens=50)
        self.assertEqual(status, 402)
        self.assertRegex(json.loads(body)["error"]["message"], r"budget of virtual key 'alice' \(\$0\.10 a day\).*begins again at 20..-..-..T00:00:00Z")
        print(f"500 parallel on $0.10: {spent} spent")
        self.end(yard)

    def test_every_route_of_every_api_pays(self):
        yard = self.start()
        worst = self.make(yard, "spent", budget={"usd": 0.000001, "period": "total"})
        chat = {"model": "openai/small", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}
        gemini = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 5}}
        bedrock = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}], "inferenceConfig": {"maxTokens": 5}}
        paths = [("/v1/chat/completions", chat), ("/v1/chat/completions", {**chat, "stream": True}), ("/v1/messages", chat), ("/v1/messages", {**chat, "stream": True}),
                 ("/v1/responses", {"model": "openai/small", "input": "Hi", "max_output_tokens": 16}),
                 ("/v1/completions", {"model": "openai/small", "prompt": "Hi", "max_tokens": 5}), ("/v1/embeddings", {"model": "openai/small", "input": "Hi"}),
                 ("/v1beta/models/openai/small:generateContent", gemini), ("/v1beta/models/openai/small:streamGenerateContent?alt=sse", gemini),
                 ("/model/openai%2Fsmall/converse", bedrock), ("/model/openai%2Fsmall/converse-stream", bedrock)]
        for path, body in paths:
            status, _, answer = http("POST", yard.url + path, body, bearer(worst))
            self.assertEqual(status, 402, (path, answer))
        self.assertEqual(self.sim.requests(), 0, "nobody was asked")
        counted = http("POST", yard.url + "/v1/messages/count_tokens", {k: chat[k] for k in ("model", "messages")}, bearer(worst))
        self.assertEqual(counted[0], 200, counted)                         # counting is free
        value = self.make(yard, "rich", budget={"usd": 1000, "period": "total"})
        before = Decimal(0)
        for path, body in paths:
            status, _, answer = http("POST", yard.url + path, body, bearer(value))
            self.assertEqual(status, 200, (path, answer))
            self.settle(yard, "rich")
            now = Decimal(self.budget(yard, "rich")["spent_usd"])
            self.assertGreater(now, before, path + " was free")
            before = now
        wait_until(lambda: sum(Decimal(r["cost_usd"]) for r in rows_of(yard) if r["virtual_key"] == "rich") == before, 5, "ledger and budget agree")
        self.end(yard)

    def test_many_answers_at_once_are_reserved_for(self):
        yard = self.start()
        value = self.make(yard, "alice", budget={"usd": 0.02, "period": "day"})
        self.assertEqual(yard.chat(headers=bearer(value), max_tokens=10)[0], 200)
        self.assertEqual(yard.chat(headers=bearer(value), max_tokens=10, n=20)[0], 402)
        self.end(yard)

    def test_a_parent_that_is_spent_refuses_its_children_by_its_name(self):
        yard = self.start()
        self.make(yard, "team", budget={"usd": 0.01, "period": "day"})
        a, b = (self.make(yard, name, parent="team") for name in ("a", "b"))
        statuses = [yard.chat(headers=bearer(v), max_tokens=5)[0] for v in (a, b) * 6]
        self.assertEqual(statuses[0], 200)
        self.assertEqual(statuses[-1], 402)
        self.assertIn("budget of virtual key 'team'", json.loads(yard.chat(headers=bearer(a), max_tokens=5)[2])["error"]["message"])
        self.end(yard)

    def test_a_request_waits_for_what_others_hold_and_no_longer_than_two_seconds(self):
        yard = self.start()
        value = self.make(yard, "alice", budget={"usd": 0.006, "period": "day"})   # room for one call at its worst, for two as they are
        self.sim.pace(latency_ms=600)
        statuses = asyncio.run(self.storm(yard, value, 2))
        self.assertEqual(statuses, {(200, None): 1, (402, "budget_exceeded"): 1} if statuses[200, None] == 1 else {(200, None): 2})
        slow = self.make(yard, "bob", budget={"usd": 0.006, "period": "day"})
        self.sim.pace(latency_ms=4000)

        async def second_waits():
            first = asyncio.create_task(self.storm(yard, slow, 1))
            await asyncio.to_thread(wait_until, lambda: self.sim.total()["in_flight"] == 1, 5, "the first is under way")
            begun = time.monotonic()
            refused = await self.storm(yard, slow, 1)
            took = time.monotonic() - begun
            await first
            return refused, took
        refused, took = asyncio.run(second_waits())
        self.assertEqual(refused, {(429, "rate_limited"): 1})
        self.assertGreater(took, 1.8)
        self.assertLess(took, 3)
        self.end(yard)

    def test_a_client_that_leaves_gives_back_what_it_did_not_cost(self):
        yard = self.start()
        value = self.make(yard, "alice", budget={"usd": 1, "period": "day"})
        self.sim.pace(latency_ms=3000)

        async def leave():
            reader, writer = await asyncio.open_connection(*yard.endpoint)
            writer.write(request_bytes(chat_body(max_tokens=100), headers=["authorization: Bearer " + value]))
            await asyncio.to_thread(wait_until, lambda: Decimal(self.budget(yard, "alice")["reserved_usd"]) > 0, 5, "reserved")
            writer.close()
        asyncio.run(leave())
        self.settle(yard, "alice")
        self.assertGreater(Decimal(self.budget(yard, "alice")["spent_usd"]), 0)   # the prompt was read
        self.end(yard)

    def test_an_unknown_price_passes_and_is_counted(self):
        yard = self.start()
        value = self.make(yard, "alice", budget={"usd": 0.000001, "period": "day"})
        self.assertEqual(yard.chat(headers=bearer(value), model="openai/large")[0], 200)
        self.settle(yard, "alice")
        self.assertEqual(self.budget(yard, "alice")["unpriced_requests"], 1)
        self.end(yard)

    def test_limits_show_what_is_left(self):
        yard = self.start()
        value = self.make(yard, "alice", rpm=10, tpm=1000, budget={"usd": 1, "period": "day"})
        self.assertEqual(yard.chat(headers=bearer(value), max_tokens=5)[0], 200)
        self.settle(yard, "alice")
        rows = {r["kind"]: r for r in yard.get_admin("/admin/v1/limits")["limits"] if r["name"] == "alice"}
        self.assertEqual(set(rows), {"requests", "tokens", "budget_usd"})
        self.assertEqual(rows["requests"]["remaining"], 9)
        self.assertLess(rows["budget_usd"]["remaining"], 1)
        self.assertTrue(rows["budget_usd"]["resets_at"].endswith("T00:00:00Z"))
        self.assertIn("budget_usd", ctl(yard, "limits"))
        self.end(yard)


class Deaths(Base):
    def spend(self, yard, value, count):
        for i in range(count):
            self.assertEqual(yard.chat(headers=bearer(value), max_tokens=5, stream=i % 2 == 0)[0], 200)
        self.settle(yard, "alice")

    def test_spending_is_the_same_after_a_restart_and_after_kill_9(self):
        terms = {"ledger": {"durability": "sync"}, "virtual_keys": [{"name": "team", "key": TEAM, "budget": {"usd": 5, "period": "month"}}]}
        yard = self.start(**terms)
        value = self.make(yard, "alice", parent="team", budget={"usd": 1, "period": "day"})
        self.spend(yard, value, 6)
        spent = self.budget(yard, "alice")["spent_usd"]
        self.end(yard)
        yard = self.start(**terms)
        self.assertEqual([self.budget(yard, n)["spent_usd"] for n in ("alice", "team")], [spent] * 2)
        self.spend(yard, value, 6)
        spent = self.budget(yard, "alice")["spent_usd"]
        yard.process.kill()
        yard = self.start(**terms)
        self.assertEqual([self.budget(yard, n)["spent_usd"] for n in ("alice", "team")], [spent] * 2)
        self.assertEqual(sum(Decimal(r["cost_usd"]) for r in rows_of(yard)), Decimal(spent))
        self.assertIn("fine:", ctl(yard, "ledger", "verify"))
        self.end(yard)

    def test_a_call_under_way_when_the_node_dies_is_charged_as_reserved(self):
        terms = {"ledger": {"durability": "sync"}}
        yard = self.start(**terms)
        self.make(yard, "team", budget={"usd": 0.1, "period": "month"})
        value = self.make(yard, "alice", parent="team")
        self.sim.pace(latency_ms=20_000)

        async def asked_and_killed():
            asking = asyncio.create_task(asyncio.to_thread(lambda: self.assertRaises(OSError, yard.chat, headers=bearer(value), max_tokens=100)))
            await asyncio.to_thread(wait_until, lambda: self.sim.total()["in_flight"] == 1, 5, "the provider was called")
            yard.process.kill()
            await asking
        asyncio.run(asked_and_killed())
        yard = self.start(**terms)
        (row,) = rows_of(yard)
        self.assertEqual(row["outcome"], "unknown")
        self.assertGreater(Decimal(row["cost_usd"]), Decimal("0.04"))      # 100 tokens at 400 USD a million
        self.assertEqual(self.budget(yard, "team")["spent_usd"], row["cost_usd"])
        self.end(yard)

    def test_kill_9_under_load_never_sells_a_budget_twice(self):
        terms = {"ledger": {"durability": "sync"}}
        yard = self.start(**terms)
        value = self.make(yard, "alice", budget={"usd": 0.2, "period": "total"})
        self.sim.pace(latency_ms=5)
        for round_number in range(4):
            async def until_killed():
                load = asyncio.create_task(self.load(yard, value))
                await asyncio.sleep(0.3)
                yard.process.kill()
                await load
            asyncio.run(until_killed())
            yard = self.start(**terms)
            charged = sum(Decimal(r["cost_usd"]) for r in rows_of(yard))
            self.assertEqual(Decimal(self.budget(yard, "alice")["spent_usd"]), charged, f"round {round_number}")
            self.assertLessEqual(charged, Decimal("0.2"))
        self.end(yard)

    async def load(self, yard, value):
        message = request_bytes(chat_body("Hello there", max_tokens=5), headers=["authorization: Bearer " + value])

        async def one():
            reader, writer = await asyncio.open_connection(*yard.endpoint)
            try:
                while True:
                    writer.write(message)
                    await read_answer(reader)
            finally:
                writer.close()
        await asyncio.gather(*(one() for _ in range(8)), return_exceptions=True)


if __name__ == "__main__":
    unittest.main()
