"""Building and differentiating a graph of 10,000 gates, against HIPS autograd and PyTorch.

Each side runs in a process of its own, in turns, on one thread, in float64; the medians of the rounds' fastest
runs are printed, and the medians of the ratios within a round. What zanjir returns is a graph again, which can be
read and differentiated once more; the others return numbers. Memory is what the process grows by, per gate.
Peers that are not installed are said to be absent.
"""

import gc
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.once import peak

GATES = 10_000
GATES_FOR_MEMORY = 100_000
ROOT = Path(__file__).parent.parent
REPEATS = 7
PEERS = {"zanjir": "zanjir", "autograd": "autograd", "PyTorch": "torch"}
MEASURES = {"both": "us", "build": "us", "differentiate": "us", "memory": "B"}


def chain(x, y, functions, gates):
    """Every gate reads the one before it: z = tanh(z x + y) - x, again and again."""
    z = y
    for _ in range(gates // 4):
        z = functions.tanh(z * x + y) - x
    return z


def mixed(x, y, functions, gates):
    """Every gate reads two of the last ten nodes, chosen by a fixed sequence; all values stay in [-1, 1]."""
    forms = (
        lambda a, b: functions.tanh(a + b),
        lambda a, b: a * b,
        functions.maximum,
        lambda a, b: (a - b) / 2,
    )
    nodes, state = [x, y], 1
    for _ in range(gates // 6):  # six gates in four forms
        for form in forms:
            state = (1103515245 * state + 12345) % 2**31
            recent = nodes[-10:]
            nodes.append(form(recent[(state >> 8) % len(recent)], recent[(state >> 16) % len(recent)]))
    return sum(nodes[-10:]).sum()


GRAPHS = {"chain of scalars": (chain, 0.5, 0.7), "mixed, vectors of 16": (mixed, [0.5] * 16, [0.7] * 16)}


def zanjir_side(graph, x, y, gates):
    import numpy as np

    import zanjir

    point = [zanjir.tensor(np.array(value)) for value in (x, y)]
    return lambda: graph(*point, np, gates), lambda loss: zanjir.gradient(loss, point)


def autograd_side(graph, x, y, gates):
    import autograd.numpy as np
    from autograd import make_vjp

    point = tuple(np.array(value) for value in (x, y))
    trace = make_vjp(lambda point: graph(*point, np, gates))
    return lambda: trace(point)[0], lambda pull_back: pull_back(1.0)


def torch_side(graph, x, y, gates):
    import torch

    torch.set_num_threads(1)
    point = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (x, y)]
    return lambda: graph(*point, torch, gates), lambda loss: torch.autograd.grad(loss, point)


SIDES = {"zanjir": zanjir_side, "autograd": autograd_side, "PyTorch": torch_side}


def measure(who, which, what):
    graph, x, y = GRAPHS[which]
    if what == "memory":
        build, _ = SIDES[who](graph, x, y, GATES_FOR_MEMORY)
        before = peak()
        built = build()
        grown = peak() - before
        del built  # held until here
        return [grown / GATES_FOR_MEMORY]
    build, differentiate = SIDES[who](graph, x, y, GATES)
    return [seconds / GATES * 1e6 for seconds in min(timed(build, differentiate) for _ in range(REPEATS))]


def timed(build, differentiate):
    """Return the seconds of building and differentiating together, and of each."""
    gc.collect()
    start = time.perf_counter()
    built = build()
    middle = time.perf_counter()
    derivatives = differentiate(built)
    end = time.perf_counter()
    del built, derivatives
    return end - start, middle - start, end - middle


def measured(rounds):
    """Return what each side took per gate in each round, by graph and measure."""
    sides = [who for who, module in PEERS.items() if importlib.util.find_spec(module)]
    found = {which: [{who: in_a_process(who, which) for who in sides} for _ in range(rounds)] for which in GRAPHS}
    return {
        which: {name: {who: [of[who][i] for of in turns] for who in sides} for i, name in enumerate(MEASURES)}
        for which, turns in found.items()
    }


def lines_of(found):
    """Return the lines of the table."""
    sides = list(next(iter(next(iter(found.values())).values())))
    absent = [f"  {who:<20}absent: install {PEERS[who]}" for who in PEERS if who not in sides]
    names = "".join(f"{who:>12}" for who in sides) + "".join(f"{'to ' + who:>12}" for who in sides[1:])
    lines = ["graph: building and differentiating a graph of 10,000 gates; one thread, per gate", *absent]
    lines.append(f"  {'graph':<22}{'measure':<15}{names}")
    for which, measures in found.items():
        for name, taken in measures.items():
            lines.append(f"  {which:<22}{name:<15}" + row(taken, MEASURES[name]))
    return [*lines, ""]


def in_a_process(who, which):
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    found = []
    for what in ("time", "memory"):
        command = [sys.executable, "-m", "benchmarks.graph", who, which, what]
        run = subprocess.run(command, check=True, capture_output=True, text=True, env=one_thread, cwd=ROOT)
        found += json.loads(run.stdout)
    return found


def row(taken, unit):
    values = [f"{statistics.median(values):>9.1f} {unit:<2}" for values in taken.values()]
    ours, *others = taken.values()
    ratios = [statistics.median(a / b for a, b in zip(ours, theirs, strict=True)) for theirs in others]
    return "".join(values) + "".join(f"{ratio:>12.2f}" for ratio in ratios)


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
