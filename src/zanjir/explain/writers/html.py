"""A worked solution as one HTML page that needs nothing from anywhere."""

from __future__ import annotations

import re
from html import escape
from itertools import count

from zanjir.explain.arithmetic import rounded
from zanjir.explain.steps import Path, Step, Table, Value
from zanjir.explain.words import joined
from zanjir.explain.writers.mathml import Formula, mathml, matrix_mathml, name_mathml, number_mathml
from zanjir.explain.writers.page import page
from zanjir.explain.writers.writer import Writer

__all__ = ["as_html"]

# With more steps, the local derivatives are shown when asked for, or printed.
MOST_OPEN = 60
# Characters of a formula that fit a telephone beside each other.
WIDE = 24
POINTING = re.compile(r"<mn><span[^>]*><math>|</math></span></mn>")
TAG = re.compile(r"<[^>]*>")


def as_html(tree: Step, *, language: str = "en", digits: int = 6, numerals: str = "latin", figure: str = "") -> str:
    """Return a worked solution as a page: formulas in MathML, in which each number leads to where it was found.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"`` or ``"fa"``, whose page runs from right to left while formulas run from left to right.
    digits : int
        Significant digits that are shown; what is used keeps all that it has.
    numerals : str
        ``"latin"`` or ``"persian"``, for all numbers; names keep their digits.
    figure : str
        A picture in SVG that stands at the top.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> text = as_html(solution((w * x).named("f"), symbol="f"), language="fa", numerals="persian")
    >>> '<html lang="fa" dir="rtl">' in text, "src=" in text, "<mn>۶</mn>" in text
    (True, False, True)
    """
    writer = Html(language, digits, numerals)
    writer.is_open = sum(bool(step.paths) for step in tree.children) <= MOST_OPEN
    parts = writer.parts(tree)
    remarks = "".join(writer.remark(*remark) for remark in writer.remarks(tree))
    note = "".join(f"<p>{sentence}</p>" for sentence in writer.mode_note(tree))
    drawn = f'<figure tabindex="0" style="--width: {width_of(figure)}px">\n{figure}</figure>\n' if figure else ""
    body = f"{drawn}{note}{''.join(parts)}{remarks}"
    return page(writer.title(tree), body, language=language, persian_numerals=numerals == "persian")


def width_of(figure: str) -> float:
    """Return how wide a picture in SVG is, in pixels; the page may make it a quarter smaller, then it scrolls."""
    found = re.search(r' width="([\d.]+)"', figure)
    return float(found[1]) if found else 0.0


class Html(Writer):
    """The writing of steps as elements of a page, which remembers where each stands."""

    EQUAL, ABOUT = ('<mo form="infix">=</mo>', '<mo form="infix">≈</mo>')

    def __init__(self, language: str, digits: int, numerals: str = "latin") -> None:
        super().__init__(language, digits, numerals)
        self.links: dict[str, str] = {}
        self.anchors: dict[str, str] = {}
        self.arrays: set[str] = set()
        self.places = count(1)
        self.is_open = True

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        if not steps:
            return ""
        items = "".join(self.item(step) for step in steps)
        return f'<section class="{kind}"><h2>{escape(self.say(kind))}</h2>\n<ol>\n{items}</ol></section>\n'

    def item(self, step: Step) -> str:
        """Return a step: its table, or its formula, why, and its local derivatives."""
        if step.table:
            return f"<li>{self.table(self.say(f'table_{step.target}'), step.table)}</li>\n"
        place = f"step-{next(self.places)}"
        locals_ = [self.local(step, path, f"{place}-{k}") for k, path in enumerate(step.local_paths)]
        sides = [[self.target(step.target)], *self.sides(step, place), self.known(step.value, step.exact)]
        line = formula(sides, self.beside(step.value, step.exact))
        self.links[step.target] = self.opening(place, self.line(step))
        self.arrays |= {step.target} if step.shape else set()
        self.anchors[step.target] = place
        reason = self.reason(step) or (escape(self.say("locals")) if locals_ else "")
        row = f'<div class="row">{line}{self.sources(step)}</div>'
        return f'<li id="{place}">{row}{self.explained(reason, "".join(locals_))}</li>\n'

    def line(self, step: Step) -> str:
        """Return what is found and its value, for the title of a link."""
        return escape(f"{step.target} = {self.summary(step.value)}")

    def sides(self, step: Step, place: str) -> list[list[str]]:
        """Return the expression of a step with names and with numbers; upstream and local have a brace below."""
        if not step.written:
            return []
        numbers = self.formula(step.written.substituted, step.written.symbolic)
        if step.local_paths and numbers.is_numeric:
            substituted = numbers.products(
                len(step.paths),
                lambda k, shown: self.factor("upstream", self.links.get(step.paths[k].upstream, ""), shown),
                lambda k, shown: self.factor("local", self.local_opening(step, k, place), shown),
            )
        else:
            substituted = numbers.pieces()
        return [self.formula(step.written.symbolic).pieces(), substituted if step.written.substituted else []]

    def formula(self, code: str, names: str = "") -> Formula:
        """Return an expression whose names and numbers lead to the steps that found them."""
        return Formula(code, names, self.links, self.numerals, self.arrays)

    def factor(self, key: str, opening: str, shown: str) -> str:
        """Return a factor of the chain rule with what it is, said by a word, a brace and a color."""
        inside = f"<mn>{opening}<math>{shown}</math></span></mn>" if opening and "<span" not in shown else shown
        label = f'<mtext class="label">{escape(self.say(key))}</mtext>'
        return f'<munder class="{key}"><munder>{inside}<mo stretchy="true">⏟</mo></munder>{label}</munder>'

    def table(self, title: str, table: Table) -> str:
        """Return a table, which may be moved aside where the page is narrow."""
        head, *rows = self.cells(table)
        top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
        body = "".join(
            f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
            for first, *cells in rows
        )
        return (
            f'<div class="table" role="region" tabindex="0" aria-label="{escape(title)}"><table>'
            f"<caption>{escape(title)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def cell(self, cell: str | float | None) -> str:
        """Return a cell of a table."""
        shown = super().cell(cell)
        return f"<math>{shown}</math>" if isinstance(cell, int | float) else f"<bdi>{escape(shown)}</bdi>"

    def local(self, step: Step, path: Path, place: str) -> str:
        """Return a local derivative."""
        symbolic = self.formula(path.local.symbolic).pieces()
        substituted = self.formula(path.local.substituted, path.local.symbolic).pieces()
        sides = [
            [mathml(self.local_name(step, path))],
            symbolic,
            substituted,
            self.known(path.local_value, path.local_exact),
        ]
        return f'<div class="path" id="{place}">{formula(sides, self.beside(path.local_value, path.local_exact))}</div>'

    def local_opening(self, step: Step, k: int, place: str) -> str:
        """Return the tag that opens a link to a local derivative."""
        path = step.paths[k]
        return self.opening(f"{place}-{k}", escape(f"{self.local_name(step, path)} = {self.summary(path.local_value)}"))

    @staticmethod
    def local_name(step: Step, path: Path) -> str:
        """Return how a local derivative is called."""
        return f"d{path.through}/d{step.wrt}"

    @staticmethod
    def opening(place: str, line: str) -> str:
        """Return the tag that opens a name or number whose origin is known: the line of the step stands in its title.

        It is no link, because what reads formulas aloud sees none in them; the links stand beside the formula.
        """
        return f'<span data-from="{place}" title="{line}">'

    def summary(self, value: Value | None) -> str:
        """Return a value in a few characters: of an array, its shape."""
        shape = Step("given", "given", "", value).shape
        return self.numerals(self.say("shape", shape=shape)) if shape else super().number(value)

    def explained(self, reason: str, below: str) -> str:
        """Return why, above what shows it in full, which can be folded away."""
        if below:
            return f"<details{' open' if self.is_open else ''}><summary>{reason}</summary>{below}</details>"
        return f"<p>{reason}</p>" if reason else ""

    def sources(self, step: Step) -> str:
        """Return links to the steps on which one rests."""
        links = [
            f'<a href="#{self.anchors[name]}">{self.name(name)}</a>'
            for name in dict.fromkeys(step.inputs)
            if name in self.anchors
        ]
        return f'<p class="from">{self.say("from", names=joined(self.language, links))}</p>' if links else ""

    def target(self, target: str) -> str:
        """Return what is found."""
        name, _, new = target.partition(" ")
        if "[" in name and "]" not in name:  # an entry, whose index has a blank
            name, bracket, new = target.partition("] ")
            name += bracket.rstrip()
        shown = mathml(name) if set("/[(") & set(name) else name_mathml(name)
        return f"<msup>{shown}<mtext>{escape(new)}</mtext></msup>" if new else shown

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Return a number as it stands in a formula."""
        if value is None:
            return self.formula_words(self.say("not_computed"))
        return number_mathml(rounded(value, digits or self.digits), self.numerals)

    def fraction(self, exact: str) -> str:
        """Return a fraction as it stands in a formula."""
        return "".join(self.formula(exact).pieces())

    def remark(self, heading: str, sentences: list[str]) -> str:
        """Return sentences with their heading."""
        return f"<section><h2>{escape(heading)}</h2>{''.join(f'<p>{sentence}</p>' for sentence in sentences)}</section>"

    def matrix(self, lines: list[list[str]], shape: str) -> str:
        """Return an array as a matrix with its shape beside it."""
        shown = [[item if item.startswith("<") else f"<mo>{item}</mo>" for item in line] for line in lines]
        return matrix_mathml(shown, shape) if lines else self.formula_words(self.say("shape", shape=shape))

    def formula_words(self, text: str) -> str:
        """Return words as they stand in a formula."""
        return f"<mtext>{escape(text)}</mtext>"

    def name(self, name: str) -> str:
        """Return a name as it stands in a sentence."""
        return f"<bdi><code>{escape(name)}</code></bdi>"

    def inline(self, code: str) -> str:
        """Return a formula as it stands in a sentence."""
        return f"<bdi><math>{mathml(code)}</math></bdi>"

    def spoken(self, text: str) -> str:
        """Return the words of a sentence."""
        return escape(text)

    def counted(self, value: float | None, digits: int | None = None) -> str:
        """Return a number as it stands in a sentence."""
        return f"<math>{self.number(value, digits)}</math>"


def formula(sides: list[list[str]], beside: str = "") -> str:
    """Return sides of an equation, each in pieces, without those that repeat the one before.

    Each piece is a formula of its own, so that a line may end before it.
    """
    said = [[POINTING.sub("", piece) for piece in side] for side in sides]
    kept = [side for side, new, old in zip(sides, said, [[], *said[:-1]], strict=True) if side and new != old]
    pieces = [
        f"{Html.EQUAL if k and not i else ''}{piece}" for k, side in enumerate(kept) for i, piece in enumerate(side)
    ]
    pieces += [beside] if beside else []
    inside = "<wbr>".join(f"<math>{piece}</math>" for piece in pieces)
    # What is wider than a telephone scrolls, and must then be reachable with the keyboard.
    reachable = ' tabindex="0"' if any(len(TAG.sub("", piece)) > WIDE for piece in pieces) else ""
    return f'<span class="formula"{reachable}>{inside}</span>'
