"""What all classifiers with a network share: labels of any type, scores, and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from zanjir.errors import ParameterError
from zanjir.gates import softmax
from zanjir.graph import Array
from zanjir.models.base import encoded_labels, weights_of
from zanjir.models.network import Network, Targets, takes_steps
from zanjir.program import labels_from
from zanjir.training.model import probabilities

__all__ = ["NetworkClassifier"]


class NetworkClassifier(ClassifierMixin, Network):  # type: ignore[misc]
    """Base of the classifiers with a network."""

    classes_: Array

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(map(str, self.classes_))

    def targets_of(self, y: Array, classes: Any = None) -> Targets:
        """Return the labels of a fit, and remember the classes."""
        given = None if classes is None else np.unique(classes)
        self.classes_, labels = encoded_labels(y, given)
        return Targets(labels, len(self.classes_), len(self.classes_))

    def targets_like(self, y: Any) -> Array:
        """Return labels of the classes that were fitted."""
        return encoded_labels(column_or_1d(y), self.classes_)[1]

    def weights_for(self, targets: Targets, sample_weight: Any, **how: Any) -> Array | None:
        """Return the weight of each sample, with the factor of its class."""
        return weights_of(len(targets.y), sample_weight, self.class_weight, self.classes_, targets.y, **how)

    @available_if(takes_steps)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """Take one step of the update rule for each batch of samples, in the order given.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`; here a weight multiplies the loss of its sample, whatever the others are.
        classes : array, optional
            All classes there will ever be; the first call needs them, unless its y has them all.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        ValueError
            If a label is none of the classes, or ``class_weight`` is ``"balanced"``, which needs all samples.
        """
        if isinstance(self.class_weight, str):
            raise ParameterError(
                f"class_weight is {self.class_weight!r}, and partial_fit does not see all samples; give a dict, such "
                "as {label: weight}."
            )
        if classes is not None and hasattr(self, "model_") and not np.array_equal(np.unique(classes), self.classes_):
            raise ParameterError(
                f"classes is {np.asarray(classes).tolist()}, and the first call had {self.classes_.tolist()}."
            )
        return self.go_on(X, y, sample_weight, classes)

    def decision_function(self, X: Any) -> Array:
        """Return the score of each class (N, C); for two classes, how far the second is ahead (N,)."""
        scores = self.scores_of(X)
        if len(self.classes_) != 2:
            return scores
        return scores[:, 0] if scores.shape[1] == 1 else scores[:, 1] - scores[:, 0]

    def predict(self, X: Any) -> Array:
        """Return the class with the highest score; the first of equal ones."""
        labels = labels_from(self.scores_of(X))
        return np.asarray(self.classes_[labels])

    def has_probabilities(self) -> bool:
        """Whether the loss gives probabilities; the hinge losses do not."""
        return self.loss_row().probability is not None

    @available_if(has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class (N, C); rows sum to 1."""
        scores, loss = self.scores_of(X), self.model_.problem.loss
        exact = scores.astype(np.float64)
        if loss.probability == "sigmoid" and scores.shape[1] > 1:
            # Divided by their sum through logarithms: far from every class, all of them round to 0.
            return np.asarray(softmax.forward(-np.logaddexp(0, -exact), axis=1), scores.dtype)
        return np.asarray(probabilities(loss, exact), scores.dtype)

    @available_if(has_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> Array:
        """Return the natural logarithms of the probabilities."""
        with np.errstate(divide="ignore"):  # the logarithm of a probability that rounds to 0
            return np.asarray(np.log(self.predict_proba(X)))
