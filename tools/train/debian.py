"""Debian packages that sentences come from: fetched by apt at one version, unpacked beside each other, nothing installed."""
import os
import pathlib
import subprocess

FOLDER = pathlib.Path(os.environ.get("SWITCHYARD_TRAIN_DEBIAN", "build/train/debian"))
VERSIONS = {"dict-foldoc": "20230119-1", "dict-jargon": "4.4.7-3.1", "gnome-user-docs": "43.0-2"}


def file(package, path):
    """A file or folder of the package."""
    there = FOLDER / package
    if not there.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", f"{package}={VERSIONS[package]}"], cwd=FOLDER, check=True)
        fetched, = FOLDER.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", fetched, there], check=True)
        fetched.unlink()
    return there / path


def available():
    """What apt knows of every package; kept, for it changes with Debian's updates."""
    kept = FOLDER / "available"
    if not kept.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(subprocess.run(["apt-cache", "dumpavail"], check=True, capture_output=True).stdout)
    return kept.read_text(encoding="utf-8", errors="replace")
