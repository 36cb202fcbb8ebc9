"""What the cache's judgement is worth on the public pairs; run by ./evaluate_cache. Nothing shipped was trained on their labels.

Asks `switchyardctl eval`, so it measures what a node does. QQP: a quarter of the pairs is for looking while developing ("dev"), the rest
is reported. GPTCache's mock pairs: every `origin` is stored, every `similar` looked up; the eight nearest by cosine are judged."""
import argparse
import hashlib
import json
import pathlib
import subprocess

import numpy as np

import quantised
import table_file
from measures import average_precision
from sentences import rows


def ask(program, what, lines, *options):
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    done = subprocess.run([program, "eval", what, "--in", "-", "--threads", "1", *options], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def precision_at(scores, labels, recall):
    hits = np.cumsum(labels[np.argsort(-scores, kind="stable")])
    place = int(np.searchsorted(hits, recall * hits[-1]))
    return hits[place] / (place + 1)


def is_dev(pair):
    return hashlib.sha1(f"{pair['a']}|{pair['b']}".encode()).digest()[0] < 64


def quora(program, data, dev):
    pairs = [pair for pair in rows(data, "qqp_pairs") if is_dev(pair) == dev]
    labels = np.array([int(pair["dup"]) for pair in pairs])
    said = ask(program, "similarity", [{"a": pair["a"], "b": pair["b"]} for pair in pairs], "--threshold", "0.95")
    print(f"QQP, {'dev' if dev else 'reported'} part: {len(pairs)} pairs, {100 * labels.mean():.1f} % duplicates")
    for name in ("cosine", "similarity"):
        scores = np.array([answer[name] for answer in said])
        print(f"  {name:12} AP {average_precision(scores, labels):.3f}  " + "  ".join(f"P@R{round(100 * r)} {100 * precision_at(scores, labels, r):.1f}" for r in (.1, .3, .5)))
    hits = np.array([answer["hit"] for answer in said])
    refused = np.array([" differ" in answer["why"] or answer["why"].startswith("negation") for answer in said])
    print(f"  hits at 0.95: {hits.sum()}, precision {100 * labels[hits].mean() if hits.any() else 0:.1f}; the guard refuses {100 * refused[labels == 1].mean():.1f} % of duplicates, {100 * refused[labels == 0].mean():.1f} % of others")


def mock(program, embedding, data):
    pairs = list(rows(data, "gptcache_mock"))
    alone = quantised.Model(*table_file.read(embedding)[:3])                 # as the cache looks up: rows without context
    stored, asked = (alone.encode([pair[side] for pair in pairs]) for side in ("origin", "similar"))
    nearest = np.argsort(-(asked @ stored.T), axis=1)[:, :8]
    said = ask(program, "similarity", [{"a": pairs[i]["similar"], "b": pairs[j]["origin"]} for i in range(len(pairs)) for j in nearest[i]], "--threshold", "0.95")
    print(f"GPTCache mock, {len(pairs)} lookups among as many (GPTCache publishes 904/92/3 and 804/77/118)")
    similarity = np.array([answer["similarity"] if " differ" not in answer["why"] and not answer["why"].startswith("negation") else -1 for answer in said]).reshape(len(pairs), -1)
    best = similarity.argmax(1)
    texts = [pair["origin"] for pair in pairs]
    right_one = np.array([texts[nearest[i, best[i]]] == texts[i] for i in range(len(pairs))])
    score = similarity.max(1)
    for threshold in (.7, .8, .85, .88, .9, .92, .95, .97):
        hit = score >= threshold
        print(f"  similarity {threshold:.2f}: right {int((hit & right_one).sum())}, wrong {int((hit & ~right_one).sum())}, miss {int((~hit).sum())}")


def main():
    given = argparse.ArgumentParser()
    given.add_argument("--data", type=pathlib.Path, required=True)
    given.add_argument("--embedding", type=pathlib.Path, required=True)
    given.add_argument("--program", required=True)
    given.add_argument("--dev", action="store_true", help="the part of QQP that was looked at")
    given = given.parse_args()
    quora(given.program, given.data, given.dev)
    mock(given.program, given.embedding, given.data)


if __name__ == "__main__":
    main()
