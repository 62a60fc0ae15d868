"""The audit of a printed solution: each printed number against the right one, and the likely cause of each error."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from zanjir.errors import DataError, ZanjirError, choose
from zanjir.explain.arithmetic import rounded
from zanjir.explain.points import random_points
from zanjir.explain.printed.claim_file import Claim, Claims
from zanjir.explain.printed.reading import CARRIED_DIGITS, NAME, Reading, digits_of, identifier
from zanjir.explain.problems.formula import FUNCTIONS, value_at
from zanjir.explain.problems.problem import Problem
from zanjir.explain.words import CATALOGS, said
from zanjir.graph.order import topological_order

__all__ = ["Finding", "audit"]

# Printed numbers within this fit a reading of the problem: above what rounding does, below what other numbers do.
FIT = 0.01
# How much each cause asks one to believe; that which asks least is named.
COSTS = {
    "right": 0, "truncated": 1, "last_digit": 2, "rounded": 3, "sign": 2, "ascent": 2, "variant": 5, "mislabeled": 6,
}  # fmt: skip
# A single digit is that of many numbers.
FEWEST_DIGITS = 2
# What a finding says in fields of their own.
COLUMNS = ("target", "printed", "right")
# Two ways to compute the same number in float64 differ by less.
NEAR = 1e-9
# At how many random points a formula with another index must hold.
READINGS = 2


@dataclass(frozen=True)
class Finding:
    """What an audit says of one claim.

    Parameters
    ----------
    claim : Claim
        What is printed.
    right : float or None
        The right value; None if the problem has no such number.
    verdicts : tuple of str
        What is found, the main thing first: ``"right"``, ``"sign"``, ``"ascent"``, ``"mislabeled"``, ``"variant"``,
        ``"given"``, ``"fits"``, ``"truncated"``, ``"last_digit"``, ``"rounded"``, ``"hidden"``, ``"no_such"``,
        ``"line"``, ``"formula"``, ``"formula_sign"``, ``"reads"``, ``"index"`` or ``"unexplained"``.
    facts : dict of str to object
        What the sentences name.
    """

    claim: Claim
    right: float | None
    verdicts: tuple[str, ...]
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether what is printed is right to its digits."""
        return self.verdicts[0] == "right"

    def sentence(self, language: str = "en") -> str:
        """Return what is found and its likely cause, in a language."""
        return " ".join(said(language, f"audit_{verdict}", **self.facts) for verdict in self.verdicts)

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON data, with its sentence in each language."""
        claim = self.claim
        printed = None if claim.printed is None else str(claim.printed)
        return {
            "place": claim.place, "target": claim.target, "label": claim.label or claim.target, "printed": printed,
            "right": self.right, "ok": self.ok, "verdict": self.verdicts[0], "verdicts": list(self.verdicts),
            "facts": {key: str(value) for key, value in self.facts.items() if key not in COLUMNS},
            "sentence": {language: self.sentence(language) for language in CATALOGS},
        }  # fmt: skip


def audit(printed: Claims, problem: Problem) -> list[Finding]:
    """Compare a printed solution with the right one.

    Parameters
    ----------
    printed : Claims
        What is claimed.
    problem : Problem
        What it claims to solve.

    Returns
    -------
    findings : list of Finding
        One for each claim, in order: of its value, its line and its formula.

    Raises
    ------
    ParameterError, DataError
        If a variant changes what is not given, or a line or formula cannot be read.

    Examples
    --------
    >>> from zanjir.explain import claims, problem
    >>> findings = audit(claims("homework-1"), problem("homework-1-computed"))
    >>> findings[17].claim.target, str(findings[17].claim.printed), findings[17].verdicts
    ('dL/dw5', '-0.0766', ('sign',))
    """
    return Audit(printed, problem).findings()


@dataclass(frozen=True)
class Cause:
    """A reading that gives a printed number."""

    verdicts: tuple[str, ...]
    facts: Mapping[str, object]

    @property
    def cost(self) -> int:
        """How much it asks one to believe."""
        return sum(COSTS[verdict] for verdict in self.verdicts)


class Audit:
    """The state of one audit: the right values, and those of each variant."""

    def __init__(self, printed: Claims, problem: Problem) -> None:
        if problem.letters:
            raise DataError(f"{next(iter(problem.letters))} is a letter; an audit compares numbers, so give it one.")
        self.printed, self.problem = printed, problem
        self.right = Reading(problem)

    @cached_property
    def variants(self) -> dict[str, Reading]:
        """The values of each variant that changes something."""
        return {name: self.with_given(changes) for name, changes in self.printed.variants.items()
                if any(self.problem.given.get(key) != value for key, value in changes.items())}  # fmt: skip

    def with_given(self, changes: Mapping[str, float]) -> Reading:
        """Return the values that other given numbers lead to."""
        for name in changes:
            choose("given number", name, dict(self.problem.given))
        return Reading(replace(self.problem, given={**self.problem.given, **changes}))

    def findings(self) -> list[Finding]:
        """Return what is found of each claim."""
        _ = self.variants  # what a variant cannot change is said first
        found = []
        for number, claim in enumerate(self.printed.claims, start=1):
            try:
                found.append(self.finding(claim))
            except ZanjirError as error:
                raise type(error)(f"claim {number}: {error}") from error
        return found

    def finding(self, claim: Claim) -> Finding:
        """Return what is found of one claim: of its value, its line and its formula."""
        right = self.right.values.get(claim.target)
        causes = [self.of_value(claim, claim.printed)] if claim.printed is not None else []
        causes += [*self.of_line(claim), *self.of_formula(claim)]
        verdicts = [verdict for cause in causes for verdict in cause.verdicts]
        # A value that is right does not make right the line that leads to it.
        wrong = [verdict for verdict in verdicts if verdict != "right"]
        if set(wrong) <= {"hidden"}:
            wrong = ["right", *wrong]
        facts: dict[str, object] = {"target": claim.target, "printed": claim.printed}
        for cause in causes:
            facts |= cause.facts
        return Finding(claim, right, tuple(wrong), facts)

    def of_value(self, claim: Claim, printed: Decimal) -> Cause:
        """Return the cause that explains a printed value best."""
        if claim.target in self.problem.given:
            return self.of_given(claim, printed)
        causes = [
            *self.own(claim.target, printed, self.right),
            *self.of_others(claim.target, printed, self.right),
            *self.by_variant(claim.target, printed),
        ]
        best = min(causes, key=lambda cause: cause.cost, default=Cause(("unexplained",), {}))
        verdicts = best.verdicts
        if claim.target not in self.right.values:
            verdicts = ("no_such", *verdicts)
        target = str(best.facts.get("other", claim.target))
        old = self.right.before(target)
        if old is not None and digits_of(old, printed) == "right":
            verdicts = (*verdicts, "hidden")
        return Cause(verdicts, best.facts)

    def of_given(self, claim: Claim, printed: Decimal) -> Cause:
        """Return whether a given number is the problem's, and which of both the printed results fit."""
        right = self.problem.given[claim.target]
        if digits_of(right, printed) == "right":
            return Cause(("right",), {})
        facts: dict[str, object] = {"right": rounded(right)}
        try:
            other = self.with_given({claim.target: float(printed)})
        except ZanjirError:  # with this number the problem has no finite values, which nothing printed can fit
            return Cause(("given",), facts)
        if not (results := self.results()):
            return Cause(("given",), facts)
        facts |= {"fits": fits(results, self.right), "misfits": fits(results, other), "count": len(results)}
        return Cause(("given", "fits"), facts)

    def results(self) -> dict[str, list[float]]:
        """Return the magnitudes printed of each number that is computed before the update."""
        found: dict[str, list[float]] = {}
        for claim in self.printed.claims:
            computed = claim.target in self.right.values and claim.target not in self.problem.given
            if claim.printed is not None and computed and self.right.sort(claim.target) != "new":
                found.setdefault(claim.target, []).append(abs(float(claim.printed)))
        return found

    def own(self, target: str, printed: Decimal, values: Reading) -> Iterator[Cause]:
        """Yield the slips by which a target's own value may have become the printed one."""
        if target not in values.values:
            return
        for slip, value in values.slips(target):
            reach = values.reach.get(target, 0.0)
            if digits := digits_of(value, printed, reach):
                facts = {"digits": CARRIED_DIGITS, "reach": rounded(reach, 2)}
                yield Cause((*slip, digits), facts)

    def by_variant(self, target: str, printed: Decimal) -> Iterator[Cause]:
        """Yield the variants that give the printed value."""
        for name, values in self.variants.items():
            changes = ", ".join(f"{key} = {rounded(x)}" for key, x in self.printed.variants[name].items())
            for cause in (*self.own(target, printed, values), *self.of_others(target, printed, values)):
                yield Cause(("variant", *cause.verdicts), {**cause.facts, "variant": name, "changes": changes})

    def of_others(self, target: str, printed: Decimal, values: Reading) -> Iterator[Cause]:
        """Yield the other numbers of the same sort that have the printed value."""
        if len(printed.as_tuple().digits) < FEWEST_DIGITS:
            return
        for other in values.values:
            if other == target or other in self.problem.given or values.sort(other) != values.sort(target):
                continue
            for slip, value in values.slips(other):
                digits = digits_of(value, printed)
                if digits in ("right", "truncated"):  # anything further would be a coincidence
                    yield Cause(("mislabeled", *slip, digits), {"other": other})

    def of_line(self, claim: Claim) -> Iterator[Cause]:
        """Yield that a line of numbers does not give what is printed after it."""
        if not claim.line or claim.printed is None:
            return
        if names := names_in(claim.line):
            raise DataError(f"the line {claim.line!r} reads {names[0]}; expected numbers only, and names in formula.")
        value = computed(claim.line, {})
        if digits_of(value, claim.printed) not in ("right", "truncated"):
            yield Cause(("line",), {"line": claim.line, "value": rounded(value)})

    def of_formula(self, claim: Claim) -> Iterator[Cause]:
        """Yield that a formula does not give the right value even with the right numbers."""
        if not claim.formula:
            return
        text = identifier(claim.formula)
        names = names_in(text)
        if missing := [name for name in names if name not in self.right.named]:
            shown = ", ".join(map(as_target, missing))
            yield Cause(("reads",), {"formula": claim.formula, "names": shown})
            yield from self.of_index(claim.target, text)
            return
        right = self.right.values.get(claim.target)
        if right is None:
            raise DataError(f"{claim.target!r} is no number of the problem; a formula is compared with its value.")
        value = computed(text, {name: self.right.named[name] for name in names})
        near = NEAR * abs(right)
        if abs(value - right) > near:
            verdict = "formula_sign" if abs(value + right) <= near else "formula"
            yield Cause((verdict,), {"formula": claim.formula, "result": rounded(value)})
            yield from self.of_index(claim.target, text)

    def of_index(self, target: str, text: str) -> Iterator[Cause]:
        """Yield that a formula becomes right, at random points too, with other digits in one of its names."""
        for wrong in names_in(text):
            alike = [name for name in self.right.named if letters_in(name) == letters_in(wrong) and name != wrong]
            for instead in alike:
                fixed = re.sub(rf"(?<![\w.]){wrong}\b", instead, text)
                if all(holds(reading, target, fixed) for reading in (self.right, *self.elsewhere)):
                    yield Cause(("index",), {"wrong": as_target(wrong), "instead": as_target(instead)})
                    return

    @cached_property
    def elsewhere(self) -> list[Reading]:
        """The values of the problem at random given numbers, with which no two numbers agree by chance."""
        named = [node for node in topological_order([self.problem.loss]) if node.name]
        leaves = [node for node in named if node.gate is None]
        points = random_points(leaves, named)[:READINGS]
        return [self.with_given({leaf.name or "": float(x) for leaf, x in point.items()}) for point in points]


def fits(results: Mapping[str, Sequence[float]], values: Reading) -> int:
    """Return how many printed magnitudes are near the values of a reading."""
    return sum(
        any(abs(printed - abs(values.values[target])) <= FIT * abs(values.values[target]) for printed in each)
        for target, each in results.items()
    )


def holds(reading: Reading, target: str, text: str) -> bool:
    """Whether a formula gives the value of a target."""
    names, right = names_in(text), reading.values.get(target)
    if right is None or any(name not in reading.named for name in names):
        return False
    try:
        value = computed(text, {name: reading.named[name] for name in names})
    except ZanjirError:  # with this name it gives no finite number
        return False
    return bool(abs(value - right) <= NEAR * abs(right))


def letters_in(name: str) -> str:
    """Return a name without its digits."""
    return re.sub(r"\d", "", name)


def as_target(name: str) -> str:
    """Return a derivative's name as targets are written.

    Examples
    --------
    >>> as_target("dL_dnet_h1"), as_target("w5")
    ('dL/dnet_h1', 'w5')
    """
    return re.sub(r"^d([A-Za-z]\w*?)_d", r"d\1/d", name)


def names_in(text: str) -> list[str]:
    """Return the names that a formula reads."""
    return [name for name in dict.fromkeys(re.findall(NAME, text)) if name not in FUNCTIONS]


def computed(text: str, values: Mapping[str, float]) -> float:
    """Return the value of a formula at some numbers.

    Raises
    ------
    DataError
        If it is no formula, or gives no finite number.
    """
    value = value_at(text, values)
    if not math.isfinite(value):
        raise DataError(f"{text!r} gives {value}, expected a finite number.")
    return value
