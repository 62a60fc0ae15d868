"""A solution as a drawing: its network or its circuit, with values and derivatives on the wires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from zanjir.errors import GraphError, ParameterError, choose
from zanjir.explain.blocks import latex_name
from zanjir.explain.problems.problem import Problem
from zanjir.explain.steps import Step
from zanjir.explain.words import CATALOGS, titled
from zanjir.explain.writers.latex import standalone
from zanjir.explain.writers.writer import Writer
from zanjir.graph.diagram import diagram
from zanjir.views.circuit import WORDS, circuit
from zanjir.views.drawing import Drawing
from zanjir.views.network import Column, Link, Network, Neuron, Number, network
from zanjir.views.svg import drawing_svg
from zanjir.views.tikz import picture, powers

__all__ = ["DRAWINGS", "as_figure", "as_svg", "as_tikz", "drawing"]

DRAWINGS = ("network", "circuit")
BLANK = Number()


def drawing(
    problem: Problem, tree: Step | None = None, *, kind: str | None = None, language: str = "en", digits: int = 6
) -> Drawing:
    """Return a problem as a drawing, which is plain data.

    Parameters
    ----------
    problem : Problem
        The problem.
    tree : Step, optional
        Its solution, if there is one already. A derivative that it does not have is left out.
    kind : str, optional
        ``"network"`` or ``"circuit"``; by default a network where the problem describes one.
    language : str
        ``"en"`` or ``"fa"``.
    digits : int
        Significant digits that are shown.

    Raises
    ------
    ParameterError
        If there is no such kind, or the problem has no network.
    GraphError
        If a circuit has more than 200 boxes, or there are no formulas.

    Examples
    --------
    >>> from zanjir.explain import problem
    >>> words = [label.words for label in drawing(problem("homework-1")).labels]
    >>> "w5 = 0.4" in words, "(0.0766137)" in words
    (True, True)
    """
    kind = kind or ("network" if problem.network else "circuit")
    choose("drawing", kind, dict.fromkeys(DRAWINGS))
    if not problem.formulas:
        raise GraphError("the problem has no formulas, expected some to draw; a proof is text, html or latex.")
    if kind == "circuit":
        words = {name: choose("language", language, CATALOGS)[f"drawing_{name}"] for name in WORDS}
        numbers = not problem.letters
        graph = diagram(problem.loss, gradients=numbers, values=numbers)
        return circuit(graph, words=words, title=titled(language, problem.titles), digits=digits)
    if not problem.network:
        raise ParameterError("the problem has no [network], expected one to draw it; draw the circuit instead.")
    if tree is None or tree.rule in {"summary", "matrices"}:  # a picture shows single numbers
        tree = problem.solution(level="scalars")
    return network(Draftsman(tree, problem.symbol, language, digits).network(problem.network))


def as_svg(
    problem: Problem, tree: Step | None = None, *, kind: str | None = None, language: str = "en", digits: int = 6
) -> str:
    """Return a problem as a picture in SVG; the parameters are those of `drawing`.

    Examples
    --------
    >>> from zanjir.explain import problem
    >>> as_svg(problem("homework-1")).startswith("<svg ")
    True
    """
    return drawing_svg(drawing(problem, tree, kind=kind, language=language, digits=digits))


def as_tikz(
    problem: Problem, tree: Step | None = None, *, kind: str | None = None, language: str = "en", digits: int = 6
) -> str:
    r"""Return a problem as a LaTeX document that is a picture; the parameters are those of `drawing`.

    Examples
    --------
    >>> from zanjir.explain import problem
    >>> r"\node" in as_tikz(problem("homework-1"))
    True
    """
    drawn = drawing(problem, tree, kind=kind, language=language, digits=digits)
    return standalone(tikz_figure(drawn, language), language)


def as_figure(
    problem: Problem, tree: Step, form: str, *, kind: str | None = None, language: str = "en", digits: int = 6
) -> str:
    """Return the picture at the top of a document: SVG for ``"html"``, TikZ for ``"latex"``.

    Nothing if it was not asked for and there is none, or none that can be read; the other parameters are those of
    `drawing`.
    """
    try:
        drawn = drawing(problem, tree, kind=kind, language=language, digits=digits)
    except GraphError:
        if kind:
            raise
        return ""
    return drawing_svg(drawn) if form == "html" else tikz_figure(drawn, language)


def tikz_figure(drawn: Drawing, language: str) -> str:
    """Return a drawing as a TikZ picture for a document in a language."""
    return picture(drawn, r"\lr" if language == "fa" else "")


class Draftsman(Writer):
    """What selects the numbers of a network from the steps of its solution."""

    def __init__(self, tree: Step, symbol: str, language: str, digits: int) -> None:
        super().__init__(language, digits)
        self.tree, self.symbol = tree, symbol
        steps = tree.every("given", "forward", "loss", "backward")
        self.values = {step.target: step.value for step in steps if step.value is not None and np.ndim(step.value) == 0}

    def network(self, facts: Mapping[str, Any]) -> Network:
        """Return a network as a problem file describes it, which has been checked, with its numbers."""
        layers, targets = facts["layers"], facts["targets"]
        columns = [self.column([self.say("drawing_inputs")], [self.neuron(name, name) for name in facts["inputs"]])]
        columns += [self.layer(k, layer, len(layers)) for k, layer in enumerate(layers, start=1)]
        for heading, names in (("targets", [f"t_{name}" for name in targets]), ("loss", ["loss"])):
            given = [self.neuron(name, name, is_box=True) for name in names]
            columns.append(self.column([self.say(f"drawing_{heading}")], given))
        links = [link for k, layer in enumerate(layers) for link in self.links(k, layer["weights"])]
        links += [Link(len(layers), k, k) for k in range(len(targets))]
        links += [Link(len(layers) + 1, k, 0) for k in range(len(targets))]
        key = (self.say("drawing_circle"), self.say("drawing_wire", symbol=self.symbol))
        return Network(self.title(self.tree), tuple(columns), tuple(links), key)

    def layer(self, number: int, layer: Mapping[str, Any], n_layers: int) -> Column:
        """Return a layer of neurons."""
        units, bias = layer["units"], layer.get("bias") or [""] * len(layer["units"])
        biases = [bias] * len(units) if isinstance(bias, str) else bias
        neurons = [
            self.neuron(unit, f"out_{unit}", net=self.both(f"net_{unit}", "net"), bias=self.both(name, name))
            for unit, name in zip(units, biases, strict=True)
        ]
        heading = self.say("drawing_layer", number=number) if number < n_layers else self.say("drawing_outputs")
        return self.column([heading, layer.get("activation", "sigmoid")], neurons)

    def column(self, heading: Sequence[str], neurons: Sequence[Neuron]) -> Column:
        """Return a column, with a line that says how many neurons are drawn if not all are."""
        made = Column(tuple(heading), tuple(neurons))
        shown, count = len(made.places), len(neurons)
        return replace(made, hidden=self.say("drawing_hidden", count=count, shown=shown)) if shown < count else made

    def neuron(
        self, name: str, target: str, *, net: Number = BLANK, bias: Number = BLANK, is_box: bool = False
    ) -> Neuron:
        """Return a neuron by what it gives."""
        return Neuron(isolated(name), self.both(target), net, bias, latex_name(name), is_box)

    def links(self, column: int, weights: Sequence[Sequence[str]]) -> list[Link]:
        """Return the wires into a layer, in the order of the neurons that they leave."""
        return [
            Link(column, i, j, self.both(name, name)) for i, row in enumerate(weights) for j, name in enumerate(row)
        ]

    def both(self, target: str, name: str = "") -> Number:
        """Return a number and its derivative as they are shown; what was not computed is left out."""
        value, gradient = (self.values.get(key) for key in (target, f"d{self.symbol}/d{target}"))
        if value is None:
            return Number(isolated(name), latex=latex_name(name)) if name == target else BLANK
        shown, slope = self.number(value), "" if gradient is None else self.number(gradient)
        named = f"{latex_name(name)} = " if name else ""
        return Number(isolated(name), shown, slope, f"{named}{powers(shown)}", f"({powers(slope)})")


def isolated(name: str) -> str:
    """Return a name so that letters from right to left in it do not turn what stands beside it."""
    return name if name.isascii() else f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
