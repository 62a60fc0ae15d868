"""A worked solution as Markdown, with formulas as GitHub and notebooks set them."""

from __future__ import annotations

import re
from html import escape

from zanjir.explain.blocks import fraction_latex, latex_name, target_latex
from zanjir.explain.steps import Path, Step, Table
from zanjir.explain.writers.writer import Writer, distinct
from zanjir.views.tikz import powers

__all__ = ["as_markdown"]


def as_markdown(tree: Step, *, language: str = "en", digits: int = 6, numerals: str = "latin") -> str:
    r"""Return a worked solution as Markdown; Persian stands in a block from right to left, formulas on their own lines.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"`` or ``"fa"``.
    digits : int
        Significant digits that are shown.
    numerals : str
        ``"latin"`` or ``"persian"``, for all numbers; names keep their digits.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> print(as_markdown(solution((w * x).named("f"), symbol="f")).split("## ")[2].strip())
    Forward: the numbers from left to right
    <BLANKLINE>
    $$f = w \cdot x = 3 \cdot 2 = 6$$
    <BLANKLINE>
    The factors are multiplied: a change in one counts as often as the other says.
    """
    writer = Markdown(language, digits, numerals)
    remarks = [writer.remark(*remark) for remark in writer.remarks(tree)]
    body = "\n\n".join([f"# {writer.title(tree)}", *writer.mode_note(tree), *writer.parts(tree), *remarks])
    return f'<div dir="rtl">\n\n{body.strip()}\n\n</div>\n' if language == "fa" else f"{body.strip()}\n"


class Markdown(Writer):
    """The writing of steps as Markdown."""

    ABOUT = r" \approx "

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        blocks = [block for step in steps for block in self.blocks(step)]
        return "\n\n".join([f"## {self.say(kind)}", *blocks]) if blocks else ""

    def blocks(self, step: Step) -> list[str]:
        """Return a step: its table, or its formula, why, and the local derivatives."""
        if step.table:
            return [self.say(f"table_{step.target}"), self.table(step.table)]
        sides = [target_latex(step.target)]
        if step.written:
            sides += [step.written.symbolic_latex, step.written.substituted_latex]
        reason = self.reason(step)
        return [
            self.formula([*sides, *self.known(step.value, step.exact)], self.beside(step.value, step.exact)),
            *([reason] if reason else []),
            *(self.local(step, path) for path in step.local_paths),
        ]

    def table(self, table: Table) -> str:
        """Return a table."""
        head, *rows = [[escape(cell).replace("|", "\\|") for cell in row] for row in self.cells(table)]
        under = ["---", *["---:"] * (len(head) - 1)]
        return "\n".join(f"| {' | '.join(row)} |" for row in (head, under, *rows))

    def local(self, step: Step, path: Path) -> str:
        """Return a local derivative."""
        sides = [latex_name(f"d{path.through}/d{step.wrt}"), path.local.symbolic_latex, path.local.substituted_latex]
        sides += self.known(path.local_value, path.local_exact)
        return self.formula(sides, self.beside(path.local_value, path.local_exact))

    def fraction(self, exact: str) -> str:
        """Return a fraction as it stands in a formula."""
        return fraction_latex(exact)

    def formula(self, sides: list[str], beside: str = "") -> str:
        """Return sides of an equation as a formula of its own, without those that repeat the one before."""
        line = " = ".join(distinct([self.numerals(powers(side)) for side in sides if side])) + beside
        # A dot between Persian numerals would be one more zero.
        shown = line if self.numerals("0") == "0" else re.sub(r"\\cdot(?!s)", r"\\times", line)
        return f"$${shown}$$"

    def remark(self, heading: str, sentences: list[str]) -> str:
        """Return sentences with their heading."""
        return "\n\n".join([f"## {heading}", *sentences])

    def name(self, name: str) -> str:
        """Return a name as it stands in a sentence."""
        return f"<bdi>`{name}`</bdi>" if self.language == "fa" else f"`{name}`"

    def counted(self, value: float | None, digits: int | None = None) -> str:
        """Return a number as it stands in a sentence."""
        return (
            f'<bdi dir="ltr">{self.number(value, digits)}</bdi>'
            if self.language == "fa"
            else self.number(value, digits)
        )
