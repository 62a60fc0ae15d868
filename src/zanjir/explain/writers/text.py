"""A worked solution as text for the terminal."""

from __future__ import annotations

import numpy as np

from zanjir.explain.steps import Path, Step, Table, Value
from zanjir.explain.writers.numerals import rows, shape_text
from zanjir.explain.writers.writer import LATIN, Writer, distinct

__all__ = ["as_text", "isolated"]

# Unicode's left-to-right isolate, and its end.
ISOLATE, END = "\u2066", "\u2069"


def as_text(tree: Step, *, language: str = "en", digits: int = 6, numerals: str = "latin") -> str:
    """Return a worked solution as lines.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"`` or ``"fa"``.
    digits : int
        Significant digits that are shown; what is used keeps all that it has.
    numerals : str
        ``"latin"`` or ``"persian"``, for all numbers; names keep their digits.

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
          The factors are multiplied: a change in one counts as often as the other says.
    <BLANKLINE>
    Backward: the chain rule from right to left
      df/df = 1
          The derivative of f with respect to itself is 1.
      df/dw = df/df * df/dw = 1 * 2 = 2
          w acts on f directly: upstream times local.
          df/dw = x = 2  (local)
      df/dx = df/df * df/dx = 1 * 3 = 3
          x acts on f directly: upstream times local.
          df/dx = w = 3  (local)
    """
    writer = Text(language, digits, numerals)
    remarks = [writer.remark(*remark) for remark in writer.remarks(tree)]
    return "\n\n".join([writer.title(tree), *writer.mode_note(tree), *writer.parts(tree), *remarks])


def isolated(line: str) -> str:
    r"""Return a Persian line whose Latin words and numbers run from left to right, in their places.

    Examples
    --------
    >>> ascii(isolated("عدد -0.5"))[-17:-1]
    '\\u2066-0.5\\u2069'
    """
    pieces = LATIN.split(line)
    return "".join(f"{ISOLATE}{piece}{END}" if k % 2 else piece for k, piece in enumerate(pieces))


class Text(Writer):
    """The writing of steps as lines."""

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        lines = [line for step in steps for line in self.lines(step)]
        return "\n".join([self.say(kind), *(f"  {line}" for line in lines)]) if lines else ""

    def lines(self, step: Step) -> list[str]:
        """Return a step: its table, or the line of its numbers, and below it why, and what it is made of."""
        if step.table:
            return [self.say(f"table_{step.target}"), *(f"  {row}" for row in self.table(step.table))]
        sides = [step.written.symbolic, step.written.substituted] if step.written else []
        reason = self.reason(step)
        below = [*([reason] if reason else []), *(self.local(step, path) for path in step.local_paths)]
        return [*self.equation([step.target, *sides], step.value, step.exact), *(f"    {line}" for line in below)]

    def table(self, table: Table) -> list[str]:
        """Return the rows of a table, words to the left and numbers to the right."""
        columns = [
            [f"{cell:{'<' if k == 0 else '>'}{max(map(len, column))}}" for cell in column]
            for k, column in enumerate(zip(*self.cells(table), strict=True))
        ]
        return [self.left_to_right("  ".join(row).rstrip()) for row in zip(*columns, strict=True)]

    def local(self, step: Step, path: Path) -> str:
        """Return a local derivative: with names, with numbers, and its value."""
        sides = [f"d{path.through}/d{step.wrt}", path.local.symbolic, path.local.substituted]
        line, *_ = self.equation(sides, path.local_value, path.local_exact)
        return f"{line}  ({self.say('local')})"

    def equation(self, sides: list[str], value: Value | None, exact: str | None) -> list[str]:
        """Return an equation as a line; of an array, its shape, and its rows on lines of their own."""
        shape = np.shape(value) if value is not None else ()
        line = " = ".join(self.kept([*sides, *([] if shape else self.known(value, exact))]))
        line += self.beside(value, exact)
        if not shape:
            return [self.left_to_right(line)]
        line = f"{line}  {self.numerals(shape_text(shape))}"
        lines = aligned(rows(value, self.number))
        return [self.left_to_right(line), *(f"    {self.left_to_right(row)}" for row in lines)]

    def kept(self, sides: list[str]) -> list[str]:
        """Return the sides that say something new: a name, and expressions in the numerals asked for."""
        name, *others = sides
        return distinct([name, *(self.numerals(side) for side in others if side)])

    def remark(self, heading: str, sentences: list[str]) -> str:
        """Return sentences with their heading."""
        return "\n".join([heading, *(f"  {sentence}" for sentence in sentences)])

    def name(self, name: str) -> str:
        """Return a name as it stands in a sentence."""
        return self.left_to_right(name)

    def counted(self, value: float | None, digits: int | None = None) -> str:
        """Return a number as it stands in a sentence."""
        return self.left_to_right(self.number(value, digits))

    def left_to_right(self, text: str) -> str:
        """Return text that keeps its order between words that run from right to left."""
        return f"{ISOLATE}{text}{END}" if self.language == "fa" else text


def aligned(lines: list[list[str]]) -> list[str]:
    """Return rows of numbers in columns, in brackets.

    Examples
    --------
    >>> aligned([["1", "-20"], ["⋮", "⋮"]])
    ['[ 1  -20 ]', '[ ⋮    ⋮ ]']
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [f"[ {'  '.join(item.rjust(width) for item, width in zip(line, widths, strict=True))} ]" for line in lines]
