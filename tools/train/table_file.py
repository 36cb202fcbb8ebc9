"""Reads and writes embedding tables (grammar: routing/embedding/table_file.cpp)."""
import struct

import numpy as np

HEADER = 32
UNUSED = "[unused"            # BERT's reserved entries: never met in a text, so not shipped


def checksum(data):
    words = np.frombuffer(data, "<u8")
    return int((words * (2 * np.arange(len(words), dtype=np.uint64) + 1)).sum(dtype=np.uint64))


def padded(data):
    return data + b"\0" * (-len(data) % 8)


def write(path, pieces, scales, rows):
    """`rows` int8 (entries, dimensions), `scales` float32; returns the number of bytes."""
    text = "".join(piece + "\n" for piece in pieces).encode()
    body = padded(text) + padded(scales.astype("<f4").tobytes() + rows.astype(np.int8).tobytes())
    header = b"swydemb1" + struct.pack("<4IQ", rows.shape[1], len(pieces), len(text), 0, 0)
    sum_ = checksum(header + body)
    path.write_bytes(header[:24] + struct.pack("<Q", sum_) + body)
    return HEADER + len(body)


def read(path):
    data = path.read_bytes()
    dimensions, entries, size, _, sum_ = struct.unpack("<4IQ", data[8:HEADER])
    if data[:8] != b"swydemb1" or checksum(data[:24] + bytes(8) + data[HEADER:]) != sum_:
        raise SystemExit(f"{path} is no embedding table, or damaged")
    pieces = data[HEADER:HEADER + size].decode().split("\n")[:-1]
    at = HEADER + len(padded(data[HEADER:HEADER + size]))
    scales = np.frombuffer(data, "<f4", entries, at)
    rows = np.frombuffer(data, np.int8, entries * dimensions, at + 4 * entries).reshape(entries, dimensions)
    return pieces, scales, rows


def quantised(table):
    """One scale a row, so that its largest coordinate is 127."""
    largest = np.abs(table).max(1)
    scales = np.where(largest > 0, largest / 127, 0).astype(np.float32)
    rows = np.rint(table / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8)
    return scales, rows
