"""CPU quotas: a process that gets so much of a core and no more, by a control group of its own (version 1 or 2; needs root)."""
import os
import pathlib

PERIOD_US = 10_000                               # short, so that what is throttled is not late by the usual 100 ms

V1, V2 = pathlib.Path("/sys/fs/cgroup/cpu"), pathlib.Path("/sys/fs/cgroup")


def available():
    """Why not; None: they are."""
    if os.geteuid() != 0:
        return "CPU quotas need root"
    if not (V1 / "cpu.cfs_quota_us").exists() and not (V1 / "cpu.shares").exists() and not (V2 / "cgroup.controllers").exists():
        return "there is no cpu controller of control groups"
    return None


class Quota:
    def __init__(self, name, share):
        """`share`: of one core, for all processes that are added."""
        first = (V1 / "cpu.shares").exists()
        self.folder = (V1 if first else V2) / f"switchyard-yard-{os.getpid()}-{name}"
        if not first:
            (V2 / "cgroup.subtree_control").write_text("+cpu")
        self.folder.mkdir()
        quota = int(share * PERIOD_US)
        if first:
            (self.folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.folder / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (self.folder / "cpu.max").write_text(f"{quota} {PERIOD_US}")

    def add(self, pid):
        (self.folder / "cgroup.procs").write_text(str(pid))

    def throttled(self):
        """Periods in which there was no quota left, of all."""
        stat = dict(line.split() for line in (self.folder / "cpu.stat").read_text().splitlines())
        return int(stat["nr_throttled"]), int(stat["nr_periods"])

    def close(self):
        """Its processes have ended."""
        if self.folder.exists():
            self.folder.rmdir()
