"""A graph run in machine code, once."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np

from zanjir.graph import Tensor
from zanjir.graph.order import evaluate
from zanjir.native.blas import find
from zanjir.native.compiler import build
from zanjir.native.library import Library
from zanjir.native.operations import in_memory_of_their_own
from zanjir.native.translation import Translation, module_text


def natively(outputs: Mapping[str, Tensor], leaves: Mapping[Tensor, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Compute outputs in machine code; return them, and the gates that ran in NumPy."""
    own = in_memory_of_their_own(outputs)
    with np.errstate(all="ignore"):
        values = evaluate(own.values(), leaves)
    results = {name: np.asarray(values[id(node)]) for name, node in own.items()}
    arrays = {name: np.full(result.shape, 7, result.dtype) for name, result in results.items()}
    translation = Translation("graph", own, leaves)
    failures: list[BaseException] = []
    bound = translation.bind(leaves, arrays, Library(find()), failures)
    numbers = np.array([*bound.values, 0.0])
    run = build(module_text(translation)).function("graph_run", None, *[ctypes.c_void_p] * 3)
    run(*(array.ctypes.data for array in (bound.pointers, bound.sizes, numbers)))
    if failures:
        raise failures[0]
    return arrays, translation.fallbacks
