"""Writes and reads models/signals.bin (grammar: routing/signals/heads_file.cpp)."""
import struct

import numpy as np

from table_file import checksum, padded

NAME, ENTRY, HEADER = 40, 56, 32
MAGIC = b"swysig02"


def write(path, embedding, arrays):
    """`embedding`: the fingerprint of the one in use. `arrays`: name -> two-dimensional float32 or int8. Returns the number of bytes."""
    at = HEADER + ENTRY * len(arrays)
    table, body = b"", b""
    for name, values in arrays.items():
        kind = {np.dtype(np.float32): 1, np.dtype(np.int8): 2}[values.dtype]
        stored = padded(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes())
        table += name.encode().ljust(NAME, b"\0") + struct.pack("<4I", kind, *values.shape, at + len(body))
        body += stored
    header = MAGIC + struct.pack("<2I2Q", len(arrays), 0, embedding, 0)
    sum_ = checksum(header + table + body)
    path.write_bytes(header[:24] + struct.pack("<Q", sum_) + table + body)
    return at + len(body)


def read(path):
    data = path.read_bytes()
    if data[:8] != MAGIC or checksum(data[:24] + bytes(8) + data[HEADER:]) != int.from_bytes(data[24:HEADER], "little"):
        raise SystemExit(f"{path} is no file of heads, or damaged")
    arrays = {}
    for at in range(HEADER, HEADER + ENTRY * int.from_bytes(data[8:12], "little"), ENTRY):
        kind, height, width, begin = struct.unpack("<4I", data[at + NAME:at + ENTRY])
        name = data[at:at + NAME].rstrip(b"\0").decode()
        arrays[name] = np.frombuffer(data, "<f4" if kind == 1 else np.int8, height * width, begin).reshape(height, width)
    return arrays
