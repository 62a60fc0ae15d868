"""The IDX format, in which MNIST and its relatives are kept: a header and one array.

A header is two zero bytes, a byte for the type of the numbers, a byte for the number of dimensions, and the
size of each dimension as a big-endian 32-bit number; the numbers follow, big-endian, last dimension fastest.
The file may be compressed with gzip. A file comes from somewhere else, so nothing in it is believed: the
header is checked against the bytes that are there before memory is taken for them, and a gzip stream is
never expanded beyond what its header promises and one byte more.

References
----------
.. [1] LeCun, Cortes, Burges, The MNIST database of handwritten digits, "File formats for the MNIST database".
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import ArrayLike

from zanjir.data.dataset import Array
from zanjir.errors import DataError, listed
from zanjir.files import reason, replacing

__all__ = ["MAX_BYTES", "read_idx", "write_idx"]

MAX_BYTES = 2**30  # the largest array read unless told otherwise: 20 times the training images of MNIST
MAX_DIMS = 8  # pictures have 3, colored films 5
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WBITS = 16 + zlib.MAX_WBITS  # zlib's way of saying: gzip header, checksum and length
DEFLATE_RATIO = 1032  # deflate cannot expand a byte to more: 258 bytes in 2 bits (zlib's technical notes)
CHUNK = 1 << 16

TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read_idx(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Array:
    """Read the array of an IDX file, plain or gzip.

    Parameters
    ----------
    path : str or path
        The file; gzip is recognized by the first bytes, not by the name.
    max_bytes : int
        Largest size of the array in memory, in bytes, that is accepted.

    Returns
    -------
    array
        uint8, int8, int16, int32, float32 or float64, in this machine's byte order.

    Raises
    ------
    DataError
        If the file cannot be opened, is not IDX, is damaged or cut short, promises more or fewer bytes than
        it holds, or more than ``max_bytes``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = tempfile.TemporaryDirectory()
    >>> write_idx(Path(folder.name) / "labels.gz", np.array([3, 1, 4], dtype=np.uint8))
    >>> read_idx(Path(folder.name) / "labels.gz")
    array([3, 1, 4], dtype=uint8)
    >>> folder.cleanup()
    """
    path = Path(path)
    with _opened(path) as file:
        is_gzip = file.peek(2)[:2] == GZIP_MAGIC
        stream: _Stream = _Gunzip(file) if is_gzip else file
        try:
            return _array(path, stream, os.fstat(file.fileno()).st_size, is_gzip, max_bytes)
        except (zlib.error, EOFError) as error:
            raise DataError(f"{path}: the gzip data is damaged: {error}; get the file again.") from error
        except OSError as error:
            raise DataError(f"{path} cannot be read: {reason(error)}.") from error


def write_idx(path: str | os.PathLike[str], array: ArrayLike) -> None:
    """Write an array as an IDX file, gzip if the name ends in ``.gz``; same array, same bytes.

    The file appears whole or not at all: it is written beside ``path`` under another name and renamed.

    Parameters
    ----------
    path : str or path
        The file to make or replace.
    array : uint8, int8, int16, int32, float32 or float64 array
        1 to 8 dimensions, none of size 0.

    Raises
    ------
    DataError
        If the array has another dtype or shape, or the file cannot be written.

    Examples
    --------
    >>> write_idx("labels", np.array([3, 1, 4]))
    Traceback (most recent call last):
        ...
    zanjir.errors.DataError: labels: IDX has no dtype int64; expected uint8, int8, int16, int32, float32 or \
float64; use array.astype(...).
    """
    path = Path(path)
    array = np.asarray(array)
    header = _header_of(path, array)
    with replacing(path) as file:
        if path.suffix != ".gz":
            _write(file, header, array)
            return
        # no name and no time in the header: the bytes depend on the array alone
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            _write(packed, header, array)


class _Stream(Protocol):
    """What `read_idx` needs of a file."""

    def read(self, size: int, /) -> bytes | bytearray: ...


class _Gunzip:
    """Expands a gzip file, and never beyond the bytes that were asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.inflate = zlib.decompressobj(wbits=GZIP_WBITS)

    def read(self, size: int, /) -> bytearray:
        """Return ``size`` bytes, or fewer at the end, where the checksum has been compared."""
        out = bytearray()
        while len(out) < size and not self.inflate.eof:
            data = self.inflate.unconsumed_tail or self.file.read(CHUNK)
            if not data:
                raise EOFError("it ends too early")
            out += self.inflate.decompress(data, size - len(out))
        if self.inflate.eof and (self.inflate.unused_data or self.file.read(1)):
            raise EOFError("bytes follow its end")
        return out


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file for reading; a pipe or a device, which could make us wait, is no file."""
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is not a file; expected an IDX file.")
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be opened: {reason(error)}; expected an IDX file.") from error
    with file:
        yield file


def _array(path: Path, stream: _Stream, file_size: int, is_gzip: bool, max_bytes: int) -> Array:
    """Read header and numbers, believing the header only as far as the file's size allows."""
    dtype, shape = _header(path, stream)
    promised = math.prod(shape) * dtype.itemsize
    said = f"{path}: the header promises {dtype.newbyteorder('=')} {shape}, {promised} bytes"
    most = file_size * DEFLATE_RATIO if is_gzip else file_size - 4 - 4 * len(shape)
    if promised > most:
        there = f"at most {most}" if is_gzip else f"{most}"
        raise DataError(f"{said}, but {there} are there; get the file again.")
    if promised > max_bytes:
        raise DataError(f"{said}; expected at most max_bytes = {max_bytes}.")
    body = stream.read(promised + 1)
    if len(body) != promised:
        there = "more" if len(body) > promised else f"{len(body)}"
        raise DataError(f"{said}, but {there} are there; get the file again.")
    return np.frombuffer(body, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _header(path: Path, stream: _Stream) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Read dtype and shape."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataError(
            f"{path} is not an IDX file: it begins with {_hex(magic)}; "
            "expected 00 00, a type and a number of dimensions."
        )
    code, ndim = magic[2], magic[3]
    if code not in TYPES:
        raise DataError(f"{path}: IDX type 0x{code:02x} is unknown; expected {_types()}.")
    if not 1 <= ndim <= MAX_DIMS:
        raise DataError(f"{path}: the header promises {ndim} dimensions; expected 1 to {MAX_DIMS}.")
    sizes = stream.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise DataError(f"{path} ends inside the header, after {4 + len(sizes)} bytes; get the file again.")
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    if 0 in shape:
        raise DataError(f"{path}: the header promises the shape {shape}; expected no dimension of size 0.")
    return TYPES[code], shape


def _hex(data: bytes | bytearray) -> str:
    return data.hex(" ") if data else "nothing (it is empty)"


def _types() -> str:
    return listed(f"0x{code:02x} ({dtype.newbyteorder('=')})" for code, dtype in TYPES.items())


def _header_of(path: Path, array: Array) -> bytes:
    """Return the header of an array."""
    codes = {dtype.newbyteorder("="): code for code, dtype in TYPES.items()}
    code = codes.get(array.dtype.newbyteorder("="))
    if code is None:
        names = listed(str(dtype) for dtype in codes)
        raise DataError(f"{path}: IDX has no dtype {array.dtype}; expected {names}; use array.astype(...).")
    if not 1 <= array.ndim <= MAX_DIMS or not array.size or max(array.shape) >= 2**32:
        raise DataError(
            f"{path}: the array has shape {array.shape}; expected 1 to {MAX_DIMS} dimensions, "
            "each of size 1 to 2**32 - 1."
        )
    return bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()


def _write(file: BinaryIO | gzip.GzipFile, header: bytes, array: Array) -> None:
    file.write(header)
    file.write(array.astype(array.dtype.newbyteorder(">"), copy=False).tobytes())
