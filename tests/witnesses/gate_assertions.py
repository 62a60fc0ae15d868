"""The checks that every row of the table must pass, and that every mutant of a row must fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mpmath
import numpy as np

from witnesses.gate_samples import ANY_SHAPE, SIZES, inputs_for, inputs_over_the_domain, random_of, shapes
from witnesses.gate_values import WITNESSES
from zanjir.graph import Gate, Kink, Tensor, apply, check_rule, gradient

Params = Mapping[str, Any]

DIGITS = 50
# Below 2.2e-308 numbers lie 4.9e-324 apart: a result there cannot be relatively exact.
UNDERFLOW = 5e-324
# A complex step has no difference to cancel: what is left are some ten roundings of 1.1e-16 in rule and function.
EXACT_ERROR = 1e-12
# Central differences with h = eps^(1/3) = 6e-6 err by about h^2 = 4e-11 relative to the size of the function.
DIFFERENCE_ERROR = 1e-8
STEP = float(np.finfo(float).eps) ** (1 / 3)
POINTS = 4


def exactly(value: Any) -> Any:
    """Turn an array of floats or booleans into 50-digit numbers, without rounding."""
    return np.vectorize(lambda x: mpmath.mpf(float(x)), otypes=[object])(value)


def witnessed(row: Gate, inputs: Sequence[Any], params: Params) -> tuple[Any, Any]:
    """Return what the witness computes for a gate, and what the error is relative to."""
    witness, settings = WITNESSES[row.name], {**row.params, **params}
    exact = [exactly(x) for x in inputs]
    of_numbers = np.vectorize(lambda *x: witness.value(mpmath, *x, **settings), otypes=[object])
    with mpmath.workdps(DIGITS):
        value = of_numbers(*exact) if row.elementwise else witness.value(mpmath, *exact, **settings)
        scale = witness.scale(mpmath, *exact, **settings) if witness.scale else np.abs(value)
    return value, scale


def largest_error(row: Gate, inputs: Sequence[Any], params: Params) -> float:
    """Return the largest error of a gate at given inputs, relative to what its witness says."""
    value = np.asarray(row.forward(*inputs, **{**row.params, **params}))
    exact, scale = witnessed(row, inputs, params)
    assert value.shape == np.shape(exact), f"{row.name} has shape {value.shape}, expected {np.shape(exact)}"
    assert np.isfinite(value).all(), f"{row.name} is not finite at {inputs}"
    with mpmath.workdps(DIGITS):
        beyond = np.asarray(np.abs(exactly(value) - exact) - UNDERFLOW)
        sizes = np.broadcast_to(scale, beyond.shape)
        return max((float(e / s) if s else float(e > 0)) for e, s in zip(beyond.flat, sizes.flat, strict=True))


def assert_values(row: Gate, params: Params) -> None:
    """The value meets the row's relative error everywhere in its domain."""
    worst = max(largest_error(row, inputs, params) for inputs in inputs_over_the_domain(row))
    assert worst <= row.relative_error, f"{row.name} errs by {worst:.2g}, its row says {row.relative_error:.2g}"


def assert_differences(row: Gate, params: Params) -> None:
    """First and second derivatives agree with central differences at several points."""
    for seed in range(POINTS):
        check_rule(row, inputs_for(row, seed), params, order=2, seed=seed)


def flow(row: Gate, inputs: Sequence[Any], params: Params, i: int, g: Any) -> Any:
    """Return what flows to input i when g flows into the output."""
    x = Tensor(inputs[i])
    out = apply(row, *inputs[:i], x, *inputs[i + 1 :], **params)
    return gradient((out * g).sum(), x).value


def output_shape(row: Gate, inputs: Sequence[Any], params: Params) -> tuple[int, ...]:
    """Return the shape of a gate's value."""
    return np.shape(row.forward(*inputs, **{**row.params, **params}))


def ruled_inputs(row: Gate) -> list[int]:
    """Return the inputs that have a rule."""
    n_inputs = len(shapes(row))
    return [i for i, rule in enumerate(row.rules(n_inputs)) if rule is not None]


def jacobian_by_rules(row: Gate, inputs: Sequence[Any], params: Params, i: int) -> Any:
    """One row per output: let a unit flow into that output."""
    shape = output_shape(row, inputs, params)
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    return np.array([flow(row, inputs, params, i, g).ravel() for g in units])


def jacobian_by_differences(row: Gate, inputs: Sequence[Any], params: Params, i: int) -> Any:
    """One column per element of the input: move that element up and down."""
    units = np.eye(np.size(inputs[i])).reshape(-1, *np.shape(inputs[i]))

    def value(x: Any) -> Any:
        return row.forward(*inputs[:i], x, *inputs[i + 1 :], **{**row.params, **params})

    columns = [(value(inputs[i] + STEP * u) - value(inputs[i] - STEP * u)) / (2 * STEP) for u in units]
    return np.array([np.ravel(column) for column in columns]).T


def assert_jacobian(row: Gate, params: Params) -> None:
    """All derivatives of all outputs, and the flow of a random g, agree with differences element by element."""
    inputs = inputs_for(row)
    g = random_of(row.name, 1).standard_normal(output_shape(row, inputs, params))
    for i in ruled_inputs(row):
        numeric = jacobian_by_differences(row, inputs, params, i)
        size = max(1.0, float(np.abs(numeric).max()))
        np.testing.assert_allclose(
            jacobian_by_rules(row, inputs, params, i), numeric, rtol=0, atol=DIFFERENCE_ERROR * size
        )
        adjoint = numeric.T @ np.ravel(g)
        got = flow(row, inputs, params, i, g).ravel()
        np.testing.assert_allclose(got, adjoint, rtol=0, atol=DIFFERENCE_ERROR * size * g.size)


def assert_linear(row: Gate, params: Params) -> None:
    """The flow is linear in g: that of a combination is the combination of the flows."""
    inputs = inputs_for(row)
    rng = random_of(row.name, 2)
    shape = output_shape(row, inputs, params)
    g, h = rng.standard_normal(shape), rng.standard_normal(shape)
    for i in ruled_inputs(row):
        together = flow(row, inputs, params, i, 2 * g - 3 * h)
        apart = 2 * flow(row, inputs, params, i, g) - 3 * flow(row, inputs, params, i, h)
        np.testing.assert_allclose(together, apart, rtol=EXACT_ERROR, atol=EXACT_ERROR)


def assert_complex_step(row: Gate, params: Params) -> None:
    """For an analytic function, Im f(x + i h v) / h is the derivative along v to the last digits."""
    inputs, tiny = inputs_for(row), 1e-200
    rng = random_of(row.name, 3)
    for i in ruled_inputs(row):
        v = rng.standard_normal(np.shape(inputs[i]))
        moved = [*inputs[:i], inputs[i] + 1j * tiny * v, *inputs[i + 1 :]]
        derivative = np.imag(row.forward(*moved, **{**row.params, **params})) / tiny
        g = rng.standard_normal(np.shape(derivative))
        expected, got = np.sum(g * derivative), np.sum(flow(row, inputs, params, i, g) * v)
        np.testing.assert_allclose(got, expected, rtol=EXACT_ERROR, atol=EXACT_ERROR)


def hinge_kink(params: Params) -> list[Any]:
    """Scores whose margins are all exactly 0."""
    labels = np.arange(SIZES["n"]) % SIZES["c"]
    right = np.eye(SIZES["c"])[labels]
    return [params.get("delta", 1) * right, labels]


def pooling_kink(_params: Params) -> list[Any]:
    """An image of 4 x 3: the two largest numbers of every window, 9 and 9 or 5 and 5, are equal."""
    picture = np.array([[0, 0, 0], [9, 9, 0], [5, 5, 0], [1, 1, 0]], float)
    return [np.repeat(picture[None, :, :, None], 2, axis=3)]


def halved(g: Any, size: int, **_params: Any) -> Any:
    """What flows to the image of `pooling_kink`: windows of 2 x 2 have one pair each, those of 3 x 3 the same one."""
    flow = np.zeros((1, 4, 3, 2))
    for window, row in enumerate((1, 1) if size == 3 else (1, 2)):
        flow[0, row, :2] += g[0, window, 0] / 2
    return flow


def all_equal(_params: Params) -> list[Any]:
    """An array whose elements are all the same."""
    return [np.full(ANY_SHAPE, 2.0)]


# Where a kink of a gate that is not elementwise lies: whole inputs, all of whose outputs are at the kink.
KINK_INPUTS = {
    "hinge_margins": hinge_kink,
    "max_pool2d": pooling_kink,
    **dict.fromkeys(("euclidean_norm", "p_norm"), lambda _params: [np.zeros(ANY_SHAPE)]),
    **dict.fromkeys(("max", "min", "sort", "std"), all_equal),
}


def divided_evenly(g: Any, axis: Any, keepdims: bool) -> Any:
    """Each element along the axes has the same share of what flows into the result."""
    axes = tuple(range(len(ANY_SHAPE))) if axis is None else axis
    whole = g if keepdims else np.expand_dims(g, axes)
    return np.broadcast_to(whole / np.prod([ANY_SHAPE[k] for k in np.atleast_1d(axes)]), ANY_SHAPE)


# What flows at a kink, where it is not the same number everywhere.
KINK_FLOWS = {
    "max": divided_evenly,
    "min": divided_evenly,
    "max_pool2d": halved,
    "sort": lambda g, axis: g.reshape(ANY_SHAPE),
}


def kink_inputs(row: Gate, kink: Kink, params: Params) -> list[Any]:
    """Inputs at a kink."""
    return [np.full(3, x) for x in kink.at] if row.elementwise else KINK_INPUTS[row.name](params)


def assert_kinks(row: Gate, params: Params) -> None:
    """At a kink, the slope is exactly the one the row chose."""
    for kink in row.kinks:
        params = {**row.params, **params, **kink.params}
        inputs = kink_inputs(row, kink, params)
        g = random_of(row.name, 4).standard_normal(output_shape(row, inputs, params))
        for i, slope in zip(ruled_inputs(row), kink.slopes, strict=True):
            got = flow(row, inputs, params, i, g)
            expected = slope * g if row.elementwise else np.full(np.shape(inputs[i]), slope)
            if row.name in KINK_FLOWS:
                expected = KINK_FLOWS[row.name](g, **params)
            np.testing.assert_array_equal(got, expected, err_msg=f"{row.name}: {kink.convention}")
