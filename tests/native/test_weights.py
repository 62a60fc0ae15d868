"""Weights of samples in both engines: a sample of weight 2 is two samples, whatever computes it."""

from dataclasses import replace

import numpy as np
import pytest

from zanjir.errors import ParameterError
from zanjir.native import NativeEngine, Objective
from zanjir.nn import L2, LOSSES, mlp
from zanjir.optim import SGD, Adam
from zanjir.program import Feed, NumpyEngine, Problem, trace_step

# Sums run in another order, and a mean of 40 weighted losses is not one of 60 losses: a few last bits of float64.
ROUNDINGS = 1e-12
# A central difference with h = 1e-6 in float64: about 1e-10 of a loss near 1.
STEP, DIFFERENCE = 1e-6, 1e-8
TIMES = np.random.default_rng(3).integers(0, 4, 40)
ENGINES = {"numpy": NumpyEngine, "native": NativeEngine}


def problem(loss="softmax", hidden=(6,), **facts):
    n_outputs = LOSSES[loss].n_outputs(3)
    facts = {"dtype": np.float64, "weighted": True, **facts}
    return Problem(mlp(hidden, n_outputs), LOSSES[loss], 4, n_outputs, L2(0.01), **facts)


def weighted(made, times=TIMES):
    """Samples with weights whose mean is 1."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, len(times))
    X = rng.standard_normal((len(times), 4))
    return Feed(X, made.loss.encode(labels, 3), labels, times / times.mean())


def repeated(feed, times=TIMES):
    """Each sample as often as its weight says."""
    i = np.repeat(np.arange(len(times)), times)
    return Feed(feed.X[i], feed.y[i], feed.labels[i])


def first(made):
    return np.random.default_rng(1).standard_normal(made.layout.size)


def after(engine, made, feed, rule, **how):
    """The losses of three steps over all samples, and where they lead."""
    engine = ENGINES[engine](trace_step(made, rule), first(made), **how)
    n = len(feed.X)
    record = engine.run(feed, np.tile(np.arange(n), 3), n, np.full(3, 0.05), 0)
    return record.loss, engine.W.copy()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_steps_over_weighted_samples_are_those_over_repeated_ones(loss, engine):
    made = problem(loss)
    losses, W = after(engine, made, weighted(made), SGD())
    expected_losses, expected = after(engine, replace(made, weighted=False), repeated(weighted(made)), SGD())
    np.testing.assert_allclose(losses, expected_losses, rtol=ROUNDINGS)
    np.testing.assert_allclose(W, expected, rtol=0, atol=ROUNDINGS * np.abs(expected).max())


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("shards", [1, 3])
def test_the_native_engine_takes_the_steps_of_the_numpy_engine(loss, shards):
    made = problem(loss)
    losses, W = after("native", made, weighted(made), Adam(), shards=shards)
    expected_losses, expected = after("numpy", made, weighted(made), Adam())
    np.testing.assert_allclose(losses, expected_losses, rtol=ROUNDINGS)
    np.testing.assert_allclose(W, expected, rtol=0, atol=ROUNDINGS * np.abs(expected).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_bit_depends_on_the_number_of_threads(dtype):
    made = problem(dtype=dtype)
    feed = weighted(made)
    losses, W = after("native", made, feed, Adam(), shards=4, threads=1)
    for threads in (2, 4):
        again = after("native", made, feed, Adam(), shards=4, threads=threads)
        assert np.array_equal(again[0], losses)
        assert np.array_equal(again[1], W)


@pytest.mark.parametrize("engine", ENGINES)
def test_each_sample_of_a_batch_keeps_its_own_weight(engine):
    made = problem(hidden=())
    feed = weighted(made)
    order = np.random.default_rng(5).permutation(40)
    run = ENGINES[engine](trace_step(made, SGD()), first(made))
    found = run.run(feed, order, 7, np.zeros(6), 0)
    views = made.layout.views(first(made))
    scores = feed.X @ views["W1"] + views["b1"]
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(40), feed.y]
    penalty = 0.01 * (views["W1"] ** 2).sum()
    batches = [order[k : k + 7] for k in range(0, 40, 7)]
    expected = [(losses * feed.weights)[batch].mean() + penalty for batch in batches]
    np.testing.assert_allclose(found.loss, expected, rtol=ROUNDINGS)


@pytest.mark.parametrize("loss", ["softmax", "squared_error"])
@pytest.mark.parametrize("shards", [1, 2])
def test_the_gradient_is_that_of_the_weighted_loss(loss, shards):
    made = problem(loss, (3,))
    feed = weighted(made)
    objective, W = Objective(made, feed.X, feed.y, weights=feed.weights, shards=shards), first(made)
    _, found = objective(W)
    steps = STEP * np.eye(len(W))
    expected = [(objective(W + step)[0] - objective(W - step)[0]) / (2 * STEP) for step in steps]
    np.testing.assert_allclose(found, expected, rtol=0, atol=DIFFERENCE)


def test_the_objective_of_weighted_samples_is_that_of_repeated_ones():
    made = problem()
    feed, again = weighted(made), repeated(weighted(made))
    loss, slope = Objective(made, feed.X, feed.y, weights=feed.weights)(first(made))
    expected, expected_slope = Objective(replace(made, weighted=False), again.X, again.y)(first(made))
    assert loss == pytest.approx(expected, rel=ROUNDINGS)
    np.testing.assert_allclose(slope, expected_slope, rtol=0, atol=ROUNDINGS * np.abs(expected_slope).max())


def test_a_sample_of_weight_0_leaves_no_trace():
    made = problem()
    feed = weighted(made)
    changed = replace(feed, X=np.where(TIMES[:, None] == 0, 1e6, feed.X))
    assert (TIMES == 0).any()
    for engine in ENGINES:
        found, expected = after(engine, made, changed, SGD()), after(engine, made, feed, SGD())
        assert np.array_equal(found[1], expected[1])


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_that_do_not_fit_the_problem_are_refused(engine):
    made = problem()
    feed = weighted(made)
    with pytest.raises(ParameterError, match=r"is weighted, and the samples have no weights; choose Problem\(weighted"):
        after(engine, made, replace(feed, weights=None), SGD())
    with pytest.raises(ParameterError, match="is not weighted, and the samples have weights"):
        after(engine, replace(made, weighted=False), feed, SGD())


def test_the_objective_refuses_them_too():
    made = problem()
    feed = weighted(made)
    with pytest.raises(ParameterError, match="the samples have no weights"):
        Objective(made, feed.X, feed.y)
