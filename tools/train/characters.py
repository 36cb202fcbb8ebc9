"""Asks the reference tokenizer what it does to every code point and writes models/characters.bin (grammar: routing/embedding/characters.cpp).

The reference mixes character tables of several Unicode versions, so no Unicode library gives the same answers; its own answers do."""
import struct
import unicodedata

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

LETTER, REMOVED, STRIPPED, BLANK, ALONE, SYLLABLE, FIRST_LIST = 0, 1, 2, 3, 4, 5, 8
BLOCK = 128


def answers():
    """Per code point what stands between two letters afterwards, and which characters end a word and stand alone."""
    normalize = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True).normalize_str
    cut = BertPreTokenizer().pre_tokenize_str
    becomes = {code: normalize(f"a{chr(code)}b")[1:-1] for code in range(0x110000) if not 0xD800 <= code < 0xE000}
    alone = set()
    for character in set("".join(becomes.values())) - {" "}:
        if [piece for piece, _ in cut(f"a{character}b")] == ["a", character, "b"]:
            alone.add(character)
    return becomes, alone


def orders(becomes):
    """The combining classes of the marks that stay, as far as the reference knows them: those that it moves past another."""
    normalize = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True).normalize_str
    marks = {c for out in becomes.values() for c in out if unicodedata.combining(c)}
    moved = set()
    for a in marks:
        for b in marks:
            if unicodedata.combining(a) > unicodedata.combining(b) and normalize(f"a{a}{b}") == f"a{b}{a}":
                moved |= {a, b}
    return {mark: unicodedata.combining(mark) for mark in moved}


def fates(becomes, alone):
    order = orders(becomes)
    lists, pool, found = {}, [], []
    for code in range(0x110000):
        out = becomes.get(code, "")
        character = chr(code)
        if out == "":
            starter = unicodedata.category(character) == "Mn" and unicodedata.combining(character) == 0
            found.append(STRIPPED if starter else REMOVED)
        elif out == " ":
            found.append(BLANK)
        elif 0xAC00 <= code <= 0xD7A3:
            if out != unicodedata.normalize("NFD", character):
                raise SystemExit(f"U+{code:04X} is not decomposed as Unicode says")
            found.append(SYLLABLE)
        elif out in (character, f" {character} ") and character not in order:
            found.append(ALONE if out != character or character in alone else LETTER)
        else:
            single = out.startswith(" ")
            entry = tuple(ord(c) | (single or c in alone) << 21 | order.get(c, 0) << 22 for c in out.strip(" "))
            if entry not in lists:
                lists[entry] = (len(lists), len(pool), len(entry))
                pool.extend(entry)
            found.append(FIRST_LIST + lists[entry][0])
    return found, [(first, count) for _, first, count in lists.values()], pool


def write(path):
    found, lists, pool = fates(*answers())
    blocks, index = {}, []
    for start in range(0, len(found), BLOCK):
        index.append(blocks.setdefault(tuple(found[start:start + BLOCK]), len(blocks)))
    with open(path, "wb") as file:
        file.write(b"swydchr1" + struct.pack("<3I", len(blocks), len(lists), len(pool)))
        file.write(struct.pack(f"<{len(index)}H", *index))
        for block in blocks:
            file.write(struct.pack(f"<{BLOCK}H", *block))
        for entry in lists:
            file.write(struct.pack("<2H", *entry))
        file.write(struct.pack(f"<{len(pool)}I", *pool))
    return len(blocks), len(lists), len(pool)
