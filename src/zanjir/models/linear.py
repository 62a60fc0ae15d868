"""Linear classifiers: logistic regression, one against the rest, softmax and the support vector machine.

Each is a network of one layer with the loss of its name. Their first weights are zeros, and the objectives are convex.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from zanjir.errors import DataError, ParameterError, choose
from zanjir.graph import Array
from zanjir.models.classifier import NetworkClassifier
from zanjir.models.network import Targets
from zanjir.nn import LOSSES, Loss, hinge, squared_hinge
from zanjir.training.model import probabilities

__all__ = ["LinearSVMClassifier", "LogisticRegression", "OneVsRestClassifier", "SoftmaxClassifier"]


class LinearClassifier(NetworkClassifier):
    """Base of the linear classifiers.

    Parameters
    ----------
    penalty : str
        Penalty on the weights, not on the biases: ``"l2"`` (alpha times the sum of W^2), ``"l1"``, ``"elastic_net"``
        or ``"none"``.
    alpha : float
        Factor on the penalty; the loss beside it is a mean over the samples.
    solver : str
        A minimizer of SciPy: ``"L-BFGS-B"``, ``"CG"``, ``"BFGS"`` or ``"Newton-CG"``; or an update rule: ``"sgd"``,
        ``"momentum"``, ``"nesterov"``, ``"adagrad"``, ``"adadelta"``, ``"rmsprop"``, ``"adam"`` or ``"adamw"``.
    max_iter : int
        Iterations of a minimizer, or epochs of an update rule, at most.
    tol : float
        A minimizer stops when no derivative is larger; an update rule when the loss of ``n_iter_no_change`` epochs
        did not fall by so much.
    learning_rate : str
        For update rules, a schedule: ``"constant"``, ``"step"``, ``"exponential"``, ``"cosine"`` or
        ``"inverse_time"``.
    learning_rate_init : float, optional
        For update rules; the rule's own if not given.
    batch_size : int or ``"auto"``
        For update rules; about 32 batches per epoch, of 16 to 200 samples, by default.
    clip : float, optional
        For update rules: the largest norm of a gradient.
    shuffle : bool
        For update rules: an order of its own for each epoch.
    early_stopping : bool
        Stop when the loss on samples that are only watched has not fallen for ``n_iter_no_change`` iterations, and
        keep the best parameters. They are a share ``validation_fraction`` of the data, unless `fit` is given others.
    class_weight : dict or ``"balanced"``, optional
        Factors on the weights of the samples, by class.
    warm_start : bool
        Go on from the last fit.
    engine : str
        ``"numpy"``, ``"native"`` (compiled), or ``"auto"``: whichever is done earlier.
    callbacks : list of `zanjir.training.Callback`, optional
        For update rules. scikit-learn's own are set with ``set_callbacks``.
    verbose : bool
        Log the loss of each iteration, as ``zanjir``, at level INFO.
    random_state : int, RandomState, Generator or None
        Fixes everything random.

    Attributes
    ----------
    classes_ : array of shape (C,)
        The labels, in order.
    coef_, intercept_ : arrays of shape (C, D) and (C,)
        Weights and biases, one row per score: a single one for two classes where the loss has one score for them.
    loss_curve_, validation_loss_curve_ : list of float
        The objective after each iteration, and the loss of the samples that are watched.
    n_iter_ : int
        Number of iterations of the last fit.
    model_ : zanjir.training.Model
        The network, which can be saved, exported and explained.
    """

    initializer: ClassVar[str] = "zeros"  # type: ignore[misc]

    def __init__(
        self,
        *,
        penalty: str = "l2",
        alpha: float = 0.0001,
        solver: str = "L-BFGS-B",
        max_iter: int = 1000,
        tol: float = 1e-5,
        learning_rate: str = "constant",
        learning_rate_init: float | None = None,
        batch_size: int | str = "auto",
        clip: float | None = None,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        class_weight: Any = None,
        warm_start: bool = False,
        engine: str = "auto",
        callbacks: Any = None,
        verbose: bool = False,
        random_state: Any = None,
    ) -> None:
        self.penalty = penalty
        self.alpha = alpha
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.clip = clip
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.engine = engine
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    @property
    def coef_(self) -> Array:
        """The weights, one row per score."""
        return np.asarray(self.model_.parameters["W1"].T)

    @property
    def intercept_(self) -> Array:
        """The biases, one per score."""
        return self.model_.parameters["b1"]


class LogisticRegression(LinearClassifier):
    """Logistic regression of two classes: the probability of the second is sigmoid(x w + b).

    Parameters and attributes are those of every linear classifier here, see `SoftmaxClassifier`.

    Examples
    --------
    >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]])
    array(['no', 'yes'], dtype='<U3')
    """

    default_loss: ClassVar[str] = "binary_cross_entropy"

    def __sklearn_tags__(self) -> Any:
        """Say that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def targets_of(self, y: Array, classes: Any = None) -> Targets:
        """Return the labels, if there are two classes."""
        targets = super().targets_of(y, classes)
        if targets.n_classes > 2:
            raise DataError(
                "Only binary classification is supported. The type of the target is multiclass: "
                f"it has {targets.n_classes} classes; choose SoftmaxClassifier or OneVsRestClassifier."
            )
        return targets


class OneVsRestClassifier(LinearClassifier):
    """One logistic regression per class, each against all the others, independent of each other.

    `hypotheses` gives what each of them says, which need not sum to 1; `predict_proba` divides them by their sum.
    Parameters and attributes are those of every linear classifier here, see `SoftmaxClassifier`.

    Examples
    --------
    >>> model = OneVsRestClassifier().fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 1, 2])
    >>> h = model.hypotheses([[0.0]])
    >>> h.shape, bool(abs(h.sum() - 1) > 0.1)
    ((1, 3), True)
    """

    default_loss: ClassVar[str] = "binary_cross_entropy"

    def hypotheses(self, X: Any) -> Array:
        """Return the probability (N, C) that each class gives itself, against all the others."""
        scores = self.scores_of(X)
        p = probabilities(self.model_.problem.loss, scores.astype(np.float64))
        return np.asarray(p, scores.dtype)


class SoftmaxClassifier(LinearClassifier):
    """The softmax classifier: multinomial logistic regression."""

    default_loss: ClassVar[str] = "softmax"


SoftmaxClassifier.__doc__ = f"""The softmax classifier: multinomial logistic regression.
{(LinearClassifier.__doc__ or "").partition(".")[2]}
    Examples
    --------
    >>> model = SoftmaxClassifier().fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 1, 2])
    >>> model.predict_proba([[1.5]]).argmax(), model.objective_
    (np.int64(1), 'mean softmax loss + 0.0001 * sum(W^2)')
    """


MARGIN_LOSSES = {"hinge": hinge, "squared_hinge": squared_hinge}


class LinearSVMClassifier(LinearClassifier):
    """The multi-class support vector machine: the right class is to be ahead of every other by a margin.

    The objective is the mean over the samples of the sum over the wrong classes of max(0, s_j - s_y + delta), or of
    its square, plus the penalty.

    Parameters
    ----------
    loss : str
        ``"squared_hinge"``, which is smooth, or ``"hinge"``.
    delta : float
        The margin.
    solver : str
        By default Newton's method for the squared hinge (``"Newton-CG"``), and ``"L-BFGS-B"`` for the hinge, which has
        no second derivative.
    others
        Those of every linear classifier here, see `SoftmaxClassifier`.

    Examples
    --------
    >>> LinearSVMClassifier(delta=2.0).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]).predict([[0.5], [2.5]])
    array([0, 1])
    """

    def __init__(
        self,
        *,
        loss: str = "squared_hinge",
        delta: float = 1.0,
        penalty: str = "l2",
        alpha: float = 0.001,
        solver: str = "auto",
        max_iter: int = 1000,
        tol: float = 1e-5,
        learning_rate: str = "constant",
        learning_rate_init: float | None = None,
        batch_size: int | str = "auto",
        clip: float | None = None,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        class_weight: Any = None,
        warm_start: bool = False,
        engine: str = "auto",
        callbacks: Any = None,
        verbose: bool = False,
        random_state: Any = None,
    ) -> None:
        self.loss = loss
        self.delta = delta
        super().__init__(
            penalty=penalty, alpha=alpha, solver=solver, max_iter=max_iter, tol=tol, learning_rate=learning_rate,
            learning_rate_init=learning_rate_init, batch_size=batch_size, clip=clip, shuffle=shuffle,
            early_stopping=early_stopping, validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change, class_weight=class_weight, warm_start=warm_start, engine=engine,
            callbacks=callbacks, verbose=verbose, random_state=random_state,
        )  # fmt: skip

    @property
    def chosen_solver(self) -> str:
        """The solver, also where that is left open."""
        if self.solver != "auto":
            return self.solver
        return "Newton-CG" if self.loss == "squared_hinge" else "L-BFGS-B"

    def loss_row(self) -> Loss:
        """Return the hinge loss with the margin."""
        function = choose("loss", self.loss, MARGIN_LOSSES)
        if not (isinstance(self.delta, int | float) and 0 < self.delta < float("inf")):
            raise ParameterError(f"delta is {self.delta!r}, expected a margin above 0, such as 1.0.")
        return replace(LOSSES[self.loss], function=partial(function, delta=self.delta))
