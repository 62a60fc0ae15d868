import itertools

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import PolynomialFeatures as TheirFeatures

from zanjir.data import PolynomialFeatures
from zanjir.errors import ParameterError, ShapeError

ROUNDING = 1e-12  # relative: a product of at most five numbers, in another order


def theirs(X, degree, terms):
    """The same expansion by scikit-learn, which has no choice for exactly one degree."""
    powers = TheirFeatures(degree, interaction_only=terms == "cross").fit(X).powers_
    if terms != "up to":
        powers = powers[powers.sum(axis=1) == degree]
    return np.prod(X[:, None, :] ** powers, axis=2), powers


@pytest.mark.parametrize("terms", ["up to", "exactly", "cross"])
@pytest.mark.parametrize(("n", "degree"), [*itertools.product([1, 2, 3, 6], [0, 1, 2, 3, 5])])
def test_products_count_and_order_are_those_of_scikit_learn(n, degree, terms):
    features = PolynomialFeatures(n, degree, terms)
    X = np.random.default_rng(n).standard_normal((4, n))
    expected, powers = theirs(X, degree, terms)
    assert features.count == len(powers) == len(features.names)
    np.testing.assert_allclose(features(X), expected, rtol=ROUNDING)


@pytest.mark.parametrize("terms", ["up to", "exactly", "cross"])
def test_a_name_says_what_its_column_holds(terms):
    features = PolynomialFeatures(3, 3, terms)
    X = np.random.default_rng(1).standard_normal((1, 3))
    values = dict(zip(sympy.symbols("x1:4"), X[0], strict=True))
    named = [sympy.sympify(name.replace("^", "**").replace(" ", "*")).subs(values) for name in features.names]
    np.testing.assert_allclose(np.array(named, dtype=np.float64), features(X)[0], rtol=ROUNDING)


@given(st.integers(1, 7), st.integers(0, 5))
def test_counts_are_the_numbers_of_choices(n, degree):
    def number(choices):
        return sum(1 for _ in choices)

    repeated = [number(itertools.combinations_with_replacement(range(n), d)) for d in range(degree + 1)]
    assert PolynomialFeatures(n, degree, "up to").count == sum(repeated)
    assert PolynomialFeatures(n, degree, "exactly").count == repeated[-1]
    assert PolynomialFeatures(n, degree, "cross").count == number(itertools.combinations(range(n), degree))


def test_bytes_do_not_wrap_and_float32_stays():
    features = PolynomialFeatures(2, 2, "exactly")
    assert features(np.array([[200, 100]], np.uint8)).tolist() == [[40_000, 20_000, 10_000]]
    assert features(np.ones((1, 2), np.float32)).dtype == np.float32


def test_there_may_be_no_product_and_no_sample():
    assert PolynomialFeatures(2, 3, "cross")(np.ones((5, 2))).shape == (5, 0)
    assert PolynomialFeatures(2, 2)(np.ones((0, 2))).shape == (0, 6)


def test_an_expansion_of_pictures_is_refused_with_its_count_and_bytes():
    quadratic, cubic = (PolynomialFeatures(3072, d, "exactly") for d in (2, 3))
    X = np.broadcast_to(np.float32(0), (50_000, 3072))
    with pytest.raises(
        ParameterError, match=r"the shape \(50000, 4720128\), 944,025,600,000 bytes .*; expected at most"
    ):
        quadratic(X)
    with pytest.raises(ParameterError, match=r"\(1, 4836557824\), 19,346,231,296 bytes in float32 \(18\.0 GiB\)"):
        cubic(X[:1])
    with pytest.raises(ParameterError, match=r"there are 4,720,128 products .* expected at most 1,000,000 to name"):
        _ = quadratic.names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 2), "n_features must be a whole number of at least 1; got 0"),
        ((2, -1), "degree must be a whole number of at least 0; got -1"),
        ((2, 2.0), "degree must be a whole number of at least 0; got 2.0"),
        ((2, 2, "all"), "unknown choice of terms 'all'; expected up to, exactly or cross"),
    ],
)
def test_expansions_that_are_none(arguments, message):
    with pytest.raises(ParameterError, match=message):
        PolynomialFeatures(*arguments)


@pytest.mark.parametrize("shape", [(2,), (4, 3), (1, 2, 2)])
def test_rows_of_other_lengths(shape):
    with pytest.raises(ShapeError, match=r"X has shape .*; expected \(N, 2\), one sample per row"):
        PolynomialFeatures(2, 2)(np.ones(shape))


def test_products_that_need_too_many_others_on_the_way_are_refused():
    nearly_all = PolynomialFeatures(60, 58, "cross")
    assert nearly_all.count == 1770
    with pytest.raises(
        ParameterError, match=r"^the products of degree 30 would have the shape \(1, 118264581564861424\)"
    ):
        nearly_all(np.ones((1, 60)))
    assert np.array_equal(PolynomialFeatures(6, 5, "cross")(np.full((1, 6), 2.0)), np.full((1, 6), 32.0))
