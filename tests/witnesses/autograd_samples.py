"""Arrays of several shapes for calls of NumPy's functions, by name; far from kinks, ties and bad conditions."""

from __future__ import annotations

from typing import Any

import numpy as np

from witnesses.linalg_samples import APART, with_eigenvalues, with_singular_values

__all__ = ["SAMPLES"]


def apart(rng: np.random.Generator, *shape: int) -> Any:
    """Numbers between -2 and 2, no two of which lie close to each other or to a multiple of 1/2."""
    size = int(np.prod(shape))
    steps = np.linspace(-1.9, 1.9, size) if size > 1 else np.array([0.7])
    steps = np.where(np.abs(steps * 2 - np.round(steps * 2)) < 0.05, steps + 0.037, steps)
    return rng.permutation(steps).reshape(shape)


def samples() -> dict[str, Any]:
    """Arrays by name."""
    rng = np.random.default_rng(1)
    return {
        "x": apart(rng, 3, 4),
        "y": apart(rng, 3, 4) + 0.011,
        "row": apart(rng, 4) + 0.023,
        "column": apart(rng, 3, 1) + 0.017,
        "c": np.array(0.7),
        "d": np.array(-1.3),
        "v": apart(rng, 5) + 0.031,
        "w": apart(rng, 5) - 0.013,
        "t": apart(rng, 2, 3, 4),
        "s": apart(rng, 2, 4, 3) + 0.019,
        "m": apart(rng, 4, 2),
        "q": apart(rng, 1, 3, 1, 4),
        "small": 0.4 * apart(rng, 3, 4),
        "positive": 1.3 + 0.5 * apart(rng, 3, 4),
        "above_one": 2.2 + 0.5 * apart(rng, 3, 4),
        "e": apart(rng, 2, 3),
        "f": apart(rng, 2, 3) + 0.029,
        "g": apart(rng, 3) + 0.012,
        "A": with_singular_values(rng, (3, 3), APART),
        "B": with_singular_values(rng, (3, 3), APART),
        "As": with_singular_values(rng, (2, 3, 3), APART),
        "tall": with_singular_values(rng, (4, 3), APART),
        "wide": with_singular_values(rng, (3, 4), APART),
        "S": with_eigenvalues(rng, (3, 3), (3.0, 1.8, 0.9)),
        "Ss": with_eigenvalues(rng, (2, 3, 3), (3.0, 1.8, 0.9)),
    }


SAMPLES = samples()
