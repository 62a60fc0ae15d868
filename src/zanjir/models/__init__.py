"""scikit-learn estimators: neighbors, least squares, linear classifiers and networks."""

from zanjir.models.least_squares import LeastSquares, PolynomialFit
from zanjir.models.linear import LinearSVMClassifier, LogisticRegression, OneVsRestClassifier, SoftmaxClassifier
from zanjir.models.neighbors import KNeighborsClassifier, KNeighborsRegressor
from zanjir.models.perceptron import MLPClassifier, MLPRegressor

__all__ = [
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "LeastSquares",
    "LinearSVMClassifier",
    "LogisticRegression",
    "MLPClassifier",
    "MLPRegressor",
    "OneVsRestClassifier",
    "PolynomialFit",
    "SoftmaxClassifier",
]
