"""tools/yard/run faults: injects faults into real nodes, each on a host of its own, and says what held.

A function here is one fault: it makes its cluster, injects, waits for conditions, and yields (what, figure, wanted, held).
"""
import argparse
import json
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import network
from cluster import MODELS, Cluster, plain_config
from flow import Flow, Meter
from programs import BIN, wait_until

FAULTS = {}


def fault(name, what):
    def keep(function):
        FAULTS[name] = (what, function)
        return function
    return keep


def endpoints(cluster):
    return [n.endpoint for n in cluster.nodes]


def config_with(**changes):
    """plain_config with keys and a provider changed: key_1={...}, provider={...}, and sections."""
    def make(sim_url):
        config = plain_config(sim_url)
        provider = config["providers"]["openai"]
        provider["keys"][0].update(changes.get("key_1", {}))
        if changes.get("one_key"):
            del provider["keys"][1:]
        provider.update(changes.get("provider", {}))
        for section in ("virtual_keys", "ledger"):
            if section in changes:
                config[section] = changes[section]
        return config
    return make


# At the prices below a call is worth at most some cents, so that a budget of $1 lasts for many.
SHORT = {"model": "small", "max_tokens": 40, "messages": [{"role": "user", "content": "Hello"}]}
DEAR = {m: {"input": 100, "output": 400} for m in MODELS}
# One has a hard budget that ends within a minute, the other keeps the rate limit under stress after that.
TEAM = [{"name": "team", "key": "sk-team-yard", "budget": {"usd": 4, "period": "total"}}, {"name": "open", "key": "sk-open-yard"}]


def calls(cluster, key="sk-yard-1"):
    return lambda: cluster.sim.received()["keys"].get(key, {}).get("requests", 0)


class Stress:
    """Three times a limit of 600 a minute, a third of it from the virtual key with the budget."""

    def __init__(self, cluster, timeout):
        self.flows = [Flow(endpoints(cluster), rate, SHORT, threads=24, headers={"authorization": f"Bearer sk-{key}-yard"}, timeout=timeout)
                      for key, rate in (("team", 10), ("open", 20))]

    def count(self, *arguments, **named):
        return sum(flow.count(*arguments, **named) for flow in self.flows)

    def stop(self):
        for flow in self.flows:
            flow.stop()

    def ended(self):
        return [e for flow in self.flows for e in list(flow.ended)]


def spent_by_team(cluster):
    return sum(float(row["cost_usd"] or 0) for row in add_up(cluster) if row["virtual_key"] == "team")


def least(what, figure, wanted, unit=""):
    return what, f"{figure:.3g}{unit}", f">= {wanted}{unit}", figure >= wanted


def most(what, figure, wanted, unit=""):
    return what, f"{figure:.4g}{unit}", f"<= {wanted}{unit}", figure <= wanted


def none(what, figure):
    return what, str(figure), "0", figure == 0


@fault("429", "row 1: a provider's 429 with retry-after 7 rests that key on all nodes")
def rate_limited(make, options):
    cluster = make()
    cluster.sim.faults({"kind": "rate_limited", "key": "sk-yard-1", "retry_after_s": 7, "next": 1})
    while cluster.sim.requests("sk-yard-1") == 0:
        cluster.nodes[0].chat()
    told = time.monotonic()
    flow = Flow(endpoints(cluster), 100)
    wait_until(lambda: time.monotonic() > told + 1, 2, "the fact has spread")
    before = calls(cluster)()
    wait_until(lambda: time.monotonic() > told + 6.8, 7, "the rest is nearly over")
    during = calls(cluster)() - before
    flow.stop()
    yield none("calls to the key from 1 s to 6.8 s after", during)
    yield none("failed requests", len(flow.bad()))
    yield most("calls in the first second", before, 30)


@fault("5xx", "row 3: a key whose provider fails every call: breakers open, the other key serves")
def failing(make, options):
    cluster = make()
    cluster.sim.faults({"kind": "status", "status": 500, "key": "sk-yard-1"})
    flow = Flow(endpoints(cluster), 200)
    wait_until(lambda: flow.count() >= 2000, 30, "2,000 requests")
    flow.stop()
    total = cluster.sim.requests()
    yield most("calls per node to the failing key before its breaker opened, and probes", calls(cluster)() / cluster.size, 12)
    yield most("calls per request", total / flow.count(), 1.2)
    yield none("failed requests", len(flow.bad()))


def add_up(cluster, nodes=None):
    """Rows of all ledgers; none may stand there twice."""
    seen, twice = set(), 0
    for node in nodes or cluster.nodes:
        for line in export(node):
            row = json.loads(line)
            twice += row["id"] in seen
            seen.add(row["id"])
            yield row
    if twice:
        raise AssertionError(f"{twice} rows stand there twice")


def export(node):
    text = subprocess.run([str(BIN / "switchyardctl"), "--url", node.admin, "--token", node.cluster.token, "ledger", "export", "--format", "jsonl"],
                          check=True, capture_output=True, text=True).stdout
    return text.splitlines()


@fault("kill", "row 19: kill -9 of nodes under load: seen at once, back soon, no charge lost or doubled")
def killed(make, options):
    cluster = make(ledger={"durability": "sync"})
    rounds, seen, back, ready = options.rounds or 10, [], [], []
    dice = random.Random(1)
    flow = Flow(endpoints(cluster), 150, timeout=5)
    for _ in range(rounds):
        victim = dice.choice(cluster.nodes)
        others = [n for n in cluster.nodes if n is not victim]
        victim.kill()
        seen += cluster.until_seen(others, victim.name, ("suspect", "dead"), 5).values()
        begun = time.monotonic()
        victim.start()
        wait_until(victim.ready, 10, "it is ready")
        ready.append(time.monotonic() - begun)
        cluster.until_seen(others, victim.name, ("alive",), 10)
        back.append(time.monotonic() - begun)
    flow.stop()
    acknowledged = {e.request_id for e in flow.ended if e.status == 200}
    booked = {}
    for row in add_up(cluster):
        booked.setdefault(row["request_id"], []).append(row)
    yield most("kill to suspect, slowest of all observers", max(seen) * 1000, 100, " ms")
    yield most("start to ready, slowest", max(ready), 2, " s")
    yield most("start to alive everywhere, slowest", max(back), 2, " s")
    yield none(f"acknowledged requests ({len(acknowledged)}) without a row", sum(1 for r in acknowledged if r not in booked))
    yield none("acknowledged requests charged more than once",
               sum(1 for r in acknowledged if sum(row["outcome"] == "ok" for row in booked.get(r, [])) > 1))


@fault("pause", "row 20: SIGSTOP of 3 to 30 s: suspected soon, no stale lease is used")
def paused(make, options):
    cluster = make(key_1={"rpm": 600}, one_key=True)
    meter = Meter(calls(cluster))
    flow = Flow(endpoints(cluster), 30, threads=40, timeout=30)
    wait_until(lambda: flow.count() > 200, 30, "the limit is in use")
    detected = []
    for length in (3, 8, 30):
        for victim in cluster.nodes[:2]:
            others = cluster.nodes[2:]           # who was stopped itself is patient with others for a while (PROTOCOL.md, M5)
            victim.pause()
            stopped = time.monotonic()
            detected += cluster.until_seen(others, victim.name, ("suspect", "dead"), 5).values()
            wait_until(lambda: time.monotonic() > stopped + length, length + 1, "paused long enough")
            victim.resume()
            cluster.until_seen(others, victim.name, ("alive",), 15)
    flow.stop()
    meter.stop()
    yield most("SIGSTOP to suspect, slowest", max(detected), 1.5, " s")
    yield most("calls within any 60 s of a limit of 600", meter.most_within(60), 600)


@fault("limit", "600 a minute over five nodes, three times the demand; then 80 % of the demand on one")
def limited(make, options):
    cluster = make(key_1={"rpm": 600}, one_key=True)
    meter = Meter(calls(cluster))
    wait_until(lambda: cluster.nodes[0].chat()[0] == 200, 20, "leases are there")
    for name, shares, rate, wanted in (("even, 3 x the demand", None, 30, 0.94), ("80 % on one node", [16, 1, 1, 1, 1], 10.5, 0.90)):
        flow = Flow(endpoints(cluster), rate, threads=24, shares=shares)
        begun = time.monotonic()
        wait_until(lambda: time.monotonic() > begun + 75, 80, "75 s of load")
        flow.stop()
        yield least(f"use of the limit, {name}", meter.rise(begun + 14, begun + 74) / 600, wanted)
    meter.stop()
    yield most("calls within any 60 s", meter.most_within(60), 600)


@fault("partition", "row 21: clean, one-way, non-transitive and flapping cuts: limit and budget hold, both sides serve")
def partitioned(make, options):
    cluster = make(key_1={"rpm": 600}, one_key=True, provider={"prices": DEAR}, virtual_keys=TEAM)
    net, a = cluster.net, cluster.nodes
    meter = Meter(calls(cluster))
    flow = Stress(cluster, 30)
    served = {}

    def during(name, seconds):
        since = time.monotonic()
        wait_until(lambda: time.monotonic() > since + seconds, seconds + 1, name)
        served[name] = sum(1 for e in flow.ended() if e.at > since and e.status in (200, 402, 429))

    during("whole", 10)
    net.split([0, 1], [2, 3, 4]); during("clean cut 2 | 3", 15); net.heal()
    during("healed", 8)
    net.cut_way(0, 1); net.cut_way(0, 2); during("one-way cut", 15); net.heal()
    during("healed again", 8)
    net.cut(0, 1); net.cut(2, 3); net.cut(1, 4); during("non-transitive cuts", 15); net.heal()
    for _ in range(8):
        net.split([0], [1, 2, 3, 4]); during("flapping", 1); net.heal(); during("flapping back", 1)
    flow.stop()
    meter.stop()
    cluster.wait_formed(seconds=15)
    spent = spent_by_team(cluster)
    yield most("calls within any 60 s of a limit of 600", meter.most_within(60), 601)
    yield most("spent of a hard budget of $4", spent, 4, " USD")
    yield least("spent of it at least", spent, 2, " USD")
    yield least("requests that both sides answered within a clean cut of 15 s", served["clean cut 2 | 3"], 300)
    broken = [e for e in flow.ended() if e.status not in (200, 402, 429)]
    yield none("answers other than 200, 402, 429", len(broken))


@fault("owner", "row 22: owners are killed while they grant: no token and no money is minted")
def owners(make, options):
    cluster = make(key_1={"rpm": 600}, one_key=True, provider={"prices": DEAR}, virtual_keys=TEAM)
    meter = Meter(calls(cluster))
    flow = Stress(cluster, 10)
    wait_until(lambda: flow.count() > 150, 30, "limits are in use")
    for victim in cluster.nodes * 4:               # whoever owns the limit and the pool is among them
        victim.kill()
        victim.start()
        since = flow.count()
        wait_until(lambda: flow.count() > since + 60, 20, "requests go on")
    flow.stop()
    meter.stop()
    cluster.wait_formed(seconds=15)
    yield most("calls within any 60 s of a limit of 600", meter.most_within(60), 600)
    yield most("spent of a hard budget of $4, unknown endings included", spent_by_team(cluster), 4, " USD")


@fault("clock", "row 23: clocks an hour apart, one that steps back by two hours, one that runs a tenth too fast: limits are as without")
def clocks(make, options):
    # The library itself, not its program, which would stay a parent: a signal for the node would end only that.
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    used = {}
    for name, shifts in (("as they are", [None] * 5), ("shifted", [None, "+3600", "-3600", "+1800 x1.1", "+0 x0.9"])):
        cluster = make(key_1={"rpm": 600}, one_key=True, start=False)
        for node, shift in zip(cluster.nodes, shifts):
            (node.folder / "clock").write_text(shift or "")
            around = ["env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={node.folder / 'clock'}", "FAKETIME_NO_CACHE=1", "DONT_FAKE_MONOTONIC=1"]
            node.start(before=around if shift else [])
        cluster.wait_formed(seconds=30)
        meter = Meter(calls(cluster))
        flow = Flow(endpoints(cluster), 30, threads=24)
        begun = time.monotonic()
        wait_until(lambda: time.monotonic() > begun + 30, 31, "half of the load")
        if shifts[1]:
            (cluster.nodes[1].folder / "clock").write_text("-3600")
        wait_until(lambda: time.monotonic() > begun + 75, 80, "75 s of load")
        flow.stop()
        meter.stop()
        used[name] = meter.rise(begun + 14, begun + 74)
        yield most(f"{name}: calls within any 60 s of a limit of 600", meter.most_within(60), 600)
        yield least(f"{name}: use of the limit", used[name] / 600, 0.94)
        cluster.close()
    yield most("counts apart", abs(used["shifted"] / used["as they are"] - 1) * 100, 1, " %")


@fault("rolling", "row 30: rolling restart behind HAProxy under load (--other PROGRAM: to another build and back)")
def rolling(make, options):
    cluster = make(balancer=True)
    flow = Flow([cluster.balancer.endpoint], 150, threads=24)
    wait_until(lambda: flow.count() > 300, 30, "load")
    for program in ([options.other, None] if options.other else [None]):
        for node in cluster.nodes:
            node.stop()
            node.start(program)
            cluster.wait_formed(seconds=20)
            since = flow.count()
            wait_until(lambda: flow.count() > since + 100, 20, "requests go on")
    flow.stop()
    acknowledged = {e.request_id for e in flow.ended if e.status == 200}
    rows = list(add_up(cluster))
    yield none(f"of {flow.count()} requests not answered with 200", len(flow.bad()))
    yield none("acknowledged requests without a row", len(acknowledged - {r["request_id"] for r in rows}))
    yield none("rows and calls apart", abs(len(rows) - cluster.sim.requests()))


@fault("peer-port", "row 31: bombs, garbage, no certificate at the port between nodes")
def peer_port(make, options):
    cluster = make()
    victim = cluster.nodes[0]
    host, port = victim.peers_at.rsplit(":", 1)
    before = victim.process.rss_kib()
    open_ones, refused = [], 0
    for payload in (b"\x00" * 28 + b"\xf0\x00\x00\x00", b"GET / HTTP/1.1\r\n\r\n", random.Random(1).randbytes(65536), b"\xdd\xff\xff\xff\xff" * 1000, b"\x16\x03\x01" + b"\xff" * 4096):
        for _ in range(20):
            link = socket.create_connection((host, int(port)), 2)
            try:
                link.sendall(payload)
            except OSError:
                pass
            open_ones.append(link)
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    for _ in range(20):
        try:
            with anyone.wrap_socket(socket.create_connection((host, int(port)), 2)) as link:
                link.settimeout(5)
                link.sendall(b"\x00\x00\x00\x10" + b"x" * 16)
                refused += link.recv(1) == b""
        except (OSError, ssl.SSLError):
            refused += 1
    # A member's own handshake, said again by somebody else.
    member = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    member.check_hostname, member.verify_mode = False, ssl.CERT_NONE
    member.load_cert_chain(cluster.certificates / "b.pem", cluster.certificates / "b.key")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session, said = member.wrap_bio(incoming, outgoing), b""
    with socket.create_connection((host, int(port)), 2) as link:
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                said += (piece := outgoing.read())
                link.sendall(piece)
                incoming.write(link.recv(65536))
        said += outgoing.read()
    replayed = 0
    for _ in range(20):
        with socket.create_connection((host, int(port)), 2) as link:
            link.settimeout(5)
            try:
                link.sendall(said)
                while link.recv(65536):
                    pass
                replayed += 1
            except ConnectionError:
                replayed += 1                    # reset; a timeout would mean that it is kept
            except TimeoutError:
                pass
    grown = victim.process.rss_kib() - before
    for link in open_ones:
        link.close()
    yield "connections without a certificate refused", str(refused), "20", refused == 20
    yield "replayed handshakes of a member refused", str(replayed), "20", replayed == 20
    yield most("RSS grown per connection", grown / len(open_ones), 1024, " KiB")
    yield "the cluster is whole", str(cluster.formed()), "True", cluster.formed()


@fault("overload", "row 28: ten times what the nodes can have in flight for --seconds (60), then as before")
def overload(make, options):
    cluster = make(namespaces=False, provider={"keys": [{"name": f"key-{n}", "value": f"sk-yard-{n}", "models": MODELS, "max_in_flight": 2} for n in (1, 2)]})
    cluster.sim.models(*({"id": m, "latency_ms": 200} for m in MODELS))
    served, size, seconds = cluster.sim.requests, cluster.size, options.seconds or 60

    def goodput(length):
        before, begun = served(), time.monotonic()
        wait_until(lambda: time.monotonic() > begun + length, length + 1, "a span of load")
        return (served() - before) / (time.monotonic() - begun)

    def flood(rate, length):
        """To each node as much, over 50 connections."""
        return [subprocess.Popen([str(BIN / "bench_load"), str(n.endpoint[1]), "rate", str(rate / size), str(length), "50"], stdout=subprocess.PIPE, text=True)
                for n in cluster.nodes]

    capacity = size * 2 * 2 / 0.2                  # requests a second: nodes, keys, calls in flight, seconds each
    warm = flood(2 * capacity, 12)
    goodput(2)
    peak = goodput(9)
    for one in warm:
        one.communicate()
    good = Flow(endpoints(cluster), capacity / 2, threads=48)
    loads = flood(10 * capacity, seconds)
    goodput(5)
    settled = [n.process.rss_kib() for n in cluster.nodes]
    during, retry_after, refusals, rss = [], 0, 0, settled
    begun = time.monotonic()
    while time.monotonic() - begun < seconds - 12:
        during.append(goodput(3))
        rss = [max(pair) for pair in zip(rss, (n.process.rss_kib() for n in cluster.nodes))]
        status, headers, _ = cluster.nodes[len(during) % size].chat()
        refusals += status != 200
        retry_after += status != 200 and status in (429, 503) and "retry-after" in {h.lower() for h in headers}
    said = [json.loads(one.communicate()[0]) for one in loads]
    over = time.monotonic()
    wait_until(lambda: good.count(since=over) > 12 * capacity / 2, 40, "load goes on")
    good.stop()
    last_bad = max([e.at - over for e in good.bad() if e.at > over], default=0)
    odd = {e.status for e in good.ended} - {200, 429, 503}
    yield least(f"requests of the flood a second, against {capacity:.0f} that can be in flight", sum(s["finished"] + s["failed"] for s in said) / said[0]["seconds"] / capacity, 9, " x")
    yield "statuses beside 200, 429, 503", str(sorted(odd)), "[]", not odd
    yield f"of {refusals} refusals looked at, with retry-after", str(retry_after), str(refusals), retry_after == refusals
    yield least(f"served during the flood ({sum(during) / len(during):.1f} a second) against the peak before ({peak:.1f})", sum(during) / len(during) / peak, 0.9, " x")
    yield most("RSS at its peak against 5 s into the flood", max(p / s for p, s in zip(rss, settled)), 1.1, " x")
    yield most("end of the flood to the last refusal", last_bad, 10, " s")


def show(name, options, among):
    what, function = among[name]
    print(f"{name}: {what}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"switchyard-{name}-"))
    made = []

    def make(start=True, balancer=False, namespaces=True, size=None, mock=None, **changes):
        """`mock`: the provider's URL instead of the simulated one's. Several in one fault: one after the other."""
        config = config_with(**changes)
        place = folder / str(len(made))
        place.mkdir()
        cluster = Cluster(size or options.nodes, place, namespaces=namespaces, config=(lambda _: config(mock)) if mock else config, balancer=balancer)
        made.append(cluster)
        if start:
            cluster.start()
        return cluster

    held = True
    try:
        for what, figure, wanted, ok in function(make, options):
            held = held and ok
            print(f"  {'holds' if ok else 'DOES NOT HOLD':13}  {what}: {figure} (wanted {wanted})", flush=True)
    except AssertionError as broken:
        held = False
        print(f"  DOES NOT HOLD  {broken}", flush=True)
    finally:
        for cluster in made:
            cluster.close()
        if held and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"  logs: {folder}")
    return held


def show_chosen(parser, among, well, else_, needs=lambda: None):
    """The program's exit code: what is named on the command line, or all, in a row. `needs` says why it cannot be done here."""
    options = parser.parse_args()
    if options.names == ["list"]:
        for name, (what, _) in among.items():
            print(f"{name:10} {what}")
        return 0
    for name in options.names:
        if name not in among:
            parser.error(f"{name}: there are {', '.join(among)}")
    if why := needs():
        parser.error(why)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))    # so that programs and hosts end, too
    failed = [name for name in options.names or among if not show(name, options, among)]
    print(well if not failed else f"{else_}: {', '.join(failed)}")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(prog="tools/yard/run faults", description="Injects faults into a cluster of real nodes; exit code 1 if something did not hold.")
    parser.add_argument("names", nargs="*", help="which (all); `list` names them")
    parser.add_argument("-n", "--nodes", type=int, default=5)
    parser.add_argument("--rounds", type=int, help="of kill (10)")
    parser.add_argument("--seconds", type=int, help="of overload's flood (60)")
    parser.add_argument("--other", type=pathlib.Path, help="for rolling: the switchyard program of another build")
    parser.add_argument("--keep", action="store_true", help="keep logs and data")
    return show_chosen(parser, FAULTS, "all held", "did not hold", network.available)


if __name__ == "__main__":
    sys.exit(main())
