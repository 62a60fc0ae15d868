"""Compare what zanjir finds for a program with what PyTorch found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from oracle.programs import Program, run

__all__ = ["AGREEMENT", "FOUND", "TOO_LARGE", "errors"]


# Both sides err by roundings, which the condition of matrices and slopes near kinks multiply: over 2,000 programs by
# 1e-13 at most, over 12,000 by 5e-12. Relative to the largest number on the way, since sums cancel.
AGREEMENT = 1e-9
# Beyond this, derivatives of derivatives lose the digits that are compared.
TOO_LARGE = 1e6
FOUND = ("value", "gradient", "second")


def errors(program: Program, expected: Mapping[str, Any]) -> list[float]:
    """Return the largest error of the value, the gradient and its derivative, relative to the numbers on the way."""
    value, first, second = run(program)
    worst = []
    for ours, name, size in zip(([value], first, second), FOUND, expected["sizes"], strict=True):
        theirs = [expected[name]] if name == "value" else expected[name]
        assert [np.shape(x) for x in ours] == [np.shape(x) for x in theirs]
        differences = [float(np.abs(np.subtract(x, y)).max(initial=0)) for x, y in zip(ours, theirs, strict=True)]
        worst.append(max(differences) / size)
    return worst
