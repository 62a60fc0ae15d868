"""Numbers as they are shown: in Latin or Persian numerals, and arrays as rows with an ellipsis for what is left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from zanjir.errors import choose

__all__ = ["NUMERALS", "latex_matrix", "rows", "shape_text", "shown_in"]

PERSIAN = str.maketrans({**dict(zip("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫", strict=True)), "e": "×۱۰^"})
# A name with its index, of code or of a formula, keeps its digits; what is left over are numbers.
NUMBER = re.compile(r"[^\W\d]\w*(?:\[[\d, ]+\]|(?<=_)\{[^{}]*\})?|(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
# An array with more rows or columns shows its first and last ones.
MOST, FIRST, LAST = 6, 3, 2
ACROSS, DOWN, BOTH = "⋯", "⋮", "⋱"
LATEX = {ACROSS: r"\cdots", DOWN: r"\vdots", BOTH: r"\ddots"}


def persian(line: str) -> str:
    """Return a line of code, a formula or a number with Persian numerals; names keep their digits.

    Examples
    --------
    >>> persian("w1 * 0.25 + W[0, 1]"), persian("w_{1} + 2"), persian("1e-08")
    ('w1 * ۰٫۲۵ + W[0, 1]', 'w_{1} + ۲', '۱×۱۰^-۰۸')
    """
    return NUMBER.sub(lambda found: found[1].translate(PERSIAN) if found[1] else found[0], line)


NUMERALS: dict[str, Callable[[str], str]] = {"latin": str, "persian": persian}


def shown_in(name: str) -> Callable[[str], str]:
    """Return what sets the numbers of a line in some numerals.

    Raises
    ------
    ParameterError
        If there are no such numerals.

    Examples
    --------
    >>> shown_in("persian")("-0.5")
    '-۰٫۵'
    """
    return choose("numerals", name, NUMERALS)


def rows(array: Any, number: Callable[[float], str]) -> list[list[str]]:
    """Return an array as rows of numbers, of a long one the first and the last; nothing of more than two axes.

    Parameters
    ----------
    array : array
        Whose numbers are shown; an array of one axis is one row.
    number : function
        How a number is shown.

    Examples
    --------
    >>> rows(np.arange(9.0), "{:g}".format)
    [['0', '1', '2', '⋯', '7', '8']]
    """
    found = np.atleast_2d(array)
    if found.shape[2:]:
        return []
    down, across = (kept(length) for length in found.shape)
    return [[entry(found, i, j, number) for j in across] for i in down]


def kept(length: int) -> list[int | None]:
    """Return which rows or columns are shown, with None where some are left out."""
    if length <= MOST:
        return list(range(length))
    return [*range(FIRST), None, *range(length - LAST, length)]


def entry(array: Any, row: int | None, column: int | None, number: Callable[[float], str]) -> str:
    """Return a number of an array, or the ellipsis that stands for those left out."""
    if row is None:
        return BOTH if column is None else DOWN
    return ACROSS if column is None else number(float(array[row, column]))


def latex_matrix(lines: list[list[str]]) -> str:
    r"""Return rows of numbers as a matrix in LaTeX.

    Examples
    --------
    >>> latex_matrix([["1", "⋯", "3"]])
    '\\begin{bmatrix} 1 & \\cdots & 3 \\end{bmatrix}'
    """
    inside = r" \\ ".join(" & ".join(LATEX.get(item, item) for item in line) for line in lines)
    return rf"\begin{{bmatrix}} {inside} \end{{bmatrix}}"


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as NumPy writes it.

    Examples
    --------
    >>> shape_text((784, 512)), shape_text((3,))
    ('(784, 512)', '(3,)')
    """
    return str(tuple(int(length) for length in shape))
