"""Texts to fit and to test the token estimator with: prose, prompts, source code and markup in many languages, cut into chunks.

Everything is read from the folder of public prompt sets, from files that packages put on this machine, and from packages unpacked
below one folder (README.md says which). A source (a file, or a block of lines) is wholly for fitting or wholly held out."""
import gettext
import gzip
import hashlib
import html
import json
import pathlib
import random
import re

CHUNK = 1600          # characters, about 200 to 800 tokens
HELD_OUT = 0.2        # share of the sources


def lines_of(path, *keys):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            for key in keys:
                yield row[key]


def in_blocks(texts, per_block, separator="\n"):
    block = []
    for text in texts:
        block.append(text)
        if len(block) == per_block:
            yield separator.join(block)
            block = []


def prompts(folder):
    yield from (("english wiki", "wiki_sentences", t) for t in in_blocks(lines_of(folder / "wiki_sentences.jsonl.gz", "text"), 40, ". "))
    yield from (("english questions", "mmlu", t) for t in in_blocks(lines_of(folder / "mmlu_routellm.jsonl.gz", "prompt"), 8, "\n\n"))
    yield from (("english questions", "gsm8k", t) for t in in_blocks(lines_of(folder / "gsm8k_train_questions.jsonl.gz", "text"), 12, "\n\n"))
    yield from (("english prompts", "router", t) for t in in_blocks(lines_of(folder / "router_train.jsonl.gz", "prompt"), 8, "\n\n"))
    yield from (("english prompts", "jailbreak", t) for t in lines_of(folder / "jailbreak_train.jsonl.gz", "text") if len(t) > 600)


SPACE = re.compile(r"[ \t]+\n")


def of_html(text):
    text = re.sub(r"(?s)<(script|style|pre).*?</\1>", " ", text)
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\n\s*\n+", "\n\n", SPACE.sub("\n", re.sub(r"[ \t]+", " ", text))).strip()


def of_roff(text):
    text = re.sub(r'(?m)^[.\'](\\"|[a-zA-Z]{2}).*$', "", text)
    text = re.sub(r"\\f.|\\&|\\\|", "", text).replace("\\-", "-").replace("\\(aq", "'")
    return re.sub(r"\n{2,}", "\n\n", text).strip()


def of_po(text):
    return "\n".join(m.replace('\\"', '"').replace("\\n", "\n") for m in re.findall(r'(?m)^msgstr "(.+)"$', text))


def of_mo(path):
    """The translations of a message catalogue, longer ones, one a line."""
    with open(path, "rb") as file:
        try:
            messages = gettext.GNUTranslations(file)._catalog.values()
        except (UnicodeDecodeError, OSError, ValueError):
            return ""
    return "\n".join(m for m in messages if isinstance(m, str) and len(m) > 24 and "Content-Type" not in m)


def read(path):
    raw = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    return raw.decode("utf-8", "replace")


LANGUAGES = {"de": "german", "fr": "french", "es": "spanish", "it": "italian", "pt_BR": "portuguese", "pt": "portuguese", "pl": "polish",
             "ru": "russian", "ja": "japanese", "zh_CN": "chinese", "zh_Hans": "chinese", "zh_TW": "chinese", "ko": "korean", "ar": "arabic", "hi": "hindi",
             "nl": "dutch", "tr": "turkish", "uk": "ukrainian", "cs": "czech", "sv": "swedish", "fi": "finnish", "hu": "hungarian",
             "he": "hebrew", "el": "greek", "th": "thai", "vi": "vietnamese", "id": "indonesian", "fa": "persian", "bn": "bengali"}
UDHR = {"deu_1996": "german", "fra": "french", "spa": "spanish", "ita": "italian", "por_BR": "portuguese", "pol": "polish", "rus": "russian",
        "jpn": "japanese", "cmn_hans": "chinese", "cmn_hant": "chinese", "kor": "korean", "arb": "arabic", "hin": "hindi", "nld": "dutch",
        "tur": "turkish", "ukr": "ukrainian", "ces": "czech", "swe": "swedish", "fin": "finnish", "hun": "hungarian", "heb": "hebrew",
        "ell_monotonic": "greek", "tha": "thai", "vie": "vietnamese", "ind": "indonesian", "pes_1": "persian", "ben": "bengali"}


def languages(packages):
    for code, language in LANGUAGES.items():
        for path in sorted((packages / "usr/share/man" / code).rglob("*.gz"))[::7]:
            yield language, f"manpages/{path.name}", of_roff(read(path))
        for path in sorted((packages / "usr/share/locale" / code / "LC_MESSAGES").glob("*.mo")):
            yield language, f"messages/{code}/{path.name}", of_mo(path)
        for path in sorted(packages.rglob(f"django/**/locale/{code}/LC_MESSAGES/django.po")):
            yield language, f"django/{path.parts[-5]}/{code}", of_po(read(path))
    for path in sorted(packages.glob("udhr/declaration/*.html")):
        code = path.stem
        for number, part in enumerate(re.split(r"(?=<h2>)", read(path))):
            yield UDHR.get(code, "500 other languages"), f"udhr/{code}/{number // 8}", of_html(part)
    for path in sorted((packages / "usr/share/debian-reference").glob("ch*.*.html")):
        code = path.name.split(".")[1].replace("zh-cn", "zh_CN")
        if code in LANGUAGES:
            yield LANGUAGES[code], f"debian-reference/{path.name}", of_html(read(path))


CODE = {".py": "python", ".hpp": "c++", ".h": "c++", ".cpp": "c++", ".js": "javascript", ".ts": "javascript", ".go": "go, rust, java",
        ".rs": "go, rust, java", ".java": "go, rust, java", ".json": "json", ".md": "markdown", ".html": "html", ".sh": "shell, yaml", ".yaml": "shell, yaml",
        ".yml": "shell, yaml"}


def source_code(folders, most_per_kind, random_source):
    found = {}
    ours = pathlib.Path(__file__).resolve().parents[2]
    for folder in [*folders, ours]:
        for path in pathlib.Path(folder).rglob("*"):
            if ours in path.parents and ({"build", "golden", ".git"} & set(path.parts)):
                continue
            kind = CODE.get(path.suffix)
            if kind is None and "/include/c++/" in str(path) and path.suffix == "":
                kind = "c++"
            wanted = kind and path.is_file() and not path.is_symlink() and ".min." not in path.name and "udhr" not in path.parts
            if wanted and 1500 < path.stat().st_size < 200_000:
                found.setdefault(kind, []).append(path)
    for kind, paths in sorted(found.items()):
        paths.sort()
        random_source.shuffle(paths)
        for path in paths[:most_per_kind]:
            place = f"repo/{path.relative_to(ours)}" if ours in path.parents else "code/" + "/".join(path.parts[-3:])
            yield kind, place, read(path)


def fortunes(packages):
    for path in sorted(packages.rglob("games/fortunes/**/*")):
        if path.is_file() and path.suffix in ("", ".u8") and not path.is_symlink():
            text = read(path)
            if "\ufffd" not in text[:5000]:
                for number in range(0, min(len(text), 60_000), 8000):
                    yield "fortunes", f"fortunes/{path.name}/{number}", text[number:number + 8000].replace("\n%\n", "\n\n")


def chunks(prompt_sets, packages, code_folders, seed=7):
    """[{kind, source, held_out, text}], at most a few chunks of each source."""
    random_source = random.Random(seed)
    out = []
    sources = [*prompts(prompt_sets), *languages(packages), *fortunes(packages), *source_code(code_folders, 300, random_source)]
    for number, (kind, source, text) in enumerate(sources):
        name = source if "/" in source else f"{source}/{number}"
        held_out = int(hashlib.sha1(name.encode()).hexdigest(), 16) % 1000 < HELD_OUT * 1000
        pieces = [text[at:at + CHUNK] for at in range(0, len(text), CHUNK)]
        most = 12 if kind in LANGUAGES.values() else 4
        if len(pieces) > most:
            pieces = random_source.sample(pieces, most)
        out += [{"kind": kind, "source": name, "held_out": held_out, "text": p} for p in pieces if len(p) > 200]
    by_kind = {}
    for chunk in out:
        by_kind.setdefault((chunk["kind"], chunk["held_out"]), []).append(chunk)
    kept = []
    for group in by_kind.values():
        random_source.shuffle(group)
        kept += group[:600]
    return kept
