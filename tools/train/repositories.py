"""Public data repositories that settings are chosen by (development.py), each at one commit; nothing is learned from them. A copy is looked for as a git directory
FOLDER/owner+name (or FOLDER/owner+name/repo) in SWITCHYARD_TRAIN_REPOSITORIES; one that is not there is cloned into it."""
import os
import pathlib
import subprocess

FOLDER = pathlib.Path(os.environ.get("SWITCHYARD_TRAIN_REPOSITORIES", "build/train/repositories"))
COMMITS = {"xliuhw/NLU-Evaluation-Data": "f6071b496b17d71e6eb43f543af0707f4ff30557"}
BIGGEST = 4_194_303            # bytes; a partial copy may lack bigger files, so none is read


def folder(name):
    there = FOLDER / name.replace("/", "+")
    if not there.exists():
        subprocess.run(["git", "clone", "--quiet", "--bare", f"https://github.com/{name}", str(there)], check=True)
    return there / "repo" if (there / "repo").exists() else there


def git(name, *words):
    return subprocess.run(["git", "-C", str(folder(name)), *words], check=True, capture_output=True).stdout


def files(name, under="", ending=""):
    """(path, text) of every file of the commit whose path begins with `under` and ends with `ending`, in the order of paths."""
    listed = git(name, "ls-tree", "-r", "-l", "-z", COMMITS[name]).decode().split("\0")[:-1]
    wanted = []
    for line in listed:
        facts, path = line.split("\t", 1)
        size = facts.split()[3]
        if path.startswith(under) and path.endswith(ending) and size.isdigit() and int(size) <= BIGGEST:
            wanted.append((path, facts.split()[2]))
    objects = subprocess.run(["git", "-C", str(folder(name)), "cat-file", "--batch"], check=True, capture_output=True,
                             input="".join(blob + "\n" for _, blob in wanted).encode()).stdout
    at = 0
    for path, blob in wanted:
        end = objects.index(b"\n", at)
        size = int(objects[at:end].split()[2])
        yield path, objects[end + 1:end + 1 + size].decode("utf-8", errors="replace")
        at = end + 2 + size
