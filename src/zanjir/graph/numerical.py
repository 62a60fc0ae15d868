"""Derivatives from values alone: the quotients of the slides, and a slope with an error that can be relied on.

References
----------
Ridders (1982), Accurate computation of F'(x) and F'(x)F''(x): extrapolation over falling steps.
Moré and Wild (2011), Estimating computational noise: the noise of a function from its high differences.
Lepskii (1991), On a problem of adaptive estimation: a step is trusted while no smaller one contradicts it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zanjir.errors import GraphError, NonFiniteError, ParameterError, ShapeError, choose
from zanjir.graph.tensor import Array

__all__ = ["COMPLEX_STEP", "Slope", "eval_numerical_gradient", "noise_of", "real_number", "slope_of"]

# The imaginary part is never subtracted from anything, so its step may be far below the last digit.
COMPLEX_STEP = 1e-20
METHODS = {"forward": 1e-5, "central": 1e-5, "complex": COMPLEX_STEP}

# Steps of a sweep, as parts of the size of x: from 0.8 % down to 2e-9, each a quarter of the one before.
SWEEP = 2.0**-7 * 4.0 ** -np.arange(12)
SHORTER = 2.0**-7 * 4.0 ** -np.arange(12.0, 24.0)
# Steps at which noise is looked for: the smallest at which the values still differ has the least curvature in it.
# They are no powers of two: sums with those are often exact, and noise would hide.
NOISE_STEPS = 1.1547 * 2.0 ** np.array([-10.0, -20.0, -30.0, -40.0, -50.0])
NOISE_POINTS = 8
# A difference between two sides that a curve makes falls to a quarter with the step; one that a kink makes lasts.
LASTING = 0.5
# The estimate is a standard deviation over a handful of values; four of them bound nearly every value.
NOISE_BOUND = 4.0


def eval_numerical_gradient(
    f: Callable[[Array], Any], x: Any, method: str = "forward", h: float | None = None
) -> Array:
    r"""Return the gradient of a plain NumPy function, one element of x after the other.

    .. math:: \frac{f(x + h) - f(x)}{h}, \qquad \frac{f(x + h) - f(x - h)}{2h}, \qquad \frac{\Im f(x + ih)}{h}

    Parameters
    ----------
    f : function
        From an array of x's shape to a single number. It is given copies: x is never written to.
    x : array_like of any shape
        Where to differentiate. Whole numbers and float32 are cast to float64.
    method : str
        ``"forward"`` (P + 1 evaluations for P elements, error of order h), ``"central"`` (2 P, order h^2) or
        ``"complex"`` (P, exact to rounding, if every operation in f knows complex numbers).
    h : float, optional
        The step; 1e-5 for differences and 1e-20 for the complex step.

    Returns
    -------
    array of x's shape, float64

    Raises
    ------
    ParameterError
        If the method is unknown, h is not above 0, or f loses the imaginary part.
    ShapeError, NonFiniteError
        If f gives more than one number, or one that is not finite.

    Examples
    --------
    >>> eval_numerical_gradient(lambda x: np.sum(x**3), [1, 2, 3]).round(3)
    array([ 3., 12., 27.])
    """
    usual = choose("method", method, METHODS)
    step = usual if h is None else h
    if not (isinstance(step, int | float) and 0 < step < math.inf):
        raise ParameterError(f"eval_numerical_gradient: h must be a number above 0; got {step!r}.")
    start = float64(x)
    gradient = np.empty_like(start)
    at_x = finite_number(f, start.copy(), "at x") if method == "forward" else 0.0
    for index in np.ndindex(start.shape):
        if method == "complex":
            gradient[index] = complex_quotient(f, start, index, step)
            continue
        up = finite_number(f, moved(start, index, step), f"with x{list(index)} + {step:g}")
        if method == "forward":
            gradient[index] = (up - at_x) / step
        else:
            down = finite_number(f, moved(start, index, -step), f"with x{list(index)} - {step:g}")
            gradient[index] = (up - down) / (2 * step)
    return gradient


def float64(x: Any) -> Array:
    """Return a copy in float64; a reader's array is never written to."""
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise GraphError(f"x holds {array.dtype} data, expected real numbers.")
    return np.array(array, np.float64)


def moved(x: Array, index: tuple[int, ...], step: complex) -> Array:
    """Return a copy with one element moved."""
    copy = x.astype(np.result_type(x, type(step)))
    copy[index] += step
    return copy


def real_number(value: Any) -> float:
    """Return what a function gave, if it is a single real number."""
    if np.shape(value) not in ((), (1,)):
        raise ShapeError(f"f gave an array of shape {np.shape(value)}, expected a single number; sum or average it.")
    if np.iscomplexobj(value):
        raise GraphError(f"f gave the complex number {value}, expected a real one.")
    return float(np.asarray(value).reshape(()))


def finite_number(f: Callable[[Array], Any], x: Array, where: str) -> float:
    """Return f(x), or say where it is not finite."""
    value = real_number(f(x))
    if not math.isfinite(value):
        raise NonFiniteError(f"f is {value} {where}, expected a finite number; choose another x, or another h.")
    return value


def complex_quotient(f: Callable[[Array], Any], x: Array, index: tuple[int, ...], step: float) -> float:
    """Return the derivative from the imaginary part."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            value = f(moved(x, index, complex(0, step)))
    except (TypeError, np.exceptions.ComplexWarning) as error:
        raise ParameterError(f"f does not take complex numbers ({error}); use method='central'.") from error
    if not np.iscomplexobj(value):
        raise ParameterError(
            f"f gave the real number {value} for a complex x: something in it, such as abs or float, "
            "drops the imaginary part. Use method='central'."
        )
    return float(np.asarray(value).reshape(()).imag) / step


@dataclass(frozen=True)
class Slope:
    """The slope of a function of one number at 0, found by a sweep over steps.

    Parameters
    ----------
    value, error, step : float
        The central slope, extrapolated; how far it may be off; the step at which it was taken.
    left, right, jump, jump_error : float
        The slopes from the two sides, their difference, and how far that may be off.
    near_left, near_right, near_step, near_error : float
        The slopes from the two sides at one of the smallest steps, without extrapolation; NaN if their difference
        shrinks with the step, as it does without a kink.
    steepest : float
        The larger quotient at the longest step.
    still : bool
        Whether the function did not change at all.
    """

    value: float = math.nan
    error: float = math.inf
    step: float = math.nan
    left: float = math.nan
    right: float = math.nan
    jump: float = 0.0
    jump_error: float = math.inf
    near_left: float = math.nan
    near_right: float = math.nan
    near_step: float = math.nan
    near_error: float = math.inf
    steepest: float = 0.0
    still: bool = False


def slope_of(line: Callable[[float], float], scale: float, noise: float) -> Slope:
    """Return the slope of a function of one number at 0, from quotients over falling steps.

    Parameters
    ----------
    line : function
        From a number to a number.
    scale : float
        The size of what is moved; steps are parts of it.
    noise : float
        A bound on how far two values may be off.

    Examples
    --------
    >>> found = slope_of(lambda t: (1 + t) ** 3, scale=1.0, noise=1e-16)
    >>> abs(found.value - 3) < 1e-9, abs(found.jump) < 1e-6
    (True, True)
    """
    steps, right, left, changed = quotients(line, scale * SWEEP)
    if len(steps) < 3:
        steps, right, left, changed = quotients(line, scale * SHORTER)
    if len(steps) < 3:
        return Slope()
    if not changed:
        return Slope(0.0, 0.0, float(steps[0]), 0.0, 0.0, 0.0, 0.0, still=True)
    k, value, error = settled((right + left) / 2, noise / steps, order=2)
    _, jump, jump_error = settled(right - left, 4 * noise / steps, order=1)
    slope = Slope(value, error, float(steps[k]), value - jump / 2, value + jump / 2, jump, jump_error)
    steepest = float(max(abs(right[0]), abs(left[0])))
    near = len(steps) - 3 + int(np.argmax(np.abs(right - left)[-3:]))
    if near and abs(right - left)[near] < LASTING * abs(right - left)[near - 1]:
        return replace(slope, steepest=steepest)
    h = float(steps[near])
    sides = replace(slope, near_left=float(left[near]), near_right=float(right[near]), near_step=h)
    return replace(sides, steepest=steepest, near_error=4 * noise / h)


def quotients(line: Callable[[float], float], steps: Array) -> tuple[Array, Array, Array, bool]:
    """Return steps at which the function is finite on both sides, both one-sided quotients, and any change."""
    at_zero = line(0.0)
    up, down = (np.array([line(sign * float(h)) for h in steps]) for sign in (1, -1))
    fine = np.isfinite(up) & np.isfinite(down)
    up, down, steps = up[fine], down[fine], steps[fine]
    return (
        steps,
        (up - at_zero) / steps,
        (at_zero - down) / steps,
        bool((up != at_zero).any() | (down != at_zero).any()),
    )


def settled(values: Array, noises: Array, order: int) -> tuple[int, float, float]:
    """Choose, among estimates at falling steps, the one with the least error: index, extrapolated value, error."""
    correction = np.diff(values) / (4.0**order - 1)
    extrapolated = values[1:] + correction
    against = np.abs(extrapolated[:, None] - values[None, 1:]) - noises[None, 1:]
    contradiction = np.maximum(0, np.triu(against, 1)).max(axis=1)
    errors = 1.5 * noises[1:] + np.abs(correction) + contradiction
    best = int(np.argmin(errors))
    return best + 1, float(extrapolated[best]), float(errors[best])


def noise_of(line: Callable[[float], float], scale: float, resolution: float) -> float:
    """Return a bound on the noise in a function's values, from its differences of fourth order and above.

    Only one side is looked at, so that a kink at 0 is not taken for noise; of several steps the quietest counts.

    Parameters
    ----------
    resolution : float
        The least noise there can be: half a unit in the last place of a value.
    """
    quietest = gap = math.inf
    for h in scale * NOISE_STEPS:
        values = np.array([line(float(h) * i) for i in range(NOISE_POINTS)])
        distinct = np.unique(values)
        if np.isfinite(values).all() and len(distinct) > NOISE_POINTS // 2:
            quietest = min(quietest, max(deviation(values, k) for k in (4, 5, 6)))
        elif np.isfinite(values).all() and len(distinct) > 1:
            gap = min(gap, float(np.diff(distinct).min()))
    # Values that repeat at every step are a staircase: what they are off by is the height of a stair.
    found = next((noise for noise in (quietest, gap) if math.isfinite(noise)), 0.0)
    return NOISE_BOUND * max(found, resolution)


def deviation(values: Array, k: int) -> float:
    """Return the standard deviation of noise that differences of order k show: they magnify it by (2k)! / (k!)^2."""
    magnified = math.comb(2 * k, k)
    return float(np.sqrt(np.mean(np.diff(values, k) ** 2) / magnified))
