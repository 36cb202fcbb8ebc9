"""From sentences and teacher to models/embedding.bin; run by ./embedding."""
import argparse
import pathlib
import random

import numpy as np

import characters
import golden
import network
import quantised
import sentences
import table_file
import teacher

SEED = 5
KEPT = 250               # steps between two copies of what is trained so far, build/train/student.npz
MEASURED = 1500          # sentences on which the layers' inputs are measured before they are rounded


def say(line):
    print(line, flush=True)


def main():
    given = argparse.ArgumentParser()
    for name in ("data", "work", "models"):
        given.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given.add_argument("--out", type=pathlib.Path)
    given.add_argument("--from", dest="table", type=pathlib.Path, help="the table whose rows, without context, stay as they are")
    given.add_argument("--scale", type=float, default=1.0, help="of the number of steps: less for a try")
    given = given.parse_args()

    master = teacher.Teacher()
    bert = [piece for piece, _ in sorted(master.tokens.get_vocab(with_added_tokens=False).items(), key=lambda entry: entry[1])]
    pieces = [piece for piece in bert if not piece.startswith(table_file.UNUSED)]
    kept, dropped, counts = sentences.gather(given.data, [piece for piece in pieces if sentences.is_word(piece)], SEED)
    random.Random(SEED).shuffle(kept)            # so that any first part is of all sources
    texts = [text for _, text in kept]
    say(f"sentences: {counts}, {dropped} left out because an evaluation set holds them")
    wanted = master.encode_kept(texts, given.work / "teacher", say)
    alone = master.encode([piece.removeprefix("##") or piece for piece in pieces])

    # The teacher's directions as the plain table has them.
    _, scales, rows, _ = table_file.read(given.table or given.models / "embedding.bin")
    sums = quantised.Model(pieces, scales, rows)
    directions = network.same_directions(wanted[:8192].astype(np.float32), sums.encode(texts[:8192]))
    target = np.concatenate([network.normalised(wanted[at:at + 65536].astype(np.float32) @ directions).astype(np.float16)
                             for at in range(0, len(wanted), 65536)])
    ids = sums.ids(texts)
    # A course draws from all sentences, or from spoken ones and some of the rest.
    chosen = {"all": range(len(kept)), "spoken": [i for i, (source, _) in enumerate(kept) if source in network.SPOKEN or i % network.WRITTEN == 0]}
    heard = {name: network.Sentences([ids[i] for i in those], target[np.array(those)], say) for name, those in chosen.items()}
    trained = network.train(network.start(network.fitted(alone @ directions, ids, target)), rows * scales[:, None], heard, given.scale,
                            given.work / "distil.so", say,
                            lambda done, p: np.savez(given.work / "student.npz", done=done, **p) if done % KEPT == 0 else None)
    model = quantised.quantise(pieces, scales, rows, network.floats(trained), [one for one in ids[:MEASURED] if len(one)], network.CORRECTED)
    out = given.out or given.models / "embedding.bin"
    say(f"{out}: {table_file.write(out, pieces, model.scales, model.rows, model.context)} bytes")
    characters.write(given.models / "characters.bin")
    tests = pathlib.Path(__file__).parents[2] / "tests/golden"
    golden.write(tests / "word_pieces.jsonl", {piece: i for i, piece in enumerate(bert)})
    golden.write_vectors(tests / "embedding_vectors.jsonl", model)


main()
