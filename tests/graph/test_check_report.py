"""The report on derivatives is checked: it finds every kind of mistake, names it, and does not cry wolf."""

from __future__ import annotations

import itertools
import json
import math
import re
import sys
from dataclasses import FrozenInstanceError, replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from witnesses.gate_samples import case_id, differentiable, inputs_for, rows_that
from zanjir import gates
from zanjir.errors import GraphError, NonFiniteError, ParameterError, ShapeError
from zanjir.graph import TABLE, CheckReport, Gate, Tensor, Verdict, apply, check, tensor
from zanjir.nn import binary_cross_entropy, hinge, squared_hinge

# What row 83 of the checklist asks of a right network.
CORRECT = 1e-7
# The complex step rounds like the function itself; a few operations of a network keep 13 digits.
EXACT = 1e-12


def with_rule(row: Gate, i: int, rule: Any) -> Gate:
    """A copy of a row with another rule for one input."""
    return replace(row, vjp=(*row.vjp[:i], rule, *row.vjp[i + 1 :]))


def off_by(name: str, i: int, factor: float) -> tuple[Gate, int]:
    """A row whose rule for input i is off by a factor."""
    right = TABLE[name].vjp[i]
    return with_rule(TABLE[name], i, lambda *nodes, **params: right(*nodes, **params) * factor), i


def wrong(name: str, i: int, rule: Any) -> tuple[Gate, int]:
    """A row with another rule for input i."""
    return with_rule(TABLE[name], i, rule), i


WRONG = {
    "0.1 % too large": off_by("tanh", 0, 1.001),
    "0.1 % too small, second input": off_by("matmul", 1, 0.999),
    "0.1 % off beside a kink": off_by("relu", 0, 1.001),
    "sign": off_by("subtract", 1, -1.0),
    "factor 2": off_by("exp", 0, 2.0),
    "zero": off_by("multiply", 1, 0.0),
    "transposed, left": wrong("matmul", 0, lambda g, _z, _x, y: g @ y),
    "transposed, right": wrong("matmul", 1, lambda g, _z, x, _y: x @ g),
    "transposed, the gate itself": wrong("transpose", 0, lambda g, _y, _x, *, axes: g),
    "missing sum in softmax": wrong("softmax", 0, lambda g, p, _x, *, axis: p * g),
    "missing sum in the hinge": wrong("hinge_margins", 0, lambda g, m, _s, _y, *, delta: g * (m > 0)),
    "missing 1/N": wrong("mean", 0, lambda g, _y, x, *, axis, keepdims: TABLE["broadcast_like"](g, x)),
    "inputs exchanged": wrong("multiply", 0, lambda g, _z, x, _y: g * x),
    "a forgotten gradient": wrong("exp", 0, lambda _g, y, _x: y),
    "not a number": wrong("exp", 0, lambda g, _y, x: g * (x - x) / (x - x)),
    "a shape that does not fit": wrong("reshape", 0, lambda g, _y, _x, *, shape: g.T),
}


def loss_through(row: Gate, inputs: list[Any]) -> tuple[Tensor, list[Tensor]]:
    """A small graph with one gate in its middle, and its leaves of real numbers."""
    leaves = [Tensor(x, f"x{k}") if x.dtype.kind == "f" else x for k, x in enumerate(inputs)]
    loss = np.mean(np.square(apply(row, *(x * 1.25 if isinstance(x, Tensor) else x for x in leaves)) + 0.5))
    return loss, [x for x in leaves if isinstance(x, Tensor)]


def square_inputs(row: Gate) -> list[Any]:
    """Inputs on which a transposed matrix still fits."""
    shapes = [(3, 3) if len(letters) != 1 or "*" in letters else (3,) for letters in row.core_shapes]
    return inputs_for(row, shape_of=shapes)


def verdicts(report: CheckReport) -> list[str]:
    return [str(parameter.verdict) for parameter in report.parameters]


# what is wrong


@pytest.mark.parametrize("make", [inputs_for, square_inputs])
@pytest.mark.parametrize(("row", "i"), WRONG.values(), ids=WRONG)
@pytest.mark.filterwarnings("ignore:divide by zero|invalid value")
def test_a_wrong_rule_is_reported_with_gate_and_input(row, i, make):
    with np.errstate(all="ignore"):  # one of the wrong rules divides by zero
        report = check(*loss_through(row, make(row)))
    assert not report.ok
    assert [(fault.gate, fault.input) for fault in report.faults] == [(row.name, i)]
    assert str(report.faults[0]).startswith(f"the rule of gate {row.name!r} for input {i} (")
    assert str(report.faults[0]) in str(report)


def test_only_the_parameter_behind_the_wrong_rule_is_wrong():
    row, _ = off_by("multiply", 1, 1.001)
    x, y = tensor([1.0, 2.0], "x"), tensor([3.0, 4.0], "y")
    report = check(apply(row, x, y).sum(), [x, y])
    assert verdicts(report) == ["right", "wrong"]
    assert report["y"].relative_error == pytest.approx(0.001, rel=0.01)
    assert check(apply(row, x, y).sum(), [x]).ok


def test_the_fault_says_where_and_with_which_numbers():
    row, _ = off_by("tanh", 0, -1.0)
    z = tensor([[0.5, -0.25]], "z")
    (fault,) = check((3 * apply(row, z).named("a")).sum(), [z]).faults
    assert (fault.input_name, fault.expression) == ("z", "a = np.tanh(z)")
    number = r"-?[\d.]+(e-?\d+)?"
    assert pytest.approx(2) == float(str(fault).split("relative error ")[1].rstrip(")"))
    assert re.search(rf"is wrong in a = np.tanh\(z\): at \[0, \d\] analytic {number}, numeric {number}", str(fault))


def test_broadcasting_undone_without_its_sum_is_reported(monkeypatch):
    X, b = tensor(np.ones((4, 3)), "X"), tensor(np.array([1.0, 2.0, 3.0]), "b")
    loss = np.square(X + b).sum()
    assert check(loss, [X, b]).ok

    def first_copy_only(flow, x):
        return flow if flow.shape == x.shape else Tensor(flow.value[0])

    monkeypatch.setattr(sys.modules["zanjir.graph.gradient"], "undo_broadcasting", first_copy_only)
    report = check(loss, [X, b])
    assert verdicts(report) == ["right", "wrong"]
    assert [(fault.gate, fault.input, fault.input_name) for fault in report.faults] == [("add", 1, "b")]


def test_a_wrong_element_of_a_large_parameter_is_found_where_it_is():
    row, _ = wrong("exp", 0, lambda g, y, _x: g * y * Tensor(dented))
    dented = np.ones((60, 50))
    dented[41, 7] = 1.1
    W = tensor(np.random.default_rng(0).standard_normal((60, 50)), "W")
    report = check(apply(row, W).mean(), [W], samples=4)
    assert (report["W"].verdict, report["W"].index) == (Verdict.WRONG, (41, 7))
    assert report["W"].relative_error == pytest.approx(0.1 / 1.1, rel=1e-3)


# what is right


@pytest.mark.parametrize("row", rows_that(differentiable), ids=case_id)
def test_a_right_rule_is_not_reported(row):
    for seed in range(3):
        report = check(*loss_through(row, inputs_for(row, seed)), seed=seed)
        assert set(verdicts(report)) <= {"right"}, str(report)
        assert not report.faults


def network(activation: str, dtype: Any = np.float64) -> tuple[Tensor, dict[str, Tensor]]:
    rng = np.random.default_rng(0)
    shapes = {"W1": (5, 7), "b1": (7,), "W2": (7, 3), "b2": (3,)}
    p = {name: tensor(rng.standard_normal(shape).astype(dtype), name) for name, shape in shapes.items()}
    X = tensor(rng.standard_normal((6, 5)).astype(dtype), "X")
    h = TABLE[activation](X @ p["W1"] + p["b1"])
    return gates.softmax_cross_entropy(h @ p["W2"] + p["b2"], rng.integers(0, 3, 6)).mean(), p


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_a_right_network_is_right_to_seven_digits(activation):
    loss, parameters = network(activation)
    report = check(loss, parameters)
    assert verdicts(report) == ["right"] * 4
    assert all(parameter.relative_error < CORRECT for parameter in report.parameters)


def test_the_complex_step_is_taken_exactly_where_every_gate_takes_complex_numbers():
    loss, parameters = network("tanh")
    smooth = check(loss, parameters)
    assert {parameter.method for parameter in smooth.parameters} == {"complex step"}
    assert all(parameter.relative_error < EXACT for parameter in smooth.parameters)
    loss, parameters = network("relu")
    bent = {parameter.name: parameter.method for parameter in check(loss, parameters).parameters}
    before, behind = "central difference", "complex step"
    assert bent == {"W1": before, "b1": before, "W2": behind, "b2": behind}
    loss, parameters = network("sigmoid")  # computed from exp(-|x|): right, and not on complex numbers
    assert check(loss, parameters)["W1"].method == "central difference"


def test_what_a_small_step_leaves_as_it_is_is_no_obstacle_to_the_complex_step():
    w = tensor([0.5, -0.3, 2.0], "w")
    keep = gates.uniform_like(tensor([3, 1]), w, stream=0) >= 0.5  # what dropout draws depends on the shape only
    found = check((np.tanh(w) * keep * (w > 0)).sum(), [w])["w"]
    assert (found.verdict, found.method) == (Verdict.RIGHT, "complex step")


def test_a_gate_that_is_wrong_on_complex_numbers_is_not_given_any():
    row = replace(TABLE["tanh"], forward=lambda x: np.tanh(np.conj(x)))
    w = tensor([0.5, -0.3], "w")
    found = check(apply(row, w).sum(), [w])["w"]
    assert (found.verdict, found.method, found.complex) == (Verdict.RIGHT, "central difference", None)


def test_a_missing_rule_is_not_taken_for_nothing():
    row, _ = wrong("tanh", 0, None)
    w = tensor([0.5, -0.3], "w")
    report = check((apply(row, w) + w).sum(), [w])
    assert verdicts(report) == ["wrong"]


def test_small_weights_of_a_loss_that_is_not_small_are_judged_by_longer_steps():
    w = tensor([1e-4, -2e-4], "w")
    report = check(2.3 + (1e-6 * abs(np.tanh(w + 1.0))).sum(), [w])
    assert verdicts(report) == ["right"]
    assert report["w"].method == "central difference"


@pytest.mark.parametrize("seed", range(8))
def test_right_networks_of_all_kinds_are_never_wrong(seed):
    rng = np.random.default_rng(seed)
    sizes = [3, *rng.choice([1, 5, 8], rng.integers(1, 4)), 4]
    x = tensor(rng.standard_normal((6, 3)), "X")
    parameters = {}
    for k, (a, b) in enumerate(itertools.pairwise(sizes), 1):
        W = parameters[f"W{k}"] = tensor(rng.standard_normal((a, b)) * rng.choice([0.1, 1.0, 3.0]), f"W{k}")
        bias = parameters[f"b{k}"] = tensor(rng.standard_normal(b) * rng.choice([0.0, 1.0]), f"b{k}")
        x = x @ W + bias
        if k < len(sizes) - 1:
            x = TABLE[str(rng.choice(["relu", "tanh", "sigmoid", "softplus", "absolute"]))](x)
    labels = rng.integers(0, 4, 6)
    loss = (gates.softmax_cross_entropy(x, labels) if seed % 2 else hinge(x, labels)).mean() + 0.01 * abs(W).sum()
    report = check(loss, parameters, seed=seed)
    assert report.ok, str(report)
    assert verdicts(report).count("right") >= len(parameters) - 1, str(report)


def test_the_three_numerical_derivatives_stand_beside_the_analytic_one():
    w = tensor([0.5], "w")
    found = check(np.exp(w).sum(), [w])["w"]
    assert found.analytic == pytest.approx(math.exp(0.5), rel=1e-15)
    assert found.complex == pytest.approx(math.exp(0.5), rel=1e-15)
    assert found.central == pytest.approx(math.exp(0.5), rel=1e-9)
    assert found.forward == pytest.approx(math.exp(0.5) * (1 + 1e-5 / 2), rel=1e-9)  # f''/2 h too large


def test_a_float32_graph_is_checked_in_float64_and_says_so():
    loss, parameters = network("relu", np.float32)
    report = check(loss, parameters)
    assert verdicts(report) == ["right"] * 4
    assert all(parameter.relative_error < CORRECT for parameter in report.parameters)
    assert "W1 holds float32 numbers; it was cast to float64 for the check." in report.notes


def test_whole_numbers_are_cast_and_never_give_zeros():
    x = tensor([1, 2, 3], "x")
    report = check((x * x * x).sum(), [x], seed=1)
    assert report.ok
    assert report["x"].analytic == 3 * (report["x"].index[0] + 1) ** 2
    assert "x holds int64 numbers; it was cast to float64 for the check." in report.notes
    n = tensor(3, "n")
    assert check(n**2, n)["n"].analytic == 6


def test_the_callers_arrays_keep_their_bits():
    array = np.array([0.1, -0.0, 1e-300])
    w = tensor(array, "w")
    before = array.tobytes()
    check(np.tanh(w).sum() + abs(w).sum(), [w])
    assert array.tobytes() == before


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0), (1, 1, 1)])
def test_every_shape_is_checked(shape):
    w = tensor(np.full(shape, 0.5), "w")
    report = check(np.tanh(w).sum(), [w])
    assert verdicts(report) == ["right"]
    assert report["w"].shape == shape


def test_a_large_parameter_is_sampled_and_the_report_says_so():
    W = tensor(np.random.default_rng(0).standard_normal((40, 30)), "W")
    found = check(np.square(W).sum(), [W], samples=10)["W"]
    assert (found.elements, found.directions) == (10, 4)
    assert found.reason.startswith("10 of 1,200 elements (a seeded sample) and 4 random directions through all agree")
    assert check(np.square(W).sum(), [W], samples=1200)["W"].directions == 0


def test_a_node_in_the_middle_is_checked_too_and_by_its_own_name():
    w = tensor([0.3, -0.4], "w")
    h = np.tanh(w).named("h")
    report = check((h * h * w).sum(), [w, h])
    assert [(p.name, str(p.verdict)) for p in report.parameters] == [("w", "right"), ("h", "right")]


def test_a_tensor_that_the_loss_does_not_depend_on_is_said_to_be_one():
    w, other = tensor([1.0], "w"), tensor([1.0], "w").named("other")
    assert check((w * w).sum(), [other])["other"].reason.endswith("; the loss does not depend on this tensor")


def test_a_derivative_that_is_zero_is_right_and_not_too_noisy():
    x = tensor([0.3, 1.5, -2.0], "x")
    for loss in (TABLE["softmax"](x).sum(), (sigmoid_sum(x) - sigmoid_sum(x)), TABLE["relu"](x - 5).sum()):
        assert verdicts(check(loss, [x])) == ["right"]


def sigmoid_sum(x):
    return TABLE["sigmoid"](x).sum() + TABLE["sigmoid"](-x).sum()


# kinks


KINKS = {
    "the hinge with all margins 0": lambda: (s := tensor([[10.0, 9.0, 9.0]], "s"), hinge(s, [0]).mean()),
    "the hinge with one margin 0": lambda: (s := tensor([[10.0, 9.0, 3.0]], "s"), hinge(s, [0]).mean()),
    "relu at 0": lambda: (x := tensor([0.0, 1.0, -2.0], "x"), gates.relu(x).sum()),
    "a tie of maximum": lambda: (x := tensor([1.0, 2.0], "x"), np.maximum(x, [1.0, 5.0]).sum()),
    "an absolute value at 0": lambda: (x := tensor([[0.0]], "x"), abs(x).sum()),
    "L1 at 0": lambda: (w := tensor(np.zeros((3, 2)), "w"), abs(w).sum()),
    "relu 1e-10 beside 0": lambda: (x := tensor([1e-10, 1.0], "x"), (gates.relu(x) * 3).sum()),
}


@pytest.mark.parametrize("make", KINKS.values(), ids=KINKS)
def test_a_kink_is_reported_and_not_failed(make):
    x, loss = make()
    report = check(loss, [x])
    assert report.ok
    assert verdicts(report) == ["kink"]
    assert not report.faults


def test_a_kink_is_named_with_its_convention():
    s = tensor([[10.0, 9.0, 9.0]], "scores")
    reason = check(hinge(s, [0]).mean(), [s])["scores"].reason
    assert "with slopes -2 and 0 on the two sides; 0 lies between" in reason
    assert "margins = hinge_margins(scores, y) at 2 of 3 entries" in reason
    assert "(a margin of exactly 0 counts as not violated)" in reason


def test_the_squared_hinge_has_no_kink_at_a_margin_of_zero():
    s = tensor([[10.0, 9.0, 9.0]], "scores")
    assert verdicts(check(squared_hinge(s, [0]).mean(), [s])) == ["right"]


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_kink_close_by_is_no_reason_for_anything(distance, side):
    x = tensor([side * distance, 0.5, -0.5], "x")
    assert verdicts(check((gates.relu(x) * np.array([3.0, 1.0, 1.0])).sum(), [x])) == ["right"]


@pytest.mark.parametrize("distance", np.geomspace(1e-11, 1e-7, 17))
def test_a_kink_nearer_than_any_step_is_a_kink_at_worst(distance):
    for slope in (3.0, -0.5):
        x = tensor([distance, 0.5], "x")
        report = check((gates.relu(x) * slope).sum(), [x])
        assert report["x"].verdict in {Verdict.RIGHT, Verdict.KINK}


def zero_network(samples: int) -> tuple[Tensor, dict[str, Tensor]]:
    """A network whose first weights are all zero: every hidden unit stands at its kink, for every sample."""
    rng = np.random.default_rng(0)
    W1, W2 = tensor(np.zeros((4, 5)), "W1"), tensor(rng.standard_normal((5, 3)), "W2")
    h = gates.relu(tensor(rng.standard_normal((samples, 4)), "X") @ W1)
    return gates.softmax_cross_entropy(h @ W2, rng.integers(0, 3, samples)).mean(), {"W1": W1, "W2": W2}


@pytest.mark.parametrize("samples", [6, 60])
def test_several_kinks_at_once_are_told_from_a_mistake(samples):
    loss, parameters = zero_network(samples)
    report = check(loss, parameters, samples=10)
    n = f"{5 * samples} of {5 * samples}"
    assert report.ok
    assert verdicts(report) == ["kink", "right"]
    assert f"several kinks at once: np.maximum(0, X @ W1) at {n} entries (relu'(0) = 0)" in report["W1"].reason


def test_a_mistake_behind_several_kinks_is_found_all_the_same():
    row, _ = off_by("relu", 0, 1.001)
    rng = np.random.default_rng(0)
    W = tensor(np.zeros((4, 5)), "W")
    b = tensor(np.repeat([[0.0], [1.0]], 3, axis=0), "b")  # half of the samples stand at the kink
    report = check((apply(row, tensor(rng.standard_normal((6, 4)), "X") @ W + b) * rng.standard_normal(5)).sum(), [W])
    assert verdicts(report) == ["wrong"]
    assert [(fault.gate, fault.input) for fault in report.faults] == [("relu", 0)]


def test_a_mistake_that_no_rule_made_is_not_excused_by_kinks(monkeypatch):
    module = sys.modules["zanjir.graph.checker"]
    right = module.differentiated

    def doubled(loss, wrt):
        found, resolution = right(loss, wrt)
        return tuple(2 * d for d in found), resolution

    x = tensor([0.0, 1.0, -2.0], "x")
    loss = gates.relu(x).sum()
    assert verdicts(check(loss, [x])) == ["kink"]
    monkeypatch.setattr(module, "differentiated", doubled)
    monkeypatch.setattr(module, "suspected", lambda *_: "")  # the rules themselves are right
    report = check(loss, [x])
    assert (verdicts(report), report.faults) == (["wrong"], ())


def test_a_slope_at_a_kink_that_lies_on_neither_side_nor_between_is_wrong():
    row, _ = wrong("relu", 0, lambda g, y, x: g * ((y > 0) + 5 * (1 - np.sign(x) * np.sign(x))))
    x = tensor([0.0, 1.0, -2.0], "x")
    report = check(apply(row, x).sum(), [x])
    assert (report["x"].verdict, report["x"].index) == (Verdict.WRONG, (0,))
    assert "5 does not lie between" in report["x"].reason
    assert [fault.gate for fault in report.faults] == ["relu"]


def test_a_kink_at_one_element_does_not_hide_a_mistake_at_another():
    row, _ = wrong("relu", 0, lambda g, y, _x: g * (y > 0) * Tensor(np.array([1.0, 1.0, 1.001])))
    x = tensor([0.0, -1.0, 2.0], "x")
    report = check(apply(row, x).sum(), [x])
    assert (report["x"].verdict, report["x"].index) == (Verdict.WRONG, (2,))
    assert "1 wrong, 1 kink, 1 right" in report["x"].reason


# noise


NOISY = {
    "cancellation": lambda x: ((abs(x) + 1e13) - 1e13).sum(),
    "cancellation that swallows all": lambda x: ((x + 1e16) - 1e16).sum(),
    "an offset in the loss": lambda x: 1e13 + np.maximum(x, -9).sum(),
}


@pytest.mark.parametrize("function", NOISY.values(), ids=NOISY)
def test_what_noise_hides_is_too_noisy_to_say_and_not_failed(function):
    x = tensor([0.3, 1.5], "x")
    report = check(function(x), [x])
    assert report.ok
    assert verdicts(report) == ["too noisy to say"]
    assert "uncertain by" in report["x"].reason


def test_a_difference_beyond_the_noise_is_wrong_all_the_same():
    row, _ = off_by("absolute", 0, 1.5)
    x = tensor([0.3, 1.5], "x")
    report = check(((apply(row, x) + 1e9) - 1e9).sum(), [x])
    assert verdicts(report) == ["wrong"]
    assert [fault.gate for fault in report.faults] == ["absolute"]


def test_the_edge_of_a_domain_is_too_noisy_to_say():
    x = tensor([4.0, 0.0], "x")
    row, _ = wrong("sqrt", 0, lambda g, y, _x: g * np.array([0.25, 7.0]) * (1 + 0 * y))  # at 0 there is no slope
    report = check(apply(row, x).sum(), [x])
    assert (report["x"].verdict, report["x"].index) == (Verdict.NOISY, (1,))
    assert "the function is not finite close by" in report["x"].reason


def test_a_mistake_beside_the_edge_of_a_domain_is_found():
    x = tensor([4.0, 0.0], "x")
    row, _ = wrong("sqrt", 0, lambda g, y, _x: g * 0.5 / (y + 1e-3))  # 0.05 % off at 4
    report = check(apply(row, x).sum(), [x])
    assert (report["x"].verdict, report["x"].index) == (Verdict.WRONG, (0,))


def test_an_element_where_all_is_clear_is_judged_beside_one_where_nothing_is():
    x = tensor([4.0, 1e-300], "x")  # half of all directions lead out of the domain, the others into a steep bend
    row, _ = wrong("log", 0, lambda g, y, _x: g * np.array([0.25, 7.0]) * (1 + 0 * y))
    by_differences = replace(row, kinks=TABLE["relu"].kinks)
    for seed in range(6):
        reason = check(apply(by_differences, x).sum(), [x], seed=seed)["x"].reason
        assert "1 too noisy to say, 1 right" in reason


# cost, and the report itself


def test_the_cost_is_counted_and_measured():
    loss, parameters = network("tanh")
    cost = check(loss, parameters).cost
    n = 5 * 7 + 7 + 7 * 3 + 3
    assert (cost.parameters, cost.forward_evaluations, cost.central_evaluations) == (n, n + 1, 2 * n)
    assert 0 < cost.forward_seconds < cost.gradient_seconds
    assert cost.forward_ratio == pytest.approx((n + 1) * cost.forward_seconds / cost.gradient_seconds)
    assert 1 < cost.forward_ratio < cost.central_ratio


def test_the_report_is_a_table_with_reasons():
    s = tensor([[10.0, 9.0, 9.0]], "scores")
    text = str(check(hinge(s, [0]).mean(), [s]))
    head, row, *details = text.splitlines()
    assert head.split("  ")[0] == "parameter"
    assert row.startswith("scores     (1, 3)  kink ")
    assert details[0].startswith("scores: at [0, 0]: at a kink")
    assert details[-1].startswith("cost: forward differences 4 evaluations, central 6; the gradient 1 forward and 1 ba")


def test_the_report_is_data_that_json_can_hold():
    row, _ = wrong("exp", 0, lambda g, _y, x: g * (x - x) / (x - x))
    x = tensor([1.0], "x")
    with np.errstate(all="ignore"):
        report = check(apply(row, x).sum(), [x])
    data = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert data["ok"] is False
    assert data["parameters"][0]["verdict"] == "wrong"
    assert data["parameters"][0]["analytic"] is None
    assert data["parameters"][0]["index"] == [0]
    assert data["faults"][0]["gate"] == "exp"
    assert data["cost"]["forward_evaluations"] == 2


def test_the_report_never_changes():
    w = tensor([1.0], "w")
    report = check((w * w).sum(), [w])
    with pytest.raises(FrozenInstanceError):
        report.loss = 0.0
    with pytest.raises(FrozenInstanceError):
        report["w"].verdict = Verdict.WRONG


def test_the_same_seed_gives_the_same_report_up_to_the_clock():
    loss, parameters = network("relu")
    first, again = (check(loss, parameters, samples=5, seed=3).parameters for _ in range(2))
    assert first == again
    assert first != check(loss, parameters, samples=5, seed=4).parameters


# what is given


def test_without_wrt_every_named_leaf_of_real_numbers_is_checked():
    scores, y = tensor([[0.5, -1.0]], "scores"), tensor([0], "y")
    loss = gates.softmax_cross_entropy(scores * tensor(2.0, "a") + np.array([0.1, 0.2]), y).mean()
    assert [parameter.name for parameter in check(loss).parameters] == ["scores", "a"]


def test_wrt_may_be_a_tensor_a_sequence_or_a_mapping():
    x, y = tensor([1.0], "x"), tensor([2.0])
    loss = (x * y).sum()
    assert [p.name for p in check(loss, x).parameters] == ["x"]
    assert [p.name for p in check(loss, (x, y)).parameters] == ["x", "wrt[1]"]
    assert [p.name for p in check(loss, {"left": x, "right": y}).parameters] == ["left", "right"]
    assert [p.name for p in check(loss, [x, x]).parameters] == ["x", "x (wrt[1])"]


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (lambda w: (w * w, [w]), ShapeError, r"check needs a single number; .* has shape \(2,\)"),
        (lambda w: (2.0, [w]), GraphError, "check takes a tensor or a function; got float. Build it with zanjir"),
        (lambda w: ((w * w).sum(), [w.value]), GraphError, "wrt holds ndarray, expected tensors"),
        (lambda w: (Tensor(np.ones(2)).sum(), None), ParameterError, "there is nothing to differentiate"),
        (lambda w: ((w * w).sum(), []), ParameterError, "there is nothing to differentiate"),
        (lambda w: ((w * np.inf).sum(), [w]), NonFiniteError, "^a number of the formula is inf, expected"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_a_sentence(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        check(*arguments(tensor([1.0, 2.0], "w")))


@pytest.mark.parametrize("samples", [0, -1, 2.5, True, "many"])
def test_a_number_of_samples_that_is_none_is_refused(samples):
    w = tensor([1.0], "w")
    with pytest.raises(ParameterError, match="samples must be a whole number, at least 1; got"):
        check((w * w).sum(), [w], samples=samples)


def test_labels_cannot_be_moved_and_the_error_says_so():
    scores, y = tensor([[0.5, -1.0]], "scores"), tensor([0], "y")
    with pytest.raises(GraphError, match=r"^y cannot be moved: softmax_cross_entropy takes whole numbers there"):
        check(gates.softmax_cross_entropy(scores, y).mean(), [y])


def test_targets_of_a_loss_are_parameters_like_any_other():
    z, y = tensor([[0.5], [-1.0]], "z"), tensor([[1.0], [0.25]], "y")
    assert verdicts(check(binary_cross_entropy(z, y).mean(), [z, y])) == ["right", "right"]


def test_a_function_of_arrays_is_checked_where_it_is_given():
    X = np.arange(6.0).reshape(2, 3)
    report = check(lambda W, b: np.sum(np.tanh(X @ W + b)), (np.full((3, 2), 0.1), np.zeros(2)))
    assert report.ok
    assert [parameter.shape for parameter in report.parameters] == [(3, 2), (2,)]


def test_a_notebook_shows_the_verdicts_and_the_reasons():
    w = tensor(np.array([1.0, 0.0]), "<w>")
    report = check(np.sum(np.abs(w)), [w])
    page = ElementTree.fromstring(report._repr_html_())  # noqa: S314 - it is our own
    words = " ".join(page.itertext())
    assert "<w>" in words
    assert "kink" in words
    assert all(line in words for line in report.details())
