"""Which engine runs a training: what the numpy engine would need decides, never the machine or the time."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property

import numpy as np

from zanjir.graph import Array, Tensor
from zanjir.program import Engine, NumpyEngine, StepProgram
from zanjir.program.step import TRACED_ROWS, shapes_for
from zanjir.training.plan import Plan

__all__ = ["Work", "engine_for", "engine_name", "settled"]

# Seconds of the numpy engine on one core of a processor of 2023: what a step costs beside its gates, a gate before it
# does anything, one that goes over the windows of images, an element that is written, and a product that is summed.
# Ten networks from 784-10 with batch 1 (65 us a step) to 784-512-10 with batch 2,048 (43 ms), convolutional ones among
# them, are estimated within a factor of two.
PER_STEP, PER_GATE, PER_IMAGE_GATE, PER_ELEMENT, PER_PRODUCT = 20e-6, 1.7e-6, 120e-6, 0.25e-9, 0.025e-9
IMAGE_AXES = 4
# Loading LLVM and compiling a program takes about 0.2 s, after which steps are several times as fast.
SECONDS_WORTH_COMPILING = 0.3


class Work:
    """Estimates what a step costs the numpy engine.

    Parameters
    ----------
    program : StepProgram
        What the step runs.
    batch_size : int
        Samples per step.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> from zanjir.program import Problem, trace_step
    >>> program = trace_step(Problem(mlp([512], 10), LOSSES["softmax"], in_features=784, n_outputs=10))
    >>> 1e-3 < Work(program, 128).seconds < 1e-2
    True
    """

    def __init__(self, program: StepProgram, batch_size: int) -> None:
        self.program = program
        self.batch_size = batch_size
        of_batch = [*program.forward.nodes, *program.backward.nodes]
        self.gates = [node for node in (*of_batch, *program.update.nodes) if not (node.gate and node.gate.view)]

    @property
    def least(self) -> float:
        """Seconds that the gates of a step cost even on empty arrays."""
        images = sum(node.gate is not None and not node.gate.elementwise and has_images(node) for node in self.gates)
        return PER_STEP + PER_GATE * len(self.gates) + PER_IMAGE_GATE * images

    @cached_property
    def seconds(self) -> float:
        """Seconds per step."""
        elements = sum(self.size(node) for node in self.gates)
        return self.least + PER_ELEMENT * elements + PER_PRODUCT * sum(map(self.products, self.gates))

    @cached_property
    def sizes(self) -> dict[int, tuple[int, int]]:
        """The size of every node with the fewest rows, and what another row adds to it."""
        fewer, more = (shapes_for(self.program, n) for n in (TRACED_ROWS, TRACED_ROWS + 1))
        return {key: (math.prod(shape), math.prod(more[key]) - math.prod(shape)) for key, shape in fewer.items()}

    def size(self, node: Tensor) -> float:
        """Return how many elements a node has in a batch."""
        size, more = self.sizes.get(id(node), (np.size(node.value), 0))
        return size + more * (self.batch_size - TRACED_ROWS)

    def products(self, node: Tensor) -> float:
        """Return about how many products a gate sums: those of a matrix product, sqrt(nk * km * nm) = nkm."""
        if node.gate is None or node.gate.elementwise or len(node.inputs) < 2:
            return 0.0
        first, second, *_ = node.inputs
        return math.sqrt(self.size(first) * self.size(second) * self.size(node))


def has_images(node: Tensor) -> bool:
    """Whether a gate reads or makes a batch of images."""
    return any(array.ndim == IMAGE_AXES for array in (node, *node.inputs))


def engine_name(program: StepProgram, plan: Plan, n_samples: int) -> str:
    """Return the name of the engine that a plan means for a number of samples.

    ``"auto"`` is native where shards are asked for, or where the numpy engine would take longer than about 0.3
    seconds; that is an estimate from the program, so the same training has the same engine everywhere.
    """
    if plan.engine != "auto":
        return plan.engine
    if plan.shards is not None:
        return "native"
    work = Work(program, min(plan.batch_size, n_samples))
    n_steps = math.ceil(n_samples / plan.batch_size) * plan.epochs
    # A look at the gates alone tells most trainings; the shapes of all nodes are only found for the others.
    long = work.least * n_steps > SECONDS_WORTH_COMPILING or work.seconds * n_steps > SECONDS_WORTH_COMPILING
    return "native" if long else "numpy"


def engine_for(program: StepProgram, W: Array, plan: Plan, n_samples: int) -> Engine:
    """Return the engine that a plan means, at the start of a training.

    Parameters
    ----------
    program : StepProgram
        What it runs.
    W : array of shape (P,)
        The flat parameter vector at the start.
    plan : Plan
        Which engine, and with which seed, shards and threads.
    n_samples : int
        Number of training samples.
    """
    if engine_name(program, plan, n_samples) == "numpy":
        return NumpyEngine(program, W, plan.seed)
    return native_engine(program, W, plan)


def native_engine(program: StepProgram, W: Array, plan: Plan) -> Engine:
    """Load the native engine, whose compiler a small training does without, and return it."""
    from zanjir.native.engine import NativeEngine

    return NativeEngine(program, W, plan.seed, shards=plan.shards, threads=plan.threads)


def settled(plan: Plan, engine: Engine) -> Plan:
    """Return a plan that names the engine it was given, so that a resumed training has the same one.

    Shards that are left to the native engine stay so: it chooses them by the sizes alone, for each size of a batch.
    """
    return replace(plan, engine=engine.name, threads=plan.threads if engine.name == "native" else None)
