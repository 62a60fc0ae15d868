"""``zanjir audit``: a printed solution against the right one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from zanjir.cli.options import shown

if TYPE_CHECKING:
    from zanjir.explain import Finding

__all__ = ["audit"]


@click.command()
@click.argument("claims")
@click.option("--problem", help="The problem it solves: a TOML file or a name; by default the one that CLAIMS names.")
@shown("--lang", "language", type=click.Choice(["en", "fa"]), default="en", help="English or Persian.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def audit(claims: str, problem: str | None, language: str, as_json: bool) -> None:
    """Compare the printed solution CLAIMS with the right one, and name each error and its likely cause.

    CLAIMS is a TOML file of claimed values, or a printed solution of the
    lectures by its name, homework-1. The exit code is 1 if a claim is wrong.
    """
    from zanjir.errors import DataError
    from zanjir.explain import audit as audited
    from zanjir.explain import claims as claims_named
    from zanjir.explain import problem as problem_named
    from zanjir.explain.words import said, titled

    printed = claims_named(claims)
    name = problem or printed.problem
    if not name:
        raise DataError(f'{claims} names no problem; add problem = "..." to it, or pass --problem.')
    findings = audited(printed, problem_named(name))
    wrong = sum(not finding.ok for finding in findings)
    if as_json:
        results = [finding.as_json() for finding in findings]
        document = {"title": titled("en", printed.titles), "problem": name, "claims": len(findings), "wrong": wrong}
        click.echo(json.dumps({**document, "findings": results}, ensure_ascii=False, allow_nan=False))
    else:
        lines = [line for finding in findings for line in lines_of(finding, language)]
        summary = said(language, "audit_summary", wrong=wrong, count=len(findings))
        click.echo("\n".join([titled(language, printed.titles), *lines, summary]))
    if wrong:
        sys.exit(1)


def lines_of(finding: Finding, language: str) -> list[str]:
    """Return a finding: what is printed and right, and below it the sentence."""
    from zanjir.explain.arithmetic import rounded
    from zanjir.explain.words import said
    from zanjir.explain.writers.text import isolated

    claim = finding.claim
    place = f"{claim.place}  " if claim.place else ""
    right = "-" if finding.right is None else rounded(finding.right)
    compared = said(language, "audit_compared", printed="-" if claim.printed is None else claim.printed, right=right)
    lines = [f"{place}{claim.label or claim.target}: {compared}", f"    {finding.sentence(language)}"]
    return [isolated(line) for line in lines] if language == "fa" else lines
