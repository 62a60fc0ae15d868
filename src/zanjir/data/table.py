"""Tables from files: CSV, TSV, Parquet and Arrow, read by Polars once their sizes are known to be sane.

A file of text is read as text: what its columns hold is decided by `zanjir.data.columns`, where it can be said why.
Nothing is repaired silently: a ragged row, a name that stands twice, bytes that are no text are refused.
"""

from __future__ import annotations

import csv
import difflib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from zanjir.data._checks import MAX_BYTES, affordable, byte_count
from zanjir.data.columns import found_kind, texts_of, values_of
from zanjir.data.dataset import Array
from zanjir.errors import DataError, ParameterError, ZanjirError, listed
from zanjir.files import reason

if TYPE_CHECKING:
    from polars import DataFrame, LazyFrame, Series

__all__ = ["TABLE_ENDINGS", "Table", "is_table", "read_table", "table_bytes"]

LONGEST_HEADER = 2**20  # bytes: ten thousand names of a hundred letters
SHOWN_COLUMNS = 20
LONGEST_REASON = 100
# Polars reports a bug or a damaged file by an exception that is no Exception.
PANIC = "PanicException"


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Named columns of equal lengths, as a file holds them.

    Parameters
    ----------
    name : str
        What errors and titles call the table.
    frame : polars.DataFrame
        The columns; those of a file of text are texts.
    rows : array of shape (N,), optional
        Numbers from 0 of the rows in their file, by which errors name them; all of them in order if not given.

    Examples
    --------
    >>> import polars
    >>> Table("fruit", polars.DataFrame({"weight": [150, 8], "kind": ["apple", "cherry"]}))
    Table('fruit': 2 rows of weight, kind)
    """

    name: str
    frame: DataFrame
    rows: Array | None = None

    def __repr__(self) -> str:
        return f"Table({self.name!r}: {self.n_rows} rows of {', '.join(self.columns)})"

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.frame.height)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.frame.columns)

    def __getitem__(self, name: str) -> Series:
        """Return a column.

        Raises
        ------
        ParameterError
            If there is none of that name; a near one is pointed out.
        """
        if name in self.columns:
            return self.frame[name]
        near = difflib.get_close_matches(name, self.columns, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        more = f" and {self.frame.width - SHOWN_COLUMNS} more" if self.frame.width > SHOWN_COLUMNS else ""
        there = ", ".join(map(repr, self.columns[:SHOWN_COLUMNS]))
        raise ParameterError(f"{self.name} has no column {name!r}; it has {there}{more}.{hint}")

    def take(self, rows: ArrayLike) -> Table:
        """Return the table of some rows, by their places from 0, in that order."""
        chosen = np.asarray(rows, np.int64)
        return replace(self, frame=self.frame[chosen], rows=chosen if self.rows is None else self.rows[chosen])

    def number(self, row: int) -> int:
        """Return the number of a row in its file, from 1, by its place from 0."""
        return int(row if self.rows is None else self.rows[row]) + 1

    def place(self, name: str) -> str:
        """Return what errors call a column."""
        return f"column {name!r} of {self.name}"

    def kind(self, name: str, remedy: str = "correct it") -> str:
        """Return what a column was found to hold, see `zanjir.data.columns.found_kind`."""
        return found_kind(self[name], self.place(name), remedy)

    def values(self, name: str, kind: str) -> Array:
        """Return a column as numbers, NaN where missing, see `zanjir.data.columns.values_of`."""
        return values_of(self[name], kind, self.place(name), self.rows)

    def texts(self, name: str) -> Series:
        """Return a column as texts, null where missing, see `zanjir.data.columns.texts_of`."""
        return texts_of(self[name], self.place(name))


def is_table(path: str | os.PathLike[str]) -> bool:
    """Return whether a path's ending is that of a table, and it is no folder.

    >>> is_table("wine.CSV"), is_table("digits")
    (True, False)
    """
    return Path(path).suffix.lower() in READERS and not Path(path).is_dir()


def read_table(path: str | os.PathLike[str]) -> Table:
    r"""Read a table from a file; its ending says how.

    Parameters
    ----------
    path : str or path
        ``.csv`` (separated by commas, semicolons or tabs, whichever its first line has most of), ``.tsv`` or
        ``.tab``, ``.parquet`` or ``.pq``, ``.arrow``, ``.feather`` or ``.ipc``. A first line names the columns; a
        column without a name gets one from its place.

    Raises
    ------
    ParameterError
        If the ending is another one, or the table is too large.
    DataError
        If the file is missing, empty, damaged, or no such table.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "fruit.csv")
    ...     _ = path.write_text("weight,kind\n150,apple\n8,cherry\n")
    ...     read_table(path)
    Table('fruit': 2 rows of weight, kind)
    """
    path = Path(path)
    if path.suffix.lower() not in READERS:
        raise ParameterError(f"{path} is no table: its ending is {path.suffix!r}, expected {listed(READERS)}.")
    checked_file(path)
    try:
        frame = READERS[path.suffix.lower()](path)
    except (ZanjirError, MemoryError):
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == PANIC:
            raise DataError(f"{path} is damaged or no table: {first_line(error)}; write it again.") from error
        raise
    if not frame.height or not frame.width:
        raise DataError(f"{path} has {frame.width} columns and no rows; expected at least one row below the names.")
    # As in a file of text, so that a table has the same names in whatever file.
    frame.columns = named(path, frame.columns)
    return Table(path.stem, frame)


def checked_file(path: Path) -> None:
    """Refuse what cannot be read, is empty, or is larger than anybody means."""
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; give the file of a table.")
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        said = f"there is no file {path}" if isinstance(error, FileNotFoundError) else f"{path}: {reason(error)}"
        raise DataError(f"{said}; give the path of a table that can be read.") from error
    if not size:
        raise DataError(f"{path} is empty; expected a line of column names, and rows below it.")
    if size > MAX_BYTES:
        raise DataError(f"{path} has {byte_count(size)}; expected at most {byte_count(MAX_BYTES)}; give fewer rows.")


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its beginning."""
    text = (reason(error).strip() or type(error).__name__).splitlines()[0]
    return text.rstrip(".;: ") if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON].rstrip()} ..."


def read_text(path: Path, separators: str) -> DataFrame:
    """Read a table of separated texts; every column is one of texts."""
    import polars

    separator = separator_of(path, separators)
    names, n_rows, blank = looked_through(path, separator)
    frame = polars.read_csv(path, separator=separator, infer_schema=False, new_columns=names, glob=False)
    if frame.height != n_rows:
        raise DataError(
            f"{path} can be read in two ways, as {n_rows:,} rows or as {frame.height:,}; "
            'put texts with quotation marks or line breaks into quotation marks, and write "" for one inside.'
        )
    return frame[np.setdiff1d(np.arange(n_rows), blank)] if blank else frame


def separator_of(path: Path, separators: str) -> str:
    """Return the separator that the first line has most of; refuse a first line that names no columns."""
    with path.open("rb") as file:
        head = file.read(LONGEST_HEADER)
    line = head.split(b"\n", 1)[0]
    if b"\0" in head:
        raise DataError(f"{path} is no text: it holds bytes of zero; expected names and values in UTF-8.")
    if len(line) == LONGEST_HEADER:
        raise DataError(
            f"{path}: the first line is longer than {byte_count(LONGEST_HEADER)}; expected a line of column names."
        )
    if b"\r" in line.rstrip(b"\r"):
        raise DataError(f"{path} ends its lines in the way of old Macs, with \\r alone; save it with \\n.")
    return max(separators, key=lambda separator: line.count(separator.encode()))


def looked_through(path: Path, separator: str) -> tuple[list[str], int, list[int]]:
    """Return the names of the columns, the number of rows, and which of them are blank lines; refuse ragged rows.

    Polars would fill a row that is too short as if its last values were missing.
    """
    n_rows, blank, line = 0, [], 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=separator, strict=True)
            names = named(path, next(rows))
            for n_rows, row in enumerate(rows, 1):
                line = rows.line_num
                if not row:
                    blank.append(n_rows - 1)
                elif len(row) != len(names):
                    raise DataError(
                        f"{path}: line {line} has {len(row)} values, expected {len(names)}, one for each column "
                        f"that the first line names; correct the line."
                    )
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: line {not_in_utf8(path)} is not in UTF-8; save the table as UTF-8.") from error
    except csv.Error as error:
        raise DataError(f"{path} cannot be read after line {line}: {error}; correct the line.") from error
    return names, n_rows, blank


def not_in_utf8(path: Path) -> int:
    """Return the number of the first line whose bytes are no UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 0


def named(path: Path, header: Sequence[str]) -> list[str]:
    """Return the names of a first line, by place where it has none."""
    names = [name.strip() or f"column {i}" for i, name in enumerate(header, 1)]
    if not names:
        raise DataError(f"{path}: the first line is blank; expected a line of column names.")
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None) if has_twins(names) else None
    if twice is not None:
        raise DataError(f"{path}: the column name {twice!r} stands twice; give every column a name of its own.")
    return names


def has_twins(names: Sequence[str]) -> bool:
    """Return whether a name stands twice."""
    return len(set(names)) < len(names)


def read_parquet(path: Path) -> DataFrame:
    """Read a Parquet file, if the lengths in it can be true."""
    import polars

    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(max(0, size - 8))
        footer = file.read()
    if start != b"PAR1" or footer[4:] != b"PAR1" or int.from_bytes(footer[:4], "little") > size - 12:
        raise DataError(f"{path} is damaged or no Parquet file: its ends are {start!r} and {footer!r}; write it again.")
    with silent_panics():
        return collected(path, polars.scan_parquet(path, glob=False))


def read_arrow(path: Path) -> DataFrame:
    """Read an Arrow file, or an Arrow stream."""
    import polars

    with path.open("rb") as file:
        is_file = file.read(6) == b"ARROW1"
    with silent_panics():
        return collected(path, polars.scan_ipc(path, glob=False)) if is_file else polars.read_ipc_stream(path)


def collected(path: Path, scan: LazyFrame) -> DataFrame:
    """Return the table of a file whose description says how large it is."""
    import polars

    height = int(scan.select(polars.len()).collect().item())
    affordable(f"the table in {path}", (height, len(scan.collect_schema())), np.dtype(np.float64))
    return scan.collect()


@contextmanager
def silent_panics() -> Iterator[None]:
    """Keep Polars from writing to stderr where a damaged file breaks it: the exception that follows says enough."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr, nothing to keep clean
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def table_bytes(columns: dict[str, Any], ending: str) -> bytes:
    """Return a table as the bytes of a Parquet or Arrow file.

    Raises
    ------
    ParameterError
        If the ending is another one.
    """
    import io

    import polars

    written, frame = io.BytesIO(), polars.DataFrame(columns)
    if ending in PARQUET:
        frame.write_parquet(written)
    elif ending in ARROW:
        frame.write_ipc(written)
    else:
        raise ParameterError(f"cannot write a table as {ending!r}; expected {listed((*PARQUET, *ARROW))}.")
    return written.getvalue()


PARQUET = (".parquet", ".pq")
ARROW = (".arrow", ".feather", ".ipc")
READERS: dict[str, Callable[[Path], DataFrame]] = {
    ".csv": lambda path: read_text(path, ",;\t"),
    **dict.fromkeys((".tsv", ".tab"), lambda path: read_text(path, "\t")),
    **dict.fromkeys(PARQUET, read_parquet),
    **dict.fromkeys(ARROW, read_arrow),
}
TABLE_ENDINGS = tuple(READERS)
