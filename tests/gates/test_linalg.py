"""Linear algebra beyond what every row is tested for: stacks, triangles, defining equations, NumPy's own functions.

Derivatives of what no formula gives are judged by differences of 50-digit witnesses, which leave 24 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np
import pytest

from witnesses.gate_assertions import (
    DIGITS,
    EXACT_ERROR,
    assert_complex_step,
    exactly,
    flow,
    output_shape,
    ruled_inputs,
)
from witnesses.gate_samples import case_id, cases, inputs_for, random_of, rows_that
from witnesses.gate_values import WITNESSES
from witnesses.linalg_values import NOT_ANALYTIC
from zanjir.errors import DataError, GraphError, ParameterError, ShapeError
from zanjir.graph import TABLE, Gate, Tensor, apply, check_gradient, gradient
from zanjir.graph.order import topological_order

Params = Mapping[str, Any]

STEP = 1e-12
# Products of ten rounded factors of size 1 to 10: a hundred roundings of 1.1e-16.
EQUATION_ERROR = 2e-14
# NumPy adds squares in another order, or without scaling: the last digits of some ten terms may differ.
NUMPY_ERROR = 1e-14

STACKED = rows_that(lambda row: row.core_shapes[0][:1] == ("*",) and len(row.core_shapes[0]) > 1)
SYMMETRIC = rows_that(lambda row: row.name in {"cholesky", "eigvalsh", "eigenvectors"})
every_stacked = pytest.mark.parametrize(("row", "params"), cases(STACKED), ids=case_id)


def matrix(seed: int = 0, n: int = 3, m: int = 3) -> Any:
    """A random matrix with singular values from 1 to 3 or so."""
    return np.random.default_rng(seed).uniform(-1, 1, (n, m)) + 2 * np.eye(n, m)


def assert_close(got: Any, expected: Any, error: float = EXACT_ERROR) -> None:
    np.testing.assert_allclose(got, expected, rtol=error, atol=error)


@pytest.mark.parametrize(("row", "params"), cases([TABLE[name] for name in sorted(NOT_ANALYTIC)]), ids=case_id)
def test_derivatives_agree_with_differences_of_the_50_digit_witness(row: Gate, params: Params) -> None:
    (x,), rng = inputs_for(row, 14), random_of(row.name, 15)
    v, g = rng.standard_normal(x.shape), rng.standard_normal(output_shape(row, [x], params))
    settings = {**row.params, **params}
    with mpmath.workdps(DIGITS):
        ends = [
            WITNESSES[row.name].value(mpmath, exactly(x) + sign * STEP * exactly(v), **settings) for sign in (1, -1)
        ]
        expected = float(np.sum(exactly(g) * ((ends[0] - ends[1]) / (2 * mpmath.mpf(STEP)))))
    assert_close(np.sum(flow(row, [x], params, 0, g) * v), expected)


@pytest.mark.parametrize("row", [TABLE[name] for name in sorted(NOT_ANALYTIC)], ids=case_id)
def test_only_what_is_not_analytic_is_spared_the_complex_step(row: Gate) -> None:
    with pytest.raises((AssertionError, TypeError)):
        assert_complex_step(row, {})


def stack_of(row: Gate, *sizes: int) -> list[Any]:
    """Inputs with leading axes, all of them samples of the row."""
    layers = [inputs_for(row, seed) for seed in range(int(np.prod(sizes)))]
    return [np.reshape(x, (*sizes, *np.shape(x[0]))) for x in zip(*layers, strict=True)]


@every_stacked
def test_a_stack_gives_the_stack_of_values_and_gradients(row: Gate, params: Params) -> None:
    stack = stack_of(row, 2, 3)
    out = apply(row, *stack, **params)
    g = random_of(row.name, 6).standard_normal(out.shape)
    for k in np.ndindex(2, 3):
        layer = [x[k] for x in stack]
        assert_close(out.value[k], apply(row, *layer, **params).value)
        for i in ruled_inputs(row):
            assert_close(flow(row, stack, params, i, g)[k], flow(row, layer, params, i, g[k]))


@pytest.mark.parametrize("name", ["matmul", "solve"])
@pytest.mark.parametrize("single", [0, 1])
def test_one_matrix_beside_a_stack_is_repeated_and_its_gradient_adds_up(name: str, single: int) -> None:
    row = TABLE[name]
    inputs, one = stack_of(row, 3), inputs_for(row, 9)[single]
    repeated = [*inputs]
    inputs[single], repeated[single] = one, np.broadcast_to(one, (3, *one.shape))
    out = apply(row, *inputs)
    assert_close(out.value, apply(row, *repeated).value)
    g = random_of(name, 6).standard_normal(out.shape)
    for i in ruled_inputs(row):
        whole = flow(row, repeated, {}, i, g)
        assert_close(flow(row, inputs, {}, i, g), whole.sum(axis=0) if i == single else whole)


def test_a_vector_is_one_right_side_for_every_matrix_of_a_stack() -> None:
    a, b = Tensor(np.stack([matrix(1), matrix(2)]), "a"), Tensor([1.0, -2, 0.5], "b")
    x = np.linalg.solve(a, b)
    assert_close((a.value @ x.value[..., None])[..., 0], np.broadcast_to(b.value, (2, 3)))
    check_gradient((x * np.arange(6.0).reshape(2, 3)).sum(), [a, b])
    check_gradient((np.linalg.solve(matrix(3), b) ** 2).sum(), [b])


@pytest.mark.parametrize(("row", "params"), cases(SYMMETRIC), ids=case_id)
def test_only_one_triangle_is_read_and_only_it_has_a_gradient(row: Gate, params: Params) -> None:
    (a,), upper = inputs_for(row), bool({**row.params, **params}.get("upper") or params.get("UPLO") == "U")
    unread = np.tril(np.ones((3, 3)), -1) if upper else np.triu(np.ones((3, 3)), 1)
    value = apply(row, a, **params).value
    np.testing.assert_array_equal(apply(row, a + 7 * unread, **params).value, value)
    g = random_of(row.name, 3).standard_normal(value.shape)
    slopes = flow(row, [a], params, 0, g)
    assert not slopes[unread == 1].any()
    assert slopes[unread == 0].all()


def test_lower_case_names_of_triangles_are_the_same_triangles() -> None:
    (a,) = inputs_for(TABLE["eigvalsh"])
    for name, params in (("eigvalsh", "u"), ("eigenvectors", "u"), ("eigvalsh", "l"), ("eigenvectors", "l")):
        g = random_of(name, 2).standard_normal(output_shape(TABLE[name], [a], {}))
        lower, upper = (flow(TABLE[name], [a], {"UPLO": UPLO}, 0, g) for UPLO in (params, params.upper()))
        np.testing.assert_array_equal(lower, upper)


@pytest.mark.parametrize("UPLO", ["L", "U"])
def test_eigenvectors_satisfy_their_equation_and_are_orthonormal(UPLO: str) -> None:
    (a,) = inputs_for(TABLE["eigvalsh"], 5)
    symmetric = np.tril(a) + np.tril(a, -1).T if UPLO == "L" else np.triu(a) + np.triu(a, 1).T
    w, v = np.linalg.eigh(Tensor(a), UPLO)
    assert_close(symmetric @ v.value, v.value * w.value, EQUATION_ERROR)
    assert_close(v.value.T @ v.value, np.eye(3), EQUATION_ERROR)
    assert (np.diff(w.value) > 0).all()


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4), (2, 4, 3)])
def test_the_three_parts_of_a_decomposition_give_the_matrix_back(shape: tuple[int, ...]) -> None:
    a = Tensor(np.random.default_rng(1).uniform(-1, 1, shape), "a")
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    back = u * np.expand_dims(s, -2) @ vh
    assert_close(back.value, a.value, EQUATION_ERROR)
    g = np.random.default_rng(2).standard_normal(shape)
    assert_close(gradient((back * g).sum(), a).value, g, EQUATION_ERROR)


def test_a_function_that_does_not_depend_on_signs_has_the_gradient_of_its_definition() -> None:
    a = Tensor(matrix(4) @ matrix(4).T, "a")
    w, v = np.linalg.eigh(a)
    square, g = v * np.expand_dims(w**2, -2) @ v.T, matrix(5)
    expected = gradient((a @ a * g).sum(), a).value  # of all elements; one triangle stands for both
    folded = np.tril(expected) + np.tril(expected.T, -1)
    assert_close(gradient((square * g).sum(), a).value, folded, EQUATION_ERROR)


def test_equal_eigenvalues_give_no_number_where_vectors_have_no_derivative() -> None:
    with np.errstate(all="ignore"):
        slopes = flow(TABLE["eigenvectors"], [np.diag([1.0, 2, 2])], {}, 0, matrix())
    assert not np.isfinite(slopes).all()


def test_singular_matrices_have_determinants_with_gradients() -> None:
    of_rank_two = np.array([[1.0, 2, 3], [2, 1, 0], [3, 3, 3]])
    slopes = flow(TABLE["det"], [of_rank_two], {}, 0, 1.0)
    assert_close(slopes, [[3, -6, 3], [3, -6, 3], [-3, 6, -3]])  # the cofactors, by hand
    assert_close(flow(TABLE["det"], [np.ones((3, 3))], {}, 0, 1.0), np.zeros((3, 3)))


def test_the_sign_of_a_determinant_has_no_derivative_and_its_logarithm_has() -> None:
    a = Tensor(-matrix(), "a")
    result = np.linalg.slogdet(a)
    assert result.sign.value == np.sign(np.linalg.det(a.value))
    assert_close(result.sign.value * np.exp(result.logabsdet.value), np.linalg.det(a.value))
    assert not gradient(result.sign, a).value.any()
    assert_close(gradient(result.logabsdet, a).value, np.linalg.inv(a.value).T)


@pytest.mark.parametrize("size", [2.0**1021, 1e200, 1e-200, 5e-324])
def test_norms_neither_overflow_nor_underflow(size: float) -> None:
    x = Tensor(size * np.array([3.0, -4.0]), "x")
    length = np.linalg.norm(x)
    assert length.value == 5 * size
    assert np.linalg.norm(x, 3).value == pytest.approx(size * 91 ** (1 / 3), rel=1e-15, abs=5e-324)
    assert_close(gradient(length, x).value, [0.6, -0.8])


def test_the_norm_of_infinity_is_infinite_and_that_of_nan_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.linalg.norm(Tensor([1.0, -np.inf])).value == np.inf
        assert np.isnan(np.linalg.norm(Tensor([1.0, np.nan])).value)


def test_the_pseudo_inverse_of_a_matrix_of_low_rank_meets_penrose_and_differences() -> None:
    b, c = Tensor(matrix(1, 4, 2), "b"), Tensor(matrix(2, 2, 3), "c")
    a = b @ c
    p = np.linalg.pinv(a)
    for left, right in ((a @ p @ a, a), (p @ a @ p, p), ((a @ p).T, a @ p), ((p @ a).T, p @ a)):
        assert_close(left.value, right.value, EQUATION_ERROR)
    check_gradient((p * matrix(3, 3, 4)).sum(), [b, c])


Function = Callable[..., Any]
STACK = np.random.default_rng(7).uniform(-1, 1, (2, 4, 3))
VECTOR = np.array([0.5, -2.0, 1.5, 0.25])


def assert_like_numpy(function: Function, *arrays: Any) -> None:
    """A NumPy function gives on tensors what it gives on arrays, in value, shape and dtype, and has a gradient."""
    tensors = [Tensor(x, f"x{i}") for i, x in enumerate(arrays)]
    for got, expected in zip(parts(function(*tensors)), parts(function(*arrays)), strict=True):
        assert (got.shape, got.dtype) == (np.shape(expected), np.asarray(expected).dtype)
        assert_close(got.value, expected, NUMPY_ERROR)
        weights = np.random.default_rng(8).uniform(1, 2, got.shape)
        check_gradient((got * weights).sum(), tensors)


def parts(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, tuple | list) else (result,)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("ord", [1, 2, 3, 1.5, 0.5, 0, -2, np.inf, -np.inf])
def test_norms_of_vectors_are_those_of_numpy(ord: float, keepdims: bool) -> None:  # noqa: A002 - NumPy's name
    assert_like_numpy(lambda x: np.linalg.norm(x, ord, keepdims=keepdims), VECTOR)
    assert_like_numpy(lambda x: np.linalg.norm(x, ord, axis=-1, keepdims=keepdims), STACK)
    assert_like_numpy(lambda x: np.linalg.vector_norm(x, ord=ord, keepdims=keepdims), STACK)
    assert_like_numpy(lambda x: np.linalg.vector_norm(x, ord=ord, axis=(0, 2), keepdims=keepdims), STACK)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_norms_of_matrices_are_those_of_numpy(ord: Any, keepdims: bool) -> None:  # noqa: A002 - NumPy's name
    assert_like_numpy(lambda x: np.linalg.norm(x, ord, keepdims=keepdims), matrix())
    assert_like_numpy(lambda x: np.linalg.matrix_norm(x, ord=ord, keepdims=keepdims), STACK)
    for axis in ((1, 2), (2, 1), (-1, 0)):
        assert_like_numpy(lambda x, axis=axis: np.linalg.norm(x, ord, axis=axis, keepdims=keepdims), STACK)


@pytest.mark.parametrize(
    "function",
    [
        np.linalg.norm, np.linalg.matrix_transpose, np.linalg.trace, np.linalg.diagonal,
        lambda x: np.linalg.norm(x, axis=(0, 2)), lambda x: np.linalg.trace(x, offset=-1),
        lambda x: np.linalg.diagonal(x, offset=1), lambda x: np.linalg.svd(x, full_matrices=False),
        lambda x: np.linalg.svd(x, compute_uv=False), lambda x: np.diagflat(x, 1),
        lambda x: np.linalg.matmul(x, np.ones((2, 3, 2))), np.matrix_transpose,
        lambda x: np.linalg.outer(x[0, 0], x[1, 1]), lambda x: np.linalg.cross(x[0], x[1]),
        lambda x: np.linalg.tensordot(x, x, axes=((2,), (2,))), lambda x: np.linalg.vecdot(x, x[:1]),
        lambda x: np.linalg.pinv(x, 1e-3),
    ],
)  # fmt: skip
def test_functions_of_stacks_are_those_of_numpy(function: Function) -> None:
    assert_like_numpy(function, STACK)


@pytest.mark.parametrize(
    "function",
    [
        np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.eigh, np.linalg.eigvalsh, np.linalg.svd,
        np.linalg.svdvals, np.linalg.cond, lambda a: np.diag(a, -1), lambda a: np.linalg.eigh(a, "U"),
        lambda a: np.linalg.cholesky(a @ a.T, upper=True), np.trace, lambda a: np.tril(a, 1), lambda a: np.triu(a, k=1),
        *(lambda a, p=p: np.linalg.cond(a, p) for p in (1, -1, 2, -2, np.inf, -np.inf, "fro")),
        *(lambda a, n=n: np.linalg.matrix_power(a, n) for n in (-3, -1, 0, 1, 2, 3, 6)),
    ],
)  # fmt: skip
def test_functions_of_square_matrices_are_those_of_numpy(function: Function) -> None:
    assert_like_numpy(function, matrix())


def test_a_vector_makes_a_diagonal_matrix() -> None:
    for k in (-2, 0, 1):
        assert_like_numpy(lambda v, k=k: np.diag(v, k), VECTOR)


def test_several_products_are_taken_in_the_order_of_fewest_multiplications() -> None:
    sizes = ((2, 40), (40, 3), (3, 30), (30, 1))
    arrays = [np.random.default_rng(k).uniform(-1, 1, shape) for k, shape in enumerate(sizes)]
    assert_like_numpy(lambda *factors: np.linalg.multi_dot(list(factors)), *arrays)
    nodes = topological_order([np.linalg.multi_dot([Tensor(x) for x in arrays])])
    products = [node.shape for node in nodes if node.gate]
    assert products == [(3, 1), (40, 1), (2, 1)]  # 90 + 120 + 80 multiplications; from the left they are 480


@pytest.mark.parametrize(
    ("function", "value", "error", "message"),
    [
        (np.linalg.inv, np.ones((2, 2)), DataError, r"^inv: A of shape \(2, 2\) is singular: .*np.linalg.pinv"),
        (np.linalg.inv, np.ones((3, 2, 2)), DataError, "^inv: a matrix of the stack A of shape"),
        (np.linalg.inv, np.ones((2, 3)), ShapeError, r"^inv: A has shape \(2, 3\), expected a square matrix"),
        (np.linalg.det, np.ones(3), ShapeError, r"^det: A has shape \(3,?\), expected at least 2 axes"),
        (np.linalg.cholesky, -np.eye(2), DataError, "^cholesky: A of shape .* is not positive definite: .*identity"),
        (np.linalg.svdvals, np.full((2, 2), np.nan), DataError, "^svdvals: A of shape .* holds NaN"),
        (np.linalg.svd, np.ones((2, 3)), GraphError, r"A has shape \(2, 3\).*Pass full_matrices=False"),
        (lambda a: np.linalg.svd(a, hermitian=True), np.eye(2), GraphError, "use np.linalg.eigh"),
        (lambda a: np.linalg.matrix_power(a, 0.5), np.eye(2), ParameterError, "exponent is 0.5, expected a whole"),
        (lambda a: np.linalg.norm(a, "max"), np.eye(2), ParameterError, "ord is 'max', expected 'fro', 'nuc'"),
        (lambda a: np.linalg.norm(a, "fro"), np.ones(2), ParameterError, "ord is 'fro', expected a number"),
        (lambda a: np.linalg.norm(a, 2), np.ones((2, 2, 2)), ShapeError, "give one axis for vectors or two"),
        (np.diag, np.ones((2, 2, 2)), ShapeError, "^diag: A has shape .* expected 1 or 2 axes"),
        (lambda a: np.linalg.eigvalsh(a, "X"), np.eye(2), ShapeError, "^eigvalsh: A is .*UPLO"),
    ],
)  # fmt: skip
def test_matrices_that_do_not_fit_are_one_sentence(function: Function, value: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        function(Tensor(value, "A"))
