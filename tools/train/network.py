"""The student, trained: what routing/embedding/context_network.hpp computes, in floats, and its distillation (JAX, one thread).

  target    the teacher's vectors on their 256 strongest directions (SVD, not centred), normalised again
  start     rows: the teacher's vector of every piece alone, mean taken off, weighted a / (a + p) with p its share of the sentences, and
            from there least squares: the table whose sums come nearest to the targets; or those of an earlier table;
            context rows: the same, its strongest directions; layers: random, but the last, which is zero: at first the student is a table
  loss      mean (1 - cosine)
            + RELATIONAL * mean cross entropy of the similarities within a batch at temperature TEMPERATURE, the teacher's against ours:
              who is nearest to whom
            + SQUARED * mean squared difference of those similarities: how like any two are
  batches   half any sentences, half groups of neighbours
  steps     Adam on the rows a batch touches and on the layers, learning rate to zero along a half cosine, a tenth of the pieces dropped"""
import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
import jax                                                                                                          # noqa: E402
import jax.numpy as jnp                                                                                             # noqa: E402
import numpy as np                                                                                                  # noqa: E402
import scipy.sparse as sparse                                                                                       # noqa: E402

DIMENSIONS, WIDTH, UNITS, HIDDEN = 256, 32, 64, 128
RARE = 1e-4
RIDGE, ROUNDS, FITTED = 2.0, 25, 400_000     # of the least squares; sentences that they see
TEMPERATURE = 0.05
RELATIONAL = 0.5
SQUARED = 10.0
DROPPED = 0.1
BATCH = 1024
STEPS = 1500
RATE = 0.002                   # of rows; of layers LAYERS of it
LAYERS = 0.4
BETAS = (0.9, 0.99)
LENGTHS = (8, 16, 28, 64)      # a batch's shortest sentences are padded to 8 pieces, and so on; longer ones are left out
LOTS = (400, 360, 200, 64)     # how many of a batch to each length; one that is too long there is cut
GROUP = 8                      # neighbours in a batch
MIDDLES = 1024
ROUGH = 64                     # directions that neighbours are found by
DIRECTION = 8                  # the direction enters the layers multiplied, to be of the size of what else does


def normalised(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)


def strongest_directions(vectors, dimensions=DIMENSIONS):
    """(384, dimensions): the leading right singular vectors."""
    values, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, np.argsort(-values)[:dimensions]], dtype=np.float32)


def same_directions(vectors, made):
    """The orthogonal directions on which `vectors` come nearest to `made`: those that an earlier student was taught by."""
    left, _, right = np.linalg.svd(vectors.T @ made, full_matrices=False)
    return np.ascontiguousarray(left @ right, dtype=np.float32)


def fitted(alone, ids, target):
    """Rows whose sums, over the root of the number of pieces, come nearest to the targets, held towards those of the pieces alone:
    ridge regression by conjugate gradients."""
    counts = np.bincount(np.concatenate(ids), minlength=len(alone))
    share = (counts + 1) / counts.sum()
    rows = ((alone - alone.mean(0)) * (RARE / (RARE + share))[:, None]).astype(np.float32)
    ids, target = ids[:FITTED], target[:FITTED].astype(np.float32)
    sizes = np.array([len(one) for one in ids])
    met = sparse.csr_matrix((np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes).astype(np.float32), np.concatenate(ids),
                             np.concatenate([[0], np.cumsum(sizes)])), (len(ids), len(alone)))
    sums = met @ rows
    rows *= (sums * target).sum() / (sums * sums).sum()
    turned = met.T.tocsr()
    rest = turned @ (target - met @ rows)
    way, size = rest.copy(), (rest * rest).sum(0)
    for _ in range(ROUNDS):
        bent = turned @ (met @ way) + RIDGE * way
        far = size / (way * bent).sum(0)
        rows += far * way
        rest -= far * bent
        before, size = size, (rest * rest).sum(0)
        way = rest + size / before * way
    return rows


def start(rows, seed=3):
    chance = np.random.default_rng(seed)
    rows = rows / np.linalg.norm(rows, axis=1).mean()
    left, values, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    context = left[:, :WIDTH] * values[:WIDTH]

    def layer(inputs, outputs, gain=1.0):
        return chance.standard_normal((inputs, outputs)) * np.sqrt(gain / inputs)

    p = {"rows": rows, "context": context / context.std() * 0.3, "window": layer(3 * WIDTH, UNITS), "mean": layer(WIDTH, UNITS),
         "shift": np.zeros(UNITS), "gate": np.zeros(UNITS), "gate_shift": np.zeros(()),
         "first": layer(DIMENSIONS + 2 * UNITS, HIDDEN, 2.0), "first_shift": np.zeros(HIDDEN), "second": np.zeros((HIDDEN, DIMENSIONS))}
    return {name: np.asarray(value, np.float32) for name, value in p.items()}


def unit(v):
    return v / jnp.maximum(jnp.sqrt((v * v).sum(-1, keepdims=True)), 1e-6)


def vectors(p, ids, mask):
    """`ids`, `mask` (texts, pieces) -> unit vectors."""
    length = ids.shape[1]
    count = jnp.maximum(mask.sum(1), 1.0)[:, None]
    context = p["context"][ids] * mask[:, :, None]
    padded = jnp.pad(context, ((0, 0), (1, 1), (0, 0)))
    seen = sum(padded[:, o:o + length] @ p["window"][o * WIDTH:(o + 1) * WIDTH] for o in range(3))
    seen = seen + (context.sum(1) / count @ p["mean"])[:, None, :] + p["shift"]
    units = jax.nn.relu(seen) * mask[:, :, None]
    weights = 2 * jax.nn.sigmoid(units @ p["gate"] + p["gate_shift"]) * mask
    direction = unit((p["rows"][ids] * weights[:, :, None]).sum(1))
    inputs = jnp.concatenate([direction * DIRECTION, units.sum(1) / count, units.max(1)], 1)
    return unit(direction + jax.nn.relu(inputs @ p["first"] + p["first_shift"]) @ p["second"])


def loss(p, batch, target):
    ours = jnp.concatenate([vectors(p, ids, mask) for ids, mask in batch])
    itself = jnp.eye(len(ours)) * 1e9
    said, told = ours @ ours.T, target @ target.T
    likely = jax.nn.log_softmax(said / TEMPERATURE - itself, 1)
    wanted = jax.nn.softmax(told / TEMPERATURE - itself, 1)
    nearest = -(wanted * jnp.where(wanted > 0, likely, 0)).sum(1).mean()
    squared = jnp.where(itself > 0, 0, (said - told) ** 2).sum() / (len(ours) * (len(ours) - 1))
    cosine = (ours * target).sum(1).mean()
    return 1 - cosine + RELATIONAL * nearest + SQUARED * squared, cosine


@jax.jit
def slopes(rows, layers, batch, target):
    """Of the rows a batch touches and of the layers."""
    (value, cosine), (by_rows, by_layers) = jax.value_and_grad(lambda r, l: loss(r | l, batch, target), (0, 1), has_aux=True)(rows, layers)
    return value, cosine, by_rows, by_layers


class Adam:
    """Of arrays whose rows are touched now and then: a row ages only when it is touched."""

    def __init__(self, values):
        self.first, self.second = np.zeros_like(values), np.zeros_like(values)
        self.age = np.zeros(len(values), np.int32)

    def step(self, values, touched, slope, rate):
        self.age[touched] += 1
        age = self.age[touched].reshape((-1,) + (1,) * (values.ndim - 1))
        self.first[touched] = m = BETAS[0] * self.first[touched] + (1 - BETAS[0]) * slope
        self.second[touched] = v = BETAS[1] * self.second[touched] + (1 - BETAS[1]) * slope * slope
        values[touched] -= rate * (m / (1 - BETAS[0] ** age)) / (np.sqrt(v / (1 - BETAS[1] ** age)) + 1e-8)


class Sentences:
    """Ids and targets, in batches: half of one are any sentences, half are neighbours in groups, for the relational loss learns most
    from those that are alike."""

    def __init__(self, ids, target, say=print):
        self.kept = np.array([i for i, one in enumerate(ids) if 0 < len(one) <= LENGTHS[-1]])
        self.counts = np.array([len(one) for one in ids])
        self.starts = np.concatenate([[0], np.cumsum(self.counts)])
        self.flat = np.concatenate(ids).astype(np.int32)
        self.target = target
        self.batches = len(self.kept) // BATCH
        self.clusters = nearest_middles(target[self.kept])
        say(f"distil: {len(self.kept)} sentences, {self.batches} batches an epoch")

    def groups(self, chance):
        """The sentences, neighbours together, in groups of GROUP; the order of groups is any."""
        order = chance.permutation(len(self.kept))
        order = order[np.argsort(self.clusters[order], kind="stable")]
        order = order[:len(order) // GROUP * GROUP].reshape(-1, GROUP)
        return order[chance.permutation(len(order))].ravel()

    def epoch(self, chance):
        alone, together = chance.permutation(len(self.kept)), self.groups(chance)
        half = BATCH // 2
        for n in range(self.batches):
            chosen = self.kept[np.concatenate([alone[n * half:(n + 1) * half], together[n * half:(n + 1) * half]])]
            chosen = chosen[np.argsort(self.counts[chosen], kind="stable")]
            batch, at = [], 0
            for length, size in zip(LENGTHS, LOTS):
                ids, mask = np.zeros((size, length), np.int32), np.zeros((size, length), bool)
                for row, i in enumerate(chosen[at:at + size]):
                    count = min(length, self.counts[i])
                    ids[row, :count], mask[row, :count] = self.flat[self.starts[i]:self.starts[i] + count], True
                kept = mask & (chance.random((size, length)) >= DROPPED)
                batch.append((ids, np.where(kept.any(1, keepdims=True), kept, mask).astype(np.float32)))
                at += size
            yield batch, self.target[chosen].astype(np.float32)


def nearest_middles(vectors, seed=7):
    """Which of MIDDLES middles (k-means on a sample) each vector is nearest to."""
    chance = np.random.default_rng(seed)
    vectors = vectors[:, :ROUGH]
    sample = vectors[chance.permutation(len(vectors))[:16 * MIDDLES]].astype(np.float32)
    middles = sample[:MIDDLES].copy()
    for _ in range(3):
        nearest = (sample @ middles.T).argmax(1)
        for middle in np.unique(nearest):
            middles[middle] = sample[nearest == middle].mean(0)
        middles = normalised(middles)
    return np.concatenate([(vectors[at:at + 8192].astype(np.float32) @ middles.T).argmax(1) for at in range(0, len(vectors), 8192)])


def train(p, sentences, say=print, steps=STEPS, seed=17, watch=None, progress=None):
    """`progress`: how far this is, 0..1, after so many steps; by default done / steps."""
    chance = np.random.default_rng(seed)
    p = {name: np.array(value) for name, value in p.items()}
    of_rows = ("rows", "context")
    flat = {name: value.reshape(1, -1) for name, value in p.items() if name not in of_rows}     # one row: all of it is touched
    adam = {name: Adam(p[name] if name in of_rows else flat[name]) for name in p}
    progress = progress or (lambda done: done / steps)
    done, met = 0, []
    while True:
        for batch, target in sentences.epoch(chance):
            far = progress(done)
            if far >= 1:
                return p
            touched = np.unique(np.concatenate([ids.ravel() for ids, _ in batch]))
            padded = np.concatenate([touched, np.zeros(-len(touched) % 2048, touched.dtype)])
            place = np.zeros(len(p["rows"]), np.int32)
            place[touched] = np.arange(len(touched), dtype=np.int32)
            value, cosine, by_rows, by_layers = slopes({name: p[name][padded] for name in of_rows},
                                                       {name: p[name] for name in p if name not in of_rows},
                                                       [(place[ids], mask) for ids, mask in batch], target)
            rate = RATE * min(1, (done + 1) / 50) * 0.5 * (1 + np.cos(np.pi * far))
            for name in of_rows:
                adam[name].step(p[name], touched, np.asarray(by_rows[name])[:len(touched)], rate)
            for name, values in flat.items():
                adam[name].step(values, [0], np.asarray(by_layers[name]).reshape(1, -1), rate * LAYERS)
            done += 1
            met.append((float(value), float(cosine)))
            if done % 50 == 0:
                value, cosine = np.array(met[-50:]).mean(0)
                say(f"distil: step {done}, {far:.0%}, loss {value:.4f}, cosine {cosine:.4f}")
                if watch is not None:
                    watch(done, p)


def floats(p):
    """The parameters as quantised.quantise() names and scales them."""
    p = {name: np.asarray(value, np.float64) for name, value in p.items()}
    p["first"] = np.concatenate([p["first"][:DIMENSIONS] * DIRECTION, p["first"][DIMENSIONS:]])
    return p
