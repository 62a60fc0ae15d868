"""A graph as plain data: the one structure that every view reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from zanjir.errors import ParameterError, choose, listed
from zanjir.files import write_whole
from zanjir.views.summary import Summary

__all__ = ["FORMATS", "Diagram", "Edge", "Node"]

FORMATS = {
    "text": ("zanjir.views.text_table", "text"),
    "json": ("zanjir.views.json_text", "json_text"),
    "dot": ("zanjir.views.dot", "dot"),
    "svg": ("zanjir.views.svg", "svg"),
    "tikz": ("zanjir.views.tikz", "tikz"),
    "html": ("zanjir.views.markup", "diagram_page"),
}
SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".tex": "tikz",
    ".html": "html",
}


@dataclass(frozen=True)
class Node:
    """One node of a graph.

    Parameters
    ----------
    name : str or None
        The name that its author gave.
    label : str
        What every view calls it: its name, the number it is, or t1, t2, ... (c1, c2, ... for arrays); no two
        nodes share one, except numbers of the formula, and it stands on one line.
    gate : str or None
        Name of the gate; None for a leaf.
    params : mapping
        The gate's parameters.
    symbol : str
        The operation in a few characters, such as ``+``; empty for a leaf.
    formula, code : str
        The operation on its inputs' labels, as on paper and as NumPy; empty for a leaf.
    shape : tuple
        Sizes of the axes; a letter where any size will do.
    dtype : str
        Type of the elements.
    value, gradient : Summary or None
        The numbers; None means not computed, which is not zero.
    is_number : bool
        Whether it is a number written into the formula, such as the 2 of ``2 * x``.
    """

    name: str | None
    label: str
    gate: str | None
    params: Mapping[str, Any]
    symbol: str
    formula: str
    code: str
    shape: tuple[int | str, ...]
    dtype: str
    value: Summary | None
    gradient: Summary | None = None
    is_number: bool = False


@dataclass(frozen=True)
class Edge:
    """A wire: the node at place ``source`` is the input number ``position`` of the node at place ``target``."""

    source: int
    target: int
    position: int


@dataclass(frozen=True, repr=False)
class Diagram:
    """A graph as plain data; it prints as a table, and shows itself as a picture in a notebook.

    Parameters
    ----------
    nodes : tuple of Node
        Inputs before the gates that read them. A node's place in this tuple is what edges refer to.
    edges : tuple of Edge
        By target, then by position.
    outputs : tuple of int
        Places of the nodes that the graph was drawn for.
    gradient_of : str or None
        Label of the number whose derivatives the gradients are; None if there are none.
    notes : tuple of str
        Sentences for the reader, such as why there are no gradients.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    outputs: tuple[int, ...]
    gradient_of: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def title(self) -> str:
        """One line on what this is."""
        names = [self.nodes[i].label for i in self.outputs]
        shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more outputs"]
        n_gates = sum(node.gate is not None for node in self.nodes)
        counts = ((len(self.nodes), "node"), (n_gates, "gate"), (len(self.edges), "wire"))
        said = ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counts)
        return f"graph of {', '.join(shown)}: {said}"

    def inputs_of(self) -> list[list[int]]:
        """Return the places of every node's inputs, in order."""
        inputs: list[list[int]] = [[] for _ in self.nodes]
        for edge in self.edges:
            inputs[edge.target].append(edge.source)
        return inputs

    def text(self, limit: int | None = 200) -> str:
        """Return a table with a line per node; more than ``limit`` nodes are cut, with a sentence that says so."""
        return self.render("text", limit=limit)

    def json(self) -> str:
        """Return JSON text; `zanjir.views.json_text.json_text` describes it."""
        return self.render("json")

    def dot(self) -> str:
        """Return text in Graphviz's DOT language."""
        return self.render("dot")

    def svg(self) -> str:
        """Return a picture, drawn without Graphviz.

        Raises
        ------
        GraphError
            If the graph is too large to be read as a picture.
        """
        return self.render("svg")

    def tikz(self) -> str:
        """Return the same picture as a LaTeX document.

        Raises
        ------
        GraphError
            If the graph is too large to be read as a picture.
        """
        return self.render("tikz")

    def html(self) -> str:
        """Return a page with the picture and the table."""
        return self.render("html")

    def render(self, form: str, **options: Any) -> str:
        """Return the view in one of the forms text, json, dot, svg, tikz and html.

        Raises
        ------
        ParameterError
            If there is no such form.
        """
        module, name = choose("format", form, FORMATS)
        write: Callable[..., str] = getattr(import_module(module), name)
        return write(self, **options)

    def save(self, path: str | Path) -> None:
        """Write the view to a file, whole or not at all; the form follows the file's ending.

        Raises
        ------
        ParameterError
            If the ending says nothing.
        DataError
            If the file cannot be written.
        """
        path = Path(path)
        form = SUFFIXES.get(path.suffix.lower())
        if form is None:
            raise ParameterError(f"cannot tell a format from {path.name!r}; let it end with {listed(SUFFIXES)}.")
        whole = {"limit": None} if form == "text" else {}
        write_whole(path, self.render(form, **whole).encode())

    def __repr__(self) -> str:
        return self.text().rstrip("\n")

    def _repr_html_(self) -> str:
        from zanjir.views.markup import diagram_html

        return diagram_html(self)
