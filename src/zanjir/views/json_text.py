"""A graph as JSON, for other programs."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zanjir.views.diagram import Diagram, Node
    from zanjir.views.summary import Summary

__all__ = ["SCHEMA", "json_text"]

SCHEMA = 1


def json_text(diagram: Diagram) -> str:
    """Return a graph as one JSON object.

    ::

        {
          "schema": 1,                      this description; another number means another form
          "outputs": [3],                   ids of the nodes that the graph was drawn for
          "gradient_of": "f",               whose derivatives the gradients are; null if there are none
          "notes": [],                      sentences for the reader
          "nodes": [{
            "id": 3,                        its place in this list: inputs come before their readers
            "name": "f",                    null if its author gave none
            "label": "f",                   what formulas call it
            "gate": "sigmoid",              null for a leaf
            "params": {},                   the gate's parameters
            "formula": "...", "code": "...",
            "shape": [], "dtype": "float64",
            "value": {"data": 0.73, "range": null, "nan": 0, "infinite": 0},
            "gradient": null                null means not computed, which is not zero
          }],
          "edges": [{"source": 0, "target": 3, "position": 0}]
        }

    ``data`` holds nested lists, or null above 64 elements, where ``range`` (lowest and highest finite number)
    must do. What is no finite number is one of the strings "NaN", "Infinity" and "-Infinity", for JSON has no
    such numbers.
    """
    head = {
        "schema": SCHEMA,
        "outputs": list(diagram.outputs),
        "gradient_of": diagram.gradient_of,
        "notes": list(diagram.notes),
    }
    nodes = [node_object(i, node) for i, node in enumerate(diagram.nodes)]
    edges = [{"source": e.source, "target": e.target, "position": e.position} for e in diagram.edges]
    parts = [f"{written(name)}: {written(value)}" for name, value in head.items()]
    parts += [lines("nodes", nodes), lines("edges", edges)]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def written(value: Any) -> str:
    """Return one line of JSON."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # Half a surrogate pair cannot be encoded, and \uXXXX is how JSON writes it.
    return text.encode("utf-8", "backslashreplace").decode()


def lines(name: str, values: list[Any]) -> str:
    """Return a list with one element per line."""
    return f"{written(name)}: [\n" + ",\n".join(written(value) for value in values) + "\n]"


def node_object(place: int, node: Node) -> dict[str, Any]:
    """Return one node."""
    return {
        "id": place,
        "name": node.name,
        "label": node.label,
        "gate": node.gate,
        "params": {name: plain_data(value) for name, value in node.params.items()},
        "formula": node.formula,
        "code": node.code,
        "shape": list(node.shape),
        "dtype": node.dtype,
        "value": summary_object(node.value),
        "gradient": summary_object(node.gradient),
    }


def summary_object(summary: Summary | None) -> dict[str, Any] | None:
    """Return the numbers at a node."""
    if summary is None:
        return None
    return {
        "data": plain_data(summary.numbers),
        "range": None if summary.low is None else [summary.low, summary.high],
        "nan": summary.n_nan,
        "infinite": summary.n_infinite,
    }


def plain_data(value: Any) -> Any:
    """Return what JSON can hold: what it has no word for is written as text."""
    if isinstance(value, (list, tuple)):
        return [plain_data(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)
