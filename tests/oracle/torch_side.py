"""PyTorch's replay of a program: the loss, its gradient, the gradient's derivative along directions, and sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from oracle.programs import Program
from oracle.torch_gates import GATES

# What flows below this does not show in a comparison.
NOTHING = 1e-3

__all__ = ["expected", "reached"]


def nodes_of(program: Program) -> list[Any]:
    """Compute every step."""
    nodes: list[Any] = []
    for step in program.steps:
        if step.gate:
            nodes.append(GATES[step.gate](*(nodes[k] for k in step.inputs), **(step.params or {})))
        else:
            nodes.append(torch.tensor(np.asarray(step.value)).requires_grad_(step.varies))
    return nodes


def derivatives(number: Any, nodes: list[Any], *, graph: bool) -> list[Any]:
    """The derivative with respect to each node, and zeros where there is none."""
    if not number.requires_grad:
        return [torch.zeros_like(node) for node in nodes]
    found = torch.autograd.grad(number, nodes, create_graph=graph, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(node) if d is None else d for d, node in zip(found, nodes, strict=True)]


def largest(numbers: list[Any]) -> float:
    """The largest absolute number, or 1."""
    return max([1.0, *(float(x.detach().abs().max()) for x in numbers if x.numel())])


def expected(program: Program) -> dict[str, Any]:
    """Return what zanjir should find, and the largest number on the way to each order."""
    nodes = nodes_of(program)
    leaves = [node for node, step in zip(nodes, program.steps, strict=True) if step.varies]
    flowing = [node for node in nodes if node.requires_grad]
    loss = nodes[-1]
    adjoints = derivatives(loss, [*leaves, *flowing], graph=True)
    first = adjoints[: len(leaves)]
    along = sum((dx * torch.tensor(np.asarray(d))).sum() for dx, d in zip(first, program.directions, strict=True))
    second = derivatives(along, [*leaves, *flowing], graph=False)
    sizes = [largest([node.double() for node in nodes]), largest(adjoints), largest(second)]
    return {
        "value": float(loss.detach()),
        "gradient": [dx.detach().numpy() for dx in first],
        "second": [dx.detach().numpy() for dx in second[: len(leaves)]],
        "sizes": [float(size) for size in np.maximum.accumulate(sizes)],
    }


def reached(program: Program) -> set[tuple[str, int]]:
    """The gates, each with the place of an input, through which something flows from the loss to a variable."""
    nodes = nodes_of(program)
    flowing = [node for node in nodes if node.requires_grad]
    adjoints = dict(zip(map(id, flowing), derivatives(nodes[-1], flowing, graph=False), strict=True))
    connected, pairs = set(), set()
    for step, node in zip(program.steps, nodes, strict=True):
        if step.varies:
            connected.add(id(node))
        for i, k in enumerate(step.inputs):
            if id(nodes[k]) in connected and flow(node, nodes[k], adjoints.get(id(node))) > NOTHING:
                connected.add(id(node))
                pairs.add((step.gate, i))
    return pairs


def flow(node: Any, source: Any, adjoint: Any) -> float:
    """The largest number that flows from a node to one of those it is computed from."""
    if adjoint is None:
        return 0.0
    (found,) = torch.autograd.grad(node, [source], adjoint, retain_graph=True, allow_unused=True)
    return 0.0 if found is None else float(found.abs().max())
