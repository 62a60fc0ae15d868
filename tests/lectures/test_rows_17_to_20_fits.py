"""Rows 17 to 20: least squares, polynomials, more coefficients than data, and the nearest neighbors."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from zanjir.data import split_indices
from zanjir.models import KNeighborsClassifier, LeastSquares, PolynomialFit

x = np.array([[0.0], [1.0], [2.0], [3.0]])  # N76
y = np.array([1.0, 3.0, 2.0, 5.0])

ROUNDING = 1e-12  # a few operations in float64 on numbers below 100
DESCENT = 1e-6  # what the lectures' checklist asks of gradient descent
INTERPOLATED = 1e-20  # the checklist's J of a cubic through four points


def normal_equations(A):
    """Return the coefficients for which the gradient of J is 0: the witness shares no code with the singular values."""
    return np.linalg.solve(A.T @ A, A.T @ y)


@pytest.mark.parametrize("solver", ["closed", "descent"])
def test_row_17_a_line_is_fitted_by_least_squares(solver):
    line = LeastSquares(solver=solver).fit(x, y)
    tolerance = ROUNDING if solver == "closed" else DESCENT
    assert line.coef_[0] == pytest.approx(1.1, abs=tolerance)
    assert line.intercept_ == pytest.approx(1.1, abs=tolerance)
    assert line.loss_ == pytest.approx(2.7, abs=tolerance)
    assert np.sum((line.predict(x) - y) ** 2) == pytest.approx(2.7, abs=tolerance)


def test_row_17_descent_follows_the_gradient_of_the_lectures():
    line = LeastSquares(solver="descent", learning_rate=0.02, max_iter=3, tol=0)
    with pytest.warns(UserWarning, match="max_iter=3"):
        line.fit(x, y)
    a = b = 0.0
    for _ in range(3):
        e = [a * xi + b - yi for (xi,), yi in zip(x.tolist(), y.tolist(), strict=True)]
        a, b = a - 0.02 * sum(2 * ei * i for i, ei in enumerate(e)), b - 0.02 * sum(2 * ei for ei in e)
    np.testing.assert_allclose([line.coef_[0], line.intercept_], [a, b], rtol=ROUNDING)


@pytest.mark.parametrize("solver", ["closed", "descent"])
def test_row_18_a_quadratic_is_fitted_by_least_squares(solver):
    curve = PolynomialFit(2, solver=solver, tol=1e-10).fit(x, y)
    tolerance = ROUNDING if solver == "closed" else DESCENT
    np.testing.assert_allclose([*curve.coef_[::-1], curve.intercept_], [0.25, 0.35, 1.35], atol=tolerance)
    assert curve.loss_ == pytest.approx(2.45, abs=tolerance)


def test_row_18_a_cubic_goes_through_four_points():
    curve = PolynomialFit(3).fit(x, y)
    np.testing.assert_allclose([*curve.coef_[::-1], curve.intercept_], [7 / 6, -5, 35 / 6, 1], atol=100 * ROUNDING)
    assert curve.loss_ < INTERPOLATED


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_row_18_polynomials_solve_the_normal_equations(degree):
    curve = PolynomialFit(degree).fit(x, y)
    expected = normal_equations(np.vander(x[:, 0], degree + 1, increasing=True))
    np.testing.assert_allclose([curve.intercept_, *curve.coef_], expected, atol=1000 * ROUNDING)  # squared condition


def test_row_19_more_coefficients_than_data_are_reported():
    curve = PolynomialFit(5)
    with pytest.warns(np.exceptions.RankWarning, match="4 samples determine 4 of 6 coefficients: the rank is 4 < 6"):
        curve.fit(x, y)
    assert curve.rank_ == np.linalg.matrix_rank(np.vander(x[:, 0], 6)) == 4
    assert curve.loss_ < INTERPOLATED  # it interpolates, and so do others


def test_row_19_ridge_gives_one_finite_solution():
    alpha = 0.1
    with warnings.catch_warnings(action="error"):
        curve = PolynomialFit(5, alpha=alpha).fit(x, y)
    A = np.vander(x[:, 0], 6, increasing=True)
    penalty = alpha * np.diag([0, 1, 1, 1, 1, 1])
    expected = np.linalg.solve(A.T @ A + penalty, A.T @ y)
    np.testing.assert_allclose([curve.intercept_, *curve.coef_], expected, atol=1e-8)  # condition 1e6 of the witness
    assert np.isfinite(expected).all()


def digits():
    X, labels = load_digits(return_X_y=True)
    return X / 16, labels


def parts_of_digits():
    return train_test_split(*digits(), test_size=0.25, stratify=digits()[1], random_state=0)


@pytest.mark.parametrize("metric", ["l2", "l1"])
def test_row_20_a_sample_is_its_own_nearest_neighbor(metric):
    X, labels = digits()
    assert KNeighborsClassifier(1, metric=metric).fit(X, labels).score(X, labels) == 1.0


@pytest.mark.parametrize(("k", "metric", "right"), [(1, "l2", 442), (5, "l2", 441), (1, "l1", 442), (5, "l1", 439)])
def test_row_20_neighbors_recognize_digits(k, metric, right):
    X, X_test, labels, labels_test = parts_of_digits()
    model = KNeighborsClassifier(k, metric=metric).fit(X, labels)
    found = model.predict(X_test)
    assert np.sum(found == labels_test) == right  # of 450: 98.2 % and 98.0 %
    distances = [np.abs(X - q).sum(axis=1) if metric == "l1" else ((X - q) ** 2).sum(axis=1) for q in X_test]
    nearest = [labels[np.argsort(d, kind="stable")[:k]] for d in distances]
    assert found.tolist() == [np.bincount(votes).argmax() for votes in nearest]


@pytest.mark.parametrize("k", [1, 5])
def test_row_20_neighbors_recognize_digits_of_another_split(k):
    X, labels = digits()
    train, test = split_indices(labels, 0.25, seed=0)
    assert KNeighborsClassifier(k).fit(X[train], labels[train]).score(X[test], labels[test]) >= 0.98


def test_row_20_ties_of_votes_go_to_the_first_class():
    model = KNeighborsClassifier(2).fit([[0.0], [2.0]], ["b", "a"])
    assert model.predict([[0.5], [1.5]]).tolist() == ["a", "a"]


def test_row_20_ties_of_distances_go_to_the_earlier_sample():
    model = KNeighborsClassifier(1).fit([[2.0], [0.0]], ["right", "left"])
    assert model.predict([[1.0]]).tolist() == ["right"]
