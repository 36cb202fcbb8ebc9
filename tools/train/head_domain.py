"""The domain head: which of fourteen fields."""
import numpy as np

import head_examples as examples
import head_fit
from head_features import Seen, joined
from sentences import rows

BUCKETS, HASHING, ALPHA, C = 1 << 14, (0, 1, 0), 1.0, 5.0
# How much each source weighs in all; within it every domain weighs the same. Chosen on subjects left out.
WEIGHT = {"listed": 1.0, "glossed": 0.3, "mmlu": 0.2, "questions": 0.2, "pro": 0.1, "code": 0.05}
FOLDS, ITEM_FOLDS, SEED = 4, 3, 1
PER_SUBJECT, PER_FIELD = 150, 250          # rows trained on: of an MMLU subject, of a field of MMLU-Pro


def number(names):
    return np.array([examples.DOMAINS.index(name) for name in names])


def weights_of(labels, total):
    counts = np.bincount(labels, minlength=len(examples.DOMAINS)).astype(float)
    each = 1 / np.maximum(counts, 30)[labels]
    return each / each.sum() * total * 1000


def capped(rows_, groups, most):
    """At most so many rows of a group, spread over it."""
    kept = []
    for group in np.unique(groups[rows_]):
        mine = rows_[groups[rows_] == group]
        kept.append(mine[np.linspace(0, len(mine) - 1, min(most, len(mine))).astype(int)])
    return np.sort(np.concatenate(kept))


def fitted(parts):
    """`parts`: (source, Seen, labels)."""
    parts = [part for part in parts if len(part[2])]
    x = head_fit.design(joined(*[seen for _, seen, _ in parts]), BUCKETS, HASHING, ALPHA)
    return head_fit.fit(x, np.concatenate([y for _, _, y in parts]), np.concatenate([weights_of(y, WEIGHT[s]) for s, _, y in parts]), C, steps=60)


def train(program, models, data):
    mmlu = list(rows(data, "mmlu_routellm"))
    subjects = np.array([row["subject"] for row in mmlu])
    labels = number([row["category14"] for row in mmlu])
    other = list(rows(data, "router_train"))
    pro = [(row["prompt"], row["group"][8:]) for row in other if row["group"].startswith("mmlupro-")]
    code = [(row["prompt"], "computer science") for row in other if row["group"] in ("llmr-mbpp", "llmr-human_eval")]
    code += [(row["prompt"], "math") for row in other if row["group"] == "llmr-math"]
    pro, code = ([pairs[i] for i in capped(np.arange(len(pairs)), np.array([name for _, name in pairs]), PER_FIELD)] for pairs in (pro, code))
    fixed = []
    for source, pairs in (("listed", list(examples.listed())), ("glossed", list(examples.glossed())), ("pro", pro), ("code", code)):
        fixed.append((source, Seen(program, models, [text for text, _ in pairs]), number([name for _, name in pairs])))
    whole = Seen(program, models, [row["prompt"] for row in mmlu])
    bare = Seen(program, models, [examples.question(row["prompt"]) for row in mmlu])
    x = head_fit.design(whole, BUCKETS, HASHING, ALPHA)
    x_bare = head_fit.design(bare, BUCKETS, HASHING, ALPHA)

    def without(out):
        kept = capped(np.flatnonzero(~out), subjects, PER_SUBJECT)
        return fitted(fixed + [("mmlu", whole.take(kept), labels[kept]), ("questions", bare.take(kept), labels[kept])])

    chance = np.random.default_rng(SEED)
    names = np.unique(subjects)
    fold_of = dict(zip(names, chance.permutation(len(names)) % FOLDS))
    unseen = np.zeros((len(mmlu), len(examples.DOMAINS)))
    unseen_bare = unseen.copy()
    item_fold = chance.permutation(len(mmlu)) % ITEM_FOLDS
    for fold in range(FOLDS):
        out = np.array([fold_of[s] == fold for s in subjects])
        model = without(out)
        unseen[out] = model.predict_proba(x[out])
        unseen_bare[out] = model.predict_proba(x_bare[out])
    out = item_fold == 0
    seen = without(out).predict_proba(x[out])
    seen_right = seen.argmax(1) == labels[out]
    model = without(np.zeros(len(mmlu), bool))

    right = unseen.argmax(1) == labels
    by_subject = {s: right[subjects == s].mean() for s in names}
    lines = [("unseen subjects, items", right.mean()), ("unseen subjects, mean over subjects", np.mean(list(by_subject.values()))),
             ("the same, questions without their choices", (unseen_bare.argmax(1) == labels).mean()),
             ("new items of seen subjects, a third left out", seen_right.mean())]
    scores = np.concatenate([unseen.max(1), seen.max(1)])
    truth = np.concatenate([right, seen_right]).astype(float)
    confidence = head_fit.rising(scores, truth)
    lines.append(("worst subjects", ", ".join(f"{s} {v:.2f}" for s, v in sorted(by_subject.items(), key=lambda x: x[1])[:6])))
    head_fit.table("domain", lines)
    return {**head_fit.arrays_of("domain", model, whole.vectors.shape[1], BUCKETS, HASHING, ALPHA), "domain.confidence": confidence}
