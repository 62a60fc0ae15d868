"""HTML: tables, and a graph as a fragment or a page. Styles stand on the elements, so nothing around them changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from zanjir.views.circuit import MOST_BOXES, drawn_places
from zanjir.views.summary import number_text, one_line
from zanjir.views.svg import FONT, svg
from zanjir.views.text_table import MISSING, cells, columns, ends, legend

if TYPE_CHECKING:
    from zanjir.views.diagram import Diagram

__all__ = ["details", "diagram_html", "diagram_page", "escaped", "html_table", "page"]

CELL = "padding:2px 10px;border-bottom:1px solid rgba(128,128,128,0.35)"
TABLE = f"border-collapse:collapse;font-family:{FONT};font-size:13px"
CAPTION = "caption-side:top;text-align:left;font-weight:bold;padding:4px 0"
MOST_ROWS = 200


def escaped(text: object) -> str:
    """Return text that stands for itself in HTML, on one line.

    Examples
    --------
    >>> escaped('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return escape(one_line(str(text)))


def html_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], limit: int | None = MOST_ROWS) -> str:
    """Return a table as HTML, without scripts and without styles for anything else.

    Parameters
    ----------
    title : str
        What stands above it; nothing if empty.
    columns : sequence of str
        The heads.
    rows : iterable of sequences
        The cells. Numbers are written with six digits and stand to the right; None is a dash.
    limit : int or None
        Of more rows the first and the last are shown, with a sentence that says so.

    Examples
    --------
    >>> html_table("", ["w"], [[0.5]]).count("<td")
    1
    """
    rows = list(rows)
    first, last = ends(rows, limit)
    heads = "".join(f'<th scope="col" style="{CELL};text-align:left">{escaped(name)}</th>' for name in columns)
    body = [row_html(row) for row in first]
    if n_hidden := len(rows) - len(first) - len(last):
        words = f"… {n_hidden:,} of {len(rows):,} rows are not shown …"
        body.append(f'<tr><td colspan="{len(columns)}" style="{CELL}">{words}</td></tr>')
    body += [row_html(row) for row in last]
    caption = f'<caption style="{CAPTION}">{escaped(title)}</caption>' if title else ""
    return f'<table style="{TABLE}">{caption}<thead><tr>{heads}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def row_html(row: Sequence[Any]) -> str:
    """Return one row of a table."""
    return f"<tr>{''.join(cell_html(cell) for cell in row)}</tr>"


def cell_html(cell: Any) -> str:
    """Return one cell: numbers to the right, text in its own direction."""
    is_number = hasattr(cell, "__float__") and not isinstance(cell, bool)
    words = MISSING if cell is None else number_text(cell) if is_number else str(cell)
    side = "right" if is_number else "left"
    return f'<td style="{CELL};text-align:{side};white-space:nowrap"><bdi>{escaped(words)}</bdi></td>'


def details(summary: str, content: str, *, opened: bool = False) -> str:
    """Return content behind a line that opens it."""
    return f"<details{' open' if opened else ''}><summary>{escaped(summary)}</summary>{content}</details>"


def diagram_html(diagram: Diagram) -> str:
    """Return a graph as a fragment: the picture if it can be read, and the table of all nodes."""
    n_boxes = len(drawn_places(diagram))
    readable = n_boxes <= MOST_BOXES
    picture = (
        f'<div style="overflow-x:auto">{svg(diagram)}</div>'
        if readable
        else f"<p>No picture: it could be read up to {MOST_BOXES} boxes, and this graph has {n_boxes:,}.</p>"
    )
    table = html_table(diagram.title, columns(diagram), [cells(node) for node in diagram.nodes])
    notes = "".join(f"<p>{escaped(note)}</p>" for note in legend(diagram))
    return f"<div>{picture}{details('every node', table + notes, opened=not readable)}</div>"


def diagram_page(diagram: Diagram) -> str:
    """Return a graph as a page of its own."""
    return page(diagram.title, diagram_html(diagram))


def page(title: str, body: str) -> str:
    """Return a fragment as a page that needs no network; it is dark where its reader prefers that."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escaped(title)}</title></head>\n"
        f'<body style="font-family:system-ui,sans-serif;margin:2em">{body}</body>\n</html>\n'
    )
