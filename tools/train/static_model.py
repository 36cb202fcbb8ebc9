"""A static table as the node uses it: the sum of the rows of a text's pieces, normalised."""
import numpy as np
from scipy.sparse import csr_matrix

from golden import reference


class StaticModel:
    def __init__(self, pieces, table):
        self.entries, self.table = len(pieces), table
        self.tokens = reference({piece: i for i, piece in enumerate(pieces)})

    def bag(self, texts):
        """Counts of pieces, a sparse row a text."""
        return bag_of([encoded.ids for encoded in self.tokens.encode_batch(list(texts), add_special_tokens=False)], self.entries)

    def encode(self, texts):
        summed = self.bag(texts) @ self.table
        return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-9)


def bag_of(ids, entries):
    counts = np.array([len(one) for one in ids])
    flat = np.concatenate([np.asarray(one, np.int32) for one in ids]) if len(ids) else np.zeros(0, np.int32)
    bag = csr_matrix((np.ones(len(flat), np.float32), flat, np.concatenate([[0], np.cumsum(counts)])), (len(ids), entries))
    bag.sum_duplicates()
    return bag
