"""NumPy's functions where the table alone does not hold them: arguments, types, other sizes, special points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import zanjir.gates  # noqa: F401 - fills the table
from zanjir.errors import ShapeError
from zanjir.graph import Tensor, check_gradient, evaluate, gradient, tensor, topological_order

# A few operations with a rounding of 1.1e-16 each.
ROUNDING = 1e-14


@pytest.mark.parametrize("dtype", [int, bool])
def test_nothing_flows_through_a_conversion_to_whole_numbers_or_truth_values(dtype: Any) -> None:
    x = tensor([1.5, -2.5], "x")
    np.testing.assert_array_equal(gradient((x.astype(dtype) * x).sum(), x).value, x.value.astype(dtype))
    np.testing.assert_array_equal(gradient((x.astype(dtype).astype(float) ** 2).sum(), x).value, [0.0, 0.0])


@pytest.mark.parametrize(("shift", "axis"), [([1, 2], [0, 1]), (np.array([1, -1]), (0, 1)), (1, 0)])
def test_a_roll_by_a_list_flows_back(shift: Any, axis: Any) -> None:
    x = tensor(np.arange(6.0).reshape(2, 3), "x")
    weights = np.arange(6.0).reshape(2, 3) ** 2
    expected = [[weights[np.roll(np.arange(6).reshape(2, 3), shift, axis) == k].item() for k in row]
                for row in np.arange(6).reshape(2, 3)]  # fmt: skip
    np.testing.assert_array_equal(gradient((np.roll(x, shift, axis) * weights).sum(), x).value, expected)


TO_ONE_NUMBER: dict[str, Callable[[Any], Any]] = {
    "x @ x": lambda x: x @ x,
    "sum over two axes": lambda x: np.sum(x[None], axis=(0, 1)),
    "mean over two axes": lambda x: np.mean(x[None], axis=(0, 1)),
    "max over an axis": lambda x: np.max(x, axis=0),
    "vdot": lambda x: np.vdot(x, x),
    "einsum": lambda x: np.einsum("i,i", x, x),
    "norm over two axes": lambda x: np.linalg.norm(x[None], axis=(0, 1)),
    "trace": lambda x: np.trace(np.outer(x, x)),
    "reshape": lambda x: np.reshape(x[:1], ()),
}


@pytest.mark.parametrize("function", TO_ONE_NUMBER.values(), ids=TO_ONE_NUMBER)
def test_the_gradient_of_a_single_number_keeps_float32(function: Callable[[Any], Any]) -> None:
    x = tensor(np.array([1.5, -2.5, 0.5], np.float32), "x")
    for loss in (function(x), function(x) * 1.5):
        assert (loss.dtype, gradient(loss, x).dtype) == (np.float32, np.float32)


SAME_TYPE: dict[str, Callable[[Any], Any]] = {
    "angle": np.angle,
    "angle in degrees": lambda x: np.angle(x, deg=True),
    "linspace": lambda x: np.linspace(x, 2 * x, 4),
    "linspace from a number": lambda x: np.linspace(0, x, 3, endpoint=False),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, int])
@pytest.mark.parametrize("function", SAME_TYPE.values(), ids=SAME_TYPE)
def test_values_and_types_are_those_of_numpy(function: Callable[[Any], Any], dtype: Any) -> None:
    x = np.array([3.0, -1.0, 0.0]).astype(dtype)
    got, expected = function(tensor(x)), function(x)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got.value, expected, rtol=np.finfo(expected.dtype).resolution)


@pytest.mark.skipif(not hasattr(np, "vecmat"), reason="they came with NumPy 2.2")
@pytest.mark.parametrize(
    ("name", "first", "second"), [("vecdot", (4, 3), (3,)), ("matvec", (2, 4, 3), (3,)), ("vecmat", (2, 4), (4, 3))]
)
def test_products_of_vectors_in_stacks_have_numpys_values_and_right_gradients(
    name: str, first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(0)
    x, y = (Tensor(rng.standard_normal(shape), letter) for shape, letter in ((first, "x"), (second, "y")))
    product = getattr(np, name)
    out = product(x, y)
    np.testing.assert_allclose(out.value, product(x.value, y.value), rtol=ROUNDING)
    check_gradient((out * rng.standard_normal(out.shape)).sum(), [x, y])


def test_the_axis_of_vecdot_is_counted_in_each_input_before_they_broadcast() -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(2, 2, 3)
    leaf = tensor(y, "y")
    got = np.linalg.vecdot(x, leaf, axis=0)
    np.testing.assert_allclose(got.value, np.linalg.vecdot(x, y, axis=0), rtol=ROUNDING)
    np.testing.assert_allclose(gradient(got.sum(), leaf).value, np.stack([[x[0]] * 2, [x[1]] * 2]))


@pytest.mark.parametrize(("indices", "axis"), [([[0, -1]], 1), ([[1], [0]], 0), ([0, 3, 3], None)])
def test_indices_along_an_axis_broadcast_and_their_gradient_adds_up(indices: Any, axis: int | None) -> None:
    x = np.arange(6.0).reshape(2, 3)
    leaf = tensor(x, "x")
    taken = np.take_along_axis(leaf, np.array(indices), axis)
    np.testing.assert_array_equal(taken.value, np.take_along_axis(x, np.array(indices), axis))
    numbers = np.take_along_axis(np.arange(6).reshape(2, 3), np.array(indices), axis).ravel()
    counts = np.bincount(numbers, minlength=6).reshape(2, 3)
    np.testing.assert_array_equal(gradient(taken.sum(), leaf).value, counts)


def test_slopes_along_an_axis_of_one_element_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"x has shape \(3, 1\), expected at least 2 elements along axis 1"):
        np.gradient(tensor(np.ones((3, 1)), "x"), axis=1)


def test_powers_of_zero_have_the_derivatives_of_their_polynomials() -> None:
    x, n = tensor(np.zeros(4), "x"), tensor([0.0, 1.0, 2.0, 3.0], "n")
    slope = gradient((x**n.value).sum(), x)
    np.testing.assert_array_equal(slope.value, [0.0, 1.0, 0.0, 0.0])
    np.testing.assert_array_equal(gradient(slope.sum(), x).value, [0.0, 0.0, 2.0, 0.0])
    np.testing.assert_array_equal(gradient((x**n).sum(), n).value, np.zeros(4))  # 0^n is 0 for every n > 0


def test_the_derivative_of_a_power_is_right_for_another_exponent_than_it_was_made_with() -> None:
    x, n = tensor(2.0, "x"), tensor(0.0, "n")
    slope = gradient(x**n, x)
    assert evaluate([slope], {x: 2.0, n: 3.0})[id(slope)] == 12.0


OF_A_BATCH: dict[str, Callable[[Any], Any]] = {
    "kron": lambda x: np.kron(x, [[1.0, -2.0]]),
    "kron on the right": lambda x: np.kron([[[1.0], [-2.0]]], x),
    "split": lambda x: np.split(x, 2)[1],
    "vsplit": lambda x: np.vsplit(x, 2)[0],
    "hsplit": lambda x: np.hsplit(x, 3)[1],
}


@pytest.mark.parametrize("function", OF_A_BATCH.values(), ids=OF_A_BATCH)
def test_a_graph_made_with_one_batch_is_right_for_another(function: Callable[[Any], Any]) -> None:
    def loss_and_gradient(batch: Any) -> tuple[Tensor, list[Tensor]]:
        x = tensor(batch, "x")
        loss = (np.sin(function(x)) ** 2).sum()
        return x, [loss, gradient(loss, x)]

    small, large = (np.arange(3.0 * n).reshape(n, 3) for n in (2, 6))
    np.testing.assert_allclose(function(tensor(large)).value, function(large), rtol=ROUNDING)
    x, made = loss_and_gradient(small)
    again, (_, expected) = evaluate(made, {x: large}), loss_and_gradient(large)
    for node, right in zip(made, expected, strict=True):
        np.testing.assert_allclose(again[id(node)], right.value, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("parts", [0, -1, 3, np.int64(3)])
def test_parts_that_are_not_equal_are_refused(parts: Any) -> None:
    with pytest.raises(ShapeError, match=f"x has 4 elements along axis 0, which do not make {parts} equal parts"):
        np.split(tensor(np.ones(4), "x"), parts)


def test_a_vector_at_either_end_of_a_product_is_multiplied_first() -> None:
    v, A, B, w = (np.ones(shape) for shape in ((5,), (5, 6), (6, 7), (7,)))
    for arrays in ([v, A, B], [A, B, w], [v, A, B, w]):
        product = np.linalg.multi_dot([tensor(array) for array in arrays])
        np.testing.assert_array_equal(product.value, np.linalg.multi_dot(arrays))
        assert all(node.ndim < 2 for node in topological_order([product]) if node.gate)
