"""Matrices that a decomposition cannot take: which one, what is wrong with it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zanjir.errors import DataError
from zanjir.graph.gate import Gate

if TYPE_CHECKING:
    from zanjir.graph.tensor import Tensor

__all__ = ["unfit"]

# What NumPy says of a matrix, and what that means for it.
FAULTS = {
    "Singular": "is singular: no inverse exists; add a small multiple of the identity, or use np.linalg.pinv",
    "positive definite": "is not positive definite: some of np.linalg.eigvalsh are not above 0; "
    "add a multiple of the identity, or use np.linalg.eigh",
    "converge": "has no decomposition that LAPACK finds; scale its numbers towards 1",
}


def unfit(row: Gate, nodes: Sequence[Tensor], error: Exception) -> DataError:
    """Return the error for a matrix that NumPy's linear algebra refused."""
    matrix, *_ = nodes
    if not np.isfinite(matrix.value).all():
        fault = "holds NaN or infinities; find the gate where they arise"
    else:
        fault = next((words for said, words in FAULTS.items() if said in str(error)), f"cannot be used: {error}")
    which = "a matrix of the stack " if matrix.ndim > 2 else ""
    return DataError(f"{row.name}: {which}{matrix.label} of shape {matrix.shape} {fault}.")
