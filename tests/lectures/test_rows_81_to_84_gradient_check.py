"""Rows 81 to 84: the naive search, numerical gradients, the gradient check, and what each costs."""

import numpy as np
import pytest

import zanjir
from zanjir import gates
from zanjir.graph import Verdict
from zanjir.nn import LOSSES, hinge, mlp
from zanjir.optim import naive_search
from zanjir.program import Problem

# "correct net < 1e-7" (row 83).
CORRECT = 1e-7


def network_loss(hidden, n_features=784, activation="relu", samples=2):
    """A 2-layer softmax network of the notes, as a function of its flat vector, and its graph."""
    problem = Problem(mlp(hidden, 10, activation=activation), LOSSES["softmax"], n_features, 10, dtype=np.float64)
    rng = np.random.default_rng(0)
    X, y = zanjir.tensor(rng.random((samples, n_features)), "X"), zanjir.tensor(rng.integers(0, 10, samples), "y")
    W = problem.layout.flatten(problem.network.init(rng, n_features))

    def graph(vector):
        parameters = {name: zanjir.tensor(part, name) for name, part in problem.layout.views(vector).items()}
        return problem.objective(X, y, parameters, None)["loss"], parameters

    return graph, W


def test_row_81_a_sweep_over_15910_weights_takes_31820_forward_passes():
    passes = []
    target = np.random.default_rng(0).random(15_910)

    def forward(W):
        passes.append(1)
        return float(np.sum(np.abs(W - target)))

    found = naive_search(forward, np.zeros(15_910), step=0.1)
    assert len(passes) - 1 == found.evaluations - 1 == 31_820  # and one pass at the start
    assert found.loss < forward(np.zeros(15_910))


def test_row_81_gradient_descent_lowers_the_loss_with_one_forward_and_one_backward_pass():
    graph, W = network_loss([20])
    assert W.size == 15_910
    loss, parameters = graph(W)
    derivatives = zanjir.gradient(loss, parameters)
    dW = np.concatenate([d.value.ravel() for d in derivatives.values()])
    assert float(graph(W - 0.1 * dW)[0].value) < float(loss.value)


def test_row_81_the_naive_search_lowers_the_loss_of_a_small_network():
    graph, W = network_loss([2], n_features=3)
    found = naive_search(lambda vector: graph(vector)[0].value, W, step=0.1, sweeps=3)
    assert found.evaluations == 1 + 3 * 2 * W.size
    assert found.loss < 0.9 * float(graph(W)[0].value)


X = np.array([[1.0, 2.0], [3.0, 4.0]])


def cubes(x):
    return np.sum(x**3)


def test_row_82_the_errors_on_a_sum_of_cubes_are_those_of_the_notes():
    forward = np.abs(zanjir.eval_numerical_gradient(cubes, X) - 3 * X**2).max()
    central = np.abs(zanjir.eval_numerical_gradient(cubes, X, "central") - 3 * X**2).max()
    assert f"{forward:.1e}" == "1.2e-04"
    assert f"{central:.0e}" == "4e-10"


def test_row_82_x_keeps_every_bit():
    x = np.array([[0.1, -0.0], [1e-308, 3.3]])
    before = x.tobytes()
    for method in ("forward", "central", "complex"):
        zanjir.eval_numerical_gradient(cubes, x, method)
    assert x.tobytes() == before


def test_row_82_whole_numbers_give_the_gradient_and_no_zeros():
    assert zanjir.eval_numerical_gradient(cubes, np.array([1, 2, 3])).round(3).tolist() == [3, 12, 27]


# N41 and N42: the loss of the slides at W and one step of 0.0001 further, along the first and second weight.
@pytest.mark.parametrize(("index", "there", "expected"), [(0, 1.25322, -2.5), (1, 1.25353, 0.6)])
def test_row_82_the_arithmetic_of_the_slides(index, there, expected):
    W = np.array([0.34, -1.11])
    here = 1.25347

    def loss(w):
        return there if w[index] > W[index] else here

    found = zanjir.eval_numerical_gradient(loss, W, h=0.0001)
    assert found[index] == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_row_83_a_correct_network_passes_with_an_error_below_1e_7(activation):
    graph, W = network_loss([5], n_features=6, activation=activation)
    report = zanjir.check(*graph(W))
    assert [p.verdict for p in report.parameters] == [Verdict.RIGHT] * 4
    assert all(p.relative_error < CORRECT for p in report.parameters)


@pytest.mark.parametrize("factor", [-1, 2])
@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_row_83_a_broken_gradient_is_flagged_with_its_parameter(name, factor):
    graph, W = network_loss([5], n_features=6, activation="tanh")
    loss, parameters = graph(W)
    values = {key: w.value for key, w in parameters.items()}

    def f(p):
        return graph(np.concatenate([part.ravel() for part in p.values()]))[0].value

    derivatives = {key: d.value for key, d in zanjir.gradient(loss, parameters).items()}
    assert zanjir.check_function(f, values, derivatives).ok
    report = zanjir.check_function(f, values, {**derivatives, name: factor * derivatives[name]})
    wrong = [p.name for p in report.parameters if p.verdict is Verdict.WRONG]
    assert (report.ok, wrong) == (False, [name])
    assert report[name].relative_error == pytest.approx(abs(factor - 1) / max(abs(factor), 1), rel=1e-6)


def test_row_83_a_sign_as_in_the_homework_is_flagged_with_its_gate():
    row = gates.sigmoid
    right = row.vjp[0]
    object.__setattr__(row, "vjp", (lambda g, *rest: -right(g, *rest),))
    try:
        graph, W = network_loss([5], n_features=6, activation="sigmoid")
        report = zanjir.check(*graph(W))
    finally:
        object.__setattr__(row, "vjp", (right,))
    assert [p.name for p in report.parameters if p.verdict is Verdict.WRONG] == ["W1", "b1"]
    assert [(fault.gate, fault.input) for fault in report.faults] == [("sigmoid", 0)]


@pytest.mark.parametrize("function", [lambda s: hinge(s, [0]).mean(), lambda s: gates.relu(s - 9).sum()])
def test_row_83_kinks_at_10_9_9_are_reported_and_not_failed(function):
    scores = zanjir.tensor([[10.0, 9.0, 9.0]], "scores")
    report = zanjir.check(function(scores), [scores])
    assert report.ok
    assert report["scores"].verdict is Verdict.KINK
    assert "kink" in str(report)


def test_row_84_the_cost_is_p_plus_1_or_2_p_evaluations_against_one_and_the_times_are_measured():
    graph, W = network_loss([20], samples=8)
    cost = zanjir.check(*graph(W), samples=2).cost
    assert (cost.parameters, cost.forward_evaluations, cost.central_evaluations) == (15_910, 15_911, 31_820)
    assert cost.forward_ratio > 1000  # 15,911 forward passes against a forward and a backward one
    assert cost.central_ratio == pytest.approx(cost.forward_ratio * 31_820 / 15_911)


def test_row_84_the_evaluations_are_really_that_many():
    for method, expected in (("forward", 4 + 1), ("central", 2 * 4)):
        calls = []
        zanjir.eval_numerical_gradient(lambda x, calls=calls: calls.append(1) or cubes(x), X, method)
        assert len(calls) == expected
