"""Derivatives of every order and kind, against mpmath, SymPy and finite differences; arrangements and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

from zanjir.errors import GraphError, ShapeError
from zanjir.gates import greater, logsumexp, relu, sigmoid
from zanjir.graph import (
    Tensor,
    gradient,
    hessian,
    hessian_vector_product,
    jacobian,
    tensor,
    topological_order,
    value_and_gradient,
)

# Fourth derivatives are sums of some tens of products, each rounded by 1.1e-16.
ROUNDING = 1e-13
# Central differences of a gradient with step 6e-6 err by about 4e-11 times third derivatives of size 10.
DIFFERENCES = 1e-8
STEP = float(np.finfo(float).eps) ** (1 / 3)
# Exponents x - logsumexp(x) near 1,000 are rounded by half an ulp of 1,000, 5.7e-14, in each of two factors.
AT_1000 = 2.5e-13
# What the row of sigmoid states: sigma (1 - sigma) is off by one rounding of 1 at most.
SIGMOID_SLOPE = 1.2e-16

A = np.array([[0.5, -1.0, 0.25], [1.5, 0.75, -0.5]])
POINT = np.array([[0.3], [-0.7], [1.1]])


def nth(f: Callable[[Tensor], Tensor], at: float, order: int) -> float:
    """Return a derivative of any order of a function of one number, by differentiating gradients."""
    x = tensor(at, "x")
    y = f(x)
    for _ in range(order):
        y = gradient(y, x)
    return float(y.value)


FUNCTIONS: dict[str, tuple[Any, Any, float]] = {
    "exp": (np.exp, mpmath.exp, 0.7),
    "tanh": (np.tanh, mpmath.tanh, 0.3),
    "power of x": (lambda x: x**3.5, lambda x: x ** mpmath.mpf(3.5), 1.7),
    "power by x": (lambda n: 2.5**n, lambda n: mpmath.mpf(2.5) ** n, 1.3),
    "sigmoid": (sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), -0.4),
}


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize(("ours", "exact", "at"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_derivatives_up_to_the_fourth_are_those_of_mpmath(ours: Any, exact: Any, at: float, order: int) -> None:
    with mpmath.workdps(60):
        expected = float(mpmath.diff(exact, mpmath.mpf(at), order))
    assert nth(ours, at, order) == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_derivatives_of_logsumexp_along_a_direction_are_those_of_mpmath(order: int) -> None:
    x, direction = np.array([0.2, -0.5, 1.0]), np.array([0.7, -0.3, 0.4])

    def along(t: Tensor) -> Tensor:
        return logsumexp(x + t * direction)

    with mpmath.workdps(60):
        terms = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(x, direction, strict=True)]
        exact = mpmath.diff(lambda t: mpmath.log(sum(mpmath.exp(a + t * b) for a, b in terms)), 0, order)
    assert nth(along, 0.0, order) == pytest.approx(float(exact), rel=ROUNDING)


def test_the_slope_of_tanh_at_20_keeps_its_digits() -> None:
    with mpmath.workdps(60):
        expected = float(mpmath.sech(20) ** 2)  # 1.7e-17, where 1 - tanh(20) ** 2 is 0
    assert nth(np.tanh, 20.0, 1) == pytest.approx(expected, rel=ROUNDING)
    assert nth(np.tanh, 20.0, 2) == pytest.approx(-2 * expected, rel=ROUNDING)


@pytest.mark.parametrize("at", [20.0, -20.0])
def test_the_slope_of_sigmoid_far_out_is_within_what_its_row_states(at: float) -> None:
    with mpmath.workdps(60):
        expected = float(mpmath.exp(-20) / (1 + mpmath.exp(-20)) ** 2)
    assert nth(sigmoid, at, 1) == pytest.approx(expected, rel=0, abs=SIGMOID_SLOPE)


def test_logsumexp_at_1000_does_not_overflow_at_any_order() -> None:
    point = np.array([1000.0, 1000.0])
    value, slope = value_and_gradient(logsumexp, point)
    assert value == pytest.approx(1000 + np.log(2), rel=ROUNDING)
    np.testing.assert_allclose(slope, [0.5, 0.5], rtol=AT_1000)
    np.testing.assert_allclose(hessian(logsumexp, point), [[0.25, -0.25], [-0.25, 0.25]], rtol=AT_1000)


KINKS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "relu": (relu, 0.0),
    "absolute": (np.abs, 0.0),
    "maximum": (lambda x: np.maximum(x, 0.0), 0.5),
    "minimum": (lambda x: np.minimum(0.0, x), 0.5),
}


@pytest.mark.parametrize(("f", "slope"), KINKS.values(), ids=KINKS)
def test_at_a_kink_the_slope_is_the_one_that_the_row_states(f: Callable[[Tensor], Tensor], slope: float) -> None:
    assert value_and_gradient(f, 0.0) == (0.0, slope)
    assert jacobian(f, [0.0, -1.0, 1.0]).diagonal()[0] == slope


def vector_function(x: Any) -> Any:
    """A function from (3, 1) to (2, 1) with products between all elements."""
    return np.tanh(A @ x) * (x.T @ x)


def symbols() -> tuple[sympy.Matrix, sympy.Matrix]:
    """Return the inputs and the value of the vector function in SymPy."""
    x = sympy.Matrix(sympy.symbols("x0:3"))
    return x, (sympy.Matrix(A) * x).applyfunc(sympy.tanh) * (x.T * x)[0]


def at_the_point(expression: Any, x: sympy.Matrix) -> np.ndarray[Any, Any]:
    """Evaluate a SymPy matrix with 30 digits."""
    numbers = dict(zip(x, (sympy.Float(float(v), 30) for v in POINT[:, 0]), strict=True))
    return np.array(expression.evalf(30, subs=numbers).tolist(), float)


def test_a_jacobian_is_that_of_sympy() -> None:
    x, y = symbols()
    J = jacobian(vector_function, POINT)
    assert J.shape == (2, 1, 3, 1)
    np.testing.assert_allclose(J[:, 0, :, 0], at_the_point(y.jacobian(x), x), rtol=ROUNDING, atol=ROUNDING)


def test_a_hessian_is_that_of_sympy_and_times_a_vector_too() -> None:
    x, y = symbols()
    expected = at_the_point(sympy.hessian(sum(y), x), x)

    def loss(point: Tensor) -> Tensor:
        return vector_function(point).sum()

    H = hessian(loss, POINT)
    assert H.shape == (3, 1, 3, 1)
    np.testing.assert_allclose(H[:, 0, :, 0], expected, rtol=ROUNDING, atol=ROUNDING)
    v = np.array([[1.0], [-2.0], [0.5]])
    product = hessian_vector_product(loss, POINT, v)
    np.testing.assert_allclose(product, expected @ v, rtol=ROUNDING, atol=ROUNDING)


def test_a_hessian_vector_product_agrees_with_differences_of_the_gradient() -> None:
    def loss(W: Tensor, b: Tensor) -> Tensor:
        return np.mean(np.tanh(POINT.T @ W + b) ** 2)

    rng = np.random.default_rng(0)
    point, v = ({"W": rng.standard_normal((3, 4)), "b": rng.standard_normal(4)} for _ in "ab")
    ahead, behind = (gradient(loss, {k: point[k] + s * STEP * v[k] for k in point}) for s in (1, -1))
    product = hessian_vector_product(loss, point, v)
    assert set(product) == {"W", "b"}
    for name, found in product.items():
        np.testing.assert_allclose(found, (ahead[name] - behind[name]) / (2 * STEP), rtol=0, atol=DIFFERENCES)


def test_a_hessian_vector_product_never_forms_the_hessian() -> None:
    x = tensor(np.linspace(-1, 1, 300), "x")
    product = hessian_vector_product(np.tanh(x * x).sum(), x, np.ones(300))
    assert max(node.size for node in topological_order([product])) == 300


def test_blocks_of_a_hessian_stand_in_the_arrangement_of_the_question() -> None:
    blocks = hessian(lambda w, b: (w * w * b).sum(), {"w": [1.0, 2.0], "b": 3.0})
    assert {name: list(row) for name, row in blocks.items()} == {"w": ["w", "b"], "b": ["w", "b"]}
    np.testing.assert_array_equal(blocks["w"]["w"], [[6.0, 0.0], [0.0, 6.0]])
    np.testing.assert_array_equal(blocks["w"]["b"], [2.0, 4.0])
    np.testing.assert_array_equal(blocks["b"]["w"], [2.0, 4.0])
    assert blocks["b"]["b"] == 0.0


def test_tensors_are_answered_with_tensors_that_can_be_differentiated_again() -> None:
    x = tensor([1.0, 2.0], "x")
    J = jacobian(x * x * x, x)
    assert isinstance(J, Tensor)
    np.testing.assert_array_equal(J.value, [[3.0, 0.0], [0.0, 12.0]])
    np.testing.assert_array_equal(gradient(J.sum(), x).value, [6.0, 12.0])
    value, slope = value_and_gradient((x * x).sum(), [x])
    assert isinstance(value, Tensor)
    assert slope[0].value.tolist() == [2.0, 4.0]


def test_arrays_are_answered_with_arrays_that_are_ones_own() -> None:
    value, slope = value_and_gradient(lambda x: (x * x).sum(), np.array([1.0, 2.0]))
    assert (type(value), type(slope), value, slope.tolist()) == (np.float64, np.ndarray, 5.0, [2.0, 4.0])
    slope += 1  # a plain array, as NumPy's functions return


def test_a_function_is_called_as_its_arguments_are_arranged() -> None:
    def f(w: Any, b: Any) -> Any:
        return w * w * b

    assert gradient(f, (2.0, 3.0)) == (12.0, 4.0)
    assert gradient(f, {"b": 3.0, "w": 2.0}) == {"b": 4.0, "w": 12.0}
    assert gradient(lambda x: x.sum(), [1.0, 2.0]).tolist() == [1.0, 1.0]  # a list is one array


def test_derivatives_nest_without_confusing_their_variables() -> None:
    def inner(x: Tensor) -> Any:
        return gradient(lambda y: y * y * x, x)  # d/dy y^2 x at y = x is 2 x^2, not 3 x^2

    assert inner(tensor(3.0)).value == 18.0
    assert gradient(inner, 3.0) == 12.0
    assert gradient(lambda x: gradient(lambda y: gradient(lambda z: x * y * z**3.0, y), x), 2.0) == 27 * 2.0**2


def test_whole_numbers_are_points_and_become_floats() -> None:
    assert gradient(lambda x: x * x * 0.5, 3) == 3.0
    assert gradient(lambda x: (x * x).sum(), [1, 2]).dtype == np.float64
    assert gradient(lambda x: np.power(x, -1).sum(), [1, 2]).tolist() == [-1.0, -0.25]  # integers refuse this power
    assert gradient(lambda x: (1 / x).sum(), np.array([1, 2])).tolist() == [-1.0, -0.25]


def test_float32_stays_float32() -> None:
    x = np.array([1, 2], np.float32)
    assert jacobian(np.tanh, x).dtype == np.float32
    assert hessian_vector_product(lambda x: (x * x * x).sum(), x, [1, 1]).dtype == np.float32


def test_what_has_no_rule_gives_zeros() -> None:
    assert gradient(lambda x: np.sign(x).sum(), [1.0, -2.0]).tolist() == [0.0, 0.0]
    assert gradient(lambda x: (greater(x, 0) * 2.0).sum(), [1.0, -2.0]).tolist() == [0.0, 0.0]
    assert not jacobian(np.sign, [1.0, -2.0]).any()
    assert hessian(lambda x: (np.sign(x) * x).sum(), [1.0, -2.0]).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_the_jacobian_of_a_single_number_is_its_gradient_and_of_nothing_has_its_shape() -> None:
    assert jacobian(lambda x: (x * x).sum(), [1.0, 2.0]).tolist() == [2.0, 4.0]
    assert jacobian(lambda x: x * 2.0, np.zeros((0, 3))).shape == (0, 3, 0, 3)


@pytest.mark.parametrize("derivative", [value_and_gradient, hessian, lambda f, x: hessian_vector_product(f, x, x)])
def test_several_numbers_are_an_error_that_names_jacobian(derivative: Any) -> None:
    message = r"needs a single number; h has shape \(2,\)\. Take \.mean\(\) or \.sum\(\) first, or use jacobian\.$"
    with pytest.raises(ShapeError, match=message):
        derivative(lambda x: (x * x).named("h"), [1.0, 2.0])


@pytest.mark.parametrize(
    ("v", "message"),
    [
        ({"w": [1.0], "b": 1.0}, r"v has shape \(1,\); expected \(2,\), the shape of w\."),
        ({"w": [1.0, 2.0]}, r"v is arranged as wrt is: expected a mapping of w, b directions, got \{'w'"),
        ([1.0, 2.0], r"expected a mapping of w, b directions, got \[1\.0, 2\.0\]\."),
    ],
)
def test_a_direction_of_another_arrangement_or_shape_is_refused(v: Any, message: str) -> None:
    with pytest.raises((ShapeError, GraphError), match=message):
        hessian_vector_product(lambda w, b: (w * w).sum() * b, {"w": [1.0, 2.0], "b": 3.0}, v)


def test_a_number_of_directions_that_is_not_the_number_of_inputs_is_refused() -> None:
    with pytest.raises(GraphError, match=r"expected a sequence of 2 directions, got \(1\.0,\)"):
        hessian_vector_product(lambda w, b: w * b, (1.0, 2.0), (1.0,))


def test_what_cannot_be_differentiated_is_refused_in_one_sentence() -> None:
    with pytest.raises(GraphError, match="jacobian needs a function that returns a tensor; it returned float"):
        jacobian(lambda _x: 3.0, 1.0)
    with pytest.raises(GraphError, match=r"hessian takes tensors; got int to differentiate by\."):
        hessian(tensor(1.0), [2])
    with pytest.raises(ShapeError, match=r"an array has rows of one length; got .* Give several inputs as a tuple"):
        gradient(lambda x: x.sum(), [[1.0, 2.0], [3.0]])
