"""Reads and writes embedding tables (grammar: routing/embedding/table_file.cpp)."""
import struct

import numpy as np

HEADER = 48
MAGIC = b"swydemb3"
STRIP = 128                   # outputs whose weights stand together
UNUSED = "[unused"            # BERT's reserved entries: never met in a text, so not shipped


def checksum(data):
    words = np.frombuffer(data, "<u8")
    return int((words * (2 * np.arange(len(words), dtype=np.uint64) + 1)).sum(dtype=np.uint64))


def padded(data):
    return data + b"\0" * (-len(data) % 8)


def interleaved(weights):
    """(inputs, outputs) int8 as vector_code::multiply reads them: strip after strip of outputs, four inputs of one output are neighbours."""
    inputs, outputs = weights.shape
    strips = [weights[:, at:at + STRIP] for at in range(0, outputs, STRIP)]
    return b"".join(one.reshape(inputs // 4, 4, -1).transpose(0, 2, 1).tobytes() for one in strips)


def plain(weights, inputs, outputs):
    widths = [min(STRIP, outputs - at) for at in range(0, outputs, STRIP)]
    parts = np.split(weights, np.cumsum([inputs * width for width in widths])[:-1])
    return np.concatenate([part.reshape(inputs // 4, width, 4).transpose(0, 2, 1).reshape(inputs, width) for part, width in zip(parts, widths)], 1)


def halves(numbers):
    """(entries, count), 0..15, as vector_code::pool_halves reads them."""
    low, high = numbers.reshape(len(numbers), -1, 2, 16).transpose(2, 0, 1, 3)
    return (low | high << 4).astype(np.uint8).tobytes()


def whole(two, entries, count):
    two = two.reshape(entries, -1, 1, 16)
    return np.concatenate([two & 15, two >> 4], 2).reshape(entries, count)


def floats(*arrays):
    return b"".join(np.ascontiguousarray(array, "<f4").tobytes() for array in arrays)


def write(path, pieces, scales, rows, context=None):
    """`rows` int8 (entries, dimensions), `scales` float32, `context` a quantised.Context; returns the number of bytes."""
    text = "".join(piece + "\n" for piece in pieces).encode()
    body = padded(text) + padded(floats(scales) + rows.astype(np.int8).tobytes())
    sizes = (0, 0, 0, 0)
    if context is not None:
        c, sizes = context, (context.rows.shape[1], context.window.shape[1], context.first.shape[1], context.corrections.shape[1])
        body += padded(floats(c.steps, [c.gate_shift, 0], c.window_scales, c.window_shifts, c.gates, c.first_scales, c.first_shifts,
                              c.second_scales, c.mean, c.row_scales, c.correction_scales)
                       + b"".join(interleaved(layer) for layer in (c.window, c.first, c.second)) + c.rows.tobytes() + halves(c.corrections))
    header = MAGIC + struct.pack("<8I", rows.shape[1], len(pieces), len(text), *sizes, 0)
    sum_ = checksum(header + bytes(8) + body)
    path.write_bytes(header + struct.pack("<Q", sum_) + body)
    return HEADER + len(body)


def read(path):
    """(pieces, scales, rows, context or None)."""
    from quantised import Context
    data = path.read_bytes()
    if data[:8] == b"swydemb1":                  # without context; the checksum stood eight bytes earlier
        data = MAGIC + data[8:20] + bytes(28) + data[32:]
        data = data[:HEADER - 8] + struct.pack("<Q", checksum(data)) + data[HEADER:]
    dimensions, entries, size, width, units, hidden, corrected, _, sum_ = struct.unpack("<8IQ", data[8:HEADER])
    if data[:8] != MAGIC or checksum(data[:HEADER - 8] + bytes(8) + data[HEADER:]) != sum_:
        raise SystemExit(f"{path} is no embedding table, or damaged")
    pieces = data[HEADER:HEADER + size].decode().split("\n")[:-1]
    at = HEADER + len(padded(data[HEADER:HEADER + size]))

    def take(kind, *shape):
        nonlocal at
        made = np.frombuffer(data, kind, int(np.prod(shape)), at).reshape(shape)
        at += made.nbytes
        return made

    scales, rows = take("<f4", entries), take("i1", entries, dimensions)
    if width == 0:
        return pieces, scales, rows, None
    at += -at % 8
    c = Context()
    c.steps, (c.gate_shift, _) = take("<f4", 4), take("<f4", 2)
    c.window_scales, c.window_shifts, c.gates = (take("<f4", units) for _ in range(3))
    c.first_scales, c.first_shifts, c.second_scales = take("<f4", hidden), take("<f4", hidden), take("<f4", dimensions)
    c.mean = take("<f4", width, units)
    c.row_scales, c.correction_scales = take("<f4", entries), take("<f4", entries)
    c.window = plain(take("i1", 3 * width * units), 3 * width, units)
    c.first = plain(take("i1", (dimensions + 2 * units) * hidden), dimensions + 2 * units, hidden)
    c.second = plain(take("i1", hidden * dimensions), hidden, dimensions)
    c.rows = take("u1", entries, width)
    c.corrections = whole(take("u1", entries * corrected // 2), entries, corrected)
    return pieces, scales, rows, c
