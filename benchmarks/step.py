"""One training step of the numpy engine against the same step written by hand in NumPy.

Both run in processes of their own, in turns, on one BLAS thread; the ratio of the medians of the rounds'
fastest quarters is printed. Run: python benchmarks/step.py
"""

import json
import platform
import statistics
import subprocess
import sys
import time

SIZES = {"784-512-10, batch 128": (784, 512, 10, 128, 60), "64-32-10, batch 32": (64, 32, 10, 32, 2000)}
ROUNDS = 9
LEARNING_RATE = 1e-3


def measure(who, D, H, C, batch_size, steps):
    import numpy as np
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    rng = np.random.default_rng(0)
    W = (0.05 * rng.standard_normal(D * H + H + H * C + C)).astype("float32")
    X, y = rng.random((batch_size, D), dtype="float32"), rng.integers(0, C, batch_size)
    step = {"zanjir": by_zanjir, "by hand": by_hand}[who](W, X, y, H, C)
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    fastest = sorted(times[len(times) // 4 :])[: len(times) // 4]
    return statistics.median(fastest)


def by_zanjir(W, X, y, H, C):
    from zanjir.nn import LOSSES, mlp
    from zanjir.optim import RMSProp
    from zanjir.program import NumpyEngine, Problem, trace_step

    problem = Problem(mlp([H], C), LOSSES["softmax"], X.shape[1], C)
    engine = NumpyEngine(trace_step(problem, RMSProp()), W)
    batch = engine.batch(len(X))
    batch.X[...], batch.y[...] = X, y
    return lambda: engine.step(batch, LEARNING_RATE, 1)


def by_hand(W, X, y, H, C):
    from handwritten import HandWritten

    hand = HandWritten(W, X.shape[1], H, C, len(X))
    hand.X[...], hand.y[...] = X, y
    return lambda: hand.step(LEARNING_RATE)


def main():
    import numpy as np

    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}"
    print(f"{versions}, float32, RMSProp, one BLAS thread")
    print(f"{'step':<24}{'zanjir':>12}{'by hand':>12}{'ratio':>8}")
    for label, sizes in SIZES.items():
        rounds = {"zanjir": [], "by hand": []}
        for _ in range(ROUNDS):
            for who, times in rounds.items():
                command = [sys.executable, __file__, who, json.dumps(sizes)]
                times.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        ours, hand = (statistics.median(times) for times in rounds.values())
        ratio = statistics.median(a / b for a, b in zip(*rounds.values(), strict=True))
        print(f"{label:<24}{ours * 1e6:>9.0f} us{hand * 1e6:>9.0f} us{ratio:>8.2f}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(measure(sys.argv[1], *json.loads(sys.argv[2])))
    else:
        main()
