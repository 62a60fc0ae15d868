"""Every rule of the table: derivatives against differences, complex steps, witnesses and conventions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
import pytest

from witnesses.gate_assertions import (
    DIGITS,
    EXACT_ERROR,
    KINK_INPUTS,
    assert_complex_step,
    assert_differences,
    assert_jacobian,
    assert_kinks,
    assert_linear,
    flow,
    output_shape,
    ruled_inputs,
)
from witnesses.gate_samples import case_id, cases, differentiable, inputs_for, random_of, rows_that
from witnesses.gate_values import WITNESSES
from witnesses.linalg_values import NOT_ANALYTIC
from zanjir.graph import TABLE, Gate, Tensor, apply, gradient

Params = Mapping[str, Any]

# Functions computed from np.abs have no complex continuation; the others are analytic where they are smooth.
COMPUTED_FROM_ABS = {"absolute", "sech2", "sigmoid", "silu", "softplus", "sigmoid_cross_entropy", "std", "var"}
# NumPy has these for real numbers only, or the gate makes its input real.
FOR_REAL_NUMBERS = {"arctan2", "astype", "cbrt", "deg2rad", "hypot", "logaddexp", "rad2deg", "remainder"}
# One-sided slopes at a smooth point differ by h f'' = 1e-6; at a kink by about 1.
SIDE, SAME_SLOPE = 1e-6, 1e-3

SMOOTH = rows_that(differentiable)
ELEMENTWISE = [row for row in SMOOTH if row.elementwise]
ANALYTIC = [row for row in SMOOTH if row.name not in COMPUTED_FROM_ABS | FOR_REAL_NUMBERS | NOT_ANALYTIC]
FUSED = rows_that(lambda row: row.composition is not None)
every_rule = pytest.mark.parametrize(("row", "params"), cases(SMOOTH), ids=case_id)
every_fused = pytest.mark.parametrize(("row", "params"), cases(FUSED), ids=case_id)


@every_rule
def test_first_and_second_derivatives_agree_with_central_differences(row: Gate, params: Params) -> None:
    assert_differences(row, params)


@every_rule
def test_the_whole_jacobian_agrees_with_central_differences(row: Gate, params: Params) -> None:
    assert_jacobian(row, params)


@every_rule
def test_the_flow_is_linear_in_the_output_gradient(row: Gate, params: Params) -> None:
    assert_linear(row, params)


@pytest.mark.parametrize(("row", "params"), cases(ANALYTIC), ids=case_id)
def test_derivatives_agree_with_the_complex_step(row: Gate, params: Params) -> None:
    assert_complex_step(row, params)


@pytest.mark.parametrize("row", [TABLE[name] for name in sorted(COMPUTED_FROM_ABS)], ids=case_id)
def test_only_functions_of_abs_are_spared_the_complex_step(row: Gate) -> None:
    with pytest.raises(AssertionError):
        assert_complex_step(row, {})


@pytest.mark.parametrize("row", [TABLE[name] for name in sorted(FOR_REAL_NUMBERS)], ids=case_id)
def test_only_gates_that_refuse_complex_numbers_are_spared_the_complex_step(row: Gate) -> None:
    with pytest.raises((TypeError, np.exceptions.ComplexWarning)):
        assert_complex_step(row, {})


@pytest.mark.parametrize("row", ELEMENTWISE, ids=case_id)
def test_slopes_agree_with_the_derivative_of_the_50_digit_witness(row: Gate) -> None:
    inputs = inputs_for(row, 7)
    ones = np.ones(output_shape(row, inputs, {}))
    for i in ruled_inputs(row):
        slopes = flow(row, inputs, {}, i, ones)
        expected = np.vectorize(lambda *x, i=i: witnessed_slope(row, x, i))(*inputs)
        np.testing.assert_allclose(slopes, expected, rtol=EXACT_ERROR, atol=EXACT_ERROR)


def witnessed_slope(row: Gate, point: tuple[float, ...], i: int) -> float:
    """Differentiate the witness along one input with 50 digits."""
    order = tuple(int(k == i) for k in range(len(point)))
    with mpmath.workdps(DIGITS):
        exact = [mpmath.mpf(float(x)) for x in point]
        return float(mpmath.diff(lambda *x: WITNESSES[row.name].value(mpmath, *x), tuple(exact), order))


@pytest.mark.parametrize(("row", "params"), cases(rows_that(lambda row: row.kinks)), ids=case_id)
def test_at_a_kink_the_slope_is_the_one_the_row_chose(row: Gate, params: Params) -> None:
    assert_kinks(row, params)


def test_every_kink_of_a_gate_that_is_not_elementwise_has_inputs_that_reach_it() -> None:
    assert {row.name for row in TABLE.values() if row.kinks and not row.elementwise} == set(KINK_INPUTS)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=case_id)
def test_a_row_whose_slopes_jump_says_so(row: Gate) -> None:
    settings = {key: value for kink in row.kinks for key, value in kink.params.items()}
    jumps = any(slope_jumps(row, point, i, settings) for point in suspects(row) for i in ruled_inputs(row))
    assert jumps == bool(row.kinks), f"{row.name}: the row must state exactly the kinks that it has"


def suspects(row: Gate) -> list[tuple[float, ...]]:
    """Points where kinks like to be: at 0, at +-1, and where the inputs are equal."""
    points = [(x,) * len(row.domain) for x in (-1.0, 0.0, 0.5, 1.0, 2.0)]
    inside = [all(d.low < x < d.high for x, d in zip(p, row.domain, strict=True)) for p in points]
    return [p for p, is_inside in zip(points, inside, strict=True) if is_inside]


def slope_jumps(row: Gate, point: tuple[float, ...], i: int, settings: Params) -> bool:
    """Whether the slopes to the left and to the right of a point differ."""

    def value(step: float) -> float:
        return float(row.forward(*(np.asarray(x + step * (k == i)) for k, x in enumerate(point)), **settings))

    left, right = (value(0) - value(-SIDE)) / SIDE, (value(SIDE) - value(0)) / SIDE
    return abs(left - right) > SAME_SLOPE


def test_a_row_whose_formula_has_a_corner_has_a_kink() -> None:
    corners = {row.name for row in SMOOTH if re.search(r"\\max|\\min|\\left\||\\lVert", str(row.latex))}
    assert corners
    assert corners <= {row.name for row in SMOOTH if row.kinks}


@every_fused
def test_a_fused_gate_equals_its_composition_in_value_and_derivatives(row: Gate, params: Params) -> None:
    settings = {**row.params, **params}
    inputs = inputs_for(row, 8)
    assert row.composition is not None
    for i in ruled_inputs(row):
        fused, composed = Tensor(inputs[i]), Tensor(inputs[i])
        outs = [
            apply(row, *inputs[:i], fused, *inputs[i + 1 :], **params),
            row.composition(*inputs[:i], composed, *inputs[i + 1 :], **settings),
        ]
        g, h = (random_of(row.name, k).standard_normal(shape) for k, shape in ((9, outs[0].shape), (10, fused.shape)))
        first = [gradient((out * g).sum(), x) for out, x in zip(outs, (fused, composed), strict=True)]
        second = [gradient((d * h).sum(), x) for d, x in zip(first, (fused, composed), strict=True)]
        for ours, simpler in (outs, first, second):
            np.testing.assert_allclose(ours.value, simpler.value, rtol=EXACT_ERROR, atol=EXACT_ERROR)


def test_sech2_keeps_its_digits_where_one_minus_tanh_squared_loses_them() -> None:
    x = np.array([1.0, 10.0, 18.0, 100.0, 300.0])
    slopes = flow(TABLE["tanh"], [x], {}, 0, np.ones(5))
    expected = [witnessed_slope(TABLE["tanh"], (v,), 0) for v in x[:3]]
    np.testing.assert_allclose(slopes[:3], expected, rtol=TABLE["sech2"].relative_error)
    assert (slopes > 0).all()
