"""Trains models/hit_verifier.bin: how likely one prompt may be answered by another's answer; run by ./verifier.

A net of two hidden layers over the pair's features (routing/cache/pair_features.cpp; computed by that very code) and the two vectors'
difference and product. Labels are soft: the teacher's cosine through a logistic curve, held within the bounds that a pair's making sets."""
import argparse
import json
import pathlib
import struct
import subprocess

import numpy as np

import pairs
import quantised
import table_file
import teacher

FEATURES = 41
HIDDEN = (64, 32)
NETS = 2                              # of other seeds, whose sums are averaged: one net of twice the width in the file
MIDDLE, WIDTH = 0.82, 0.05            # teacher's cosine of an even chance, and how fast it grows
EPOCHS, BATCH, RATE, DROPPED = 10, 512, 1e-3, 0.1
CORPUS, ROUNDS = 6000, 60
KNOTS = 0.30, 0.85                    # the chances that are told as similarities of 0.90 and 0.95
SEED = 3
REFUSES = 36                          # the guard's verdict among the features


def escaped(text):
    return json.dumps(text, ensure_ascii=False)[1:-1]


def features(program, table, texts):
    """One row a pair: features, |a - b|, a * b."""
    lines = "".join(f"{escaped(a)}\t{escaped(b)}\n" for a, b in texts)
    out = subprocess.run([program, table, "--vectors"], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(out, "<f4").reshape(len(texts), -1)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def neighbours(texts, vectors, chance, near=8, taken=2):
    """Pairs of different texts that are alike in these vectors."""
    out = []
    for begin in range(0, len(texts), 1024):
        likeness = vectors[begin:begin + 1024] @ vectors.T
        likeness[np.arange(len(likeness)), begin + np.arange(len(likeness))] = -1
        nearest = np.argpartition(-likeness, near, axis=1)[:, :near]
        for row, others in enumerate(nearest):
            out += [(begin + row, int(other)) for other in chance.choice(others, taken, replace=False)]
    return out


def gather(given, say=print):
    """Pairs with their soft labels and kinds."""
    made, corpus = pairs.gather(given.data, CORPUS, ROUNDS)
    texts = list(dict.fromkeys([text for pair in made for text in pair[:2]] + corpus))
    place = {text: i for i, text in enumerate(texts)}
    wise = teacher.Teacher().encode_kept(texts, given.work / "teacher", say=lambda line: say(line, flush=True)).astype(np.float32)
    table = quantised.Model(*table_file.read(given.embedding)[:3])          # rows alone, as the cache reads them
    chance = np.random.default_rng(SEED)
    questions = [place[text] for text in corpus] + list(chance.choice(len(texts), 24_000, replace=False))
    questions = list(dict.fromkeys(questions))
    some = [texts[i] for i in questions]
    found = neighbours(some, table.encode(some), chance) + neighbours(some, wise[questions], chance)
    seen = {frozenset(pair[:2]) for pair in made}
    for i, j in found:
        pair = (some[i], some[j])
        if frozenset(pair) not in seen:
            seen.add(frozenset(pair))
            made.append((*pair, 0, 1, "neighbours"))
    cosines = np.array([wise[place[a]] @ wise[place[b]] for a, b, *_ in made], np.float32)
    return made, cosines


def labels_of(made, cosines, refused):
    low, high = np.array([pair[2] for pair in made]), np.array([pair[3] for pair in made])
    kinds = np.array([pair[4] for pair in made])
    high = np.where((kinds == "neighbours") & (refused > 0), 0.05, high)
    return np.clip(sigmoid((cosines - MIDDLE) / WIDTH), low, high).astype(np.float32), kinds


class Net:
    def __init__(self, inputs, seed=SEED):
        chance = np.random.default_rng(seed)
        sizes = (inputs, *HIDDEN, 1)
        self.weights = [chance.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in zip(sizes, sizes[1:])]
        self.biases = [np.zeros(b, np.float32) for b in sizes[1:]]

    def parameters(self):
        return self.weights + self.biases

    def forward(self, x):
        kept = [x]
        for w, b in zip(self.weights[:-1], self.biases[:-1]):
            kept.append(np.maximum(kept[-1] @ w + b, 0))
        return kept, (kept[-1] @ self.weights[-1] + self.biases[-1])[:, 0]

    def __call__(self, x):
        return np.concatenate([self.forward(x[at:at + 8192])[1] for at in range(0, len(x), 8192)])

    def gradients(self, x, labels, weights):
        kept, logits = self.forward(x)
        back = ((sigmoid(logits) - labels) * weights / len(x)).astype(np.float32)[:, None]
        grown_w, grown_b = [], []
        for at in range(len(self.weights) - 1, -1, -1):
            grown_w.insert(0, kept[at].T @ back)
            grown_b.insert(0, back.sum(0))
            back = (back @ self.weights[at].T) * (kept[at] > 0)
        return grown_w + grown_b


def train(x, labels, weights, say=print, watch=None, epochs=EPOCHS, decay=1e-3, drop=DROPPED, seed=SEED):
    """Adam with a falling rate. `x` is standardised."""
    net, chance = Net(x.shape[1], seed), np.random.default_rng(seed)
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in net.parameters()]
    step, steps = 0, epochs * (len(x) // BATCH)
    for epoch in range(epochs):
        order = chance.permutation(len(x))
        for begin in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[begin:begin + BATCH]
            step += 1
            batch = x[chosen]
            if drop:
                batch = batch * (chance.random(batch.shape, np.float32) > drop)
            rate = RATE * (1 - step / (steps + 1)) * min(1, step / 200)
            for parameter, (first, second), grown in zip(net.parameters(), moments, net.gradients(batch, labels[chosen], weights[chosen])):
                first += 0.1 * (grown - first)
                second += 0.001 * (grown * grown - second)
                parameter -= rate * (first / (1 - 0.9 ** step) / (np.sqrt(second / (1 - 0.999 ** step)) + 1e-8) + (decay * parameter if parameter.ndim > 1 else 0))
        if watch:
            say(f"epoch {epoch + 1}: {watch(net)}", flush=True)
    return net


def fingerprint(program, table):
    return int(subprocess.run([program, table, "--fingerprint"], stdout=subprocess.PIPE, check=True).stdout)


def fnv(data):
    out = 0xcbf29ce484222325
    for byte in data:
        out = (out ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return out


def write(path, net, means, scales, spread, dimensions, embedding):
    body = b"".join(np.ascontiguousarray(part, "<f4").tobytes() for part in (
        means, scales, spread, np.array(KNOTS), net.weights[0], net.biases[0], net.weights[1], net.biases[1], net.weights[2], net.biases[2]))
    path.write_bytes(b"swyhitv1" + struct.pack("<4I2Q", FEATURES, dimensions, *(NETS * width for width in HIDDEN), embedding, fnv(body)) + body)
    return 40 + len(body)


def joined(nets):
    """One net that says the mean of what these say."""
    out = Net(nets[0].weights[0].shape[0])
    out.weights = [np.concatenate([net.weights[0] for net in nets], 1), np.zeros((len(nets) * HIDDEN[0], len(nets) * HIDDEN[1]), np.float32),
                   np.concatenate([net.weights[2] / len(nets) for net in nets])]
    out.biases = [np.concatenate([net.biases[0] for net in nets]), np.concatenate([net.biases[1] for net in nets]), sum(net.biases[2] for net in nets) / len(nets)]
    for i, net in enumerate(nets):
        out.weights[1][i * HIDDEN[0]:(i + 1) * HIDDEN[0], i * HIDDEN[1]:(i + 1) * HIDDEN[1]] = net.weights[1]
    return out


class Standard:
    """How inputs are brought to one scale; the vectors' two parts share a factor each, so that nothing is learned of single coordinates here."""

    def __init__(self, x):
        self.means = x[:, :FEATURES].mean(0)
        self.scales = 1 / np.maximum(x[:, :FEATURES].std(0), 1e-3)
        half = (x.shape[1] - FEATURES) // 2
        self.spread = np.array([0.5 / x[:, FEATURES:FEATURES + half].std(), 0.5 / x[:, FEATURES + half:].std()], np.float32)

    def __call__(self, x):
        half = (x.shape[1] - FEATURES) // 2
        return np.concatenate([(x[:, :FEATURES] - self.means) * self.scales, x[:, FEATURES:FEATURES + half] * self.spread[0], x[:, FEATURES + half:] * self.spread[1]], 1,
                              dtype=np.float32)


def main():
    given = argparse.ArgumentParser()
    for name in ("data", "work", "embedding", "out", "program"):
        given.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given = given.parse_args()
    made, cosines = gather(given)
    x = features(given.program, given.embedding, [pair[:2] for pair in made])
    labels, kinds = labels_of(made, cosines, x[:, REFUSES])
    chance = np.random.default_rng(SEED)
    held = chance.random(len(x)) < 0.05
    standard = Standard(x[~held])
    scaled = standard(x)
    net = joined([train(scaled[~held], labels[~held], np.ones((~held).sum(), np.float32), seed=SEED + i,
                        watch=lambda net: f"held-out loss {np.mean(loss(net(scaled[held]), labels[held])):.4f}") for i in range(NETS)])
    size = write(given.out, net, standard.means, standard.scales, standard.spread, (x.shape[1] - FEATURES) // 2, fingerprint(given.program, given.embedding))
    print(f"{given.out}: {size} bytes from {len(made)} pairs")
    says = sigmoid(net(scaled[held]))
    for kind in sorted(set(kinds)):
        chosen = kinds[held] == kind
        print(f"  {kind:32} {chosen.sum():6} held out, label {labels[held][chosen].mean():.3f}, said {says[chosen].mean():.3f}")


def loss(logits, labels):
    return np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))


if __name__ == "__main__":
    main()
