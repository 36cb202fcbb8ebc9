"""The sentences a teacher is asked about: unlabelled, of licences that allow commercial use, filtered against every evaluation set.

Nothing here reads a label. AlpacaEval prompts and Quora questions are not among the sources; whatever equals an evaluation item
once case, punctuation and blanks are gone, or shares a run of eight words with one, is left out."""
import gzip
import importlib.util
import json
import pathlib
import random
import re
import xml.etree.ElementTree

import debian

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


def is_word(piece):
    """A whole word that may stand in for another."""
    return piece.isalpha() and piece.isascii() and len(piece) >= 3


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


def packages():
    """Debian's descriptions: what a package is for, in one line and in its first sentences."""
    for entry in debian.available().split("\n\n"):
        told = re.search(r"^Description(?:-en)?: (.*)((?:\n .*)*)", entry, re.MULTILINE)
        if told:
            yield told[1]
            yield from list(split(told[2].split("\n .\n")[0].replace("\n ", " ")))[:2]


def terms():
    """What computer people's words mean (FOLDOC, the Jargon File): whole entries without their heads, sentence by sentence."""
    for package, path in (("dict-foldoc", "usr/share/dictd/foldoc.dict.dz"), ("dict-jargon", "usr/share/dictd/jargon.dict.dz")):
        with gzip.open(debian.file(package, path), "rt", encoding="utf-8", errors="replace") as told:
            for paragraph in told.read().split("\n\n"):
                if paragraph.startswith(" ") and "http" not in paragraph:
                    text = re.sub(r"[{}]|<[^>]*>|\[techspeak\]", "", re.sub(r"\s+", " ", paragraph))
                    yield from split(text)


def manual():
    """How a desktop is used (GNOME's help): titles and sentences."""
    for page in sorted(debian.file("gnome-user-docs", "usr/share/help/C/gnome-help").glob("*.page")):
        for element in xml.etree.ElementTree.parse(page).iter():
            if element.tag.endswith(("}p", "}title", "}desc")):
                yield from split(re.sub(r"\s+", " ", "".join(element.itertext())).strip())


def chats():
    """Questions and answers of a chat bot's (chatterbot-corpus)."""
    folder = pathlib.Path(importlib.util.find_spec("chatterbot_corpus").origin).parent / "data" / "english"
    for file in sorted(folder.glob("*.yml")):
        yield from (line.strip()[2:].removeprefix("- ").strip("'\"") for line in file.read_text(encoding="utf-8").splitlines()
                    if line.strip().startswith("- "))


def words(known):
    """Every word of the vocabulary alone, and WordNet's words and phrases."""
    yield from known
    for file in ("index.noun", "index.verb", "index.adj", "index.adv"):
        for line in (WORDNET / file).read_text(encoding="utf-8").splitlines():
            if not line.startswith("  "):
                yield line.split(" ", 1)[0].replace("_", " ")


class Variations:
    """New texts out of gathered ones, so that the student hears the teacher on every word in many companies."""

    def __init__(self, texts, known, chance):
        self.texts, self.known, self.chance = texts, known, chance

    def fragments(self, count):
        """Two to seven words in a row."""
        for _ in range(count):
            words = self.chance.choice(self.texts).split()
            size = self.chance.randint(2, 7)
            if len(words) > size:
                begin = self.chance.randint(0, len(words) - size)
                yield " ".join(words[begin:begin + size])

    def swapped(self, count):
        """One to three longer words replaced by any of the vocabulary's."""
        for _ in range(count):
            words = self.chance.choice(self.texts).split()
            places = [i for i, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
            if not places or len(words) > 40:
                continue
            for place in self.chance.sample(places, min(len(places), self.chance.randint(1, 3))):
                words[place] = self.chance.choice(self.known)
            yield " ".join(words)


class Pool:
    """Texts of all sources, each once, none that an evaluation set holds."""

    def __init__(self, barred, chance):
        self.barred, self.chance, self.seen, self.kept, self.dropped, self.counts = barred, chance, set(), [], 0, {}

    def add(self, source, texts, most):
        mine = []
        for text in texts:
            text = text.strip()
            key = " ".join(words_of(text))
            if not key or key in self.seen:
                continue
            self.seen.add(key)
            if self.barred.holds(text):
                self.dropped += 1
                continue
            mine.append((source, text[:LONGEST]))
        self.chance.shuffle(mine)
        self.kept += mine[:most]
        self.counts[source] = min(len(mine), most)


def gather(data, known, seed=5):
    """All sentences in one list, the same on every machine: ([(source, text)], left out, {source: count}). `known`: whole words of
    the vocabulary."""
    chance = random.Random(seed)
    pool = Pool(Evaluation(data), chance)
    for source, texts, most in (
            ("requests", Grammar(pathlib.Path(__file__).parent / "requests.txt", chance).requests(500_000), 80_000),
            ("conversations", conversations(), 160_000),
            ("wordnet", wordnet(), 120_000),
            ("wikipedia", (row["text"] for row in rows(data, "wiki_sentences")), 15_000),
            ("questions", questions(data), 60_000),
            ("packages", packages(), 30_000),
            ("terms", terms(), 30_000),
            ("manual", manual(), 10_000),
            ("chats", chats(), 10_000)):
        pool.add(source, texts, most)
    varied = Variations([text for _, text in pool.kept], known, chance)
    pool.add("words", words(known), 15_000)
    pool.add("fragments", varied.fragments(60_000), 40_000)
    pool.add("swapped", varied.swapped(50_000), 40_000)
    return pool.kept, pool.dropped, pool.counts
