"""What an embedding is worth on the public sets. Every measure takes `encode`: texts -> unit vectors, one row each.

Few-shot sets draw their examples five times with fixed seeds and give the mean; the rest is measured once. × 100 throughout."""
import numpy as np
from scipy.stats import rankdata

from sentences import rows

DRAWS = 5


def auroc(scores, labels):
    ranks = rankdata(scores)
    positive = labels.sum()
    return (ranks[labels == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(labels) - positive))


def average_precision(scores, labels):
    hits = labels[np.argsort(-scores, kind="stable")]
    return (hits * np.cumsum(hits) / np.arange(1, len(hits) + 1)).sum() / hits.sum()


def normalised(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


def pearson(a, b):
    return np.corrcoef(a, b)[0, 1]


def similarity_of_sentences(encode, data):
    pairs = list(rows(data, "stsb_dev"))
    cosines = (encode([p["a"] for p in pairs]) * encode([p["b"] for p in pairs])).sum(1)
    truth = np.array([float(p["score"]) for p in pairs])
    return {"STS-B dev, Spearman": pearson(rankdata(cosines), rankdata(truth)), "STS-B dev, Pearson": pearson(cosines, truth)}


def shots(labels, count, chance):
    """Indexes of `count` examples of every class, and of all the others."""
    chosen = np.concatenate([chance.choice(np.flatnonzero(labels == label), count, replace=False) for label in np.unique(labels)])
    rest = np.setdiff1d(np.arange(len(labels)), chosen)
    return chosen, rest


def centroids(vectors, labels):
    names = np.unique(labels)
    return names, normalised(np.stack([vectors[labels == name].mean(0) for name in names]))


def centroid_accuracy(vectors, labels, count):
    found = []
    for draw in range(DRAWS):
        chosen, rest = shots(labels, count, np.random.default_rng(draw))
        names, middles = centroids(vectors[chosen], labels[chosen])
        found.append((names[(vectors[rest] @ middles.T).argmax(1)] == labels[rest]).mean())
    return float(np.mean(found))


def intents(encode, data):
    items = list(rows(data, "clinc150"))
    vectors = encode([item["text"] for item in items])
    intent = np.array([item["intent"] for item in items])
    domain = np.array([item["domain"] for item in items])
    out = {f"CLINC150, {count} examples per intent": centroid_accuracy(vectors, intent, count) for count in (10, 5)}
    out["CLINC150, broad domains, 10 prompts each"] = centroid_accuracy(vectors, domain, 10)
    # Out of scope: how far from every intent's centre.
    outside = encode([row["text"] for row in rows(data, "clinc150_oos")])
    found = []
    for draw in range(DRAWS):
        chosen, rest = shots(intent, 10, np.random.default_rng(draw))
        _, middles = centroids(vectors[chosen], intent[chosen])
        scores = np.concatenate([(vectors[rest] @ middles.T).max(1), (outside @ middles.T).max(1)])
        found.append(auroc(scores, np.concatenate([np.ones(len(rest), int), np.zeros(len(outside), int)])))
    out["CLINC150, out of scope, AUROC"] = float(np.mean(found))
    return out


def paraphrases(encode, data):
    pairs = list(rows(data, "qqp_pairs"))
    cosines = (encode([p["a"] for p in pairs]) * encode([p["b"] for p in pairs])).sum(1)
    labels = np.array([int(p["dup"]) for p in pairs])
    return {"QQP, AUC": auroc(cosines, labels), "QQP, AP": average_precision(cosines, labels)}


def banking(encode, data):
    if not (data / "banking77.jsonl.gz").exists():
        return {}
    items = list(rows(data, "banking77"))
    vectors, labels = encode([item["text"] for item in items]), np.array([item["intent"] for item in items])
    return {f"Banking77, {count} examples per intent": centroid_accuracy(vectors, labels, count) for count in (10, 5)}


def categories(encode, data):
    """MMLU questions to 14 categories by the centroids of 20 of each: how far topics stand apart."""
    items = list(rows(data, "mmlu_routellm"))
    vectors, labels = encode([item["prompt"] for item in items]), np.array([item["category14"] for item in items])
    return {"MMLU, 14 categories, 20 questions each": centroid_accuracy(vectors, labels, 20)}


ALL = (similarity_of_sentences, intents, banking, paraphrases, categories)


def measure(encode, data, sets=ALL):
    out = {}
    for one in sets:
        out |= {name: 100 * value for name, value in one(encode, data).items()}
    return out
