"""What each column of a table holds: numbers, booleans, dates or categories; and its values in the form of its kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from zanjir.data.dataset import Array
from zanjir.errors import DataError

if TYPE_CHECKING:
    from polars import Series

__all__ = ["KINDS", "found_kind", "marks_in", "number_text", "texts_of", "values_of", "visible"]

KINDS = ("number", "boolean", "date", "category")
MISSING = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "none")
BOOLEANS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
# ISO 8601: any other order of day and month can be read in two ways.
DATE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?Z?$"
# What may be a number or a date, and would pass for a text: patterns, what they are, and what to write instead.
AMBIGUOUS = (
    (
        r"^[+-]?(\d+(\.\d{3})*,\d+|\d+(,\d{3})+(\.\d+)?)$",
        "numbers with commas",
        "a point before the decimals, as in 1.5, and nothing between thousands",
    ),
    (r"^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}$", "dates in an order that can be read in two ways,", "them as 2026-03-31"),
)
MILLISECONDS_OF_A_DAY = 24 * 3600 * 1000
# A column in which more entries than this share are numbers is one of numbers.
MOSTLY = 0.5
LONGEST_SHOWN = 40


def found_kind(series: Series, where: str, remedy: str = "correct it") -> str:
    """Return what a column holds, by its type, or by all of its entries if they are texts.

    Parameters
    ----------
    series : polars.Series
        The column.
    where : str
        What errors call the column.
    remedy : str
        What else can be done where types are mixed.

    Returns
    -------
    str
        One of `KINDS`; ``"empty"`` if every entry is missing; ``"nested"`` for lists, structures and bytes.

    Raises
    ------
    DataError
        If more than half of the entries are numbers, and others are not; if they are numbers with commas, or dates
        of which day and month cannot be told apart.

    Examples
    --------
    >>> import polars
    >>> [found_kind(polars.Series(entries), "it") for entries in (["1", "NA", "2.5"], ["yes", "no"], ["a", "1"])]
    ['number', 'boolean', 'category']
    """
    series = without_missing(series)
    if series.null_count() == len(series):
        return "empty"
    if series.dtype.is_numeric():
        return "number"
    if series.dtype.is_temporal():
        return "date" if is_dated(series) else "nested"
    if is_text(series):
        return kind_of_texts(series.drop_nulls(), where, remedy)
    return "boolean" if is_boolean(series) else "nested"


def kind_of_texts(texts: Series, where: str, remedy: str) -> str:
    """Return what texts, of which none is missing, mean."""
    numbers = numbers_in(texts)
    share = 1 - numbers.null_count() / len(texts)
    if share == 1:
        return "number"
    others = texts.filter(numbers.is_null())
    for pattern, what, instead in AMBIGUOUS:
        # Among numbers with commas, whole ones are numbers as they are.
        if others.str.contains(pattern).all():
            raise DataError(f"{where} holds {what} such as {shown(others[0])}; write {instead}, or {remedy}.")
    if share > MOSTLY:
        raise mixed(texts, others, where, remedy)
    if booleans_in(texts).null_count() == 0:
        return "boolean"
    return "date" if days_in(texts).null_count() == 0 else "category"


def mixed(texts: Series, others: Series, where: str, remedy: str) -> DataError:
    """Say which entries stand among numbers without being one."""
    return DataError(
        f"{where} is of mixed types: {len(texts) - len(others):,} numbers, and {len(others):,} "
        f"other{'s' * (len(others) > 1)} such as {shown(others[0])}; leave a cell empty where a number is missing, "
        f"or {remedy}."
    )


def values_of(series: Series, kind: str, where: str, rows: Array | None = None) -> Array:
    """Return a column of numbers, booleans (0 and 1) or dates (days since 1970) as float64, NaN where missing.

    Parameters
    ----------
    series : polars.Series
        The column.
    kind : str
        ``"number"``, ``"boolean"`` or ``"date"``.
    where : str
        What errors call the column.
    rows : array of shape (N,), optional
        Numbers from 0 of the rows in their file, if they are not all of its rows in order.

    Raises
    ------
    DataError
        If an entry is not of that kind, or is infinite; the row is named, counted from 1 below the names.

    Examples
    --------
    >>> import polars
    >>> values_of(polars.Series(["1970-01-11", None, "1970-01-02 12:00"]), "date", "it")
    array([10. ,  nan,  1.5])
    """
    series = without_missing(series)
    if series.null_count() == len(series):
        return np.full(len(series), np.nan)
    values = CONVERSIONS[kind](series)
    rows = np.arange(len(series)) if rows is None else rows
    wrong = (values.is_null() & series.is_not_null()).to_numpy()
    refuse(series, wrong, f"expected {PLURALS[kind]}", where, rows)
    found = np.array(values.to_numpy(), np.float64)
    remedy = "correct it, or leave it empty if it is missing"
    refuse(series, np.isinf(found), f"expected finite numbers; {remedy}", where, rows)
    return found


def refuse(series: Series, wrong: Array, expected: str, where: str, rows: Array) -> None:
    """Name the first wrong entry of a column."""
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DataError(f"{where} holds {shown(series[first])} in row {rows[first] + 1}, {expected}.")


def shown(value: Any) -> str:
    """Return an entry as an error shows it."""
    text = repr(value.to_list() if hasattr(value, "to_list") else value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 4]}...{text[0]}"


def texts_of(series: Series, where: str) -> Series:
    """Return a column of categories as texts, null where missing; numbers as `number_text` writes them.

    Raises
    ------
    DataError
        If its type is one of lists, structures or bytes.

    Examples
    --------
    >>> import polars
    >>> texts_of(polars.Series([3.0, None, 2.5]), "it").to_list()
    ['3', None, '2.5']
    """
    import polars

    series = without_missing(series)
    if series.dtype.is_float() or series.dtype.is_decimal():
        names = [None if value is None else number_text(float(value)) for value in series]
        return polars.Series(names, dtype=polars.String)
    if series.dtype.is_nested() or series.dtype in (polars.Binary, polars.Object):
        raise DataError(f"{where} holds {series.dtype}, which are no categories; leave it out.")
    return series.cast(polars.String)


def visible(text: str) -> str:
    r"""Return a text as it may be printed: as it is, or in quotation marks if it holds what no reader sees.

    >>> visible("rosé"), visible("red\n")
    ('rosé', "'red\\n'")
    """
    return text if text.isprintable() else repr(text)


def number_text(value: float) -> str:
    """Return a number as the name of a class or category: whole numbers without a point.

    >>> number_text(3.0), number_text(0.5)
    ('3', '0.5')
    """
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(float(value))


def is_text(series: Series) -> bool:
    """Return whether a column holds texts, in whatever form."""
    import polars

    return series.dtype in (polars.String, polars.Categorical, polars.Enum)


def is_dated(series: Series) -> bool:
    """Return whether a column's type is that of dates, or of dates with a time."""
    import polars

    return series.dtype in (polars.Date, polars.Datetime)


def is_boolean(series: Series) -> bool:
    """Return whether a column's type is that of truth values."""
    import polars

    return series.dtype == polars.Boolean


def without_missing(series: Series) -> Series:
    """Return a column with null where an entry says that it is missing; texts without spaces around them."""
    import polars

    if is_text(series):
        texts = series.cast(polars.String).str.strip_chars()
        return texts.set(texts.is_in(MISSING), None)
    return series.fill_nan(None) if series.dtype.is_float() else series


def marks_in(series: Series) -> tuple[str, ...]:
    """Return the words in a column that say of an entry that it is missing.

    >>> import polars
    >>> marks_in(polars.Series(["none", "mild", "", " NA ", "none"]))
    ('NA', 'none')
    """
    import polars

    if not is_text(series):
        return ()
    found = set(series.cast(polars.String).str.strip_chars().unique().to_list())
    return tuple(sorted(found.intersection(MISSING) - {""}))


def numbers_in(series: Series) -> Series:
    """Return numbers, null where there is none."""
    import polars

    readable = series.dtype.is_numeric() or is_text(series)
    return series.cast(polars.Float64, strict=False) if readable else nothing_of(series)


def booleans_in(series: Series) -> Series:
    """Return 0 for false and no, 1 for true and yes, null for what is neither."""
    import polars

    if is_text(series):
        return series.str.to_lowercase().replace_strict(BOOLEANS, default=None, return_dtype=polars.Float64)
    if not (series.dtype.is_numeric() or is_boolean(series)):
        return nothing_of(series)
    values = series.cast(polars.Float64)
    return values.set(~values.is_in([0.0, 1.0]), None)


def days_in(series: Series) -> Series:
    """Return days since 1970, null where there is no date."""
    import polars

    if is_text(series):
        iso = series.set(~series.str.contains(DATE), None).str.replace("T", " ").str.strip_suffix("Z")
        whole = iso.str.replace("^(.{10})$", "$1 00:00").str.replace("^(.{16})$", "$1:00")
        series = whole.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="ms")
    if not is_dated(series):
        return nothing_of(series)
    milliseconds = series.cast(polars.Datetime("ms")).cast(polars.Int64).cast(polars.Float64)
    return milliseconds / MILLISECONDS_OF_A_DAY


def nothing_of(series: Series) -> Series:
    """Return as many nulls as a column has entries."""
    import polars

    return polars.Series([None], dtype=polars.Float64).new_from_index(0, len(series))


CONVERSIONS: dict[str, Callable[[Any], Any]] = {"number": numbers_in, "boolean": booleans_in, "date": days_in}
PLURALS = {
    "number": "numbers",
    "boolean": "booleans: true or false, yes or no",
    "date": "dates such as 2026-03-31 or 2026-03-31 18:00",
}
