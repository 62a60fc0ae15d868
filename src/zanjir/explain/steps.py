"""The tree of steps: plain data, from which every rendering only selects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

import numpy as np

__all__ = ["KINDS", "LONGEST_FRACTION", "VERSION", "Mode", "Path", "Step", "Table", "Written"]

# The form that solution.schema.json describes. No release had it yet, so what was added to it did not change it.
VERSION = 2
LONGEST_FRACTION = 40  # characters; a longer one is read by nobody and shown in decimals
KINDS = ("solution", "given", "forward", "loss", "backward", "update", "proof", "check", "summary")


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
class Mode:
    """How the numbers of a solution were computed.

    Parameters
    ----------
    name : str
        ``"full"`` precision, by ``"hand"`` with every number rounded before it is used, or ``"exact"`` fractions.
    digits : int, optional
        By hand: to how many digits.
    rounding : str, optional
        By hand: ``"half-up"`` or ``"truncated"``.
    places : str, optional
        By hand: ``"significant"`` digits or ``"decimal"`` places.
    """

    name: str = "full"
    digits: int | None = None
    rounding: str | None = None
    places: str | None = None


Value: TypeAlias = Any  # a number, or an array where whole arrays are explained: of float64, or of labels


@dataclass(frozen=True, eq=False)
class Path:
    """One way on which a number acts upon the loss: upstream times local.

    Parameters
    ----------
    through : str
        The quantity that reads the number.
    upstream : str
        The target of the step that found the derivative of the loss with respect to it.
    upstream_value : float, array or None
        That derivative; None in letters.
    local : Written
        The derivative of ``through`` with respect to the number; between arrays, what the gates' rules make of
        upstream.
    local_value : float or None
        Its value; None in letters, and between arrays, where it would have an entry for each pair of theirs.
    product : float, array or None
        Upstream times local; None in letters.
    local_exact, product_exact : str, optional
        In exact arithmetic: both as fractions.
    """

    through: str
    upstream: str
    upstream_value: Value
    local: Written
    local_value: Any
    product: Value
    local_exact: str | None = None
    product_exact: str | None = None


@dataclass(frozen=True)
class Table:
    """Numbers in rows and columns.

    Parameters
    ----------
    columns : tuple of str
        What stands above each column; a word that the catalogs have (``word_mean`` for ``mean``) is shown in the
        language of the reader.
    rows : tuple of tuples
        Cells: numbers, or words as above; None for what was not computed.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True, eq=False)
class Step:
    """One step: what is found, by which rule, from what, and why.

    Parameters
    ----------
    kind : str
        ``"solution"`` (the whole, in ``children``), ``"given"``, ``"forward"``, ``"loss"``, ``"backward"``,
        ``"update"``, ``"proof"`` (a line of one), ``"check"`` or ``"summary"``.
    rule : str
        The rule by name: a gate's, ``"chain rule"``, an update rule's, ``"central difference"``, or
        ``"random points"`` (of a check), ``"definition"`` or ``"identity"`` (of a line of a proof).
    target : str
        What is found: ``net_h1``, ``dL/dw5``, ``w5 new``.
    value : float, array or None
        In full precision; None if it was not computed, which is never shown as 0.
    written : Written, optional
        The expression that gives the value.
    inputs : tuple of str
        Targets of the steps on which it rests.
    paths : tuple of Path
        For a derivative: the paths whose products add up to it.
    numeric : float or array, optional
        For a check: the value found without the chain rule.
    error : float, optional
        For a check: the difference relative to the larger one, the largest of an array.
    ok : bool, optional
        For a check: whether the error is within what differences allow; None at a kink, where they tell nothing.
    points : int
        For a check in letters: at how many random points both sides were compared.
    note : dict of str to str
        Why the line holds, by language; what stands between backticks is a formula. Of the whole, its title.
    children : tuple of Step
        Its parts: of a check, the step ``h`` of its difference.
    table : Table, optional
        For a summary: numbers of other steps beside each other.
    reason : str
        Which sentence of the catalogs says why, beside the chain rule: ``"shifted"`` for ``reason_shifted``.
    exact : str, optional
        In exact arithmetic: the value as a fraction, ``"7/10"``.
    unrounded : float, optional
        By hand: the value that full precision gives.
    mode : Mode, optional
        Of the whole: how its numbers were computed.
    """

    kind: str
    rule: str
    target: str
    value: Value | None = None
    written: Written | None = None
    inputs: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    numeric: Value | None = None
    error: float | None = None
    ok: bool | None = None
    points: int = 0
    note: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Step, ...] = field(default=())
    table: Table | None = None
    reason: str = ""
    exact: str | None = None
    unrounded: float | None = None
    mode: Mode | None = None

    @property
    def wrt(self) -> str:
        """The number after which the target differentiates: ``w5`` of ``dL/dw5``."""
        return self.target.partition("/d")[2]

    @property
    def local_paths(self) -> tuple[Path, ...]:
        """The paths with a local derivative of their own; between arrays, upstream stands in it and in the line."""
        return tuple(path for path in self.paths if path.upstream not in path.local.symbolic)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value: ``()`` of a number."""
        return np.shape(self.value) if self.value is not None else ()

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """Return the tree as JSON data, with the version of its form at the root, and why each value is what it is.

        Parameters
        ----------
        language : str
            Of the reasons: ``"en"`` or ``"fa"``.

        Examples
        --------
        >>> Step("given", "given", "x", 2.0).as_json()["why"]
        'x is given.'
        """
        from zanjir.explain.words import why  # the words are about steps

        return {"version": VERSION, **plain(self, lambda step: why(language, step))}

    def every(self, *kinds: str) -> list[Step]:
        """Return the steps of some kinds, in order."""
        return [found for child in self.children for found in ([child] if child.kind in kinds else child.every(*kinds))]

    def value_of(self, target: str) -> Value | None:
        """Return the value of a target.

        Raises
        ------
        KeyError
            If no step finds it.
        """
        for child in self.children:
            if child.target == target and child.kind not in {"check", "summary"}:
                return child.value
        raise KeyError(target)


def plain(part: Any, why: Callable[[Step], str]) -> Any:
    """Return a part of the tree as JSON data; a step says its shape, and why."""
    match part:
        case Step() | Path() | Table() | Written() | Mode():
            facts = {entry.name: plain(getattr(part, entry.name), why) for entry in fields(part)}
            return {**facts, "shape": list(part.shape), "why": why(part)} if isinstance(part, Step) else facts
        case np.ndarray():
            return part.tolist()
        case tuple():
            return [plain(item, why) for item in part]
    return part
