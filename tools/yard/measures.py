"""tools/yard/run measure: what a cluster costs and carries, in figures.

A function here is one measurement: it makes its cluster, and yields (what, figure, wanted, held) as a fault does.
CPU is the scheduler's own account of the processes; shares of one core. What is compared is measured in turn, in pairs of rounds, the middle one counts.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import network
import quota
from cluster import Cluster, free_port
from faults import DEAR, config_with, least, most, none, show_chosen
from flow import Flow
from programs import BIN, Process, wait_until

MEASURES = {}
TEAM = [{"name": "team", "key": "sk-bench", "rpm": 6_000_000, "budget": {"usd": 1_000_000, "period": "total"}}]
# Every request passes a limit of its provider's key, one of its virtual key and a hard budget; none of them is ever reached.
SHARED = {"key_1": {"rpm": 6_000_000}, "one_key": True, "provider": {"prices": DEAR}, "virtual_keys": TEAM}


def measure(name, what):
    def keep(function):
        MEASURES[name] = (what, function)
        return function
    return keep


def sleep_for(seconds):
    time.sleep(seconds)


def cpu_shares(nodes, seconds):
    """Of a core, in %, for each."""
    begun, before = time.monotonic(), [cpu_seconds(n) for n in nodes]
    sleep_for(seconds)
    return [(cpu_seconds(n) - c) / (time.monotonic() - begun) * 100 for n, c in zip(nodes, before)]


def cpu_seconds(node):
    """To the microsecond; of threads that still live."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{node.process.pid}/task").iterdir()) / 1e9


def wakes_of(node):
    return sum(int(line.split()[1]) for task in pathlib.Path(f"/proc/{node.process.pid}/task").iterdir()
               for line in (task / "status").read_text().splitlines() if line.startswith("voluntary"))


@measure("idle", "CPU of an idle node of five: without limits, then with a limit of a provider's key, one of a virtual key, and a hard budget")
def idle(make, options):
    for name, config in (("without limits", {}), ("with limits and a budget", SHARED)):
        cluster = make(**config)
        sleep_for(6)                             # what a start brings about is over
        seconds, watched = options.seconds or 30, cluster.nodes[0]
        before = wakes_of(watched)
        shares = cpu_shares(cluster.nodes, seconds)
        wakes = (wakes_of(watched) - before) / seconds
        yield most(f"{name}: median of five nodes ({wakes:.0f} wakes/s)", statistics.median(shares), 0.5, " % of a core")
        cluster.close()


# -- what goes between nodes ------------------------------------------------------------------------------------------

class PeerBytes:
    """Counts, in each node's namespace, the bytes (with TCP/IP headers) that come from each other node's port for peers, or to the own one."""

    def __init__(self, cluster):
        self.cluster = cluster
        for node in cluster.nodes:
            rules = "".join(f" add rule inet peers in ip saddr {cluster.host(o.number)} tcp {port} 8082 counter comment \"{o.name}\";"
                            for o in cluster.nodes if o is not node for port in ("sport", "dport"))
            network.run(*cluster.net.inside(node.number), "nft",
                        "add table inet peers; add chain inet peers in { type filter hook input priority -10; };" + rules)

    def read(self):
        """{pair of names: bytes both ways}."""
        pairs = {}
        for node in self.cluster.nodes:
            listed = json.loads(network.run(*self.cluster.net.inside(node.number), "nft", "-j", "list", "table", "inet", "peers"))
            for rule in (entry["rule"] for entry in listed["nftables"] if "rule" in entry):
                pair = "".join(sorted((node.name, rule["comment"])))
                pairs[pair] = pairs.get(pair, 0) + next(e["counter"]["bytes"] for e in rule["expr"] if "counter" in e)
        return pairs


@measure("gossip", "traffic between each two of five nodes: idle, and under load with limits and a hard budget")
def gossip(make, options):
    cluster = make(**SHARED)
    counted = PeerBytes(cluster)
    sleep_for(3)

    def rates(seconds):
        before, begun = counted.read(), time.monotonic()
        sleep_for(seconds)
        took = time.monotonic() - begun
        return {pair: (after - before[pair]) / took / 1000 for pair, after in counted.read().items()}

    calm = rates(10)
    yield most("idle, busiest pair, both ways", max(calm.values()), 20, " KB/s")
    rate = options.rate or 150
    flow = Flow([n.endpoint for n in cluster.nodes], rate, threads=24, headers={"authorization": "Bearer sk-bench"})
    sleep_for(5)
    begun, rows = time.monotonic(), flow.count()
    busy = rates(options.seconds or 20)
    done = (flow.count() - rows) / (time.monotonic() - begun)
    flow.stop()
    yield most(f"at {done:.0f} requests/s in all, middle of ten pairs, both ways", statistics.median(busy.values()), 20, " KB/s")
    yield most("busiest pair, the ledger's tail included", max(busy.values()), 20, " KB/s")
    yield none("requests that failed", len(flow.bad()))


# -- what a request costs ---------------------------------------------------------------------------------------------

class Single:
    """A node that stands alone, with the configuration of a cluster's."""

    def __init__(self, folder, number, config):
        self.folder = folder / f"single-{number}"
        self.folder.mkdir()
        data, admin = free_port(), free_port()
        self.endpoint = ("127.0.0.1", data)
        own = {"node": {"name": f"single-{number}", "data_dir": str(self.folder / "data")}, "server": {"listen": f"127.0.0.1:{data}", "threads": 1},
               "admin": {"listen": f"127.0.0.1:{admin}", "token": "yard-admin-token"}}
        path = self.folder / "switchyard.yaml"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump({**config, **own}, out)
        self.process = Process([str(BIN / "switchyard"), "--config", str(path)], self.folder, r"listening data=(\S+) admin=(\S+)")


def drive(nodes, total, connections=8):
    """`total` requests to each at the same time, by bench_load; CPU seconds per request of all together, requests that failed, requests per second."""
    cpu, begun = sum(cpu_seconds(n) for n in nodes), time.monotonic()
    loads = [subprocess.Popen([str(BIN / "bench_load"), str(n.endpoint[1]), "requests", str(total), str(connections)], stdout=subprocess.PIPE, text=True) for n in nodes]
    said = [json.loads(load.communicate()[0]) for load in loads]
    took = time.monotonic() - begun
    sleep_for(0.5)                               # what a request leaves to be done belongs to it
    cpu = sum(cpu_seconds(n) for n in nodes) - cpu
    return cpu / (total * len(nodes)), sum(s["failed"] for s in said), total * len(nodes) / took


@measure("cost", "CPU of a request in a cluster of --size nodes (2) against as many that stand alone, each under the same load (closed loop), in pairs of rounds")
def cost(make, options):
    for name, changes in (("no limits", {}), ("limits and a hard budget", SHARED)):
        mock = subprocess.Popen([str(BIN / "bench_mock"), str(port := free_port())])
        try:
            cluster = make(namespaces=False, size=options.size or 2, mock=f"http://127.0.0.1:{port}", **changes)
            singles = [Single(cluster.folder, number, cluster.config) for number in range(cluster.size)]
            ratios, rates, failed = [], [], 0
            try:
                wait_until(lambda: all(n.chat(headers={"authorization": "Bearer sk-bench"})[0] == 200 for n in cluster.nodes), 20, "limits are lent")
                drive([*singles, *cluster.nodes], 3000)      # warm
                for turn in range(options.rounds or 16):
                    pair = {}
                    for which in (("alone", "together") if turn % 2 else ("together", "alone")):
                        pair[which], bad, rate = drive(singles if which == "alone" else cluster.nodes, options.requests or 30000)
                        failed += bad
                        rates.append(rate)
                    ratios.append(pair["together"] / pair["alone"])
                    print(f"                 {pair['alone'] * 1e6:.1f} us alone, {pair['together'] * 1e6:.1f} us in the cluster: x {ratios[-1]:.3f}", flush=True)
            finally:
                for single in singles:
                    single.process.terminate()
            yield most(f"{name}: CPU per request, median of {len(ratios)} pairs at {statistics.median(rates):.0f} requests/s", statistics.median(ratios), 1.05, " x alone")
            yield none("requests that failed", failed)
            cluster.close()
        finally:
            mock.terminate()
            mock.wait()


# -- what a cluster carries -------------------------------------------------------------------------------------------

@measure("throughput", "requests of two nodes behind HAProxy against one node behind it, each node on --share of a core (0.25), in pairs of rounds")
def throughput(make, options):
    """The machine need not have a core for each node, for HAProxy, for the provider and for the load: a quota makes the nodes what holds the rest up."""
    if why := quota.available():
        raise AssertionError(why)
    share, quotas = options.share or 0.25, []
    mock = subprocess.Popen([str(BIN / "bench_mock"), str(port := free_port())])
    try:
        yards = {size: make(namespaces=False, balancer=True, size=size, mock=f"http://127.0.0.1:{port}") for size in (1, 2)}
        for size, cluster in yards.items():
            for node in cluster.nodes:
                quotas.append(quota.Quota(f"{size}{node.name}", share))
                quotas[-1].add(node.process.pid)

        def rate(size, total):
            load = subprocess.run([str(BIN / "bench_load"), str(yards[size].balancer.endpoint[1]), "requests", str(total), "32"], stdout=subprocess.PIPE, text=True, check=True)
            said = json.loads(load.stdout)
            return said["finished"] / said["seconds"], said["failed"]

        requests, ratios, rates, failed = options.requests or 15000, [], {1: [], 2: []}, 0
        for size in yards:
            rate(size, 3000)                     # warm
        before = [q.throttled() for q in quotas]
        for turn in range(options.rounds or 6):
            pair = {}
            for size in ((1, 2) if turn % 2 else (2, 1)):
                pair[size], bad = rate(size, requests * size)
                rates[size].append(pair[size])
                failed += bad
            ratios.append(pair[2] / pair[1])
            print(f"                 one {pair[1]:.0f} requests/s, two {pair[2]:.0f}: x {ratios[-1]:.2f}", flush=True)
        throttled = [a[0] - b[0] for a, b in zip((q.throttled() for q in quotas), before)]
        yield least(f"two nodes ({statistics.median(rates[2]):.0f} requests/s) against one ({statistics.median(rates[1]):.0f}), median of {len(ratios)} pairs", statistics.median(ratios), 1.8, " x")
        yield least("periods in which a node had used up its quota, fewest of the nodes", min(throttled), 100)
        yield none("requests that failed", failed)
        for cluster in yards.values():
            cluster.close()
    finally:
        mock.terminate()
        mock.wait()
        for one in quotas:
            one.close()


def busy_jiffies():
    fields = [int(x) for x in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


@measure("calm", "no node of five is taken for dead while the machine is at 100 % CPU, for --seconds (1800); --burn N (one a core) processes keep it busy")
def calm(make, options):
    cluster = make()
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() if options.burn is None else options.burn)]
    try:
        since = [node.process.err_path.stat().st_size for node in cluster.nodes]
        flow = Flow([n.endpoint for n in cluster.nodes], 20, threads=10)
        begun, before, load = time.monotonic(), busy_jiffies(), []
        while time.monotonic() - begun < (options.seconds or 1800):
            sleep_for(5)
            load.append(os.getloadavg()[0])
        flow.stop()
        busy = [a - b for a, b in zip(busy_jiffies(), before)]
        said = [node.process.err_path.read_text(errors="replace")[start:] for node, start in zip(cluster.nodes, since)]
    finally:
        for one in burners:
            one.kill()
            one.wait()
    seen = {state: sum(text.count(f"state={state}") for text in said) for state in ("suspect", "dead", "left")}
    yield least(f"CPU of the machine over {time.monotonic() - begun:.0f} s (load average {min(load):.1f} to {max(load):.1f}, mean {statistics.mean(load):.1f})", 100 * busy[0] / busy[1], 98, " %")
    yield none("nodes seen dead", seen["dead"] + seen["left"])
    yield "suspicions, all refuted", str(seen["suspect"]), "any", True
    yield none(f"of {flow.count()} requests not answered with 200", len(flow.bad()))
    yield "the cluster is whole", str(cluster.formed()), "True", cluster.formed()


def main():
    parser = argparse.ArgumentParser(prog="tools/yard/run measure", description="Measures a cluster of real nodes; exit code 1 if a figure is not what is wanted.")
    parser.add_argument("names", nargs="*", help="which (all); `list` names them")
    parser.add_argument("-n", "--nodes", type=int, default=5)
    parser.add_argument("--seconds", type=float, help="how long a figure is measured")
    parser.add_argument("--rate", type=float, help="requests a second in all, of gossip (150)")
    parser.add_argument("--rounds", type=int, help="pairs of rounds, of cost (16) and throughput (6)")
    parser.add_argument("--requests", type=int, help="to each node in a round, of cost (30000) and throughput (15000)")
    parser.add_argument("--share", type=float, help="of a core for each node, of throughput (0.25)")
    parser.add_argument("--burn", type=int, help="processes that keep the machine busy, of calm (one a core)")
    parser.add_argument("--size", type=int, help="nodes, of cost (2)")
    parser.add_argument("--keep", action="store_true", help="keep logs and data")
    return show_chosen(parser, MEASURES, "all as wanted", "not as wanted")


if __name__ == "__main__":
    sys.exit(main())
