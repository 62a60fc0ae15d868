"""Random numbers for letters: what holds at many random points holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from zanjir.graph import Tensor
from zanjir.graph.order import evaluate

__all__ = ["POINTS", "drawn", "random_points"]

# A rational function that is 0 at a single random point is 0 everywhere but by a chance of about 1e-15.
POINTS, MOST_DRAWS = 8, 80


def drawn(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[dict[str, Any]]:
    """Yield numbers for letters of some shapes, the same ones each time.

    Every other draw is of positive numbers, for formulas with roots and logarithms.

    Examples
    --------
    >>> first, second, *more = drawn({"w": (), "x": (3,)})
    >>> bool(second["w"] > 0), first["x"].shape, len(more)
    (True, (3,), 78)
    """
    rng = np.random.default_rng(0)
    for k in range(MOST_DRAWS):
        numbers = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
        yield {name: np.abs(x) if k % 2 else x for name, x in numbers.items()}


def random_points(leaves: Sequence[Tensor], outputs: Iterable[Tensor]) -> list[dict[Tensor, Any]]:
    """Return points at which all outputs are finite: a number for each leaf.

    Examples
    --------
    >>> x = Tensor(0.0, "x")
    >>> len(random_points([x], [x * x])), len(random_points([x], [np.log(1 - 1e9 * x * x)]))
    (8, 0)
    """
    found, outputs = [], tuple(outputs)
    for numbers in drawn({str(k): leaf.shape for k, leaf in enumerate(leaves)}):
        point = dict(zip(leaves, numbers.values(), strict=True))
        with np.errstate(all="ignore"):  # what is not finite is left out
            values = evaluate(outputs, point)
        if all(np.isfinite(values[id(output)]).all() for output in outputs):
            found.append(point)
        if len(found) == POINTS:
            break
    return found
