"""Rows 74 to 78 and 80: gradient descent and its relatives, learning rates, local minima, the flat vector."""

import numpy as np
import pytest

from zanjir.errors import ShapeError
from zanjir.graph import gradient, tensor
from zanjir.nn import LOSSES, mlp, softmax_cross_entropy
from zanjir.optim import SGD, Adadelta, Adagrad, Adam, Momentum, Nesterov, RMSProp
from zanjir.program import Feed, NumpyEngine, Problem, trace_step
from zanjir.training import Plan, Samples, Trainer, fit

# The lectures give nine digits of the sequences, and six decimals elsewhere.
NINE_DIGITS = 5e-10
SIX_DECIMALS = 5e-7
# A few roundings.
ROUNDINGS = 1e-15


def descend(f, start, rule, n_steps):
    """Return w after each step on f, with the gradient from the graph and the update from the rule."""
    w, found = np.array(start, float), []
    state = {name: np.zeros_like(w) for name in rule.state_names}
    for t in range(1, n_steps + 1):
        W = tensor(w, "W")
        dW = gradient(f(W).sum(), W)
        vectors = {name: tensor(value, name) for name, value in state.items()}
        new = rule.update(W, dW, tensor(rule.learning_rate, "learning_rate"), tensor(t, "t"), **vectors)
        w, state = new["W"].value, {name: new[name].value for name in state}
        found.append((float(w), state))
    return found


def points(*args):
    return [w for w, _ in descend(*args)]


def square(w):
    return w**2


def samples(n=24):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 4))
    return Samples(X, X[:, :3].argmax(axis=1))


def problem():
    return Problem(mlp([], 3), LOSSES["softmax"], 4, 3, dtype=np.float64)


@pytest.mark.parametrize("batch_size", [1, 24, 5, 32, 64, 128, 256])
def test_row_74_batch_stochastic_and_mini_batch_descent_are_one_loop_with_a_batch_size(batch_size):
    data = samples()
    trainer = Trainer(problem(), Plan(SGD(0.1), batch_size=batch_size, epochs=3), data, n_classes=3)
    steps = list(trainer)
    assert len(steps) == 3 * -(-24 // batch_size)
    assert sum(step.samples for step in steps) == 3 * 24
    assert steps[-1].loss != steps[0].loss


def test_row_74_the_default_batch_size_is_256():
    assert Plan().batch_size == 256


def test_row_74_with_a_batch_of_all_samples_a_step_is_that_of_gradient_descent():
    data = samples()
    trainer = Trainer(problem(), Plan(SGD(0.1), batch_size=24, epochs=1), data, n_classes=3)
    before = trainer.engine.W.copy()
    next(iter(trainer))
    layout = trainer.problem.layout
    p = {name: tensor(value, name) for name, value in layout.views(before).items()}
    loss = softmax_cross_entropy(tensor(data.X, "X") @ p["W1"] + p["b1"], data.y).mean()
    step = layout.flatten({name: d.value for name, d in gradient(loss, p).items()})
    # The epoch shuffles, so the sums over the samples are taken in another order.
    assert np.allclose(trainer.engine.W, before - 0.1 * step, rtol=0, atol=ROUNDINGS)


def test_row_74_in_the_samples_own_order_the_step_is_exact():
    data = samples()
    engine = NumpyEngine(trace_step(problem(), SGD(0.1)), np.linspace(-1, 1, 15))
    p = {name: tensor(value, name) for name, value in problem().layout.views(engine.W.copy()).items()}
    loss = softmax_cross_entropy(tensor(data.X, "X") @ p["W1"] + p["b1"], data.y).mean()
    step = problem().layout.flatten({name: d.value for name, d in gradient(loss, p).items()})
    batch, before = engine.batch(24), engine.W.copy()
    batch.load(Feed(data.X, data.y), np.arange(24))
    engine.step(batch, 0.1, 1)
    assert np.array_equal(engine.W, before - 0.1 * step)


def test_row_74_the_update_keeps_W_and_goes_against_the_gradient():
    assert points(square, 1.0, SGD(0.1), 1) == [0.8]  # not -0.2, which is -step * gradient alone


@pytest.mark.parametrize("k", [0, 1, 2])
def test_row_75_a_softmax_step_pulls_the_right_class_towards_x_and_pushes_the_others_away(k):
    x, W = np.array([[1.0, 2.0]]), tensor(np.zeros((2, 3)), "W")
    slope = gradient(softmax_cross_entropy(tensor(x, "x") @ W, [k]).mean(), W)
    new = SGD(0.3).update(W, slope, tensor(0.3), tensor(1))["W"].value
    for j in range(3):
        assert new[:, j] == pytest.approx((0.2 if j == k else -0.1) * x[0], rel=ROUNDINGS)


SEQUENCES = {
    "SGD": (SGD(0.1), [0.8, 0.64, 0.512]),
    "momentum": (Momentum(0.1, momentum=0.9), [0.8, 0.46, 0.062]),
    "Adagrad": (Adagrad(0.1, epsilon=1e-8), [0.9, 0.833103528, 0.780456182]),
    "RMSProp": (RMSProp(0.1, rho=0.9), [0.683772239, 0.498870614, 0.369180560]),
    "Adadelta": (Adadelta(rho=0.95, epsilon=1e-6), [0.995527875, 0.991008680, 0.986464462]),
    "Adam": (Adam(0.1, beta1=0.9, beta2=0.999, epsilon=1e-8), [0.9, 0.800412229, 0.701586273]),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_row_76_the_first_steps_of_every_rule_on_the_square(name):
    rule, expected = SEQUENCES[name]
    assert points(square, 1.0, rule, 3) == pytest.approx(expected, rel=0, abs=NINE_DIGITS)


def test_row_76_both_forms_of_nesterov():
    rule = Nesterov(0.1, momentum=0.9)
    found = descend(square, 1.0, rule, 3)
    assert [w for w, _ in found] == pytest.approx([0.62, 0.2224, -0.108352], rel=0, abs=NINE_DIGITS)
    ahead = [float(rule.iterate(np.array(w), state["v"], 0.1)) for w, state in found]
    assert ahead == pytest.approx([0.8, 0.496, 0.17792], rel=0, abs=NINE_DIGITS)


RATES = [(0.01, 0.667608), (0.1, 0.011529), (1.1, 38.337600)]


@pytest.mark.parametrize(("rate", "expected"), RATES)
def test_row_77_too_small_reasonable_and_too_large_learning_rates_after_20_steps(rate, expected):
    assert points(square, 1.0, SGD(rate), 20)[-1] == pytest.approx(expected, abs=SIX_DECIMALS)


def test_row_77_a_rate_of_one_swings_for_ever():
    assert points(square, 1.0, SGD(1.0), 20) == [-1.0, 1.0] * 10


@pytest.mark.parametrize(("start", "end"), [(2.0, 1.130901), (-2.0, -1.300840)])
def test_row_78_a_small_step_ends_in_the_minimum_of_its_own_side(start, end):
    found = points(lambda x: x**4 - 3 * x**2 + x, start, SGD(0.01), 600)
    assert found[-1] == pytest.approx(end, abs=SIX_DECIMALS)


def test_row_78_the_left_minimum_is_the_lower_one():
    left, right = (x**4 - 3 * x**2 + x for x in (-1.300840, 1.130901))
    assert left < right


NOTES = mlp([20], 10).layout(784)


def test_row_80_the_offsets_are_those_of_the_notes():
    assert [end for _, end in NOTES.offsets.values()] == [15_680, 15_700, 15_900, 15_910]


def test_row_80_the_round_trip_is_exact():
    W = np.random.default_rng(0).standard_normal(NOTES.size)
    F, H, C = 784, 20, 10
    views = NOTES.views(W)
    assert np.array_equal(views["W1"], np.reshape(W[: F * H], (F, H)))
    assert np.array_equal(views["b1"], W[F * H : (F + 1) * H])
    assert np.array_equal(views["W2"], np.reshape(W[(F + 1) * H : (F + 1) * H + H * C], (H, C)))
    assert np.array_equal(views["b2"], W[-C:])
    assert np.array_equal(NOTES.flatten(views), W)


@pytest.mark.parametrize("length", [15_909, 15_911])
def test_row_80_another_length_raises(length):
    with pytest.raises(ShapeError, match=rf"has shape \({length},\), expected \(15910,\)"):
        NOTES.views(np.zeros(length))


def test_row_80_training_works_on_the_one_flat_vector():
    trainer = Trainer(problem(), Plan(SGD(0.1), epochs=1), samples(), n_classes=3)
    fit(trainer)
    assert trainer.W.shape == (problem().layout.size,)
    assert all(np.shares_memory(view, trainer.W) for view in problem().layout.views(trainer.W).values())
