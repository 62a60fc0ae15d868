"""Views: what a reader sees of a graph, a table or a record, as text, JSON, DOT, SVG, TikZ and HTML.

Every view only reads plain data: a `Diagram` is made beside the graph, once, and then written in any form.
"""

from zanjir.views.chart import line_chart
from zanjir.views.diagram import FORMATS, Diagram, Edge, Node
from zanjir.views.markup import details, escaped, html_table, page
from zanjir.views.summary import Summary, number_text

__all__ = [
    "FORMATS",
    "Diagram",
    "Edge",
    "Node",
    "Summary",
    "details",
    "escaped",
    "html_table",
    "line_chart",
    "number_text",
    "page",
]
