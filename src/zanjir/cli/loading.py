"""The data that a command line names: a data set, or a table with its target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from zanjir.cli.options import columns_of

__all__ = ["loaded", "table_lines"]

SHOWN_COLUMNS = 20


def loaded(data: str, settings: Mapping[str, Any]) -> tuple[Any, dict[str, Any] | None]:
    """Return the data set, and what the options say of it if it is a table.

    Parameters
    ----------
    data : str
        A data set's name, a folder, or a table.
    settings : mapping
        ``seed`` and ``samples``, and what `zanjir.cli.options.table_options` gives.

    Raises
    ------
    UsageError
        If a table has no target, or something else is given options of a table.
    DataError, ParameterError
        If the data cannot be used.
    """
    from zanjir.data import is_table, load

    how = {"seed": settings["seed"], "n_samples": settings["samples"]}
    table = {"target": settings["target"], "task": settings["task"], "columns": columns_of(settings)}
    if settings["target"] is not None:
        return load(data, **how, **table), table
    if chosen := [option for option in ("task", "columns") if settings[option]]:
        raise click.UsageError(f"--{chosen[0].removesuffix('s')} is for a table; give its --target too.")
    if is_table(data):
        raise click.UsageError(no_target(data))
    return load(data, **how), None


def no_target(data: str) -> str:
    """Return the sentence for a table whose target is not said."""
    from zanjir.data import read_table

    names = read_table(data).columns
    more = f" and {len(names) - SHOWN_COLUMNS} more" if len(names) > SHOWN_COLUMNS else ""
    return f"{data} is a table; say with --target which column is predicted: {', '.join(names[:SHOWN_COLUMNS])}{more}."


def table_lines(dataset: Any) -> list[str]:
    """Return what was found in a table; nothing for other data."""
    from zanjir.data import TableDataset
    from zanjir.data.table_text import described

    return described(dataset) if isinstance(dataset, TableDataset) else []
