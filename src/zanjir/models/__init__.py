"""scikit-learn estimators: neighbors, least squares, linear classifiers and networks."""
