"""The attack head: does a passage try to turn the model? Trained on passages; a text counts by its strongest one."""
import numpy as np

import head_examples as examples
import head_fit
from head_features import Seen, joined
from sentences import rows

BUCKETS, HASHING, ALPHA, C = 1 << 14, (1, 0, 1), 0.6, 3.0
TELLING = 2                    # passages of a long jailbreak that count as attacks
ROUNDS = 1
FOLDS = 3                      # one a community
FALSE_ALARMS = 0.02            # share of look-alikes that may reach 0.5


def balanced(y, kinds):
    """Each kind of example weighs by the root of its number; both classes weigh the same."""
    counts = {k: (kinds == k).sum() for k in np.unique(kinds)}
    weights = np.array([counts[k] ** -0.5 for k in kinds])
    for side in (0, 1):
        weights[y == side] /= weights[y == side].sum()
    return weights * len(y) / 2


class Data:
    def __init__(self, program, models, data):
        see = lambda texts: Seen(program, models, texts, passages=True)
        jailbreaks = list(rows(data, "jailbreak_train"))
        self.community = [row for row in jailbreaks if row["label"] == 1]
        attacks = examples.grammar("attacks.txt", 3000, 1)
        lookalikes = examples.grammar("lookalikes.txt", 3500, 2)
        plain = examples.harmless(data)
        systems = list(examples.system_prompts(500, 4))
        self.sets = {"community": see([row["text"] for row in self.community]), "own attacks": see([t for t, _ in attacks]),
                     "look-alikes": see([t for t, _ in lookalikes]), "system": see(systems), "plain": see([t for t, _ in plain])}
        self.lines = {"own attacks": np.array([n for _, n in attacks]), "look-alikes": np.array([n for _, n in lookalikes]),
                      "community": np.array([hash_of(row["src"]) for row in self.community]), "system": np.arange(500), "plain": np.arange(len(plain))}
        self.notinject = see([row["text"] for row in rows(data, "notinject_public")])
        self.everyday = see([row["text"] for row in jailbreaks if row["src"] in ("alpacaeval", "qqp")])
        self.gpts = see([row["text"] for row in jailbreaks if row["src"] == "gpts-system"])


def hash_of(source):
    return {"verazuo-discord": 0, "verazuo-reddit": 1, "verazuo-website": 2}[source]


def scores(model, seen):
    z = model.decision_function(head_fit.design(seen, BUCKETS, HASHING, ALPHA))
    patterns = np.zeros(seen.count)
    patterns[seen.owner] = seen.patterns
    return seen.strongest(z) + patterns


def rows_of(seen, texts):
    return np.flatnonzero(np.isin(seen.owner, texts))


def fitted(sets, kept):
    """`kept`: name -> texts. The passages of community jailbreaks that tell are found in rounds."""
    parts = {name: sets[name].take(rows_of(sets[name], texts)) for name, texts in kept.items() if len(texts)}
    telling = None
    for _ in range(ROUNDS + 1):
        use = dict(parts)
        if telling is not None and "community" in parts:
            use["community"] = parts["community"].take(telling)
        kinds = np.concatenate([np.full(len(seen.words), i) for i, seen in enumerate(use.values())])
        y = np.concatenate([np.full(len(seen.words), name in ("community", "own attacks")) for name, seen in use.items()]).astype(int)
        model = head_fit.fit(head_fit.design(joined(*use.values()), BUCKETS, HASHING, ALPHA), y, balanced(y, kinds), C)
        if "community" in parts:
            seen = parts["community"]
            z = model.decision_function(head_fit.design(seen, BUCKETS, HASHING, ALPHA))
            telling = np.concatenate([np.flatnonzero(seen.owner == text)[np.argsort(-z[seen.owner == text])[:TELLING]] for text in np.unique(seen.owner)])
    return model


def train(program, models, data):
    d = Data(program, models, data)
    everything = {name: np.arange(seen.count) for name, seen in d.sets.items()}
    lines = []
    # Out of distribution: our own attacks only, judged on the communities' jailbreaks, and the other way round.
    blind = fitted(d.sets, {name: texts for name, texts in everything.items() if name != "community"})
    found, calm, daily, gpts = (scores(blind, seen) for seen in (d.sets["community"], d.notinject, d.everyday, d.gpts))
    limit = np.quantile(calm, 0.97)
    lines += [("no community jailbreak seen: AUC against NotInject", head_fit.auc(found, calm)), ("... against AlpacaEval and Quora prompts", head_fit.auc(found, daily)),
              ("... against GPTs' system prompts", head_fit.auc(found, gpts)), ("... recall at 3 % of NotInject", (found > limit).mean())]
    # Folds by line and by community: what calibrates.
    held = {name: np.zeros(seen.count) for name, seen in d.sets.items()}
    for fold in range(FOLDS):
        kept = {name: np.flatnonzero(line % FOLDS != fold) for name, line in d.lines.items()}
        model = fitted(d.sets, kept)
        for name, line in d.lines.items():
            out = np.flatnonzero(line % FOLDS == fold)
            held[name][out] = scores(model, d.sets[name])[out]
    attacks = np.concatenate([held["community"], held["own attacks"]])
    calm = np.concatenate([held["look-alikes"], held["system"], held["plain"]])
    model = fitted(d.sets, everything)
    shown = scores(model, d.notinject)
    middle = max(np.quantile(np.concatenate([held["look-alikes"], held["system"]]), 1 - FALSE_ALARMS), np.quantile(shown, 1 - FALSE_ALARMS), np.quantile(calm, 0.99))
    slope = np.log(9) / max(0.5, np.quantile(attacks, 0.75) - middle)          # three quarters of the way up: 0.9
    at_half = lambda z: float((z > middle).mean())
    lines += [("lines and communities left out: AUC", head_fit.auc(attacks, calm)), ("... recall at 0.5, communities", at_half(held["community"])),
              ("... recall at 0.5, our own", at_half(held["own attacks"])), ("... look-alikes at 0.5", at_half(held["look-alikes"])),
              ("... long system prompts of our own at 0.5", at_half(held["system"])), ("... plain requests at 0.5", at_half(held["plain"])),
              ("shipped: NotInject at 0.5 (it set the threshold)", at_half(shown)), ("shipped: AlpacaEval and Quora at 0.5", at_half(scores(model, d.everyday))),
              ("shipped: GPTs' system prompts as user turns at 0.5", at_half(scores(model, d.gpts)))]
    head_fit.table("jailbreak", lines)
    return {**head_fit.arrays_of("attack", model, d.sets["plain"].vectors.shape[1], BUCKETS, HASHING, ALPHA),
            "attack.score": head_fit.logistic_points(slope, middle)}
