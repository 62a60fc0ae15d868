"""What all estimators with a network share, from the linear classifiers to the multi-layer perceptron.

They are one graph with another loss and other sizes; the program that trains them is the one that `zanjir.source`
prints.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from zanjir.data import split_indices
from zanjir.errors import DataError, ParameterError, ShapeError, choose
from zanjir.graph import Array
from zanjir.models.base import (
    Estimator,
    checked_inputs,
    checked_samples,
    dense,
    weights_of,
)
from zanjir.models.online import Online
from zanjir.models.parameters import check_parameters, sizes_of, whole
from zanjir.models.sklearn_callbacks import CallbackSupportMixin, Hooks, with_callbacks
from zanjir.models.solvers import Solution, Task, by_minimizer, by_updates
from zanjir.nn import LOSSES, Loss, Sequential, mlp, own_loss, regularizer
from zanjir.optim import OPTIMIZERS, ClipNorm, optimizer, schedule
from zanjir.program import Problem, Scorer
from zanjir.training import Model, Plan, RateSearch, Samples, Trainer, find_learning_rate
from zanjir.training.minimizing import METHODS

__all__ = ["Network", "Targets", "takes_steps"]

LOG = logging.getLogger("zanjir")
SOLVERS = {**dict.fromkeys(OPTIMIZERS, "updates"), **dict.fromkeys(METHODS, "minimizer")}
# Features whose deviations differ by so much make every method slow.
UNEVEN = 1000.0
# A batch is about a thirty-second of the samples: a few dozen steps per epoch, whatever their number.
STEPS_PER_EPOCH, SMALLEST_BATCH, LARGEST_BATCH = 32, 16, 200


@dataclass(frozen=True)
class Targets:
    """The targets of a fit, as a problem takes them: labels of classes, or numbers."""

    y: Array
    n_classes: int
    n_outputs: int


def takes_steps(estimator: Any) -> bool:
    """Whether the solver is an update rule, which takes steps; raise what says so if it is not."""
    if choose("solver", estimator.chosen_solver, SOLVERS) == "updates":
        return True
    raise AttributeError(
        f"partial_fit takes the steps of an update rule, and solver={estimator.chosen_solver!r} needs all samples at "
        "once; choose one such as adam."
    )


class Network(CallbackSupportMixin, Estimator):  # type: ignore[misc] # scikit-learn ships no types
    """Base of the estimators that train a network.

    What a class does not offer as a parameter has its value here.
    """

    takes_sparse = True

    hidden_layer_sizes: Any = ()
    activation: Any = "relu"
    dropout: float = 0.0
    norm: str = "none"
    initializer: str | None = None
    loss: Any = None
    penalty: str = "l2"
    alpha: float = 0.0001
    solver: str = "adam"
    learning_rate: str = "constant"
    learning_rate_init: float | None = None
    batch_size: Any = "auto"
    max_iter: int = 200
    tol: float = 1e-4
    clip: float | None = None
    shuffle: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    warm_start: bool = False
    engine: str = "auto"
    threads: int | None = None
    callbacks: Any = None
    verbose: bool = False
    class_weight: Any = None
    random_state: Any = None

    model_: Model
    _online: Online | None
    _state: tuple[dict[str, Array], dict[str, Any]] | None

    default_loss: ClassVar[str] = "softmax"
    multi_output: ClassVar[bool] = False
    numeric: ClassVar[bool] = False

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes; none for numbers."""
        return ()

    @property
    def chosen_solver(self) -> str:
        """The solver, also where that is left open."""
        return self.solver

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
        """Fit the network.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (N, D)
            Inputs; float32 stays float32.
        y : array of shape (N,), or (N, K) for several outputs
            Labels of any type, or numbers.
        sample_weight : array of shape (N,), optional
            A sample of weight 2 counts as two samples.
        X_val, y_val, sample_weight_val
            Samples to watch: their loss is measured after each iteration, and ``early_stopping`` judges by it.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        ValueError
            If data, weights or parameters cannot be used, in one sentence.

        Warns
        -----
        ConvergenceWarning
            If ``max_iter`` ended the fit.
        """
        X, y = checked_samples(self, X, y, multi_output=self.multi_output, y_numeric=self.numeric)
        self._seed = self.seed
        check_parameters(self)
        targets = self.targets_of(y)
        train = Samples(dense(X), targets.y, self.weights_for(targets, sample_weight))
        validation = self.watched(X_val, y_val, sample_weight_val)
        if validation is None and self.early_stopping:
            train, validation = self.divided(train, targets)
        problem = self.problem_of(train, targets)
        task = Task(problem, train, validation, targets.n_classes)
        hooks = Hooks(self, X, y, sample_weight, self.max_iter)
        hooks.begin_iteration(lambda: {"model_": self.model_of(problem, self.first(problem))})
        solution = self.solved(task, hooks)
        hooks.end(lambda: {"model_": self.model_of(problem, solution.W)})
        self.keep(task, solution, train.X)
        return self

    def targets_of(self, y: Array, classes: Any = None) -> Targets:
        """Return the targets of a fit, and remember how to give them back; ``classes`` are all there will ever be."""
        raise TypeError(f"{type(self).__name__} fits nothing; use one of its subclasses.")

    def targets_like(self, y: Any) -> Array:
        """Return targets of the same kind as those that were fitted."""
        raise TypeError(f"{type(self).__name__} fits nothing; use one of its subclasses.")

    def weights_for(self, targets: Targets, sample_weight: Any, **how: Any) -> Array | None:
        """Return the weight of each sample."""
        return weights_of(len(targets.y), sample_weight, **how)

    def loss_row(self) -> Loss:
        """Return the loss, which may be a user's function of scores and targets."""
        loss = self.loss or self.default_loss
        if callable(loss):
            takes = "labels" if isinstance(self, ClassifierMixin) else "numbers"
            return own_loss(loss, takes)
        return choose("loss", loss, LOSSES)

    def problem_of(self, train: Samples, targets: Targets) -> Problem:
        """Return what is to be learned."""
        loss = self.loss_row()
        n_outputs = loss.n_outputs(targets.n_classes) if targets.n_classes else targets.n_outputs
        network = self.network_of(n_outputs)
        penalty = regularizer(self.penalty or "none", self.alpha)
        dtype, weighted = train.X.dtype.type, train.weights is not None
        return Problem(network, loss, train.X.shape[1], n_outputs, penalty, dtype, weighted)

    def network_of(self, n_outputs: int) -> Sequential:
        """Return the layers."""
        hidden = sizes_of(self.hidden_layer_sizes)
        return mlp(
            hidden, n_outputs, activation=self.activation, dropout=self.dropout, norm=self.norm,
            initializer=self.initializer,
        )  # fmt: skip

    @property
    def seed(self) -> int:
        """What fixes first weights, the order of the samples and dropout."""
        if isinstance(self.random_state, int | np.integer):
            if self.random_state < 0:
                raise ParameterError(f"random_state is {self.random_state}, expected a whole number of at least 0.")
            return int(self.random_state)
        if isinstance(self.random_state, np.random.Generator):
            return int(self.random_state.integers(2**31))
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def plan(self, n: int) -> Plan:
        """Return how an update rule trains on so many samples."""
        return Plan(
            optimizer=optimizer(self.chosen_solver, self.learning_rate_init),
            schedule=schedule(self.learning_rate),
            clip=None if self.clip is None else ClipNorm(self.clip),
            batch_size=self.batch_of(n),
            epochs=whole("max_iter", self.max_iter),
            patience=self.patience,
            seed=self._seed,
            shuffle=self.shuffle,
            engine=self.engine,
            threads=self.threads if self.engine != "numpy" else None,
        )

    @property
    def patience(self) -> int | None:
        """How many iterations the loss on watched samples may fail to fall; None if nobody stops for that."""
        n = whole("n_iter_no_change", self.n_iter_no_change)
        return n if self.early_stopping else None

    def batch_of(self, n: int) -> int:
        """Return how many of so many samples make a batch."""
        if self.batch_size == "auto":
            return min(n, max(SMALLEST_BATCH, min(LARGEST_BATCH, n // STEPS_PER_EPOCH)))
        return min(whole("batch_size", self.batch_size, "'auto' or "), n)

    def watched(self, X: Any, y: Any, sample_weight: Any) -> Samples | None:
        """Return the samples to watch that the user gave."""
        if X is None or y is None:
            if X is not None or y is not None or sample_weight is not None:
                raise ParameterError("X_val and y_val belong together, and sample_weight_val to them; give both.")
            return None
        X = dense(checked_inputs(self, X))
        y = self.targets_like(y)
        if len(X) != len(y):
            raise ShapeError(f"X_val has {len(X)} samples and y_val has {len(y)}; expected one y for each.")
        return Samples(X, y, weights_of(len(y), sample_weight))

    def divided(self, train: Samples, targets: Targets) -> tuple[Samples, Samples]:
        """Return the samples to learn from and those to watch, when the user gave none to watch."""
        stratify = targets.n_classes > 0
        counted = np.arange(len(train.y)) if train.weights is None else np.flatnonzero(train.weights)
        if stratify and 1 in (counts := np.bincount(train.y[counted]).tolist()):
            raise DataError(
                f"early_stopping watches samples of each class, and {self.class_names[counts.index(1)]!r} has a single "
                "one; add samples, give X_val and y_val to fit, or set early_stopping=False."
            )
        try:
            parts = split_indices(train.y[counted], self.validation_fraction, seed=self._seed, stratify=stratify)
        except ParameterError as error:
            raise ParameterError(f"validation_fraction is {self.validation_fraction!r}: {error}") from error
        kept, watched = (counted[part] for part in parts)
        return taken(train, kept), taken(train, watched)

    def first(self, problem: Problem) -> Array:
        """Return the first parameters."""
        values = problem.network.init(np.random.default_rng(self._seed), problem.in_features)
        return problem.layout.flatten(values)

    def solved(self, task: Task, hooks: Hooks) -> Solution:
        """Return what the solver finds."""

        def heard(W: Callable[[], Array], loss: float) -> bool:
            if self.verbose:
                LOG.info("%s: loss %.6g", type(self).__name__, loss)
            return hooks.end_iteration(lambda: {"model_": self.model_of(task.problem, W().copy())})

        start, state = self.start_of(task.problem)
        if choose("solver", self.chosen_solver, SOLVERS) == "updates":
            return by_updates(
                task, self.plan(len(task.train.X)), tol=self.tol, n_iter_no_change=self.n_iter_no_change,
                heard=heard, callbacks=tuple(self.callbacks or ()), start=start, state=state,
            )  # fmt: skip
        if self.callbacks:
            raise ParameterError(
                f"callbacks watch the steps of an update rule, and solver={self.chosen_solver!r} has none; "
                "choose one such as adam, or use set_callbacks."
            )
        return by_minimizer(
            task, self.chosen_solver, self.first(task.problem) if start is None else start,
            max_iter=whole("max_iter", self.max_iter), tol=self.tol, engine=self.engine, patience=self.patience,
            heard=heard,
        )  # fmt: skip

    def start_of(self, problem: Problem) -> tuple[Array | None, Any]:
        """Return where a warm start begins: the parameters of the last fit, and the state of its training."""
        if not self.warm_start or not hasattr(self, "model_"):
            return None, None
        fitted = self.model_.problem
        if fitted.layout.shapes != problem.layout.shapes:
            raise ShapeError(
                f"warm_start goes on with the network {fitted.sizes}, and these data and parameters make "
                f"{problem.sizes}; set warm_start=False to begin anew."
            )
        if self.model_.classes != self.class_names:
            raise DataError(
                f"warm_start goes on with the classes {', '.join(self.model_.classes)}, and y holds "
                f"{', '.join(self.class_names)}; set warm_start=False to begin anew."
            )
        return self.model_.W, self._state if self._state_of == self.chosen_solver else None

    def model_of(self, problem: Problem, W: Array) -> Model:
        """Return the network with these parameters."""
        return Model(replace(problem, weighted=False), W, self.class_names)

    def keep(self, task: Task, solution: Solution, X: Array) -> None:
        """Remember what was found."""
        self.model_ = self.model_of(task.problem, solution.W)
        self.loss_curve_ = solution.losses
        self.validation_loss_curve_ = [found.loss for found in solution.validation]
        self.validation_scores_ = [found.r2 if self.numeric else found.accuracy for found in solution.validation]
        self.n_iter_ = max(1, solution.n_iter)
        self.loss_ = solution.losses[-1] if solution.losses else float("nan")
        self.best_loss_ = min(solution.losses, default=float("nan"))
        self._state, self._state_of = solution.state, self.chosen_solver
        self._online = None
        if not solution.converged:
            warnings.warn(self.advice(solution, X), ConvergenceWarning, stacklevel=4)

    def advice(self, solution: Solution, X: Array) -> str:
        """Say that the fit did not come to its end, and what to do."""
        with np.errstate(over="ignore", invalid="ignore"):  # of huge numbers no deviation is known
            scales = X.std(axis=0)
            scales = scales[scales > 0]
            ratio = float(scales.max() / scales.min()) if len(scales) else 1.0
        uneven = f" The features' scales differ by a factor of {ratio:.2g}: standardize them." if ratio > UNEVEN else ""
        name = type(self).__name__
        if solution.n_iter < self.max_iter:
            return f"{name}: {solution.reason}.{uneven or ' Standardize the features, or choose another solver.'}"
        enough = f"max_iter={self.max_iter} iterations were not enough"
        return f"{name}: {enough}: {solution.reason}.{uneven} Raise max_iter, or tol."

    @property
    def objective_(self) -> str:
        """What was minimized, in full.

        Examples
        --------
        >>> from zanjir.models import SoftmaxClassifier
        >>> SoftmaxClassifier(alpha=0.01).fit([[0.0], [1.0]], [0, 1]).objective_
        'mean softmax loss + 0.01 * sum(W^2)'
        """
        check_is_fitted(self, "model_")
        penalty = self.model_.problem.penalty
        return f"mean {self.model_.problem.loss.name} loss{f' + {penalty.text}' if penalty else ''}"

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, of shape (inputs, outputs)."""
        return [value for name, value in self.model_.parameters.items() if name.startswith("W")]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer."""
        return [value for name, value in self.model_.parameters.items() if name.startswith("b")]

    def scores_of(self, X: Any) -> Array:
        """Return the scores (N, C) of inputs, in the dtype that was fitted."""
        check_is_fitted(self, "model_")
        X = dense(checked_inputs(self, X))
        problem = self.model_.problem
        with np.errstate(over="ignore", invalid="ignore"):  # an infinite score is a score
            return Scorer(problem, self.model_.W)(np.asarray(X, problem.dtype))[0]

    def go_on(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """Take one step for each batch of samples, in the order given."""
        first = not hasattr(self, "model_")
        X, y = checked_samples(self, X, y, reset=first, multi_output=self.multi_output, y_numeric=self.numeric)
        targets = self.targets_of(y, classes) if first else Targets(self.targets_like(y), len(self.class_names), 0)
        weights = self.weights_for(targets, sample_weight, may_be_zero=True)
        samples = Samples(dense(X), targets.y)
        if first:
            self.begin(samples, targets)
        online = self.online(len(y), weighted=weights is not None)
        loss = online.steps(samples, weights, self.batch_of(len(y)))
        # The fit that began it cannot be gone on with any more: these steps are not in its record.
        self._online, self._state = online, None
        if loss is not None:
            self.model_ = replace(self.model_, W=online.W)
            self.loss_ = loss
            self.loss_curve_.append(loss)
            self.n_iter_ += 1
        return self

    def begin(self, samples: Samples, targets: Targets) -> None:
        """Make the network of a first `partial_fit`."""
        self._seed = self.seed
        problem = self.problem_of(samples, targets)
        self.check_online(problem)  # an estimator that is refused is not fitted
        self.model_ = self.model_of(problem, self.first(problem))
        self.loss_curve_, self.n_iter_ = [], 0
        self._state, self._state_of, self._online = None, self.chosen_solver, None

    def online(self, n: int, *, weighted: bool) -> Online:
        """Return what takes the steps of `partial_fit`, with the parameters that the estimator has now."""
        penalty = regularizer(self.penalty or "none", self.alpha)
        problem = replace(self.model_.problem, weighted=weighted, penalty=penalty)
        self.check_online(problem)
        plan = replace(self.plan(n), patience=None, batch_size=1)
        if self._online and (self._online.problem, self._online.plan) == (problem, plan):
            return self._online
        same_rule = self._state_of == self.chosen_solver
        state = self._online.state if self._online else self._state
        self._state_of = self.chosen_solver
        return Online(problem, plan, len(self.class_names), self.model_.W, state if same_rule else None)

    def check_online(self, problem: Problem) -> None:
        """Refuse what has to know where the training ends."""
        if self.learning_rate != "constant":
            raise ParameterError(
                f"learning_rate is {self.learning_rate!r}, a schedule from the first step to the last, and "
                "partial_fit has no last one; choose 'constant'."
            )
        if problem.measured:
            raise ParameterError(
                "batch normalization measures all training samples at the end, and partial_fit has no end; choose "
                "norm='layer' or 'none'."
            )

    def find_learning_rate(self, X: Any, y: Any, sample_weight: Any = None, **how: Any) -> RateSearch:
        """Try learning rates from small to large on these samples, and leave the estimator as it is.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        how
            As for `zanjir.training.find_learning_rate`.

        Returns
        -------
        RateSearch
            The rates, the loss at each, and a suggestion.
        """
        if SOLVERS.get(self.chosen_solver) == "minimizer":
            raise ParameterError(
                f"solver={self.chosen_solver!r} finds the lengths of its steps itself; choose an update rule such as "
                "adam to look for its learning rate."
            )
        copy = self.__class__(**{**self.get_params(deep=False), "random_state": deepcopy(self.random_state)})
        X, y = checked_samples(copy, X, y, multi_output=self.multi_output, y_numeric=self.numeric)
        targets = copy.targets_of(y)
        train = Samples(dense(X), targets.y, copy.weights_for(targets, sample_weight))
        copy._seed = copy.seed
        trainer = Trainer(
            copy.problem_of(train, targets), replace(copy.plan(len(y)), patience=None), train,
            n_classes=targets.n_classes,
        )  # fmt: skip
        return find_learning_rate(trainer, **how)


def taken(samples: Samples, indices: Array) -> Samples:
    """Return some of the samples."""
    weights = None if samples.weights is None else samples.weights[indices]
    return Samples(samples.X[indices], samples.y[indices], weights)
