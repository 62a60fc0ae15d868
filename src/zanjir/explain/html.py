"""A worked solution as one HTML page that needs nothing from anywhere."""

from __future__ import annotations

from html import escape

from zanjir.explain.mathml import mathml, name_mathml
from zanjir.explain.steps import Path, Step, Table
from zanjir.explain.words import why
from zanjir.explain.writer import Writer, distinct

__all__ = ["as_html", "page"]

STYLE = """
:root { color-scheme: light; }
body { font-family: Vazirmatn, "Noto Naskh Arabic", Tahoma, "DejaVu Sans", sans-serif; line-height: 1.7;
  margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; border-block-end: 1px solid #767676; margin-block-start: 2rem; }
ol { list-style: none; padding: 0; } li { margin-block: .4rem; padding: .3rem .6rem; border-radius: .3rem; }
li:target { background: #fff3cd; } li p { margin: .2rem 0; color: #404040; }
.formula { direction: ltr; text-align: start; unicode-bidi: isolate;
  overflow-x: auto; overflow-y: hidden; padding-block: .25rem; display: block; }
[dir=rtl] .formula { text-align: right; }
math { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math;
  font-size: 1.1rem; }
details { margin-inline-start: 1.5rem; } summary { cursor: pointer; color: #00508a; }
a { color: #00508a; text-decoration: none; } a:hover, a:focus { text-decoration: underline; }
.table { overflow-x: auto; } table { border-collapse: collapse; } caption { text-align: start; }
th, td { padding: .2rem .7rem; border-block-end: 1px solid #767676; text-align: end; }
th:first-child { text-align: start; }
bdi { direction: ltr; font-family: monospace; }
h1 bdi, .table bdi { font-family: inherit; unicode-bidi: plaintext; }
@media print { body { margin: 0; max-width: none; } details > * { display: block; } li { break-inside: avoid; } }
@page { size: A4; margin: 18mm; }
""".strip()


def as_html(tree: Step, *, language: str = "en", digits: int = 6) -> str:
    """Return a worked solution as a page, with formulas in MathML and links to where each number was found.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"`` or ``"fa"``, whose page runs from right to left while formulas run from left to right.
    digits : int
        Significant digits that are shown; what is used keeps all that it has.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> page = as_html(solution((w * x).named("f"), symbol="f"), language="fa")
    >>> '<html lang="fa" dir="rtl">' in page, "<script" in page, "src=" in page
    (True, False, False)
    """
    writer = Html(language, digits)
    parts = writer.parts(tree)
    remarks = "".join(writer.remark(*remark) for remark in writer.remarks(tree))
    note = "".join(f"<p>{escape(sentence)}</p>" for sentence in writer.mode_note(tree))
    return page(tree.target, f"{note}{''.join(parts)}{remarks}", language)


def page(title: str, body: str, language: str) -> str:
    """Return a page with a title and what is below it."""
    direction = "rtl" if language == "fa" else "ltr"
    title = escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}" dir="{direction}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<main>\n<h1><bdi>{title}</bdi></h1>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )


class Html(Writer):
    """The writing of steps as elements of a page, which remembers where each stands."""

    EQUAL, ABOUT = "<mo>=</mo>", "<mo>≈</mo>"

    def __init__(self, language: str, digits: int) -> None:
        super().__init__(language, digits)
        self.places: dict[str, str] = {}
        self.n_steps = 0

    def part(self, kind: str, steps: list[Step]) -> str:
        """Return a part with its heading; nothing if it has no steps."""
        if not steps:
            return ""
        items = "".join(self.item(step) for step in steps)
        return f"<section><h2>{escape(self.say(kind))}</h2>\n<ol>\n{items}</ol></section>\n"

    def item(self, step: Step) -> str:
        """Return a step: its table, or its formula, why, and its local derivatives."""
        if step.table:
            return f"<li>{self.table(self.say(f'table_{step.target}'), step.table)}</li>\n"
        self.n_steps += 1
        self.places[step.target] = place = f"step-{self.n_steps}"
        sides = [self.target(step.target)]
        if step.written:
            sides += [mathml(step.written.symbolic), mathml(step.written.substituted)]
        sides += self.known(step.value, step.exact)
        shown = formula(sides, self.beside(step.value, step.exact))
        reason = why(self.language, step, lambda name: f"<bdi>{escape(name)}</bdi>")
        reason = reason or self.note(step, inline, escape)
        below = "".join(self.local(step, path) for path in step.local_paths)
        word = escape(self.say("local"))
        details = f"<details open><summary>{word}</summary>{below}</details>" if below else ""
        said_why = f"<p>{reason}</p>" if reason else ""
        return f'<li id="{place}">{shown}{said_why}{details}{self.sources(step)}</li>\n'

    def table(self, title: str, table: Table) -> str:
        """Return a table, which may be moved aside where the page is narrow."""
        head, *rows = [[f"<bdi>{escape(cell)}</bdi>" for cell in row] for row in self.cells(table)]
        top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
        body = "".join(
            f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
            for first, *cells in rows
        )
        return (
            f'<div class="table" role="region" tabindex="0" aria-label="{escape(title)}"><table>'
            f"<caption>{escape(title)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def local(self, step: Step, path: Path) -> str:
        """Return a local derivative."""
        left = mathml(f"d{path.through}/d{step.wrt}")
        sides = [left, mathml(path.local.symbolic), mathml(path.local.substituted)]
        sides += self.known(path.local_value, path.local_exact)
        return formula(sides, self.beside(path.local_value, path.local_exact))

    def decimal(self, shown: str) -> str:
        """Return a number that is shown, as it stands in a formula."""
        return number_mathml(shown)

    def fraction(self, exact: str) -> str:
        """Return a fraction as it stands in a formula."""
        return mathml(exact)

    def remark(self, heading: str, sentences: list[str]) -> str:
        """Return sentences with their heading."""
        found = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
        return f"<section><h2>{escape(heading)}</h2>{found}</section>"

    def sources(self, step: Step) -> str:
        """Return links to the steps on which one rests."""
        links = [
            f'<a href="#{self.places[name]}"><bdi>{escape(name)}</bdi></a>'
            for name in dict.fromkeys(step.inputs)
            if name in self.places
        ]
        return f"<p>← {', '.join(links)}</p>" if links else ""

    def target(self, target: str) -> str:
        """Return what is found."""
        name, _, new = target.partition(" ")
        shown = mathml(name) if "/" in name or "(" in name else name_mathml(name)
        return f"<msup>{shown}<mtext>{escape(new)}</mtext></msup>" if new else shown


def number_mathml(shown: str) -> str:
    """Return a number as it is shown."""
    return (
        f"<mrow><mo>−</mo><mn>{shown[1:]}</mn></mrow>" if shown.startswith("-") and shown[1:] else f"<mn>{shown}</mn>"
    )


def inline(code: str) -> str:
    """Return a formula in a sentence, which runs from left to right in every language."""
    return f'<bdi><math xmlns="http://www.w3.org/1998/Math/MathML">{mathml(code)}</math></bdi>'


def formula(sides: list[str], beside: str = "") -> str:
    """Return sides of an equation as a formula, without those that repeat the one before."""
    inside = "<mo>=</mo>".join(distinct(sides)) + beside
    return f'<span class="formula"><math xmlns="http://www.w3.org/1998/Math/MathML">{inside}</math></span>'
