"""From sentences and teacher to models/embedding.bin; run by ./embedding."""
import argparse
import pathlib

import characters
import distil
import golden
import sentences
import static_model
import table_file
import teacher

SEED = 5


def main():
    given = argparse.ArgumentParser()
    for name in ("data", "work", "models"):
        given.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given.add_argument("--out", type=pathlib.Path)
    given = given.parse_args()

    kept, dropped = sentences.gather(given.data, SEED)
    texts = [text for _, text in kept]
    print(f"sentences: {len(texts)}, {dropped} left out because an evaluation set holds them", flush=True)
    master = teacher.Teacher()
    wanted = master.encode_kept(texts, given.work / "teacher", say=lambda line: print(line, flush=True))

    bert = [piece for piece, _ in sorted(master.tokens.get_vocab(with_added_tokens=False).items(), key=lambda entry: entry[1])]
    pieces = [piece for piece in bert if not piece.startswith(table_file.UNUSED)]
    directions = distil.strongest_directions(wanted)
    alone = master.encode_kept([piece.removeprefix("##") or piece for piece in pieces], given.work / "teacher", say=lambda line: None)
    model = static_model.StaticModel(pieces, None)
    bag = model.bag(texts)
    counts = bag.sum(0).A1
    table = distil.train(bag, distil.normalised(wanted @ directions), distil.start(alone @ directions, counts),
                         say=lambda line: print(line, flush=True))
    scales, rows = table_file.quantised(table)
    out = given.out or given.models / "embedding.bin"
    print(f"{out}: {table_file.write(out, pieces, scales, rows)} bytes")
    characters.write(given.models / "characters.bin")
    golden.write(pathlib.Path(__file__).parents[2] / "tests/golden/word_pieces.jsonl", {piece: i for i, piece in enumerate(bert)})


main()
