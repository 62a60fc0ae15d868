"""scikit-learn estimators: neighbors, least squares, linear classifiers and networks."""

from zanjir.models.least_squares import LeastSquares, PolynomialFit
from zanjir.models.neighbors import KNeighborsClassifier, KNeighborsRegressor

__all__ = ["KNeighborsClassifier", "KNeighborsRegressor", "LeastSquares", "PolynomialFit"]
