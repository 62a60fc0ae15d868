"""What all regressors with a network share: numbers in one column or several."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array

from zanjir.errors import choose
from zanjir.graph import Array
from zanjir.models.network import Network, Targets, takes_steps
from zanjir.nn import Loss

__all__ = ["NetworkRegressor"]


class NetworkRegressor(RegressorMixin, Network):  # type: ignore[misc]
    """Base of the regressors with a network."""

    default_loss: ClassVar[str] = "squared_error"
    multi_output: ClassVar[bool] = True
    numeric: ClassVar[bool] = True

    def __sklearn_tags__(self) -> Any:
        """Say that there may be several outputs."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def targets_of(self, y: Array, classes: Any = None) -> Targets:
        """Return the numbers of a fit, and remember whether they are one column or several."""
        self._one_column = y.ndim == 1
        return Targets(y.reshape(len(y), -1), 0, y.reshape(len(y), -1).shape[1])

    def targets_like(self, y: Any) -> Array:
        """Return numbers as columns."""
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        return np.asarray(y).reshape(len(y), -1)

    def loss_row(self) -> Loss:
        """Return the loss, if it is one of numbers."""
        if not callable(self.loss):
            choose("loss", self.loss or self.default_loss, dict.fromkeys(["squared_error"]))
        return super().loss_row()

    @available_if(takes_steps)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Take one step of the update rule for each batch of samples, in the order given.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`; here a weight multiplies the loss of its sample, whatever the others are.
        """
        return self.go_on(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Return the predicted number of each sample (N,), or numbers (N, K)."""
        scores = self.scores_of(X)
        return scores[:, 0] if self._one_column else scores
