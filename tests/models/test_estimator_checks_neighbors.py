"""scikit-learn's own checks of the neighbors and the fits; none is expected to fail."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from zanjir.models import KNeighborsClassifier, KNeighborsRegressor

ESTIMATORS = [
    KNeighborsClassifier(),
    KNeighborsClassifier(2, metric="l1", weights="distance"),
    KNeighborsRegressor(),
    KNeighborsRegressor(2, metric="l1", weights="distance"),
]


@parametrize_with_checks(ESTIMATORS)
def test_estimators_pass_the_checks_of_scikit_learn(estimator, check):
    check(estimator)
