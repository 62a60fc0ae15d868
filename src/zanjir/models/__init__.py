"""scikit-learn estimators: linear classifiers and networks."""

from zanjir.models.linear import LinearSVMClassifier, LogisticRegression, OneVsRestClassifier, SoftmaxClassifier
from zanjir.models.perceptron import MLPClassifier, MLPRegressor

__all__ = [
    "LinearSVMClassifier",
    "LogisticRegression",
    "MLPClassifier",
    "MLPRegressor",
    "OneVsRestClassifier",
    "SoftmaxClassifier",
]
