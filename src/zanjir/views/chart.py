"""A small line chart, drawn by us, for a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby, pairwise

from zanjir.views.colors import GRADIENT, VALUE
from zanjir.views.summary import number_text, one_line
from zanjir.views.svg import FONT, text_width

__all__ = ["line_chart"]

WIDTH, HEIGHT = 420.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 26.0, 34.0
MOST_POINTS = 300
COLORS = (VALUE, GRADIENT, "#8f5fd0", "#767676")
DASHES = ("none", "5 3", "2 3", "8 3 2 3")
LOG_ABOVE = 20.0  # a logarithmic axis where the largest number is so many times the smallest

Series = tuple[Iterable[float], Iterable[float]]


def line_chart(title: str, x_label: str, series: Mapping[str, Series]) -> str:
    """Return curves as SVG text; numbers that are not finite leave a gap.

    Parameters
    ----------
    title : str
        What the picture shows, for those who cannot see it.
    x_label : str
        What stands below the horizontal axis.
    series : mapping of str to (x, y)
        At most four curves by name.

    Examples
    --------
    >>> line_chart("loss", "epoch", {"loss": ([1, 2, 3], [1.0, 0.5, 0.25])}).count("<polyline")
    1
    """
    curves = {name: thinned(finite(x, y)) for name, (x, y) in series.items()}
    points = [point for parts in curves.values() for part in parts for point in part]
    if not points:
        body = [words("nothing was measured", WIDTH / 2, HEIGHT / 2, "middle")]
    else:
        xs, ys = zip(*points, strict=True)
        logarithmic = min(ys) > 0 and max(ys) > LOG_ABOVE * min(ys)
        place = Axes(bounds(xs), bounds([math.log10(y) for y in ys] if logarithmic else ys), logarithmic)
        body = [*axes(place, min(ys), max(ys), x_label), *drawn(curves, place), *legend(list(curves))]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" '
        f'height="{HEIGHT:g}" style="max-width:100%;height:auto" font-family="{FONT}" fill="currentColor">',
        f"<title>{escape(one_line(title))}</title>", *body, "</svg>", "",
    ])  # fmt: skip


class Axes:
    """Where numbers lie on the paper."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], logarithmic: bool) -> None:
        self.x, self.y, self.logarithmic = x, y, logarithmic

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of a pair of numbers."""
        height = math.log10(y) if self.logarithmic else y
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (height - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def bounds(numbers: Sequence[float]) -> tuple[float, float]:
    """Return the least and the greatest number; a little apart if they are one."""
    low, high = min(numbers), max(numbers)
    if low < high:
        return low, high
    air = abs(low) / 2 or 0.5
    return low - air, high + air


def finite(x: Iterable[float], y: Iterable[float]) -> list[list[tuple[float, float]]]:
    """Return the stretches of a curve in which all numbers are finite."""
    pairs = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    stretches = groupby(pairs, key=lambda pair: all(map(math.isfinite, pair)))
    return [list(part) for usable, part in stretches if usable]


def thinned(parts: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    """Return long stretches as means of neighbors: no screen shows more points."""
    return [part if len(part) <= MOST_POINTS else means(part) for part in parts]


def means(part: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the means of equal groups of points."""
    cuts = [round(k * len(part) / MOST_POINTS) for k in range(MOST_POINTS + 1)]
    groups = [part[a:b] for a, b in pairwise(cuts)]
    return [(math.fsum(x for x, _ in g) / len(g), math.fsum(y for _, y in g) / len(g)) for g in groups]


def axes(place: Axes, low: float, high: float, x_label: str) -> list[str]:
    """Draw the two axes with the numbers at their ends."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    scale = " (log)" if place.logarithmic else ""
    lines = (
        f'<path d="M{LEFT:g} {TOP:g} V{bottom:g} H{right:g}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>'
    )
    heights = {low: place(place.x[0], low)[1], high: place(place.x[0], high)[1]}
    return [
        lines,
        *(words(number_text(y, 3), LEFT - 6, at + 4, "end") for y, at in heights.items()),
        words(end_text(place.x[0]), LEFT, bottom + 15, "start"),
        words(end_text(place.x[1]), right, bottom + 15, "end"),
        words(x_label + scale, (LEFT + right) / 2, bottom + 28, "middle"),
    ]


def end_text(x: float) -> str:
    """Return the number at an end of the horizontal axis: counts in full."""
    return number_text(x, 3 if abs(x) < 1000 else 7)


def drawn(curves: Mapping[str, list[list[tuple[float, float]]]], place: Axes) -> list[str]:
    """Draw the curves."""
    inks = [f'stroke="{color}" stroke-dasharray="{dash}"' for color, dash in zip(COLORS, DASHES, strict=True)]
    return [
        stretch([place(x, y) for x, y in part], ink)
        for parts, ink in zip(curves.values(), inks, strict=False)
        for part in parts
    ]


def stretch(points: Sequence[tuple[float, float]], ink: str) -> str:
    """Draw one stretch of a curve; a single point is a dot."""
    (x, y), *others = points
    if not others:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="none" {ink}/>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke-width="1.8" {ink}/>'


def legend(names: Sequence[str]) -> list[str]:
    """Write the names of the curves above them, each in its color and with its dashes."""
    parts, x = [], LEFT
    for name, color, dash in zip(names, COLORS, DASHES, strict=False):
        parts.append(
            f'<path d="M{x:.1f} 12 h18" stroke="{color}" stroke-width="1.8" stroke-dasharray="{dash or "none"}"/>'
        )
        parts.append(words(name, x + 23, 16, "start"))
        x += 23 + text_width(name, 11) + 14
    return parts


def words(text: str, x: float, y: float, anchor: str) -> str:
    """Write text at a point."""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" text-anchor="{anchor}">{escape(one_line(text))}</text>'
