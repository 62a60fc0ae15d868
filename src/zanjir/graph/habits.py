"""Attributes that tensors elsewhere have, and what is written here instead."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np

from zanjir.graph.gate import TABLE

if TYPE_CHECKING:
    from zanjir.graph.tensor import Tensor

__all__ = ["missing_attribute"]

RETURNED = "a gradient is returned and not stored; write dW = zanjir.gradient(loss, W)"
EVERY = "every tensor of floats can be differentiated by; name it in zanjir.gradient(loss, W)"
NUMBERS = "write {x}.value for its numbers"
NO_DEVICE = "tensors lie in this computer's memory; leave it out"
CONVERTED = "write {x}.astype(...), for example {x}.astype(np.float32)"

SETTING = {
    "name": " {x}.named(...) is the same node under another name.",
    "value": " For new numbers: {x} = zanjir.tensor(numbers).",
    "data": " For new numbers: {x} = zanjir.tensor(numbers).",
    "shape": " In another shape: {x}.reshape(...).",
    "grad": " A gradient is returned and not stored: dW = zanjir.gradient(loss, W).",
    "requires_grad": " Nothing needs to be switched on: dW = zanjir.gradient(loss, W).",
}
INSTEAD = {
    "backward": RETURNED,
    "grad": RETURNED,
    "gradient": "write zanjir.gradient({x}, W)",
    "zero_grad": "gradients are returned and do not add up; leave it out",
    **dict.fromkeys(("requires_grad", "requires_grad_", "retain_grad"), EVERY),
    "is_leaf": "write {x}.gate is None",
    "grad_fn": "write {x}.gate and {x}.inputs",
    **dict.fromkeys(("numpy", "data", "values", "array"), NUMBERS),
    "item": "write float({x}.value)",
    "tolist": "write {x}.value.tolist()",
    "detach": "no gradient flows through new tensors; write zanjir.tensor({x}.value)",
    **dict.fromkeys(("cpu", "cuda", "to", "device", "contiguous"), NO_DEVICE),
    **dict.fromkeys(("float", "double", "half", "long", "int", "type"), CONVERTED),
    "view": "write {x}.reshape(...)",
    "permute": "write {x}.transpose(...)",
    "t": "write {x}.T",
    **dict.fromkeys(("unsqueeze", "newaxis"), "write np.expand_dims({x}, axis)"),
    "expand": "write np.broadcast_to({x}, shape)",
    "dim": "write {x}.ndim",
    "numel": "write {x}.size",
    "clone": "write {x}.copy()",
    **dict.fromkeys(("mm", "matmul", "bmm", "mv"), "write {x} @ W"),
    "add": "write {x} + b",
    "sub": "write {x} - b",
    "mul": "write {x} * b",
    "div": "write {x} / b",
    "pow": "write {x} ** n",
    "norm": "write np.linalg.norm({x})",
    "append": "write np.append({x}, b)",
    "masked_fill": "write np.where(mask, number, {x})",
    "gather": "write np.take_along_axis({x}, indices, axis)",
    "fill": "a tensor never changes; build a new one, for example np.full_like({x}, number)",
    "sort": "a tensor never changes; write np.sort({x})",
    "put": "a tensor never changes; write np.where(mask, new, {x})",
    "resize": "a tensor never changes; write {x}.reshape(...)",
}


def missing_attribute(node: Tensor, name: str) -> str:
    """Return the sentence for an attribute that a tensor does not have.

    Parameters
    ----------
    node : Tensor
        Who was asked.
    name : str
        For what.
    """
    x = node.name or "x"
    answer = instead(name).format(x=x)
    end = "" if answer.endswith("?") else "."
    return f"{node.label}, a tensor of shape {node.shape}, has no attribute {name!r}: {answer}{end}"


def instead(name: str) -> str:
    """Return what is written instead of an attribute, with ``{x}`` for the tensor."""
    from zanjir.graph.protocol import supported
    from zanjir.graph.tensor import Tensor

    if name in INSTEAD:
        return INSTEAD[name]
    if getattr(np, name, None) in supported():
        return f"write np.{name}({{x}})"
    if name in TABLE:
        return f"write zanjir.gates.{name}({{x}})"
    if name.endswith("_"):
        return "a tensor never changes; build a new one"
    known = [attribute for attribute in dir(Tensor) if not attribute.startswith("_")]
    near = difflib.get_close_matches(name, known, n=1)
    return (
        f"did you mean {{x}}.{near[0]}?"
        if near
        else "a function of NumPy may do it; for the numbers alone take {x}.value"
    )
