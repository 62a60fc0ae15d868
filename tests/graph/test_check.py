"""The checker is checked: it reports every kind of wrong rule by gate and input, and no right one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from witnesses.gate_samples import case_id, differentiable, inputs_for, rows_that
from zanjir.errors import GraphError, ShapeError
from zanjir.graph import TABLE, Gate, GradientError, Tensor, apply, check_gradient, check_rule, tensor
from zanjir.graph import gradient as gradient_of


def scaled(rule: Any, factor: float) -> Any:
    """A rule whose result is off by a factor."""
    return lambda *nodes, **params: rule(*nodes, **params) * factor


def with_rule(row: Gate, i: int, rule: Any) -> Gate:
    """Return a copy of a row with another rule for one input."""
    return replace(row, vjp=(*row.vjp[:i], rule, *row.vjp[i + 1 :]))


def wrong(name: str, i: int, rule: Callable[..., Any]) -> Any:
    """A case of the tests below: a row with a wrong rule for input i."""
    return with_rule(TABLE[name], i, rule), i


def off_by(name: str, i: int, factor: float) -> Any:
    """A case of the tests below: a row whose rule for input i is off by a factor."""
    return wrong(name, i, scaled(TABLE[name].vjp[i], factor))


WRONG = {
    "0.1 % too large": off_by("tanh", 0, 1.001),
    "0.1 % too small, second input": off_by("matmul", 1, 0.999),
    "sign": off_by("subtract", 1, -1.0),
    "zero": off_by("multiply", 1, 0.0),
    "transpose, left": wrong("matmul", 0, lambda g, _z, _x, y: g @ y),
    "transpose, right": wrong("matmul", 1, lambda g, _z, x, _y: x @ g),
    "transpose, the gate itself": wrong("transpose", 0, lambda g, _y, _x, *, axes: g),
    "missing sum in softmax": wrong("softmax", 0, lambda g, p, _x, *, axis: p * g),
    "missing sum in the hinge": wrong("hinge_margins", 0, lambda g, m, _s, _y, *, delta: g * (m > 0)),
    "missing 1/N": wrong("mean", 0, lambda g, _y, x, *, axis, keepdims: TABLE["broadcast_like"](g, x)),
    "inputs exchanged": wrong("multiply", 0, lambda g, _z, x, _y: g * x),
    "inputs exchanged, second": wrong("divide", 1, lambda g, z, x, _y: -(g * z / (x + 3))),
    "a forgotten gradient": wrong("exp", 0, lambda _g, y, _x: y),
    "a shape that does not fit": wrong("reshape", 0, lambda g, _y, _x, *, shape: g.T),
}
every_wrong_rule = pytest.mark.parametrize(("row", "i"), WRONG.values(), ids=WRONG)


def square_inputs(row: Gate) -> list[Any]:
    """Inputs on which a transposed matrix still fits."""
    shapes = [(3, 3) if len(letters) != 1 or "*" in letters else (3,) for letters in row.core_shapes]
    return inputs_for(row, shape_of=shapes)


def assert_reported(row: Gate, i: int, check: Callable[[], None]) -> None:
    """A check names the gate and the input of the wrong rule."""
    with pytest.raises(
        GradientError, match=rf"^the rule of gate '{row.name}' for input {i} (is wrong at first order|fails)"
    ):
        check()


def loss_through(row: Gate, inputs: list[Any]) -> tuple[Tensor, list[Tensor]]:
    """A small graph with one gate in its middle, and its leaves of real numbers."""
    leaves = [Tensor(x, f"x{k}") if x.dtype.kind == "f" else x for k, x in enumerate(inputs)]
    out = apply(row, *(x * 1.125 if isinstance(x, Tensor) else x for x in leaves))
    # Weights, because the squares of what is standardized add up to the same number wherever one goes.
    loss = np.mean(np.square(out + 0.5) * np.linspace(1, 2, out.size).reshape(out.shape))
    return loss, [x for x in leaves if isinstance(x, Tensor)]


@every_wrong_rule
def test_check_rule_reports_a_wrong_rule_by_gate_and_input(row: Gate, i: int) -> None:
    assert_reported(row, i, lambda: check_rule(row, inputs_for(row)))


@every_wrong_rule
def test_check_rule_reports_a_wrong_rule_on_square_matrices_too(row: Gate, i: int) -> None:
    assert_reported(row, i, lambda: check_rule(row, square_inputs(row)))


@every_wrong_rule
def test_check_gradient_reports_a_wrong_rule_in_the_middle_of_a_graph(row: Gate, i: int) -> None:
    for inputs in (inputs_for(row), square_inputs(row)):

        def check(inputs: list[Any] = inputs) -> None:
            check_gradient(*loss_through(row, inputs))

        assert_reported(row, i, check)


@pytest.mark.parametrize("row", rows_that(differentiable), ids=case_id)
def test_a_right_rule_is_not_reported(row: Gate) -> None:
    for seed in range(5):
        check_rule(row, inputs_for(row, seed), order=2, seed=seed)
        check_gradient(*loss_through(row, inputs_for(row, seed)), seed=seed)


def test_a_rule_that_is_right_in_value_but_cannot_be_differentiated_again_is_reported_at_second_order() -> None:
    frozen = with_rule(TABLE["exp"], 0, lambda g, y, _x: g * y.value)
    inputs = inputs_for(frozen)
    check_rule(frozen, inputs, order=1)
    with pytest.raises(GradientError, match=r"the rule of gate 'exp' for input 0 is wrong at second order: analytic"):
        check_rule(frozen, inputs, order=2)


def test_the_message_gives_both_numbers_and_the_step() -> None:
    row, _ = WRONG["sign"]
    number = r"-?[\d.]+(e-?\d+)?"
    with pytest.raises(GradientError, match=rf"analytic {number}, central difference {number}, step 6\.1e-06\.$"):
        check_rule(row, inputs_for(row))


def test_broadcasting_undone_without_its_sum_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    X, b = tensor(np.ones((4, 3)), "X"), tensor(np.array([1.0, 2.0, 3.0]), "b")
    loss = np.square(X + b).sum()
    check_gradient(loss, [X, b])
    monkeypatch.setattr(sys.modules["zanjir.graph.gradient"], "undo_broadcasting", first_copy_only)
    with pytest.raises(GradientError, match=r"^the rule of gate 'add' for input 1 is wrong at first order: analytic"):
        check_gradient(loss, [b])


def test_where_no_rule_is_at_fault_the_tensor_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    w = tensor([1.0, 2.0], "w")
    monkeypatch.setattr(
        sys.modules["zanjir.graph.check"], "derivatives", lambda _loss, _wrt, _seed: (tensor([2.0, 4.1]),)
    )
    with pytest.raises(GradientError, match=r"^the gradient of loss with respect to w is wrong: analytic"):
        check_gradient((w * w).sum().named("loss"), [w])


def test_an_error_that_is_no_rules_fault_is_raised_as_it_is() -> None:
    w = tensor([1.0, 2.0], "w")
    with pytest.raises(ShapeError, match="gradient needs a single number"):
        check_gradient(w * w, [w])
    with pytest.raises(GraphError, match="gradient takes tensors; got float"):
        check_gradient(2.0, [w])  # type: ignore[arg-type]


def first_copy_only(flow: Tensor, x: Tensor) -> Tensor:
    """Undo broadcasting without the sum over the copies."""
    return flow if flow.shape == x.shape else Tensor(flow.value[0])


def test_a_wrong_rule_behind_a_right_gradient_of_another_tensor_is_left_alone() -> None:
    row, _ = off_by("multiply", 1, 2.0)
    x, y = tensor([1.0, 2.0], "x"), tensor([3.0, 4.0], "y")
    loss = apply(row, x, y).sum()
    check_gradient(loss, [x])
    with pytest.raises(GradientError, match="'multiply' for input 1"):
        check_gradient(loss, [x, y])


def test_another_seed_takes_another_direction() -> None:
    row, _ = WRONG["sign"]
    messages = []
    for seed in (0, 1):
        with pytest.raises(GradientError) as error:
            check_rule(row, inputs_for(row), seed=seed)
        messages.append(str(error.value))
    assert messages[0] != messages[1]


def test_the_gradient_of_a_right_graph_is_what_was_checked() -> None:
    w = tensor([1.0, 2.0], "w")
    check_gradient((w * w).sum(), [w])
    np.testing.assert_array_equal(gradient_of((w * w).sum(), w).value, [2.0, 4.0])
