"""Graphs in machine code: every gate, fused or alone, gives what NumPy gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from native.running import natively
from oracle.growing import GROWN, grown
from oracle.programs import replayed
from witnesses.gate_samples import case_id, cases, inputs_for
from zanjir.graph import TABLE, Gate, Tensor, apply, gradient
from zanjir.graph.order import evaluate
from zanjir.graph.tensor import is_number
from zanjir.program.passes import expand, prepared

# Relative to the largest number of a result: sums run in another order, and polynomials end elsewhere.
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
DTYPES = [np.float32, np.float64]


def leaves_for(values: list[Any], dtype: Any) -> list[Tensor]:
    """Name inputs, in a floating type where they are numbers of a continuum."""
    arrays = [
        np.asarray(value, dtype) if np.asarray(value).dtype.kind == "f" else np.asarray(value) for value in values
    ]
    return [Tensor(value, f"x{i}") for i, value in enumerate(arrays)]


def close(found: Any, expected: Any, dtype: Any) -> bool:
    expected = np.asarray(expected)
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if expected.dtype.kind != "f":
        return bool(np.array_equal(found, expected))
    scale = max(np.abs(expected).max(initial=0), 1e-30)
    return bool(np.allclose(found, expected, rtol=0, atol=TOLERANCE[dtype] * scale, equal_nan=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("row", "params"), cases(), ids=case_id)
def test_a_gate_gives_the_numbers_of_numpy(row: Gate, params: Mapping[str, Any], dtype: Any) -> None:
    leaves = leaves_for(inputs_for(row), dtype)
    node = apply(row, *leaves, **params)
    if is_number(node.value):
        pytest.skip("a Python number is not computed by a program, but read by it")
    for outputs in ({"y": node}, expand({"y": node}), {"y": node * 2}):
        found, _ = natively(outputs, {leaf: leaf.value for leaf in leaves})
        (expected,) = (evaluate(outputs.values(), {})[id(output)] for output in outputs.values())
        assert close(found["y"], expected, dtype)


@pytest.mark.parametrize("seed", range(24))
def test_a_random_expression_and_its_gradient_give_the_numbers_of_numpy(seed: int) -> None:
    names = list(np.random.default_rng(seed).choice(GROWN, 8, replace=False))
    program, _ = grown(names, 4, seed.to_bytes(2, "big"))
    nodes = replayed(program.steps)
    leaves = [node for node, step in zip(nodes, program.steps, strict=True) if step.varies]
    outputs = {"loss": nodes[-1]} | {f"d{i}": d for i, d in enumerate(gradient(nodes[-1], leaves))}
    found, _ = natively(prepared(outputs), {leaf: leaf.value for leaf in leaves})
    for name, node in outputs.items():
        assert close(found[name], node.value, np.float64), name


@pytest.mark.parametrize("columns", [3, 16, 50])
@pytest.mark.parametrize("gate", ["max", "min"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_and_the_smallest_of_a_row_are_nan_where_one_of_it_is(gate: str, columns: int, dtype: Any) -> None:
    X = np.random.default_rng(0).standard_normal((2 * columns + 1, columns)).astype(dtype)
    for row in range(columns):  # each place of a row once, beside infinities too
        X[row, row] = np.nan
        X[row, row - 1] = np.inf if row % 2 else -np.inf
    x = Tensor(X, "X")
    for axis in (1, 0, None):
        node = TABLE[gate](x, axis=axis)
        found = natively({"y": node}, {x: X})[0]["y"]
        np.testing.assert_array_equal(found, getattr(X, gate)(axis=axis))
