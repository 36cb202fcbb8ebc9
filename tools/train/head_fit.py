"""Fitting linear heads and their calibration, in the node's own form (routing/signals/linear_head.hpp)."""
import numpy as np
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

POINTS = 33


class Design:
    """What a head sees of rows: a dense part and a sparse one, multiplied apart (much faster than as one sparse matrix)."""

    def __init__(self, seen, buckets=0, hashing=(0, 0, 0), alpha=1.0):
        self.dense = np.asarray(seen.vectors, np.float32)
        self.sparse = seen.hashed(buckets, hashing).astype(np.float32) * np.float32(alpha) if buckets else None

    def __getitem__(self, which):
        part = object.__new__(Design)
        part.dense, part.sparse = self.dense[which], None if self.sparse is None else self.sparse[which]
        return part

    def times(self, weights):
        """`weights` (features, classes)."""
        size = self.dense.shape[1]
        made = self.dense @ weights[:size]
        return made if self.sparse is None else made + self.sparse @ weights[size:]

    def turned(self, scores):
        made = self.dense.T @ scores
        return made if self.sparse is None else np.concatenate([made, self.sparse.T @ scores])

    @property
    def width(self):
        return self.dense.shape[1] + (0 if self.sparse is None else self.sparse.shape[1])


def design(seen, buckets=0, hashing=(0, 0, 0), alpha=1.0):
    return Design(seen, buckets, hashing, alpha)


class Model:
    """Logistic regression: one column for yes or no, else one a class."""

    def __init__(self, coefficients, intercept):
        self.coef_, self.intercept_ = coefficients.T, intercept

    def decision_function(self, x):
        scores = x.times(self.coef_.T) + self.intercept_
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict_proba(self, x):
        scores = self.decision_function(x)
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores / scores.sum(1, keepdims=True)


def fit(x, y, weights=None, c=5.0, steps=80):
    """Minimises c * weighted loss + half the squared weights, by L-BFGS in single precision."""
    classes = int(y.max()) + 1
    columns = 1 if classes == 2 else classes
    weights = (np.ones(len(y)) if weights is None else weights).astype(np.float32)
    wanted = y.astype(np.float32)[:, None] if columns == 1 else np.eye(classes, dtype=np.float32)[y]
    shape = (x.width, columns)

    def cost(flat):
        w, b = flat[:-columns].reshape(shape).astype(np.float32), flat[-columns:].astype(np.float32)
        scores = x.times(w) + b
        if columns == 1:
            loss = np.logaddexp(0, scores) - wanted * scores
            slope = 1 / (1 + np.exp(-np.clip(scores, -30, 30))) - wanted
        else:
            scores = scores - scores.max(1, keepdims=True)
            powers = np.exp(scores)
            total = powers.sum(1, keepdims=True)
            loss = (np.log(total) - (scores * wanted).sum(1, keepdims=True))
            slope = powers / total - wanted
        slope = slope * (c * weights[:, None])
        gradient = np.concatenate([(x.turned(slope) + w).ravel(), slope.sum(0)])
        return float(c * (weights[:, None] * loss).sum() + 0.5 * (w * w).sum()), gradient.astype(np.float64)

    best = minimize(cost, np.zeros(shape[0] * columns + columns), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 6, "ftol": 1e-5}).x
    return Model(best[:-columns].reshape(shape), best[-columns:])


def arrays_of(name, model, dimensions, buckets=0, hashing=(0, 0, 0), alpha=1.0):
    """Of a model fitted to design(); the words' weights as int8."""
    made = {f"{name}.bias": model.intercept_[None, :], f"{name}.vector": model.coef_[:, :dimensions]}
    made = {key: values.astype(np.float32) for key, values in made.items()}
    if buckets:
        words = model.coef_[:, -buckets:] * alpha
        scale = np.maximum(np.abs(words).max(1), 1e-9) / 127
        made[f"{name}.words"] = np.rint(words / scale[:, None]).T.astype(np.int8)
        made[f"{name}.scale"] = scale[None, :].astype(np.float32)
        made[f"{name}.hashing"] = np.array([hashing], np.float32)
    return made


def rising(scores, truth, weights=None):
    """A monotone calibration as points: isotonic regression, smoothed at quantiles."""
    curve = IsotonicRegression(out_of_bounds="clip", y_min=0.001, y_max=0.999).fit(scores, truth, sample_weight=weights)
    at = np.unique(np.quantile(scores, np.linspace(0, 1, POINTS)))
    return np.stack([at, np.maximum.accumulate(curve.predict(at))]).astype(np.float32)


def logistic_points(slope, middle, low=-12.0, high=12.0):
    """1 / (1 + exp(-slope (x - middle))) as points."""
    at = middle + np.linspace(low, high, 2 * POINTS - 1) / slope
    return np.stack([at, 1 / (1 + np.exp(-slope * (at - middle)))]).astype(np.float32)


def auc(positive, negative):
    """The chance that a positive scores higher."""
    both = np.concatenate([positive, negative])
    order = both.argsort(kind="stable")
    ranks = np.empty(len(both))
    ranks[order] = np.arange(1, len(both) + 1)
    for value in np.unique(both[np.concatenate([[False], np.diff(both[order]) == 0])[np.argsort(order)]]):
        ranks[both == value] = ranks[both == value].mean()
    return (ranks[:len(positive)].sum() - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative))


def table(title, lines):
    print(f"\n### {title}\n\n| what | figure |\n|---|---|")
    for what, figure in lines:
        print(f"| {what} | {figure if isinstance(figure, str) else format(figure, '.3f')} |")
    print(flush=True)
