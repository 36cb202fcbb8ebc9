"""Decision times of one node under load: what all stages of a route took together, out of the node's own decision log."""
import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import proxies

PROMPTS = [
    "Write a Python function to calculate Fibonacci numbers recursively and explain what its running time is for large arguments.",
    "My landlord has not repaired the heating for two months although I wrote to him several times. May I pay less rent until it works "
    "again, and what do I have to send him before I do so? Please quote the paragraph of the law that applies.",
    "Summarise the following notes of our meeting in three bullet points: we talked about the budget of the next quarter, about two open "
    "positions in the team, and about the date of the release, which moves by one week because the audit is not finished yet.",
    "What is a good recipe for lentil soup for six people, with things that one has at home anyway?",
    "Prove that the sum of the first n odd numbers is n squared, first by induction and then with a picture described in words.",
    "Send the contract to bob.smith@example.com and call +1 415 555 2671 when he has signed it, then put the date into the calendar.",
    "Translate into German: the committee decided to postpone the vote until all members have had time to read the new proposal.",
    "Why does this loop never end? for (unsigned i = n; i >= 0; --i) sum += values[i]; I compiled it with -O2 and without warnings.",
]
TOPICS = {"code": ["Write a Python function that sorts a list", "Fix this SQL query", "Why does my program crash?", "Implement binary search in C++"],
          "law": ["What are my rights as a tenant?", "Is this clause enforceable?", "How do I appeal against a fine?"],
          "cooking": ["A recipe for soup", "How long do I boil an egg?", "What can I cook with rice?"],
          "maths": ["Prove this theorem", "Solve the equation", "What is the derivative of x squared?"],
          "mail": ["Write an email to my boss", "Summarise this meeting", "Plan my week"]}


def start_node(folder, mock_port, cores):
    stages = [{"guard": {"pii": "flag", "jailbreak": "flag", "harmful": "flag"}},
              {"semantic": {"categories": [{"name": name, "examples": examples, "target": "openai/small"} for name, examples in TOPICS.items()]}},
              {"intent": {"rules": [{"name": "hard-law", "when": {"domain": "law", "complexity": "> 0.99", "language": "en"}, "target": "openai/small"},
                                    {"name": "long-code", "when": {"format": "code", "tokens.output": "> 100000"}, "target": "openai/small"}]}},
              {"balance": {"targets": ["openai/small"]}}]
    config = {"server": {"threads": 1}, "routes": [{"name": "auto", "stages": stages}], "telemetry": {"decision_log": {"keep": 2000}},
              "providers": {"openai": {"base_url": f"http://127.0.0.1:{mock_port}", "keys": [{"name": "key-1", "value": "sk-bench", "models": ["small"]}]}}}
    path = proxies.write(folder, "switchyard.yaml", json.dumps(config))
    return subprocess.Popen([str(proxies.BIN / "switchyard"), "--config", path, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir",
                             folder + "/data", "--log-level", "warn"], stdout=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, cores))


def ask(port, number, until, failures):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.monotonic() < until:
        body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": PROMPTS[number % len(PROMPTS)]}]})
        connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            failures.append(answer.status)
        number += 1
    connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--most-us", type=float, default=300)
    parser.add_argument("--shared", action="store_true", help="node, load and mock share all cores; else the node has one of its own, so that "
                        "the figure is the node's and not of who else runs there")
    options = parser.parse_args()
    cores = os.sched_getaffinity(0)
    own = cores if options.shared or len(cores) < 2 else {min(cores)}
    os.sched_setaffinity(0, cores - own or cores)
    with tempfile.TemporaryDirectory() as folder:
        mock = proxies.start_mock()
        node = start_node(folder, mock.port, own)
        try:
            line = node.stdout.readline().decode()
            while "listening" not in line:
                if not line:
                    raise SystemExit("the node did not start")
                line = node.stdout.readline().decode()
            data, admin = (int(port) for port in re.search(r"data=\S+:(\d+) admin=\S+:(\d+)", line).groups())
            failures, until = [], time.monotonic() + options.seconds
            threads = [threading.Thread(target=ask, args=(data, i, until, failures)) for i in range(options.connections)]
            for thread in threads:
                thread.start()
            took = {}
            while time.monotonic() < until:
                time.sleep(0.2)
                with urllib.request.urlopen(f"http://127.0.0.1:{admin}/admin/v1/decisions?limit=1000") as answer:
                    for decision in json.load(answer)["decisions"]:
                        took[decision["request_id"]] = {s["name"]: s["took_us"] for s in decision.get("stages", [])}
            for thread in threads:
                thread.join()
        finally:
            node.terminate()
            node.wait()
            mock.stop()
    if failures or not took:
        raise SystemExit(f"{len(failures)} failed, {len(took)} decisions seen")

    def figures(values):
        values = sorted(values)
        return tuple(values[min(len(values) - 1, int(len(values) * share))] for share in (0.5, 0.9, 0.99, 1))
    names = list(next(iter(took.values())))
    for name in names:
        print(f"{name:>10}  p50 {figures(t[name] for t in took.values())[0]:8.1f} us   p99 {figures(t[name] for t in took.values())[2]:8.1f} us")
    p50, p90, p99, most = figures(sum(t.values()) for t in took.values())
    print(f"{'decision':>10}  p50 {p50:8.1f} us   p90 {p90:8.1f} us   p99 {p99:8.1f} us   most {most:.1f} us   of {len(took)} decisions, "
          f"{options.connections} connections; the node on {len(own)} of {len(cores)} cores{'' if own == cores else ', the load on the others'}")
    sys.exit(0 if p99 <= options.most_us else 1)


if __name__ == "__main__":
    main()
