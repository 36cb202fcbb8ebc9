"""The cost ledger over the life and the deaths of a node: what a client has fully received is in it once, and every sum is equal."""
import asyncio
import contextlib
import csv
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time
import unittest
from decimal import Decimal

from load import chat_body, read_head, request_bytes
from yard import BIN, Sim, Yard, key, provider, wait_until

COLUMNS = ["id", "request_id", "attempt", "at", "node", "route", "provider", "model", "key", "virtual_key", "tags", "input_tokens", "output_tokens",
           "cached_tokens", "cost_usd", "saved_usd", "outcome", "cache"]
ROUNDS = int(os.environ.get("SWITCHYARD_KILL_ROUNDS", "6"))


def ctl(yard, *arguments, code=0):
    done = subprocess.run([str(BIN / "switchyardctl"), "--url", yard.admin, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


def rows_of(yard, *arguments):
    return [json.loads(line) for line in ctl(yard, "ledger", "export", *arguments).splitlines()]


async def clients(endpoint, acknowledged, seed, count=24):
    """Requests without end over `count` connections; the ids of those whose answer came whole, to its last event or byte."""
    choose = random.Random(seed)

    async def one(stream):
        request = request_bytes(chat_body("Hello", stream=stream, max_tokens=choose.randint(1, 12)))
        reader, writer = await asyncio.open_connection(*endpoint)
        try:
            while True:
                writer.write(request)
                status, headers = await read_head(reader)
                if stream:
                    await reader.readuntil(b"data: [DONE]\n\n")   # all that a client waits for
                    if status == 200:
                        acknowledged.append(headers["x-request-id"])
                    await reader.readuntil(b"0\r\n\r\n")
                else:
                    await reader.readexactly(int(headers["content-length"]))
                    if status == 200:
                        acknowledged.append(headers["x-request-id"])
        finally:
            writer.close()

    await asyncio.gather(*(one(i % 2 == 0) for i in range(count)), return_exceptions=True)


class Deaths(unittest.TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix="switchyard-data-")
        self.addCleanup(shutil.rmtree, self.data, True)
        self.sim = Sim()
        self.addCleanup(self.sim.stop)
        self.config = {"node": {"name": "yard-a"}, "ledger": {"durability": "sync"},
                       "providers": {"openai": provider(self.sim.url, key("one"), prices={"small": {"input": 1, "output": 4}})}}

    def start(self):
        return Yard(self.config, data_dir=self.data)

    def test_kill_9_under_load_loses_and_doubles_no_acknowledged_row(self):
        acknowledged, restarts = [], []
        for round_number in range(ROUNDS):
            yard = self.start()

            async def until_killed():
                load = asyncio.create_task(clients(yard.endpoint, acknowledged, round_number))
                wanted, deadline = len(acknowledged) + 20, time.monotonic() + 30
                while len(acknowledged) < wanted and time.monotonic() < deadline:   # whatever else the machine does
                    await asyncio.sleep(0.02)
                await asyncio.sleep(random.Random(round_number).random())
                yard.process.kill()
                await load
                self.assertGreaterEqual(len(acknowledged), wanted, "the load was none")
            asyncio.run(until_killed())
        started = time.monotonic()
        yard = self.start()
        restarts.append(time.monotonic() - started)
        self.assertIn("fine:", ctl(yard, "ledger", "verify"))
        rows = rows_of(yard)
        self.assertEqual(len({(r["request_id"], r["attempt"]) for r in rows}), len(rows), "rows were doubled")
        settled = {r["request_id"] for r in rows if r["outcome"] == "ok"}
        self.assertEqual([i for i in acknowledged if i not in settled], [], "acknowledged rows were lost")
        spent = json.loads(ctl(yard, "--json", "spend"))["total"]
        self.assertEqual(Decimal(spent["cost_usd"]), sum(Decimal(r["cost_usd"]) for r in rows))
        self.assertEqual(spent["attempts"], len(rows))
        self.assertLess(restarts[0], 2)
        unknown = sum(r["outcome"] == "unknown" for r in rows)
        print(f"kill -9 x {ROUNDS}: {len(acknowledged)} acknowledged, {len(rows)} rows, {unknown} unknown, ready after {restarts[0]:.2f} s")
        yard.stop()

    def test_a_call_under_way_when_the_node_died_is_charged_as_reserved(self):
        yard = self.start()
        self.sim.pace(latency_ms=20_000)

        async def asked_and_killed():
            asking = asyncio.create_task(asyncio.to_thread(lambda: self.assertRaises(OSError, yard.chat, "Hello", max_tokens=100)))
            await asyncio.to_thread(wait_until, lambda: self.sim.total()["in_flight"] == 1, 5, "the provider was called")
            yard.process.kill()
            await asking
        asyncio.run(asked_and_killed())
        yard = self.start()
        (row,) = rows_of(yard)
        self.assertEqual(row["outcome"], "unknown")
        self.assertGreaterEqual(Decimal(row["cost_usd"]), Decimal("0.0004"))   # 100 tokens at 4 USD a million, and the prompt
        self.assertEqual(json.loads(ctl(yard, "--json", "spend"))["total"]["unknown"], 1)
        yard.stop()

    def test_a_data_dir_in_use_ends_the_second_node_with_exit_code_2(self):
        yard = self.start()
        second = subprocess.run([str(BIN / "switchyard"), "--config", str(yard.config_path), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                                 "--data-dir", self.data], capture_output=True, text=True, timeout=20)
        self.assertEqual(second.returncode, 2, second.stderr)
        self.assertIn("in use by another process", second.stderr)
        self.assertEqual(yard.chat()[0], 200)
        yard.stop()

    def test_a_damaged_ledger_is_refused_with_instructions(self):
        self.start().stop()
        (pathlib.Path(self.data) / "ledger" / "CURRENT").write_text("MANIFEST-999999\n")
        refused = subprocess.run([str(BIN / "switchyard"), "--data-dir", self.data, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
                                 capture_output=True, text=True, timeout=20)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("switchyardctl restore", refused.stderr)

    def test_a_backup_restores_to_the_same_rows(self):
        yard = self.start()
        for _ in range(5):
            self.assertEqual(yard.chat()[0], 200)
        rows = rows_of(yard)
        self.assertEqual(len(rows), 5)
        copy = self.data + "/copy"
        ctl(yard, "backup", copy)
        ctl(yard, "backup", copy, code=1)
        yard.chat()
        wait_until(lambda: len(rows_of(yard)) == 6, 5, "the row that the backup knows nothing of")
        lost = rows_of(yard)[5]["id"]
        self.assertEqual(subprocess.run([str(BIN / "switchyardctl"), "restore", copy, "--data-dir", self.data], capture_output=True).returncode, 1)
        yard.stop()
        done = subprocess.run([str(BIN / "switchyardctl"), "restore", copy, "--data-dir", self.data], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("restored 5 rows", done.stdout)
        yard = self.start()
        self.assertEqual(rows_of(yard), rows)
        yard.chat()
        self.assertIn("fine: 6 rows", ctl(yard, "ledger", "verify"))
        self.assertGreater(int(rows_of(yard)[5]["id"].split("/")[1]), int(lost.split("/")[1]) + 1000, "a lost row's name may be given again")
        yard.stop()


class Accounts(unittest.TestCase):
    def test_the_ledger_equals_the_providers_own_log(self):
        sim = Sim()
        sim.faults({"kind": "status", "status": 500, "probability": 0.2}, seed=6)
        config = {"providers": {"openai": provider(sim.url, key("one"), key("two"), prices={"small": {"input": 1, "output": 4}})},
                  "virtual_keys": [{"name": "team-a", "key": "vk-canary-7f3a91", "tags": {"team": "red"}}]}
        yard = Yard(config)
        for i in range(60):
            yard.chat(f"Hello {i}", headers={"authorization": "Bearer vk-canary-7f3a91"}, stream=i % 2 == 0, max_tokens=5 + i % 7)
        wait_until(lambda: len(rows_of(yard)) == sim.total()["requests"], 5, "every call has its row")
        rows, total = rows_of(yard), sim.total()
        self.assertEqual(list(rows[0]), COLUMNS)
        self.assertGreater(sum(r["attempt"] > 1 for r in rows), 0, "nothing was retried")
        self.assertEqual(sum(r["output_tokens"] for r in rows), total["output_tokens"])
        self.assertEqual(sum(r["input_tokens"] for r in rows), total["input_tokens"])
        self.assertEqual({(r["virtual_key"], r["tags"]["team"]) for r in rows}, {("team-a", "red")})
        for by in ("model", "provider", "route", "virtual_key", "tag", "key", "day", "hour"):
            spent = yard.get_admin("/admin/v1/spend?by=" + by)
            self.assertEqual(Decimal(spent["total"]["cost_usd"]), sum(Decimal(r["cost_usd"]) for r in rows))
            self.assertEqual(sum(Decimal(g["cost_usd"]) for g in spent["groups"]), Decimal(spent["total"]["cost_usd"]))
            self.assertEqual(spent["total"]["requests"], 60)
        table = list(csv.DictReader(io.StringIO(ctl(yard, "ledger", "export", "--format", "csv"), newline="")))
        self.assertEqual([r["id"] for r in table], [r["id"] for r in rows])
        middle = rows[len(rows) // 2]["at"]
        early, late = rows_of(yard, "--to", middle), rows_of(yard, "--from", middle)
        self.assertEqual([r["id"] for r in early + late], [r["id"] for r in rows])
        spent = json.loads(ctl(yard, "--json", "spend", "--by", "tag", "--from", middle))["groups"]
        self.assertEqual([(g["name"], Decimal(g["cost_usd"])) for g in spent], [("team=red", sum(Decimal(r["cost_usd"]) for r in late))])
        self.assertEqual(yard.metric("switchyard_ledger_entries_total"), len(rows))
        self.assertIn("fine:", ctl(yard, "ledger", "verify"))
        self.assertEqual(yard.stop(), 0)
        sim.stop()

    def test_rows_outlive_a_graceful_stop(self):
        data = tempfile.mkdtemp(prefix="switchyard-data-")
        self.addCleanup(shutil.rmtree, data, True)
        sim = Sim()
        config = {"providers": {"openai": provider(sim.url, key("one"))}}
        yard = Yard(config, data_dir=data)
        ids = [yard.chat()[1]["x-request-id"] for _ in range(20)]
        self.assertEqual(yard.stop(), 0)
        yard = Yard(config, data_dir=data)
        self.assertEqual(sorted(r["request_id"] for r in rows_of(yard)), sorted(ids))
        yard.stop()
        sim.stop()


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix="switchyard-data-")
        self.addCleanup(shutil.rmtree, self.data, True)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.data], capture_output=True).returncode != 0:
            self.skipTest("a small tmpfs needs root and the right to mount")
        self.addCleanup(subprocess.run, ["umount", "-l", self.data])

    def fill(self):
        ballast = pathlib.Path(self.data) / "ballast"
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as out:
            while True:
                out.write(bytes(4096))
        return ballast

    def test_where_answers_wait_for_their_rows_no_provider_is_asked_until_there_is_room(self):
        sim = Sim()
        yard = Yard({"ledger": {"durability": "sync"}, "providers": {"openai": provider(sim.url, key("one"))}}, data_dir=self.data)
        ballast = self.fill()
        answers = [yard.chat(stream=i % 2 == 0) for i in range(100)]
        served = sum(status == 200 for status, _, _ in answers)
        status, headers, body = answers[-1]
        self.assertEqual((status, json.loads(body)["error"]["code"], headers["retry-after"]), (503, "overloaded", "2"))
        asked = sim.requests()
        self.assertEqual(yard.chat()[0], 503)
        self.assertEqual(sim.requests(), asked, "a provider was asked and nobody could write it down")
        ballast.unlink()
        wait_until(lambda: yard.chat()[0] == 200, 5, "served again")
        self.assertIn("fine:", ctl(yard, "ledger", "verify"))
        settled = [r for r in rows_of(yard) if r["outcome"] == "ok"]
        self.assertGreaterEqual(len(settled), served + 1)
        self.assertEqual(yard.stop(), 0)
        sim.stop()

    def test_serving_goes_on_and_the_ledger_recovers_within_5_seconds(self):
        sim = Sim()
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))}}, data_dir=self.data)
        ledger = lambda: next(a["state"] for a in yard.get_admin("/admin/v1/status")["actors"] if a["kind"] == "ledger")
        ballast = self.fill()
        sent = 0
        deadline = time.monotonic() + 20
        while "takes no writes" not in ledger():
            self.assertLess(time.monotonic(), deadline, "the disk never became full")
            for _ in range(50):
                self.assertEqual(yard.chat()[0], 200)
                sent += 1
        for _ in range(20):
            self.assertEqual(yard.chat()[0], 200)
            sent += 1
        ballast.unlink()
        took = wait_until(lambda: "takes no writes" not in ledger(), 5, "the ledger writes again")
        wait_until(lambda: len(rows_of(yard)) == sent, 2, "no row is missing")
        self.assertIn("fine:", ctl(yard, "ledger", "verify"))
        print(f"full disk: recovered {took:.2f} s after there was room, {sent} rows, none lost")
        self.assertEqual(yard.stop(), 0)
        sim.stop()


if __name__ == "__main__":
    unittest.main()
