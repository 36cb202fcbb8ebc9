"""The pairs the hit verifier learns from: of our own making, or sentences of permissive licence side by side. No label of anybody's data is read.

Each pair has bounds [low, high] for the chance that one prompt may be answered by the other's answer, known by how it was made; between
them the teacher's cosine decides. A paraphrase by rule or out of one group of questions.txt has a high low end, a minimal edit (another
number, name, unit, opposite, a negation, roles swapped) a high end near 0."""
import pathlib
import random
import re

import near_misses
import sentences

HERE = pathlib.Path(__file__).parent
WORDNET = sentences.WORDNET

LISTS = {
    "S": """playing the guitar;French;Spanish;German;public speaking;cooking;programming;swimming;drawing;photography;chess;mathematics;yoga;web development;machine learning;
piano;writing;singing;dancing;negotiation;statistics;data science;Japanese;English;typing;driving;painting;graphic design;trading stocks;meditation;English grammar;video editing;
algorithms;calculus;communication skills;handwriting;boxing;sewing;skiing;accounting""",
    "L": "Python;Java;C++;JavaScript;Go;Rust;Ruby;PHP;Swift;Kotlin;C#;R;MATLAB;Perl;Scala;TypeScript;Haskell;SQL",
    "O": """Google;Amazon;Facebook;Microsoft;Apple;Netflix;Uber;Twitter;Instagram;LinkedIn;PayPal;Airbnb;Spotify;WhatsApp;Snapchat;YouTube;Yahoo;Gmail;eBay;Tesla;IBM;Intel;Oracle;Samsung;
Goldman Sachs;McKinsey;Deloitte;Walmart;Reddit;Dropbox;Adobe;Cisco""",
    "M": """phone;laptop;camera;washing machine;TV;printer;car;bike;refrigerator;tablet;router;headphones;smart watch;microwave;air conditioner;keyboard;coffee machine;iPhone;drone;guitar;vacuum cleaner;
MacBook;computer;hard drive;dishwasher;monitor;electric car;motorcycle;mattress;PlayStation""",
    "I": """diabetes;asthma;acne;depression;anxiety;back pain;migraine;high blood pressure;insomnia;the flu;a cold;obesity;cancer;arthritis;hair loss;dandruff;a sore throat;food poisoning;anemia;
dry skin;stress;a headache;knee pain;pneumonia;malaria;autism;ADHD;dementia;allergies;dark circles""",
    "F": """rice;pizza;chicken soup;green tea;coffee;pasta;bread;pancakes;honey;milk;eggs;chocolate;fried rice;cheese;banana bread;salad;tofu;butter;peanut butter;olive oil;noodles;red wine;beer;
ginger tea;oatmeal;lemon juice;sushi;ice cream;yogurt;coconut oil""",
    "A": """doctor;nurse;software engineer;lawyer;teacher;pilot;data scientist;chef;writer;actor;police officer;journalist;dentist;architect;web developer;civil engineer;firefighter;model;scientist;
product manager;mechanic;accountant;electrician;game designer;consultant;psychologist;investment banker;flight attendant;translator;programmer""",
    "N": "3;5;10;12;15;20;25;30;40;50;100;150;200;250;300;500;700;1000;2000",
    "D": "1914;1945;1968;1989;1999;2000;2004;2008;2010;2012;2014;2015;2016;2017;2018;2020",
}
DETAILS = [" in {C}", " in {Y}", " in {D}", " for free", " without money", " for beginners", " at home", " at night", " in one month", " for a {A}", " with {L}", " on a {M}", " during pregnancy",
           " as a student", " at the age of {N}", " online", " in everyday life", " before an exam", " after {I}", " at {O}"]
OPENERS = ["please tell me: ", "hi, ", "hello! ", "Quick question: ", "I would like to know, ", "I was wondering: ", "can you tell me, ", "hey, "]
CLOSERS = [" please", " thanks", " Thank you!", " Thanks in advance."]
PLAINER = [("What is", "What's"), ("How do I", "How to"), ("How can I", "How to"), ("do not", "don't"), ("What are", "what're"), ("cannot", "can't"), ("How do I", "How does one"), ("Can you", "Could you"),
           ("the best", "a good"), ("the best", "the most effective"), ("way to", "method to"), ("How can I", "How could I"), ("do you", "would you"), ("should I", "do I need to")]


def nouns(lexicographer, wanted):
    """Names or words of one of WordNet's noun files (15 places, 18 persons, ...), as far as `wanted(words, gloss)` likes them."""
    for line in (WORDNET / "data.noun").read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.startswith("  "):
            head, _, gloss = line.partition("|")
            fields = head.split()
            if int(fields[1]) in lexicographer:
                word = fields[4].replace("_", " ")
                if wanted(word, gloss):
                    yield word


def fillers(chance):
    counts = {}
    for line in (WORDNET / "cntlist.rev").read_text().splitlines():
        sense, _, count = line.split()
        counts[sense.split("%")[0].replace("_", " ")] = counts.get(sense.split("%")[0].replace("_", " "), 0) + int(count)
    out = {slot: [entry.strip() for entry in text.replace("\n", "").split(";")] for slot, text in LISTS.items()}
    topics = sorted(set(nouns({4, 7, 9, 10, 19, 22, 14, 12, 27, 6, 5}, lambda word, gloss: word.islower() and len(word) > 3 and (counts.get(word, 0) >= 3 or (" " in word and counts.get(word, 0) >= 1)))))
    chance.shuffle(topics)
    out["T"] = topics
    out["C"] = sorted(set(nouns({15}, lambda word, gloss: word[0].isupper() and re.search(r"republic|kingdom|country in|nation", gloss) and counts.get(word.lower(), 0) + len(word) < 40)))[:150]
    out["Y"] = sorted(set(nouns({15}, lambda word, gloss: word[0].isupper() and re.search(r"\bcity\b|capital", gloss))))[:400]
    out["P"] = sorted(set(nouns({18}, lambda word, gloss: word[0].isupper() and word.count(" ") == 1 and re.search(r"18|19|20", gloss))))
    for other, same in (("U", "T"), ("Z", "Y"), ("B", "A"), ("K", "N")):
        out[other] = out[same]
    return out


def groups():
    out = [[]]
    for line in (HERE / "questions.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line:
            out[-1].append(line)
        elif out[-1]:
            out.append([])
    return [group for group in out if len(group) > 1]


def slots_of(text):
    return sorted(set(re.findall(r"\{(\w)\}", text)))


def filled(text, what):
    text = re.sub(r"\{(\w)\}", lambda m: what[m[1]], text)
    return re.sub(r"\b([Aa]) ([aeiouAEIO])", r"\1n \2", text)


def roughened(text, chance):
    """The same request, said a little otherwise."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        way = chance.randrange(8)
        if way == 0:
            text = text.lower()
        elif way == 1:
            text = text.rstrip("?.! ")
        elif way == 2:
            text = chance.choice(OPENERS) + text[0].lower() + text[1:]
        elif way == 3:
            text = text + chance.choice(CLOSERS)
        elif way == 4 and len(text) > 12:            # two letters exchanged
            at = chance.randrange(4, len(text) - 4)
            if text[at:at + 2].isalpha():
                text = text[:at] + text[at + 1] + text[at] + text[at + 2:]
        elif way == 5:
            said, plain = chance.choice(PLAINER)
            text = text.replace(said, plain)
        elif way == 6:
            text = re.sub(r"\b(the|a|an)\b ", "", text, count=1)
        else:
            text = text.replace("?", " ?") if chance.random() < .5 else text.replace(",", "")
    return text


class Edits:
    """Minimal edits that change what is asked."""

    def __init__(self, chance):
        self.chance, self.opposite, self.synonyms = chance, {}, {}
        for line in near_misses.gather():
            kind, *words = line.split()
            if kind == "opposite":
                self.opposite.setdefault(words[0], []).append(words[1])
                self.opposite.setdefault(words[1], []).append(words[0])
        for file in ("data.noun", "data.verb", "data.adj"):
            for _, words, _ in near_misses.entries(file):
                plain = [w for w in words if near_misses.single(w)]
                for word in plain:
                    self.synonyms.setdefault(word, set()).update(set(plain) - {word})

    def negated(self, text):
        for said, other in (("should I", "should I not"), ("How do I", "How do I not"), ("How can I", "How can I avoid to"), ("Is it ", "Is it not "), (" with ", " without "), ("can I ", "can't I "), (" is ", " is not "),
                            (" are ", " are not "), (" do ", " do not "), (" can ", " cannot ")):
            if said in text:
                return text.replace(said, other, 1)
        return None

    def turned(self, text):
        places = [m for m in re.finditer(r"\b[a-z]+\b", text) if m[0] in self.opposite and len(m[0]) > 2]
        if not places:
            return None
        at = self.chance.choice(places)
        return text[:at.start()] + self.chance.choice(self.opposite[at[0]]) + text[at.end():]

    def renumbered(self, text):
        places = list(re.finditer(r"\b\d+\b", text))
        if not places:
            return None
        at = self.chance.choice(places)
        number = int(at[0]) if len(at[0]) < 12 else 7
        return text[:at.start()] + str(max(0, number + self.chance.choice((-1, 1, 2, 5, 10, number, 3 * number)))) + text[at.end():]

    def swapped(self, text):
        """Two nouns round a telling word change places: "from A to B"."""
        found = re.search(r"\b(\w+) (to|than|from|into|over|by|of|before|after|in) (\w+)\b", text)
        if not found or found[1] == found[3] or min(len(found[1]), len(found[3])) < 3:
            return None
        return text[:found.start()] + f"{found[3]} {found[2]} {found[1]}" + text[found.end():]

    def renamed(self, text, names):
        places = list(re.finditer(r"(?<=[a-z,] )[A-Z][a-z]+\b", text))
        if not places:
            return None
        at = self.chance.choice(places)
        return text[:at.start()] + self.chance.choice(names) + text[at.end():]

    def synonymous(self, text):
        places = [m for m in re.finditer(r"\b[a-z]{4,}\b", text) if self.synonyms.get(m[0])]
        if not places:
            return None
        at = self.chance.choice(places)
        return text[:at.start()] + self.chance.choice(sorted(self.synonyms[at[0]])) + text[at.end():]

    def shortened(self, text):
        words = text.split()
        if len(words) < 7:
            return None
        at = self.chance.randrange(2, len(words) - 2)
        return " ".join(words[:at] + words[at + self.chance.choice((1, 2, 3)):])


def gather(data, corpus_size, rounds, seed=7):
    """[(a, b, low, high, kind)]: two prompts and the bounds."""
    chance = random.Random(seed)
    fill, all_groups, edits, out = fillers(chance), groups(), Edits(chance), []

    def some(slots):
        return {slot: chance.choice(fill[slot]) for slot in slots}

    def add(a, b, low, high, kind):
        if b and a != b:
            out.append((a, b, low, high, kind) if chance.random() < .5 else (b, a, low, high, kind))

    # Groups whose filler fits each other, to be asked of the same thing.
    by_slots = {}
    for group in all_groups:
        by_slots.setdefault(tuple(slots_of(group[0])), []).append(group)
    for _ in range(rounds):
        for group in all_groups:
            slots = slots_of("".join(group))
            what = some(slots)
            a, b = chance.sample(group, 2)
            one, other = filled(a, what), filled(b, what)
            add(one, other, .7, 1, "paraphrase")
            add(one, roughened(one, chance), .97, 1, "rough")
            if chance.random() < .5:
                add(one, roughened(other, chance), .65, 1, "paraphrase, rough")
            if slots:
                changed = dict(what)
                slot = chance.choice(slots)
                changed[slot] = chance.choice(fill[slot])
                if changed != what:
                    add(one, filled(a, changed), 0, .04, "another filler")
                    add(one, filled(b, changed), 0, .03, "another filler, paraphrased")
                    if chance.random() < .3:
                        add(roughened(one, chance), filled(a, changed), 0, .04, "another filler, rough")
            cousins = by_slots[tuple(slots_of(group[0]))]
            cousin = chance.choice(cousins)
            if cousin is not group and set(slots_of("".join(cousin))) <= set(slots):
                add(one, filled(chance.choice(cousin), what), 0, .2, "another question")
            detail = chance.choice(DETAILS)
            detail = filled(detail, some(slots_of(detail)))
            if len(one) < 90:
                add(one, one.rstrip("?. ") + detail + "?", 0, .3, "a detail more")
                if chance.random() < .3:
                    add(other, one.rstrip("?. ") + detail + "?", 0, .25, "a detail more, paraphrased")
            for way in (edits.negated, edits.turned, edits.renumbered, edits.swapped):
                if chance.random() < .4:
                    add(one, way(one), 0, .03, way.__name__)
            if chance.random() < .3:
                add(one, edits.synonymous(one), 0, 1, "synonym")
    # Sentences of others, as they come: their neighbours are found by the trainer.
    barred, corpus, seen = sentences.Evaluation(data), [], set()
    grammar = sentences.Grammar(HERE / "requests.txt", chance)
    sources = [list(grammar.requests(corpus_size)), [t for t in sentences.conversations() if "?" in t and len(t) < 150], [t for t in sentences.questions(data) if "?" in t and len(t) < 200]]
    for source in sources:
        chance.shuffle(source)
        taken = 0
        for text in source:
            if taken < corpus_size and text not in seen and not barred.holds(text):
                seen.add(text)
                corpus.append(text)
                taken += 1
    names = fill["C"] + fill["Y"]
    for text in corpus:
        if chance.random() < .3:
            add(text, roughened(text, chance), .97, 1, "rough")
        for way in (edits.negated, edits.turned, edits.renumbered, edits.swapped, lambda t: edits.renamed(t, names)):
            if chance.random() < .3:
                add(text, way(text), 0, .03, getattr(way, "__name__", "renamed"))
        if chance.random() < .4:
            add(text, edits.synonymous(text), 0, 1, "synonym")
        if chance.random() < .3:
            add(text, edits.shortened(text), 0, 1, "shortened")
    kept = [pair for pair in out if not barred.holds(pair[0]) and not barred.holds(pair[1])]
    return kept, corpus
