"""SciPy's minimizers: where they end, what they say, and when they stop."""

from dataclasses import replace

import numpy as np
import pytest

from training.problems import same_bits
from zanjir.data import load
from zanjir.errors import NonFiniteError, ParameterError
from zanjir.nn import L2, LOSSES, mlp
from zanjir.program import Feed, Problem
from zanjir.training import METHODS, minimize
from zanjir.training.minimizing import objective_for

# With derivatives below 1e-8, and second derivatives above 0.1, the parameters are this close to the minimum.
TOL, NEAR = 1e-8, 1e-6
# Ridge regression has a closed form: it is solved to its last bits.
SOLVED = 1e-12


def ridge(dtype=np.float64, weighted=False, n=30):
    """A linear regression with a penalty, whose minimum is a system of linear equations."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 3))
    y = X @ [[1.0], [-2.0], [0.5]] + 1 + 0.3 * rng.standard_normal((n, 1))
    made = Problem(mlp([], 1), LOSSES["squared_error"], 3, 1, L2(0.2), dtype, weighted)
    weights = rng.random(n) if weighted else None
    if weighted:
        weights /= weights.mean()
    return made, Feed(X.astype(dtype), y.astype(dtype), None, weights)


def closed_form(feed):
    """The minimum of mean(w (y - X W - b)^2) + 0.2 sum(W^2), by the normal equations."""
    weights = np.ones(len(feed.X)) if feed.weights is None else feed.weights
    A = np.c_[feed.X, np.ones(len(feed.X))]
    left = A.T @ (weights[:, None] * A) / len(A) + np.diag([0.2, 0.2, 0.2, 0])
    return np.linalg.solve(left, A.T @ (weights * feed.y[:, 0]) / len(A))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_on_every_engine_finds_the_minimum_of_ridge_regression(method, engine, weighted):
    made, feed = ridge(weighted=weighted)
    found = minimize(made, feed, np.zeros(4), method=method, tol=TOL, engine=engine)
    assert (found.converged, found.stopped) == (True, False)
    assert found.slope <= TOL
    np.testing.assert_allclose(found.W, closed_form(feed), rtol=0, atol=NEAR)


@pytest.mark.parametrize("method", METHODS)
def test_the_losses_are_those_after_each_iteration_and_never_rise(method):
    made, feed = ridge()
    seen = []
    found = minimize(made, feed, np.zeros(4), method=method, tol=TOL, callback=lambda W, loss: seen.append((W, loss)))
    assert found.losses == [loss for _, loss in seen]
    assert len(found.losses) == found.n_iter > 1
    value = objective_for(made, feed)
    assert [value(W)[0] for W, _ in seen] == pytest.approx(found.losses, rel=SOLVED)
    assert all(later <= earlier for earlier, later in zip(found.losses, found.losses[1:], strict=False))
    assert found.loss == found.losses[-1]


@pytest.mark.parametrize("method", METHODS)
def test_the_callback_stops_it(method):
    made, feed = ridge()
    found = minimize(made, feed, np.zeros(4), method=method, tol=1e-14, callback=lambda W, loss: True)
    assert (found.n_iter, found.stopped, found.converged) == (1, True, False)


@pytest.mark.parametrize("method", METHODS)
def test_max_iter_ends_it_and_it_says_that_it_did_not_converge(method):
    made, feed = ridge()
    found = minimize(made, feed, np.zeros(4), method=method, tol=1e-12, max_iter=1)
    assert (found.n_iter, found.converged, found.stopped) == (1, False, False)
    assert found.slope > 1e-12
    assert found.message


def test_a_minimum_is_known_when_it_begins_there():
    made, feed = ridge()
    found = minimize(made, feed, closed_form(feed), tol=1e-6)
    assert (found.n_iter, found.converged, found.losses) == (0, True, [])
    assert found.message == "the first parameters are already a minimum"


def test_the_first_parameters_are_left_alone():
    made, feed = ridge()
    start = np.ones(4)
    minimize(made, feed, start, tol=TOL)
    assert same_bits(start, np.ones(4))


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_single_precision_stays_so(engine):
    made, feed = ridge(np.float32)
    found = minimize(made, feed, np.zeros(4), tol=1e-5, engine=engine)
    assert found.W.dtype == np.float32
    np.testing.assert_allclose(found.W, closed_form(feed), rtol=0, atol=1e-4)  # derivatives of 1e-5 / 0.1


def test_the_same_bits_come_again():
    made, feed = ridge()
    one, two = (minimize(made, feed, np.zeros(4), method="CG", engine="native") for _ in range(2))
    assert same_bits(one.W, two.W)


def test_an_unknown_method_is_named_with_those_there_are():
    made, feed = ridge()
    with pytest.raises(ParameterError, match="unknown method 'lbfgs'; expected CG, BFGS, L-BFGS-B or Newton-CG"):
        minimize(made, feed, np.zeros(4), method="lbfgs")


@pytest.mark.parametrize("method", METHODS)
def test_dropout_is_refused(method):
    made = Problem(mlp([4], 1, dropout=0.5), LOSSES["squared_error"], 3, 1, None, np.float64)
    with pytest.raises(ParameterError, match=r"dropout draws new numbers at every step.*set dropout=0"):
        minimize(made, ridge()[1], np.zeros(made.layout.size), method=method)


def test_batch_normalization_is_refused():
    made = Problem(mlp([4], 1, norm="batch"), LOSSES["squared_error"], 3, 1, None, np.float64)
    with pytest.raises(ParameterError, match=r"batch normalization depends on the batch.*choose norm='layer'"):
        minimize(made, ridge()[1], np.zeros(made.layout.size))


def test_a_loss_that_is_not_finite_at_the_start_is_refused():
    made, feed = ridge()
    with pytest.raises(NonFiniteError, match="the loss is inf at the first parameters"):
        minimize(made, feed, np.full(4, 1e200))


def test_weights_that_the_problem_does_not_read_are_refused():
    made, _ = ridge()
    with pytest.raises(ParameterError, match="not weighted"):
        minimize(made, ridge(weighted=True)[1], np.zeros(4), engine="numpy")


def test_float32_comes_within_1e_6_of_the_least_objective():
    """Sums of float32 alone would leave the line search blind some 2e-6 above it."""
    digits = load("digits")
    X = digits.X / np.float32(16)
    found = {}
    for dtype in (np.float32, np.float64):
        problem = Problem(mlp([], 10, initializer="zeros"), LOSSES["softmax"], 64, 10, L2(1e-3), dtype)
        start = np.zeros(problem.layout.size)
        found[dtype] = minimize(problem, Feed(X, digits.y), start, tol=1e-6, max_iter=1000).W.astype(float)
    exact = replace(problem, dtype=np.float64)
    value = objective_for(exact, Feed(X.astype(float), digits.y))
    assert value(found[np.float32])[0] / value(found[np.float64])[0] - 1 < 1e-6
