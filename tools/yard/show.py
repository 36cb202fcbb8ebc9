"""tools/yard/run: a cluster to look at. Ends with Ctrl-C."""
import argparse
import pathlib
import shutil
import signal
import sys
import tempfile

import network
from cluster import Cluster


def main():
    parser = argparse.ArgumentParser(prog="tools/yard/run", description="Starts a local cluster of switchyard nodes, simulated providers and HAProxy; ends with Ctrl-C.")
    parser.add_argument("-n", "--nodes", type=int, default=3, choices=range(2, 10), metavar="2..9", help="how many nodes (3)")
    parser.add_argument("--namespaces", action="store_true", help="each node on a host of its own, in a network namespace (needs root); default: loopback")
    parser.add_argument("--no-tls", action="store_true", help="plain links between nodes; on loopback only")
    parser.add_argument("--dir", type=pathlib.Path, help="where configs, data and logs go; left out: a folder that is removed at the end")
    options = parser.parse_args()
    if options.namespaces:
        if options.no_tls:
            parser.error("--no-tls: links between hosts are encrypted always")
        if why := network.available():
            parser.error(f"--namespaces: {why}")
    folder = options.dir or pathlib.Path(tempfile.mkdtemp(prefix="switchyard-yard-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        parser.error(f"--dir {folder}: not empty")
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda *_: sys.exit(0))
    cluster = Cluster(options.nodes, folder, namespaces=options.namespaces, tls=not options.no_tls)
    try:
        cluster.start()
        print(f"balancer        {cluster.balancer.url}")
        print(f"providers       {cluster.sim.url}   (simulated)")
        for node in cluster.nodes:
            print(f"node {node.name}          {node.url}   admin {node.admin}   pid {node.process.pid}   log {node.process.err_path}")
        print(f"\n  curl {cluster.balancer.url}/v1/chat/completions -d '{{\"model\":\"auto\",\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}}]}}'")
        print(f"  build/release/bin/switchyardctl --url {cluster.nodes[0].admin} --token {cluster.token} nodes", flush=True)
        signal.pause()
    finally:
        cluster.close()
        if options.dir is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
