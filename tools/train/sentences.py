"""The sentences a teacher is asked about: unlabelled, of licences that allow commercial use, filtered against every evaluation set.

Nothing here reads a label. AlpacaEval prompts and Quora questions are not among the sources; whatever equals an evaluation item
once case, punctuation and blanks are gone, or shares a run of eight words with one, is left out."""
import gzip
import importlib.util
import json
import pathlib
import random
import re

WORDNET = pathlib.Path("/usr/share/wordnet")     # Debian's wordnet-base
LONGEST = 400                                    # characters
EVALUATION = ("clinc150", "clinc150_oos", "mmlu_routellm", "gsm8k_routellm", "qqp_pairs", "stsb_train", "stsb_dev", "gptcache_mock",
              "notinject_public", "toxicity_train")
SHINGLE = 8                                      # words


def rows(data, name):
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def words_of(text):
    return re.findall(r"\w+", text.lower())


class Evaluation:
    """What may not be learned from."""

    def __init__(self, data):
        self.whole, self.runs = set(), set()
        for name in EVALUATION:
            for row in rows(data, name):
                for field in ("text", "a", "b", "prompt", "origin", "similar"):
                    if isinstance(row.get(field), str):
                        self.add(row[field])

    def add(self, text):
        words = words_of(text)
        self.whole.add(" ".join(words))
        self.runs.update(hash(tuple(words[i:i + SHINGLE])) for i in range(len(words) - SHINGLE + 1))

    def holds(self, text):
        words = words_of(text)
        return " ".join(words) in self.whole or any(hash(tuple(words[i:i + SHINGLE])) in self.runs
                                                    for i in range(len(words) - SHINGLE + 1))


def split(text):
    """Sentences of a longer text; pieces of fewer than three words are dropped."""
    for piece in re.split(r"(?<=[.!?])\s+|\n+", text):
        piece = piece.strip()
        if len(words_of(piece)) >= 3:
            yield piece[:LONGEST]


class Grammar:
    """requests.txt: expands one request at a time."""

    def __init__(self, path, chance):
        self.named, self.wholes, self.chance = {}, [], chance
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            name = re.match(r"(\w+) = (.*)", line)
            if name:
                self.named[name[1]] = name[2]
            else:
                self.wholes.append(line)

    def expand(self, text):
        while True:
            inner = re.search(r"\[([^\[\]]*)\]|<(\w+)>", text)
            if not inner:
                return re.sub(r"\s+", " ", text).strip()
            taken = self.chance.choice(inner[1].split("|")) if inner[2] is None else self.named[inner[2]]
            text = text[:inner.start()] + taken + text[inner.end():]

    def requests(self, count):
        for n in range(count):
            text = self.expand(self.wholes[n % len(self.wholes)])
            style = self.chance.random()
            if style < 0.3:
                text = text[0].upper() + text[1:]
            if style < 0.2 and text[-1] not in "?.!":
                text += "?" if re.match(r"(what|who|how|why|when|where|which|is|are|do|can|will|should)\b", text.lower()) else "."
            yield text


def wordnet():
    for file in ("data.noun", "data.verb", "data.adj", "data.adv"):
        for line in (WORDNET / file).read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("  ") or "| " not in line:
                continue
            head, gloss = line.split("| ", 1)
            examples = re.findall(r'"([^"]{12,})"', gloss)
            definition = re.split(r';\s*"', gloss)[0].strip()
            yield from examples
            if len(definition) > 12:
                word = head.split()[4].replace("_", " ")
                yield f"{word}: {definition}" if len(definition) % 2 else definition


def conversations():
    folder = pathlib.Path(importlib.util.find_spec("chitchat_dataset").origin).parent
    for talk in json.loads((folder / "dataset.json").read_text(encoding="utf-8")).values():
        for turn in talk["messages"]:
            for said in turn:
                if 3 <= len(words_of(said["text"])) <= 60:
                    yield said["text"][:LONGEST]


def questions(data):
    """The prompts of permissive test sets, without the lists of choices; AlpacaEval's left out."""
    for row in rows(data, "router_train"):
        if not row["group"].startswith("alpaca"):
            yield from split(re.split(r"\n\(?[A-D][.)]\s", row["prompt"])[0][:2000])
    for row in rows(data, "gsm8k_train_questions"):
        yield from split(row["text"])


def gather(data, seed=5):
    """All sentences in one shuffled list, the same on every machine: [(source, text)]."""
    chance = random.Random(seed)
    here = pathlib.Path(__file__).parent
    wanted = {
        "requests": (Grammar(here / "requests.txt", chance).requests(300_000), 80_000),
        "conversations": (conversations(), 60_000),
        "wordnet": (wordnet(), 60_000),
        "wikipedia": ((row["text"] for row in rows(data, "wiki_sentences")), 15_000),
        "questions": (questions(data), 45_000),
    }
    barred, seen, kept, dropped = Evaluation(data), set(), [], 0
    for source, (texts, most) in wanted.items():
        mine = []
        for text in texts:
            key = " ".join(words_of(text))
            if not key or key in seen:
                continue
            seen.add(key)
            if barred.holds(text):
                dropped += 1
                continue
            mine.append((source, text))
        chance.shuffle(mine)
        kept += mine[:most]
    chance.shuffle(kept)
    return kept, dropped
