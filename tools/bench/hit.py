"""CPU of a request that the cache answers, beside one that is passed on to a provider: python3 tools/bench/hit.py [--seconds 5] [--rounds 3].

One node, one I/O thread, the bench's mock as provider, wrk with 16 connections. Processor time of the whole node (utime + stime); the ratios are taken within a
round. `plain` goes through a route without a cache; `same` is the very request again; `alike` has the same words, each time with other marks behind them, so
that it is embedded, looked for in the graph and judged."""
import argparse
import json
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

import proxies

SYSTEM, PROMPT = "s" * 600, "What is the best way to learn French in a year without going to a school?"
WAYS = {"plain": ("plain", "''"), "same": ("stored", "''"), "alike": ("stored", "string.rep('!', n % 97 + 1) .. string.rep('?', math.floor(n / 97) % 89 + 1)")}


def body(model, prompt):
    return json.dumps({"model": model, "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}], "max_tokens": 200})


def script(folder, name):
    model, marks = WAYS[name]
    before, after = body(model, PROMPT + "MARKS").split("MARKS")
    return proxies.write(folder, name + ".lua", f"""wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
local n = 0
request = function() n = n + 1; return wrk.format(nil, nil, nil, {json.dumps(before)} .. {marks} .. {json.dumps(after)}) end
""")


def start(folder, mock_port):
    balance = {"balance": {"targets": ["openai/small"]}}
    config = {"server": {"threads": 1}, "routes": [{"name": "plain", "stages": [balance]}, {"name": "stored", "stages": [{"cache": {"scope": "route"}}, balance]}],
              "providers": {"openai": {"base_url": f"http://127.0.0.1:{mock_port}", "prices": {"small": {"input": 0.15, "output": 0.6}},
                                       "keys": [{"name": "key-1", "value": "sk-bench-1", "models": ["small"]}]}}}
    path = proxies.write(folder, "switchyard.yaml", json.dumps(config))
    return proxies.Started("switchyard", [str(proxies.BIN / "switchyard"), "--config", path, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir",
                                          folder + "/data", "--threads", "1", "--log-level", "warn"], ready=r"data=\S+:(\d+) ")


def load(node, seconds, path):
    """Microseconds of CPU a request."""
    before = node.cpu_seconds()
    out = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", "-s", path, f"http://127.0.0.1:{node.port}/v1/chat/completions"], capture_output=True, text=True, check=True).stdout
    spent = node.cpu_seconds() - before
    if "Non-2xx" in out:
        raise SystemExit("not every request was answered:\n" + out)
    return 1e6 * spent / int(re.search(r"(\d+) requests in", out).group(1))


def ask(node, model, prompt):
    request = urllib.request.Request(f"http://127.0.0.1:{node.port}/v1/chat/completions", body(model, prompt).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return answer.headers["x-switchyard-cache"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mock = proxies.start_mock()
        node = start(folder, mock.port)
        try:
            deadline = time.monotonic() + 30
            while ask(node, "stored", PROMPT) != "hit":
                if time.monotonic() > deadline:
                    raise SystemExit("the answer was never stored")
                time.sleep(0.05)
            if (like := ask(node, "stored", PROMPT + "!?")) != "semantic-hit":
                raise SystemExit(f"a like prompt was a {like}")
            rounds = [{name: load(node, options.seconds, script(folder, name)) for name in WAYS} for _ in range(options.rounds)]
        finally:
            node.stop()
            mock.stop()
    for name in WAYS:
        print(f"{name:>6}  {min(r[name] for r in rounds):7.1f} us of CPU a request (least of {options.rounds})   "
              f"{statistics.median(r[name] / r['plain'] for r in rounds):5.2f} x plain (median of the rounds)")


if __name__ == "__main__":
    main()
