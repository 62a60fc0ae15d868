"""Derivatives of every kind and order: values with gradients, Jacobians, Hessians, Hessian-vector products.

All of them are questions to ``gradient``: the answer is a graph, so it can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zanjir.errors import GraphError, ShapeError
from zanjir.graph.gate import TABLE
from zanjir.graph.gradient import gradients, pulled_back
from zanjir.graph.tensor import Tensor
from zanjir.graph.trace import Trace, trace

__all__ = ["hessian", "hessian_vector_product", "jacobian", "value_and_gradient"]


def value_and_gradient(loss: Any, wrt: Any) -> tuple[Any, Any]:
    """Return a single number and its gradient.

    Parameters
    ----------
    loss : Tensor of shape (), or function
        The number to differentiate, or a function that computes it from ``wrt``.
    wrt : Tensor, sequence or mapping of tensors; of arrays where ``loss`` is a function
        As ``gradient`` takes it: a function is called as ``f(x)``, ``f(*xs)`` or ``f(**xs)``.

    Returns
    -------
    tuple
        The number, and the derivatives arranged as ``wrt`` is: tensors for tensors, arrays for arrays.

    Raises
    ------
    ShapeError
        If the loss is not a single number.

    Examples
    --------
    >>> value_and_gradient(lambda w, b: (w * 3.0 + b) ** 2, (2.0, 1.0))
    (np.float64(49.0), (np.float64(42.0), np.float64(14.0)))
    """
    asked = trace("value_and_gradient", loss, wrt)
    derivatives = gradients("value_and_gradient", asked.output, asked.wrt)
    return asked.answer(asked.output), asked.arranged(derivatives)


def jacobian(output: Any, wrt: Any) -> Any:
    r"""Return the derivative of each element of an output by each element of its inputs.

    .. math:: J_{i j} = \frac{\partial y_i}{\partial x_j}

    Parameters
    ----------
    output : Tensor of any shape, or function
        What to differentiate, or a function that computes it from ``wrt``.
    wrt : Tensor, sequence or mapping of tensors; of arrays where ``output`` is a function
        As ``gradient`` takes it.

    Returns
    -------
    Tensor or array of shape output.shape + wrt.shape
        Arranged as ``wrt`` is; one gradient is computed per element of the output. Gates without a rule, such as
        ``sign``, give zeros.

    Examples
    --------
    >>> jacobian(lambda x: x * x, [1.0, 2.0, 3.0])
    array([[2., 0., 0.],
           [0., 4., 0.],
           [0., 0., 6.]])
    """
    asked = trace("jacobian", output, wrt)
    return asked.arranged(jacobians(asked.output, asked.wrt))


def jacobians(output: Tensor, wrt: tuple[Tensor, ...]) -> list[Tensor]:
    """Return the Jacobian with respect to each tensor of a tuple: one pulled-back direction per row."""
    rows = [pulled_back(output, direction, wrt) for direction in directions(output)]
    return [assembled([row[i] for row in rows], output.shape, w) for i, w in enumerate(wrt)]


def directions(output: Tensor) -> list[Tensor]:
    """Return the directions along which an output may change: one per element, with a 1 there."""
    if output.shape == ():
        return [Tensor(1.0)]
    dtype = output.dtype if output.dtype.kind == "f" else np.dtype(float)
    return [Tensor(row.reshape(output.shape)) for row in np.eye(output.size, dtype=dtype)]


def assembled(rows: Sequence[Tensor], shape: tuple[int, ...], w: Tensor) -> Tensor:
    """Stack rows, one per element of an output of a shape."""
    if shape == ():
        return rows[0]
    if not rows:
        return Tensor(np.zeros(shape + w.shape, w.dtype))
    return TABLE["reshape"](TABLE["stack"](*rows), shape=shape + w.shape)


def hessian(loss: Any, wrt: Any) -> Any:
    r"""Return the second derivatives of a single number.

    .. math:: H_{i j} = \frac{\partial^2 L}{\partial x_i \, \partial x_j}

    Parameters
    ----------
    loss : Tensor of shape (), or function
        The number to differentiate twice, or a function that computes it from ``wrt``.
    wrt : Tensor, sequence or mapping of tensors; of arrays where ``loss`` is a function
        As ``gradient`` takes it.

    Returns
    -------
    Tensor or array of shape wrt.shape + wrt.shape
        For several inputs one block per pair: ``hessian(f, {"w": w, "b": b})["w"]["b"]`` has shape
        w.shape + b.shape. One gradient is computed per element of the inputs; where a product with a vector is
        all that is needed, ``hessian_vector_product`` computes one.

    Raises
    ------
    ShapeError
        If the loss is not a single number.

    Examples
    --------
    >>> hessian(lambda x: x[0] ** 3 * x[1], np.array([2.0, 5.0]))
    array([[60., 12.],
           [12.,  0.]])
    """
    asked = trace("hessian", loss, wrt)
    first = gradients("hessian", asked.output, asked.wrt)
    return asked.arrange([asked.arranged(jacobians(slope, asked.wrt)) for slope in first])


def hessian_vector_product(loss: Any, wrt: Any, v: Any) -> Any:
    r"""Return the product of the Hessian with a vector, at the cost of two gradients and without the Hessian.

    .. math:: H v = \nabla_x (\nabla_x L \cdot v)

    Parameters
    ----------
    loss : Tensor of shape (), or function
        The number to differentiate twice, or a function that computes it from ``wrt``.
    wrt : Tensor, sequence or mapping of tensors; of arrays where ``loss`` is a function
        As ``gradient`` takes it.
    v : array or tensor, or as many arranged as ``wrt`` is
        The direction, with the shapes of ``wrt``.

    Returns
    -------
    Tensor or array of the shape of wrt
        The product, arranged as ``wrt`` is.

    Raises
    ------
    ShapeError
        If the loss is not a single number, or ``v`` has other shapes than ``wrt``.

    References
    ----------
    B. A. Pearlmutter (1994), Fast exact multiplication by the Hessian, Neural Computation 6(1).

    Examples
    --------
    >>> hessian_vector_product(lambda x: (x ** 4.0).sum(), [1.0, 2.0], [1.0, 10.0])
    array([ 12., 480.])
    """
    asked = trace("hessian_vector_product", loss, wrt)
    along = directions_like(asked, v)
    first = gradients("hessian_vector_product", asked.output, asked.wrt)
    slope = sum([(dx * direction).sum() for dx, direction in zip(first, along, strict=True)], Tensor(0.0))
    return asked.arranged(pulled_back(slope, Tensor(1.0), asked.wrt))


def directions_like(asked: Trace, v: Any) -> list[Tensor]:
    """Return a direction per input; raise if arrangement or shapes are not those of the inputs."""
    wrt = asked.arrange(asked.wrt)
    if isinstance(wrt, dict):
        fits = isinstance(v, Mapping) and set(v) == set(wrt)
        parts = [v[name] for name in wrt] if fits else []
    elif isinstance(wrt, tuple):
        fits = isinstance(v, Sequence) and len(v) == len(wrt)
        parts = list(v) if fits else []
    else:
        fits, parts = True, [v]
    if not fits:
        form = f"a mapping of {', '.join(wrt)}" if isinstance(wrt, dict) else f"a sequence of {len(wrt)}"
        raise GraphError(f"v is arranged as wrt is: expected {form} directions, got {v!r}.")
    return [direction_like(w, part) for w, part in zip(asked.wrt, parts, strict=True)]


def direction_like(w: Tensor, part: Any) -> Tensor:
    """Return one direction as a tensor of the shape of an input."""
    dtype = w.dtype if w.dtype.kind == "f" else float
    direction = part if isinstance(part, Tensor) else Tensor(np.asarray(part, dtype))
    if direction.shape != w.shape:
        raise ShapeError(f"v has shape {direction.shape}; expected {w.shape}, the shape of {w.name or 'wrt'}.")
    return direction
