"""Three nodes as one: a provider key's and a virtual key's requests a minute, and a hard budget, with a node killed in between."""
import asyncio
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest
from decimal import Decimal

from cluster import Cluster
from load import chat_body, read_answer, request_bytes
from programs import BIN, http, wait_until

PRICES = {"small": {"input": 100, "output": 400}}
BURST, RATE = 0.05, 0.95   # of a limit: what may be used at once, and then a minute (cluster/lease_terms.hpp)


def config(rpm=0, virtual_keys=()):
    def make(sim_url):
        key = {"name": "key-1", "value": "sk-yard-1", "models": ["small"], **({"rpm": rpm} if rpm else {})}
        return {"providers": {"openai": {"wire": "openai", "base_url": sim_url, "keys": [key], "prices": PRICES}},
                "routes": [{"name": "auto", "stages": [{"balance": {"targets": ["openai/small"]}}]}], "virtual_keys": list(virtual_keys)}
    return make


async def ask(node, connection, body, headers=()):
    """One request over a connection that is kept; the status, or None when the node is gone."""
    try:
        if not connection:
            connection.extend(await asyncio.open_connection(*node.endpoint))
        connection[1].write(request_bytes(body, headers=headers))
        status, _, answer = await read_answer(connection[0])
        return status, answer
    except (OSError, asyncio.IncompleteReadError):
        if connection:
            connection[1].close()
            connection.clear()
        return None, b""


async def steady(nodes, per_second, seconds, headers=(), at=()):
    """Requests at an even pace to the nodes in turn; what each got, with its time. `at`: (second, what to do then)."""
    seen, waiting, actions = [], set(), sorted(at, key=lambda a: a[0])
    pools = {node.name: [] for node in nodes}

    async def one(node, when):
        connection = pools[node.name].pop() if pools[node.name] else []
        status, _ = await ask(node, connection, chat_body(), headers)
        if connection:
            pools[node.name].append(connection)
        seen.append((when, status))

    begin = time.monotonic()
    count = int(per_second * seconds)
    for i in range(count):
        now = time.monotonic() - begin
        await asyncio.sleep(max(0, i / per_second - now))
        while actions and actions[0][0] <= time.monotonic() - begin:
            actions.pop(0)[1]()
        task = asyncio.create_task(one(nodes[i % len(nodes)], time.monotonic() - begin))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*list(waiting))
    for pool in pools.values():
        for connection in pool:
            connection[1].close()
    return seen


class Base(unittest.TestCase):
    def cluster(self, *arguments, **more):
        folder = tempfile.mkdtemp(prefix="switchyard-cluster-")
        self.addCleanup(shutil.rmtree, folder, True)
        made = Cluster(3, folder, tls=False, balancer=False, config=config(*arguments, **more))
        self.addCleanup(made.close)
        made.start()
        wait_until(lambda: all(row["remaining"] > 0 for node in made.nodes for row in node.ask("/admin/v1/limits?scope=node")["limits"] if row["kind"] == "requests"), 30,
                   "every node was lent something of every limit")
        return made

    def assert_within(self, cluster, rpm, seen, seconds):
        """What the provider received fits into burst and rate, and is most of it."""
        passed = [when for when, status in seen if status == 200]
        most = BURST * rpm + RATE * rpm / 60 * (seconds + 1)
        self.assertLessEqual(cluster.sim.requests(), most, (len(passed), most))
        self.assertGreaterEqual(cluster.sim.requests(), len(passed))
        return len(passed) / (RATE * rpm / 60 * seconds)


class RateLimits(Base):
    def test_a_node_that_says_it_is_ready_serves_limited_keys_at_once(self):
        rpm = 1200
        cluster = self.cluster(rpm)
        worst = 0
        for name in ("a", "b", "c"):
            node = cluster[name]
            node.kill()
            begin = time.monotonic()
            node.start()
            wait_until(lambda: http("GET", "http://%s:%d/readyz" % node.endpoint)[0] == 200, 8, name + " is ready")
            worst = max(worst, time.monotonic() - begin)
            seen = asyncio.run(steady([node], rpm / 60 / 6, 1))   # half of its share
            self.assertEqual([status for _, status in seen], [200] * len(seen), name)
        print(f"a killed node is started and ready with its limits after {worst:.1f} s at most")

    def test_requests_a_minute_of_a_provider_key_are_shared_also_while_a_node_dies(self):
        rpm, seconds = 600, 24
        cluster = self.cluster(rpm)
        cluster.sim.reset()
        seen = asyncio.run(steady(cluster.nodes, 3 * rpm / 60, seconds, at=[(seconds / 2, cluster["b"].kill)]))
        use = self.assert_within(cluster, rpm, seen, seconds)
        first = sum(1 for when, status in seen if status == 200 and when < seconds / 2) / (RATE * rpm / 60 * seconds / 2)
        print(f"rpm {rpm} over 3 nodes at 3 times the demand: {use:.2f} of the rate used, {first:.2f} before a node was killed")
        self.assertGreaterEqual(first, 0.9)
        self.assertGreaterEqual(use, 0.55)             # two of three shares, and up to four seconds without an owner

    def test_requests_a_minute_of_a_virtual_key_are_shared(self):
        rpm, seconds = 600, 15
        cluster = self.cluster(virtual_keys=[{"name": "team", "key": "vk-yard-team", "rpm": rpm}])
        cluster.sim.reset()
        seen = asyncio.run(steady(cluster.nodes, 3 * rpm / 60, seconds, ["authorization: Bearer vk-yard-team"]))
        use = self.assert_within(cluster, rpm, seen, seconds)
        print(f"virtual key's rpm {rpm} over 3 nodes at 3 times the demand: {use:.2f} of the rate used")
        self.assertGreaterEqual(use, 0.9)
        self.assertEqual({status for _, status in seen}, {200, 429})

    def test_a_quiet_cluster_takes_the_first_request_on_every_node(self):
        for node in self.cluster(600).nodes:
            self.assertEqual(node.chat()[0], 200, node.name)


class Budgets(Base):
    HEADERS = ["authorization: Bearer vk-yard-team"]

    def ctl(self, node, *arguments):
        done = subprocess.run([str(BIN / "switchyardctl"), "--url", node.admin, "--token", node.cluster.token, *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, (arguments, done.stdout, done.stderr))
        return done.stdout

    def spent(self, nodes):
        """By the rows of all ledgers."""
        rows = {line for node in nodes for line in self.ctl(node, "ledger", "export").splitlines()}
        return sum(Decimal(json.loads(line)["cost_usd"]) for line in rows)

    def wait_settled(self, nodes):
        """Until no attempt is open on any node; what was over before its reservation reached the disk is in the ledger 15 ms after its end."""
        open_on = lambda node: json.loads(self.ctl(node, "--json", "ledger", "verify"))["open_attempts"]
        wait_until(lambda: all(open_on(node) == 0 for node in nodes), 10, "every attempt is settled")

    async def storm(self, nodes, requests, at=None):
        statuses = {}
        body = chat_body("Hello there", max_tokens=5)

        async def one(i):
            connection = []
            status, answer = await ask(nodes[i % len(nodes)], connection, body, self.HEADERS)
            if connection:
                connection[1].close()
            code = json.loads(answer)["error"]["code"] if status not in (200, None) else None
            statuses[status, code] = statuses.get((status, code), 0) + 1

        if at:
            asyncio.get_running_loop().call_later(*at)
        await asyncio.gather(*(one(i) for i in range(requests)))
        return statuses

    def team(self, usd):
        return [{"name": "team", "key": "vk-yard-team", "budget": {"usd": usd, "period": "month"}}]

    def test_500_parallel_requests_over_three_nodes_never_spend_more_than_a_hard_budget(self):
        cluster = self.cluster(virtual_keys=self.team(0.1))
        cluster.sim.models({"id": "small", "latency_ms": 50})
        for _ in range(2):
            statuses = asyncio.run(self.storm(cluster.nodes, 250))
            self.assertEqual(sum(statuses.values()), 250)
            self.assertLessEqual(set(statuses), {(200, None), (402, "budget_exceeded"), (429, "rate_limited")}, statuses)
        self.wait_settled(cluster.nodes)
        spent = self.spent(cluster.nodes)
        print(f"500 parallel over 3 nodes on $0.10: {spent} spent, {statuses}")
        self.assertLessEqual(spent, Decimal("0.1"))
        self.assertGreater(spent, Decimal("0.05"))
        # Each node says what was spent in all.
        for node in cluster.nodes:
            wait_until(lambda: Decimal(node.ask("/admin/v1/virtual-keys")["virtual_keys"][0]["budget"]["spent_usd"]) == spent, 5, node.name + " knows")

    def test_a_hard_budget_holds_while_a_node_is_killed_and_comes_back(self):
        cluster = self.cluster(virtual_keys=self.team(0.3))
        cluster.sim.models({"id": "small", "latency_ms": 30})
        victim = cluster["c"]
        before = asyncio.run(self.storm(cluster.nodes, 150, at=(0.3, victim.kill)))
        left = [n for n in cluster.nodes if n is not victim]
        during = asyncio.run(self.storm(left, 150))
        victim.start()
        cluster.wait_formed()
        after = asyncio.run(self.storm(cluster.nodes, 600))
        self.wait_settled(cluster.nodes)
        spent = self.spent(cluster.nodes)
        print(f"$0.30 over 3 nodes, one killed and back: {spent} spent; {before} {during} {after}")
        self.assertLessEqual(spent, Decimal("0.3"))
        self.assertGreater(spent, Decimal("0.1"))


if __name__ == "__main__":
    unittest.main()
