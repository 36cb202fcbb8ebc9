"""The token estimator as providers/token_estimate.cpp runs it: segments, a filter of what is one token, and odds for the rest.

Text is cut into segments much as the real tokenizers cut it before they merge. A segment that the family's vocabulary holds (a Bloom
filter knows) costs one token; another costs the sum over its bytes of the odds that a token begins there, looked up by the byte and
the three before it. Runs of digits have their own table. Segmenting and hashing must match the C++ bit for bit."""
import collections
import re

import numpy as np

SIGNS = rb"!-/:-@\[-`{-~"
SEGMENT = re.compile(
    rb"'(?:s|t|re|ve|m|ll|d)(?![a-zA-Z])"
    rb"|(?:[ ]|(?<![ " + SIGNS + rb"])[" + SIGNS + rb"])?(?:[A-Z]*[a-z\x80-\xff]+|[A-Z]+)"
    rb"|[ ]?[0-9]+"
    rb"|[ ]?[" + SIGNS + rb"]+[\r\n]*"
    rb"|[ \t]*[\r\n]+"
    rb"|[ \t]+(?= [^ \t\r\n])"
    rb"|[\x00-\x20\x7f]+")
BLANKS = re.compile(rb"[ \t]+")
FILTER_BITS = 20          # the filter holds 2^20 bits
ODDS_BITS = 15            # the odds are 2^15 bytes, in 1/128 token
ODDS_UNIT = 128
LONGEST_KNOWN = 16        # bytes; longer segments are never looked up
DIGITS = 16               # lengths of digit runs, the last for all longer ones
UNIT = 1024               # tokens are counted in 1/1024

K1, K2, K3 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93)


class Segments:
    """Distinct segments of a corpus with everything that does not depend on the family."""

    def __init__(self, segments):
        self.all = segments
        self.length = np.array([len(s) for s in segments])
        self.begin = np.concatenate([[0], np.cumsum(self.length)[:-1]]).astype(np.int64)
        self.bytes = np.frombuffer(b"".join(segments), np.uint8)
        self.digit_run = np.array([s.strip(b" ").isdigit() for s in segments])
        self.blank = np.array([BLANKS.fullmatch(s) is not None for s in segments])
        self.short = self.length <= LONGEST_KNOWN
        heads = np.zeros((len(segments), LONGEST_KNOWN), np.uint8)
        for row, s in enumerate(segments):
            if len(s) <= LONGEST_KNOWN:
                heads[row, :len(s)] = np.frombuffer(s, np.uint8)
        self.bit1, self.bit2 = filter_places(heads)
        self.odds_place = odds_places(self.bytes, self.begin, self.length)


def filter_places(heads):
    words = heads.view("<u8")
    h = words[:, 0] * K1 + words[:, 1] * K2
    h ^= h >> np.uint64(32)
    h *= K3
    return (h >> np.uint64(64 - FILTER_BITS)).astype(np.int64), (h >> np.uint64(8) & np.uint64((1 << FILTER_BITS) - 1)).astype(np.int64)


def odds_places(data, begin, length):
    byte = data.astype(np.uint32)
    position = np.arange(len(byte)) - np.repeat(begin, length)
    window = byte.copy()
    for k in (1, 2, 3):
        before = np.concatenate([np.zeros(k, np.uint32), byte[:-k]])
        before[position < k] = 0
        window |= before << np.uint32(8 * k)
    return ((window * np.uint32(0x9E3779B1)) >> np.uint32(32 - ODDS_BITS)).astype(np.int64)


class Family:
    """What the C++ reads: filter, odds, digits, what a known segment costs, and whether an indent belongs to its line break."""

    def __init__(self, indent_joins):
        self.indent_joins = indent_joins
        self.filter = np.zeros(1 << FILTER_BITS, bool)
        self.odds = np.zeros(1 << ODDS_BITS, np.uint8)
        self.digits = np.zeros((2, DIGITS), np.uint16)      # without and with a blank before
        self.known = np.full(LONGEST_KNOWN + 1, UNIT, np.uint16)

    def learn_vocabulary(self, segments):
        self.filter[segments.bit1] = True
        self.filter[segments.bit2] = True

    def is_known(self, s):
        return s.short & ~s.digit_run & self.filter[s.bit1] & self.filter[s.bit2]

    def costs(self, s):
        known = self.is_known(s)
        cost = np.add.reduceat(self.odds[s.odds_place].astype(np.int64), s.begin) * (UNIT // ODDS_UNIT)
        cost = np.maximum(cost, UNIT)
        cost[known] = self.known[s.length[known]]
        d = s.digit_run
        spaced = np.array([seg[0] == 32 for seg in s.all]) if len(s.all) < 1000 else s.bytes[s.begin] == 32
        count = np.minimum(s.length - spaced, DIGITS) - 1
        cost[d] = self.digits[spaced[d].astype(int), count[d]]
        return cost

    def fit(self, s, starts, weight):
        """starts: per segment its tokens' lengths when it stands alone; weight: how often it occurs, kinds of text balanced."""
        tokens = np.array([len(t) for t in starts], float)
        at = np.concatenate([np.cumsum([0] + t[:-1]) + b for t, b in zip(starts, s.begin) if t]).astype(np.int64)
        begins = np.bincount(np.minimum(at, len(s.bytes) - 1), minlength=len(s.bytes)).astype(float)
        known = self.is_known(s)
        rest = np.repeat(np.where(known | s.digit_run, 0, weight), s.length)
        size = 1 << ODDS_BITS
        total = np.bincount(s.odds_place, weights=begins * rest, minlength=size)
        seen = np.bincount(s.odds_place, weights=rest, minlength=size)
        prior = total.sum() / seen.sum()
        doubt = 2 * np.median(rest[rest > 0])
        self.odds = np.clip(np.round((total + prior * doubt) / (seen + doubt) * ODDS_UNIT), 0, 255).astype(np.uint8)
        for n in range(1, LONGEST_KNOWN + 1):
            these = known & (s.length == n)
            if weight[these].sum() > 0:
                self.known[n] = round(UNIT * float((tokens * weight)[these].sum() / weight[these].sum()))
        spaced = s.bytes[s.begin] == 32
        for with_blank in (0, 1):
            last = 1.0 + with_blank
            for n in range(1, DIGITS + 1):
                these = s.digit_run & (spaced == bool(with_blank)) & ((s.length - with_blank == n) if n < DIGITS else (s.length - with_blank >= n))
                if weight[these].sum() > 0:
                    last = float((tokens * weight)[these].sum() / weight[these].sum())
                self.digits[with_blank, n - 1] = round(UNIT * last)

    def refine(self, corpus, chunks, true, rounds=40, step=0.8):
        """Moves the odds towards equal relative errors over whole chunks (simultaneous iterative reconstruction, cut short)."""
        s = corpus.segments
        known = self.is_known(s) | s.digit_run
        fixed_cost = np.where(known, self.costs(s), 0)[corpus.flat].astype(float)
        if self.indent_joins:
            fixed_cost[corpus.indent] = 0
        fixed = np.add.reduceat(fixed_cost, corpus.begin) / UNIT
        open_segment = ~known[corpus.flat] & (~corpus.indent if self.indent_joins else True)
        held_out = np.array([c["held_out"] for c in chunks])
        open_segment &= ~held_out[corpus.row]
        which, row = corpus.flat[open_segment], corpus.row[open_segment]
        length = s.length[which]
        first = np.concatenate([[0], np.cumsum(length)[:-1]])
        place = s.odds_place[np.repeat(s.begin[which] - first, length) + np.arange(length.sum())]
        row = np.repeat(row, length)
        size = collections.Counter(c["kind"] for c, h in zip(chunks, held_out) if not h)
        importance = np.array([size[c["kind"]] ** -0.5 if not h else 0.0 for c, h in zip(chunks, held_out)])
        per_row = np.bincount(row, minlength=len(chunks)).astype(float)
        scale = importance / np.maximum(true, 1)
        reach = np.bincount(place, weights=scale[row], minlength=1 << ODDS_BITS)
        doubt = np.median(reach[reach > 0])
        odds = self.odds.astype(float) / ODDS_UNIT
        for _ in range(rounds):
            predicted = fixed + np.bincount(row, weights=odds[place], minlength=len(chunks))
            short = np.where(per_row > 0, (true - predicted) / np.maximum(per_row, 1), 0)
            pull = np.bincount(place, weights=(scale * short)[row], minlength=1 << ODDS_BITS) / (reach + doubt)
            odds = np.clip(odds + step * pull, 0, 255 / ODDS_UNIT)
        self.odds = np.round(odds * ODDS_UNIT).astype(np.uint8)

    def dump(self):
        return b"".join([np.packbits(self.filter, bitorder="little").tobytes(), self.odds.tobytes(), self.digits.astype("<u2").tobytes(),
                         self.known[1:].astype("<u2").tobytes(), bytes([self.indent_joins]), bytes(63)])


def cut(text):
    """Segments of a text, each with whether it is the indent after a line break."""
    data = text.encode("utf-8", "replace")
    out, after_break = [], False
    for segment in SEGMENT.findall(data):
        out.append((segment, after_break and BLANKS.fullmatch(segment) is not None))
        after_break = segment[-1:] in b"\r\n" and segment.strip(b" \t\r\n") == b""
    return out


class Corpus:
    """Chunks as rows of segment numbers."""

    def __init__(self, chunks):
        numbers, rows, indents = {}, [], []
        for chunk in chunks:
            pieces = cut(chunk["text"])
            rows.append(np.array([numbers.setdefault(s, len(numbers)) for s, _ in pieces]))
            indents.append(np.array([i for _, i in pieces]))
        self.flat, self.indent = np.concatenate(rows), np.concatenate(indents)
        self.begin = np.concatenate([[0], np.cumsum([len(r) for r in rows])[:-1]])
        self.row = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        self.segments = Segments(list(numbers))

    def weights(self, chunks):
        """How often each segment occurs in what is for fitting; rare kinds of text count more."""
        size = collections.Counter()
        for chunk in chunks:
            size[chunk["kind"]] += not chunk["held_out"]
        per_chunk = np.array([0.0 if c["held_out"] else size[c["kind"]] ** -0.6 for c in chunks])
        return np.bincount(self.flat, weights=per_chunk[self.row], minlength=len(self.segments.all))

    def estimate(self, family):
        cost = family.costs(self.segments)[self.flat]
        if family.indent_joins:
            cost = np.where(self.indent, 0, cost)
        return (np.add.reduceat(cost, self.begin) + UNIT // 2) // UNIT
