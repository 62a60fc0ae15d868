"""What all estimators share: how inputs, labels and weights are checked, and what scikit-learn is told."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, validate_data

from zanjir.errors import DataError, ShapeError
from zanjir.graph import Array

__all__ = ["Estimator", "checked_inputs", "checked_samples", "dense", "encoded_labels", "weights_of"]

FLOATS = (np.float64, np.float32)
# A sparse matrix becomes a dense one of so many bytes at most.
MOST_BYTES = 2**32


class Estimator(BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Base of the estimators.

    A fitted estimator remembers which version of zanjir fitted it, and its picture in a notebook links to this
    library's pages.
    """

    takes_sparse = False
    """Whether `fit` and `predict` take sparse matrices."""

    _doc_link_module = "zanjir"
    _doc_link_template = "https://github.com/zanjir/zanjir/blob/main/docs/estimators.md#{estimator_name}"

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.takes_sparse
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Return everything that is to be pickled, with the version."""
        return {**super().__getstate__(), "zanjir_version": version("zanjir")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take over what was pickled; numbers of another version are not trusted silently."""
        fitted_by, here = state.get("zanjir_version", "unknown"), version("zanjir")
        if fitted_by != here:
            warnings.warn(
                f"this {type(self).__name__} was fitted by zanjir {fitted_by}, and {here} reads it; "
                "fit it again if its predictions matter.",
                stacklevel=2,
            )
        super().__setstate__({name: value for name, value in state.items() if name != "zanjir_version"})


def checked_samples(estimator: Estimator, X: Any, y: Any, *, reset: bool = True, **how: Any) -> tuple[Any, Array]:
    """Return X and y of a fit as arrays, in float32 if X is, else float64; remember the features if ``reset``.

    Parameters
    ----------
    how
        As for `sklearn.utils.validation.validate_data`: ``multi_output``, ``y_numeric``, ``ensure_min_samples``.

    Raises
    ------
    ValueError, TypeError
        If they cannot be used; in scikit-learn's words, which its users know.
    """
    sparse = "csr" if estimator.takes_sparse else False
    X, y = validate_data(estimator, X, y, reset=reset, dtype=FLOATS, accept_sparse=sparse, **how)
    return X, y


def checked_inputs(estimator: Estimator, X: Any) -> Any:
    """Return X of a prediction as an array, if it has the features that were fitted."""
    sparse = "csr" if estimator.takes_sparse else False
    return validate_data(estimator, X, reset=False, dtype=FLOATS, accept_sparse=sparse)


def dense(X: Any) -> Array:
    """Return a matrix as an array; one that is sparse is written out.

    Raises
    ------
    DataError
        If that would take more than 4 GiB.
    """
    if not hasattr(X, "toarray"):
        return np.asarray(X)
    size = X.shape[0] * X.shape[1] * X.dtype.itemsize
    if size > MOST_BYTES:
        raise DataError(
            f"X is sparse, and its {X.shape[0]:,} x {X.shape[1]:,} numbers would take {size / 2**30:.1f} GiB written "
            "out; expected at most 4 GiB. Fit it in parts with partial_fit, or reduce the features."
        )
    return np.asarray(X.toarray())


def encoded_labels(y: Array, classes: Array | None = None) -> tuple[Array, Array]:
    """Return the classes in order, and the number of each label among them.

    Parameters
    ----------
    classes : array, optional
        The classes there may be; by default those in y.

    Raises
    ------
    DataError, ValueError
        If y holds numbers that are no classes, only one class, or one that is not in ``classes``.

    Examples
    --------
    >>> encoded_labels(np.array(["b", "a", "b"]))
    (array(['a', 'b'], dtype='<U1'), array([1, 0, 1]))
    """
    check_classification_targets(y)
    if classes is None:
        classes, labels = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise DataError(
                f"y holds only one class, {classes.tolist()[0]!r}; expected at least 2 classes to tell apart."
            )
        return classes, labels
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise DataError(f"y holds the class {unknown.tolist()[0]!r}, expected one of {classes.tolist()}.")
    return classes, np.searchsorted(classes, y)


def weights_of(
    n: int,
    sample_weight: Any = None,
    class_weight: Any = None,
    classes: Array | None = None,
    labels: Array | None = None,
    *,
    may_be_zero: bool = False,
) -> Array | None:
    """Return the weight of each sample in float64; None if all count alike.

    Parameters
    ----------
    n : int
        Number of samples.
    sample_weight : array of shape (N,), optional
        A sample of weight 2 counts as two samples, one of weight 0 as none.
    class_weight : dict or ``"balanced"``, optional
        Factors by class; balanced ones give every class the same sum.
    classes, labels
        As `encoded_labels` returns them, where there are classes.
    may_be_zero : bool
        Whether all weights may be 0.

    Raises
    ------
    ShapeError, DataError, ValueError
        If the weights do not fit the samples, are negative or not finite, or are all 0.
    """
    if sample_weight is None and class_weight is None:
        return None
    weights = np.ones(n)
    if sample_weight is not None:
        given = np.full(n, sample_weight) if np.isscalar(sample_weight) else sample_weight
        weights = check_array(given, ensure_2d=False, dtype=np.float64, copy=True, input_name="sample_weight")
        if weights.shape != (n,):
            raise ShapeError(f"sample_weight is {weights.shape}, expected ({n},), one number per sample.")
        if weights.min(initial=0) < 0:
            raise DataError(f"sample_weight holds {weights.min():g}, expected numbers >= 0; leave such samples out.")
    if class_weight is not None and classes is not None and labels is not None:
        weights *= class_factors(class_weight, classes, labels, weights)[labels]
    if not (may_be_zero or weights.any()):
        raise DataError("the weights of all samples are zero; expected at least one above 0.")
    return weights


def class_factors(class_weight: Any, classes: Array, labels: Array, weights: Array) -> Array:
    """Return the factor of each class; for balanced ones a sample of weight 2 counts as two."""
    if isinstance(class_weight, str) and class_weight == "balanced":
        sums = np.bincount(labels, weights, len(classes))
        some = sums > 0
        return np.asarray(np.divide(sums.sum() / max(1, some.sum()), sums, out=np.zeros(len(sums)), where=some))
    factors = np.asarray(compute_class_weight(class_weight, classes=classes, y=classes[labels]), np.float64)
    wrong = np.flatnonzero(~(np.isfinite(factors) & (factors >= 0)))
    if len(wrong):
        raise DataError(
            f"class_weight gives the class {classes.tolist()[wrong[0]]!r} the factor {factors[wrong[0]]:g}, expected a "
            "finite number >= 0."
        )
    return factors
