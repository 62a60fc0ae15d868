"""scikit-learn: MLPClassifier and MLPRegressor, with ``partial_fit`` on the samples of a block in their order."""

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}
# The largest derivative at which the softmax fit is within 1e-6 of the least objective.
TOL = {"float32": 1e-5, "float64": 1e-5}


def settings_of(task):
    # Its squared error has a factor 1/2, and so half the gradient.
    factor = 2 if task.loss == "squared_error" and task.rule == "sgd" else 1
    return {
        "hidden_layer_sizes": task.sizes[1:-1], "activation": ACTIVATIONS[task.activation], "solver": task.rule,
        "learning_rate_init": factor * task.learning_rate, "batch_size": task.batch_size, "alpha": 0,
        "momentum": 0, "nesterovs_momentum": False, "epsilon": 1e-8, "random_state": 0,
    }  # fmt: skip


class Training:
    def __init__(self, task, mode, X, y):
        self.X, self.y = X, y if y.ndim == 1 else y[:, 0]
        self.regression = task.loss == "squared_error"
        kind = MLPRegressor if self.regression else MLPClassifier
        self.model = kind(shuffle=False, **settings_of(task))
        self.classes = {} if self.regression else {"classes": np.arange(task.sizes[-1])}
        self.begin(task)

    def begin(self, task):
        """Overwrite what a first call has drawn and learned."""
        self(np.arange(task.batch_size)[None])
        for own, given in zip(zip(self.model.coefs_, self.model.intercepts_, strict=True), task.weights(), strict=True):
            own[0][...], own[1][...] = given
        del self.model._optimizer

    def __call__(self, order):
        indices = order.ravel()
        self.model.partial_fit(self.X[indices], self.y[indices], **self.classes)
        return (2 if self.regression else 1) * float(self.model.loss_)


def fit(task, mode, X, y, epochs):
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    warnings.simplefilter("ignore", ConvergenceWarning)  # all epochs are wanted, converged or not
    model = MLPClassifier(max_iter=epochs, tol=0, n_iter_no_change=epochs + 1, **settings_of(task))
    return model.fit(X, y).predict_proba


def neighbors(k, X, y):
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(k).fit(X, y).predict


def fitted(options, X, y):
    """Return a fitted estimator: multinomial logistic regression, or a network."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    warnings.simplefilter("ignore", ConvergenceWarning)  # so many epochs are wanted, converged or not
    if "alpha" in options:
        # Its objective is C times the sum of the losses, and half the sum of the squared weights.
        C = 1 / (2 * options["alpha"] * len(X))
        return LogisticRegression(C=C, tol=TOL[X.dtype.name], max_iter=3_000).fit(X, y)
    return MLPClassifier((options["units"],), max_iter=options["epochs"], random_state=0).fit(X, y)
