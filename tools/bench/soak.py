"""Memory and descriptors of one node over many requests and aborted streams."""
import argparse
import sys
import tempfile
import time

import proxies

MOST_FILES = 60   # those of the start, and the ledger's tables: at most 32 are kept open


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--aborts", type=int, default=10_000)
    parser.add_argument("--grow-mib", type=float, default=4, help="growth after the warm-up that still counts as flat")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mock = proxies.start_mock()
        node = proxies.start_switchyard(folder, mock.port)
        try:
            def settled(what):
                time.sleep(1)   # connections that are being closed
                memory, (sockets, files) = node.rss_kib() / 1024, node.descriptors()
                print(f"{what}: RSS {memory:.1f} MiB, {sockets} descriptors beside {files} open files", flush=True)
                return memory, sockets, files
            settled("start")
            # As many as the node keeps decisions, so that its bounded memory is full before the comparison starts.
            proxies.load(node.port, "requests", min(20_000, options.requests), 64)
            proxies.load(node.port, "abort", min(500, options.aborts), 64)
            first = settled("warm")
            failed = 0
            step = max(1, options.requests // 5)
            for done in range(step, options.requests + 1, step):
                failed += proxies.load(node.port, "requests", step, 64)["failed"]
                settled(f"{done} requests")
            for done in range(options.aborts // 2, options.aborts + 1, max(1, options.aborts // 2)):
                failed += proxies.load(node.port, "abort", max(1, options.aborts // 2), 64)["failed"]
                last = settled(f"{done} aborted streams")
        finally:
            node.stop()
            mock.stop()
    grown, leaked = last[0] - first[0], last[1] - first[1]
    flat = grown <= options.grow_mib and leaked <= 0 and last[2] <= MOST_FILES and failed == 0
    print(f"{'flat' if flat else 'NOT FLAT'}: RSS {first[0]:.1f} -> {last[0]:.1f} MiB, descriptors {first[1]} -> {last[1]} beside {first[2]} -> {last[2]} files, {failed} failed")
    sys.exit(0 if flat else 1)


if __name__ == "__main__":
    main()
