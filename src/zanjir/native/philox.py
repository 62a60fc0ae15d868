"""Uniform random numbers in LLVM's text, bit for bit those of the gate ``uniform_like``.

Philox is a function of a counter and a key, so any element can be drawn alone, by its position: threads need no order.
"""

from __future__ import annotations

from zanjir.native.blocks import masked_store
from zanjir.native.values import Code, Kind, Value

__all__ = ["block_of", "philox", "uniform", "uniform_function"]

WORD, DOUBLE_WORD = Kind("i64"), Kind("i128")
ROUNDS = 10
FACTORS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
# What a key grows by per round, as signed words.
GROWTH = (0x9E3779B97F4A7C15 - 2**64, 0xBB67AE8584CAA73B - 2**64)
# A word of 64 random bits holds two floats, in its lower half first, or one double; 24 and 53 bits of them count.
PER_WORD = {"float": 2, "double": 1}
DIGITS = {"float": 24, "double": 53}
WORDS = 4


def product(x: Value, factor: int) -> tuple[Value, Value]:
    """Return the upper and the lower word of a product with a constant."""
    code = x.code
    whole = code.let(DOUBLE_WORD, f"zext i64 {x.name} to i128") * factor
    high, low = (code.let(WORD, f"trunc i128 {part.name} to i64") for part in (whole >> 64, whole))
    return high, low


def philox(counter: list[Value], key: list[Value]) -> list[Value]:
    """Return the four random words of a counter.

    Parameters
    ----------
    counter
        Four words.
    key
        Two words.

    References
    ----------
    Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3: Philox-4x64-10.
    """
    for number in range(ROUNDS):
        high0, low0 = product(counter[0], FACTORS[0])
        high1, low1 = product(counter[2], FACTORS[1])
        # Each round's key is the first one plus a constant: a loop over counters computes it once.
        key0, key1 = (word + growth * number for word, growth in zip(key, GROWTH, strict=True))
        counter = [high1 ^ counter[1] ^ key0, low1, high0 ^ counter[3] ^ key1, low0]
    return counter


def block_of(element: str) -> int:
    """Return how many numbers one counter gives.

    Examples
    --------
    >>> block_of("float"), block_of("double")
    (8, 4)
    """
    return WORDS * PER_WORD[element]


def uniform(block: Value, seed: Value, stream: Value, step: Value, element: str) -> Value:
    """Return the numbers of one block, uniform in [0, 1): elements ``block * n`` to ``block * n + n - 1``.

    Parameters
    ----------
    block, seed, stream, step
        Single ``i64``; NumPy counts a stream's blocks from 1, this function from 0.
    element
        ``"float"`` for n = 8 numbers or ``"double"`` for 4; see `block_of`.
    """
    code = block.code
    zero = code.constant(WORD, 0)
    words = philox([block + 1, zero, step, zero], [seed, stream])
    kind = Kind("i64", WORDS)
    whole = Value(code, kind, "poison")
    for i, word in enumerate(words):
        whole = code.let(kind, f"insertelement {kind} {whole.name}, i64 {word.name}, i32 {i}")
    numbers = Kind(element, block_of(element))
    # Little-endian processors put the lower half of a word first, as NumPy draws it.
    digits = whole.bits(numbers.integer) >> numbers.bits - DIGITS[element]
    return digits.convert(numbers) * 2.0 ** -DIGITS[element]


def uniform_function(element: str) -> Code:
    """Write the function that fills an array with elements of a stream.

    Parameters
    ----------
    element
        ``"float"`` or ``"double"``, for ``@philox_f32`` or ``@philox_f64``. Both are ``void (ptr out, i64 first,
        i64 count, i64 seed, i64 stream, i64 step)``: ``out`` holds ``count`` numbers, elements ``first`` to
        ``first + count - 1`` of the array that the gate would draw for this seed, stream and step.

    Examples
    --------
    >>> print(uniform_function("double").lines[0])
    define void @philox_f64(ptr %out, i64 %first, i64 %count, i64 %seed, i64 %stream, i64 %step) {
    """
    code = Code()
    names = ("first", "count", "seed", "stream", "step", "block")
    first, count, seed, stream, step, block = (Value(code, WORD, f"%{name}") for name in names)
    size = block_of(element)
    arguments = ", ".join(f"i64 %{name}" for name in names[:-1])
    code.lines.append(f"define void @philox_{Kind(element).short}(ptr %out, {arguments}) {{")
    code.label("entry")
    start = first.bitwise("sdiv", size)
    end = first + count
    code.put(f"br i1 {(count > 0).name}, label %loop, label %done")
    code.label("loop")
    code.put(f"%block = phi i64 [ {start.name}, %entry ], [ %next, %loop ]")
    place = block * size
    store(uniform(block, seed, stream, step, element), place, first, end)
    code.put("%next = add i64 %block, 1")
    more = place + size < end
    code.put(f"br i1 {more.name}, label %loop, label %done")
    code.label("done")
    code.put("ret void")
    code.lines.append("}")
    return code


def store(numbers: Value, place: Value, first: Value, end: Value) -> None:
    """Write the lanes whose elements lie between two ends; the first and the last block may reach beyond them."""
    code, kind = numbers.code, numbers.kind
    lanes = Kind("i64", kind.width)
    order = Value(code, lanes, f"<{', '.join(f'i64 {i}' for i in range(kind.width))}>")
    elements = place.spread(kind.width) + order
    mask = (elements >= first.spread(kind.width)) & (elements < end.spread(kind.width))
    target = code.let(Kind("ptr"), f"getelementptr {kind.element}, ptr %out, i64 {(place - first).name}")
    masked_store(numbers, target, mask)
