"""A worked solution as a LaTeX document, in English or, with xepersian, in Persian."""

from __future__ import annotations

import re

from zanjir.explain.blocks import fraction_latex, latex_name, target_latex
from zanjir.explain.steps import Path, Step, Table
from zanjir.explain.words import why
from zanjir.explain.writer import Writer, distinct
from zanjir.views.summary import one_line

__all__ = ["as_latex"]

WIDEST = 62  # characters of a formula that fit beside its left side on A4 with margins of 20 mm
MOST_COLUMNS = 8  # of numbers with six digits, beside each other
ENGLISH = r"""
\documentclass[11pt,a4paper]{article}
\usepackage[margin=20mm]{geometry}
\usepackage{amsmath}
\usepackage{graphicx}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
"""
# xepersian wants to be loaded last; the first font that is there has the letters of Persian.
PERSIAN = rf"""
% Compile with xelatex.
{ENGLISH.strip()}
\usepackage{{xepersian}}
\IfFontExistsTF{{Vazirmatn}}{{\settextfont{{Vazirmatn}}}}{{%
\IfFontExistsTF{{XB Niloofar}}{{\settextfont{{XB Niloofar}}}}{{%
\IfFontExistsTF{{Noto Naskh Arabic}}{{\settextfont{{Noto Naskh Arabic}}}}{{\settextfont{{DejaVu Sans}}}}}}}}
"""
TEXT = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def as_latex(tree: Step, *, language: str = "en", digits: int = 6) -> str:
    r"""Return a worked solution as a whole document, whose formulas break before they are wider than the page.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"``, for any LaTeX, or ``"fa"``, for XeLaTeX.
    digits : int
        Significant digits that are shown; what is used keeps all that it has.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> document = as_latex(solution((w * x).named("f"), symbol="f"))
    >>> print(document.partition(r"\subsection*{Forward")[2].partition(r"\subsection*")[0].partition("\n")[2].strip())
    \begin{align*}
    f &= w \cdot x \\
    &= 3 \cdot 2 \\
    &= 6
    \end{align*}
    """
    writer = Latex(language, digits)
    remarks = [writer.remark(*remark) for remark in writer.remarks(tree)]
    return writer.document(tree.target, [*map(writer.prose, writer.mode_note(tree)), *writer.parts(tree), *remarks])


class Latex(Writer):
    """The writing of steps as LaTeX."""

    ABOUT = r" \approx "

    def document(self, title: str, parts: list[str]) -> str:
        """Return a whole document with a title and what is below it."""
        top = (PERSIAN if self.language == "fa" else ENGLISH).strip()
        heading = rf"\section*{{{self.prose(title)}}}"
        return "\n".join([top, r"\begin{document}", heading, "", "\n\n".join(parts), "", r"\end{document}", ""])

    def prose(self, text: str) -> str:
        """Return a sentence; in Persian, names and numbers in it run from left to right."""
        text = one_line(text)
        if self.language != "fa":
            return escaped_text(text)
        pieces = re.split(r"([-(]?[A-Za-z0-9](?:[!-~ ]*[!-~](?<![.:,;]))?)", text)
        return "".join(
            rf"\lr{{{escaped_text(piece)}}}" if k % 2 else escaped_text(piece) for k, piece in enumerate(pieces)
        )

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        heading = rf"\subsection*{{{self.prose(self.say(kind))}}}"
        if kind == "given" and steps:
            return f"{heading}\n{aligned([self.equation(latex_name(x.target), [], x.value, x.exact) for x in steps])}"
        return "\n".join([heading, *(self.block(step) for step in steps)]) if steps else ""

    def block(self, step: Step) -> str:
        """Return a step: its table, or its formula, why, and its local derivatives."""
        if step.table:
            return self.table(self.say(f"table_{step.target}"), step.table)
        sides = [step.written.symbolic_latex, step.written.substituted_latex] if step.written else []
        formulas = [self.equation(target_latex(step.target), sides, step.value, step.exact)]
        formulas += [self.local(step, path) for path in step.local_paths]
        reason = self.prose(why(self.language, step) or self.note(step))
        return "\n".join([aligned(formulas), *([reason, ""] if reason else [])])

    def cell(self, cell: str | float | None) -> str:
        """Return a cell of a table: a number as a formula, or a word."""
        shown = super().cell(cell)
        return self.prose(shown) if isinstance(cell, str) else f"${powers(shown)}$"

    def table(self, title: str, table: Table) -> str:
        """Return a table with its title; one with many columns is made as wide as the page."""
        head, *rows = [" & ".join(row) for row in self.cells(table)]
        lines = "".join(f"{row} \\\\\n" for row in rows)
        form = f"l{'r' * (len(table.columns) - 1)}"
        whole = f"\\begin{{tabular}}{{{form}}}\n{head} \\\\ \\hline\n{lines}\\end{{tabular}}"
        if len(table.columns) > MOST_COLUMNS:
            whole = f"\\resizebox{{\\linewidth}}{{!}}{{%\n{whole}}}"
        return f"{self.prose(title)}\n\n\\medskip\n{whole}\n\n\\medskip"

    def local(self, step: Step, path: Path) -> list[str]:
        """Return the lines of a local derivative."""
        left = latex_name(f"d{path.through}/d{step.wrt}")
        sides = [path.local.symbolic_latex, path.local.substituted_latex]
        return self.equation(left, sides, path.local_value, path.local_exact)

    def equation(self, left: str, sides: list[str], value: float | None, exact: str | None) -> list[str]:
        """Return a formula that ends in a value."""
        beside = self.beside(value, exact)
        *lines, last = equation(left, [*sides, *self.known(value, exact)]) or [f"{left} &" if beside else ""]
        return [line for line in (*lines, powers(last + beside)) if line]

    def fraction(self, exact: str) -> str:
        """Return a fraction as it stands in a formula."""
        return fraction_latex(exact)

    def remark(self, heading: str, sentences: list[str]) -> str:
        """Return sentences with their heading."""
        return "\n\n".join([rf"\subsection*{{{self.prose(heading)}}}", *map(self.prose, sentences)])


def escaped_text(text: str) -> str:
    """Return text without signs that mean something to LaTeX."""
    return "".join(TEXT.get(sign, sign) for sign in text)


def aligned(formulas: list[list[str]]) -> str:
    """Return lines of formulas under each other; a page may end between them."""
    lines = " \\\\\n".join(line for lines in formulas for line in lines)
    return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"


def equation(left: str, sides: list[str]) -> list[str]:
    """Return a formula as lines: a side on each, without those that repeat the one before."""
    if not any(sides):
        return [f"&{left}"]
    lines = []
    for k, side in enumerate(distinct([powers(side) for side in sides if side])):
        first, *more = broken(side)
        lines += [f"{'' if k else left + ' '}&= {first}", *(rf"&\quad {piece}" for piece in more)]
    return lines


def powers(formula: str) -> str:
    r"""Return a formula whose numbers such as 1e-08 are written with a power of ten.

    Examples
    --------
    >>> powers("x + 1e-08")
    'x + 1 \\cdot 10^{-8}'
    """
    return re.sub(
        r"(?<![\w.])(\d+(?:\.\d+)?)e([+-])(\d+)",
        lambda found: rf"{found[1]} \cdot 10^{{{'-' if found[2] == '-' else ''}{int(found[3])}}}",
        formula,
    )


def broken(formula: str) -> list[str]:
    """Return a formula in pieces that fit the page: cut before signs outside of brackets, else made smaller."""
    pieces = [""]
    for term in terms(formula):
        if pieces[-1] and width(pieces[-1] + term) > WIDEST:
            pieces.append("")
        pieces[-1] += term if pieces[-1] else term.lstrip()
    return [shrunk(piece) for piece in pieces]


def terms(formula: str) -> list[str]:
    r"""Return a sum cut before each sign that stands outside of brackets.

    Examples
    --------
    >>> terms(r"a \cdot (b + c) - \frac{d + e}{f}")
    ['a \\cdot (b + c)', ' - \\frac{d + e}{f}']
    """
    depth, start, found = 0, 0, []
    for part in re.finditer(r"\\left.|\\right.|\\[{}]|[({\[]|[)}\]]| [+-] ", formula):
        sign = part[0]
        if sign in {" + ", " - "}:
            if depth == 0:
                found.append(formula[start : part.start()])
                start = part.start()
        elif sign.startswith(r"\left") or sign in "({[":
            depth += 1
        elif sign.startswith(r"\right") or sign in ")}]":
            depth -= 1
    return [*found, formula[start:]]


def width(formula: str) -> int:
    r"""Return about how many characters of a formula stand beside each other; a fraction counts with both its parts.

    Examples
    --------
    >>> width(r"\mathrm{net}_{h1} \cdot w_{1}"), width("a + b")
    (9, 5)
    """
    text = formula.replace(" + ", "+++").replace(" - ", "---").replace(r"\cdot", "xx").replace(r"\partial", "x")
    text = re.sub(r"\\(?:mathrm|operatorname|text|frac|left|right)\b", "", text)
    return len(re.sub(r"[\s{}_^\\]", "", text))


def shrunk(piece: str) -> str:
    """Return a piece, made smaller if nothing in it can be cut."""
    if width(piece) <= WIDEST:
        return piece
    return rf"\resizebox{{0.8\linewidth}}{{!}}{{$\displaystyle {piece}$}}"
