"""The tree of steps: plain data, from which every rendering only selects."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["KINDS", "VERSION", "Path", "Step", "Written"]

VERSION = 1
KINDS = ("solution", "given", "forward", "backward", "update", "check")


@dataclass(frozen=True)
class Written:
    """An expression, with names and with the numbers put in.

    Parameters
    ----------
    symbolic, substituted : str
        In NumPy's notation.
    symbolic_latex, substituted_latex : str
        As formulas.
    """

    symbolic: str
    substituted: str
    symbolic_latex: str
    substituted_latex: str


@dataclass(frozen=True)
class Path:
    """One way on which a number acts upon the loss: upstream times local.

    Parameters
    ----------
    through : str
        The quantity that reads the number.
    upstream : str
        The target of the step that found the derivative of the loss with respect to it.
    upstream_value : float
        That derivative.
    local : Written
        The derivative of ``through`` with respect to the number.
    local_value : float
        Its value.
    product : float
        Upstream times local.
    """

    through: str
    upstream: str
    upstream_value: float
    local: Written
    local_value: float
    product: float


@dataclass(frozen=True)
class Step:
    """One step: what is found, by which rule, from what, and why.

    Parameters
    ----------
    kind : str
        ``"solution"`` (the whole, in ``children``), ``"given"``, ``"forward"``, ``"backward"``, ``"update"`` or
        ``"check"``.
    rule : str
        The rule by name: a gate's, ``"chain rule"``, an update rule's, or ``"central difference"``.
    target : str
        What is found: ``net_h1``, ``dL/dw5``, ``w5 new``.
    value : float or None
        In full precision; None if it was not computed, which is never shown as 0.
    written : Written, optional
        The expression that gives the value.
    inputs : tuple of str
        Targets of the steps on which it rests.
    paths : tuple of Path
        For a derivative: the paths whose products add up to it.
    numeric, error : float, optional
        For a check: the value found without the chain rule, and the difference relative to the larger one.
    ok : bool, optional
        For a check: whether the error is within what differences allow; None at a kink, where they tell nothing.
    children : tuple of Step
        Its parts: of an update, the rule's settings and state that it reads, and the numbers found on the way.
    """

    kind: str
    rule: str
    target: str
    value: float | None = None
    written: Written | None = None
    inputs: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    numeric: float | None = None
    error: float | None = None
    ok: bool | None = None
    children: tuple[Step, ...] = field(default=())

    @property
    def wrt(self) -> str:
        """The number after which the target differentiates: ``w5`` of ``dL/dw5``."""
        return self.target.partition("/d")[2]

    def as_json(self) -> dict[str, Any]:
        """Return the tree as JSON data, with the version of its form at the root.

        Examples
        --------
        >>> Step("given", "given", "x", 2.0).as_json()["target"]
        'x'
        """
        return {"version": VERSION, **asdict(self)}

    def every(self, kind: str) -> list[Step]:
        """Return the steps of a kind, in order."""
        return [found for child in self.children for found in ([child] if child.kind == kind else child.every(kind))]

    def value_of(self, target: str) -> float | None:
        """Return the value of a target.

        Raises
        ------
        KeyError
            If no step finds it.
        """
        for child in self.children:
            if child.target == target and child.kind != "check":
                return child.value
        raise KeyError(target)
