"""Trains all heads, prints what they are worth on rows held out, writes models/signals.bin; run by ./heads."""
import argparse
import pathlib

import numpy as np

import head_attack
import head_complexity
import head_domain
import head_features
import head_harm
import heads_file


def main():
    given = argparse.ArgumentParser()
    for name in ("data", "models", "program"):
        given.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given.add_argument("--out", type=pathlib.Path)
    given.add_argument("--only", default="", choices=["", "domain", "attack", "harm", "complexity"],
                       help="train only this one and leave the others in the file as they are")
    given = given.parse_args()
    out = given.out or given.models / "signals.bin"
    arrays = heads_file.read(given.models / "signals.bin") if given.only else {}
    for name, head in (("domain", head_domain), ("complexity", head_complexity), ("attack", head_attack), ("harm", head_harm)):
        if not given.only or given.only == name:
            arrays.update(head.train(given.program, given.models, given.data))
    embedding = head_features.fingerprint(given.program, given.models)
    print(f"signals.bin: {heads_file.write(out, embedding, {name: np.atleast_2d(values) for name, values in arrays.items()})} bytes")


main()
