"""Small files in CIFAR's formats, written opcode by opcode as Python 2 wrote the published ones.

The bytes of `python2_batch` and `python2_names` were compared once with those of Python 2.7.18's cPickle, protocol 2,
and NumPy 1.16.6, and are the same.
"""

from __future__ import annotations

import itertools
import struct

import numpy as np

CAT, DOG = range(2)


def planes(count: int, start: int = 0) -> np.ndarray:
    """Pictures of which no two bytes in a row are equal: a wrong order of axes shows."""
    return ((np.arange(count * 3072) * 7 + start) % 251).astype(np.uint8).reshape(count, 3072)


def records(labels: list[tuple[int, ...]], pictures: np.ndarray) -> bytes:
    """The binary version: the labels of a picture, then its bytes."""
    return b"".join(bytes(label) + picture.tobytes() for label, picture in zip(labels, pictures, strict=True))


def text(value: str) -> bytes:
    return b"U" + bytes([len(value)]) + value.encode()


def number(value: int) -> bytes:
    return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)


def many(entries: list[bytes]) -> bytes:
    """A list's entries as cPickle writes them: a thousand at a time."""
    chunks = (entries[start : start + 1000] for start in range(0, len(entries), 1000))
    return b"".join(b"(" + b"".join(chunk) + b"e" for chunk in chunks)


class Memo:
    """The opcodes that remember values; cPickle counts from 1."""

    def __init__(self) -> None:
        self.counter = itertools.count(1)

    def __call__(self, opcodes: bytes) -> bytes:
        return opcodes + b"q" + bytes([next(self.counter)])


def python2_array(memo: Memo, array: np.ndarray) -> bytes:
    made = memo(b"cnumpy.core.multiarray\n_reconstruct\n") + memo(b"cnumpy\nndarray\n")
    made += memo(number(0) + b"\x85" + text("b") + b"\x87R")
    dtype = memo(b"cnumpy\ndtype\n") + memo(text("u1") + number(0) + number(1) + b"\x87R")
    dtype += b"(" + number(3) + text("|") + b"NNN" + b"J\xff\xff\xff\xff" * 2 + number(0) + b"tb"
    shape = b"".join(number(size) for size in array.shape) + b"\x86"
    content = b"T" + struct.pack("<i", array.size) + array.tobytes()
    return made + b"(" + number(1) + shape + dtype + b"\x89" + content + b"tb"


def python2_batch(labels: list[int], pictures: np.ndarray, filenames: list[str] = (), key: str = "labels") -> bytes:
    """A batch of the Python version."""
    memo = Memo()
    out = b"\x80\x02" + memo(b"}") + b"("
    out += memo(text("data")) + python2_array(memo, pictures)
    out += memo(text(key)) + memo(b"]") + many([number(label) for label in labels])
    out += memo(text("batch_label")) + memo(text("training batch 1 of 5"))
    out += memo(text("filenames")) + memo(b"]") + many([memo(text(name)) for name in filenames])
    return out + b"u."


def python2_names(names: list[str], key: str = "label_names") -> bytes:
    """The file with the names of the classes."""
    memo = Memo()
    out = b"\x80\x02" + memo(b"}") + b"(" + memo(text("num_cases_per_batch")) + number(10000)
    out += memo(text(key)) + memo(b"]") + many([memo(text(name)) for name in names])
    return out + memo(text("num_vis")) + number(3072) + b"u."
