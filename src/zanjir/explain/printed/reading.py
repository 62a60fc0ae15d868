"""The numbers of a problem as someone solves it by hand: their values, the usual slips, and what rounding does."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from zanjir.errors import ZanjirError
from zanjir.explain.problems.formula import parsed
from zanjir.explain.problems.problem import Problem
from zanjir.explain.steps import Step
from zanjir.graph import Tensor, gradient

__all__ = ["CARRIED_DIGITS", "NAME", "Reading", "digits_of", "identifier"]

CARRIED_DIGITS = 3
HALF, ONE_AND_A_HALF = Decimal("0.5"), Decimal("1.5")
# A float and the decimal it stands for differ by this part of it at most.
NOISE = 1e-12
NAME = r"(?<![\w.])[^\W\d]\w*"  # not the e of 1e-3


class Reading:
    """The values of a problem by target, and how far rounded intermediate values can move each.

    Parameters
    ----------
    problem : Problem
        The problem, with the given numbers of this reading.

    Examples
    --------
    >>> reading = Reading(Problem("f", {"x": 2.0, "y": 3.0}, {"q": "x / y", "f": "6 * q"}, symbol="f"))
    >>> reading.values["f"], reading.values["df/dx"], reading.reach["f"]
    (4.0, 2.0, 0.003)
    """

    def __init__(self, problem: Problem) -> None:
        steps = [step for step in problem.solution(level="scalars").children if step.kind != "check"]
        self.symbol = problem.symbol
        self.values = {step.target: step.value for step in steps if step.value is not None}
        self.reach = reaches(steps, self.values, problem.rule.learning_rate if problem.rule else 0.0)
        paths = [(path, step.wrt) for step in steps for path in step.paths]
        slopes = {f"d{path.through}/d{name}": path.local_value for path, name in paths}
        self.named = {identifier(name): value for name, value in {**slopes, **self.values}.items()}

    def slips(self, target: str) -> Iterator[tuple[tuple[str, ...], float]]:
        """Yield the value of a target, and that which it has by a slip of sign, with the slip."""
        value = self.values[target]
        yield (), value
        old = self.before(target)
        if old is None:
            yield ("sign",), -value
        else:
            yield ("ascent",), 2 * old - value

    def before(self, target: str) -> float | None:
        """Return the value before the update; None for what no update gives."""
        name = target.removesuffix(" new")
        return self.values.get(name) if name != target else None

    def sort(self, target: str) -> str:
        """Return what sort of number a target names: an updated one, a derivative, or another."""
        if target.endswith(" new"):
            return "new"
        return "derivative" if target.startswith(f"d{self.symbol}/") else "value"


def identifier(text: str) -> str:
    """Return a text in which every target is one name, as formulas need it.

    Examples
    --------
    >>> identifier("dL/dnet_h1 * x1"), identifier("w5 new")
    ('dL_dnet_h1 * x1', 'w5_new')
    """
    return re.sub(r"(\w) new\b", r"\1_new", re.sub(r"\bd([^\W\d]\w*)/d(\w+)", r"d\1_d\2", text))


def digits_of(value: float, printed: Decimal, reach: float = 0.0) -> str:
    """Return how the digits of a printed number come from a value; nothing if they do not.

    Parameters
    ----------
    value : float
        The value in full precision.
    printed : Decimal
        The number as printed.
    reach : float
        How far rounded intermediate values can move it.

    Returns
    -------
    how : str
        ``"right"`` if rounded, ``"truncated"``, ``"last_digit"`` if off by one there, ``"rounded"`` if within reach,
        or ``""``.

    Examples
    --------
    >>> [digits_of(0.7918, Decimal(printed)) for printed in ("0.792", "0.791", "0.793", "0.8", "0.7")]
    ['right', 'truncated', 'last_digit', 'right', 'truncated']
    """
    if not math.isfinite(value):
        return ""
    parts = printed.as_tuple()
    unit = Decimal((0, (1,), int(parts.exponent)))
    exact = Decimal(value)
    noise = Decimal(NOISE * abs(value))
    off = abs(exact - printed)
    if off <= unit * HALF + noise:
        return "right"
    if abs(printed) < abs(exact) and off < unit:
        return "truncated"
    # Of a single digit, one more or less is another number.
    if len(parts.digits) > 1 and off <= unit * ONE_AND_A_HALF + noise:
        return "last_digit"
    return "rounded" if off <= Decimal(reach) + unit * HALF else ""


def reaches(steps: Sequence[Step], values: Mapping[str, float], rate: float) -> dict[str, float]:
    """Return how far each number can move if those it rests on were rounded to three digits, to first order.

    A step whose expression cannot be read back has none: a rule such as Adam's, or a choice such as that of ReLU.
    """
    known = {identifier(target): Tensor(value, identifier(target)) for target, value in values.items()}
    known["eta"] = Tensor(rate, "eta")
    moves: dict[str, float] = {}
    for step in steps:
        text = "" if step.kind == "given" else text_of_step(step)
        leaves = {name: known[name] for name in re.findall(NAME, text) if name in known}
        if not leaves:
            continue
        try:
            slopes = gradient(parsed(text, leaves), leaves)
        except ZanjirError:
            continue
        moves[identifier(step.target)] = sum(
            abs(float(slope.value)) * (moves[name] + half_unit(float(leaves[name].value)))
            for name, slope in slopes.items()
            if name in moves
        )
    return {target: moves[identifier(target)] for target in values if identifier(target) in moves}


def text_of_step(step: Step) -> str:
    """Return the expression of a step in names that a formula may read: a derivative's with the slopes put in."""
    if step.paths:
        return " + ".join(f"{identifier(path.upstream)} * ({path.local.symbolic})" for path in step.paths)
    return identifier(step.written.symbolic) if step.written else ""


def half_unit(value: float) -> float:
    """Return half a unit of the last digit that is carried on."""
    return 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - CARRIED_DIGITS + 1) if value else 0.0
