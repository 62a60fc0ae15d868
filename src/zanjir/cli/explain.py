"""``zanjir explain``: the worked solution of a problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.options import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zanjir.explain import Problem

__all__ = ["explain"]

FORMATS = ("text", "html", "markdown", "latex", "notebook", "python", "svg", "tikz", "json")
NUMERALS = ("text", "html", "markdown")  # the forms that are only read
COMPUTED = ("notebook", "python", "svg", "tikz")
DRAWINGS = ("network", "circuit")


@click.command()
@click.argument("problem", required=False)
@shown("--format", "form", type=click.Choice(FORMATS), default="text", help="What to write.")
@shown("--lang", "language", type=click.Choice(["en", "fa"]), default="en", help="English or Persian.")
@shown("--numerals", type=click.Choice(["latin", "persian"]), default="latin", help="For text, html and markdown.")
@click.option(
    "--digits",
    type=click.IntRange(1, 17),
    help="Significant digits that are shown (6); by hand, digits to which every number is rounded (3).",
)
@shown("--mode", type=click.Choice(["full", "hand", "exact"]), default="full", help="How numbers are computed.")
@shown("--rounding", type=click.Choice(["half-up", "truncated"]), default="half-up", help="How, by hand.")
@shown("--places", type=click.Choice(["significant", "decimal"]), default="significant", help="What digits count.")
@click.option("--symbolic", is_flag=True, help="Give every derivative as a formula, checked at random points.")
@click.option("--drawing", type=click.Choice(DRAWINGS), help="What to draw.  [default: the network if there is one]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write instead of printing.")
@click.option("--list", "listed", is_flag=True, help="List the problems that are there.")
def explain(
    problem: str | None, form: str, language: str, numerals: str, digits: int | None, mode: str, rounding: str,
    places: str, symbolic: bool, drawing: str | None, out: Path | None, listed: bool,
) -> None:  # fmt: skip
    """Solve PROBLEM step by step: forward, backward by the chain rule, update, and a check of every derivative.

    PROBLEM is a TOML file, or one of the lectures by its name, such as
    homework-1; --list names them. With the word questions, every question of
    the slides is answered. With --mode hand every number is rounded before
    it is used, as a student does; with --mode exact all numbers are
    fractions.
    """
    from zanjir.explain import LETTERS, PROBLEMS, questions_as
    from zanjir.explain import problem as problem_named
    from zanjir.files import write_whole

    if listed:
        for name in (*PROBLEMS, *LETTERS):
            click.echo(f"{name:<24}{problem_named(name).title}")
        click.echo(f"{'questions':<24}The questions of the slides, answered")
        return
    if problem is None:
        raise click.UsageError(f"say which problem: a TOML file, {', '.join(PROBLEMS)}, or questions.")
    if numerals != "latin" and (form not in NUMERALS or problem == "questions"):
        raise click.UsageError(f"--numerals is for solutions as {', '.join(NUMERALS)}; leave it out.")
    if symbolic and form in COMPUTED:
        raise click.UsageError(f"--symbolic has no form {form}, which computes with numbers; choose another --format.")
    if mode != "full" and (symbolic or form == "svg" or problem == "questions"):
        raise click.UsageError(f"--mode {mode} is for solutions; leave it out for formulas, pictures and questions.")
    by_hand = mode == "hand"
    by = {"mode": mode, "digits": digits if by_hand else None, "rounding": rounding, "places": places}
    digits = 6 if digits is None or by_hand else digits
    if problem == "questions":
        text = questions_as(form, language=language, digits=digits)
    else:
        shown = {"language": language, "digits": digits, **({"numerals": numerals} if numerals != "latin" else {})}
        text = written(problem_named(problem), form, shown, by, drawing, symbolic=symbolic)
    if out is None:
        click.echo(text)
    else:
        write_whole(out, f"{text.rstrip()}\n".encode())
        click.echo(f"written to {out}", err=True)


def written(
    problem: Problem, form: str, shown: dict[str, Any], by: Mapping[str, Any], drawing: str | None, *, symbolic: bool
) -> str:  # fmt: skip
    """Return the solution of a problem in a form, with so many digits shown."""
    from zanjir.explain import as_html, as_latex, as_markdown, as_notebook, as_script, as_text
    from zanjir.explain.drawing import as_figure, as_svg, as_tikz

    tree = problem.symbolic() if symbolic else problem.solution(**by)
    if form == "json":
        return json.dumps(tree.as_json(shown["language"]), ensure_ascii=False)
    if form in {"svg", "tikz"}:
        return (as_svg if form == "svg" else as_tikz)(problem, tree, kind=drawing, **shown)
    drawn = {key: shown[key] for key in ("language", "digits")}
    if form in {"html", "latex"} and (figure := as_figure(problem, tree, form, kind=drawing, **drawn)):
        shown = {**shown, "figure": figure}
    write: Any = {
        "text": as_text, "html": as_html, "markdown": as_markdown, "latex": as_latex, "notebook": as_notebook,
        "python": as_script,
    }[form]  # fmt: skip
    return str(write(tree, **shown))
