"""Mutants: each wrong rule, convention or formula must fail the very checks that the table passes.

A mutant is made only where it changes the function: ``x + y`` with its inputs exchanged is no mutant.
Run with ``-s`` to see the numbers made and killed. A mutant may overflow: that is no error here, and NaN
passes no check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from witnesses.gate_assertions import (
    assert_differences,
    assert_jacobian,
    assert_kinks,
    assert_linear,
    assert_values,
    flow,
    output_shape,
    ruled_inputs,
)
from witnesses.gate_samples import differentiable, inputs_for, random_of, rows_that, shapes
from zanjir.errors import ShapeError
from zanjir.gates import (
    argsort,
    expand_dims,
    greater_equal,
    heaviside,
    max_unpool2d,
    one_hot,
    pick,
    put_along_axis_like,
    where,
)
from zanjir.gates.arithmetic import nonzero
from zanjir.gates.reduce import kept
from zanjir.graph import TABLE, Gate, GradientError, Tensor

Params = Mapping[str, Any]
Check = Callable[[Gate, Params], None]
Mutant = tuple[str, Gate]

RULE_CHECKS: tuple[Check, ...] = (assert_differences, assert_jacobian, assert_linear)
VALUE_CHECKS: tuple[Check, ...] = (assert_values,)
KINK_CHECKS: tuple[Check, ...] = (assert_kinks,)


@pytest.fixture(autouse=True)
def no_silent_overflow() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


def killed(row: Gate, checks: tuple[Check, ...]) -> bool:
    """Whether any check, on any example of parameters, reports the row."""
    return any(reports(check, row, params) for check in checks for params in row.examples)


def reports(check: Check, row: Gate, params: Params) -> bool:
    """Whether a check reports a row; an error of another kind is not a report."""
    try:
        check(row, params)
    except (AssertionError, GradientError):
        return True
    return False


def without_g(rule: Any) -> Any:
    return lambda g, *nodes, **params: rule(Tensor(np.ones(g.shape)), *nodes, **params)


def with_inputs_exchanged(rule: Any) -> Any:
    return lambda g, out, x, y, **params: rule(g, out, y, x, **params)


RULE_MUTATIONS: dict[str, Callable[[Any], Any]] = {
    "negated": lambda rule: lambda *nodes, **params: -rule(*nodes, **params),
    "times 1.001": lambda rule: lambda *nodes, **params: rule(*nodes, **params) * 1.001,
    "times 0": lambda rule: lambda *nodes, **params: rule(*nodes, **params) * 0.0,
    "plus 0.001": lambda rule: lambda *nodes, **params: rule(*nodes, **params) + 1e-3,
    "without g": without_g,
    "inputs exchanged": with_inputs_exchanged,
}


def rule_mutants(rows: list[Gate]) -> Iterator[Mutant]:
    """Every rule of every row with every mutation that fits and changes it."""
    for row in rows:
        for i in (k for k in ruled_inputs(row) if k < len(row.vjp)):
            for name, mutate in RULE_MUTATIONS.items():
                if name == "inputs exchanged" and not exchangeable(row):
                    continue
                mutant = with_rule(row, i, mutated(row, i, mutate))
                if changed(row, mutant, i):
                    yield f"{row.name}, input {i}, {name}", mutant


def with_rule(row: Gate, i: int, rule: Any) -> Gate:
    """Return a copy of a row with another rule for one input."""
    return replace(row, vjp=(*row.vjp[:i], rule, *row.vjp[i + 1 :]))


def mutated(row: Gate, i: int, mutate: Callable[[Any], Any]) -> Any:
    """Return a mutant of a rule; one that serves many inputs takes the number of the input first."""
    rule = row.vjp[i]
    if not (row.variadic and i == len(row.vjp) - 1):
        return mutate(rule)
    return lambda k, *nodes, **params: mutate(partial(rule, k))(*nodes, **params)


def exchangeable(row: Gate) -> bool:
    """Whether a gate has two inputs of the same kind."""
    if len(row.core_shapes) != 2 or row.variadic or len(set(shapes(row))) > 1:
        return False
    return row.core_shapes[0] == row.core_shapes[1] and row.domain[0].integers == row.domain[1].integers


def changed(row: Gate, mutant: Gate, i: int) -> bool:
    """Whether a mutant's flow differs from the row's."""
    inputs = inputs_for(row)
    g = random_of(row.name, 30).standard_normal(output_shape(row, inputs, {}))
    try:
        return not np.array_equal(flow(row, inputs, {}, i, g), flow(mutant, inputs, {}, i, g))
    except ShapeError:
        return True


def value_mutants(rows: list[Gate]) -> Iterator[Mutant]:
    """Every gate with a value that is off by four times what its row states, where that changes the value."""
    for row in rows:

        def off(*inputs: Any, _row: Gate = row, **params: Any) -> Any:
            return np.multiply(_row.forward(*inputs, **params), 1 + 4 * _row.relative_error)

        inputs = inputs_for(row)
        if not np.array_equal(off(*inputs, **row.params), row.forward(*inputs, **row.params)):
            yield f"{row.name}, value off", replace(row, forward=off)


def naive_softmax(x: Any, *, axis: int = -1) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def naive_cross_entropy(s: Any, y: Any) -> Any:
    return -np.log(naive_softmax(s)[np.arange(len(s)), y])


# The formula of the slides, where a stable one is needed: it overflows, or loses the digits of small results.
NAIVE: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda x: (1 + np.tanh(x / 2)) / 2,
    "logsumexp": lambda x, *, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
    "softmax": naive_softmax,
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "sech2": lambda x: 1 - np.tanh(x) ** 2,
    "log1p": lambda x: np.log(1 + x),
    "softmax_cross_entropy": naive_cross_entropy,
    "sigmoid_cross_entropy": lambda z, y: np.log(1 + np.exp(z)) - y * z,
}

KINKED: dict[str, tuple[Any, ...]] = {
    "relu": (lambda g, _y, x: g * greater_equal(x, 0),),
    "absolute": (lambda g, _y, x: g * (2 * greater_equal(x, 0) - 1),),
    "maximum": (
        lambda g, _z, x, y: g * greater_equal(x, y),
        lambda g, _z, x, y: g * heaviside(y - x, 0),
    ),
    "minimum": (
        lambda g, _z, x, y: g * heaviside(y - x, 1),
        lambda g, _z, x, y: g * (x > y),
    ),
    "fmax": (
        lambda g, _z, x, y: g * greater_equal(x, y),
        lambda g, _z, x, y: g * (y > x),
    ),
    "fmin": (
        lambda g, _z, x, y: g * heaviside(y - x, 1),
        lambda g, _z, x, y: g * (x > y),
    ),
    "hypot": (
        lambda g, z, x, _y: g * where(z == 0, 1, x / nonzero(z)),
        lambda g, z, _x, y: g * where(z == 0, 1, y / nonzero(z)),
    ),
    "remainder": (
        lambda g, z, _x, _y: g * (z > 0),
        lambda g, _z, x, y: g * (1 - np.ceil(x / y)),
    ),
    "clip": (lambda g, _y, x, low, high: g * (greater_equal(x, low) * (x < high)),),
    "leaky_relu": (lambda g, _y, x, slope: where(greater_equal(x, 0), g, slope * g),),
    "elu": (lambda g, _y, x, alpha: where(greater_equal(x, 0), g, alpha * g * np.exp(np.minimum(x, 0))),),
    "max": (lambda g, y, x, axis, keepdims: kept(g, axis, keepdims) * heaviside(x - kept(y, axis, keepdims), 1),),
    "min": (lambda g, y, x, axis, keepdims: kept(g, axis, keepdims) * heaviside(kept(y, axis, keepdims) - x, 1),),
    "std": (lambda g, y, x, **params: TABLE["std"].vjp[0](g, y, x, **params) + (np.max(x) == np.min(x)),),
    "sort": (lambda g, _y, x, axis: sorted_the_other_way(g, x, axis),),
}


def sorted_the_other_way(g: Tensor, x: Tensor, axis: int | None) -> Tensor:
    """The rule of sort where equal elements change their order."""
    if axis is None:
        return sorted_the_other_way(g, x.ravel(), 0).reshape(x.shape)
    order = argsort(-x, axis=axis).value
    return put_along_axis_like(g, np.flip(order, axis), x, axis=axis)


def hinge_flow_at_zero(g: Tensor, _margins: Tensor, s: Tensor, y: Tensor, *, delta: float) -> Tensor:
    """The rule of the hinge where a margin of exactly 0 counts as violated."""
    violated = greater_equal(s - expand_dims(pick(s, y), axis=1) + delta, 0)
    pushed = g * violated * (1 - one_hot(y, s))
    return pushed - one_hot(y, s) * pushed.sum(axis=1, keepdims=True)


def along_the_first(rule: Any) -> Any:
    """A rule of a norm that at 0 takes another subgradient: a unit vector for each norm."""
    return lambda g, y, x, **settings: rule(g, y, x, **settings) + np.sum(g) * (np.sum(y) <= 0)


def first_wins(g: Tensor, _y: Tensor, x: Tensor, **how: Any) -> Tensor:
    """The rule of max_pool2d where the first of equal numbers gets all."""
    ramp = 1e-9 * np.arange(x.size, 0, -1).reshape(x.shape)
    return max_unpool2d(g, x + ramp, **how)


def kink_mutants() -> Iterator[Mutant]:
    """Every kink with the slope of one side in place of the row's choice, one input at a time."""
    for name, rules in KINKED.items():
        for i, rule in enumerate(rules):
            yield f"{name}, input {i}, one side at the kink", with_rule(TABLE[name], i, rule)
    for name in ("euclidean_norm", "p_norm"):
        yield f"{name}, input 0, one side at the kink", with_rule(TABLE[name], 0, along_the_first(TABLE[name].vjp[0]))
    yield "hinge_margins, input 0, one side at the kink", with_rule(TABLE["hinge_margins"], 0, hinge_flow_at_zero)
    yield "max_pool2d, input 0, the first of equal numbers", with_rule(TABLE["max_pool2d"], 0, first_wins)


def assert_all_killed(what: str, mutants: list[Mutant], checks: tuple[Check, ...]) -> None:
    """Print how many mutants were made and killed, and name those that survive."""
    survivors = [name for name, mutant in mutants if not killed(mutant, checks)]
    print(f"\n{what}: {len(mutants)} made, {len(mutants) - len(survivors)} killed")  # noqa: T201 - asked for with -s
    assert mutants
    assert not survivors


def test_every_mutant_of_every_rule_is_killed() -> None:
    mutants = list(rule_mutants(rows_that(differentiable)))
    mutated = {mutant.name for _, mutant in mutants}
    assert mutated == {row.name for row in rows_that(differentiable)}
    assert_all_killed("rules", mutants, RULE_CHECKS)


def test_every_mutant_of_every_value_is_killed() -> None:
    assert_all_killed("values", list(value_mutants(list(TABLE.values()))), VALUE_CHECKS)


@pytest.mark.parametrize("name", NAIVE)
def test_every_unstable_formula_is_killed(name: str) -> None:
    assert killed(replace(TABLE[name], forward=NAIVE[name]), VALUE_CHECKS)


def test_every_mutant_of_a_kink_is_killed_at_the_kink() -> None:
    mutants = list(kink_mutants())
    assert {mutant.name for _, mutant in mutants} == {row.name for row in TABLE.values() if row.kinks}
    assert_all_killed("kinks", mutants, KINK_CHECKS)


def test_mutants_of_a_kink_pass_at_random_points_so_that_the_kink_itself_must_be_tested() -> None:
    survivors = [name for name, mutant in kink_mutants() if not killed(mutant, RULE_CHECKS)]
    assert len(survivors) == len(list(kink_mutants()))


def test_an_unchanged_row_is_not_killed() -> None:
    assert not [row.name for row in rows_that(differentiable) if killed(row, (*RULE_CHECKS, *KINK_CHECKS))]
