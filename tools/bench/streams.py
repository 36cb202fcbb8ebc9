"""CPU of one paced stream through a real node, translated and relayed: python3 tools/bench/streams.py [--rounds N] [--streams N]"""
import argparse
import json
import statistics
import tempfile

import proxies

# client's format, provider that speaks it, providers that do not
CLIENTS = [("chat", "openai", ["anthropic", "gemini"]), ("responses", "openai", ["anthropic", "gemini"]), ("messages", "anthropic", ["openai", "gemini"]),
           ("generateContent", "gemini", ["openai", "anthropic"])]


def start_node(folder, port):
    providers = {name: {"base_url": f"http://127.0.0.1:{port}", "keys": [{"name": f"{name}-1", "value": "sk-bench", "models": ["small"]}],
                        "prices": {"small": {"input": 0.15, "output": 0.6}}} for name in ("openai", "anthropic", "gemini")}
    path = proxies.write(folder, "switchyard.yaml", json.dumps({"server": {"threads": 1}, "providers": providers}))
    return proxies.Started("switchyard", [str(proxies.BIN / "switchyard"), "--config", path, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir",
                                          folder + "/data", "--threads", "1", "--log-level", "warn"], ready=r"data=\S+:(\d+) ")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", type=int, default=600)
    options = parser.parse_args()
    pairs = [(client, own, provider) for client, own, others in CLIENTS for provider in [own] + others]
    micros = {pair: [] for pair in pairs}
    with tempfile.TemporaryDirectory() as folder:
        mock = proxies.start_mock()
        node = start_node(folder, mock.port)
        try:
            for turn in range(options.rounds + 1):   # the first warms up
                for client, own, provider in pairs:
                    before = node.cpu_seconds()
                    got = proxies.load(node.port, "streams", options.streams if turn else 50, 200, client, f"{provider}/small")
                    if got["failed"]:
                        raise SystemExit(f"{client} to {provider}: {got['failed']} failed")
                    if turn:
                        micros[client, own, provider].append((node.cpu_seconds() - before) / got["finished"] * 1e6)
        finally:
            node.stop()
            mock.stop()
    print(f"CPU per stream of 50 events 10 ms apart, {options.streams} streams, 200 at once, {options.rounds} rounds: median (least) of the round's ratio to the relay in the client's own format\n")
    print("| client | provider | \u00b5s per stream, median (least) | times the relay, median (least) |\n|---|---|---|---|")
    for client, own, provider in pairs:
        mine, relay = micros[client, own, provider], micros[client, own, own]
        ratios = [a / b for a, b in zip(mine, relay)]
        print(f"| {client} | {provider} | {statistics.median(mine):,.0f} ({min(mine):,.0f}) | " +
              ("relayed |" if own == provider else f"{statistics.median(ratios):.2f} ({min(mine) / min(relay):.2f}) |"))


if __name__ == "__main__":
    main()
