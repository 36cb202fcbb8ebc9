"""Instructions per event of a stream, relayed and translated, for every pair (valgrind's callgrind): python3 tools/bench/translate.py"""
import re
import subprocess
import sys
import tempfile

import proxies

FORMATS = ["chat", "responses", "messages", "generateContent", "converse"]


def instructions(client, provider, events):
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", str(proxies.BIN / "bench_translate"), client, provider, str(events)],
                              capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if not found:
        raise SystemExit(done.stderr)
    return int(found.group(1))


def per_event(client, provider):
    """Of 1000 events in the middle of a stream: what a start and an end cost is taken out."""
    return (instructions(client, provider, 1500) - instructions(client, provider, 500)) / 1000


def main():
    wanted = sys.argv[1:] or FORMATS
    print("| client \\ provider | " + " | ".join(FORMATS) + " |\n" + "|---" * (len(FORMATS) + 1) + "|")
    for client in wanted:
        own = per_event(client, client)
        cells = [own if provider == client else per_event(client, provider) for provider in FORMATS]
        print(f"| {client} | " + " | ".join(f"{cell:,.0f} ({cell / own:.1f}×)" for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
