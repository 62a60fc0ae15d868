"""Random numbers drawn by machine code are those of the gate, bit for bit, wherever one begins."""

from __future__ import annotations

import ctypes
import itertools
from typing import Any

import numpy as np
import pytest

from native.loops import machine_code
from witnesses.gate_values import uniform_like as by_definition
from zanjir.gates.random import uniform_like
from zanjir.native.philox import uniform_function

NAMES = {"float": "philox_f32", "double": "philox_f64"}
DTYPES = {"float": np.float32, "double": np.float64}
SHAPES = [(1,), (7,), (8,), (3, 5), (2, 3, 4), (40, 25), (1009,)]
# Seeds and steps fill a word of 64 bits; the stream is a small number, but nothing says so.
KEYS = [(0, 0, 0), (1, 0, 1), (0, 1, 2), (42, 3, 1000), (2**32, 2**31, 2**40), (2**64 - 1, 2**64 - 1, 2**63)]
SENTINEL = -7.0
# Room around an array, so that a number written beyond it fails a test and does not break the process.
MARGIN = 16
every_element = pytest.mark.parametrize("element", NAMES)


@pytest.fixture(scope="module")
def engine() -> Any:
    codes = [uniform_function(element) for element in NAMES]
    declared = {name: line for code in codes for name, line in code.declared.items()}
    return machine_code("\n".join([*declared.values(), *(line for code in codes for line in code.lines)]))


def fill(engine: Any, element: str, out: Any, first: int, count: int, key: tuple[int, int, int]) -> None:
    """Write elements ``first`` to ``first + count - 1`` to the beginning of an array."""
    seed, stream, step = key
    arguments = [ctypes.c_void_p, *[ctypes.c_int64] * 2, *[ctypes.c_uint64] * 3]
    function = ctypes.CFUNCTYPE(None, *arguments)(engine.get_function_address(NAMES[element]))
    function(out.ctypes.data, first, count, seed, stream, step)


def by_gate(element: str, shape: tuple[int, ...], key: tuple[int, int, int]) -> Any:
    seed, stream, step = key
    return uniform_like.forward([seed, step], np.empty(shape, DTYPES[element]), stream=stream)


@every_element
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_whole_arrays_have_the_bits_of_the_gate(
    element: str, shape: tuple[int, ...], key: tuple[int, int, int], engine: Any
) -> None:
    want = by_gate(element, shape, key)
    memory = np.full(want.size + MARGIN, SENTINEL, DTYPES[element])
    fill(engine, element, memory, 0, want.size, key)
    assert memory[: want.size].tobytes() == want.tobytes()


@every_element
def test_any_part_of_an_array_can_be_drawn_alone_and_nothing_beyond_it_is_written(element: str, engine: Any) -> None:
    key = (42, 3, 1000)
    whole = by_gate(element, (64,), key)
    for first, count in itertools.product(range(20), (0, 1, 2, 3, 7, 8, 9, 16, 17, 44)):
        memory = np.full(count + 2 * MARGIN, SENTINEL, DTYPES[element])
        fill(engine, element, memory[MARGIN:], first, count, key)
        np.testing.assert_array_equal(memory[MARGIN : MARGIN + count], whole[first : first + count])
        assert (memory[:MARGIN] == SENTINEL).all()
        assert (memory[MARGIN + count :] == SENTINEL).all()


@every_element
def test_elements_far_behind_are_those_of_a_generator_that_was_advanced(element: str, engine: Any) -> None:
    block = 2**34
    bits = np.random.Philox(key=[5, 1], counter=[block, 0, 2, 0])
    want = np.random.Generator(bits).random(100, dtype=DTYPES[element])
    out = np.empty(100 + MARGIN, DTYPES[element])
    fill(engine, element, out, block * (8 if element == "float" else 4), 100, (5, 1, 2))
    assert out[:100].tobytes() == want.tobytes()


def test_doubles_are_the_words_of_the_published_definition(engine: Any) -> None:
    out = np.empty(11 + MARGIN)
    fill(engine, "double", out, 0, 11, (2**64 - 1, 9, 4))
    want = by_definition(None, np.array([2**64 - 1, 4], object), np.empty(11), 9)
    np.testing.assert_array_equal(out[:11], want.astype(float))
