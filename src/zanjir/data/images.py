"""Pictures and films as tensors: where the channels stand, and the middle of a picture. Views, not copies."""

from __future__ import annotations

from typing import SupportsIndex

from numpy import moveaxis
from numpy.typing import ArrayLike

from zanjir.data._checks import array_of, whole
from zanjir.data.dataset import Array
from zanjir.errors import ShapeError

__all__ = ["center_crop", "channels_first", "channels_last"]


def channels_first(X: ArrayLike) -> Array:
    """Return images or videos with the channels before height and width.

    Parameters
    ----------
    X : array of shape (N, H, W, C) or (N, F, H, W, C)
        Images, or videos of F frames, with the channels last, as TensorFlow and Matplotlib have them.

    Returns
    -------
    array of shape (N, C, H, W) or (N, F, C, H, W)
        A view of the same numbers, as PyTorch and CIFAR's files have them.

    Raises
    ------
    ShapeError
        If X has another number of axes.

    Examples
    --------
    >>> import numpy as np
    >>> channels_first(np.zeros((2, 4, 5, 3))).shape
    (2, 3, 4, 5)
    """
    return moveaxis(_with_channels(X, "height, width, channels"), -1, -3)


def channels_last(X: ArrayLike) -> Array:
    """Return images or videos with the channels after height and width; `channels_first` undoes it.

    Parameters
    ----------
    X : array of shape (N, C, H, W) or (N, F, C, H, W)
        Images, or videos of F frames, with the channels first.

    Returns
    -------
    array of shape (N, H, W, C) or (N, F, H, W, C)
        A view of the same numbers.

    Raises
    ------
    ShapeError
        If X has another number of axes.

    Examples
    --------
    >>> import numpy as np
    >>> channels_last(np.zeros((2, 7, 3, 4, 5))).shape
    (2, 7, 4, 5, 3)
    """
    return moveaxis(_with_channels(X, "channels, height, width"), -3, -1)


def center_crop(X: ArrayLike, height: SupportsIndex, width: SupportsIndex) -> Array:
    """Return the middle of each image; of an odd rest the larger part is cut at the bottom and the right.

    Parameters
    ----------
    X : array of shape (N, H, W) or (N, H, W, C)
        Images, with the channels last if there are any.
    height, width : int
        Size to keep.

    Returns
    -------
    array of shape (N, height, width) or (N, height, width, C)
        A view of the same numbers.

    Raises
    ------
    ShapeError
        If X has another number of axes, or is smaller than what is to be kept.
    ParameterError
        If ``height`` or ``width`` is not a whole number of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> center_crop(np.arange(16).reshape(1, 4, 4), 2, 2)
    array([[[ 5,  6],
            [ 9, 10]]])
    """
    images = array_of("X", X)
    if images.ndim not in {3, 4}:
        raise ShapeError(f"X has shape {images.shape}; expected images (N, H, W) or (N, H, W, C).")
    rows = _middle(images.shape[1], whole("height", height, 1), "height")
    columns = _middle(images.shape[2], whole("width", width, 1), "width")
    return images[:, rows, columns]


def _middle(size: int, kept: int, what: str) -> slice:
    if kept > size:
        raise ShapeError(f"the images have {what} {size}, from which {kept} cannot be kept; expected at most {size}.")
    start = (size - kept) // 2
    return slice(start, start + kept)


def _with_channels(X: ArrayLike, order: str) -> Array:
    images = array_of("X", X)
    if images.ndim not in {4, 5}:
        raise ShapeError(
            f"X has shape {images.shape}; expected 4 axes (samples, {order}) or 5 (samples, frames, {order}); give "
            "gray images a channel axis with X[..., np.newaxis], and one image a sample axis with X[np.newaxis]."
        )
    return images
