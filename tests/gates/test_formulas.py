"""Every differentiable row against SymPy: the formula that readers see, differentiated, is the rule that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from witnesses.gate_assertions import EXACT_ERROR, flow, output_shape, ruled_inputs
from witnesses.gate_formulas import READABLE, at_points, flow_by_symbols, formula, slopes_by_formula
from witnesses.gate_samples import case_id, cases, differentiable, inputs_for, random_of, rows_that
from witnesses.linalg_values import WITHOUT_FORMULA
from zanjir.graph import Gate

ELEMENTWISE = rows_that(lambda row: row.elementwise and differentiable(row))
# Symbols cannot be put in order.
ORDERED = {"sort"}
OF_ARRAYS = rows_that(
    lambda row: not row.elementwise and differentiable(row) and row.name not in ORDERED | WITHOUT_FORMULA
)


def points_for(row: Gate) -> list[Any]:
    """A few points: SymPy takes its time."""
    return inputs_for(row, 11, [(5,)] * len(row.vjp))


@pytest.mark.parametrize("row", ELEMENTWISE, ids=case_id)
def test_the_formula_has_the_value_of_the_gate(row: Gate) -> None:
    inputs = points_for(row)
    np.testing.assert_allclose(row.forward(*inputs), at_points(formula(row), inputs), rtol=EXACT_ERROR)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=case_id)
def test_the_derivative_of_the_formula_is_the_rule(row: Gate) -> None:
    inputs = points_for(row)
    for i in ruled_inputs(row):
        slopes = flow(row, inputs, {}, i, np.ones(5))
        np.testing.assert_allclose(slopes, slopes_by_formula(row, inputs, i), rtol=EXACT_ERROR, atol=EXACT_ERROR)


@pytest.mark.parametrize(("row", "params"), cases(OF_ARRAYS), ids=case_id)
def test_the_derivative_of_explicit_sums_is_the_rule(row: Gate, params: Mapping[str, Any]) -> None:
    inputs = inputs_for(row, 12)
    g = random_of(row.name, 13).standard_normal(output_shape(row, inputs, params))
    for i in ruled_inputs(row):
        expected = flow_by_symbols(row, inputs, params, i, g)
        np.testing.assert_allclose(flow(row, inputs, params, i, g), expected, rtol=EXACT_ERROR, atol=EXACT_ERROR)


def test_every_translation_for_sympy_is_still_needed() -> None:
    texts = [row.latex.format("x", "y", "z", **row.params) for row in ELEMENTWISE]
    for written, _ in READABLE:
        assert any(written in text for text in texts), f"no row writes {written} any more"
