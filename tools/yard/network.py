"""Network namespaces for a local cluster: one per node on a bridge, and cuts between them that need no root but ours.

  root namespace (balancer, simulated providers, tests)   .254 --+-- bridge --+-- .1 node a
                                                                  |            +-- .2 node b ...

A cut is a rule of nftables in the receiver's namespace: what comes from the other node's address is dropped. Everything is named after this
process and removed by close(), and by nothing else.
"""
import os
import shutil
import subprocess


def run(*command, check=True):
    ended = subprocess.run(command, capture_output=True, text=True)
    if check and ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {ended.stderr.strip()}")
    return ended.stdout


def available():
    """Why not; None: it is."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("ip", "nft"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    name = f"syp{os.getpid() % 100000}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return "network namespaces cannot be made here"
    run("ip", "netns", "del", name)
    return None


class Network:
    """Hosts are numbered from 0."""

    def __init__(self, size):
        self.id = os.getpid() % 100000
        self.subnet = f"10.213.{os.getpid() % 250}"
        self.bridge = f"syb{self.id}"
        self.hosts = []
        try:
            run("ip", "link", "add", self.bridge, "type", "bridge")
            run("ip", "addr", "add", f"{self.subnet}.254/24", "dev", self.bridge)
            run("ip", "link", "set", self.bridge, "up")
            for number in range(size):
                self._add(number)
        except Exception:
            self.close()
            raise

    @property
    def outside(self):
        """This process's own address there."""
        return f"{self.subnet}.254"

    def address(self, number):
        return f"{self.subnet}.{number + 1}"

    def inside(self, number):
        """What to put before a command to run it on that host."""
        return ["ip", "netns", "exec", self.hosts[number]]

    def _add(self, number):
        name, inner, outer = f"sy{self.id}-{number}", f"syi{self.id}-{number}"[:15], f"syo{self.id}-{number}"[:15]
        run("ip", "netns", "add", name)
        self.hosts.append(name)
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
        run("ip", "link", "set", inner, "netns", name)
        run("ip", "link", "set", outer, "master", self.bridge, "up")
        here = self.inside(number)
        run(*here, "ip", "addr", "add", f"{self.address(number)}/24", "dev", inner)
        run(*here, "ip", "link", "set", inner, "up")
        run(*here, "ip", "link", "set", "lo", "up")
        run(*here, "nft", "add table inet yard; add set inet yard cut { type ipv4_addr; }; "
                          "add chain inet yard in { type filter hook input priority 0; }; add rule inet yard in ip saddr @cut drop")

    def cut_way(self, sender, receiver):
        """What `sender` sends does not reach `receiver`; the way back stays open."""
        run(*self.inside(receiver), "nft", f"add element inet yard cut {{ {self.address(sender)} }}")

    def cut(self, a, b):
        self.cut_way(a, b)
        self.cut_way(b, a)

    def split(self, left, right):
        for a in left:
            for b in right:
                self.cut(a, b)

    def heal(self):
        for number in range(len(self.hosts)):
            run(*self.inside(number), "nft", "flush set inet yard cut")

    def sent_bytes(self, number):
        """All that host has sent and received so far."""
        inner = f"syi{self.id}-{number}"[:15]
        out = run(*self.inside(number), "cat", f"/sys/class/net/{inner}/statistics/tx_bytes", f"/sys/class/net/{inner}/statistics/rx_bytes", check=False).split()
        return tuple(int(x) for x in out)

    def close(self):
        for name in self.hosts:
            run("ip", "netns", "del", name, check=False)
        run("ip", "link", "del", self.bridge, check=False)
        self.hosts = []
