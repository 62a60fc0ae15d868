"""What the renderings share: numbers as they are shown, sentences of a language, and sides that say something new."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from zanjir.explain.arithmetic import rounded
from zanjir.explain.steps import LONGEST_FRACTION, Step, Table, Value
from zanjir.explain.words import findings, mode_note, note, said, unrounded, why, word
from zanjir.explain.writers.numerals import latex_matrix, rows, shape_text, shown_in

__all__ = ["LATIN", "PARTS", "Writer", "distinct", "steps_of"]

# Words and numbers that run from left to right, without the stop after them: every other piece of what it splits.
LATIN = re.compile(r"([-(]?[A-Za-z0-9](?:[!-~ ]*[!-~](?<![.:,;]))?)")
PARTS = ("answer", "given", "forward", "loss", "backward", "update", "proof", "summary")


class Writer:
    """Base of what writes steps in one language, with so many significant digits, in Latin or Persian numerals."""

    EQUAL, ABOUT = " = ", " ≈ "

    def __init__(self, language: str, digits: int, numerals: str = "latin") -> None:
        self.language, self.digits = language, digits
        self.numerals = shown_in(numerals)
        self.reasons: set[str] = set()

    def say(self, key: str, **facts: object) -> str:
        """Return a sentence."""
        return said(self.language, key, **facts)

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Return a number; what was not computed is never shown as 0."""
        return self.say("not_computed") if value is None else self.numerals(rounded(value, digits or self.digits))

    def cell(self, cell: str | float | None) -> str:
        """Return a cell of a table: a number, a word, in the language if the catalogs have it, or a dash for none."""
        if cell is None:
            return "—"
        return word(self.language, cell) if isinstance(cell, str) else self.number(cell)

    def cells(self, table: Table) -> list[list[str]]:
        """Return the rows of a table as they are shown, that of the columns' names first."""
        return [[self.cell(cell) for cell in row] for row in (table.columns, *table.rows)]

    def fraction(self, exact: str) -> str:
        """Return a fraction as it stands in a formula."""
        return self.numerals(exact)

    def beside(self, value: Value | None, exact: str | None = None) -> str:
        """Return the decimal that stands beside a fraction, with its sign; nothing beside a decimal."""
        if value is None or exact is None or ("/" not in exact and len(exact) <= LONGEST_FRACTION):
            return ""
        is_equal = Fraction(exact) == Fraction(rounded(value, self.digits))
        return f"{self.EQUAL if is_equal else self.ABOUT}{self.number(value)}"

    def known(self, value: Value | None, exact: str | None = None) -> list[str]:
        """Return the last side of an equation: a fraction if there is one, a number, or an array with its shape.

        There is none if nothing was computed, or the fraction is too long to be read.
        """
        if exact is not None:
            return [self.fraction(exact)] if len(exact) <= LONGEST_FRACTION else []
        if value is None:
            return []
        shape = np.shape(value)
        if not shape:
            return [self.number(value)]
        return [self.matrix(rows(value, self.number), self.numerals(shape_text(shape)))]

    def matrix(self, lines: list[list[str]], shape: str) -> str:
        """Return an array as it stands in a formula of LaTeX; of one with more than two axes, its shape."""
        if not lines:
            return self.formula_words(self.say("shape", shape=shape))
        sizes = shape.strip("(,)").replace(", ", r" \times ")
        return rf"\underset{{{sizes}}}{{{latex_matrix(lines)}}}"

    def formula_words(self, text: str) -> str:
        """Return words as they stand in a formula of LaTeX."""
        return rf"\text{{{text}}}"

    def title(self, tree: Step) -> str:
        """Return what a solution is called, in the language if it has such a title."""
        return tree.note.get(self.language, tree.target)

    def name(self, name: str) -> str:
        """Return a name as it stands in a sentence."""
        return name

    def counted(self, value: float | None, digits: int | None = None) -> str:
        """Return a number as it stands in a sentence."""
        return self.number(value, digits)

    def note(self, step: Step) -> str:
        """Return why a line of a proof holds, with the formulas in it as they stand in a sentence."""
        pieces = note(self.language, step).split("`")
        return "".join(self.inline(piece) if k % 2 else self.spoken(piece) for k, piece in enumerate(pieces))

    def inline(self, code: str) -> str:
        """Return a formula as it stands in a sentence."""
        return self.name(code)

    def spoken(self, text: str) -> str:
        """Return the words of a sentence."""
        return text

    def check_heading(self, steps: Sequence[Step]) -> str:
        """Return the heading of the checks."""
        in_letters = any(step.rule == "random points" for step in steps)
        return self.say("check_at_points" if in_letters else "check")

    def mode_note(self, tree: Step) -> list[str]:
        """Return what is said below the title: how the numbers were computed."""
        return [sentence for sentence in [mode_note(self.language, tree.mode, self.counted)] if sentence]

    def remarks(self, tree: Step) -> list[tuple[str, list[str]]]:
        """Return what is said at the end, each with its heading: what checks found, and where rounding has led."""
        remarks = [
            (self.check_heading(tree.every("check")), self.found(tree.every("check"))),
            (self.say("unrounded"), unrounded(self.language, tree, self.counted, self.name)),
        ]
        return [(heading, sentences) for heading, sentences in remarks if sentences]

    def found(self, steps: Sequence[Step]) -> list[str]:
        """Return what checks found, in sentences."""
        return findings(self.language, steps, self.counted, self.name)

    def reason(self, step: Step) -> str:
        """Return why a value is what it is; nothing for what is given, and for what was said before."""
        if step.note:
            return self.note(step)
        sentence = "" if step.rule == "given" else why(self.language, step, self.name, self.counted)
        if sentence in self.reasons:
            return ""
        self.reasons.add(sentence)
        return sentence

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        raise TypeError(f"{type(self).__name__} writes nothing; use one of its subclasses.")

    def parts(self, tree: Step) -> list[str]:
        """Return the parts of a solution that have steps."""
        return [part for part in (self.part(kind, steps_of(tree, kind)) for kind in PARTS) if part]


def steps_of(tree: Step, kind: str) -> list[Step]:
    """Return the steps of a part; the table that answers what was asked for is a part of its own."""
    if kind not in {"answer", "summary"}:
        return tree.every(kind)
    return [step for step in tree.every("summary") if (step.target == "answer") == (kind == "answer")]


def distinct(sides: Sequence[str]) -> list[str]:
    """Return the sides of an equation without those that are empty or repeat the one before.

    Examples
    --------
    >>> distinct(["f", "x", "2", "2"])
    ['f', 'x', '2']
    """
    return [side for side, before in zip(sides, ["", *sides], strict=False) if side and side != before]
