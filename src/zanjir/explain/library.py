"""The problems that ship with the package: those of the lectures, by name."""

from __future__ import annotations

from pathlib import Path

from zanjir.errors import choose
from zanjir.explain.problem_file import Problem, load_problem

__all__ = ["LETTERS", "PROBLEMS", "problem"]

PROBLEMS = {path.stem: path for path in sorted((Path(__file__).parent / "problems").glob("*.toml"))}
LETTERS = {path.stem: path for path in sorted((Path(__file__).parent / "problems" / "letters").glob("*.toml"))}


def problem(name: str | Path) -> Problem:
    """Return a problem of the lectures by its name, or one from a file.

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
    if path.suffix == ".toml" or path.is_file():
        return load_problem(path)
    return load_problem(choose("problem", str(name), {**PROBLEMS, **LETTERS}))
