"""Compare random expressions of the whole table with PyTorch, report, and store some of them.

Run ``PYTHONPATH=tests python tests/oracle/make_expressions.py``; 2,000 expressions take a few minutes. What is
stored covers every gate, and runs without PyTorch. Numbers are written with all digits.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import hypothesis
import numpy as np
import torch

from oracle.comparing import AGREEMENT, FOUND, TOO_LARGE, errors
from oracle.growing import EXCLUDED, GROWN, PROGRAMS
from oracle.programs import Program, encoded
from oracle.torch_side import expected, reached
from zanjir.graph import TABLE

STORED = Path(__file__).with_name("expressions.json")
Found = tuple[Program, list[str], dict[str, Any]]


def compared(n_examples: int, seed: int) -> tuple[list[Found], np.ndarray[Any, Any]]:
    """Return random programs with what PyTorch found, and the errors of each."""
    found: list[Found] = []
    worst: list[list[float]] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=n_examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(PROGRAMS)
    def compare(drawn: tuple[Program, list[str]]) -> None:
        program, applied = drawn
        theirs = expected(program)
        hypothesis.assume(theirs["sizes"][-1] < TOO_LARGE)
        found.append((program, applied, {**theirs, "reached": reached(program)}))
        worst.append(errors(program, theirs))

    compare()
    return found, np.array(worst)


def sample(found: list[Found], n: int) -> list[Found]:
    """Choose programs that cover every gate and every rule, those first that add most for their length."""
    rest, chosen = dict(enumerate(found)), []
    sizes = [len(as_json(one)) for one in found]
    missing = {*GROWN}.union(*(theirs["reached"] for _, _, theirs in found))
    while rest and len(chosen) < n:
        best = max(rest, key=lambda k: (len(missing & covered(rest[k])) / sizes[k], -sizes[k]))
        chosen.append(rest.pop(best))
        missing -= covered(chosen[-1])
    return chosen


def covered(one: Found) -> set[Any]:
    """The gates of a program, and the inputs of gates through which something flows."""
    return {*one[1], *one[2]["reached"]}


def as_json(one: Found) -> str:
    """Write a program and what PyTorch found as one line."""
    program, _, theirs = one
    fields = {"steps": list(program.steps), "directions": list(program.directions)}
    fields |= {name: theirs[name] for name in (*FOUND, "sizes")}
    return json.dumps(encoded(fields), separators=(",", ":"))


def report(found: list[Found], worst: np.ndarray[Any, Any], seed: int) -> Iterator[str]:
    """Say how many were compared, how far they differ, and how often each gate was reached."""
    used = Counter(name for _, names, _ in found for name in set(names))
    flowing = Counter(pair for *_, theirs in found for pair in theirs["reached"])
    rules = sorted((flowing[name, i], name, i) for name in GROWN for i, rule in enumerate(TABLE[name].vjp) if rule)
    yield f"{len(found)} expressions, seed {seed}; NumPy {np.__version__}, PyTorch {torch.__version__}, float64"
    rarest = min(GROWN, key=used.__getitem__)
    yield f"gates: {len(used)} of {len(TABLE)}, all but {', '.join(EXCLUDED)}; rarest: {rarest} in {used[rarest]}"
    for name, column in zip(FOUND, worst.T, strict=True):
        yield f"worst error of the {name}: {column.max():.1e}; above {AGREEMENT}: {(column > AGREEMENT).sum()}"
    least = ", ".join(f"{name}[{i}] {n}" for n, name, i in rules[:6])
    yield f"rules: {len(rules)}; the rarest that pass a flow to a variable: {least}"


@click.command()
@click.option("--examples", default=2000, help="How many expressions to compare.")
@click.option("--seed", default=2, help="Hypothesis' seed.")
@click.option("--keep", default=60, help="How many to store; 0 stores nothing.")
def main(examples: int, seed: int, keep: int) -> None:
    """Compare, report and store."""
    found, worst = compared(examples, seed)
    click.echo("\n".join(report(found, worst, seed)))
    if keep:
        lines = ",\n".join(map(as_json, sample(found, keep)))
        head = f'"torch": "{torch.__version__}", "numpy": "{np.__version__}", "seed": {seed}'
        STORED.write_text(f'{{{head}, "expressions": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
