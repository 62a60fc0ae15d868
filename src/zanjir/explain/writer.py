"""What the renderings share: numbers as they are shown, sentences of a language, and sides that say something new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from zanjir.explain.blocks import rounded
from zanjir.explain.steps import LONGEST_FRACTION, Step, Table
from zanjir.explain.words import findings, mode_note, said, unrounded, word

__all__ = ["PARTS", "Writer", "distinct"]

PARTS = ("given", "forward", "loss", "backward", "update", "proof", "summary")


class Writer:
    """Base of what writes steps in one language, with so many significant digits."""

    EQUAL, ABOUT = " = ", " ≈ "

    def __init__(self, language: str, digits: int) -> None:
        self.language, self.digits = language, digits

    def say(self, key: str, **facts: object) -> str:
        """Return a sentence."""
        return said(self.language, key, **facts)

    def number(self, value: float | None) -> str:
        """Return a number; what was not computed is never shown as 0."""
        return "-" if value is None else rounded(value, self.digits)

    def decimal(self, shown: str) -> str:
        """Return a number that is shown, as it stands in a formula."""
        return shown

    def fraction(self, exact: str) -> str:
        """Return a fraction as it stands in a formula."""
        return exact

    def beside(self, value: float | None, exact: str | None = None) -> str:
        """Return the decimal that stands beside a fraction, with its sign; nothing beside a decimal."""
        if exact is None or ("/" not in exact and len(exact) <= LONGEST_FRACTION):
            return ""
        shown = self.number(value)
        return f"{self.EQUAL if Fraction(exact) == Fraction(shown) else self.ABOUT}{self.decimal(shown)}"

    def remarks(self, tree: Step) -> list[tuple[str, list[str]]]:
        """Return what is said at the end, each with its heading: what checks found, and where rounding has led."""
        remarks = [
            (self.check_heading(tree.every("check")), self.found(tree.every("check"))),
            (self.say("unrounded"), unrounded(self.language, tree, self.number)),
        ]
        return [(heading, sentences) for heading, sentences in remarks if sentences]

    def mode_note(self, tree: Step) -> list[str]:
        """Return what is said below the title: how the numbers were computed."""
        return [sentence for sentence in [mode_note(self.language, tree.mode)] if sentence]

    def cell(self, cell: str | float | None) -> str:
        """Return a cell of a table: a number, or a word, in the language if the catalogs have it."""
        return word(self.language, cell) if isinstance(cell, str) else self.number(cell)

    def cells(self, table: Table) -> list[list[str]]:
        """Return the rows of a table as they are shown, that of the columns' names first."""
        return [[self.cell(cell) for cell in row] for row in (table.columns, *table.rows)]

    def known(self, value: Any, exact: str | None = None) -> list[str]:
        """Return the last side of an equation: a fraction if there is one; none if nothing can be read there."""
        if exact is not None:
            return [self.fraction(exact)] if len(exact) <= LONGEST_FRACTION else []
        return [] if value is None else [self.decimal(self.number(value))]

    def note(self, step: Step, marked: Callable[[str], str] = str, prose: Callable[[str], str] = str) -> str:
        """Return why a line of a proof holds; ``marked`` writes the formulas in it, and ``prose`` what is between."""
        text = step.note.get(self.language) or next(iter(step.note.values()), "")
        return "".join(marked(piece) if k % 2 else prose(piece) for k, piece in enumerate(text.split("`")))

    def check_heading(self, steps: Sequence[Step]) -> str:
        """Return the heading of the checks."""
        in_letters = any(step.rule == "random points" for step in steps)
        return self.say("check_at_points" if in_letters else "check")

    def found(self, steps: Sequence[Step]) -> list[str]:
        """Return what checks found, in sentences."""
        return findings(self.language, steps, self.number)

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        raise TypeError(f"{type(self).__name__} writes nothing; use one of its subclasses.")

    def parts(self, tree: Step) -> list[str]:
        """Return the parts of a solution that have steps."""
        return [part for part in (self.part(kind, tree.every(kind)) for kind in PARTS) if part]


def distinct(sides: Sequence[str]) -> list[str]:
    """Return the sides of an equation without those that are empty or repeat the one before.

    Examples
    --------
    >>> distinct(["f", "x", "2", "2"])
    ['f', 'x', '2']
    """
    return [side for side, before in zip(sides, ["", *sides], strict=False) if side and side != before]
