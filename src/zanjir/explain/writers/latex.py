"""A worked solution as a LaTeX document, in English or, with xepersian, in Persian."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from zanjir.explain.blocks import fraction_latex, latex_name, target_latex
from zanjir.explain.steps import Path, Step, Table
from zanjir.explain.writers.writer import LATIN, Writer, distinct
from zanjir.graph.gate import TABLE
from zanjir.views.summary import one_line
from zanjir.views.tikz import STANDALONE, escaped_text, powers

__all__ = ["as_latex", "standalone"]

WIDEST = 62  # characters of a formula that fit beside its left side on A4 with margins of 20 mm
LONGEST = 32  # lines of formulas that stay together on a page; a fraction is as tall as two
MOST_BESIDE = 4  # given numbers beside each other
MOST_COLUMNS = 8  # of numbers with six digits, beside each other
ARTICLE = r"""
\documentclass[11pt,a4paper]{article}
\usepackage[margin=20mm]{geometry}
\usepackage{amsmath}
\usepackage{graphicx}
\setlength{\parindent}{0pt}
"""
SPACES = r"""
\setlength{\abovedisplayskip}{3pt plus 2pt}
\setlength{\belowdisplayskip}{5pt plus 3pt}
"""
FIGURES = r"""
\usepackage{tikz}
\usepackage{adjustbox}
"""
# All of them have the letters of Persian, and all but the last are made for reading.
FONTS = ("Vazirmatn", "XB Niloofar", "Noto Naskh Arabic", "Amiri", "Nazli", "DejaVu Sans")
XELATEX = f"""
% Compile with xelatex (Debian: texlive-xetex, texlive-latex-extra; for Persian also texlive-lang-arabic). The text is
% set in the first of these fonts that is installed: {", ".join(FONTS)}.
% Debian has three of them, in fonts-noto-core, fonts-hosny-amiri and fonts-farsiweb.
"""
# What any LaTeX reads without further packages: Latin letters, and the signs of typesetting.
BEYOND_LATIN = re.compile(r"[^\u0000-\u017f\u2013-\u2026]")
MATRIX_FORM, ROW_END = re.compile(r"\\underset\{[^{}]*\}\{\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}\}"), r" \\ "
MARK = "\0"  # around a name in a sentence


def as_latex(tree: Step, *, language: str = "en", digits: int = 6, figure: str = "") -> str:
    r"""Return a worked solution as a whole document, whose formulas break before they are wider than the page.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"``, for any LaTeX, or ``"fa"``, for XeLaTeX.
    digits : int
        Significant digits that are shown; what is used keeps all that it has.
    figure : str
        A TikZ picture that stands at the top.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> document = as_latex(solution((w * x).named("f"), symbol="f"))
    >>> print(document.partition(r"\subsection*{Forward")[2].partition(r"\subsection*")[0].partition("\n")[2].strip())
    \begin{samepage}
    \begin{align*}
    f &= w \cdot x \\
    &= 3 \cdot 2 \\
    &= 6
    \end{align*}
    The factors are multiplied: a change in one counts as often as the other says.
    \end{samepage}
    """
    writer = Latex(language, digits)
    remarks = [writer.remark(*remark) for remark in writer.remarks(tree)]
    parts = [*map(writer.prose, writer.mode_note(tree)), *writer.parts(tree), *remarks]
    return writer.document(writer.title(tree), parts, figure)


def standalone(figure: str, language: str = "en") -> str:
    """Return a TikZ picture as a document of its own size."""
    directed = f"\\begin{{LTR}}\n{figure}\n\\end{{LTR}}" if language == "fa" else figure
    return whole(STANDALONE, directed, language)


def whole(preamble: str, body: str, language: str) -> str:
    """Return a document; XeLaTeX is asked for only where the letters need it."""
    extra = ""
    if language == "fa":  # xepersian wants to be loaded last
        extra = f"\\usepackage{{xepersian}}\n{first_font('settextfont')}\n"
    elif BEYOND_LATIN.search(body):
        extra = f"\\usepackage{{fontspec}}\n{first_font('setmainfont')}\n"
    above = XELATEX.lstrip() if extra else ""
    return f"{above}{preamble}\n{extra}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def first_font(command: str) -> str:
    """Return the choice of the first font that is installed."""
    *before, last = FONTS
    tests = "".join(f"\\IfFontExistsTF{{{font}}}{{\\{command}{{{font}}}}}{{%\n" for font in before)
    return rf"{tests}\{command}{{{last}}}{'}' * len(before)}"


def scaled(figure: str) -> str:
    """Return a picture in the middle of the page, made smaller if it is wider."""
    return "\n".join([
        r"\begin{center}", r"\begin{adjustbox}{max width=\linewidth, max totalheight=0.8\textheight}", figure,
        r"\end{adjustbox}", r"\end{center}",
    ])  # fmt: skip


class Latex(Writer):
    """The writing of steps as LaTeX."""

    ABOUT = r" \approx "

    def document(self, title: str, parts: list[str], figure: str = "") -> str:
        """Return a whole document with a title, a picture, and what is below it."""
        drawn = [scaled(figure)] if figure else []
        body = "\n\n".join([SPACES.strip(), rf"\section*{{{self.prose(title)}}}", *drawn, *parts])
        return whole(ARTICLE.strip() + (FIGURES.rstrip() if figure else ""), body, self.language)

    def prose(self, text: str) -> str:
        """Return a sentence, with marked names as formulas; in Persian, Latin words run from left to right."""
        pieces = text.split(MARK)
        return "".join(marked(piece) if k % 2 else self.words(one_line(piece)) for k, piece in enumerate(pieces))

    def words(self, text: str) -> str:
        """Return words of a sentence."""
        if self.language != "fa":
            return escaped_text(text)
        pieces = LATIN.split(text)
        return "".join(
            rf"\lr{{{escaped_text(piece)}}}" if k % 2 else escaped_text(piece) for k, piece in enumerate(pieces)
        )

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        heading = rf"\subsection*{{{self.prose(self.say(kind))}}}"
        blocks: list[str] = []
        for is_given, group in groupby(steps, lambda step: step.kind == "given" or step.rule == "given"):
            alike = [*group]
            blocks += [self.side_by_side(alike)] if is_given else map(self.block, alike)
        return "\n".join([heading, *blocks]) if steps else ""

    def side_by_side(self, steps: list[Step]) -> str:
        """Return what is given, beside each other."""
        formulas = beside([(latex_name(x.target), *map(powers, self.known(x.value, x.exact))) for x in steps])
        return "\n".join([formulas, *filter(None, map(self.reason, steps))])

    def block(self, step: Step) -> str:
        """Return a step: its table, or its formula, its local derivatives, and why, on one page."""
        if step.table:
            return self.table(self.say(f"table_{step.target}"), step.table)
        sides = [step.written.symbolic_latex, step.written.substituted_latex] if step.written else []
        formulas = [self.equation(target_latex(step.target), sides, step.value, step.exact)]
        formulas += [self.local(step, path) for path in step.local_paths]
        reason = self.reason(step)
        if not reason:
            return aligned(formulas)
        return "\n".join([r"\begin{samepage}", aligned(formulas), self.prose(reason), r"\end{samepage}", ""])

    def name(self, name: str) -> str:
        """Return a name as it stands in a sentence."""
        return f"{MARK}{one_line(name)}{MARK}"

    def inline(self, code: str) -> str:
        """Return a formula as it stands in a sentence."""
        return code

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


def marked(name: str) -> str:
    """Return a name in a sentence as a formula; that of a gate, which has no index, as code."""
    return rf"\texttt{{{escaped_text(name)}}}" if name in TABLE else f"${target_latex(name)}$"


def beside(formulas: Sequence[tuple[str, ...]]) -> str:
    """Return short formulas, as many beside each other as the page is wide; a letter alone has no other side."""
    widest = max(width("".join(sides)) for sides in formulas)
    n = max(1, min(MOST_BESIDE, WIDEST // (widest + 4)))
    rows = [formulas[k : k + n] for k in range(0, len(formulas), n)]
    return aligned(
        [[" & ".join(" &= ".join(sides) if len(sides) > 1 else f"&{sides[0]}" for sides in row) for row in rows]]
    )


def aligned(formulas: list[list[str]]) -> str:
    """Return lines of formulas under each other; a page may end between them if they are many."""
    lines = [line for formula in formulas for line in formula]
    written = "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"
    height = sum(2 if r"\frac" in line else 1 for line in lines)
    return written if height <= LONGEST else f"{{\\allowdisplaybreaks\n{written}}}%"


def equation(left: str, sides: list[str]) -> list[str]:
    """Return a formula as lines: a side on each, without those that repeat the one before."""
    if not any(sides):
        return [f"&{left}"]
    lines = []
    for k, side in enumerate(distinct([tidy(side) for side in sides if side])):
        first, *more = broken(side)
        lines += [f"{'' if k else left + ' '}&= {first}", *(rf"&\quad {piece}" for piece in more)]
    return lines


def tidy(formula: str) -> str:
    r"""Return a formula without the brackets that a fraction bar replaces, and with others as tall as what they hold.

    Examples
    --------
    >>> print(tidy(r"\frac{a}{(b + (c + d))}"), tidy(r"{(\frac{\partial L}{\partial w})}^{2} + 1e-08"))
    \frac{a}{b + (c + d)} {\left(\frac{\partial L}{\partial w}\right)}^{2} + 1 \cdot 10^{-8}
    """
    for opening in reversed([found.start() for found in re.finditer(r"(?<![_^])\{\(", formula)]):
        end = closing(formula, opening + 1)
        if formula[end + 1 : end + 3] == "}^":
            if r"\frac" in formula[opening:end]:
                formula = rf"{formula[: opening + 1]}\left({formula[opening + 2 : end]}\right){formula[end + 1 :]}"
        elif formula[end + 1 : end + 2] == "}":
            formula = formula[: opening + 1] + formula[opening + 2 : end] + formula[end + 1 :]
    return powers(formula)


def closing(formula: str, opening: int) -> int:
    """Return the place of the bracket that closes the one at a place."""
    depth = 0
    for k, sign in enumerate(formula[opening:], start=opening):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return k
    return len(formula)


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
    >>> width(r"\underset{2 \times 2}{\begin{bmatrix} 1 & 23 \\ 4 & 5 \end{bmatrix}}")
    9
    """
    text = MATRIX_FORM.sub(lambda found: f"[[{max(found[1].split(ROW_END), key=len).replace('&', '==')}]]", formula)
    text = text.replace(" + ", "+++").replace(" - ", "---").replace(r"\partial", "x")
    text = re.sub(r"\\(?:cdot|odot|times|sum)\b", "xx", text)
    text = re.sub(r"\\(?:mathrm|operatorname|text|frac|left|right)\b", "", text)
    return len(re.sub(r"[\s{}_^\\]", "", text))


def shrunk(piece: str) -> str:
    """Return a piece, made smaller if nothing in it can be cut."""
    if width(piece) <= WIDEST:
        return piece
    return rf"\resizebox{{0.8\linewidth}}{{!}}{{$\displaystyle {piece}$}}"
