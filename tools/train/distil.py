"""Distils the teacher into a table: sums of rows are trained to point where the teacher's vectors point.

  target    the teacher's vectors on their 256 strongest directions (SVD, not centred), normalised again
  start     the teacher's vector of every piece alone, mean taken off, weighted a / (a + p) with p its share of the sentences
  loss      mean (1 - cosine) + 0.5 * mean cross entropy of the similarities within a batch at temperature TEMPERATURE, the teacher's
            against ours: who is like whom counts, not only where each one points
  steps     Adam on the rows a batch touches, learning rate from full to zero along a half cosine, a tenth of the pieces dropped"""
import numpy as np

DIMENSIONS = 256
RARE = 1e-4
TEMPERATURE = 0.07
RELATIONAL = 0.5
DROPPED = 0.1
BATCH = 1024
EPOCHS = 5
RATE = 0.003                   # of a table whose rows have length 1 on average
BETAS = (0.9, 0.99)


def normalised(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)


def strongest_directions(vectors, dimensions=DIMENSIONS):
    """(384, dimensions): the leading right singular vectors."""
    values, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, np.argsort(-values)[:dimensions]], dtype=np.float32)


def start(alone, counts):
    share = (counts + 1) / counts.sum()
    table = (alone - alone.mean(0)) * (RARE / (RARE + share))[:, None]
    return (table / np.linalg.norm(table, axis=1).mean()).astype(np.float32)


def softmax(x):
    x = np.exp(x - x.max(1, keepdims=True))
    return x / x.sum(1, keepdims=True)


def loss_and_slope(summed, target, relations):
    """Loss of a batch and its gradient by the sums of rows. `relations`: the teacher's softmax."""
    length = np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-6)
    ours = summed / length
    count = len(ours)
    logits = ours @ ours.T / TEMPERATURE
    np.fill_diagonal(logits, -1e9)
    likely = softmax(logits)
    cosine = (ours * target).sum(1)
    loss = (1 - cosine).mean() - RELATIONAL * (relations * np.log(likely + 1e-9)).sum(1).mean()
    difference = (likely - relations) * (RELATIONAL / TEMPERATURE / count)
    slope = (difference + difference.T) @ ours - target / count
    slope -= (slope * ours).sum(1, keepdims=True) * ours
    return loss, slope / length


def train(bag, target, table, say=print, epochs=EPOCHS, seed=17, watch=None):
    """`bag` sparse (sentences, entries), `target` (sentences, dimensions), unit rows."""
    chance = np.random.default_rng(seed)
    first, second = np.zeros_like(table), np.zeros_like(table)
    steps = np.zeros(len(table), np.int32)
    whole = epochs * (bag.shape[0] // BATCH)
    done = 0
    for epoch in range(epochs):
        order, total = chance.permutation(bag.shape[0]), 0.0
        for begin in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[begin:begin + BATCH]
            part = bag[chosen]
            part.data = part.data * (chance.random(len(part.data)) >= DROPPED)
            touched, columns = np.unique(part.indices, return_inverse=True)
            part = type(part)((part.data, columns.astype(np.int32), part.indptr), (BATCH, len(touched)))
            goal = target[chosen]
            likeness = goal @ goal.T / TEMPERATURE
            np.fill_diagonal(likeness, -1e9)
            loss, slope = loss_and_slope(part @ table[touched], goal, softmax(likeness))
            gradient = part.T @ slope
            steps[touched] += 1
            age = steps[touched][:, None]
            first[touched] = m = BETAS[0] * first[touched] + (1 - BETAS[0]) * gradient
            second[touched] = v = BETAS[1] * second[touched] + (1 - BETAS[1]) * gradient ** 2
            rate = RATE * 0.5 * (1 + np.cos(np.pi * done / whole))
            table[touched] -= rate * (m / (1 - BETAS[0] ** age)) / (np.sqrt(v / (1 - BETAS[1] ** age)) + 1e-8)
            total += loss
            done += 1
        say(f"distil: epoch {epoch + 1} of {epochs}, loss {total / max(1, len(order) // BATCH):.4f}")
        if watch is not None:
            watch(epoch, table)
    return table
