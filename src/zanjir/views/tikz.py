"""A drawing as a TikZ picture, for LaTeX."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from zanjir.views.circuit import circuit
from zanjir.views.colors import GRADIENT, VALUE
from zanjir.views.drawing import Drawing, Label, Shape, Wire
from zanjir.views.svg import is_right_to_left

if TYPE_CHECKING:
    from zanjir.views.diagram import Diagram

__all__ = ["STANDALONE", "escaped_text", "picture", "powers", "tikz"]

STANDALONE = r"\documentclass[tikz,border=3mm]{standalone}" + "\n" + r"\usepackage{amsmath}"
POINTS = 0.75  # a px in bp
TEXT = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
# Signs of operations, which the fonts of text do not have.
SIGNS = {
    "×": r"$\times$", "−": "$-$", "·": r"$\cdot$", "²": "$^2$", "≥": r"$\ge$", "≤": r"$\le$", "√": r"$\surd$",
    "…": r"\ldots{}", "ᵀ": r"$^\top$", "∞": r"$\infty$", "Σ": r"$\Sigma$", "σ": r"$\sigma$", "‖": r"$\Vert$",
    "\u2068": "", "\u2069": "",
}  # fmt: skip


def tikz(diagram: Diagram) -> str:
    r"""Return a graph as a LaTeX document that is a picture, for any LaTeX with TikZ.

    Names in letters that are not Latin ask for XeLaTeX and a font that has them: ``\usepackage{fontspec}``.

    Raises
    ------
    GraphError
        If there are more than 200 boxes.
    """
    return "\n".join([STANDALONE, r"\begin{document}", picture(circuit(diagram)), r"\end{document}", ""])


def picture(drawing: Drawing, left_to_right: str = "") -> str:
    r"""Return a drawing as a ``tikzpicture``.

    Parameters
    ----------
    drawing : Drawing
        What to draw. Words from right to left stand in bidi's ``\rl``.
    left_to_right : str
        The command for names where the text of the document runs from right to left: bidi's ``\lr``.
    """
    return "\n".join([
        rf"\begin{{tikzpicture}}[x={POINTS}bp, y=-{POINTS}bp, inner sep=0pt, line width=0.5bp]",
        rf"\definecolor{{value}}{{HTML}}{{{VALUE[1:].upper()}}}",
        rf"\definecolor{{gradient}}{{HTML}}{{{GRADIENT[1:].upper()}}}",
        *map(wire, (*drawing.wires, *drawing.tails)),
        *map(shape, drawing.shapes),
        *(text(label, left_to_right) for label in drawing.every_label()),
        r"\end{tikzpicture}",
    ])  # fmt: skip


def wire(line: Wire) -> str:
    """Draw a wire, with its head."""
    parts = [at(*line.points[0])]
    for i, ((x0, y0), (x1, y1)) in enumerate(pairwise(line.points)):
        middle = (x0 + x1) / 2
        is_bent = line.is_bent and i % 2 == 0 and y0 != y1
        bend = f".. controls {at(middle, y0)} and {at(middle, y1)} .." if is_bent else "--"
        parts.append(f"{bend} {at(x1, y1)}")
    x, y = line.points[-1]
    head = f" {at(x - 5, y - 3)} -- {at(x, y)} -- {at(x - 5, y + 3)}" if line.has_head else ""
    return rf"\draw[black!55] {' '.join(parts)}{head};"


def shape(drawn: Shape) -> str:
    """Draw a box or a circle."""
    left, top, right, bottom = drawn.box
    style = f"fill=black!7{', line width=1bp' if drawn.is_heavy else ''}"
    if drawn.width == drawn.height == 2 * drawn.radius:
        return rf"\draw[{style}] {at(left + drawn.radius, top + drawn.radius)} circle[radius={drawn.radius:.1f}];"
    corners = f"rounded corners={POINTS * min(drawn.radius, drawn.height / 2 - 0.1):.1f}bp"
    return rf"\draw[{style}, {corners}] {at(left, top)} rectangle {at(right, bottom)};"


def text(label: Label, left_to_right: str) -> str:
    """Write words at a point."""
    anchor = "base" if label.middle else "base west"
    size = f"{POINTS * label.size:g}"
    color = f", text={label.role}" if label.role in {"value", "gradient"} else ""
    style = rf"anchor={anchor}, font=\fontsize{{{size}}}{{{size}}}\selectfont{color}"
    return rf"\node[{style}] at {at(label.x, label.y)} {{{words(label, left_to_right)}}};"


def words(label: Label, left_to_right: str) -> str:
    """Return what a label says: a formula, words in their direction, or text."""
    if label.latex:
        return f"${label.latex}$"
    if label.role in {"value", "gradient"} and not label.is_prose:
        return f"${powers(escaped_text(label.words))}$"
    shown = escaped_text(label.words)
    if not left_to_right:
        return shown
    return rf"\rl{{{shown}}}" if is_right_to_left(label.words) else f"{left_to_right}{{{shown}}}"


def at(x: float, y: float) -> str:
    """Return a point."""
    return f"({x:.1f},{y:.1f})"


def escaped_text(words: str) -> str:
    r"""Return text without signs that mean something to LaTeX.

    Examples
    --------
    >>> print(escaped_text("50% of a_b"), escaped_text("2 × ·"))
    50\% of a\_b 2 $\times$ $\cdot$
    """
    return "".join(TEXT.get(sign) or SIGNS.get(sign, sign) for sign in words)


def powers(formula: str) -> str:
    r"""Return a formula whose numbers such as 1e-08 are written with a power of ten.

    Examples
    --------
    >>> powers("x + 1e-08")
    'x + 1 \\cdot 10^{-8}'
    """
    return re.sub(
        r"(?<![\w.])(\d+(?:\.\d+)?)e([+-])(\d+)",
        lambda found: rf"{found[1]} \cdot 10^{{{'-' if found[2] == '-' else ''}{int(found[3])}}}",
        formula,
    )
