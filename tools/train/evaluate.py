"""Measures the shipped table, the teacher and the shared baseline on the public sets, and on the development sets apart from them;
run by ./evaluate."""
import argparse
import pathlib

import numpy as np
from safetensors.numpy import load_file

import development
import measures
import quantised
import table_file


def of_baseline(folder):
    """The shared baseline: fp16 scales, two int4 a byte."""
    stored = load_file(folder / "static-minilm-256-int4.safetensors")
    packed, scales = stored["embedding.q4"], stored["embedding.scale"].astype(np.float32).ravel()
    rows = np.stack([packed & 15, packed >> 4], axis=2).reshape(len(packed), -1).astype(np.int8) - 8
    return quantised.Model((folder / "vocab.txt").read_text(encoding="utf-8").splitlines(), scales, rows).encode


def main():
    given = argparse.ArgumentParser()
    for name in ("data", "baseline", "models"):
        given.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given.add_argument("--teacher", action="store_true", help="measure the teacher as well (five minutes more)")
    given.add_argument("--development", action="store_true", help="the development sets, not the public ones")
    given.add_argument("table", type=pathlib.Path, nargs="?")
    given = given.parse_args()

    encoders = {}
    if given.teacher:
        from teacher import Teacher
        encoders["teacher"] = Teacher().encode
    if given.baseline.exists():
        encoders["baseline"] = of_baseline(given.baseline)
    parts = table_file.read(given.table or given.models / "embedding.bin")
    encoders["ours"] = quantised.Model(*parts).encode
    if parts[3] is not None:
        encoders["alone"] = quantised.Model(*parts[:3]).encode
    measure = development.measure if given.development else measures.measure
    columns = {name: measure(encode, given.data) for name, encode in encoders.items()}
    print("| set | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for name in columns["ours"]:
        print(f"| {name} | " + " | ".join(f"{column[name]:.1f}" for column in columns.values()) + " |")


main()
