"""``zanjir explain``: the worked solution of a problem, or of a trained model on one sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.options import shown
from zanjir.cli.worked import (
    FORMATS,
    check_numerals,
    check_sample,
    put,
    reading_options,
    sample_options,
    solution_of_run,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zanjir.explain import Problem, Step

__all__ = ["explain"]

PICTURES = ("svg", "tikz")
LEVELS = ("summary", "matrices", "scalars", "gates")
COMPUTED = ("notebook", "python", *PICTURES)
LEVEL = "How closely.  [default: single numbers, or matrices if that would be long]"
DIGITS = "Significant digits that are shown (6); by hand, digits to which every number is rounded (3)."


@click.command()
@click.argument("what", metavar="PROBLEM|RUN", required=False)
@shown("--format", "form", type=click.Choice((*FORMATS, *PICTURES)), default="text", help="What to write.")
@click.option("--level", type=click.Choice(LEVELS), help=LEVEL)
@click.option("--focus", metavar="NUMBER", help="Explain only what depends on one number, such as w5 or 'W2[1,3]'.")
@sample_options
@click.option("--digits", type=click.IntRange(1, 17), help=DIGITS)
@shown("--mode", type=click.Choice(["full", "hand", "exact"]), default="full", help="How numbers are computed.")
@shown("--rounding", type=click.Choice(["half-up", "truncated"]), default="half-up", help="How, by hand.")
@shown("--places", type=click.Choice(["significant", "decimal"]), default="significant", help="What digits count.")
@click.option("--symbolic", is_flag=True, help="Give every derivative as a formula, checked at random points.")
@click.option(
    "--drawing", type=click.Choice(["network", "circuit"]), help="What to draw.  [default: the network if there is one]"
)
@click.option("--list", "listed", is_flag=True, help="List the problems that are there.")
@reading_options
def explain(what: str | None, listed: bool, out: Path | None, **settings: Any) -> None:
    """Solve PROBLEM step by step: forward, backward by the chain rule, update, and a check of every derivative.

    PROBLEM is a TOML file, or one of the lectures by its name, such as
    homework-1; --list names them. With the word questions, every question of
    the slides is answered. With --mode hand every number is rounded before
    it is used, as a student does; with --mode exact all numbers are
    fractions.

    Of a RUN of zanjir train, what its model makes of one --sample is
    explained.
    """
    from zanjir.explain import PROBLEMS

    if listed:
        put(listing(), out)
        return
    if what is None:
        raise click.UsageError(f"say what: a TOML file, {', '.join(PROBLEMS)}, questions, or a run.")
    check(what, settings)
    put(answered(what, settings), out)


def listing() -> str:
    """Return the names and titles of the problems that are there."""
    from zanjir.explain import LETTERS, PROBLEMS, problem

    titles = {name: problem(name).title for name in (*PROBLEMS, *LETTERS)}
    titles["questions"] = "The questions of the slides, answered"
    return "\n".join(f"{name:<24}{title}" for name, title in titles.items())


def check(what: str, settings: Mapping[str, Any]) -> None:
    """Refuse options that do not go together."""
    form, mode, symbolic = settings["form"], settings["mode"], settings["symbolic"]
    is_run, chosen = Path(what).is_dir(), [name for name in ("level", "focus") if settings[name]]
    check_sample(what, settings)
    if is_run and (mode != "full" or symbolic or form in PICTURES or settings["drawing"]):
        raise click.UsageError("a run is explained in numbers; --mode, --symbolic and pictures are for problems.")
    check_numerals(form if what != "questions" else what, settings["numerals"])
    if symbolic and form in COMPUTED:
        raise click.UsageError(f"--symbolic has no form {form}, which computes with numbers; choose another --format.")
    if mode != "full" and (symbolic or form in PICTURES or what == "questions"):
        raise click.UsageError(f"--mode {mode} is for solutions; leave it out for formulas, pictures and questions.")
    if chosen and (symbolic or form in PICTURES or what == "questions"):
        raise click.UsageError(f"--{chosen[0]} is for solutions; leave it out for formulas, pictures and questions.")


def answered(what: str, settings: Mapping[str, Any]) -> str:
    """Return what is asked for, in its form."""
    from zanjir.explain import problem, questions_as

    by_hand, form, language = settings["mode"] == "hand", settings["form"], settings["language"]
    digits = 6 if settings["digits"] is None or by_hand else settings["digits"]
    if what == "questions":
        return questions_as(form, language=language, digits=digits)
    reading = {"language": language, "numerals": settings["numerals"], "digits": digits}
    if Path(what).is_dir():
        return written(solution_of_run(Path(what), settings, settings["focus"], settings["level"]), form, **reading)
    given = problem(what)
    tree = given.symbolic() if settings["symbolic"] else solved(given, settings)
    return pictured(given, tree, settings, reading)


def solved(given: Problem, settings: Mapping[str, Any]) -> Step:
    """Return the solution of a problem, computed as the options say."""
    how = {name: settings[name] for name in ("level", "focus", "mode", "rounding", "places")}
    return given.solution(**how, digits=settings["digits"] if settings["mode"] == "hand" else None)


def pictured(given: Problem, tree: Step, settings: Mapping[str, Any], reading: dict[str, Any]) -> str:
    """Return a solution in its form with its picture, or the picture alone."""
    from zanjir.explain.writers.drawing import as_figure, as_svg, as_tikz

    form, kind = settings["form"], settings["drawing"]
    drawn = {"kind": kind, "language": reading["language"], "digits": reading["digits"]}
    if form in PICTURES:
        return (as_svg if form == "svg" else as_tikz)(given, tree, **drawn)
    figure = as_figure(given, tree, form, **drawn) if form in {"html", "latex"} and not settings["focus"] else ""
    return written(tree, form, **reading, figure=figure)
