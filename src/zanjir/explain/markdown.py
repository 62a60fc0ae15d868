"""A worked solution as Markdown, with formulas as GitHub and notebooks set them."""

from __future__ import annotations

from zanjir.explain.blocks import latex_name, rounded
from zanjir.explain.steps import Path, Step
from zanjir.explain.words import findings, said, why

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
    writer = Writer(language, digits)
    parts = [writer.part(kind, tree.every(kind)) for kind in ("given", "forward", "backward", "update")]
    body = "\n\n".join([f"# {tree.target}", *(part for part in parts if part), writer.checked(tree.every("check"))])
    return f'<div dir="rtl">\n\n{body.strip()}\n\n</div>\n' if language == "fa" else f"{body.strip()}\n"


class Writer:
    """The writing of steps in one language."""

    def __init__(self, language: str, digits: int) -> None:
        self.language, self.digits = language, digits

    def number(self, value: float | None) -> str:
        """Return a number; what was not computed is never shown as 0."""
        return "-" if value is None else rounded(value, self.digits)

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        blocks = [block for step in steps for block in self.blocks(step)]
        return "\n\n".join([f"## {said(self.language, kind)}", *blocks]) if blocks else ""

    def blocks(self, step: Step) -> list[str]:
        """Return a step: its formula, and the local derivatives."""
        sides = [self.target(step.target)]
        if step.written:
            sides += [step.written.symbolic_latex, step.written.substituted_latex]
        reason = why(self.language, step, lambda name: f"<bdi>`{name}`</bdi>" if self.language == "fa" else f"`{name}`")
        locals_ = [self.local(step, path) for path in step.paths]
        return [formula([*sides, self.number(step.value)]), *([reason] if reason else []), *locals_]

    def local(self, step: Step, path: Path) -> str:
        """Return a local derivative."""
        name = step.target.partition("/d")[2]
        left = rf"\frac{{\partial {latex_name(path.through)}}}{{\partial {latex_name(name)}}}"
        return formula([left, path.local.symbolic_latex, path.local.substituted_latex, self.number(path.local_value)])

    def target(self, target: str) -> str:
        """Return what is found as a formula."""
        base, _, new = target.partition(" ")
        spaced = new.replace(" ", r"\ ")
        return rf"{latex_name(base)}^{{\mathrm{{{spaced}}}}}" if new else latex_name(base)

    def checked(self, steps: list[Step]) -> str:
        """Return what the checks found."""
        found = findings(self.language, steps, self.number)
        return "\n\n".join([f"## {said(self.language, 'check')}", *found]) if found else ""


def formula(sides: list[str]) -> str:
    """Return sides of an equation as a formula of its own, without those that repeat the one before."""
    kept = [side for side, before in zip(sides, ["", *sides[:-1]], strict=True) if side and side != before]
    return f"$${' = '.join(kept)}$$"
