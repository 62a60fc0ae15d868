"""Every elementwise gate of the table: its native form means what its row computes with NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from native.loops import Compiled, Loop, compiled
from witnesses.gate_samples import case_id, cases, inputs_over_the_domain, rows_that
from zanjir.graph import TABLE, Gate
from zanjir.native.elementwise import ELEMENTWISE, NoNativeForm
from zanjir.native.mathematics import constant_of, power
from zanjir.native.values import Code, Kind, Value

Params = Mapping[str, Any]

ROWS = rows_that(lambda row: row.elementwise)
DTYPES = {"float": np.float32, "double": np.float64}
# NumPy's functions and the native ones each err by at most three units in the last place of the exact value, and
# arctan2, tan and the compound gates of NumPy by one or two more.
UNITS = 8
# exp(-|x|) below the smallest normal number is off by one step; silu multiplies that by |x| < 750.
STEPS = 750
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 1e-45, np.inf, -np.inf, np.nan]
# What the error is relative to, where results cancel.
SCALES = {
    "logaddexp": lambda x, y: np.maximum(1, np.maximum(np.abs(x), np.abs(y))),
    "sinc": lambda _x, order=0: np.pi**order,
}
WHOLE_NUMBERS = [
    "absolute",
    "add",
    "ceil",
    "clip",
    "equal",
    "floor",
    "fmax",
    "fmin",
    "greater",
    "greater_equal",
    "isfinite",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "relu",
    "rint",
    "sign",
    "square",
    "subtract",
    "trunc",
    "where",
]
every_case = pytest.mark.parametrize(("row", "params"), cases(ROWS), ids=case_id)
every_element = pytest.mark.parametrize("element", DTYPES)


def elements_of(row: Gate, element: str) -> tuple[str, ...]:
    return ("i1", element, element) if row.name == "where" else (element,) * len(row.vjp)


def name_of(row: Gate, params: Params, element: str, width: int = 0) -> str:
    return f"{row.name}_{row.examples.index(params)}_{element}_{width}"


@pytest.fixture(scope="module")
def native() -> Compiled:
    """All gates with all their examples: vectors of both formats, and single numbers."""
    loops = {}
    for (row, params), element, width in itertools.product(cases(ROWS), DTYPES, (0, 1)):

        def expression(*values: Value, row: Gate = row, params: Params = params) -> Value:
            return ELEMENTWISE[row.name](*values, **params)

        loops[name_of(row, params, element, width)] = Loop(expression, elements_of(row, element), width)
    for name in WHOLE_NUMBERS:
        loops[f"{name}_i64"] = Loop(ELEMENTWISE[name], elements_of(TABLE[name], "i64"))
    for n in CONSTANTS:
        loops[f"power_by_{n}"] = Loop(lambda x, n=n: power(x, x.beside(n)), ("double",))
    return compiled(loops)


CONSTANTS = (-4, -3, -2, -1, 0, 1, 2, 3, 4, 0.5, 1.5, -0.5, 7)


def rounded_inputs(row: Gate, element: str) -> list[Any]:
    """The samples of a row's domain, rounded to a format; those beyond it become infinite."""
    samples = np.concatenate([np.stack([np.ravel(x) for x in inputs]) for inputs in inputs_over_the_domain(row)], 1)
    with np.errstate(all="ignore"):
        return [x.astype(DTYPES[element]) for x in samples]


def special_inputs(row: Gate, element: str) -> list[Any]:
    """Every combination of zeros, infinities, a subnormal number and NaN."""
    grid = np.array(list(itertools.product(SPECIAL, repeat=len(row.vjp)))).T
    with np.errstate(all="ignore"):
        return [x.astype(DTYPES[element]) for x in grid]


def by_numpy(row: Gate, params: Params, inputs: list[Any]) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(row.forward(*inputs, **{**row.params, **params}))


def assert_close(got: Any, want: Any, relative: float, scale: Any) -> None:
    """The same infinities and NaNs, and finite numbers as close as the format allows."""
    limits, finite = np.finfo(want.dtype), np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    with np.errstate(all="ignore"):
        error = np.abs(got.astype(float) - want)
        allowed = max(UNITS * limits.eps, relative) * scale + STEPS * float(limits.smallest_subnormal)
    assert (error <= allowed)[finite].all(), error[finite & ~(error <= allowed)]


def assert_equal_values(row: Gate, params: Params, element: str, native: Compiled, inputs: list[Any]) -> None:
    inputs = [inputs[0] != 0, *inputs[1:]] if row.name == "where" else inputs
    want = by_numpy(row, params, inputs)
    with np.errstate(all="ignore"):
        scale = SCALES[row.name](*inputs, **params) if row.name in SCALES else np.abs(want)
    for width in (0, 1):
        got = native(name_of(row, params, element, width), *inputs)
        assert got.dtype == want.dtype
        if got.dtype == bool:
            np.testing.assert_array_equal(got, want)
        else:
            assert_close(got, want, row.relative_error, scale)


def test_every_elementwise_row_has_a_native_form() -> None:
    assert set(ELEMENTWISE) == {row.name for row in ROWS}


@every_case
@every_element
def test_a_native_gate_gives_the_rows_value_over_its_domain(
    row: Gate, params: Params, element: str, native: Compiled
) -> None:
    assert_equal_values(row, params, element, native, rounded_inputs(row, element))


@every_case
@every_element
def test_a_native_gate_gives_numpys_zeros_infinities_and_nans(
    row: Gate, params: Params, element: str, native: Compiled
) -> None:
    assert_equal_values(row, params, element, native, special_inputs(row, element))


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_native_gate_takes_whole_numbers(name: str, native: Compiled) -> None:
    row = TABLE[name]
    grid = np.array(list(itertools.product([-(2**40), -3, -1, 0, 1, 2, 2**40], repeat=len(row.vjp)))).T
    inputs = [grid[0] != 0, *grid[1:]] if name == "where" else list(grid)
    np.testing.assert_array_equal(native(f"{name}_i64", *inputs), by_numpy(row, {}, inputs))


@pytest.mark.parametrize("name", sorted({row.name for row in ROWS} - set(WHOLE_NUMBERS)))
def test_a_gate_without_a_form_for_whole_numbers_says_so(name: str) -> None:
    x = Value(Code(), Kind("i64", 8), "%x")
    with pytest.raises(NoNativeForm, match="lanes of <8 x i64>"):
        ELEMENTWISE[name](*[x] * len(TABLE[name].vjp))


def test_truth_values_compare_as_zero_and_one() -> None:
    table = np.array([[False, False], [False, True], [True, False], [True, True]]).T
    names = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or")
    loops = compiled({name: Loop(ELEMENTWISE[name], ("i1", "i1")) for name in names})
    for name in names:
        np.testing.assert_array_equal(loops(name, *table), TABLE[name].forward(*table), err_msg=name)


@pytest.mark.parametrize("n", CONSTANTS)
def test_a_constant_exponent_gives_numpys_power(n: float, native: Compiled) -> None:
    x = np.array([0.1, -0.1, 3.0, -7.0, 1e-150, 1e150, 1e-60, 0.0, np.inf, np.nan, 1.1, 0.7])
    with np.errstate(all="ignore"):
        want = x**n
    got = native(f"power_by_{n}", x)
    if n in (-1, 0, 0.5, 1, 2):  # NumPy takes these short ways too
        np.testing.assert_array_equal(got, want)
    np.testing.assert_allclose(got, want, rtol=UNITS * np.finfo(float).eps, atol=0)


def test_the_number_of_a_constant_can_be_read_and_that_of_a_name_cannot() -> None:
    for kind, n in itertools.product((Kind("float"), Kind("double", 8)), (0.5, -2.0, 3.0, 0.0)):
        assert constant_of(Code().constant(kind, n)) == n
    assert constant_of(Value(Code(), Kind("float"), "%x")) is None
