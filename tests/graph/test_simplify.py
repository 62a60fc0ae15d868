"""Simplification: every rewrite keeps value, shape and dtype, never adds a gate, and is done when it is done."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zanjir.gates import broadcast_like, count, expand_dims, relu, reshape_like
from zanjir.graph import TABLE, Tensor, gradient, simplify, tensor, topological_order
from zanjir.graph.simplify import REWRITES, is_literal

# A rewrite may round in another order: (1 / N) * x has two roundings where x / N has one.
MOST_ULPS = 2

Expression = Callable[[Tensor, Tensor, Tensor], Tensor]
# For each rewrite by its name: expressions in x (3, 4), y (3, 4) and a single number a, to which it applies.
EXAMPLES: dict[str, tuple[Expression, ...]] = {
    "undone": (
        lambda x, _y, _a: np.negative(-x),
        lambda x, _y, _a: x.T.T,
        lambda x, _y, _a: np.negative(np.negative(-x)),
        lambda x, _y, _a: x.mT.mT,
        lambda x, _y, _a: np.transpose(np.transpose(x, (1, 0)), (1, 0)),
    ),
    "already_alike": (
        lambda x, y, _a: broadcast_like(x, y),
        lambda x, y, _a: reshape_like(x, y),
    ),
    "without_repetition": (
        lambda x, y, a: broadcast_like(a, x) * y,
        lambda x, y, a: y * broadcast_like(a, x),
        lambda x, y, a: broadcast_like(a, x) / y,
        lambda x, y, a: y / broadcast_like(a, x),
        lambda x, y, a: reshape_like(expand_dims(broadcast_like(a, x), axis=0), x) * y,
    ),
    "divided_by_count": (
        lambda x, _y, _a: (1 / count(x)) * x,
        lambda x, _y, _a: x * (1 / count(x, axis=0)),
        lambda x, _y, a: (2 / a) * x,
    ),
    "gathered_numbers": (
        lambda x, _y, _a: x * 2,
        lambda x, _y, _a: 3 * (2 * x),
        lambda x, _y, _a: 0.5 * (x * 0.2),
    ),
    "signed": (lambda x, _y, _a: -1 * x, lambda x, _y, _a: x * -1.0),
    "subtraction": (lambda x, y, _a: x + (-y), lambda _x, y, a: a + (-y)),
    "sum_of_nothing": (lambda _x, _y, a: np.sum(a), lambda _x, _y, a: np.sum(np.exp(a))),
    "without_neutral": (
        lambda x, _y, _a: x * 1, lambda x, _y, _a: 1 * x, lambda x, _y, _a: x + 0, lambda x, _y, _a: 0 + x,
        lambda x, _y, _a: x - 0, lambda x, _y, _a: x / 1, lambda x, _y, _a: np.power(x, 1),
    ),
    "numbers": (lambda x, _y, _a: x * (tensor(2) * 3), lambda x, _y, _a: x + np.exp(tensor(0.0)) * (tensor(1) - 0.5)),
}  # fmt: skip
ALL = [(name, expression) for name, examples in EXAMPLES.items() for expression in examples]
# What stays as it is: dropping or moving something here would change value, shape or dtype.
UNTOUCHED: tuple[Expression, ...] = (
    lambda x, _y, _a: 0 - x,
    lambda x, _y, _a: 1 / x,
    lambda x, _y, _a: np.power(1, x),
    lambda _x, y, a: broadcast_like(a, y),
    lambda x, _y, _a: x * np.array([1.0, 1.0, 1.0, 1.0]),
    lambda x, _y, _a: x * tensor(1.0, "alpha"),
    lambda x, _y, _a: np.sum(x),
    lambda x, _y, _a: np.ones((2, 1, 1)) * x,
)


def leaves(dtype: Any = np.float64, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Two matrices without zeros and a single number, all named."""
    rng = np.random.default_rng(seed)
    x, y = (rng.uniform(0.5, 2.0, (3, 4)).astype(dtype) for _ in "xy")
    return tensor(x, "x"), tensor(y, "y"), tensor(np.asarray(rng.uniform(0.5, 2.0), dtype), "a")


def gates_of(outputs: Iterable[Tensor]) -> int:
    """Count the gates of a graph."""
    return sum(node.gate is not None for node in topological_order(outputs))


def assert_equal_but_shorter(node: Tensor, short: Tensor) -> None:
    """Same shape and dtype, values within two units in the last place, and not more gates."""
    assert (short.shape, short.dtype) == (node.shape, node.dtype)
    np.testing.assert_array_max_ulp(short.value, node.value, maxulp=MOST_ULPS)
    assert gates_of([short]) <= gates_of([node])


def described(node: Tensor) -> list[Any]:
    """Return the structure of a graph."""
    order = topological_order([node])
    place = {id(part): i for i, part in enumerate(order)}
    return [(part.gate.name if part.gate else part.label, [place[id(x)] for x in part.inputs]) for part in order]


def test_every_rewrite_has_an_example() -> None:
    rules = {rule.__name__ for registered in REWRITES.values() for rule in registered}
    assert rules <= set(EXAMPLES), "a rewrite needs an expression to which it applies"
    assert set(REWRITES) <= set(TABLE)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize(("name", "expression"), ALL, ids=lambda value: value if isinstance(value, str) else "")
def test_every_rewrite_applies_and_keeps_value_shape_and_dtype(name: str, expression: Expression, dtype: Any) -> None:
    for seed in range(5):
        node = expression(*leaves(dtype, seed))
        (short,) = simplify([node])
        assert_equal_but_shorter(node, short)
        assert described(short) != described(node), f"{name} did not apply to {inspect.getsource(expression)}"


@pytest.mark.parametrize(("name", "expression"), ALL, ids=lambda value: value if isinstance(value, str) else "")
def test_simplifying_again_changes_nothing(name: str, expression: Expression) -> None:
    (short,) = simplify([expression(*leaves())])
    assert simplify([short])[0] is short, name


@pytest.mark.parametrize("expression", UNTOUCHED)
def test_what_would_change_value_shape_or_dtype_stays(expression: Expression) -> None:
    node = expression(*leaves())
    assert simplify([node])[0] is node


def test_an_order_of_axes_is_not_undone_by_itself_but_by_its_inverse() -> None:
    x = tensor(np.arange(8.0).reshape(2, 2, 2), "x")
    twice = np.transpose(np.transpose(x, (1, 2, 0)), (1, 2, 0))
    np.testing.assert_array_equal(simplify([twice])[0].value, twice.value)
    assert simplify([np.transpose(np.transpose(x, (1, 2, 0)), (2, 0, 1))])[0] is x
    assert simplify([x.mT.swapaxes(0, 1)])[0] is not x


def test_an_integer_is_not_divided_by_dropping_the_division() -> None:
    n = tensor(np.array([4, 6]), "n")
    (kept,) = simplify([n / 1])
    assert (kept.dtype, kept.value.tolist()) == (np.float64, [4.0, 6.0])


def test_names_survive_and_are_not_given_to_leaves() -> None:
    x, y, _ = leaves()
    (h,) = simplify([(x * 1 + (-y)).named("h")])
    assert (h.name, h.gate.name) == ("h", "subtract")
    (same,) = simplify([(x * 1).named("h")])
    assert same is x


def test_shared_nodes_stay_shared() -> None:
    x, y, _ = leaves()
    h = np.exp(x * 1)
    first, second = simplify([h + y, h * y])
    assert first.inputs[0] is second.inputs[0]


def test_a_named_number_is_no_literal() -> None:
    assert is_literal(tensor(2.0))
    assert not is_literal(tensor(2.0, "alpha"))
    assert not is_literal(tensor(np.asarray(2.0)))


WRONG: dict[str, tuple[str, Callable[[Tensor], Tensor | None]]] = {
    "x + (-y) as y - x": ("add", lambda n: n.inputs[1].inputs[0] - n.inputs[0] if n.inputs[1].gate else None),
    "x + (-y) as x + y": ("add", lambda n: n.inputs[0] + n.inputs[1].inputs[0] if n.inputs[1].gate else None),
    "-x as x": ("negative", lambda n: n.inputs[0]),
    "x * y as x / y": ("multiply", lambda n: n.inputs[0] / n.inputs[1]),
    "x * y as max(x, y)": ("multiply", lambda n: np.maximum(n.inputs[0], n.inputs[1])),
    "the sum of nothing but the mean": ("sum", lambda n: np.mean(n.inputs[0])),
}


@pytest.mark.parametrize(("gate", "rule"), WRONG.values(), ids=WRONG)
def test_a_wrong_rewrite_is_killed_by_the_checks_above(monkeypatch: pytest.MonkeyPatch, gate: str, rule: Any) -> None:
    monkeypatch.setitem(REWRITES, gate, [rule])
    survived = []
    for expression in (*(expression for _, expression in ALL), lambda x, _y, _a: np.sum(x), lambda x, _y, _a: -x):
        node = expression(*leaves())
        try:
            assert_equal_but_shorter(node, simplify([node])[0])
        except AssertionError:
            break
        survived.append(node)
    else:
        pytest.fail(f"the wrong rewrite of {gate} survived {len(survived)} expressions")


@pytest.mark.parametrize(
    ("gate", "expression", "rule"),
    [
        ("sum", lambda x, _y, _a: np.sum(x), lambda node: node.inputs[0]),
        ("greater", lambda x, y, _a: x > y, lambda node: node.inputs[0]),
    ],
    ids=["another shape", "another dtype"],
)
def test_a_rewrite_to_another_shape_or_dtype_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, gate: str, expression: Expression, rule: Any
) -> None:
    monkeypatch.setitem(REWRITES, gate, [rule])
    node = expression(*leaves())
    assert simplify([node])[0] is node


STEPS: tuple[Callable[[Tensor, Tensor, Tensor], Tensor], ...] = (
    lambda h, _y, _a: -h, lambda h, _y, _a: h * 1, lambda h, _y, _a: 2 * h, lambda h, _y, _a: h * 0.25,
    lambda h, _y, _a: h + 0, lambda h, y, _a: h + (-y), lambda h, y, a: broadcast_like(a, y) * h,
    lambda h, _y, _a: (1 / count(h)) * h, lambda h, _y, _a: h.T.T, lambda h, y, _a: h * y, lambda h, _y, _a: np.tanh(h),
)  # fmt: skip


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(steps=st.lists(st.sampled_from(range(len(STEPS))), max_size=10))
def test_chains_of_rewrites_keep_values_and_are_done_at_once(steps: list[int]) -> None:
    x, y, a = leaves()
    node, error = x, 0.0
    for step in steps:
        node = STEPS[step](node, y, a)
        # A step at most doubles what came before, and adds the rounding of numbers of its own size.
        error = 2 * error + MOST_ULPS * np.spacing(np.abs(node.value).max() + 2)
    (short,) = simplify([node])
    assert (short.shape, short.dtype) == (node.shape, node.dtype)
    np.testing.assert_allclose(short.value, node.value, rtol=0, atol=error)
    assert gates_of([short]) <= gates_of([node])
    assert simplify([short])[0] is short


def test_gradients_are_already_simple() -> None:
    x, y, a = leaves()
    loss = np.mean(np.square(x * a - y)) + 0.5 * np.sum(np.tanh(x))
    for dx in gradient(loss, [x, y, a]):
        assert simplify([dx])[0] is dx


@pytest.mark.parametrize("rule", ["negative", "times minus one", "subtracted"])
@pytest.mark.parametrize("at", [2.0, -2.0])
def test_minus_a_condition_keeps_its_slope(rule: str, at: float) -> None:
    x = Tensor(at, "x")
    kinked = relu(x)
    loss = {"negative": -kinked, "times minus one": -1 * kinked, "subtracted": 3 - kinked}[rule]
    assert gradient(loss, x).value == (-1 if at > 0 else 0)


def test_a_gradient_reads_the_forward_nodes_themselves():
    a = tensor([1.0, 2.0], "a")
    doubled = (a * 2.5).named("doubled")  # on its own, simplify would turn it into 2.5 * a
    da = gradient(np.sum(doubled * doubled), a)
    assert any(node is doubled for node in topological_order([da]))


def test_a_gradient_is_simplified_while_it_is_built_so_that_each_gate_is_computed_once() -> None:
    calls = []
    product = dataclasses.replace(TABLE["multiply"], forward=lambda a, b: calls.append(1) or a * b)
    row = dataclasses.replace(TABLE["exp"], vjp=(lambda g, y, _x: product(g, y),))
    x = y = tensor(np.array([0.1, 0.2]), "x")
    for _ in range(4):
        y = row(y)
    gradient(y.sum(), x)  # its first product, with ones, is dropped; what reads it must not be computed again
    assert len(calls) == 4


def test_the_work_of_simplifying_a_gradient_grows_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    visited = []
    module = sys.modules["zanjir.graph.simplify"]  # the package exports the function under the module's name
    shortened = module.shortened
    monkeypatch.setattr(module, "shortened", lambda *arguments: visited.append(1) or shortened(*arguments))
    x = y = tensor(np.array([0.1, 0.2]), "x")
    for _ in range(100):
        y = np.exp(y) * 0.25
    gradient(y.sum(), x)
    assert len(visited) == 201  # one flow through each of 200 gates, and one through the sum
