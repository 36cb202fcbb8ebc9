"""The student, trained: what routing/embedding/context_network.hpp computes, in floats, and its distillation (steps: distil.cpp).

  target    the teacher's vectors on their 256 strongest directions (SVD, not centred), normalised again
  start     rows: the teacher's vector of every piece alone, mean taken off, weighted a / (a + p) with p its share of the sentences, and
            from there least squares: the table whose sums come nearest to the targets; or those of an earlier table;
            context rows: the same, its strongest directions; layers: random, but the last, which is zero: at first the student is a table
  loss      mean (1 - cosine)
            + RELATIONAL * mean cross entropy of the similarities within a batch at temperature TEMPERATURE, the teacher's against ours:
              who is nearest to whom
            + SQUARED * mean squared difference of those similarities: how like any two are
  batches   half any sentences, half groups of neighbours
  steps     Adam on the rows a batch touches and on the layers; first all sentences at one rate, then mostly what people say, while the
            rate falls to zero; some of the pieces dropped
  tied      rows without context are another table, which stays as it is and is what the node reads where context costs too much; in
            context a row is that one, scaled, and a correction of its first numbers"""
import collections
import ctypes
import itertools

import numpy as np
import scipy.sparse as sparse

DIMENSIONS, WIDTH, UNITS, HIDDEN = 256, 64, 256, 768
RARE = 1e-4
RIDGE, ROUNDS, FITTED = 2.0, 25, 400_000     # of the least squares; sentences that they see
TEMPERATURE = 0.05
RELATIONAL = 0.5
SQUARED = 10.0
BATCH = 1024
SEED = 17
# Steps, of which sentences, how large the rate is at their begin and end (by `line`, or by `cosine` of how far it has fallen), and how many pieces
# are dropped. Adam forgets where a course begins anew. Before the tied ones the rows' last numbers become those of the plain table.
Course = collections.namedtuple("Course", "steps sentences curve begin end dropped anew tied")
COURSES = (Course(3000, "all", "line", 1.0, 1.0, 0.1, True, False),
           Course(2500, "all", "cosine", 0.0, 0.0, 0.1, True, True), Course(2000, "all", "cosine", 0.0, 0.385, 0.1, False, True),
           Course(4500, "spoken", "cosine", 0.385, 1.0, 0.05, False, True))
SPOKEN = ("requests", "conversations", "chats", "questions", "words", "fragments")
WRITTEN = 4                    # of the other sources every so many-th sentence is among the spoken ones
RATE = 0.002                   # of rows; of layers LAYERS of it
LAYERS = 0.4
RISE = 100                     # steps until the rate of a course that begins anew is reached
BETAS = (0.9, 0.99)
CORRECTED = 192                # of a row's numbers in context; the others are those of the plain table, scaled
LONGEST = 64                   # pieces; longer sentences are left out
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


class Student:
    """The parameters `p` with Adam's memory, moved by distil.cpp. A row ages only when a batch touches it."""

    NAMES = ("rows", "context", "window", "mean", "shift", "gate", "gate_shift", "first", "first_shift", "second")

    def __init__(self, p, library, moved=DIMENSIONS):
        self.code = ctypes.CDLL(str(library))
        self.code.student_of.restype = ctypes.c_void_p
        self.p = {name: np.array(p[name], np.float32, order="C") for name in self.NAMES}
        self.memory = {name: (np.zeros_like(value), np.zeros_like(value)) for name, value in self.p.items()}
        arrays = [array.ctypes.data for name in self.NAMES for array in (self.p[name], *self.memory[name])]
        sizes = np.array([len(self.p["rows"]), DIMENSIONS, self.p["context"].shape[1], self.p["shift"].size,
                          self.p["first"].shape[1], moved], np.int64)
        settings = np.array([TEMPERATURE, RELATIONAL, SQUARED, DIRECTION, *BETAS, LAYERS], np.float32)
        self.made = ctypes.c_void_p(self.code.student_of(self.at(sizes), self.at(settings), (ctypes.c_void_p * len(arrays))(*arrays)))

    @staticmethod
    def at(array):
        return ctypes.c_void_p(array.ctypes.data)

    def step(self, ids, kept, starts, target, rate):
        """(loss, mean cosine) before the step. `ids` (int32) of all texts one after the other, `kept` (bool) those not dropped."""
        report = np.zeros(2, np.float32)
        self.code.student_step(self.made, self.at(ids), self.at(kept), self.at(starts), ctypes.c_int64(len(starts) - 1), self.at(target),
                               ctypes.c_float(rate), self.at(report), None)
        return report

    def vectors(self, ids):
        """Of lists of ids, none of them empty."""
        out = np.empty((len(ids), DIMENSIONS), np.float32)
        for begin in range(0, len(ids), BATCH):
            part = ids[begin:begin + BATCH]
            starts = np.concatenate([[0], np.cumsum([len(one) for one in part])]).astype(np.int32)
            flat = np.concatenate(part).astype(np.int32)
            kept = np.ones(len(flat), bool)
            self.code.student_step(self.made, self.at(flat), self.at(kept), self.at(starts), ctypes.c_int64(len(part)),
                                   None, ctypes.c_float(0), None, self.at(out[begin:begin + BATCH]))
        return out


class Sentences:
    """Ids and targets, in batches: half of one are any sentences, half are neighbours in groups, for the relational loss learns most
    from those that are alike."""

    def __init__(self, ids, target, say=print):
        self.kept = np.array([i for i, one in enumerate(ids) if 0 < len(one) <= LONGEST])
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

    def epoch(self, chance, dropped):
        alone, together = chance.permutation(len(self.kept)), self.groups(chance)
        half = BATCH // 2
        for n in range(self.batches):
            chosen = self.kept[np.concatenate([alone[n * half:(n + 1) * half], together[n * half:(n + 1) * half]])]
            counts = self.counts[chosen]
            starts = np.concatenate([[0], np.cumsum(counts)])
            pieces = self.flat[np.arange(starts[-1]) + np.repeat(self.starts[chosen] - starts[:-1], counts)]
            heard = chance.random(len(pieces)) >= dropped
            heard |= np.repeat(np.logical_or.reduceat(heard, starts[:-1]) == 0, counts)         # not all of a text
            yield pieces, heard, starts.astype(np.int32), self.target[chosen].astype(np.float32)


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


def tied(p, plain):
    """`p` with rows of which all from the number CORRECTED on are the plain table's, scaled: as much of it as comes nearest to them."""
    shares = (plain * p["rows"]).sum(1, keepdims=True) / np.maximum((plain * plain).sum(1, keepdims=True), 1e-9)
    return p | {"rows": np.concatenate([p["rows"][:, :CORRECTED], (shares * plain)[:, CORRECTED:]], 1).astype(np.float32)}


def train(p, plain, sentences, scale, library, say=print, watch=None):
    """`plain`: the table whose rows they are without context; `sentences`: Sentences by the courses' names; `scale`: of their steps. Returns the
    parameters; `watch(done, p)` is called every 50 steps."""
    was_tied, rise = False, 0
    for number, course in enumerate(COURSES):
        if course.tied and not was_tied:
            p, was_tied = tied(p, plain), True
        if course.anew:
            student, rise = Student(p, library, CORRECTED if course.tied else DIMENSIONS), 0
        chance, met, steps = np.random.default_rng(SEED + number), [], int(course.steps * scale)
        batches = itertools.chain.from_iterable(sentences[course.sentences].epoch(chance, course.dropped) for _ in itertools.count())
        for done, batch in enumerate(itertools.islice(batches, steps)):
            far = course.begin + (course.end - course.begin) * done / steps
            rise = min(rise + 1 / RISE, 1)
            met.append(student.step(*batch, RATE * min(rise, far if course.curve == "line" else 0.5 * (1 + np.cos(np.pi * far)))))
            if (done + 1) % 50 == 0:
                value, cosine = np.mean(met[-50:], axis=0)
                say(f"distil: course {number}, step {done + 1} of {steps}, loss {value:.4f}, cosine {cosine:.4f}")
                if watch is not None:
                    watch(done + 1, student.p)
        p = student.p
    return p


def floats(p):
    """The parameters as quantised.quantise() names and scales them."""
    p = {name: np.asarray(value, np.float64) for name, value in p.items()}
    p["first"] = np.concatenate([p["first"][:DIMENSIONS] * DIRECTION, p["first"][DIMENSIONS:]])
    return p
