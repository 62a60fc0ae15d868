"""Random trainings on both engines: how far values, gradients and updates lie apart, and whether threads matter.

Run with a number of networks: PYTHONPATH=tests python tests/native/compare_engines.py 200
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from native.random_networks import Case, case
from zanjir.native import NativeEngine
from zanjir.program import NumpyEngine

__all__ = ["THREADS", "differences", "same_bits_on_threads"]

THREADS = (1, 2, 4)
DTYPES = {"float32": np.float32, "float64": np.float64}


def differences(drawn: Case, seed: int, shards: int | None) -> dict[str, float]:
    """Return how far the engines lie apart in the first steps, relative to the largest number.

    The update is compared on one gradient: a rule that divides by its square root makes of a rounding error a step
    of the full length.
    """
    numpy = NumpyEngine(drawn.program, drawn.W, seed)
    native = NativeEngine(drawn.program, drawn.W, seed, shards=shards)
    found: dict[str, float] = {}
    for t, start in enumerate(range(0, len(drawn.order), drawn.batch_size)):
        for name, vector in (("W", native.W), *native.state.items()):
            vector[...] = numpy.W if name == "W" else numpy.state[name]
        order, rate = drawn.order[start : start + drawn.batch_size], drawn.rates[:1]
        with np.errstate(all="ignore"):
            theirs = numpy.run(drawn.feed, order, drawn.batch_size, rate, t)
            before = {"W": native.W.copy()} | {name: vector.copy() for name, vector in native.state.items()}
            ours = native.run(drawn.feed, order, drawn.batch_size, rate, t)
            expected, stepped = updated(numpy, native, before, rate[0], t + 1)
        assert np.array_equal(ours.right, theirs.right), "other labels were right"
        pairs = {"loss": (ours.loss, theirs.loss), "gradient": (native.dW, numpy.dW), "update": (stepped, expected)}
        for name, (x, y) in pairs.items():
            found[name] = max(found.get(name, 0.0), apart(x, y))
    return found


def updated(numpy: NumpyEngine, native: NativeEngine, before: dict[str, Any], rate: float, t: int) -> tuple[Any, Any]:
    """Return the new vectors of the numpy engine on the native engine's gradient, and the native engine's."""
    after = {"W": numpy.W.copy()} | {name: vector.copy() for name, vector in numpy.state.items()}
    gradient = numpy.dW.copy()
    numpy.W[...], numpy.dW[...] = before["W"], native.dW
    for name, vector in numpy.state.items():
        vector[...] = before[name]
    numpy.run_update(rate, t)
    expected = np.concatenate([numpy.W, *numpy.state.values()])
    numpy.W[...], numpy.dW[...] = after["W"], gradient
    for name, vector in numpy.state.items():
        vector[...] = after[name]
    return expected, np.concatenate([native.W, *native.state.values()])


def apart(x: Any, y: Any) -> float:
    """Return the largest difference, relative to the largest number."""
    scale = np.abs(y).max()
    return float(np.abs(x - y).max() / scale) if scale else float(np.abs(x).max())


def same_bits_on_threads(drawn: Case, seed: int, shards: int) -> bool:
    """Whether a training has the same bits on any number of threads."""
    runs = []
    for threads in THREADS:
        engine = NativeEngine(drawn.program, drawn.W, seed, shards=shards, threads=threads)
        with np.errstate(all="ignore"):
            record = engine.run(drawn.feed, drawn.order, drawn.batch_size, drawn.rates, 0)
        runs.append((engine.W.tobytes(), record.loss.tobytes(), record.right.tobytes()))
    return len(set(runs)) == 1


def main(n: int, say: Callable[[str], Any]) -> None:
    for name, dtype in DTYPES.items():
        worst: dict[str, float] = {}
        alike = 0
        for seed in range(n):
            drawn = case(seed, dtype)
            for key, value in differences(drawn, seed, 1 + seed % 4).items():
                worst[key] = max(worst.get(key, 0.0), value)
            alike += same_bits_on_threads(drawn, seed, 2 + seed % 3)
        text = ", ".join(f"{key} {value:.1e}" for key, value in worst.items())
        say(f"{name}: {n} networks, worst {text}; same bits on {THREADS} threads: {alike}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.stdout.write)
