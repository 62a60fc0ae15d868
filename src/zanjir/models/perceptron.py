"""The multi-layer perceptron, as a classifier and as a regressor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zanjir.models.classifier import NetworkClassifier
from zanjir.models.regressor import NetworkRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]


class MLPClassifier(NetworkClassifier):
    """A network with hidden layers that tells classes apart.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; none makes a linear classifier.
    activation : str or callable
        ``"relu"``, ``"tanh"``, ``"sigmoid"``, ``"identity"``, or a function of an array written in NumPy.
    loss : str or callable
        ``"softmax"``, ``"binary_cross_entropy"`` (one against the rest), ``"hinge"``, ``"squared_hinge"``,
        ``"squared_error"``, or a function (scores, labels) -> loss of each sample, written in NumPy.
    penalty, alpha
        Penalty on the weights, ``"l2"``, ``"l1"``, ``"elastic_net"`` or ``"none"``, and the factor on it; the loss
        beside it is a mean over the samples.
    dropout : float in [0, 1)
        Share of the hidden outputs that a step drops.
    norm : str
        Normalization of hidden net inputs: ``"none"``, ``"batch"`` or ``"layer"``.
    initializer : str, optional
        First weights; He's for relu and Glorot's for the others if not given.
    solver : str
        An update rule: ``"sgd"``, ``"momentum"``, ``"nesterov"``, ``"adagrad"``, ``"adadelta"``, ``"rmsprop"``,
        ``"adam"`` or ``"adamw"``; or a minimizer of SciPy: ``"L-BFGS-B"``, ``"CG"``, ``"BFGS"`` or ``"Newton-CG"``.
    learning_rate : str
        Schedule of an update rule: ``"constant"``, ``"step"``, ``"exponential"``, ``"cosine"``, ``"inverse_time"``.
    learning_rate_init : float, optional
        The rule's own if not given.
    batch_size : int or ``"auto"``
        About 32 batches per epoch, of 16 to 200 samples, by default.
    max_iter : int
        Epochs of an update rule, or iterations of a minimizer, at most.
    tol, n_iter_no_change
        An update rule stops when the loss of so many epochs did not fall by ``tol``; a minimizer when no derivative
        is larger.
    early_stopping, validation_fraction
        Stop when the loss on samples that are only watched has not fallen for ``n_iter_no_change`` iterations, and
        keep the best parameters. They are a share of the data, unless `fit` is given others.
    clip, shuffle, class_weight, warm_start, engine, callbacks, verbose, random_state
        As for `SoftmaxClassifier`.
    threads : int, optional
        Threads of the native engine; no bit depends on them.

    Attributes
    ----------
    classes_, loss_curve_, validation_loss_curve_, n_iter_, model_
        As for `SoftmaxClassifier`.
    coefs_, intercepts_ : lists of arrays
        Weights (inputs, outputs) and biases of each layer.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> X, y = make_moons(200, noise=0.1, random_state=0)
    >>> model = MLPClassifier((20,), solver="L-BFGS-B", tol=1e-2, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.98, [W.shape for W in model.coefs_]
    (True, [(2, 20), (20, 2)])
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Callable[..., Any] = "relu",
        *,
        loss: str | Callable[..., Any] = "softmax",
        penalty: str = "l2",
        alpha: float = 0.0001,
        dropout: float = 0.0,
        norm: str = "none",
        initializer: str | None = None,
        solver: str = "adam",
        learning_rate: str = "constant",
        learning_rate_init: float | None = None,
        batch_size: int | str = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        clip: float | None = None,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        class_weight: Any = None,
        warm_start: bool = False,
        engine: str = "auto",
        threads: int | None = None,
        callbacks: Any = None,
        verbose: bool = False,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes, self.activation = hidden_layer_sizes, activation
        self.loss, self.penalty, self.alpha = loss, penalty, alpha
        self.dropout, self.norm, self.initializer = dropout, norm, initializer
        self.solver, self.batch_size, self.clip, self.shuffle = solver, batch_size, clip, shuffle
        self.learning_rate, self.learning_rate_init = learning_rate, learning_rate_init
        self.max_iter, self.tol, self.n_iter_no_change = max_iter, tol, n_iter_no_change
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.class_weight = class_weight
        self.warm_start, self.engine, self.threads = warm_start, engine, threads
        self.callbacks, self.verbose, self.random_state = callbacks, verbose, random_state


class MLPRegressor(NetworkRegressor):
    """A network with hidden layers that predicts numbers.

    Parameters
    ----------
    loss : str or callable
        ``"squared_error"`` (without 1/2, summed over the outputs), or a function (predictions, targets) -> loss of
        each sample, written in NumPy, with arrays of shape (N, K).
    others
        As for `MLPClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(-3, 3, 100)[:, None]
    >>> model = MLPRegressor((20,), "tanh", solver="L-BFGS-B", max_iter=1000, random_state=0).fit(x, np.sin(x[:, 0]))
    >>> model.score(x, np.sin(x[:, 0])) > 0.998
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Callable[..., Any] = "relu",
        *,
        loss: str | Callable[..., Any] = "squared_error",
        penalty: str = "l2",
        alpha: float = 0.0001,
        dropout: float = 0.0,
        norm: str = "none",
        initializer: str | None = None,
        solver: str = "adam",
        learning_rate: str = "constant",
        learning_rate_init: float | None = None,
        batch_size: int | str = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        clip: float | None = None,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        engine: str = "auto",
        threads: int | None = None,
        callbacks: Any = None,
        verbose: bool = False,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes, self.activation = hidden_layer_sizes, activation
        self.loss, self.penalty, self.alpha = loss, penalty, alpha
        self.dropout, self.norm, self.initializer = dropout, norm, initializer
        self.solver, self.batch_size, self.clip, self.shuffle = solver, batch_size, clip, shuffle
        self.learning_rate, self.learning_rate_init = learning_rate, learning_rate_init
        self.max_iter, self.tol, self.n_iter_no_change = max_iter, tol, n_iter_no_change
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.warm_start, self.engine, self.threads = warm_start, engine, threads
        self.callbacks, self.verbose, self.random_state = callbacks, verbose, random_state
