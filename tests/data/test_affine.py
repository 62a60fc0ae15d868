import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zanjir.data import AffineMap, rotation
from zanjir.errors import DataError, ParameterError, ShapeError

ROUNDING = 1e-13  # relative to 1: a few products of numbers about 1


def random_map(rng, m, n):
    return AffineMap(rng.standard_normal((m, n)), rng.standard_normal(m))


@given(st.floats(-10, 10))
def test_a_rotation_is_the_matrix_of_the_slide(angle):
    cosine, sine = float(mpmath.cos(angle)), float(mpmath.sin(angle))
    np.testing.assert_allclose(rotation(angle), [[cosine, -sine], [sine, cosine]], atol=ROUNDING)


def test_rows_are_mapped_as_columns_are_on_the_slide():
    rng = np.random.default_rng(0)
    map_, X = random_map(rng, 4, 3), rng.standard_normal((5, 3))
    by_hand = [
        [sum(map_.matrix[i, j] * x[j] for j in range(3)) + map_.shift[i] for i in range(4)] for x in X
    ]  # fmt: skip
    np.testing.assert_allclose(map_(X), by_hand, atol=ROUNDING)
    np.testing.assert_allclose(map_(X[0]), by_hand[0], atol=ROUNDING)
    np.testing.assert_allclose(map_(X[None]), [by_hand], atol=ROUNDING)


def test_of_two_maps_the_right_one_comes_first():
    rng = np.random.default_rng(1)
    first, second, X = random_map(rng, 4, 3), random_map(rng, 2, 4), rng.standard_normal((5, 3))
    np.testing.assert_allclose((second @ first)(X), second(first(X)), atol=ROUNDING)


def test_the_determinant_is_the_factor_on_areas():
    map_ = random_map(np.random.default_rng(2), 2, 2)
    corners = map_([[0, 0], [1, 0], [1, 1], [0, 1]])
    x, y = corners.T
    area = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2  # the shoelace formula
    assert map_.determinant == pytest.approx(area, abs=ROUNDING)
    assert AffineMap([[0, 1], [1, 0]]).determinant == -1


def test_without_a_shift_the_origin_stays_and_bytes_do_not_wrap():
    map_ = AffineMap(np.array([[2, 3]], np.uint8))
    assert map_(np.array([[100, 100], [0, 0]], np.uint8)).tolist() == [[500], [0]]


def test_float32_stays():
    map_ = AffineMap(np.eye(2, dtype=np.float32))
    assert map_(np.ones((1, 2), np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: AffineMap([1.0, 2.0]), ShapeError, r"the matrix has shape \(2,\); expected 2 axes"),
        (lambda: AffineMap(np.eye(2), [1.0]), ShapeError, r"the shift has shape \(1,\) and the matrix \(2, 2\)"),
        (lambda: AffineMap([["a"]]), DataError, "the matrix has dtype <U1; expected real numbers"),
        (lambda: AffineMap(np.eye(2))([1.0]), ShapeError, "expected rows of 2 coordinates, which become 2"),
        (lambda: AffineMap(np.eye(2))(1.0), ShapeError, r"X has shape \(\); expected rows of 2"),
        (lambda: AffineMap(np.eye(2)) @ AffineMap(np.eye(3)), ShapeError, "the first gives 3 coordinates, the second"),
        (lambda: AffineMap(np.ones((2, 3))).determinant, ShapeError, r"\(2, 3\); expected a square one"),
        (lambda: rotation(np.inf), ParameterError, "angle must be a finite number, in radians; got inf"),
        (lambda: rotation("90"), ParameterError, "angle must be a finite number, in radians; got '90'"),
    ],
)
def test_maps_that_are_none(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_points_are_given_to_a_map_by_a_call():
    with pytest.raises(ParameterError, match=r"^@ puts a map after another, and list is none; call the map on points"):
        _ = AffineMap(np.eye(2)) @ [[1.0, 2.0]]
