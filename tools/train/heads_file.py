"""Writes models/signals.bin (grammar: routing/signals/heads_file.cpp)."""
import struct

import numpy as np

from table_file import checksum, padded

NAME, ENTRY, HEADER = 40, 56, 24


def write(path, arrays):
    """`arrays`: name -> two-dimensional float32 or int8; returns the number of bytes."""
    at = HEADER + ENTRY * len(arrays)
    table, body = b"", b""
    for name, values in arrays.items():
        kind = {np.dtype(np.float32): 1, np.dtype(np.int8): 2}[values.dtype]
        stored = padded(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes())
        table += name.encode().ljust(NAME, b"\0") + struct.pack("<4I", kind, *values.shape, at + len(body))
        body += stored
    header = b"swysig01" + struct.pack("<2IQ", len(arrays), 0, 0)
    sum_ = checksum(header + table + body)
    path.write_bytes(header[:16] + struct.pack("<Q", sum_) + table + body)
    return at + len(body)
