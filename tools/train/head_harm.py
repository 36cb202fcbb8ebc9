"""Two heads behind safety.harmful: requests for harm (our own grammar) and abusive language (labelled tweets)."""
import numpy as np

import head_examples as examples
import head_fit
from head_attack import balanced, rows_of
from head_features import Seen, joined
from sentences import rows

HARM = dict(buckets=1 << 14, hashing=(1, 0, 1), alpha=0.6)
TOXIC = dict(buckets=1 << 15, hashing=(1, 1, 1), alpha=1.0)


def scores(model, seen, shape):
    return seen.strongest(model.decision_function(head_fit.design(seen, **shape)))


def fitted(parts, shape, c):
    """`parts`: (Seen, label)."""
    kinds = np.concatenate([np.full(len(seen.words), i) for i, (seen, _) in enumerate(parts)])
    y = np.concatenate([np.full(len(seen.words), label) for seen, label in parts])
    return head_fit.fit(head_fit.design(joined(*[seen for seen, _ in parts]), **shape), y, balanced(y, kinds), c)


def train(program, models, data):
    see = lambda texts: Seen(program, models, texts, passages=True)
    wanted, look = examples.grammar("harm.txt", 2500, 11), examples.grammar("lookalikes.txt", 3000, 12)
    plain = see([text for text, _ in examples.harmless(data, 14)])
    harm, calm = see([t for t, _ in wanted]), see([t for t, _ in look])
    harm_line, calm_line = np.array([n for _, n in wanted]), np.array([n for _, n in look])
    tweets = list(rows(data, "toxicity_train"))
    abusive = np.array([row["label"] != 2 for row in tweets])
    said = see([row["text"] for row in tweets])
    notinject = see([row["text"] for row in rows(data, "notinject_public")])
    everyday = see([row["text"] for row in rows(data, "jailbreak_train") if row["src"] in ("alpacaeval", "qqp")])
    lines = []

    part = lambda seen, texts: seen.take(rows_of(seen, np.flatnonzero(texts)))
    plain_fold = np.arange(plain.count) % 2
    held, held_calm, held_plain = np.zeros(harm.count), np.zeros(calm.count), np.zeros(plain.count)
    for fold in range(2):
        model = fitted([(part(harm, harm_line % 2 != fold), 1), (part(calm, calm_line % 2 != fold), 0), (part(plain, plain_fold != fold), 0)], HARM, 3.0)
        for seen, line, to in ((harm, harm_line, held), (calm, calm_line, held_calm), (plain, plain_fold, held_plain)):
            to[line % 2 == fold] = scores(model, seen, HARM)[line % 2 == fold]
    harm_model = fitted([(harm, 1), (calm, 0), (plain, 0)], HARM, 3.0)
    middle = max(np.quantile(held_calm, 0.97), np.quantile(held_plain, 0.995), np.quantile(scores(harm_model, notinject, HARM), 0.985))
    slope = np.log(9) / max(0.5, np.quantile(held, 0.8) - middle)
    lines += [("requests for harm, lines left out: AUC against look-alikes and plain requests", head_fit.auc(held, np.concatenate([held_calm, held_plain]))),
              ("... recall at 0.5 (head alone)", (held > middle).mean()), ("... look-alikes at 0.5", (held_calm > middle).mean()),
              ("... plain requests at 0.5", (held_plain > middle).mean())]

    fold_of = np.random.default_rng(5).permutation(said.count) % 3
    out = np.zeros(said.count)
    for fold in range(3):
        use = fold_of != fold
        model = fitted([(part(said, use & abusive), 1), (part(said, use & ~abusive), 0), (plain, 0), (calm, 0)], TOXIC, 2.0)
        out[fold_of == fold] = scores(model, said, TOXIC)[fold_of == fold]
    toxic_model = fitted([(part(said, abusive), 1), (part(said, ~abusive), 0), (plain, 0), (calm, 0)], TOXIC, 2.0)
    # Of what a router sees, far less is abusive than of these tweets: neutral ones count tenfold.
    curve = head_fit.rising(np.concatenate([out, scores(toxic_model, everyday, TOXIC)]), np.concatenate([abusive.astype(float), np.zeros(everyday.count)]),
                            np.concatenate([np.where(abusive, 1.0, 10.0), np.full(everyday.count, 10.0)]))
    daily = np.interp(scores(toxic_model, everyday, TOXIC), *curve)
    lines += [("abusive tweets, three folds: AUC", head_fit.auc(out[abusive], out[~abusive])), ("... at 0.5: recall", (np.interp(out[abusive], *curve) >= 0.5).mean()),
              ("... at 0.5: neutral tweets", (np.interp(out[~abusive], *curve) >= 0.5).mean()), ("AlpacaEval and Quora prompts at 0.5", (daily >= 0.5).mean()),
              ("NotInject at 0.5", (np.maximum(np.interp(scores(toxic_model, notinject, TOXIC), *curve),
                                               1 / (1 + np.exp(-slope * (scores(harm_model, notinject, HARM) - middle)))) >= 0.5).mean())]
    head_fit.table("harmful", lines)
    size = plain.vectors.shape[1]
    return {**head_fit.arrays_of("harm", harm_model, size, **HARM), "harm.score": head_fit.logistic_points(slope, middle),
            **head_fit.arrays_of("toxic", toxic_model, size, **TOXIC), "toxic.score": curve}
