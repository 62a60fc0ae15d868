"""Problems as files: a circuit, a small network or a table of scores, in TOML, of which nothing is run."""

from __future__ import annotations

import keyword
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zanjir.errors import DataError, ParameterError, ZanjirError, choose
from zanjir.explain.problems.formula import FUNCTIONS
from zanjir.explain.problems.network import formulas_of
from zanjir.explain.problems.problem import Problem, named_leaves
from zanjir.explain.problems.score_problem import Scores, formulas_of_scores, place_of
from zanjir.explain.problems.toml_file import LARGEST_FILE, check_keys, is_names, numbers_of, table, text_of, titles_of
from zanjir.explain.proof import lines_of
from zanjir.optim import Optimizer, optimizer

__all__ = ["load_problem", "problem_from_text"]

MOST_NUMBERS, MOST_STEPS = 2000, 1_000_000
# tomllib takes time that is quadratic in the parts of a key.
LONG_KEY = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]+[ \t]*\.[ \t]*){9}[\w\"'-]+[ \t]*[].=]")
KEYS = ("title", "symbol", "symbols", "given", "formulas", "network", "scores", "update", "proof")
UPDATE_KEYS = ("rule", "learning_rate", "parameters", "steps")


def load_problem(path: str | Path, **settings: Any) -> Problem:
    """Read a problem from a TOML file, with settings as `problem_from_text` has them.

    Raises
    ------
    DataError, ParameterError
        If the file cannot be read, or does not describe a problem; with the line where one can be named.
    """
    text = text_of(path, "a problem")
    try:
        return problem_from_text(text, **settings)
    except ZanjirError as error:
        raise type(error)(f"{path}: {error}") from error


def problem_from_text(text: str, **settings: Any) -> Problem:
    """Return the problem that a TOML text describes.

    Parameters
    ----------
    text : str
        The text.
    **settings
        Settings of its ``[scores]`` to change, such as ``over="all"``.

    Raises
    ------
    DataError, ParameterError
        If it does not describe one.

    Examples
    --------
    >>> problem = problem_from_text('''
    ... title = "a product"
    ... [given]
    ... x = 2.0
    ... w = -3.0
    ... [formulas]
    ... f = "w * x"
    ... ''')
    >>> float(problem.loss.value)
    -6.0
    """
    if len(text) > LARGEST_FILE or LONG_KEY.search(text):
        raise DataError(f"the problem has more than {LARGEST_FILE:,} signs, or a key of ten parts; make it smaller.")
    try:
        facts = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of these, integers of thousands of digits
        raise DataError(f"the problem is no TOML: {error}.") from error
    check_keys(facts, KEYS, "the problem")
    if settings:
        facts["scores"] = {**table(facts, "scores"), **settings}
    lines = {m[1]: k for k, line in enumerate(text.split("\n"), 1) if (m := re.match(r"\s*(\w+)\s*=", line))}
    given, formulas = dict(table(facts, "given")), dict(table(facts, "formulas"))
    scores = scores_of(facts, text)
    if scores:
        given, formulas = scores.given, scores.formulas
    if "network" in facts:
        made, of_network = formulas_of(table(facts, "network"))
        given, formulas = {**made, **given}, {**of_network, **formulas}
    letters, proof = letters_of(facts.get("symbols", [])), lines_of(facts.get("proof", []))
    check_names([*letters, *given, *formulas, *(line.name for line in proof)])
    given = numbers_of(given, lines)
    wrong = next((name for name, formula in formulas.items() if not isinstance(formula, str)), None)
    if wrong:
        raise DataError(f"line {lines.get(wrong, '?')}: {wrong} is {formulas[wrong]!r}, expected a formula in quotes.")
    if len(given) + len(formulas) > MOST_NUMBERS:
        raise DataError(f"the problem has {len(given) + len(formulas):,} numbers; expected at most {MOST_NUMBERS:,}.")
    if twice := (given.keys() & formulas.keys()) | (letters.keys() & {*given, *formulas}):
        raise DataError(f"{min(twice)} is given and has a formula or a number; expected one of them.")
    if letters and "update" in facts:
        raise DataError("[update] needs numbers, and there are symbols; leave it out, or give numbers in [given].")
    parameters, rule, n_steps = update_of(facts, given)
    title, symbol = titles_of(facts.get("title", "problem")), str(facts.get("symbol", "L"))
    network = table(facts, "network")
    problem = Problem(title, given, formulas, parameters, rule, n_steps, symbol, lines, letters, proof, scores, network)
    _ = problem.solution() if proof else problem.nodes  # what cannot be computed is said now
    check_parameters(problem)
    return problem


def check_parameters(problem: Problem) -> None:
    """Refuse to update a number that the loss does not read.

    Raises
    ------
    DataError
        If there is one.
    """
    read = {node.name for node in named_leaves(problem.loss)} if problem.parameters else set()
    if unread := [name for name in problem.parameters if name not in read]:
        where = f"line {problem.lines[unread[0]]}: " if unread[0] in problem.lines else ""
        raise DataError(
            f"{where}the loss does not depend on {unread[0]}, which is to be updated; use it or take it out."
        )


def scores_of(facts: Mapping[str, Any], text: str) -> Scores | None:
    """Return the table of scores that a problem has, if any."""
    if "scores" not in facts:
        return None
    if beside := [key for key in ("given", "formulas", "network", "symbol", "symbols", "proof") if key in facts]:
        raise DataError(f"the problem has [scores] and {beside[0]}; expected one of both.")
    scores = formulas_of_scores(table(facts, "scores"), partial(place_of, text))
    if "update" in facts and len(scores.losses) > 1:
        raise DataError(f"[update] needs one loss to follow, and losses has {len(scores.losses)}; keep one of them.")
    return scores


def letters_of(symbols: Any) -> dict[str, tuple[int, ...]]:
    """Return the letters of a file with their shapes: of a list of names, or of a table with a shape for each."""
    shapes = dict.fromkeys(symbols, ()) if is_names(symbols) else symbols or {}
    if not isinstance(shapes, dict) or not all(is_shape(shape) for shape in shapes.values()):
        raise DataError(f'symbols is {symbols!r}, expected names, ["x", "w"], or shapes, {{ x = [2, 1], w = [] }}.')
    return {name: tuple(shape) for name, shape in shapes.items()}


def is_shape(shape: Any) -> bool:
    """Whether something is the shape of a number, a vector or a matrix, not too large to look at."""
    sizes = isinstance(shape, list | tuple) and all(type(n) is int and n > 0 for n in shape)
    return sizes and len(shape) <= 2 and math.prod(shape) <= MOST_NUMBERS


def check_names(names: Sequence[str]) -> None:
    """Refuse a name that cannot stand in a formula."""
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name) or name in FUNCTIONS:
            raise DataError(f"{name!r} is no name for a number; expected letters, digits and _, such as w1 or net_h1.")


def update_of(facts: Mapping[str, Any], given: Mapping[str, float]) -> tuple[tuple[str, ...], Optimizer | None, int]:
    """Return which numbers are updated, by which rule, and how often."""
    update = table(facts, "update")
    if not update:
        return (), None, 1
    check_keys(update, UPDATE_KEYS, "[update]")
    parameters = update.get("parameters", [name for name in given if name[0] in "wb"])
    if not isinstance(parameters, list):
        raise ParameterError(f"[update]: parameters is {parameters!r}, expected a list of names.")
    for name in parameters:
        choose("parameter", str(name), dict(given))
    n_steps = update.get("steps", 1)
    if type(n_steps) is not int or not 1 <= n_steps <= MOST_STEPS:
        raise ParameterError(f"[update]: steps is {n_steps!r}, expected a whole number from 1 to {MOST_STEPS:,}.")
    return tuple(parameters), optimizer(str(update.get("rule", "sgd")), update.get("learning_rate")), n_steps
