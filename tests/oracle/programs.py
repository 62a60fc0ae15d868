"""Random expressions of the table of gates, as lists of steps that any library can replay, and zanjir's replay.

A step is a leaf (a variable or a constant array) or a gate with the places of its inputs and its parameters. The loss
is the sum of w sin(x) over every node x that nothing else reads, so that each gate matters to second order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import zanjir.gates  # noqa: F401 - fills the table
from zanjir.graph import TABLE, Tensor, apply, gradient

__all__ = ["Program", "Step", "decoded", "encoded", "read", "replayed", "run"]


@dataclass(frozen=True)
class Step:
    """A leaf with its numbers, or a gate with its inputs' places and its parameters."""

    gate: str = ""
    inputs: tuple[int, ...] = ()
    params: Mapping[str, Any] | None = None
    value: Any = None
    varies: bool = False


@dataclass(frozen=True)
class Program:
    """Steps, the place of the loss, and a direction for each variable."""

    steps: tuple[Step, ...]
    directions: tuple[Any, ...]

    @property
    def gates(self) -> list[str]:
        """The gates of the steps."""
        return [step.gate for step in self.steps if step.gate]


def replayed(steps: Sequence[Step]) -> list[Tensor]:
    """Compute every step with the table."""
    nodes: list[Tensor] = []
    for step in steps:
        inputs = [nodes[k] for k in step.inputs]
        nodes.append(apply(TABLE[step.gate], *inputs, **(step.params or {})) if step.gate else Tensor(step.value))
    return nodes


def run(program: Program) -> tuple[Any, list[Any], list[Any]]:
    """Return the loss, its gradient, and the derivative of the gradient along the directions."""
    nodes = replayed(program.steps)
    leaves = [node for node, step in zip(nodes, program.steps, strict=True) if step.varies]
    first = gradient(nodes[-1], leaves)
    along = sum((dx * d).sum() for dx, d in zip(first, program.directions, strict=True))
    second = gradient(along, leaves)
    return nodes[-1].value, [dx.value for dx in first], [dx.value for dx in second]


# As JSON: what JSON does not have is an object with one key.


def encoded(value: Any) -> Any:
    """Turn arrays, tuples, slices, dots and steps into what JSON has."""
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, tuple):
        return {"tuple": [encoded(part) for part in value]}
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if isinstance(value, Step):
        fields = {"gate": value.gate, "inputs": list(value.inputs), "params": value.params}
        return encoded(fields if value.gate else {"value": value.value, "varies": value.varies})
    if isinstance(value, Mapping):
        return {name: encoded(part) for name, part in value.items()}
    return list(map(encoded, value)) if isinstance(value, list) else {"dots": True} if value is Ellipsis else value


def decoded(value: Any) -> Any:
    """Turn an object with one of these keys back into what it stands for."""
    if isinstance(value, list):
        return [decoded(part) for part in value]
    if not isinstance(value, dict):
        return value
    parts = {name: decoded(part) for name, part in value.items()}
    read_as = {"array": np.array, "tuple": tuple, "slice": lambda ends: slice(*ends), "dots": lambda _: Ellipsis}
    return next((read_as[name](part) for name, part in parts.items() if name in read_as), parts)


def read(stored: Mapping[str, Any]) -> tuple[Program, dict[str, Any]]:
    """Return a stored program, and what was found for it."""
    steps = tuple(step_from(step) for step in stored["steps"])
    found = {name: decoded(stored[name]) for name in ("value", "gradient", "second", "sizes")}
    return Program(steps, tuple(map(decoded, stored["directions"]))), found


def step_from(stored: Mapping[str, Any]) -> Step:
    """Return a stored step."""
    inputs, params = tuple(stored.get("inputs", ())), decoded(stored.get("params"))
    return Step(stored.get("gate", ""), inputs, params, decoded(stored.get("value")), stored.get("varies", False))
