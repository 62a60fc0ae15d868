"""What a check of derivatives found: a verdict per parameter with its reason, rules at fault, and the cost."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["COLUMNS", "CheckReport", "Cost", "Fault", "ParameterCheck", "Verdict", "place"]


COLUMNS = ("parameter", "shape", "verdict", "relative error", "worst at", "analytic", "numeric", "method")


class Verdict(StrEnum):
    """What can be said about a derivative."""

    RIGHT = "right"
    WRONG = "wrong"
    KINK = "kink"
    NOISY = "too noisy to say"


@dataclass(frozen=True)
class ParameterCheck:
    """What was found for one parameter; the numbers are those of the worst place.

    Parameters
    ----------
    name, shape
        Of the parameter.
    verdict, reason : Verdict, str
        What can be said, and why.
    relative_error : float
        ``|analytic - numeric|`` over the larger of both, or over a thousandth of the parameter's largest
        derivative if that is larger.
    index : tuple of int or None
        The worst element; None if the worst was a random direction through all elements.
    analytic, numeric : float
        The two derivatives there.
    method, step : str, float
        How the numeric one was found: ``"complex step"`` or ``"central difference"``, and its step.
    forward, central, complex : float or None
        The derivative there by the forward difference of the slides, by the central one (both with h = 1e-5),
        and by the complex step; None where an operation on the way does not take complex numbers.
    elements, directions : int
        How many elements were checked one by one, and how many random directions through all.
    """

    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    reason: str
    relative_error: float = math.nan
    index: tuple[int, ...] | None = None
    analytic: float = math.nan
    numeric: float = math.nan
    method: str = ""
    step: float = math.nan
    forward: float | None = None
    central: float | None = None
    complex: float | None = None
    elements: int = 0
    directions: int = 0

    def row(self) -> tuple[str, ...]:
        """Return the parameter's line of the table, as texts under `COLUMNS`."""
        return (
            self.name, place(self.shape, "()"), str(self.verdict), number(self.relative_error),
            "a direction" if self.index is None else place(self.index, "[]"),
            number(self.analytic, 6), number(self.numeric, 6), self.method,
        )  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A wrong rule: the gate, the input whose rule it is, where it stands in the graph, and the two numbers."""

    gate: str
    input: int
    input_name: str
    expression: str
    message: str

    def __str__(self) -> str:
        return f"the rule of gate {self.gate!r} for input {self.input} ({self.input_name}) {self.message}"


@dataclass(frozen=True)
class Cost:
    """What the gradient costs, against numerical differentiation of all P parameters.

    Parameters
    ----------
    parameters : int
        P, the number of elements of all parameters.
    forward_seconds, gradient_seconds : float
        Measured: one evaluation, and one evaluation with the gradient.

    Examples
    --------
    >>> cost = Cost(15_910, forward_seconds=1e-3, gradient_seconds=3e-3)
    >>> cost.forward_evaluations, cost.central_evaluations, round(cost.forward_ratio)
    (15911, 31820, 5304)
    """

    parameters: int
    forward_seconds: float
    gradient_seconds: float

    @property
    def forward_evaluations(self) -> int:
        """P + 1: the point itself, and one step per element."""
        return self.parameters + 1

    @property
    def central_evaluations(self) -> int:
        """2 P: a step to each side per element."""
        return 2 * self.parameters

    @property
    def forward_ratio(self) -> float:
        """The time of forward differences over the time of the gradient."""
        return self.forward_evaluations * self.forward_seconds / self.gradient_seconds

    @property
    def central_ratio(self) -> float:
        """The time of central differences over the time of the gradient."""
        return self.central_evaluations * self.forward_seconds / self.gradient_seconds

    def __str__(self) -> str:
        counts = f"forward differences {self.forward_evaluations:,} evaluations, central {self.central_evaluations:,}"
        if not math.isfinite(self.gradient_seconds):
            return f"cost: {counts}"
        return (
            f"cost: {counts}; the gradient 1 forward and 1 backward: "
            f"{self.forward_ratio:,.3g} and {self.central_ratio:,.3g} times as fast, "
            f"at {self.forward_seconds * 1e3:.3g} ms forward and {self.gradient_seconds * 1e3:.3g} ms with backward"
        )


@dataclass(frozen=True)
class CheckReport:
    """What a check found. Printing it gives a table with the reasons.

    Parameters
    ----------
    loss : float
        The value at which the derivatives were checked.
    parameters : tuple of ParameterCheck
        In the order in which they were given.
    faults : tuple of Fault
        The rules at fault, if any derivative is wrong because of a rule.
    notes : tuple of str
        What was done to make the check possible, such as computing in float64.
    cost : Cost
        Against numerical differentiation.
    """

    loss: float
    parameters: tuple[ParameterCheck, ...]
    cost: Cost
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; kinks, and what is too noisy to say, are reported and not failed."""
        return not any(parameter.verdict is Verdict.WRONG for parameter in self.parameters)

    def __getitem__(self, name: str) -> ParameterCheck:
        return {parameter.name: parameter for parameter in self.parameters}[name]

    def details(self) -> list[str]:
        """Return what the table does not say: reasons, rules at fault, notes and the cost."""
        return [
            *(f"{parameter.name}: {parameter.reason}" for parameter in self.parameters),
            *(f"at fault: {fault}" for fault in self.faults),
            *(f"note: {note}" for note in self.notes),
            str(self.cost),
        ]

    def __str__(self) -> str:
        rows = [COLUMNS, *(parameter.row() for parameter in self.parameters)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, *self.details()])

    def _repr_html_(self) -> str:
        from zanjir.views import escaped, html_table

        table = html_table("gradient check", COLUMNS, [parameter.row() for parameter in self.parameters])
        lines = "".join(f"<li>{escaped(line)}</li>" for line in self.details())
        return f"<div>{table}<ul>{lines}</ul></div>"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as data that JSON can hold; a number that is not finite becomes None."""
        cost = {
            **asdict(self.cost),
            "forward_evaluations": self.cost.forward_evaluations,
            "central_evaluations": self.cost.central_evaluations,
            "forward_ratio": self.cost.forward_ratio,
            "central_ratio": self.cost.central_ratio,
        }
        plain: dict[str, Any] = jsonable({
            "ok": self.ok,
            "loss": self.loss,
            "parameters": [asdict(parameter) for parameter in self.parameters],
            "faults": [asdict(fault) for fault in self.faults],
            "notes": self.notes,
            "cost": cost,
        })  # fmt: skip
        return plain


def jsonable(value: Any) -> Any:
    """Return data with lists for tuples, words for verdicts, and None for numbers that are not finite."""
    if isinstance(value, dict):
        return {name: jsonable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(part) for part in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return str(value) if isinstance(value, Verdict) else value


def place(sizes: tuple[int, ...], brackets: str) -> str:
    """Write a shape as ``(2, 3)`` or an index as ``[0, 1]``; the only element of a single number as nothing.

    Examples
    --------
    >>> place((2, 3), "()"), place((4,), "()"), place((4,), "[]"), place((), "[]")
    ('(2, 3)', '(4,)', '[4]', '-')
    """
    if not sizes:
        return "()" if brackets == "()" else "-"
    comma = "," if len(sizes) == 1 and brackets == "()" else ""
    return f"{brackets[0]}{', '.join(map(str, sizes))}{comma}{brackets[1]}"


def number(value: float, digits: int = 2) -> str:
    """Write a number in a table; nothing where there is none."""
    return "-" if math.isnan(value) else f"{value:.{digits}g}"
