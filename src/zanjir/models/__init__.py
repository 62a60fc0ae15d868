"""scikit-learn estimators: neighbors, least squares, linear classifiers and networks."""

from zanjir.models.least_squares import LeastSquares, PolynomialFit
from zanjir.models.linear import LinearSVMClassifier, LogisticRegression, OneVsRestClassifier, SoftmaxClassifier
from zanjir.models.neighbors import KNeighborsClassifier, KNeighborsRegressor
from zanjir.models.perceptron import MLPClassifier, MLPRegressor
from zanjir.models.two_classes import as_logistic, as_softmax, logistic_from_softmax, softmax_from_logistic

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
    "as_logistic",
    "as_softmax",
    "logistic_from_softmax",
    "softmax_from_logistic",
]
