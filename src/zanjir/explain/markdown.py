"""A worked solution as Markdown, with formulas as GitHub and notebooks set them."""

from __future__ import annotations

from html import escape

from zanjir.explain.blocks import fraction_latex, latex_name, target_latex
from zanjir.explain.steps import Path, Step, Table
from zanjir.explain.words import why
from zanjir.explain.writer import Writer, distinct

__all__ = ["as_markdown"]


def as_markdown(tree: Step, *, language: str = "en", digits: int = 6) -> str:
    r"""Return a worked solution as Markdown; Persian stands in a block from right to left, formulas on their own lines.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"`` or ``"fa"``.
    digits : int
        Significant digits that are shown.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> print(as_markdown(solution((w * x).named("f"), symbol="f")).split("## ")[2].strip())
    Forward: the numbers from left to right
    <BLANKLINE>
    $$f = w \cdot x = 3 \cdot 2 = 6$$
    """
    writer = Markdown(language, digits)
    remarks = [writer.remark(*remark) for remark in writer.remarks(tree)]
    body = "\n\n".join([f"# {tree.target}", *writer.mode_note(tree), *writer.parts(tree), *remarks])
    return f'<div dir="rtl">\n\n{body.strip()}\n\n</div>\n' if language == "fa" else f"{body.strip()}\n"


class Markdown(Writer):
    """The writing of steps as Markdown."""

    ABOUT = r" \approx "

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        blocks = [block for step in steps for block in self.blocks(step)]
        return "\n\n".join([f"## {self.say(kind)}", *blocks]) if blocks else ""

    def blocks(self, step: Step) -> list[str]:
        """Return a step: its table, or its formula, and the local derivatives."""
        if step.table:
            return [self.say(f"table_{step.target}"), self.table(step.table)]
        sides = [target_latex(step.target)]
        if step.written:
            sides += [step.written.symbolic_latex, step.written.substituted_latex]
        marked = self.marked
        reason = why(self.language, step, marked) or self.note(step, marked)
        locals_ = [self.local(step, path) for path in step.local_paths]
        sides += self.known(step.value, step.exact)
        return [formula(sides, self.beside(step.value, step.exact)), *([reason] if reason else []), *locals_]

    def marked(self, code: str) -> str:
        """Return a name or a formula as it stands in a sentence."""
        return f"<bdi>`{code}`</bdi>" if self.language == "fa" else f"`{code}`"

    def table(self, table: Table) -> str:
        """Return a table."""
        head, *rows = [[escape(cell).replace("|", "\\|") for cell in row] for row in self.cells(table)]
        under = ["---", *["---:"] * (len(head) - 1)]
        return "\n".join(f"| {' | '.join(row)} |" for row in (head, under, *rows))

    def local(self, step: Step, path: Path) -> str:
        """Return a local derivative."""
        left = latex_name(f"d{path.through}/d{step.wrt}")
        sides = [left, path.local.symbolic_latex, path.local.substituted_latex]
        sides += self.known(path.local_value, path.local_exact)
        return formula(sides, self.beside(path.local_value, path.local_exact))

    def fraction(self, exact: str) -> str:
        """Return a fraction as it stands in a formula."""
        return fraction_latex(exact)

    def remark(self, heading: str, sentences: list[str]) -> str:
        """Return sentences with their heading."""
        return "\n\n".join([f"## {heading}", *sentences])


def formula(sides: list[str], beside: str = "") -> str:
    """Return sides of an equation as a formula of its own, without those that repeat the one before."""
    return f"$${' = '.join(distinct([side for side in sides if side]))}{beside}$$"
