#!/usr/bin/env python3
"""Fits the token estimator to real tokenizers and writes what the program and its test read.

    fit_tokens.py --prompts DIR --packages DIR --node-modules DIR --tekken FILE --code DIR... --out models/tokens/odds.bin
                  --golden tests/golden/tokens/samples.jsonl --report models/tokens/REPORT.md

README.md beside this file says where each comes from. The same inputs give the same bytes."""
import argparse
import collections
import json
import pathlib

import numpy as np

import token_corpus
import token_model
import token_vocabularies

ROUNDS = 100
# What may be quoted in the repository: free licences, named in tests/golden/README.md.
QUOTABLE = ("english wiki", "gsm8k", "mmlu", "udhr/", "django/", "repo/", "wiki_sentences", "code/python3.11/")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("prompts", "packages", "node-modules", "tekken", "out", "golden", "report"):
        parser.add_argument("--" + name, type=pathlib.Path, required=True)
    parser.add_argument("--code", nargs="+", required=True)
    return parser.parse_args()


def fit_family(name, tokenizer, corpus, chunks):
    segments = corpus.segments
    family = token_model.Family(indent_joins=name == "claude")
    one_segment = [v for v in tokenizer.vocabulary if 0 < len(v) <= token_model.LONGEST_KNOWN and token_model.SEGMENT.fullmatch(v)]
    family.learn_vocabulary(token_model.Segments(one_segment))
    family.fit(segments, [tokenizer(s.decode("utf-8", "replace")) for s in segments.all], corpus.weights(chunks))
    true = np.array([len(tokenizer(c["text"])) for c in chunks], float)
    family.refine(corpus, chunks, true, ROUNDS)
    return family, true


def report(chunks, results):
    """Mean absolute relative error over held-out chunks of 200 tokens and more, by kind of text; and of the sum."""
    held_out = np.array([c["held_out"] for c in chunks])
    kinds = sorted({c["kind"] for c in chunks})
    kind = np.array([c["kind"] for c in chunks])
    lines = ["| held-out text | chunks | " + " | ".join(results) + " |", "|---|---|" + "---|" * len(results)]

    def row(title, those):
        cells = []
        for true, estimate in results.values():
            big = those & (true >= 200)
            cells.append(f"{100 * np.mean(np.abs(estimate[big] - true[big]) / true[big]):.1f} %" if big.any() else "-")
        lines.append(f"| {title} | {those.sum()} | " + " | ".join(cells) + " |")
    for k in kinds:
        row(k, held_out & (kind == k))
    row("**all chunks**", held_out)
    sums = [f"{100 * abs(e[held_out].sum() - t[held_out].sum()) / t[held_out].sum():.2f} %" for t, e in results.values()]
    lines.append(f"| **error of the sum** | {held_out.sum()} | " + " | ".join(sums) + " |")
    return "\n".join(lines)


def golden(chunks, results, per_kind=2):
    taken = collections.Counter()
    for number, chunk in enumerate(chunks):
        if not chunk["held_out"] or not any(q in chunk["source"] for q in QUOTABLE) or taken[chunk["kind"]] == per_kind:
            continue
        if results["o200k"][0][number] < 200 or "\ufffd" in chunk["text"]:
            continue
        taken[chunk["kind"]] += 1
        yield {"kind": chunk["kind"], "source": chunk["source"], "text": chunk["text"],
               "tokens": {name: int(true[number]) for name, (true, _) in results.items()},
               "estimate": {name: int(estimate[number]) for name, (_, estimate) in results.items()}}


def main():
    given = read_arguments()
    chunks = token_corpus.chunks(given.prompts, given.packages, given.code)
    corpus = token_model.Corpus(chunks)
    tokenizers = token_vocabularies.families(given.node_modules, given.tekken)
    results, packed = {}, []
    for name, tokenizer in tokenizers.items():
        family, true = fit_family(name, tokenizer, corpus, chunks)
        results[name] = true, corpus.estimate(family).astype(float)
        packed.append(family.dump())
        print(name, "done", flush=True)
    given.out.write_bytes(b"".join(packed))
    given.report.write_text(report(chunks, results) + "\n")
    with open(given.golden, "w", encoding="utf-8") as file:
        for row in golden(chunks, results):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
