"""The ledger beside the provider's own log, over a long run of everything that happens: whole answers and streams, failures that are tried again, streams
that break off, clients that leave, answers of the cache, two client formats. SWITCHYARD_ACCOUNT_REQUESTS=100000 is the long form."""
import asyncio
import collections
import json
import os
import random
import time
import unittest
from decimal import Decimal

from load import chat_body, read_answer, read_head, request_bytes
from test_ledger import ctl, rows_of
from yard import Sim, Yard, key, provider, secret, wait_until

REQUESTS = int(os.environ.get("SWITCHYARD_ACCOUNT_REQUESTS", "3000"))
CONNECTIONS = 32
EVENTS = 6                             # of a stream that stalls or breaks off: the role and five pieces of text
PRICES = {model: {"input": 1, "output": 4} for model in ("small", "medium", "large")}


class Clients:
    """Each request once; what became of it by kind, and the ids of those whose answer came whole."""

    def __init__(self, endpoint, seed):
        self.endpoint = endpoint
        self.choose = random.Random(seed)
        self.left = iter(range(REQUESTS))
        self.came = collections.Counter()
        self.whole = []

    def next_request(self, number):
        kind = self.choose.choices(("answer", "stream", "messages", "cached", "cached stream", "leaves", "breaks"), (40, 20, 8, 10, 10, 6, 6))[0]
        more = {"stream": True} if kind in ("stream", "cached stream", "leaves", "breaks") else {}
        model = {"leaves": "patient/medium", "breaks": "broken/large"}.get(kind, "auto" if kind.startswith("cached") else "plain")
        prompt = f"Tell me of thing {self.choose.randrange(40)}" if kind.startswith("cached") else f"Tell me of thing {number} at length"
        if kind in ("answer", "stream", "messages"):
            more["max_tokens"] = self.choose.randint(1, 30)
        path = "/v1/messages" if kind == "messages" else "/v1/chat/completions"
        return kind, request_bytes(chat_body(prompt, model, **more), path)

    async def one(self, kind, request, reader, writer):
        """True: the connection can be used again."""
        writer.write(request)
        if kind == "leaves":
            status, headers = await read_head(reader)
            if status != 200:
                self.came["refused"] += 1
                await reader.readexactly(int(headers["content-length"]))
                return True
            for _ in range(EVENTS):
                await reader.readuntil(b"\n\n")
            self.came["left"] += 1
            return False
        status, headers, body = await read_answer(reader)
        self.came[f"{kind} {status}"] += 1
        self.came["from the cache"] += headers.get("x-switchyard-cache") in ("hit", "semantic-hit")
        self.came["more than one attempt"] += headers.get("x-switchyard-attempts", "1") != "1"
        if status == 200 and kind != "breaks":
            self.whole.append(headers["x-request-id"])
        return True

    async def connection(self):
        reader = writer = None
        for number in self.left:
            kind, request = self.next_request(number)
            if writer is None:
                reader, writer = await asyncio.open_connection(*self.endpoint)
            if not await self.one(kind, request, reader, writer):
                writer.close()
                writer = None
        if writer is not None:
            writer.close()

    async def all(self):
        await asyncio.gather(*(self.connection() for _ in range(CONNECTIONS)))


class Accounts(unittest.TestCase):
    def test_the_ledger_is_the_providers_log_to_the_token(self):
        sim = Sim()
        self.addCleanup(sim.stop)
        sim.faults({"kind": "status", "status": 500, "model": "small", "probability": 0.08},
                   {"kind": "stall", "model": "medium", "after_events": EVENTS},
                   {"kind": "truncate", "model": "large", "after_events": EVENTS, "probability": 0.5}, seed=7)
        never = {"failure_rate": 1.0, "min_requests": 1000}   # failures in a row, too
        yard = Yard({
            "providers": {"sim": provider(sim.url, key("one"), key("two"), prices=PRICES),
                          "patient": provider(sim.url, key("three"), prices=PRICES),
                          "broken": provider(sim.url, key("four"), prices=PRICES, breaker=never)},
            "routes": [{"name": "auto", "stages": [{"cache": {"scope": "route"}}, {"balance": {"targets": ["sim/small"]}}]},
                       {"name": "plain", "stages": [{"balance": {"targets": ["sim/small"]}}]}],
        })
        clients = Clients(yard.endpoint, seed=20261126)
        began = time.monotonic()
        asyncio.run(clients.all())
        took = time.monotonic() - began
        settled = lambda: yard.get_admin("/admin/v1/spend")["total"]["attempts"]
        asked = sim.total()["requests"]
        wait_until(lambda: sim.total()["in_flight"] == 0, 10, "the provider heard that its callers left")
        wait_until(lambda: settled() == asked + clients.came["from the cache"], 10, "every call has its row")
        rows = rows_of(yard)
        self.check(rows, sim, clients)
        spent = yard.get_admin("/admin/v1/spend")["total"]
        self.assertEqual(Decimal(spent["cost_usd"]), sum(Decimal(r["cost_usd"]) for r in rows))
        self.assertIn("fine:", ctl(yard, "ledger", "verify"))
        self.assertEqual(yard.stop(), 0)
        print(f"{REQUESTS} requests in {took:.1f} s, {len(rows)} rows: " + ", ".join(f"{n} {what}" for what, n in sorted(clients.came.items())))

    def check(self, rows, sim, clients):
        log = sim.received()["keys"]
        stored = [r for r in rows if r["cache"] in ("hit", "semantic-hit")]
        asked = [r for r in rows if r["cache"] not in ("hit", "semantic-hit")]
        self.assertEqual(len({(r["request_id"], r["attempt"]) for r in rows}), len(rows), "a row was doubled")
        with_rows = {r["request_id"] for r in rows}
        self.assertEqual([i for i in clients.whole if i not in with_rows], [], "a request has no row")
        self.assertEqual(len(stored), clients.came["from the cache"])
        self.assertTrue(all(Decimal(r["cost_usd"]) == 0 and Decimal(r["saved_usd"]) > 0 for r in stored))
        for name in ("one", "two", "three", "four"):
            of_key, theirs = [r for r in asked if r["key"] == name], log[secret(name)]
            self.assertEqual(len(of_key), theirs["requests"], name)
            self.assertEqual(sum(r["output_tokens"] for r in of_key), theirs["output_tokens"], name)
            if name in ("one", "two"):
                # Of a stream that did not end, no provider says what the prompt was: there it is our own estimate.
                self.assertEqual(sum(r["input_tokens"] for r in of_key), theirs["input_tokens"], name)
            priced = sum(r["input_tokens"] * 1000 + r["output_tokens"] * 4000 for r in of_key)
            self.assertEqual(sum(Decimal(r["cost_usd"]) for r in of_key), Decimal(priced) / 10**9, name)
        outcomes = collections.Counter((r["key"], r["outcome"]) for r in asked)
        self.assertEqual(outcomes["three", "client_gone"], clients.came["left"])
        self.assertGreater(clients.came["from the cache"], REQUESTS // 20)
        self.assertGreater(clients.came["more than one attempt"], REQUESTS // 100)
        self.assertGreater(outcomes["four", "error"], REQUESTS // 100)
        self.assertGreater(clients.came["left"], REQUESTS // 50)


if __name__ == "__main__":
    unittest.main()
