"""The gates of the lecture notes as objects with ``forward`` and ``backward``, one class per row of the table.

>>> from zanjir.gates.objects import MultiplyGate
>>> gate = MultiplyGate()
>>> gate.forward(2, 3), gate.backward(5)
(6, [15, 10])

The classes are made from their rows when they are asked for: ``AddGate``, ``ExpGate``, ``SumGate(axis=0)`` ...
``dir(zanjir.gates.objects)`` lists them.
"""

from __future__ import annotations

import difflib

from zanjir.graph.gate import TABLE
from zanjir.graph.gate_object import GateObject, class_name, documentation

__all__ = ["GateObject"]


def __getattr__(name: str) -> type[GateObject]:
    """Make the class of a row, once (PEP 562)."""
    rows = {class_name(row): row for row in TABLE.values()}
    if name not in rows:
        near = difflib.get_close_matches(name, rows, n=3)
        hint = f"near names: {', '.join(near)}" if near else "dir(zanjir.gates.objects) lists what there is"
        raise AttributeError(f"no gate object {name!r}; {hint}.")
    row = rows[name]
    made = type(name, (GateObject,), {"row": row, "__doc__": documentation(row), "__module__": __name__})
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    """List the classes that the table gives."""
    return sorted([*__all__, *(class_name(row) for row in TABLE.values())])
