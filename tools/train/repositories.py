"""Public data repositories the sentences come from, each at one commit. A copy is looked for as a git directory
FOLDER/owner+name (or FOLDER/owner+name/repo) in SWITCHYARD_TRAIN_REPOSITORIES; one that is not there is cloned into it."""
import os
import pathlib
import subprocess

FOLDER = pathlib.Path(os.environ.get("SWITCHYARD_TRAIN_REPOSITORIES", "build/train/repositories"))
COMMITS = {
    "MicrosoftTranslator/NTREX": "8561f6a622db9edad1217683e5c83daefd8bb2bf",
    "UniversalDependencies/UD_English-EWT": "15d613d8447b3478787d4c278730a1e48a945efb",
    "UniversalDependencies/UD_English-PUD": "f16eba4ae7f3d161870ed320676c5088b8fa476c",
    "alexa/Topical-Chat": "7c939229cbcf6f55f6977b341a5a2f2fe982d53f",
    "awslabs/multi-domain-goal-oriented-dialogues-dataset": "baa30639c4b271f394b81443c842193407cdf26d",
    "facebookresearch/LASER": "74bc6ae7ffb7cba670fe0f428d0ede9f666fb821",
    "google-research-datasets/Textual-Entailment-New-Protocols": "24a5a1d69b24b6fc6f575f7145d3871f1611df2c",
    "google-research-datasets/dstc8-schema-guided-dialogue": "e852981ae34990f4358979625854259302feaa78",
    "google-research-datasets/query-wellformedness": "fb69c21416195cddc797277ea9e4d393226571d2",
    "google-research-datasets/wiki-split": "80f5bddf42d1a68201b7b107ee4b8d86d82e9fde",
    "lil-lab/nlvr": "18924841aa96d519cfb8584f0945350f07a6d860",
    "snipsco/nlu-benchmark": "b86ac7f1577868c42158d0dec77db50956046696",
    "tldr-pages/tldr": "08e345f42639f67d99282813247ac670dc6e87cb",
    "uberspot/OpenTriviaQA": "dd31530bfbb19f9505b160b89c9df4b1127e3c70",
    "xliuhw/NLU-Evaluation-Data": "f6071b496b17d71e6eb43f543af0707f4ff30557",
}
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
