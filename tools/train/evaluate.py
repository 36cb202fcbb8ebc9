"""Measures tables, the teacher and the shared baseline on the public sets; run by ./evaluate."""
import argparse
import pathlib

import numpy as np
from safetensors.numpy import load_file

import measures
import static_model
import table_file


def of_table(path):
    pieces, scales, rows = table_file.read(path)
    return static_model.StaticModel(pieces, rows * scales[:, None]).encode


def of_baseline(folder):
    """The shared baseline: fp16 scales, two int4 a byte."""
    stored = load_file(folder / "static-minilm-256-int4.safetensors")
    packed, scales = stored["embedding.q4"], stored["embedding.scale"].astype(np.float32)
    rows = np.stack([packed & 15, packed >> 4], axis=2).reshape(len(packed), -1).astype(np.float32) - 8
    return static_model.StaticModel((folder / "vocab.txt").read_text(encoding="utf-8").splitlines(), rows * scales[:, None]).encode


def main():
    given = argparse.ArgumentParser()
    for name in ("data", "baseline", "models"):
        given.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given.add_argument("--teacher", action="store_true", help="measure the teacher as well (ten minutes more)")
    given.add_argument("table", type=pathlib.Path, nargs="?")
    given = given.parse_args()

    columns = {}
    if given.teacher:
        from teacher import Teacher
        columns["teacher"] = measures.measure(Teacher().encode, given.data)
    if given.baseline.exists():
        columns["baseline"] = measures.measure(of_baseline(given.baseline), given.data)
    columns["ours"] = measures.measure(of_table(given.table or given.models / "embedding.bin"), given.data)
    print("| set | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for name in columns["ours"]:
        print(f"| {name} | " + " | ".join(f"{column[name]:.1f}" for column in columns.values()) + " |")


main()
