"""scikit-learn's own callback protocol (from version 1.9 on), in one place, as it is new and may move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9 has no callbacks

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing, where scikit-learn has no callbacks."""

    def with_callbacks(method: Any) -> Any:
        """Return a method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "Hooks", "with_callbacks"]

Attributes = Callable[[], Mapping[str, Any]]


class Hooks:
    """What scikit-learn's callbacks hear of one fit: its beginning, each iteration, its end.

    Parameters
    ----------
    estimator : Estimator
        What is fitted, with callbacks or without.
    X, y
        The training data.
    sample_weight : array, optional
        Their weights.
    n_iterations : int
        Iterations at most.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, sample_weight: Any, n_iterations: int) -> None:
        self.active = bool(getattr(estimator, "_skl_callbacks", ()))
        self.left = n_iterations
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self.facts = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        if self.active:
            self.root = estimator._init_callback_context(max_subtasks=n_iterations)
            self.root.call_on_fit_task_begin(**self.facts)

    def begin_iteration(self, attributes: Attributes) -> None:
        """Say that an iteration begins with these fitted attributes, which are made if a callback reads them."""
        if self.active and self.left:
            self.left -= 1
            self.task = self.root.subcontext(task_name="iteration")
            self.task.call_on_fit_task_begin(**self.facts, reconstruction_attributes=attributes)

    def end_iteration(self, attributes: Attributes) -> bool:
        """Say that an iteration ended with these fitted attributes, and return whether a callback wants to stop."""
        if not self.active:
            return False
        stop = bool(self.task.call_on_fit_task_end(**self.facts, reconstruction_attributes=attributes))
        if not stop:
            self.begin_iteration(attributes)
        return stop

    def end(self, attributes: Attributes) -> None:
        """Say that the fit ended with these fitted attributes."""
        if self.active:
            self.root.call_on_fit_task_end(**self.facts, reconstruction_attributes=attributes)
