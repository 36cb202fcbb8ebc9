"""The complexity head: how much a query asks of a model.

Length and structure by weights of our own, corrected by what a ridge regression learns of where weak models fail beyond their average in each set
(no label of MMLU, GSM8K or MT-Bench). All linear, so one head. Its value is the share of reference requests that score lower."""
import numpy as np
from sklearn.linear_model import Ridge

import head_examples as examples
import head_fit
from head_features import Seen
from sentences import rows

BYTES, WORDS, LINES, SENTENCES, NUMBERS = range(5)              # routing/signals/features.hpp
KINDS = 16                                                      # where reasoning_in() begins
# Standard deviations of a chat's log length (0.9) are the unit: what each kind of word is worth, per log(1 + count).
OWN = {"proof": 0.6, "steps": 0.15, "analysis": 0.4, "design": 0.45, "calculation": 0.1, "condition": 0.45, "lookup": -0.45, "smalltalk": -0.9, "units": 0.1,
       "mathematics": 0.25}
LEARNED = 0.0                                                   # weight of the correction against length's 1; helps on MMLU, hurts on GSM8K
RIDGE = 1000.0


def apgr(score, strong, weak):
    """RouteLLM's: thresholds at deciles of the score, the area between weak and strong, normalised."""
    order = np.argsort(-score, kind="stable")
    shares = np.linspace(0, 1, 11)
    quality = []
    for share in shares:
        routed = np.zeros(len(score), bool)
        routed[order[:int(round(share * len(score)))]] = True
        quality.append(np.where(routed, strong, weak).mean())
    return np.trapezoid((np.array(quality) - weak.mean()) / (strong.mean() - weak.mean()), shares)


def train(program, models, data):
    learned = [row for row in rows(data, "router_train") if not row["group"].startswith("alpaca")]
    seen = Seen(program, models, [row["prompt"] for row in learned])
    weak = np.array([row["weak"] for row in learned], float)
    groups = np.array([row["group"] for row in learned])
    judged = {}
    for name in ("mmlu_routellm", "gsm8k_routellm"):
        kept = [row for row in rows(data, name) if not row["contaminated"]]
        judged[name] = (Seen(program, models, [row["prompt"] for row in kept]), *(np.array([row[k] for row in kept], float) for k in ("strong", "weak")))

    middle, spread = seen.dense.mean(0), seen.dense.std(0) + 1e-3
    beyond = 1 - weak - np.array([(1 - weak)[groups == g].mean() for g in groups])     # the sets' own habits do not count
    each = np.array([(groups == g).sum() ** -0.5 for g in groups])
    ridge = Ridge(alpha=RIDGE).fit(np.hstack([(seen.dense - middle) / spread, seen.vectors]), beyond, sample_weight=each / each.mean())
    scale = 1 / ridge.predict(np.hstack([(seen.dense - middle) / spread, seen.vectors])).std()
    own = np.zeros(seen.dense.shape[1])
    own[WORDS] = 1 / 0.9
    own[KINDS:] = list(OWN.values())

    def head(weight):
        dense = own + weight * scale * ridge.coef_[:len(own)] / spread
        return dense, weight * scale * ridge.coef_[len(own):]

    lines = []
    shown = lambda f: ", ".join(f"{apgr(f(s), a, b):.3f}" for s, a, b in judged.values())
    lines.append(("APGR on MMLU, GSM8K: log words alone", shown(lambda s: s.dense[:, WORDS])))
    lines.append(("... with our own weights of words", shown(lambda s: s.dense @ own)))
    for weight in (0.0, 0.15, 0.35, 1.0):
        dense, vector = head(weight)
        lines.append((f"... and {weight} of what was learned" + (" (shipped)" if weight == LEARNED else ""), shown(lambda s: s.dense @ dense + s.vectors @ vector)))
    dense, vector = head(LEARNED)

    # The reference: what people send to assistants, from small talk to examinations.
    texts = [text for text, source in examples.harmless(data, 21) if source in ("requests", "conversations") or source.startswith("wildguard")]
    hard = np.random.default_rng(2).choice(len(learned), 1500, replace=False)
    reference = Seen(program, models, texts + [learned[i]["prompt"] for i in hard])
    scores = np.sort(reference.dense @ dense + reference.vectors @ vector)
    shares = np.linspace(0, 1, 41)
    points = np.stack([np.quantile(scores, shares) + np.arange(41) * 1e-6, shares * 0.98 + 0.01]).astype(np.float32)
    value = lambda seen: np.interp(seen.dense @ dense + seen.vectors @ vector, *points)
    asked = ["hi", "what is the capital of France?", "set an alarm for seven", "Write a Python function to calculate Fibonacci numbers recursively",
             "Explain how vaccines work", "Compare Kant's and Mill's ethics and evaluate both for the trolley problem",
             "Prove that every finite integral domain is a field and discuss where finiteness is needed"]
    lines += [(f'"{text}"', figure) for text, figure in zip(asked, value(Seen(program, models, asked)))]
    lines += [(f"mean, {name}", value(s).mean()) for name, (s, _, _) in judged.items()]
    head_fit.table("complexity", lines)
    return {"complexity.bias": np.zeros((1, 1), np.float32), "complexity.vector": vector[None, :].astype(np.float32),
            "complexity.dense": dense[None, :].astype(np.float32), "complexity.value": points}
