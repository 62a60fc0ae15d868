"""scikit-learn's own checks of the neighbors and the fits; none is expected to fail."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from zanjir.models import KNeighborsClassifier, KNeighborsRegressor, LeastSquares, PolynomialFit

ESTIMATORS = [
    KNeighborsClassifier(),
    KNeighborsClassifier(2, metric="l1", weights="distance"),
    KNeighborsRegressor(),
    KNeighborsRegressor(2, metric="l1", weights="distance"),
    LeastSquares(),
    LeastSquares(0.1, solver="descent"),
    PolynomialFit(),
    PolynomialFit(2, alpha=0.1, solver="descent"),
]
# Some checks have fewer samples than coefficients, and all of them allow an iterative solver five steps.
pytestmark = [
    pytest.mark.filterwarnings("ignore::numpy.exceptions.RankWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


@parametrize_with_checks(ESTIMATORS)
def test_estimators_pass_the_checks_of_scikit_learn(estimator, check):
    check(estimator)
