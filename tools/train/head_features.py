"""What the node's own code makes of texts, by way of build/release/bin/signal_features: trained on is what will be seen."""
import json
import subprocess

import numpy as np
import scipy.sparse as sparse

DENSE = 26                     # routing/signals/features.hpp
GOLDEN = np.uint32(0x9E3779B1)


def fingerprint(program, models):
    """Of the embedding that heads are trained with."""
    return int(subprocess.run([program, models, "--fingerprint"], stdout=subprocess.PIPE, check=True).stdout)


class Seen:
    """`texts` in order; row i of the arrays belongs to text `owner[i]` (one row each, but for passages)."""

    def __init__(self, program, models, texts, passages=False):
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        data = subprocess.run([program, models] + ["--passages"] * passages, input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout
        words = np.frombuffer(data, "<u4")
        floats = np.frombuffer(data, "<f4")
        size = int.from_bytes((models / "embedding.bin").read_bytes()[8:12], "little")
        owner, rows, dense, patterns, self.words = [], [], [], [], []
        at = 0
        for text in range(len(texts)):
            count = int(words[at])
            at += 1
            for _ in range(count):
                owner.append(text)
                rows.append(floats[at:at + size])
                dense.append(floats[at + size:at + size + DENSE])
                at += size + DENSE
                patterns.append(floats[at])
                n = int(words[at + 1])
                self.words.append(words[at + 2:at + 2 + 2 * n].reshape(n, 2))
                at += 2 + 2 * n
        self.owner = np.array(owner, int)
        self.vectors = np.array(rows, np.float32).reshape(len(rows), size)
        self.dense = np.array(dense, np.float32).reshape(len(rows), DENSE)
        self.patterns = np.array(patterns, np.float32)
        self.count = len(texts)

    def take(self, which):
        """The same of some rows."""
        part = object.__new__(Seen)
        part.owner, part.vectors, part.dense, part.patterns = self.owner[which], self.vectors[which], self.dense[which], self.patterns[which]
        part.words = [self.words[i] for i in which]
        part.count = self.count
        return part

    def hashed(self, buckets, hashing):
        """Sparse counts over the root of the number of words; `hashing`: (words, stems, pairs) as 0 or 1. See linear_head.hpp."""
        columns, starts, values = [], [0], []
        for one in self.words:
            parts = []
            if hashing[0]:
                parts.append(one[:, 0])
            if hashing[1]:
                parts.append(one[:, 1])
            if hashing[2] and len(one) > 1:
                parts.append(pairs(one[:-1, 0], one[1:, 0]))
            found = np.concatenate(parts) & np.uint32(buckets - 1) if parts else np.zeros(0, np.uint32)
            columns.append(found)
            values.append(np.full(len(found), 1 / max(1, len(one)) ** 0.5, np.float32))
            starts.append(starts[-1] + len(found))
        made = sparse.csr_matrix((np.concatenate(values), np.concatenate(columns).astype(np.int32), starts), (len(self.words), buckets))
        made.sum_duplicates()
        return made

    def strongest(self, scores):
        """The largest score of each text's rows."""
        best = np.full(self.count, -20.0)
        np.maximum.at(best, self.owner, scores)
        return best


def pairs(first, second):
    """hash_pair() of words.hpp."""
    with np.errstate(over="ignore"):
        h = first * GOLDEN ^ (second + np.uint32(0x85EBCA6B) + (first << np.uint32(6)) + (first >> np.uint32(2)))
        h ^= h >> np.uint32(15)
        h = h * np.uint32(0x2C1B3C6D)
        return h ^ h >> np.uint32(12)


def joined(*parts):
    """Several of them as one; texts counted on."""
    made = object.__new__(Seen)
    shift = np.cumsum([0] + [p.count for p in parts])
    made.owner = np.concatenate([p.owner + s for p, s in zip(parts, shift)])
    made.vectors = np.concatenate([p.vectors for p in parts])
    made.dense = np.concatenate([p.dense for p in parts])
    made.patterns = np.concatenate([p.patterns for p in parts])
    made.words = [w for p in parts for w in p.words]
    made.count = int(shift[-1])
    return made
