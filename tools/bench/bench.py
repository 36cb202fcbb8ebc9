"""The benchmark: paired rounds over all proxies, medians, ratios, a report with a plot."""
import argparse
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

import plot
import proxies

ROW = [("cpu_us", "CPU per request, µs", 1), ("max_rps", "requests/s at 64 connections", 0), ("added_p50_us", "added p50 at fixed rate, µs", 0),
       ("added_p99_us", "added p99 at fixed rate, µs", 0), ("stream_cpu_us", "CPU per paced stream, µs", 0), ("rss_mib", "RSS after the run, MiB", 1)]


def wrk(port, seconds, script):
    """Requests per second and requests of a closed loop over 64 connections."""
    out = subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}/v1/chat/completions"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), int(re.search(r"(\d+) requests in", out).group(1))


def measure(target, base_latency, options, script):
    result = {}
    before = target.cpu_seconds()
    result["max_rps"], requests = wrk(target.port, options.seconds, script)
    result["cpu_us"] = (target.cpu_seconds() - before) / requests * 1e6
    rate = proxies.load(target.port, "rate", options.rate, options.seconds, 16)
    before = target.cpu_seconds()
    streams = proxies.load(target.port, "streams", options.streams, 200)
    result["stream_cpu_us"] = (target.cpu_seconds() - before) / streams["finished"] * 1e6
    for answer in (rate, streams):
        if answer["failed"]:
            raise SystemExit(f"{target.name}: {answer['failed']} failed")
    result["p50_us"], result["p99_us"] = rate["p50_us"], rate["p99_us"]
    if base_latency:
        result["added_p50_us"] = max(0.0, rate["p50_us"] - base_latency[0])
        result["added_p99_us"] = max(0.0, rate["p99_us"] - base_latency[1])
    result["rss_mib"] = target.rss_kib() / 1024
    return result


def machine():
    model = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} × {model.group(1) if model else platform.machine()}, Linux {platform.release()}"


def versions(names):
    first = lambda command: (subprocess.run(command, capture_output=True, text=True).stdout or subprocess.run(command, capture_output=True, text=True).stderr).splitlines()[0]
    commands = {"switchyard": [str(proxies.BIN / "switchyard"), "--version"], "haproxy": ["haproxy", "-v"], "nginx": ["nginx", "-v"]}
    return [first(commands[name]) for name in names]


def ratio(values, reference, key):
    """The median over the rounds of value / reference within the same round."""
    pairs = [(v[key], r[key]) for v, r in zip(values, reference)]
    return statistics.median(v / r for v, r in pairs if r > 0) if any(r > 0 for _, r in pairs) else float("nan")


def report(rounds, options):
    names = list(rounds)
    others = [n for n in names if n != "switchyard"] if "switchyard" in names else []
    lines = ["# Switchyard beside nginx and HAProxy", "",
             f"{time.strftime('%Y-%m-%d')} · {machine()} · {options.rounds} paired rounds, medians · " + " · ".join(versions(names)), "",
             "Each proxy runs with one thread or worker, keep-alive on both sides, to the same mock (a canned answer of 1 KB; streams of 50 events, 10 ms apart).",
             "nginx and HAProxy forward bytes; Switchyard also reads the model, chooses one of two weighted keys, and keeps health, limits, metrics and accounts.",
             f"Fixed rate: {options.rate} requests/s, open loop, latency counted from when each request was due; `added` is the proxy's less the mock's own in the same round.",
             "Ratios are medians of the ratios within a round.", "",
             "| | " + " | ".join(names) + " | " + " | ".join(f"switchyard / {n}" for n in others) + " |", "|---" * (len(names) + len(others) + 1) + "|"]
    table = {}
    for key, title, digits in ROW:
        medians = {n: statistics.median(r[key] for r in rounds[n]) for n in names}
        ratios = {n: ratio(rounds["switchyard"], rounds[n], key) for n in others}
        table[key] = (title, medians, ratios)
        lines.append(f"| {title} | " + " | ".join(f"{medians[n]:,.{digits}f}" for n in names) + " | " + " | ".join(f"{r:.2f}" for r in ratios.values()) + " |")
    lines += ["", "Spread over the rounds (lowest to highest):", "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for key, title, digits in ROW:
        lines.append(f"| {title} | " + " | ".join(f"{min(r[key] for r in rounds[n]):,.{digits}f} to {max(r[key] for r in rounds[n]):,.{digits}f}" for n in names) + " |")
    lines += ["", "![the figures relative to HAProxy](report.svg)", ""]
    return "\n".join(lines), table


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each throughput and fixed-rate run")
    parser.add_argument("--rate", type=int, default=500, help="requests/s of the fixed-rate run")
    parser.add_argument("--streams", type=int, default=800)
    parser.add_argument("--only", default="switchyard,haproxy,nginx")
    parser.add_argument("--quick", action="store_true", help="2 short rounds")
    parser.add_argument("--out", default=str(proxies.ROOT / "build/bench"))
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.streams = 2, 2, 400
    names = options.only.split(",")
    rounds = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        script = proxies.write(folder, "post.lua", 'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.headers["authorization"] = "Bearer sk-bench"\n'
                               'wrk.body = \'{"model":"small","messages":[{"role":"system","content":"\' .. string.rep("s", 600) .. \'"},{"role":"user","content":"\' .. '
                               'string.rep("u", 280) .. \'"}],"temperature":0.7,"max_tokens":256}\'\n')
        mock = proxies.start_mock()
        running = []
        try:
            for name in names:
                os.makedirs(f"{folder}/{name}")
                running.append(proxies.STARTERS[name](f"{folder}/{name}", mock.port))
            for target in running:
                proxies.load(target.port, "requests", 5000, 64)   # warm up
            for number in range(options.rounds):
                direct = proxies.load(mock.port, "rate", options.rate, options.seconds, 16)
                turn = number % len(running)
                for target in running[turn:] + running[:turn]:
                    got = measure(target, (direct["p50_us"], direct["p99_us"]), options, script)
                    rounds[target.name].append(got)
                    print(f"round {number + 1} {target.name}: " + ", ".join(f"{k} {v:.1f}" for k, v in got.items()), file=sys.stderr)
        finally:
            for target in running:
                target.stop()
            mock.stop()
    text, table = report(rounds, options)
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.md").write_text(text)
    if {"haproxy", "switchyard"} <= set(names):
        (out / "report.svg").write_text(plot.bars(table, names, "haproxy"))
    print(text)
    print(f"report: {out / 'report.md'}", file=sys.stderr)


if __name__ == "__main__":
    main()
