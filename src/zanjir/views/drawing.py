"""A picture as plain data: where every wire, box and word stands. What writes it, as SVG or TikZ, only selects."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["AIR", "LINE", "MARGIN", "PAD", "SIZE", "SMALL", "Drawing", "Label", "Point", "Shape", "Wire", "text_width"]

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]

EM_PER_LETTER = 0.62  # of common monospaced fonts, with a little air
SIZE, SMALL = 13.0, 11.0  # of letters, in px
LINE = 16.0
PAD, AIR, MARGIN = 8.0, 10.0, 12.0
ASCENT, DESCENT = 0.8, 0.2  # of letters above and below the line they stand on, as shares of their size


@dataclass(frozen=True)
class Label:
    """A line of words.

    Parameters
    ----------
    words : str
        What is written.
    x, y : float
        A point of the line that the letters stand on: its begin, or its middle.
    size : float
        Of the letters.
    role : str
        ``"value"`` and ``"gradient"`` have a color; ``"name"`` has that of the text around.
    middle : bool
        Whether x is the middle of the words.
    latex : str
        The same as a formula; nothing for a number alone, and for words.
    is_prose : bool
        Whether it is words of a language, which may run from right to left.
    """

    words: str
    x: float
    y: float
    size: float = SMALL
    role: str = "name"
    middle: bool = True
    latex: str = ""
    is_prose: bool = False

    @property
    def box(self) -> Rectangle:
        """About the room that it takes: left, top, right, bottom."""
        width = text_width(self.words, self.size)
        left = self.x - width / 2 if self.middle else self.x
        return left, self.y - ASCENT * self.size, left + width, self.y + DESCENT * self.size


@dataclass(frozen=True)
class Shape:
    """A box or a circle, with the lines that stand in it.

    Parameters
    ----------
    x, y, width, height : float
        Its upper left corner, and its size.
    radius : float
        Of its corners; half the height for a circle.
    labels : tuple of Label
        The lines in it.
    says : str
        All that is known of it, in a sentence.
    is_heavy : bool
        Whether its line is thick, as that of an output.
    """

    x: float
    y: float
    width: float
    height: float
    radius: float
    labels: tuple[Label, ...] = ()
    says: str = ""
    is_heavy: bool = False

    @property
    def box(self) -> Rectangle:
        """The room that it takes: left, top, right, bottom."""
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True)
class Wire:
    """A line from point to point.

    Parameters
    ----------
    points : tuple of points
        What it joins.
    is_bent : bool
        Whether every other piece of it, from the first, leaves and arrives level; the pieces between are level.
    has_head : bool
        Whether it ends with an arrow.
    """

    points: tuple[Point, ...]
    is_bent: bool = False
    has_head: bool = False


@dataclass(frozen=True)
class Drawing:
    """A picture.

    Parameters
    ----------
    title, says : str
        What it shows, in a line and in full, for those who cannot see it.
    width, height : float
        Its size in px, with the margin.
    wires, tails : tuple of Wire
        The wires, and the first piece of each, which carries its numbers.
    shapes : tuple of Shape
        Boxes and circles.
    labels : tuple of Label
        What stands at the wires.
    key : tuple of Label
        What the picture's parts mean, counted from the margin's corner.
    """

    title: str
    says: str
    width: float
    height: float
    wires: tuple[Wire, ...] = ()
    tails: tuple[Wire, ...] = ()
    shapes: tuple[Shape, ...] = ()
    labels: tuple[Label, ...] = ()
    key: tuple[Label, ...] = ()

    def every_label(self) -> list[Label]:
        """Return all labels: those in shapes, those at wires, and the key."""
        return [*(label for shape in self.shapes for label in shape.labels), *self.labels, *self.key]


def text_width(text: str, size: float) -> float:
    """Return about how wide text is, in px, in a monospaced font.

    Examples
    --------
    >>> round(text_width("W1", 10), 6), round(text_width("é", 10), 6), round(text_width("漢", 10), 6)
    (12.4, 6.2, 10.0)
    """
    return sum(em_of(letter) for letter in text) * size


def em_of(letter: str) -> float:
    """Return the width of one letter as a share of the font's size."""
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else EM_PER_LETTER


def in_middle(lines: Sequence[tuple[str, float]], x: float, y: float) -> tuple[Label, ...]:
    """Return lines under each other, with their middle at a point."""
    first = y - LINE * (len(lines) - 1) / 2
    return tuple(Label(words, x, first + LINE * k + 0.35 * size, size) for k, (words, size) in enumerate(lines))
