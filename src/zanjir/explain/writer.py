"""What the renderings share: numbers as they are shown, sentences of a language, and sides that say something new."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from zanjir.explain.blocks import rounded
from zanjir.explain.steps import LONGEST_FRACTION, Step
from zanjir.explain.words import findings, note, said, unrounded

__all__ = ["PARTS", "Writer", "distinct"]

PARTS = ("given", "forward", "loss", "backward", "update")


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

    def value(self, value: float | None, exact: str | None = None) -> str:
        """Return the value of a step; of an exact one the fraction, or nothing if it is too long to read."""
        if exact is None:
            return self.decimal(self.number(value))
        return self.fraction(exact) if len(exact) <= LONGEST_FRACTION else ""

    def beside(self, value: float | None, exact: str | None = None) -> str:
        """Return the decimal that stands beside a fraction, with its sign; nothing beside a decimal."""
        if exact is None or ("/" not in exact and len(exact) <= LONGEST_FRACTION):
            return ""
        shown = self.number(value)
        return f"{self.EQUAL if Fraction(exact) == Fraction(shown) else self.ABOUT}{self.decimal(shown)}"

    def remarks(self, tree: Step) -> list[tuple[str, list[str]]]:
        """Return what is said at the end, each with its heading: what checks found, and where rounding has led."""
        remarks = [
            ("check", self.found(tree.every("check"))),
            ("unrounded", unrounded(self.language, tree, self.number)),
        ]
        return [(self.say(key), sentences) for key, sentences in remarks if sentences]

    def note(self, tree: Step) -> list[str]:
        """Return what is said below the title: how the numbers were computed."""
        return [sentence for sentence in [note(self.language, tree.mode)] if sentence]

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
