"""Where a training stopped being finite: its last steps are run again, and the step that failed is looked into.

Nothing of this costs a training that goes well more than a copy of its state before each stretch of steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zanjir.graph import Array, NonFinite, evaluate
from zanjir.graph.nonfinite import first_nonfinite
from zanjir.program import Engine, Feed, NumpyEngine, StepProgram

__all__ = ["Snapshot", "cause_of"]


@dataclass(frozen=True)
class Snapshot:
    """What an engine holds between two steps: the parameters, and the optimizer's vectors."""

    W: Array
    state: Mapping[str, Array]

    @classmethod
    def of(cls, engine: Engine) -> Snapshot:
        """Copy what an engine holds."""
        return cls(engine.W.copy(), {name: vector.copy() for name, vector in engine.state.items()})

    def onto(self, engine: Engine) -> None:
        """Put everything back."""
        engine.W[...] = self.W
        for name, vector in self.state.items():
            engine.state[name][...] = vector

    @property
    def finite(self) -> bool:
        """Whether every number is finite."""
        return all(bool(np.isfinite(vector).all()) for vector in (self.W, *self.state.values()))


def cause_of(
    program: StepProgram,
    seed: int,
    start: Snapshot,
    steps: Sequence[tuple[int, Array, float]],
    feed: Feed,
) -> str:
    """Run steps again in NumPy from a snapshot, and name the first gate that makes a number not finite.

    Parameters
    ----------
    program, seed
        What an engine ran, and what fixed dropout in it.
    steps : sequence of (t, indices, learning_rate)
        The steps since the snapshot; the last one is where the training noticed.

    Returns
    -------
    str
        A sentence; empty if all is finite, as when someone changed the parameters from outside, or where the last
        bits of another engine decide.
    """
    again = NumpyEngine(program, start.W, seed)
    start.onto(again)
    with np.errstate(all="ignore"):
        for t, indices, learning_rate in steps:
            before = Snapshot.of(again)
            batch = again.batch(len(indices))
            batch.load(feed, indices)
            again.step(batch, learning_rate, t)
            if not (Snapshot.of(again).finite and np.isfinite(batch.results["loss"])):
                return step_cause(again, before, batch.given, learning_rate, t)
    return ""


def step_cause(engine: NumpyEngine, before: Snapshot, batch: Mapping[str, Array], learning_rate: float, t: int) -> str:
    """Name the first gate of one step that makes a number not finite: forward, backward, then update."""
    program, layout = engine.program, engine.program.problem.layout
    named = {**batch, **layout.views(before.W), "key": engine.key}
    leaves = {node: named.get(name, node.value) for name, node in program.forward.inputs.items()}
    derivatives = program.backward.outputs
    values = evaluate([*program.forward.outputs.values(), *derivatives.values()], leaves)
    for phase, outputs in (("forward pass", program.forward.outputs), ("backward pass", derivatives)):
        found = first_nonfinite(outputs.values(), values)
        if found:
            return sentence(phase, t, found)
    dW = layout.flatten({name: values[id(derivatives[f"d{name}"])] for name in layout.shapes})
    arrays = {"W": before.W, "dW": dW, **before.state, "learning_rate": learning_rate, "t": t}
    inputs = {node: arrays[name] for name, node in program.update.inputs.items()}
    updated = list(program.update.outputs.values())
    found = first_nonfinite(updated, evaluate(updated, inputs))
    return sentence("update", t, found, layout_place(found, engine)) if found else ""


def sentence(phase: str, t: int, found: NonFinite, place: str = "") -> str:
    """Say in which part of which step a number stopped being finite."""
    if found.gate is None:
        return f"It was given to step {t}: {found}"
    return f"It began in the {phase} of step {t}{place}: {found}"


def layout_place(found: NonFinite, engine: NumpyEngine) -> str:
    """Say which parameter an index of the flat vector belongs to."""
    layout = engine.program.problem.layout
    if len(found.index) != 1:
        return ""
    k = found.index[0]
    for name, (a, b) in layout.offsets.items():
        if a <= k < b:
            inside = np.unravel_index(k - a, layout.shapes[name])
            return f" at {name}[{', '.join(map(str, inside))}]"
    return ""
