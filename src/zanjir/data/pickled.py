"""A pickle file as data: read without executing anything, whatever the file says.

Python's own reader of pickles calls whatever a file asks it to call, so a file from somewhere else must never
reach it. Here the file is only taken apart (`pickletools.opcodes`), and the few opcodes that lists, dictionaries,
texts, whole numbers and arrays of bytes are made of are carried out on a stack of our own. Of the functions that a
pickle of such an array names, NumPy's and the one by which Python 3 writes bytes in protocol 2, none is called: each
is a token, and what it would have done is done here, on checked arguments. Every other opcode and every other name
is refused.

References
----------
.. [1] CPython, Lib/pickletools.py, "Disassembler and symbolic pickle machine": what each opcode does.
.. [2] NumPy, ``ndarray.__reduce__`` and ``dtype.__reduce__``: how an array is pickled.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from pickletools import OpcodeInfo, opcodes
from typing import Any

import numpy as np

from zanjir.data.dataset import Array
from zanjir.errors import DataError

__all__ = ["read_pickled"]

MAX_STEPS = 4_000_000  # opcodes: CIFAR-100 has 250,000 in a file of 155 MB, and each may make a list of 56 bytes
MAX_DIMS = 4
SHOWN = 60  # characters of a name from the file that an error repeats


class _Token(Enum):
    """What a pickle names; nothing here can be called."""

    RECONSTRUCT = "numpy.core.multiarray _reconstruct"
    NDARRAY = "numpy ndarray"
    DTYPE = "numpy dtype"
    ENCODE = "_codecs encode"
    UINT8 = "dtype u1"
    MARK = "mark"


NAMES = {
    "numpy.core.multiarray _reconstruct": _Token.RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": _Token.RECONSTRUCT,  # its name since NumPy 2
    "numpy ndarray": _Token.NDARRAY,
    "numpy dtype": _Token.DTYPE,
    "_codecs encode": _Token.ENCODE,
}


@dataclass(eq=False)
class _Box:
    """An array, which a pickle first makes empty and fills later."""

    array: Array | None = None


class _RefusedError(ValueError):
    """Something in a pickle that data do not need."""


def read_pickled(path: Path, content: bytes) -> dict[str, Any]:
    """Return the dictionary that a pickle file holds, executing nothing.

    Parameters
    ----------
    path : path
        Where the content came from, for errors.
    content : bytes
        A pickle in protocol 2, 3 or 4 of a dictionary whose values are texts, whole numbers, lists of them, and
        arrays of bytes. Texts that Python 2 wrote are bytes, as ``encoding="bytes"`` would give them.

    Returns
    -------
    dict
        Keys are texts; arrays are uint8, and read-only views of what was in the file.

    Raises
    ------
    DataError
        If the file is damaged, names a function or class that such data do not need, or holds something else.

    Examples
    --------
    >>> read_pickled(Path("meta"), bytes.fromhex("80027d 5506 6e756d766973 4d000c 732e"))
    {'numvis': 3072}
    >>> read_pickled(Path("meta"), "cos system .".replace(" ", chr(10)).encode())
    Traceback (most recent call last):
        ...
    zanjir.errors.DataError: meta is not read: it names 'os system', which data do not need; nothing was executed; \
get the file again.
    """
    try:
        return _Stack(content).run()
    except ValueError as error:  # ours, and those of pickletools, which finds arguments that are cut short
        raise DataError(f"{path} is not read: {error}; nothing was executed; get the file again.") from error


class _Stack:
    """Carries the opcodes of one pickle out."""

    def __init__(self, content: bytes) -> None:
        self.stream = BytesIO(content)
        self.values: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.left_to_encode = len(content)  # a text may be recalled from the memo, and must not be copied for ever

    def run(self) -> dict[str, Any]:
        """Return the dictionary at the end."""
        for _ in range(MAX_STEPS):
            opcode = self.opcode()
            if opcode.name == "STOP":
                return self.result()
            if opcode.name not in STEPS:
                raise _RefusedError(f"it has the opcode {opcode.name}, which data in protocols 2 to 4 do not need")
            STEPS[opcode.name](self, self.argument(opcode))
        raise _RefusedError(f"it has more than {MAX_STEPS} opcodes")

    def opcode(self) -> OpcodeInfo:
        """Read the next opcode."""
        code = self.stream.read(1).decode("latin-1")
        if code not in BY_CODE:
            raise _RefusedError(f"it has the unknown opcode {code!a}" if code else "it ends too early")
        return BY_CODE[code]

    def argument(self, opcode: OpcodeInfo) -> Any:
        """Read what stands behind an opcode."""
        if opcode.name == "GLOBAL":  # pickletools would undo escapes in the names
            return " ".join(self.stream.readline().decode("latin-1").removesuffix("\n") for _ in range(2))
        return opcode.arg.reader(self.stream) if opcode.arg else None

    def result(self) -> dict[str, Any]:
        """Return what is left on the stack, unpacked, if it is one dictionary and nothing follows."""
        if self.stream.read(1):
            raise _RefusedError("bytes follow its end")
        if len(self.values) != 1 or not isinstance(self.values[0], dict):
            raise _RefusedError("it does not hold a dictionary")
        return {_text(key): _unboxed(value) for key, value in self.values[0].items()}

    def pop(self, count: int = 1) -> list[Any]:
        """Take the topmost values, the lowest first."""
        if len(self.values) < count or _Token.MARK in self.values[-count:]:
            raise _RefusedError("it takes more from the stack than it has put there")
        taken = self.values[-count:]
        del self.values[-count:]
        return taken

    def pop_to_mark(self) -> list[Any]:
        """Take the values above the last mark, and the mark."""
        for place in range(len(self.values) - 1, -1, -1):
            if self.values[place] is _Token.MARK:
                taken = self.values[place + 1 :]
                del self.values[place:]
                return taken
        raise _RefusedError("it has no mark where one is needed")

    def top(self, kind: type) -> Any:
        """Return the topmost value, which must be of a kind."""
        if not self.values or not isinstance(self.values[-1], kind):
            raise _RefusedError(f"it has no {kind.__name__} where one is needed")
        return self.values[-1]

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.values.append(value)

    def name(self, name: str) -> None:
        """Put the token of a name on the stack."""
        if name not in NAMES:
            raise _RefusedError(f"it names {name[:SHOWN]!a}, which data do not need")
        self.push(NAMES[name])

    def name_from_stack(self, _: Any) -> None:
        """Put the token of a name whose parts are on the stack there."""
        self.name(" ".join(part if isinstance(part, str) else "?" for part in self.pop(2)))

    def put(self, key: int) -> None:
        """Remember the topmost value."""
        if not self.values or self.values[-1] is _Token.MARK:
            raise _RefusedError("it remembers a value that is not there")
        self.memo[key] = self.values[-1]

    def get(self, key: int) -> None:
        """Put a remembered value on the stack."""
        if key not in self.memo:
            raise _RefusedError("it recalls a value that it never remembered")
        self.push(self.memo[key])

    def append(self, values: list[Any]) -> None:
        """Append values to the list below them."""
        self.top(list).extend(values)

    def set_items(self, values: list[Any]) -> None:
        """Put keys and values into the dictionary below them."""
        keys = values[::2]
        # only texts: the hash of a deeply nested tuple would exhaust the machine's own stack
        if len(values) % 2 or not all(isinstance(key, str | bytes) for key in keys):
            raise _RefusedError("it has a dictionary whose keys are no texts")
        self.top(dict).update(zip(keys, values[1::2], strict=True))

    def reduce(self, _: Any) -> None:
        """Do what one of the known functions would have done with its arguments."""
        match self.pop(2):
            case [_Token.RECONSTRUCT, (_Token.NDARRAY, (0,), b"b")]:
                self.push(_Box())
            case [_Token.DTYPE, ("u1" | b"u1", _, _)]:
                self.push(_Token.UINT8)
            case [_Token.ENCODE, (str(text), "latin1")]:
                self.push(self.encoded(text))
            case _:
                raise _RefusedError("it calls something otherwise than an array of bytes needs")

    def encoded(self, text: str) -> bytes:
        """Return the bytes that Python 3 wrote as a text."""
        self.left_to_encode -= len(text)
        if self.left_to_encode < 0:
            raise _RefusedError("it copies a text many times")
        return text.encode("latin-1")

    def build(self, _: Any) -> None:
        """Fill an array, or take note of a dtype's details, of which bytes have none."""
        match self.pop(2):
            case [_Token.UINT8, tuple()]:
                self.push(_Token.UINT8)
            case [_Box(array=None) as box, (1, tuple(shape), _Token.UINT8, bool(columns_first), bytes(content))]:
                box.array = _array(shape, columns_first, content)
                self.push(box)
            case _:
                raise _RefusedError("it fills something otherwise than an array of bytes needs")


def _array(shape: tuple[Any, ...], columns_first: bool, content: bytes) -> Array:
    """Return bytes in a shape, which must hold exactly so many."""
    # each size is bounded before they are multiplied: a file may hold very long numbers
    sized = 1 <= len(shape) <= MAX_DIMS and all(type(size) is int and 0 <= size <= len(content) for size in shape)
    if not sized or math.prod(shape) != len(content):
        raise _RefusedError(f"it has an array whose shape does not hold its {len(content)} bytes")
    return np.frombuffer(content, np.uint8).reshape(shape, order="F" if columns_first else "C")


def _text(key: str | bytes) -> str:
    return key if isinstance(key, str) else key.decode("latin-1")


def _unboxed(value: Any) -> Any:
    if isinstance(value, _Box) and value.array is None:
        raise _RefusedError("it has an array that is never filled")
    return value.array if isinstance(value, _Box) else value


def _nothing(_stack: _Stack, _argument: Any) -> None:
    """Do nothing: the opcode is for readers of streams."""


BY_CODE = {opcode.code: opcode for opcode in opcodes}

STEPS: dict[str, Callable[[_Stack, Any], None]] = {
    **dict.fromkeys(["PROTO", "FRAME"], _nothing),
    **dict.fromkeys(["BININT", "BININT1", "BININT2"], _Stack.push),
    **dict.fromkeys(["SHORT_BINBYTES", "BINBYTES", "SHORT_BINUNICODE", "BINUNICODE"], _Stack.push),
    # Python 2's texts, which pickletools gives as text whose characters are the bytes
    **dict.fromkeys(["SHORT_BINSTRING", "BINSTRING"], lambda stack, text: stack.push(text.encode("latin-1"))),
    "NONE": lambda stack, _: stack.push(None),
    "NEWTRUE": lambda stack, _: stack.push(True),
    "NEWFALSE": lambda stack, _: stack.push(False),
    "MARK": lambda stack, _: stack.push(_Token.MARK),
    "EMPTY_DICT": lambda stack, _: stack.push({}),
    "EMPTY_LIST": lambda stack, _: stack.push([]),
    "EMPTY_TUPLE": lambda stack, _: stack.push(()),
    "TUPLE1": lambda stack, _: stack.push(tuple(stack.pop(1))),
    "TUPLE2": lambda stack, _: stack.push(tuple(stack.pop(2))),
    "TUPLE3": lambda stack, _: stack.push(tuple(stack.pop(3))),
    "TUPLE": lambda stack, _: stack.push(tuple(stack.pop_to_mark())),
    "APPEND": lambda stack, _: stack.append(stack.pop()),
    "APPENDS": lambda stack, _: stack.append(stack.pop_to_mark()),
    "SETITEM": lambda stack, _: stack.set_items(stack.pop(2)),
    "SETITEMS": lambda stack, _: stack.set_items(stack.pop_to_mark()),
    **dict.fromkeys(["BINPUT", "LONG_BINPUT"], _Stack.put),
    "MEMOIZE": lambda stack, _: stack.put(len(stack.memo)),
    **dict.fromkeys(["BINGET", "LONG_BINGET"], _Stack.get),
    "GLOBAL": _Stack.name,
    "STACK_GLOBAL": _Stack.name_from_stack,
    "REDUCE": _Stack.reduce,
    "BUILD": _Stack.build,
}
