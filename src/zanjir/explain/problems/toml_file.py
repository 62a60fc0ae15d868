"""What all TOML files here have in common: how their text is read, and what their entries may be."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zanjir.errors import DataError, choose
from zanjir.explain.words import CATALOGS

__all__ = ["LARGEST_FILE", "check_keys", "is_names", "is_number", "numbers_of", "table", "text_of", "titles_of"]

LARGEST_FILE = 2**20  # bytes


def text_of(path: str | Path, what: str) -> str:
    """Read a small text file.

    Raises
    ------
    DataError
        If it cannot be read, is too large, or is no text.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}. Expected {what} in TOML.") from error
    if len(content) > LARGEST_FILE:
        raise DataError(f"{path} has {len(content):,} bytes; {what} has at most {LARGEST_FILE:,}.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8: byte {error.start}. Expected {what} in TOML.") from error


def check_keys(facts: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    """Refuse a key that means nothing."""
    for name in facts:
        choose(f"key in {where}", name, dict.fromkeys(keys))


def table(facts: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a table of the file; an empty one if it is not there."""
    found = facts.get(key, {})
    if not isinstance(found, dict):
        raise DataError(f"{key} is {found!r}, expected a table: [{key}].")
    return found


def titles_of(title: Any) -> str | dict[str, str]:
    """Return the title of a file, which may be a table with one for each language."""
    if not isinstance(title, dict):
        return str(title)
    for language in title:
        choose("language of title", language, CATALOGS)
    if not title or not all(isinstance(text, str) for text in title.values()):
        raise DataError(f'title is {title!r}, expected a text, or one for each language: {{ en = "...", fa = "..." }}.')
    return title


def numbers_of(given: Mapping[str, Any], lines: Mapping[str, int]) -> dict[str, float]:
    """Return given numbers in float64; one that is none is refused, with its line."""
    for name, value in given.items():
        if not is_number(value):
            where = f"line {lines[name]}: " if name in lines else ""
            raise DataError(f"{where}{name} is {value!r}, expected a finite number.")
    return {name: float(value) for name, value in given.items()}


def is_number(value: Any) -> bool:
    """Whether something is a finite number; true and false are none.

    Examples
    --------
    >>> is_number(2), is_number(True), is_number(float("inf")), is_number(10**400)
    (True, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def is_names(names: Any) -> bool:
    """Whether something is a list of names."""
    return isinstance(names, list) and bool(names) and all(isinstance(x, str) and x.isidentifier() for x in names)
