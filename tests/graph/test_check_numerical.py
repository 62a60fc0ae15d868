"""Numerical derivatives: the quotients of the slides, and a slope that knows how far it may be off."""

from __future__ import annotations

import math
import struct

import mpmath
import numpy as np
import pytest

from zanjir.errors import GraphError, NonFiniteError, ParameterError, ShapeError
from zanjir.graph import eval_numerical_gradient
from zanjir.graph.numerical import noise_of, slope_of

X = np.array([[1.0, 2.0], [3.0, 4.0]])
HALF_AN_ULP = 2.0**-53


def cubes(x):
    return np.sum(x**3)


# The error of a forward difference is f''/2 h = 3 x h, 1.2e-4 at x = 4; that of a central one is h^2 = 1e-10 and
# rounding, 100 eps / h = 2e-9; the complex step only rounds.
@pytest.mark.parametrize(("method", "error"), [("forward", 1.3e-4), ("central", 2e-9), ("complex", 1e-13)])
def test_each_method_has_the_error_it_is_known_for(method, error):
    assert np.abs(eval_numerical_gradient(cubes, X, method) - 3 * X**2).max() < error


def test_the_step_can_be_chosen_and_a_longer_one_errs_more():
    errors = [np.abs(eval_numerical_gradient(cubes, X, h=h) - 3 * X**2).max() for h in (1e-2, 1e-3, 1e-4)]
    assert errors[0] > 9 * errors[1] > 81 * errors[2]


@pytest.mark.parametrize("method", ["forward", "central", "complex"])
@pytest.mark.parametrize("x", [[1, 2, 3], np.array([1, 2, 3], np.int8), np.array([1, 2, 3], np.float32), (True, 2, 3)])
def test_whole_numbers_and_short_floats_are_cast(method, x):
    found = eval_numerical_gradient(cubes, x, method)
    assert found.dtype == np.float64
    assert found.round(3).tolist() == [3, 12, 27]


@pytest.mark.parametrize("method", ["forward", "central", "complex"])
def test_x_is_never_written_to_even_by_a_function_that_writes(method):
    x = np.array([0.1, 0.2, -0.0])
    before = x.tobytes()

    def careless(z):
        z *= 2
        return np.sum(z**2)

    x.flags.writeable = False
    assert eval_numerical_gradient(careless, x, method) == pytest.approx(8 * x, abs=1e-4)
    assert x.tobytes() == before


def test_a_single_number_and_no_number_at_all_are_differentiated_too():
    assert eval_numerical_gradient(lambda x: x**2, 3.0, "complex") == pytest.approx(6)
    assert eval_numerical_gradient(np.sum, np.zeros((0, 2))).shape == (0, 2)


@pytest.mark.parametrize(("method", "evaluations"), [("forward", 5), ("central", 8), ("complex", 4)])
def test_the_number_of_evaluations_is_p_plus_1_or_2_p_or_p(method, evaluations):
    calls = []
    eval_numerical_gradient(lambda x: calls.append(1) or cubes(x), X, method)
    assert len(calls) == evaluations


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ((cubes, X, "centrall"), ParameterError, "unknown method 'centrall'; .* Did you mean 'central'"),
        ((cubes, X, "central", 0), ParameterError, "h must be a number above 0; got 0"),
        ((cubes, X, "central", math.nan), ParameterError, "h must be a number above 0; got nan"),
        ((lambda x: x, X), ShapeError, r"f gave an array of shape \(2, 2\), expected a single number"),
        ((lambda x: np.sum(x) * 1j, X), GraphError, "f gave the complex number"),
        ((cubes, ["a"]), GraphError, "expected real numbers"),
        ((lambda x: np.sum(x) * np.nan, X), NonFiniteError, "f is nan at x"),
        ((lambda x: np.inf if x[0, 1] > 2 else 1.0, X), NonFiniteError, r"f is inf with x\[0, 1\] \+ 1e-05"),
        ((lambda x: float(np.abs(x).sum()), X, "complex"), ParameterError, "drops the imaginary part"),
        ((lambda x: math.exp(x[0, 0]), X, "complex"), ParameterError, "f does not take complex numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_differentiated_is_refused_in_a_sentence(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        eval_numerical_gradient(*arguments)


SMOOTH = {
    "exp": (lambda t: math.exp(3 + t), mpmath.exp, 3, 1.0),
    "sin": (lambda t: math.sin(1 + t), mpmath.sin, 1, 1.0),
    "log near 0": (lambda t: math.log(1e-6 + t) if t > -1e-6 else math.nan, mpmath.log, mpmath.mpf(10) ** -6, 1.0),
    "a fast oscillation": (lambda t: math.cos(1000 + 1000 * t), lambda x: mpmath.cos(1000 * x), 1, 1.0),
    "a steep tanh": (lambda t: math.tanh(1e6 * t), lambda x: mpmath.tanh(10**6 * x), 0, 1.0),
    "log nearer to 0": (
        lambda t: math.log(1e-11 + t) if t > -1e-11 else math.nan, mpmath.log, mpmath.mpf(10) ** -11, 1.0,
    ),
    "a short bump": (lambda t: t * math.exp(-((1e4 * t) ** 2)), lambda x: x * mpmath.exp(-((10**4 * x) ** 2)), 0, 1.0),
    "tiny": (lambda t: (1e-30 + t) ** 2, lambda x: x**2, mpmath.mpf(10) ** -30, 1e-30),
    "huge": (lambda t: math.sqrt(1e30 + t), mpmath.sqrt, mpmath.mpf(10) ** 30, 1e30),
}  # fmt: skip


@pytest.mark.parametrize(("line", "exact", "at", "scale"), SMOOTH.values(), ids=SMOOTH)
def test_a_slope_is_exact_to_its_own_error_which_is_small(line, exact, at, scale):
    with mpmath.workdps(60):
        true = float(mpmath.diff(exact, at))
    found = slope_of(line, scale, noise_of(line, scale, HALF_AN_ULP * abs(line(0.0))))
    assert abs(found.value - true) <= found.error
    assert found.error <= 1e-4 * abs(true)  # what a rule that is wrong by 0.1 % needs
    assert abs(found.jump) <= 10 * found.jump_error


@pytest.mark.parametrize("noise", [1e-12, 1e-8, 1e-4])
def test_noise_is_measured_to_an_order_of_magnitude(noise):
    def line(t):  # off by what nobody can foresee, but the same at the same t
        return math.sin(1 + t) + noise * np.random.default_rng(list(struct.pack("d", t))).standard_normal()

    assert noise / 3 < noise_of(line, 1.0, HALF_AN_ULP) < 30 * noise


def test_a_staircase_is_noise_as_high_as_its_stairs():
    assert noise_of(lambda t: 1e16 + (1 + t) - 1e16, 1.0, HALF_AN_ULP) >= 1


@pytest.mark.parametrize(("left", "right"), [(-1.0, 1.0), (0.0, 1.0), (2.0, 3.0), (-5.0, 0.25)])
def test_a_kink_shows_both_slopes(left, right):
    found = slope_of(lambda t: (right if t > 0 else left) * t + t**2, 1.0, 1e-16)
    assert (found.left, found.right) == pytest.approx((left, right), abs=1e-5)
    assert abs(found.jump) > 1000 * found.jump_error


def test_a_bend_is_no_kink_however_sharp():
    found = slope_of(lambda t: 1e6 * t**2, 1.0, 1e-30)
    assert math.isnan(found.near_left)
    assert abs(found.jump) <= found.jump_error
    found = slope_of(lambda t: max(0.0, t - 1e-9), 1.0, 1e-30)
    assert found.near_right - found.near_left > 0.9


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6, 1e-8])
def test_a_kink_close_by_does_not_disturb_the_slope(distance):
    found = slope_of(lambda t: max(0.0, t + distance), 1.0, HALF_AN_ULP * distance)
    assert found.value == pytest.approx(1, abs=max(found.error, 1e-12))
    assert found.error < 1e-6


def test_a_function_that_is_finite_nowhere_near_has_no_slope():
    found = slope_of(lambda t: 0.0 if t == 0 else math.nan, 1.0, 1e-16)
    assert math.isnan(found.value)
    assert found.error == math.inf
