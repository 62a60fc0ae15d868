"""What the renderings share: numbers as they are shown, sentences of a language, and sides that say something new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zanjir.explain.blocks import rounded
from zanjir.explain.steps import Step, Table
from zanjir.explain.words import findings, said, word

__all__ = ["PARTS", "Writer", "distinct"]

PARTS = ("given", "forward", "loss", "backward", "update", "proof", "summary")


class Writer:
    """Base of what writes steps in one language, with so many significant digits."""

    def __init__(self, language: str, digits: int) -> None:
        self.language, self.digits = language, digits

    def say(self, key: str, **facts: object) -> str:
        """Return a sentence."""
        return said(self.language, key, **facts)

    def number(self, value: float | None) -> str:
        """Return a number; what was not computed is never shown as 0."""
        return "-" if value is None else rounded(value, self.digits)

    def cell(self, cell: str | float | None) -> str:
        """Return a cell of a table: a number, or a word, in the language if the catalogs have it."""
        return word(self.language, cell) if isinstance(cell, str) else self.number(cell)

    def cells(self, table: Table) -> list[list[str]]:
        """Return the rows of a table as they are shown, that of the columns' names first."""
        return [[self.cell(cell) for cell in row] for row in (table.columns, *table.rows)]

    def known(self, value: Any) -> list[str]:
        """Return the last side of an equation; none if nothing was computed."""
        return [] if value is None else [self.number(value)]

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
    """Return the sides of an equation without those that repeat the one before.

    Examples
    --------
    >>> distinct(["f", "x", "2", "2"])
    ['f', 'x', '2']
    """
    return [side for side, before in zip(sides, ["", *sides[:-1]], strict=True) if side != before]
