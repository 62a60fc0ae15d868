"""The multi-class SVM loss of one sample as on the slide: once with a loop, once without.

For a batch there is `zanjir.nn.hinge`: ``hinge(X @ W.T, y)`` for samples in the rows of X.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.errors import DataError, ShapeError

__all__ = ["L_i", "L_i_vectorized"]


def L_i(x: Any, y: int, W: Any, delta: float = 1) -> Any:
    r"""Return the multi-class SVM loss of one sample, class by class.

    .. math:: L_i = \sum_{j \ne y_i} \max(0, s_j - s_{y_i} + \Delta), \qquad s = W x

    Parameters
    ----------
    x : array or Tensor of shape (D,)
        The sample, a column on the slide.
    y : int
        Its label, in [0, C).
    W : array or Tensor of shape (C, D)
        One row of weights per class.
    delta : float
        The margin.

    Returns
    -------
    float, or Tensor of shape () for tensors
        The loss.

    Raises
    ------
    ShapeError, DataError
        If the sizes of W and x differ, or y is no class.

    Examples
    --------
    >>> L_i(np.array([3.2, 5.1, -1.7]), 0, np.eye(3)).round(6)
    np.float64(2.9)
    """
    scores = scores_of(x, y, W)
    loss = 0.0
    for j in range(len(scores)):
        if j == y:
            continue
        loss = loss + np.maximum(0, scores[j] - scores[y] + delta)
    return loss


def L_i_vectorized(x: Any, y: int, W: Any, delta: float = 1) -> Any:
    """Return the same as `L_i`, with all margins at once.

    The slide's ``margins[y] = 0`` is written with ``np.where``, because a tensor never changes.

    Examples
    --------
    >>> L_i_vectorized(np.array([3.2, 5.1, -1.7]), 0, np.eye(3)).round(6)
    np.float64(2.9)
    """
    scores = scores_of(x, y, W)
    margins = np.maximum(0, scores - scores[y] + delta)
    margins = np.where(np.arange(len(margins)) == y, 0, margins)
    return np.sum(margins)


def scores_of(x: Any, y: int, W: Any) -> Any:
    """Return W x, whose entries are the scores of the classes."""
    if W.ndim != 2 or x.shape != W.shape[1:]:
        raise ShapeError(f"W is {W.shape} and x is {x.shape}; expected (C, D) and (D,), one sample.")
    if not 0 <= y < len(W):
        raise DataError(f"y is {y}, expected a class in [0, {len(W)}).")
    return np.dot(W, x)
