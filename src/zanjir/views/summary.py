"""Values as a reader sees them: small ones in full, large ones by their range, and never more than was computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["KEPT", "Summary", "number_text", "one_line", "shape_text", "shortened"]

KEPT = 64  # elements up to which all numbers are kept
JOINERS = "\u200c\u200d"  # invisible, and part of words in Persian and other scripts


@dataclass(frozen=True)
class Summary:
    """The numbers at a node.

    Parameters
    ----------
    numbers
        All of them, as nested lists, or one Python number; None if there are more than 64.
    low, high : float, int or None
        The range of the finite ones; None for a single number, or where none is finite.
    n_nan, n_infinite : int
        How many are not finite.
    size : int
        How many there are.
    """

    numbers: Any
    low: float | None
    high: float | None
    n_nan: int
    n_infinite: int
    size: int

    @classmethod
    def of(cls, value: Any) -> Summary:
        """Summarize a number or an array.

        Examples
        --------
        >>> Summary.of(np.array([1.0, np.nan, 3.0]))
        Summary(numbers=[1.0, nan, 3.0], low=1.0, high=3.0, n_nan=1, n_infinite=0, size=3)
        """
        if isinstance(value, int):  # of any size, which no array can hold
            return cls(value, None, None, 0, 0, 1)
        array = np.asarray(value)
        finite = np.isfinite(array)
        n_nan = int(np.isnan(array).sum())
        some = array.ndim > 0 and bool(finite.any())
        low, high = (extreme(array[finite]).item() if some else None for extreme in (np.min, np.max))
        numbers = array.tolist() if array.size <= KEPT else None
        return cls(numbers, low, high, n_nan, int(array.size - finite.sum()) - n_nan, int(array.size))

    def text(self, most: int = 6, digits: int = 6) -> str:
        """Return the numbers on one line: all of them up to ``most``, and beyond that their range.

        Examples
        --------
        >>> Summary.of(np.array([[0.5, -1.0]])).text(), Summary.of(np.linspace(0, 1, 100)).text()
        ('[[0.5, -1]]', '0 … 1')
        """
        if self.size <= most and self.numbers is not None:
            return nested_text(self.numbers, digits)
        low, high = number_text(self.low, digits), number_text(self.high, digits)
        parts = [] if self.low is None else [f"all {low}" if self.low == self.high else f"{low} … {high}"]
        parts += [f"{self.n_nan} NaN"] if self.n_nan else []
        parts += [f"{self.n_infinite} infinite"] if self.n_infinite else []
        return ", ".join(parts)


def nested_text(numbers: Any, digits: int) -> str:
    """Return nested lists of numbers on one line."""
    if isinstance(numbers, list):
        return f"[{', '.join(nested_text(part, digits) for part in numbers)}]"
    return number_text(numbers, digits)


def number_text(x: Any, digits: int = 6) -> str:
    """Return a number with so many significant digits; whole numbers in full.

    Examples
    --------
    >>> number_text(0.7310585786300049), number_text(2.0), number_text(float("nan")), number_text(True)
    ('0.731059', '2', 'NaN', 'True')
    """
    if x is None or isinstance(x, (bool, int, np.bool_, np.integer)):
        return str(x)
    if math.isnan(x):
        return "NaN"
    return f"{x + 0.0:.{digits}g}"  # adding zero takes the sign from a zero


def one_line(text: str) -> str:
    r"""Return text without anything that breaks a line or a document: control characters are written out.

    Examples
    --------
    >>> one_line("two\nlines"), one_line("وزن‌ها") == "وزن‌ها"
    ('two\\nlines', True)
    """
    return "".join(c if c.isprintable() or c in JOINERS else repr(c)[1:-1] for c in text)


def shortened(text: str, most: int) -> str:
    """Return text with its middle left out if it is too long.

    Examples
    --------
    >>> shortened("abcdefghij", 7)
    'abc…hij'
    """
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"


def shape_text(shape: tuple[int | str, ...]) -> str:
    """Return a shape as NumPy writes it; a size may be a letter such as N.

    Examples
    --------
    >>> shape_text(()), shape_text((3,)), shape_text(("N", 10))
    ('()', '(3,)', '(N, 10)')
    """
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
