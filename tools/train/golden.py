"""Writes tests/golden/word_pieces.jsonl: texts, nasty ones included, with the words and the pieces the reference tokenizer makes of them.
The words show every normalised character, also of words that no vocabulary can spell."""
import json
import random
import unicodedata

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

TEXTS = [
    "", " ", "\t\r\n", "What is the capital of France?", "HELLO, World!!", "don't stop-believing (it's 5:30pm)...", "def f(x):\n\treturn x**2 + 1",
    "Café naïve résumé ÅNGSTRÖM", "İstanbul ISTANBUL ıstanbul", "Straße STRASSE ẞ ß", "Ǆ ǅ ǆ Ꮳ ꮳ", "ΑΒΓ ὈΔΥΣΣΕΎΣ ς Σ", "Привет, мир! Ёлка Й",
    "中文字符和 English 混合", "日本語のテキスト、カタカナ ガギグ", "한국어 토큰 각", "हिन्दी पाठ को", "العَرَبِيَّة ١٢٣", "עִבְרִית", "ไทยไม่มีเว้นวรรค", "Việt Nam ơi",
    "a\u200bb\u200dc\u00add\ufeffe", "a\u00a0b\u2003c\u2028d\u3000e\u0085f", "null\x00byte \x01\x1f\x7f end", "emoji 😀👩‍👩‍👧 🏳️‍🌈 flags 🇩🇪", "①②③ ½ ² x₂ ﬁne ﬀ ＦＵＬＬ　ｗｉｄｔｈ",
    "豈更車賈滑 \u2f00 \U0002f800 \U00020000 \U0002ceb0", "e\u0301 e\u0323\u0301 q\u0307\u0323 \u0301lead", "\u037e \u1fef \u212b \u2126 K", "“quotes” ‘single’ — – … « » ¿¡ § ¶ † ‡ • ‰",
    "$100 €5 £3 ¥9 ₿1 + = < > | ~ ^ `", "[CLS] [SEP] [MASK] [UNK] [PAD] ##ing", "http://example.com/a_b?c=d&e=f#g user@host.org", "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "a" * 99, "a" * 100, "a" * 101, "é" * 100, "é" * 101, "中" * 120, "x" * 300 + " y", "ab" * 51 + "!", "\u0898\u08ca a\u0898\u09fe b\u09bc\u09fe\u0d3c\u0d3b", "\ud7a3\uac01\uac00\u1100\u1161",
    "\ue000private\uf8ff use \U000f0000", "\U000e0041 tag \U0010ffff last \uffff", "\u0378 unassigned \u0b55", "𝐁𝐨𝐥𝐝 𝒮𝒸𝓇𝒾𝓅𝓉", "\u180e \u061c \u2066x\u2069", "١٢٣٫٤ ۱۲۳ १२३ ௧", "½¾ ⅷ Ⅷ ㎏ ℃",
    "1,234.56 3.14e-10 0x1F 192.168.0.1", "C++ C# F# .NET node.js", "snake_case camelCase kebab-case", "\u0344 \u0390 ᾳ ᾲ Ὧ", "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß", "\u1e9b\u0323 \u01c4\u030c",
]
PLANES = [(0x20, 0x7f), (0xa0, 0x250), (0x250, 0x600), (0x600, 0x1100), (0x1100, 0x2000), (0x2000, 0x3000), (0x3000, 0xd800), (0xe000, 0x10000), (0x10000, 0x32000), (0xe0000, 0x110000)]


def reference(vocabulary):
    """The tokenizer without special tokens: a user's "[SEP]" is text."""
    made = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    return made


def mixture(chance):
    first, last = chance.choice(PLANES)
    marks = [chr(code) for code in range(0x300, 0x370)] + ["\u0898", "\u09fe", "\u0d3b", "\u1abf", "\u0c3c", " ", "\x01", "\u200d", "\u0941"]
    text = ""
    for _ in range(chance.randrange(1, 16)):
        draw = chance.random()
        text += chr(chance.randrange(first, last)) if draw < 0.6 else chance.choice(marks) if draw < 0.8 else chance.choice("aB3 .,éÉßΣж中")
    return "".join(c for c in text if unicodedata.category(c) != "Cs")


def texts(random_ones, seed=11):
    chance = random.Random(seed)
    return TEXTS + [mixture(chance) for _ in range(random_ones)]


def write(path, vocabulary, random_ones=600):
    tokens = reference(vocabulary)
    with open(path, "w", encoding="ascii") as file:
        for text in texts(random_ones):
            words = [word for word, _ in tokens.pre_tokenizer.pre_tokenize_str(tokens.normalizer.normalize_str(text))]
            pieces = tokens.encode(text, add_special_tokens=False).tokens
            file.write(json.dumps({"text": text, "words": words, "pieces": pieces}) + "\n")


VECTORS = ["What is the capital of France?", "Write a Python function to calculate Fibonacci numbers recursively", "my card was stolen",
           "I lost my debit card yesterday and need a new one", "will it rain on friday", "book a table for two at seven", "Café naïve résumé",
           "Привет, мир!", "中文字符和 English 混合", "a", "...", "buffalo buffalo buffalo buffalo buffalo", "turn off the lights in the kitchen",
           "man bites dog", "dog bites man", "Solve 3x + 5 = 20 for x and show each step.", "def f(x):\n\treturn x**2 + 1",
           "not bad at all", "How do I cancel my subscription? I was charged twice, and nobody answers my emails since last Thursday.",
           "Explain the difference between a mutex and a semaphore, with an example of each in C++.", "red " * 700]


def write_vectors(path, model):
    """What the trainer's own arithmetic (quantised.py) makes of texts, for the node's tests."""
    with open(path, "w", encoding="ascii") as file:
        for text in VECTORS:
            ids = model.ids([text])[0]
            file.write(json.dumps({"text": text, "vector": [round(float(x), 5) for x in model.vector(ids)],
                                   "alone": [round(float(x), 5) for x in model.alone(ids)]}) + "\n")
