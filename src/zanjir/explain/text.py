"""A worked solution as text for the terminal."""

from __future__ import annotations

from zanjir.explain.steps import Path, Step, Table
from zanjir.explain.words import why
from zanjir.explain.writer import Writer, distinct

__all__ = ["as_text"]


def as_text(tree: Step, *, language: str = "en", digits: int = 6) -> str:
    """Return a worked solution as lines.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"`` or ``"fa"``.
    digits : int
        Significant digits that are shown; what is used keeps all that it has.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> print(as_text(solution((w * x).named("f"), symbol="f")).split("Check")[0].strip())
    solution
    <BLANKLINE>
    Given
      w = 3
      x = 2
    <BLANKLINE>
    Forward: the numbers from left to right
      f = w * x = 3 * 2 = 6
    <BLANKLINE>
    Backward: the chain rule from the loss to the weights
      df/df = 1
          The loss changes as fast as itself.
      df/dw = df/df * df/dw = 1 * 2 = 2
          w acts on the loss through f alone: upstream times local.
          df/dw = x = 2  (local)
      df/dx = df/df * df/dx = 1 * 3 = 3
          x acts on the loss through f alone: upstream times local.
          df/dx = w = 3  (local)
    """
    writer = Text(language, digits)
    remarks = [writer.remark(*remark) for remark in writer.remarks(tree)]
    return "\n\n".join([tree.target, *writer.mode_note(tree), *writer.parts(tree), *remarks])


class Text(Writer):
    """The writing of steps as lines."""

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        lines = [line for step in steps for line in self.lines(step)]
        return "\n".join([self.say(kind), *(f"  {line}" for line in lines)]) if lines else ""

    def lines(self, step: Step) -> list[str]:
        """Return a step: its table, or the line of its numbers, and why."""
        if step.table:
            return [self.say(f"table_{step.target}"), *(f"  {row}" for row in self.table(step.table))]
        sides = [step.target]
        if step.written:
            sides += [step.written.symbolic, step.written.substituted]
        sides += self.known(step.value, step.exact)
        line = " = ".join(distinct(sides)) + self.beside(step.value, step.exact)
        return [line, *(f"    {reason}" for reason in self.reasons(step))]

    def table(self, table: Table) -> list[str]:
        """Return the rows of a table, words to the left and numbers to the right."""
        columns = [
            [f"{cell:{'<' if k == 0 else '>'}{max(map(len, column))}}" for cell in column]
            for k, column in enumerate(zip(*self.cells(table), strict=True))
        ]
        return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]

    def reasons(self, step: Step) -> list[str]:
        """Return why a derivative is what it is."""
        reason = why(self.language, step) or self.note(step)
        return [*([reason] if reason else []), *(self.local(step.wrt, path) for path in step.local_paths)]

    def local(self, name: str, path: Path) -> str:
        """Return a local derivative: with names, with numbers, and its value."""
        sides = [f"d{path.through}/d{name}", path.local.symbolic, path.local.substituted]
        sides += self.known(path.local_value, path.local_exact)
        line = " = ".join(distinct(sides)) + self.beside(path.local_value, path.local_exact)
        return f"{line}  ({self.say('local')})"

    def remark(self, heading: str, sentences: list[str]) -> str:
        """Return sentences with their heading."""
        return "\n".join([heading, *(f"  {sentence}" for sentence in sentences)])
