"""A step split over shards of its batch: what each shard computes of its rows, and what their sums give.

Every node is of one of four kinds. A *whole* one does not depend on the batch. One of *rows* has an axis along
which each sample's part is computed from that sample alone. A *partial* one is a sum over the samples, or linear in
such sums: the partial values of all shards add up to it. A *total* one is computed from such sums. A program in which
a sample's numbers depend on a total, as batch normalization has it, cannot be split.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from zanjir.errors import GraphError
from zanjir.gates.arithmetic import multiply
from zanjir.gates.random import uniform_like
from zanjir.gates.reduce import count
from zanjir.graph.order import topological_order
from zanjir.graph.tensor import Tensor, apply
from zanjir.program.kinds import PARTIAL, TOTAL, WHOLE, Case, Kind, Rows, SplitError, kind_of
from zanjir.program.passes.internal import uniform_rows
from zanjir.program.sizes import shapes

__all__ = ["Split", "SplitError", "split"]


@dataclass(frozen=True)
class Split:
    """A program in two: for each shard, and for all of them together.

    Parameters
    ----------
    shard : dict of str to Tensor
        For the rows of one shard: partial sums ``part1``, ``part2``, ..., and the outputs that are rows.
    whole : dict of str to Tensor
        The other outputs, from the leaves ``parts``, which stand for the sums over all shards, and from the leaves
        of the program that do not depend on the batch.
    rows : dict of str to Rows
        The outputs that are rows, in ``shard``: their axis that follows the batch, and its size for each sample.
    parts : dict of str to Tensor
        The leaves of ``whole`` that stand for the sums over all shards.
    n_samples : Tensor
        The leaf ``N`` of both: the number of samples of all shards together.
    first_row : Tensor
        The leaf ``first_row`` of ``shard``: how many samples of the batch stand before those of the shard.
    """

    shard: dict[str, Tensor]
    whole: dict[str, Tensor]
    rows: dict[str, Rows]
    parts: dict[str, Tensor]
    n_samples: Tensor
    first_row: Tensor


def split(outputs: Mapping[str, Tensor], batch: Collection[Tensor]) -> Split:
    """Split a program over shards of its batch.

    Parameters
    ----------
    outputs : mapping of str to Tensor
        The results of a program in simple gates, as `expand` gives them.
    batch : tensors
        Its leaves that hold one row per sample.

    Raises
    ------
    SplitError
        If the numbers of a sample depend on those of others, a gate is not known to keep samples apart, or the
        program does not run with another number of samples.

    Examples
    --------
    >>> X = Tensor([[1.0, 2.0], [3.0, 6.0]], "X")
    >>> parts = split({"total": X.sum(), "doubled": X * 2}, [X])
    >>> parts.shard["part1"].gate.name, parts.whole["total"] is parts.parts["part1"], parts.rows["doubled"].axis
    ('sum', True, 0)
    """
    work = Splitting(outputs, batch)
    with np.errstate(all="ignore"):  # the numbers of a traced batch mean nothing
        for node in topological_order(outputs.values()):
            work.visit(node)
    return work.finished()


class Splitting:
    """The state of one splitting: the kind of every node, its form on a shard, and the sums that are wanted."""

    def __init__(self, outputs: Mapping[str, Tensor], batch: Collection[Tensor]) -> None:
        self.outputs = outputs
        self.batch = {id(leaf) for leaf in batch}
        try:
            self.shapes = shapes(outputs.values(), batch)
        except GraphError as error:
            raise SplitError(f"the batch cannot be split: {error}") from error
        self.n_samples = Tensor(len(next(iter(batch)).value), "N")
        self.first_row = Tensor(0, "first_row")
        self.kinds: dict[int, Kind] = {}
        self.new: dict[int, Tensor] = {}
        self.parts: dict[int, tuple[Tensor, Tensor]] = {}

    def visit(self, node: Tensor) -> None:
        """Find the kind of a node whose inputs have theirs, and build it again on what stands for them."""
        key = id(node)
        if node.gate is None:
            self.kinds[key], self.new[key] = Rows(0, 1) if key in self.batch else WHOLE, node
            return
        kinds = tuple(self.kinds[id(x)] for x in node.inputs)
        sizes = tuple(self.shapes[id(x)] for x in node.inputs)
        case = Case(node, kinds, sizes, self.shapes[key])
        self.kinds[key] = kind_of(case)
        self.new[key] = self.rebuilt(case, self.kinds[key])

    def rebuilt(self, case: Case, kind: Kind) -> Tensor:
        """Return a node as a shard computes it, or, if it is a total, as all shards together do."""
        node = case.node
        assert node.gate is not None  # noqa: S101 - leaves are never rebuilt
        if node.gate is count and case.kinds[0] is not WHOLE:
            return self.counted(case)
        inputs = tuple(self.total(x) if kind is TOTAL else self.new[id(x)] for x in node.inputs)
        if node.gate is uniform_like and isinstance(kind, Rows):
            first = self.first_row if kind.each == 1 else multiply(kind.each, self.first_row)
            new = uniform_rows(*inputs, first, **node.params)
        elif all(map(operator.is_, inputs, node.inputs)):
            return node
        else:
            new = apply(node.gate, *inputs, **node.params)
        return new.named(node.name) if node.name else new

    def counted(self, case: Case) -> Tensor:
        """Return a number of elements: a multiple of the number of all samples, or a number that is known."""
        sizes = [case.sizes[0][k] for k in case.axes]
        if any(size.each and size.fixed for size in sizes) or sum(size.each > 0 for size in sizes) > 1:
            raise case.refused("does not count the samples evenly")
        each = math.prod(size.each or size.fixed for size in sizes)
        if not any(size.each for size in sizes):
            return Tensor(each)
        return self.n_samples if each == 1 else multiply(each, self.n_samples)

    def total(self, node: Tensor) -> Tensor:
        """Return what stands for a node where all shards are together: for a partial one, the sum of its parts."""
        new = self.new[id(node)]
        if self.kinds[id(node)] is not PARTIAL:
            return new
        leaf = Tensor(new.value, f"part{len(self.parts) + 1}")
        return self.parts.setdefault(id(new), (new, leaf))[1]

    def finished(self) -> Split:
        """Return the two programs."""
        outputs = self.outputs
        rows = {name: kind for name, node in outputs.items() if isinstance(kind := self.kinds[id(node)], Rows)}
        whole = {name: self.total(node) for name, node in outputs.items() if name not in rows}
        parts = {f"part{i}": pair for i, pair in enumerate(self.parts.values(), start=1)}
        shard = {name: new for name, (new, _) in parts.items()}
        shard |= {name: self.new[id(outputs[name])] for name in rows}
        leaves = {name: leaf for name, (_, leaf) in parts.items()}
        return Split(shard, whole, rows, leaves, self.n_samples, self.first_row)
