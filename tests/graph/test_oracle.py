"""Random expressions of the table against a toy that shares no code with it: values, first and second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from witnesses.gate_samples import differentiable, rows_that
from witnesses.jets import ORACLE, Jet, NearKink, plus, tanh_of, times
from zanjir.graph import TABLE, Gate, Interval, Tensor, apply, gradient

# Some ten gates of a few roundings each; where they cancel, relative to the largest number on the way.
AGREEMENT = 1e-11
VARIABLES = ("x", "y", "z")
# Beyond this, derivatives of derivatives lose the digits that are compared.
LARGEST = 1e6

Tree = Any  # the name of a variable, or (gate, tree, ...)


def trees() -> st.SearchStrategy[Tree]:
    """Random expressions in x, y and z of every differentiable elementwise gate."""
    names = st.sampled_from(sorted(ORACLE))
    return st.recursive(
        st.sampled_from(VARIABLES),
        lambda inner: names.flatmap(lambda name: st.tuples(st.just(name), *[inner] * len(TABLE[name].vjp))),
        max_leaves=8,
    )


def inside(interval: Interval) -> tuple[float, float] | None:
    """Return middle and half-width of the part of a domain to visit, or None where everything is allowed."""
    if interval.low <= -1e3 and interval.high >= 1e3:
        return None
    low, high = max(interval.low, -2.0), min(interval.high, 2.0)
    return (low + high) / 2, 0.4 * (high - low)


def as_tensor(tree: Tree, leaves: dict[str, Tensor]) -> Tensor:
    """Build an expression with the table; inputs of gates with a small domain are brought into it by tanh."""
    if isinstance(tree, str):
        return leaves[tree]
    row = TABLE[tree[0]]
    inputs = []
    for part, domain in zip(tree[1:], row.domain, strict=True):
        x, within = as_tensor(part, leaves), inside(domain)
        inputs.append(x if within is None else within[0] + within[1] * np.tanh(x))
    return apply(row, *inputs)


def as_jet(tree: Tree, leaves: dict[str, Jet], sizes: list[float]) -> Jet:
    """Build the same expression with the toy, and note how large the numbers on the way are."""
    if isinstance(tree, str):
        return leaves[tree]
    inputs = []
    for part, domain in zip(tree[1:], TABLE[tree[0]].domain, strict=True):
        x, within = as_jet(part, leaves, sizes), inside(domain)
        inputs.append(x if within is None else plus(Jet(within[0]), times(Jet(within[1]), tanh_of(x))))
    jet = ORACLE[tree[0]](*inputs)
    sizes.extend(abs(v) for v in (jet.value, jet.slope, jet.curvature))
    return jet


def test_the_toy_knows_every_differentiable_elementwise_gate() -> None:
    rows: list[Gate] = rows_that(lambda row: row.elementwise and differentiable(row))
    assert set(ORACLE) == {row.name for row in rows}


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(tree=trees(), values=st.tuples(*[st.floats(-2, 2, allow_subnormal=False)] * 3))
def test_random_expressions_have_the_value_and_derivatives_of_the_toy(tree: Tree, values: tuple[float, ...]) -> None:
    leaves = {name: Tensor(np.array([value, value + 0.5]), name) for name, value in zip(VARIABLES, values, strict=True)}
    out = as_tensor(tree, leaves)
    for name, x in leaves.items():
        first = gradient(out.sum(), x)
        second = gradient(first.sum(), x)
        for k in range(2):
            assert_like_the_toy(tree, leaves, name, k, (out.value[k], first.value[k], second.value[k]))


def assert_like_the_toy(tree: Tree, leaves: dict[str, Tensor], by: str, k: int, got: tuple[float, ...]) -> None:
    """Compare value, slope and curvature along one variable at one element."""
    sizes = [1.0]
    jets = {name: Jet(float(x.value[k]), float(name == by)) for name, x in leaves.items()}
    try:
        jet = as_jet(tree, jets, sizes)
    except (NearKink, OverflowError):
        assume(False)
    assume(max(sizes) < LARGEST)
    expected = (jet.value, jet.slope, jet.curvature)
    assert got == pytest.approx(expected, rel=AGREEMENT, abs=AGREEMENT * max(sizes))
