"""What surrounds a worked solution on a page: its style, for screen and paper, its script, and what it may load."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

__all__ = ["page"]

STYLE = """
:root { color-scheme: light; }
body { font-family: Vazirmatn, "Noto Naskh Arabic", Tahoma, "DejaVu Sans", sans-serif; line-height: 1.7;
  margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.6rem; line-height: 1.4; } [dir=rtl] h1 { text-align: right; }
h2 { font-size: 1.2rem; border-block-end: 1px solid #767676; margin-block-start: 2rem; }
ol { list-style: none; padding: 0; margin: 0; }
h1, p, summary { overflow-wrap: anywhere; }
li { min-width: 0; max-width: 100%; box-sizing: border-box; margin-block: .4rem; padding: .2rem .6rem;
  border-radius: .3rem; }
:target, .origin { background: #fff3cd; outline: 2px solid #8a6100; }
.formula { display: block; direction: ltr; width: fit-content; min-width: 0; max-width: 100%; box-sizing: border-box;
  padding: .1rem 0 .1rem 2.5em; text-indent: -2.5em; text-align: left; unicode-bidi: isolate;
  overflow-x: auto; overflow-y: hidden; }
.formula > math { text-indent: 0; font-size: 1.1rem; margin-block: .2rem; math-style: normal; }
math { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math;
  direction: ltr; }
math math { font-size: inherit; math-style: normal; }
mtable { margin-inline: .2em; } mtd { text-align: right; text-align: -webkit-right; }
.upstream { color: #8a3b00; } .local { color: #00508a; }
.label { font-family: Vazirmatn, "Noto Naskh Arabic", Tahoma, "DejaVu Sans", sans-serif;
  font-size: .7rem; padding-inline: .3em; }
.table { overflow-x: auto; } table { border-collapse: collapse; } caption { text-align: start; }
th, td { padding: .2rem .7rem; border-block-end: 1px solid #767676; text-align: end; }
th:first-child { text-align: start; } .table bdi { unicode-bidi: plaintext; }
.path { display: block; }
.given > ol { display: flex; flex-wrap: wrap; column-gap: 1rem; }
.given li { margin-block: 0; }
details > :not(summary) { margin-inline-start: 1.5rem; } summary { cursor: pointer; }
summary, li p { font-size: .9rem; color: #404040; } li p { margin: 0; }
.row { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; column-gap: 1rem; }
.row > .from { margin-inline-start: auto; } a { color: #00508a; }
[data-from] { border-block-end: 1px dotted #767676; cursor: pointer; }
[data-from]:hover { color: #00508a; border-block-end: 2px solid #00508a; }
figure { direction: ltr; margin: 1rem 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; min-width: calc(var(--width) * .75); }
bdi { direction: ltr; } code { font-family: "DejaVu Sans Mono", Consolas, monospace; font-size: .95em; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  .formula { overflow: visible; } .formula > math { font-size: 11pt; }
  li { break-inside: avoid; } h2 { break-after: avoid; } [data-from] { border: 0; } .from { display: none; }
  figure svg { min-width: 0; }
  details::details-content { content-visibility: visible; } summary { list-style: none; }
  :target, .origin { background: none; outline: none; }
}
""".strip()
# Pointing at a number marks the step that found it; without the script, its title and the links beside it tell.
SCRIPT = """
const origin = event => {
  const seen = event.target.closest("[data-from], a[href^='#']");
  return seen && (seen.dataset.from ?? seen.hash.slice(1));
};
const show = on => event => document.getElementById(origin(event))?.classList.toggle("origin", on);
for (const name of ["mouseover", "focusin"]) document.addEventListener(name, show(true));
for (const name of ["mouseout", "focusout"]) document.addEventListener(name, show(false));
document.addEventListener("click", event => { if (origin(event)) location.hash = origin(event); });
""".strip()


def page(title: str, body: str, *, language: str, persian_numerals: bool = False) -> str:
    """Return a whole page that needs nothing from anywhere and may load nothing.

    Parameters
    ----------
    title : str
        As text.
    body : str
        As HTML.
    language : str
        ``"fa"`` runs from right to left.
    persian_numerals : bool
        Whether printed pages are numbered in Persian numerals.

    Examples
    --------
    >>> page("<b>", "<p>text</p>", language="en").count("&lt;b&gt;")
    2
    """
    style = f"{STYLE}\n{paper(title, persian_numerals)}"
    allowed = f"default-src 'none'; style-src 'unsafe-inline'; script-src {hash_of(SCRIPT)}; base-uri 'none'"
    direction = "rtl" if language == "fa" else "ltr"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}" dir="{direction}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
        f'<h1 dir="auto">{escape(title)}</h1>\n{body}\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n'
    )


def paper(title: str, persian_numerals: bool) -> str:
    """Return the style of printed pages: A4, with the title above and the page's number below."""
    # No sign of a title can end the string, or the style: all that are no letters or digits stand as their numbers.
    shown = "".join(sign if sign.isalnum() else f"\\{ord(sign):x} " for sign in title)
    numbers = "persian" if persian_numerals else "decimal"
    return (
        "@page { size: A4; margin: 20mm 18mm; "
        f'@top-center {{ content: "{shown}"; font-size: 9pt; color: #404040; }} '
        f'@bottom-center {{ content: counter(page, {numbers}) " / " counter(pages, {numbers}); font-size: 9pt; }} }}'
    )


def hash_of(text: str) -> str:
    """Return by what a policy recognizes a style or a script."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
