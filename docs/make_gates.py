"""Write docs/gates.md: the table of gates as a reader wants it, from the table itself.

Run ``python docs/make_gates.py``; a test holds the page to the table. The derivatives are the rules, run on named
tensors and printed.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import numpy as np  # noqa: E402

import zanjir.gates  # noqa: E402
from witnesses.gate_samples import inputs_for  # noqa: E402
from zanjir.graph import TABLE, Gate, Tensor, apply, topological_order  # noqa: E402
from zanjir.graph.expression import Expression, expression, operand  # noqa: E402
from zanjir.graph.protocol import FUNCTIONS  # noqa: E402

INTRODUCTION = """# The table of gates

{rows} gates, each declared once in `src/zanjir/gates/`, and {functions} NumPy functions that are written in them.
`g` is what flows into the output `out`; a derivative is the rule that runs, so it can be differentiated again.
Broadcasting is undone by the gradient, for every gate alike. *Error* is relative and holds over the whole domain,
against 50-digit arithmetic. This page is written by `docs/make_gates.py`.
"""


def written(node: Tensor, names: dict[int, str]) -> str:
    """Write a graph as one line of NumPy, with given names for some nodes."""
    texts = {key: Expression(name, name) for key, name in names.items()}
    for x in topological_order([node], stop=names):
        if x.gate:
            texts[id(x)] = expression(x, [texts.get(id(part)) or operand(part, x) for part in x.inputs])
    return texts[id(node)].code


def derivatives(row: Gate) -> list[str]:
    """Return what flows to each input, as code."""
    inputs = [Tensor(x, name) for x, name in zip(inputs_for(row), "xyzuvw", strict=False)]
    out = apply(row, *inputs)
    g = Tensor(np.full(out.shape, 2.0), "g")
    names = {id(x): x.name for x in (*inputs, g)} | {id(out): "out"}
    flows = []
    for x, rule in zip(inputs, row.rules(len(inputs)), strict=True):
        if rule is not None:
            flows.append(f"d{x.name} = `{written(rule(g, out, *inputs, **out.params), names)}`")
    return flows


def interval(row: Gate) -> str:
    """Return the domain of each input."""
    parts = [f"{{{d.low:g}, ..., {d.high:g}}}" if d.integers else f"[{d.low:g}, {d.high:g}]" for d in row.domain]
    return " x ".join(dict.fromkeys(parts)) if len(set(parts)) == 1 else " x ".join(parts)


def line(row: Gate) -> str:
    """Return one row of the page."""
    inputs = inputs_for(row)
    leaves = [Tensor(x, name) for x, name in zip(inputs, "xyzuvw", strict=False)]
    code = written(apply(row, *leaves), {id(x): x.name for x in leaves})
    notes = [kink.convention for kink in row.kinks] + ([row.source] if row.source else [])
    cells = [
        f"**{row.name}**",
        f"`{code}`",
        "<br>".join(derivatives(row)) or "none",
        interval(row),
        f"{row.relative_error:.0e}",
        "; ".join(notes),
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def full_name(function: Any) -> str:
    """Return what a NumPy function is called by, such as ``np.linalg.norm``."""
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np')}.{function.__name__}"


def page() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION.format(rows=len(TABLE), functions=len(FUNCTIONS))]
    for name in sorted(path.stem for path in Path(zanjir.gates.__file__).parent.glob("*.py")):
        module = importlib.import_module(f"zanjir.gates.{name}")
        rows = [v for k, v in vars(module).items() if isinstance(v, Gate) and k in getattr(module, "__all__", ())]
        if rows and name != "__init__":
            head = (
                "| gate | NumPy | derivatives | domain | error | conventions and sources |\n|---|---|---|---|---|---|"
            )
            parts.append(
                "\n".join([f"## {name}", "", module.__doc__.strip().split("\n")[0], "", head, *map(line, rows)])
            )
    functions = sorted({f"`{full_name(f)}`" for f in FUNCTIONS})
    parts.append("\n".join(["## Written in gates", "", "These work on tensors too:", "", ", ".join(functions) + "."]))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "gates.md").write_text(page(), encoding="utf-8")
