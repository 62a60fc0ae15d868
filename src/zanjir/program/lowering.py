"""From a program to statements on preallocated buffers: the same gates, in the same order, with the same bits.

Every array gets a place: a given array, a view of another place, or a buffer. A buffer is used again as soon
as nothing reads it any more; an elementwise gate writes over an input that it reads last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from zanjir.graph.expression import Expression, expression, operand
from zanjir.graph.tensor import Array, Tensor, is_number

__all__ = ["Form", "Lowered", "lower"]


@dataclass(frozen=True)
class Form:
    """Shape, type and memory order of an array: sums follow the order, so their last bits depend on it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: Literal["C", "F"]


@dataclass
class Lowered:
    """Statements, and the buffers they need.

    ``prepare`` runs once: it makes views of the places. ``run`` is one execution of the program.
    """

    prepare: list[str] = field(default_factory=list)
    run: list[str] = field(default_factory=list)
    buffers: dict[str, Form] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


def lower(
    nodes: Sequence[Tensor],
    values: Mapping[int, Any],
    given: Mapping[str, Tensor],
    written: Mapping[str, Tensor],
) -> Lowered:
    """Lower gates to statements.

    Parameters
    ----------
    nodes : gates in order
        What to compute.
    values : dict of id to value
        A value of every node, of the shape and dtype that the run will have.
    given : dict of str to Tensor
        Arrays that exist already, by variable name; numbers among them are arguments of each run.
    written : dict of str to Tensor
        Results that must end up in a given array of that name. Where it is also the name of a given node, the
        result takes that node's place once nothing reads it.
    """
    return Lowering(nodes, values, given, written).lowered


class Lowering:
    """The state of one lowering: which place holds which node, and who reads it last."""

    def __init__(
        self,
        nodes: Sequence[Tensor],
        values: Mapping[int, Any],
        given: Mapping[str, Tensor],
        written: Mapping[str, Tensor],
    ) -> None:
        self.values = values
        self.lowered = Lowered()
        self.place: dict[int, str] = {}
        self.target = {id(node): name for name, node in written.items()}
        self.free: dict[Form, list[str]] = defaultdict(list)
        self.is_view: set[int] = set()
        self.holder: dict[str, int] = {}
        for name, node in given.items():
            self.lowered.names[id(node)] = name
            self.place[id(node)] = name
            self.holder[name] = id(node)
        self.last_use = self.find_last_uses(nodes)
        self.reusable = set(written)
        self.save_passed_through(written)
        for step, node in enumerate(nodes):
            self.lower_node(step, node)
        for name, node in written.items():
            if self.place.get(id(node)) != name:
                self.lowered.run.append(f"{name}[...] = {self.variable(node, node).code}")

    def save_passed_through(self, written: Mapping[str, Tensor]) -> None:
        """Copy results that are given nodes themselves before anything is written over them."""
        for name, node in written.items():
            source = self.place.get(id(node))
            if source and source != name and written.get(source, node) is not node:
                self.place[id(node)] = saved = f"_b{len(self.lowered.buffers)}"
                self.lowered.buffers[saved] = self.form(node)
                self.lowered.names[id(node)] = saved
                self.holder[saved] = self.holder.pop(source)
                self.lowered.run.append(f"{saved}[...] = {source}")

    def find_last_uses(self, nodes: Sequence[Tensor]) -> dict[int, int]:
        """Return for each node the last step that reads it, directly or through a view."""
        last: dict[int, int] = {}
        for step, node in enumerate(nodes):
            for x in node.inputs:
                last[id(x)] = step
        for node in reversed(nodes):
            if node.gate is not None and node.gate.view:
                x = node.inputs[0]
                last[id(x)] = max(last[id(x)], last.get(id(node), -1))
        # A result that is copied to its array at the end must survive until then.
        return last | {key: len(nodes) for key in self.target}

    def lower_node(self, step: int, node: Tensor) -> None:
        """Write the statement of one gate and give its result a place."""
        assert node.gate is not None  # noqa: S101 - leaves are given, never lowered
        name = f"_n{step}"
        self.lowered.names[id(node)] = name
        value = self.values[id(node)]
        if is_number(value):
            self.lowered.run.append(f"{name} = {self.code(node)}")
        elif self.lower_view(node, name):
            pass
        else:
            self.place[id(node)] = place = self.choose_place(step, node)
            self.holder[place] = id(node)
            self.lowered.names[id(node)] = place
            self.lowered.run.append(self.statement(node, place))
        for x in node.inputs:
            self.release(step, x)

    def lower_view(self, node: Tensor, name: str) -> bool:
        """Make a view of an existing place, once and for all, if the gate gives one."""
        x = node.inputs[0]
        if not (node.gate and node.gate.view) or id(x) not in self.place or id(node) in self.target:
            return False
        if not np.shares_memory(self.values[id(node)], self.values[id(x)]):
            return False
        self.place[id(node)] = self.place[id(x)]
        self.is_view.add(id(node))
        self.lowered.prepare.append(f"{name} = {self.code(node)}")
        return True

    def choose_place(self, step: int, node: Tensor) -> str:
        """Return where a result goes: its own array, over an input read for the last time, or a buffer."""
        wanted = self.target.get(id(node))
        dying = [place for place in self.dying_places(step, node) if self.same_form(place, node)]
        form = self.form(node)
        if wanted and form.order == "C" and (self.is_free(wanted) or wanted in dying):
            return wanted
        if not wanted and dying:
            return dying[0]
        if self.free[form]:
            return self.free[form].pop()
        place = f"_b{len(self.lowered.buffers)}"
        self.lowered.buffers[place] = form
        return place

    def dying_places(self, step: int, node: Tensor) -> list[str]:
        """Return the places that an elementwise gate may write over: it is the last to read them, as they are."""
        if not (node.gate and node.gate.elementwise):
            return []
        places = []
        for x in node.inputs:
            place = self.place.get(id(x))
            may_write = place in self.lowered.buffers or place in self.reusable
            only_reader = self.last_use.get(id(x)) == step and self.holder.get(place or "") == id(x)
            if place and may_write and only_reader and not self.viewed_later(place, step):
                places.append(place)
        return places

    def viewed_later(self, place: str, step: int) -> bool:
        """Whether a view of a place is read at this step or later."""
        return any(self.place[key] == place and self.last_use.get(key, -1) >= step for key in self.is_view)

    def is_free(self, place: str) -> bool:
        """Whether an array that waits for its result holds nothing that is still read."""
        return place not in self.holder

    def release(self, step: int, x: Tensor) -> None:
        """Give a place back when its last reader is done."""
        place = self.place.get(id(x))
        if place is None or self.last_use.get(id(x)) != step:
            return
        holder = self.holder.get(place)
        if holder is None or self.last_use.get(holder, -1) > step or self.viewed_later(place, step + 1):
            return
        if holder == id(x) or id(x) in self.is_view:
            del self.holder[place]
            if place in self.lowered.buffers:
                self.free[self.lowered.buffers[place]].append(place)

    def form(self, node: Tensor) -> Form:
        """Return the form of a node."""
        return form_of(self.values[id(node)])

    def same_form(self, place: str, node: Tensor) -> bool:
        """Whether what a place holds has the form of a node."""
        return form_of(self.values[self.holder[place]]) == self.form(node)

    def code(self, node: Tensor) -> str:
        """Write a gate as an expression of its inputs' variables."""
        return expression(node, [self.variable(x, node) for x in node.inputs]).code

    def variable(self, x: Tensor, reader: Tensor) -> Expression:
        """Return the variable of an input, or the number it stands for."""
        name = self.lowered.names.get(id(x))
        return Expression(name, name) if name else operand(x, reader)

    def statement(self, node: Tensor, out: str) -> str:
        """Write a gate as a statement that fills ``out``."""
        row = node.gate
        assert row is not None  # noqa: S101 - leaves are given, never lowered
        inputs = [self.variable(x, node).code for x in node.inputs]
        if row.buffered:
            return row.buffered.format(*inputs, out=out, **node.params)
        if isinstance(row.numpy, np.ufunc):
            return f"np.{row.numpy.__name__}({', '.join(inputs)}, out={out})"
        return f"{out}[...] = {self.code(node)}"


def form_of(value: Any) -> Form:
    """Return the form of an array."""
    array: Array = np.asarray(value)
    by_columns = array.flags.f_contiguous and not array.flags.c_contiguous
    return Form(array.shape, array.dtype, "F" if by_columns else "C")
