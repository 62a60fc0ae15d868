"""The problems that ship with the package: those of the lectures, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zanjir.errors import choose
from zanjir.explain.problems.problem import Problem
from zanjir.explain.problems.problem_file import load_problem

__all__ = ["LETTERS", "PROBLEMS", "problem"]

PROBLEMS = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}
LETTERS = {path.stem: path for path in sorted((Path(__file__).parent / "letters").glob("*.toml"))}


def problem(name: str | Path, **settings: Any) -> Problem:
    """Return a problem of the lectures by its name, or one from a file.

    Parameters
    ----------
    name : str or Path
        The name, or the path of a file.
    **settings
        Settings of its ``[scores]`` to change, such as ``over="all"``.

    Raises
    ------
    ParameterError, DataError
        If there is no such problem, or the file describes none.

    Examples
    --------
    >>> round(problem("homework-1").solution().value_of("loss"), 6)
    0.323394
    """
    path = Path(name)
    if path.suffix != ".toml" and not path.is_file():
        path = choose("problem", str(name), {**PROBLEMS, **LETTERS})
    return load_problem(path, **settings)
