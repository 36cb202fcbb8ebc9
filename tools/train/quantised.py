"""The student in integers, as the node computes it (routing/embedding/context_network.hpp), and how it is made of the trained floats."""
import numpy as np

from golden import reference

ZERO, LARGEST = 64, 127          # of what layers read
MIDDLE = 7.5                     # of what half a byte says, 0..15
PIECES = 256                     # seen in context; the rest counts as the others do on average


class Context:
    """Integer weights; the names are those of context_weights in routing/embedding/table_file.hpp."""


def layer(weights):
    """int8 (inputs, outputs) and a scale an output."""
    scales = np.maximum(np.abs(weights).max(0) / 127, 1e-12).astype(np.float32)
    return np.rint(weights / scales).astype(np.int8), scales


def rounded(values, step, middle):
    inverse = np.float32(1) / np.float32(step)
    return np.clip(np.floor(values * inverse + np.float32(middle + 0.5)), 0, LARGEST).astype(np.int64)


def unit(v):
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)


class Model:
    def __init__(self, pieces, scales, rows, context=None):
        self.pieces, self.scales, self.rows, self.context = pieces, scales, rows, context
        self.tokens = reference({piece: i for i, piece in enumerate(pieces)})
        self.table = rows.astype(np.float32)
        if context is not None:
            self.past = self.table * context.row_scales[:, None]           # of pieces not seen in context
            self.in_context = self.past.copy()
            self.in_context[:, :context.corrections.shape[1]] += (context.corrections - MIDDLE) * context.correction_scales[:, None]

    def ids(self, texts):
        return [np.array(encoded.ids, np.int64) for encoded in self.tokens.encode_batch(list(texts), add_special_tokens=False)]

    def encode(self, texts):
        return np.stack([self.vector(ids) for ids in self.ids(texts)])

    def seen(self, ids):
        """(weights of the pieces, mean unit, largest unit)."""
        c, seen = self.context, ids[:PIECES]
        width = c.rows.shape[1]
        padded = np.full((len(seen) + 2, width), ZERO, np.int64)
        padded[1:-1] = c.rows[seen]
        shifts = c.window_shifts + (padded[1:-1].mean(0) - ZERO).astype(np.float32) @ c.mean
        windows = np.concatenate([padded[:-2], padded[1:-1], padded[2:]], 1)
        products = windows.astype(np.float64) @ c.window.astype(np.float64)
        units = np.maximum(products.astype(np.float32) * c.window_scales + shifts, 0)
        weights = 2 / (1 + np.exp(-(units @ c.gates + c.gate_shift)))
        weights = np.concatenate([weights, np.full(len(ids) - len(seen), weights.mean())])
        return weights.astype(np.float32), units.mean(0), units.max(0)

    def alone(self, ids):
        return unit(self.scales[ids] @ self.table[ids])

    def vector(self, ids):
        if len(ids) == 0:
            return np.zeros(self.rows.shape[1], np.float32)
        if self.context is None:
            return self.alone(ids)
        c = self.context
        weights, mean, largest = self.seen(ids)
        direction = unit(weights[:PIECES] @ self.in_context[ids[:PIECES]] + weights[PIECES:] @ self.past[ids[PIECES:]])
        inputs = np.concatenate([rounded(direction, c.steps[0], ZERO), rounded(mean, c.steps[1], 0), rounded(largest, c.steps[2], 0)])
        hidden = (inputs @ c.first.astype(np.int64)).astype(np.float32) * c.first_scales + c.first_shifts
        out = (rounded(hidden, c.steps[3], 0) @ c.second.astype(np.int64)).astype(np.float32) * c.second_scales
        return unit(direction + out)


def corrections_of(c, table, wanted, corrected):
    """Of rows `wanted` in context: how much of each is the table's, which it is wholly from `corrected` on, and the rest, rounded to halves
    of bytes."""
    rest = table[:, corrected:]
    c.row_scales = ((rest * wanted[:, corrected:]).sum(1) / np.maximum((rest * rest).sum(1), 1e-12)).astype(np.float32)
    missing = wanted[:, :corrected] - c.row_scales[:, None] * table[:, :corrected]
    best = np.full(len(table), np.inf)
    c.correction_scales, c.corrections = np.zeros(len(table), np.float32), np.full(missing.shape, 8, np.uint8)
    for share in np.arange(1.0, 0.45, -0.05):            # the few largest are cut where that serves the others
        scales = (np.abs(missing).max(1) * share / MIDDLE).astype(np.float32)
        steps = np.clip(np.floor(missing / np.maximum(scales, 1e-12)[:, None]) + 8, 0, 15)
        off = ((missing - (steps - MIDDLE) * scales[:, None]) ** 2).sum(1)
        better = off < best
        best[better], c.correction_scales[better], c.corrections[better] = off[better], scales[better], steps[better]


def quantise(pieces, scales, rows, p, sample, corrected):
    """The Model of a table and trained floats `p` (names: network.py), whose rows are the table's, scaled, from the number `corrected` on.
    `sample`: lists of ids on which the layers' inputs are measured."""
    p = {name: np.asarray(value, np.float64) for name, value in p.items()}
    c = Context()
    corrections_of(c, rows.astype(np.float64), p["rows"], corrected)
    step = np.quantile(np.abs(p["context"]), 0.9995) / (ZERO - 1)        # the few beyond are cut
    c.rows = (np.clip(np.rint(p["context"] / step), 1 - ZERO, ZERO - 1) + ZERO).astype(np.uint8)
    width, units = p["mean"].shape

    def windowed():
        c.window, c.window_scales = layer(p["window"] * step)
        c.window_shifts = (p["shift"] - ZERO * c.window.sum(0, dtype=np.int64) * c.window_scales).astype(np.float32)
        c.mean, c.gates, c.gate_shift = (p["mean"] * step).astype(np.float32), p["gate"].astype(np.float32), np.float32(p["gate_shift"])

    windowed()
    model = Model(pieces, scales, rows, c)
    met = [model.seen(ids) for ids in sample]
    means, largest = np.stack([m for _, m, _ in met]), np.stack([m for _, _, m in met])
    directions = np.stack([unit(w @ model.in_context[ids]) for ids, (w, _, _) in zip(sample, met)])

    # Units are made alike in range: what enters a layer shares one step. What is above zero may be scaled here and unscaled there.
    range_ = np.maximum(np.quantile(largest, 0.999, axis=0), 1e-3)
    dimensions = rows.shape[1]
    for name in ("window", "mean"):
        p[name] = p[name] / range_
    p["shift"], p["gate"] = p["shift"] / range_, p["gate"] * range_
    windowed()
    first = p["first"].copy()
    first[dimensions:dimensions + units] *= range_[:, None]
    first[dimensions + units:] *= range_[:, None]
    steps = [np.quantile(np.abs(directions), 0.9999) / (ZERO - 1), np.quantile(means / range_, 0.9999) / LARGEST, 1 / LARGEST]
    inputs = np.concatenate([directions, means, largest], 1)
    hidden = np.maximum(inputs @ p["first"] + p["first_shift"], 0)
    top = np.maximum(np.quantile(hidden, 0.9995, axis=0), 1e-3)
    first, second = first / top, p["second"] * top[:, None]
    first[:dimensions] *= steps[0]
    first[dimensions:dimensions + units] *= steps[1]
    first[dimensions + units:] *= steps[2]
    c.first, c.first_scales = layer(first)
    c.first_shifts = (p["first_shift"] / top - ZERO * c.first[:dimensions].sum(0, dtype=np.int64) * c.first_scales).astype(np.float32)
    steps.append(1 / LARGEST)
    c.second, c.second_scales = layer(second * steps[3])
    c.steps = np.array(steps, np.float32)
    return model
