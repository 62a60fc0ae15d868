"""Printed solutions as files: which values are claimed, with the digits printed, in TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from zanjir.errors import DataError, ZanjirError, choose
from zanjir.explain.problems.toml_file import check_keys, numbers_of, table, text_of, titles_of

__all__ = ["CLAIMS", "Claim", "Claims", "claims", "claims_from_text"]

CLAIMS = {path.stem: path for path in sorted((Path(__file__).parent / "claims").glob("*.toml"))}
KEYS = ("title", "problem", "variants", "claims")
CLAIM_KEYS = ("target", "printed", "place", "label", "line", "formula")
MOST_CLAIMS = 2000
# Beyond, a number is no longer one that someone printed, and a float holds no more.
MOST_DIGITS, LARGEST_EXPONENT = 17, 300


@dataclass(frozen=True)
class Claim:
    """What is printed of one number.

    Parameters
    ----------
    target : str
        What it is said to be, by the names of the problem: ``net_h1``, ``dL/dw5``, ``w5 new``.
    printed : Decimal, optional
        The value, with the digits printed; none if only a formula is.
    place : str
        Where it stands.
    label : str
        How it is written there, if otherwise.
    line : str
        The numbers it is said to be computed from, as printed: ``0.594 * 0.40 + 0.35``.
    formula : str
        The formula as printed, by the names of the problem.
    """

    target: str
    printed: Decimal | None = None
    place: str = ""
    label: str = ""
    line: str = ""
    formula: str = ""


@dataclass(frozen=True)
class Claims:
    """A printed solution.

    Parameters
    ----------
    titles : str or mapping of str to str
        What it is called.
    claims : tuple of Claim
        What it says, in order.
    problem : str
        The problem it solves, by its name or as a file beside the claims.
    variants : dict of str to dict
        Other given numbers with which it may have been computed, by the name of the variant.
    """

    titles: str | Mapping[str, str]
    claims: tuple[Claim, ...]
    problem: str = ""
    variants: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def claims(name: str | Path) -> Claims:
    """Return a printed solution of the lectures by its name, or one from a file.

    Raises
    ------
    ParameterError, DataError
        If there is no such solution, or the file holds none.

    Examples
    --------
    >>> claims("homework-1").claims[0]
    Claim(target='net_h1', printed=Decimal('0.3825'), place='N79', label='', line='0.05 * 0.15 + 0.1 * 0.25 + 0.35', \
formula='')
    """
    path = Path(name)
    if path.suffix != ".toml" and not path.is_file():
        path = choose("printed solution", str(name), CLAIMS)
    text = text_of(path, "a printed solution")
    try:
        found = claims_from_text(text)
    except ZanjirError as error:
        raise type(error)(f"{path}: {error}") from error
    if found.problem.endswith(".toml"):  # a file beside the claims
        return replace(found, problem=str(path.parent / found.problem))
    return found


def claims_from_text(text: str) -> Claims:
    """Return the printed solution that a TOML text holds.

    Raises
    ------
    DataError, ParameterError
        If it holds none.

    Examples
    --------
    >>> claims_from_text('''
    ... [[claims]]
    ... target = "f"
    ... printed = 0.50
    ... ''').claims[0].printed
    Decimal('0.50')
    """
    try:
        facts = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise DataError(f"the printed solution is no TOML: {error}.") from error
    check_keys(facts, KEYS, "the printed solution")
    found = facts.get("claims")
    if not isinstance(found, list) or not found:
        raise DataError("the printed solution has no claims; expected [[claims]], one for each printed number.")
    if len(found) > MOST_CLAIMS:
        raise DataError(f"the printed solution has {len(found):,} claims; expected at most {MOST_CLAIMS:,}.")
    read = tuple(claim(number, entry) for number, entry in enumerate(found, start=1))
    variants = {name: variant(name, table(table(facts, "variants"), name)) for name in table(facts, "variants")}
    return Claims(titles_of(facts.get("title", "printed solution")), read, str(facts.get("problem", "")), variants)


def variant(name: str, changes: Mapping[str, Any]) -> dict[str, float]:
    """Return the given numbers of a variant."""
    numbers = {key: float(value) if isinstance(value, Decimal) else value for key, value in changes.items()}
    try:
        return numbers_of(numbers, {})
    except DataError as error:
        raise DataError(f"[variants.{name}]: {error}") from error


def claim(number: int, entry: Any) -> Claim:
    """Return one claim of the file."""
    where = f"claim {number}"
    if not isinstance(entry, dict):
        raise DataError(f"{where} is {entry!r}, expected a table: [[claims]].")
    check_keys(entry, CLAIM_KEYS, where)
    printed = entry.get("printed")
    if printed is None and not entry.get("formula"):
        raise DataError(f"{where} has neither a printed value nor a formula; expected one of both.")
    texts = {key: entry.get(key, "") for key in CLAIM_KEYS if key != "printed"}
    wrong = next((key for key, value in texts.items() if not isinstance(value, str)), None)
    if wrong:
        raise DataError(f"{where}: {wrong} is {texts[wrong]}, expected a text in quotes.")
    if not texts["target"]:
        raise DataError(f'{where} has no target; expected the name of a number, such as target = "w5 new".')
    return Claim(printed=None if printed is None else as_printed(where, printed), **texts)


def as_printed(where: str, value: Any) -> Decimal:
    """Return a printed number with its digits."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise DataError(f"{where}: printed is {value!r}, expected a number as it is printed, such as 0.0580.")
    number = Decimal(value)
    if not number.is_finite():
        raise DataError(f"{where}: printed is {number}, expected a finite number.")
    if len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > LARGEST_EXPONENT:
        raise DataError(
            f"{where}: printed has {len(number.as_tuple().digits):,} digits and an exponent of {number.adjusted():,}; "
            f"expected at most {MOST_DIGITS} and {LARGEST_EXPONENT}."
        )
    return number
