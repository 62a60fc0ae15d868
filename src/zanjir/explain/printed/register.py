"""The register of the lecture notes' errors: what is printed, what is right, and why, in each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zanjir.explain.arithmetic import rounded
from zanjir.explain.printed.audit import Finding, audit
from zanjir.explain.printed.claim_file import claims
from zanjir.explain.problems.library import problem
from zanjir.explain.words import CATALOGS

__all__ = ["Entry", "register"]


@dataclass(frozen=True)
class Entry:
    """An error of the notes.

    Parameters
    ----------
    place : str
        Its number in the table of recomputed numbers.
    where : str
        Where it stands in the notes.
    printed, right : str
        What is printed, and what should be.
    value : float or None
        The right number, that of an example if an expression is printed; None if there is no such number.
    reason : dict of str to str
        Why it is wrong, by language.
    """

    place: str
    where: str
    printed: str
    right: str
    value: float | None
    reason: Mapping[str, str]


def register() -> tuple[Entry, ...]:
    """Return every error of the notes that is registered; those of homework 1 are found anew by its audit.

    Examples
    --------
    >>> first = register()[0]
    >>> first.place, first.printed, first.right
    ('N3', '-log 0.13 = 0.89', '-ln 0.13 = 2.040221')
    """
    text = Path(__file__).with_name("register.toml").read_text(encoding="utf-8")
    written = tuple(Entry(**facts) for facts in tomllib.loads(text)["entries"])
    printed = claims("homework-1")
    found = audit(printed, problem(printed.problem))
    return (*written, *(entry_of(finding) for finding in found if not finding.ok))


def entry_of(finding: Finding) -> Entry:
    """Return an error that an audit found."""
    claim = finding.claim
    shown = claim.formula if claim.printed is None else str(claim.printed)
    right = "-" if finding.right is None else rounded(finding.right)
    reason = {language: finding.sentence(language) for language in CATALOGS}
    place, _, part = claim.place.partition(", ")
    where = f"homework 1, {part}" if part else "homework 1"
    return Entry(place, where, f"{claim.target} = {shown}", f"{claim.target} = {right}", finding.right, reason)
