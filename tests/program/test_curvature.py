"""The Hessian times a vector: against differences of gradients, and against the Hessian written out."""

from dataclasses import replace

import numpy as np
import pytest

import zanjir
from zanjir.errors import ParameterError
from zanjir.nn import L1, L2, LOSSES, ElasticNet, mlp
from zanjir.optim import SGD
from zanjir.program import Feed, HessianProduct, NumpyEngine, Problem, trace_step

# A central difference of the gradient with h = 1e-6: h^2 of the fourth derivatives, and the gradient's last bits / h.
STEP, DIFFERENCE = 1e-6, 1e-7
# Two ways to add the same numbers in float64.
ROUNDINGS = 1e-12
CASES = [
    ("softmax", (), None),
    ("softmax", (4,), L2(0.1)),
    ("binary_cross_entropy", (3,), ElasticNet(0.05)),
    ("squared_error", (4, 3), L1(0.05)),
    ("squared_hinge", (), L2(0.01)),
]


def made(loss, hidden, penalty, weighted, dtype=np.float64):
    n_outputs = LOSSES[loss].n_outputs(3)
    return Problem(mlp(hidden, n_outputs, activation="tanh"), LOSSES[loss], 2, n_outputs, penalty, dtype, weighted)


def samples(problem, n=9):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, n)
    weights = rng.random(n) * 3 if problem.weighted else None
    return Feed(rng.standard_normal((n, 2)), problem.loss.encode(labels, 3), None, weights)


def slope(problem, feed, W):
    engine = NumpyEngine(trace_step(problem, SGD()), W)
    batch = engine.batch(len(feed.X))
    batch.load(feed, np.arange(len(feed.X)))
    batch.run()
    return engine.dW.copy()


def vectors(problem, n=2):
    return np.random.default_rng(2).standard_normal((n, problem.layout.size))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("loss", "hidden", "penalty"), CASES)
def test_it_is_the_derivative_of_the_gradient_along_the_vector(loss, hidden, penalty, weighted):
    problem = made(loss, hidden, penalty, weighted)
    feed, (W, v) = samples(problem), vectors(problem)
    along = (slope(problem, feed, W + STEP * v) - slope(problem, feed, W - STEP * v)) / (2 * STEP)
    found = HessianProduct(problem, feed)(W, v)
    assert np.abs(found).max() > 0.01
    np.testing.assert_allclose(found, along, rtol=0, atol=DIFFERENCE * np.abs(along).max())


@pytest.mark.parametrize("penalty", [None, L2(0.1)])
def test_it_is_the_product_with_the_hessian_written_out(penalty):
    problem = made("softmax", (), penalty, weighted=True)
    feed, (W, v) = samples(problem), vectors(problem)

    def loss(W):
        scores = feed.X @ W[:6].reshape(2, 3) + W[6:]
        right = scores[np.arange(9), feed.y]
        losses = np.log(np.exp(scores).sum(axis=1)) - right
        squares = 0 if penalty is None else 0.1 * (W[:6] ** 2).sum()
        return (losses * feed.weights).mean() + squares

    expected = zanjir.hessian(loss, W) @ v
    np.testing.assert_allclose(HessianProduct(problem, feed)(W, v), expected, rtol=0, atol=ROUNDINGS)


def test_the_hessian_of_a_convex_problem_has_no_negative_direction():
    problem = made("softmax", (), None, weighted=False)
    product = HessianProduct(problem, samples(problem))
    (W,) = vectors(problem, 1)
    H = np.array([product(W, row) for row in np.eye(9)])
    np.testing.assert_allclose(H, H.T, rtol=0, atol=ROUNDINGS)
    assert np.linalg.eigvalsh(H).min() > -ROUNDINGS


def test_a_second_vector_is_not_added_to_the_first():
    problem = made("softmax", (4,), L2(0.1), weighted=False)
    product = HessianProduct(problem, samples(problem))
    W, v = vectors(problem)
    once = product(W, v)
    product(v, W)
    assert np.array_equal(product(W, v), once)


def test_it_stays_in_single_precision():
    problem = made("softmax", (4,), L2(0.1), weighted=True, dtype=np.float32)
    W, v = vectors(problem)
    found = HessianProduct(problem, samples(problem))(W, v)
    exact = made("softmax", (4,), L2(0.1), weighted=True)
    expected = HessianProduct(exact, samples(exact))(W, v)
    assert found.dtype == np.float32
    # 24 bits, through some ten gates.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_weights_that_do_not_fit_the_problem_are_refused():
    problem = made("softmax", (), None, weighted=True)
    feed = samples(problem)
    with pytest.raises(ParameterError, match="the problem is weighted, and the samples have no weights"):
        HessianProduct(problem, replace(feed, weights=None))
    with pytest.raises(ParameterError, match="the problem is not weighted, and the samples have weights"):
        HessianProduct(replace(problem, weighted=False), feed)


def test_dropout_has_no_hessian():
    problem = Problem(mlp((4,), 3, dropout=0.5), LOSSES["softmax"], 2, 3, None, np.float64)
    with pytest.raises(ParameterError, match="dropout draws new numbers at every step"):
        HessianProduct(problem, samples(problem))
