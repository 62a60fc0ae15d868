"""The update rules: two steps by hand, the numbers of the lectures, invariances and convergence."""

import math
from dataclasses import replace

import numpy as np
import pytest

from optim.rules import engine_update, printed_update
from zanjir.graph import tensor
from zanjir.optim import (
    OPTIMIZERS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)

# Two steps of a handful of operations: a few units in the last place.
BY_HAND = 4 * float(np.finfo(float).eps)
# The lectures give nine digits.
NINE_DIGITS = 5e-10
# Rotating and back costs some roundings of a 5 x 5 product per step.
ROTATION = 1e-13
# epsilon = 1e-30 beside root mean squares of about 1: below rounding; the roundings of 20 steps remain.
SCALE = 1e-13
TINY = 1e-30

FIRST, SECOND = 2.0, -4.0  # the gradients of the two steps that are computed by hand


def two_steps(rule: Optimizer) -> list[float]:
    """Return W after each of two steps from 1, with the gradients FIRST and SECOND."""
    gradients = iter([FIRST, SECOND])
    walk = printed_update(rule, np.array([1.0, 1.0]), lambda W: np.full_like(W, next(gradients)), 2)
    assert all(W[0] == W[1] for W in walk)
    return [float(W[0]) for W in walk]


def adadelta_by_hand() -> list[float]:
    """rho = 1/2, epsilon = 1: v = 2, then 9; u = 0, then delta^2 / 2."""
    delta1 = math.sqrt(0 + 1) / math.sqrt(2 + 1) * 2
    delta2 = math.sqrt(delta1**2 / 2 + 1) / math.sqrt(9 + 1) * -4
    return [1 - 0.5 * delta1, 1 - 0.5 * delta1 - 0.5 * delta2]


def adam_by_hand() -> list[float]:
    """beta1 = 1/2, beta2 = 3/4: m = 1, -1.5 and v = 1, 4.75, corrected by 1/2, 3/4 and 1/4, 7/16."""
    first = 1 - 0.5 * (1 / 0.5) / math.sqrt(1 / 0.25)
    return [first, first - 0.5 * (-1.5 / 0.75) / math.sqrt(4.75 / 0.4375)]


def adamw_by_hand() -> list[float]:
    """The weights shrink by 1 - 0.5 * 0.1 before each step of Adam."""
    one, two = adam_by_hand()
    first = 0.95 * 1 + (one - 1)
    return [first, 0.95 * first + (two - one)]


BY_HAND_STEPS = {
    "sgd": (SGD(0.5), [1 - 0.5 * 2, 0 - 0.5 * -4]),
    "momentum": (Momentum(0.5, momentum=0.75), [1 - 0.5 * 2, 0 - 0.5 * (0.75 * 2 - 4)]),
    "nesterov": (
        Nesterov(0.5, momentum=0.75),
        [1 - 0.5 * (2 + 0.75 * 2), -0.75 - 0.5 * (-4 + 0.75 * (0.75 * 2 - 4))],
    ),
    "adagrad": (Adagrad(0.5, epsilon=1.0), [1 - 0.5 * 2 / (2 + 1), 2 / 3 + 0.5 * 4 / (math.sqrt(20) + 1)]),
    "adadelta": (Adadelta(0.5, rho=0.5, epsilon=1.0), adadelta_by_hand()),
    "rmsprop": (
        RMSProp(0.5, rho=0.75, epsilon=1.0),
        [1 - 0.5 * 2 / (1 + 1), 0.5 + 0.5 * 4 / (math.sqrt(0.75 + 4) + 1)],
    ),
    "adam": (Adam(0.5, beta1=0.5, beta2=0.75, epsilon=TINY), adam_by_hand()),
    "adamw": (AdamW(0.5, beta1=0.5, beta2=0.75, epsilon=TINY, weight_decay=0.1), adamw_by_hand()),
}


def test_every_rule_is_computed_by_hand():
    assert BY_HAND_STEPS.keys() == OPTIMIZERS.keys()


@pytest.mark.parametrize("name", BY_HAND_STEPS)
def test_two_steps_are_those_computed_by_hand(name):
    rule, expected = BY_HAND_STEPS[name]
    assert two_steps(rule) == pytest.approx(expected, rel=BY_HAND, abs=BY_HAND)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_returns_W_and_every_vector_of_its_state(name):
    rule = OPTIMIZERS[name]()
    W, dW = tensor(np.ones(3), "W"), tensor(np.ones(3), "dW")
    state = {vector: tensor(np.zeros(3), vector) for vector in rule.state_names}
    new = rule.update(W, dW, tensor(0.1, "learning_rate"), tensor(1, "t"), **state)
    assert set(new) == {"W", *rule.state_names}
    assert all(value.shape == (3,) for value in new.values())


# The ninth digit of Adagrad's numbers shows the epsilon with which they were computed: 1e-8. PyTorch's is 1e-10.
SQUARE = {
    "SGD": (SGD(0.1), [0.8, 0.64, 0.512]),
    "Momentum": (Momentum(0.1), [0.8, 0.46, 0.062]),
    "Nesterov, look-ahead point": (Nesterov(0.1), [0.62, 0.2224, -0.108352]),
    "Adagrad": (Adagrad(0.1, epsilon=1e-8), [0.9, 0.833103528, 0.780456182]),
    "RMSProp": (RMSProp(0.1, rho=0.9), [0.683772239, 0.498870614, 0.369180560]),
    "Adadelta": (Adadelta(), [0.995527875, 0.991008680, 0.986464462]),
    "Adam": (Adam(0.1), [0.9, 0.800412229, 0.701586273]),
}


@pytest.mark.parametrize("way", [printed_update, engine_update])
@pytest.mark.parametrize("name", SQUARE)
def test_the_first_steps_on_the_square_are_those_of_the_lectures(name, way):
    rule, expected = SQUARE[name]
    walk = way(rule, np.array([1.0, 1.0]), lambda W: 2 * W, 3)
    assert [float(W[0]) for W in walk] == pytest.approx(expected, rel=0, abs=NINE_DIGITS)


def test_nesterovs_original_iterates_are_recovered_from_the_look_ahead_points():
    rule, w, v = Nesterov(0.1), 1.0, 0.0
    points = [float(W[0]) for W in printed_update(rule, np.array([w, w]), lambda W: 2 * W, 3)]
    found = []
    for before, point in zip([w, *points], points, strict=False):
        v = rule.momentum * v + 2 * before
        found.append(rule.iterate(np.array(point), np.array(v), rule.learning_rate).item())
    assert found == pytest.approx([0.8, 0.496, 0.17792], rel=0, abs=NINE_DIGITS)
    assert found == pytest.approx(look_ahead_form(3), rel=BY_HAND)


def look_ahead_form(n_steps: int) -> list[float]:
    """Nesterov's own form on w^2, from 1: the gradient is taken ahead of w."""
    w, velocity, found = 1.0, 0.0, []
    for _ in range(n_steps):
        velocity = 0.9 * velocity - 0.1 * 2 * (w + 0.9 * velocity)
        w += velocity
        found.append(w)
    return found


@pytest.mark.parametrize("rule", [Adam(0.01), AdamW(0.01, weight_decay=0)])
def test_the_first_step_of_adam_is_the_learning_rate_times_the_sign(rule):
    slopes = np.array([1e-3, -5.0, 1e6, -2.0])
    (W,) = printed_update(rule, np.ones(4), lambda _: slopes, 1)
    # epsilon = 1e-8 beside a slope of 1e-3 shortens that step by 1e-5 of itself.
    assert pytest.approx(0.01 * np.sign(slopes), rel=2e-5) == 1 - W


@pytest.mark.parametrize("rule", [SGD(0.05), Momentum(0.05), Nesterov(0.05)])
def test_descent_without_scaling_commutes_with_rotations(rule):
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((5, 5)))[0]
    slopes = np.diag(np.arange(1.0, 6.0))
    start = np.linspace(-1, 1, 5)
    plain = printed_update(rule, start, lambda W: slopes @ W, 20)[-1]
    turned = printed_update(rule, turn @ start, lambda W: turn @ slopes @ turn.T @ W, 20)[-1]
    assert np.allclose(turned, turn @ plain, rtol=0, atol=ROTATION)


def test_scaling_rules_do_not_commute_with_rotations():
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    plain = printed_update(Adam(0.1), np.array([1.0, 2.0]), lambda W: W, 1)[-1]
    turned = printed_update(Adam(0.1), turn @ np.array([1.0, 2.0]), lambda W: W, 1)[-1]
    assert np.abs(turned - turn @ plain).max() > 0.01


@pytest.mark.parametrize("rule", [Adagrad(0.1), RMSProp(0.1), Adam(0.1), AdamW(0.1)])
@pytest.mark.parametrize("scale", [1e-3, 7.0, 1e4])
def test_scaling_rules_do_not_feel_the_scale_of_the_gradient(rule, scale):
    exact, start = replace(rule, epsilon=TINY), np.array([1.0, -2.0, 0.5])
    plain, scaled = (
        printed_update(exact, start, lambda W, k=k: k * np.array([1.0, 5.0, 9.0]) * W, 20)[-1] for k in (1, scale)
    )
    assert np.allclose(plain, scaled, rtol=0, atol=SCALE)


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_adamw_is_adam_on_weights_that_shrink_first(weight_decay):
    start, slope = np.array([1.0, -2.0]), np.array([0.3, 0.7])
    (adam,) = printed_update(Adam(0.1), start, lambda _: slope, 1)
    (adamw,) = printed_update(AdamW(0.1, weight_decay=weight_decay), start, lambda _: slope, 1)
    assert adamw - adam == pytest.approx(-0.1 * weight_decay * start, abs=BY_HAND)


# The rate, and the steps that are ample for it; the rules with a running mean keep a distance of about their rate.
CONVERGENT = {
    "sgd": (SGD(0.1), 300),
    "momentum": (Momentum(0.05), 300),
    "nesterov": (Nesterov(0.05), 300),
    "adagrad": (Adagrad(0.5), 2000),
    "adadelta": (Adadelta(), 4000),
    "rmsprop": (RMSProp(0.002), 3000),
    "adam": (Adam(0.05), 2000),
    "adamw": (AdamW(0.05, weight_decay=0), 2000),
}
# RMSProp and Adadelta end on steps that jump about the minimum by their own size.
ENDS = {"rmsprop": 0.01, "adadelta": 0.1, "adamw": 1e-6}


def test_every_rule_is_asked_to_converge():
    assert CONVERGENT.keys() == OPTIMIZERS.keys()


@pytest.mark.parametrize("name", CONVERGENT)
def test_a_rule_finds_the_minimum_of_a_quadratic(name):
    rule, n_steps = CONVERGENT[name]
    slopes, minimum = np.array([1.0, 4.0, 10.0]), np.array([0.5, -1.0, 2.0])
    end = engine_update(rule, np.zeros(3), lambda W: slopes * (W - minimum), n_steps)[-1]
    assert np.abs(end - minimum).max() < ENDS.get(name, 1e-6)


def rosenbrock_slope(W):
    """Derivative of (1 - x)^2 + 100 (y - x^2)^2."""
    x, y = W
    return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


def rosenbrock(W):
    x, y = W
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


VALLEY = {
    "sgd": SGD(0.001),
    "momentum": Momentum(0.0005),
    "nesterov": Nesterov(0.0005),
    "adagrad": Adagrad(0.5),
    "adadelta": Adadelta(),
    "rmsprop": RMSProp(0.001),
    "adam": Adam(0.02),
    "adamw": AdamW(0.02, weight_decay=0),
}
# Adadelta's steps have no rate to bound them: it jumps from wall to wall of the valley, at a height of about 0.5.
VALLEY_ENDS = {"adadelta": 1.0}


@pytest.mark.parametrize("name", VALLEY)
def test_a_rule_walks_down_the_valley_of_rosenbrock(name):
    start = np.array([-1.2, 1.0])
    walk = engine_update(VALLEY[name], start, rosenbrock_slope, 4000)
    assert rosenbrock(start) == pytest.approx(24.2)
    assert rosenbrock(walk[-1]) < VALLEY_ENDS.get(name, 0.1)


def test_the_base_of_the_rules_is_no_rule():
    nothing = tensor(np.zeros(1))
    with pytest.raises(TypeError, match=r"Optimizer has no update rule; use SGD, Adam or another"):
        Optimizer().update(nothing, nothing, nothing, nothing)
