"""Least squares agree with the normal equations, say what is undetermined, and descend as the gradient says."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.preprocessing import PolynomialFeatures as ReferenceFeatures

from zanjir.errors import DataError, NonFiniteError, ParameterError
from zanjir.models import LeastSquares, PolynomialFit

# The witnesses solve equations of condition below 1e4 in float64.
SOLVED = 1e-10
# A descent ends at a slope of 1e-10 of the first; the smallest curvature of these problems is 1e-3 of the largest.
DESCENDED = 1e-6

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4)) + 2
Y = X @ RNG.standard_normal((4, 3)) + 0.3 * RNG.standard_normal((60, 3))
WEIGHTS = RNG.integers(0, 4, 60).astype(float)


def solution(A, b, weights, alpha, intercept):
    """Return coefficients and intercepts where the gradient of J is 0."""
    A = np.column_stack([A, np.ones(len(A))]) if intercept else A
    penalty = alpha * np.eye(A.shape[1])
    if intercept:
        penalty[-1, -1] = 0
    return np.linalg.solve((A.T * weights) @ A + penalty, (A.T * weights) @ b)


@pytest.mark.parametrize("solver", ["closed", "descent"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("alpha", [0.0, 3.0])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_solutions_are_those_of_the_normal_equations(solver, intercept, alpha, weights):
    model = LeastSquares(alpha, fit_intercept=intercept, solver=solver, tol=1e-10).fit(X, Y, weights)
    expected = solution(X, Y, np.ones(60) if weights is None else weights, alpha, intercept)
    tolerance = SOLVED if solver == "closed" else DESCENDED
    np.testing.assert_allclose(model.coef_.T, expected[:4], atol=tolerance)
    np.testing.assert_allclose(model.intercept_, expected[4] if intercept else np.zeros(3), atol=tolerance)


@pytest.mark.parametrize("solver", ["closed", "descent"])
def test_one_target_is_a_column_of_several(solver):
    several, one = LeastSquares(solver=solver).fit(X, Y), LeastSquares(solver=solver).fit(X, Y[:, 1])
    np.testing.assert_allclose(one.coef_, several.coef_[1], atol=DESCENDED)
    assert isinstance(one.intercept_, float)
    assert one.predict(X).shape == (60,)
    assert several.predict(X).shape == (60, 3)


@pytest.mark.parametrize("solver", ["closed", "descent"])
def test_a_weighted_sample_equals_a_repeated_sample(solver):
    times = WEIGHTS.astype(int)
    weighted = LeastSquares(0.5, solver=solver, tol=1e-10).fit(X, Y, WEIGHTS)
    repeated = LeastSquares(0.5, solver=solver, tol=1e-10).fit(X.repeat(times, axis=0), Y.repeat(times, axis=0))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=SOLVED)
    assert weighted.loss_ == pytest.approx(repeated.loss_, abs=SOLVED)


def test_polynomials_of_several_features_have_the_products_of_scikit_learn():
    features = ReferenceFeatures(3, include_bias=False)
    ours, theirs = PolynomialFit(3, alpha=0.5).fit(X, Y), Ridge(0.5).fit(features.fit_transform(X), Y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-8)  # Ridge solves equations of condition 1e7
    assert [name.replace("x", "").replace(" ", "") for name in ours.products_[:6]] == ["1", "2", "3", "4", "1^2", "12"]
    np.testing.assert_allclose(ours.predict(X), theirs.predict(features.transform(X)), atol=1e-8)


def test_the_rank_counts_what_the_data_determine():
    doubled = np.column_stack([X, X[:, 0] + X[:, 1], np.full(60, 7.1)])
    model = LeastSquares()
    with pytest.warns(np.exceptions.RankWarning, match="60 samples determine 5 of 7 coefficients: the rank is 5 < 7"):
        model.fit(doubled, Y)
    assert model.rank_ == np.linalg.matrix_rank(np.column_stack([doubled, np.ones(60)])) == 5
    assert len(model.singular_values_) == 6
    np.testing.assert_allclose(model.predict(doubled), LeastSquares().fit(X, Y).predict(X), atol=SOLVED)
    centered = doubled - doubled.mean(axis=0)
    np.testing.assert_allclose(model.coef_.T, np.linalg.pinv(centered, rcond=1e-12) @ Y, atol=SOLVED)  # least norm


def test_a_constant_feature_far_from_0_gets_no_coefficient():
    with pytest.warns(np.exceptions.RankWarning, match="5 of 6"):
        model = LeastSquares().fit(np.column_stack([X, np.full(60, 1e9 / 3)]), Y)
    np.testing.assert_array_equal(model.coef_[:, 4], 0)


def test_samples_of_weight_0_determine_nothing():
    with pytest.warns(np.exceptions.RankWarning, match="3 samples determine 3 of 5"):
        LeastSquares().fit(X, Y, (np.arange(60) < 3).astype(float))


@pytest.mark.parametrize("facts", [{"alpha": 0.1}, {"alpha": 0.1, "solver": "descent"}])
def test_ridge_does_not_warn_of_the_rank(facts):
    with warnings.catch_warnings(action="error"):
        model = LeastSquares(**facts).fit(np.column_stack([X, X[:, 0]]), Y)
    np.testing.assert_allclose(model.coef_[:, 0], model.coef_[:, 4], atol=DESCENDED)  # it shares alike


@pytest.mark.parametrize("scale", [2.0**600, 2.0**-600])
def test_features_whose_squares_are_no_numbers_are_fitted_all_the_same(scale):
    found = LeastSquares().fit(scale * X, Y)
    assert np.allclose(found.predict(scale * X), LeastSquares().fit(X, Y).predict(X), rtol=SOLVED)
    assert found.loss_ == pytest.approx(LeastSquares().fit(X, Y).loss_, rel=SOLVED)


def test_the_loss_is_what_is_minimized():
    model = LeastSquares(2.0).fit(X, Y, WEIGHTS)
    squares = ((model.predict(X) - Y) ** 2).sum(axis=1) @ WEIGHTS
    assert model.loss_ == pytest.approx(squares + 2 * (model.coef_**2).sum(), rel=SOLVED)


def test_a_descent_goes_down_in_every_step():
    model = LeastSquares(solver="descent", tol=1e-10).fit(X, Y)
    curve = np.array(model.loss_curve_)
    assert len(curve) == model.n_iter_ > 10
    assert (np.diff(curve[:10]) < 0).all()
    assert np.diff(curve).max() <= SOLVED * curve[0]
    assert curve[-1] == pytest.approx(model.loss_, rel=SOLVED)


def test_a_descent_that_is_cut_short_warns():
    with pytest.warns(ConvergenceWarning, match="stopped at max_iter=3 with a slope of"):
        model = LeastSquares(solver="descent", max_iter=3).fit(X, Y)
    assert model.n_iter_ == 3


@pytest.mark.parametrize(("factor", "diverges"), [(1.95, False), (2.05, True)])
def test_a_rate_above_2_over_the_largest_curvature_diverges(factor, diverges):
    A = np.column_stack([X, np.ones(60)])
    rate = factor / (2 * np.linalg.eigvalsh(A.T @ A)[-1])
    model = LeastSquares(solver="descent", learning_rate=rate, max_iter=100_000)
    if diverges:
        with pytest.raises(NonFiniteError, match="expected a rate below 2 / L = ") as caught:
            model.fit(X, Y)
        stated = float(str(caught.value).split("2 / L = ")[1].split(",")[0])
        assert stated == pytest.approx(2 * rate / factor, rel=0.005)  # three digits are printed
    else:
        assert model.fit(X, Y).loss_ == pytest.approx(LeastSquares().fit(X, Y).loss_, rel=DESCENDED)


def test_float32_is_kept():
    model = LeastSquares().fit(X.astype(np.float32), Y)
    assert model.predict(X.astype(np.float32)).dtype == np.float32
    assert model.predict(X).dtype == np.float64


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (LeastSquares(-1), "alpha must be a finite number of at least 0; got -1."),
        (LeastSquares(solver="svd"), "unknown solver 'svd'; expected closed or descent."),
        (LeastSquares(max_iter=0), "max_iter must be a whole number of at least 1; got 0."),
        (LeastSquares(tol=-1), "tol must be a finite number of at least 0; got -1."),
        (LeastSquares(learning_rate=0), "learning_rate must be a finite number above 0; got 0."),
        (PolynomialFit(0), "degree must be a whole number of at least 1; got 0."),
    ],
)
def test_parameters_outside_their_range_get_one_sentence(model, sentence):
    with pytest.raises(ParameterError) as caught:
        model.fit(X, Y)
    assert str(caught.value) == sentence


def test_products_that_are_no_numbers_get_one_sentence():
    with pytest.raises(DataError, match="X holds 1e\\+200, of which degree 2 is no finite number; scale the features"):
        PolynomialFit(2).fit([[1e200], [1.0]], [0.0, 1.0])
