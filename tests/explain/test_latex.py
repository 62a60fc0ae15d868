"""Solutions as LaTeX: whole, escaped, no wider than the page, and compiled where a TeX is found."""

import re
from dataclasses import replace

import pytest

from witnesses.circuits import random_problem
from witnesses.tex import typeset
from zanjir.explain import PROBLEMS, Problem, as_latex, problem
from zanjir.explain.words import CATALOGS
from zanjir.explain.writers.drawing import as_figure
from zanjir.explain.writers.latex import FONTS, LONGEST, aligned, broken, terms, tidy, width
from zanjir.explain.writers.numerals import latex_matrix
from zanjir.optim import OPTIMIZERS

LANGUAGES = ["en", "fa"]
# Beside its left side, a line of A4 with margins of 20 mm has room for some 70 digits of 11 points.
ROOM = 70
FORMULA = r"(?<!\\)\$(?:[^$\\]|\\.)*\$"  # within a sentence


def check_structure(document):
    """Braces close, environments nest, and outside of formulas no sign stands that only they may have."""
    plain = re.sub(r"\\[{}\\%&$#_]|(?<!\\)%.*", "", document)
    depth = 0
    for sign in re.findall(r"[{}]", plain):
        depth += 1 if sign == "{" else -1
        assert depth >= 0
    assert depth == 0
    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", document):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    assert document.count(r"\left") == document.count(r"\right")
    body = plain.partition(r"\begin{document}")[2]
    prose = re.sub(rf"\\begin\{{(align\*|tabular)\}}.*?\\end\{{\1\}}|{FORMULA}", "", body, flags=re.DOTALL)
    assert re.findall(r"[_^&$#%]", prose) == []
    assert all(line.count("&") % 2 == 1 for line in re.findall(r"^.*&=.*$|^&.*$", plain, re.MULTILINE))


def lines_of(document):
    """Return the lines of all formulas, each without its left side."""
    blocks = re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end", document, re.DOTALL)
    return [line.partition("&")[2] for block in blocks for line in block.split(" \\\\\n")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_document_of_a_problem_is_whole(name, language):
    tree = problem(name).solution()
    document = as_latex(tree, language=language)
    check_structure(document)
    loss = ["loss"] if tree.every("loss") else []
    kinds = ("given", "forward", *loss, "backward", "check", *(["update"] if tree.every("update") else []))
    for kind in kinds:
        assert rf"\subsection*{{{CATALOGS[language][kind]}}}" in document
    assert (r"\usepackage{xepersian}" in document) == (language == "fa")
    assert document.count(" &= ") >= len(tree.children) - len(tree.every("check", "summary"))


def test_every_target_and_its_value_is_there():
    document = as_latex(problem("homework-1-computed").solution(), digits=9)
    for left, value in {
        r"\mathrm{net}_{h1}": "0.3825", r"\mathrm{loss}": "0.610964346",
        r"\frac{\partial L}{\partial w_{5}}": "0.0766136947", r"w_{5}^{\mathrm{new}}": "0.361693153",
        r"\mathrm{loss}^{\mathrm{after\ 1\ step}}": "0.564526284",
    }.items():  # fmt: skip
        block = document.partition(f"\n{left} &= ")[2].partition(r"\end{align*}")[0]
        assert f"= {value}" in f"= {block}"


@pytest.mark.parametrize("seed", range(10))
def test_no_line_of_a_random_circuit_is_wider_than_the_page(seed):
    document = as_latex(random_problem(seed).solution())
    check_structure(document)
    assert all(r"\resizebox" in line or width(line) <= ROOM for line in lines_of(document))
    assert any(line.startswith(r"\quad") for line in lines_of(document))  # the last formula is long


def test_a_long_sum_breaks_between_its_terms_and_is_the_same_sum():
    sum_ = " + ".join(rf"\frac{{a_{{{k}}} + b}}{{(c - {k})}}" for k in range(30))
    pieces = broken(sum_)
    assert len(pieces) > 3
    assert " ".join(pieces) == sum_
    assert all(piece.count("{") == piece.count("}") and width(piece) <= ROOM for piece in pieces)


def test_what_cannot_break_is_made_smaller():
    product = r" \cdot ".join(f"a_{{{k}}}" for k in range(60))
    assert broken(product) == [rf"\resizebox{{0.8\linewidth}}{{!}}{{$\displaystyle {product}$}}"]
    assert broken(r"a \cdot b") == [r"a \cdot b"]


def test_a_matrix_is_as_wide_as_its_longest_row_and_is_not_blown_up():
    row = " & ".join(["-0.123456"] * 4)
    matrix = rf"\underset{{6 \times 4}}{{{latex_matrix([['-0.123456'] * 4] * 6)}}}"
    assert width(matrix) == 4 * len("-0.123456") + 3 * len("==") + len("[[]]")
    assert broken(matrix) == [matrix]
    assert width(r"\sum (3 \times 4) \odot h") == len("SS(3xx4)xxh")
    wide = matrix.replace(row, " & ".join(["-0.123456"] * 9))
    assert broken(wide) == [rf"\resizebox{{0.8\linewidth}}{{!}}{{$\displaystyle {wide}$}}"]


def test_signs_in_brackets_are_no_places_to_break():
    formula = r"\left|{a + b}\right| - (c + [d - e]) + x_{\}} - y"
    assert terms(formula) == [r"\left|{a + b}\right|", " - (c + [d - e])", r" + x_{\}}", " - y"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_user_wrote_is_escaped(language):
    made = Problem("50% of {A}_1 & \\input{x} $y$ #1 ~ ^\n", {"a_b_c": 2.0, "b_": 1e-12}, {"f_1_2": "a_b_c * b_"},
                   symbol=r"\input{y}")  # fmt: skip
    document = as_latex(made.solution(), language=language)
    check_structure(document)
    assert r"\input" not in document
    assert r"10^{-12}" in document
    assert "e-12" not in document.replace(r"\lr", "")


def test_in_persian_names_and_numbers_run_from_left_to_right():
    document = as_latex(problem("homework-1").solution(), language="fa")
    prose = re.sub(r"\\begin\{align\*\}.*?\\end\{align\*\}", "", document.partition("هزینه")[2], flags=re.DOTALL)
    commands = r"\\(?:sub)?section\*|\\(?:begin|end)\{(?:document|samepage)\}"
    outside = re.sub(rf"\\lr\{{(?:[^{{}}\\]|\\.)*\}}|{FORMULA}|{commands}", "", prose)
    assert re.findall(r"[A-Za-z0-9]+", outside) == []
    assert r"$\mathrm{net}_{h1}$" in prose


def test_a_persian_document_names_the_fonts_that_it_may_be_set_in():
    above, _, below = as_latex(problem("homework-2").solution(), language="fa").partition(r"\documentclass")
    assert above.startswith("% Compile with xelatex")
    assert all(line.startswith("%") for line in above.splitlines())
    assert all(font in above and rf"\settextfont{{{font}}}" in below for font in FONTS)
    assert re.search(r"\\usepackage\{xepersian\}\n(\\IfFontExistsTF.*\n)+\\settextfont.*\n\\begin\{document\}", below)


def test_english_asks_for_xelatex_only_where_a_name_needs_it():
    plain, persian = (Problem("p", {name: 2.0}, {"f": f"{name} ** 2"}) for name in ("é", "وزن"))
    assert as_latex(plain.solution()).startswith(r"\documentclass")
    document = as_latex(persian.solution())
    assert document.startswith("% Compile with xelatex")
    assert r"\usepackage{fontspec}" in document
    assert "xepersian" not in document


def test_given_numbers_stand_beside_each_other_as_far_as_the_page_is_wide():
    names = [f"x{k}" for k in range(10)]
    tree = Problem("p", {name: 1 / (3 + k) for k, name in enumerate(names)}, {"f": " + ".join(names)}).solution()
    for digits, most in ((6, 4), (17, 2)):
        given = as_latex(tree, digits=digits).partition(r"\begin{align*}")[2].partition(r"\end{align*}")[0]
        assert [line.count("=") for line in given.strip().splitlines()][:2] == [most, most]
        assert given.count("=") == len(names)


def test_an_update_shows_what_it_reads_and_its_parts_before_itself():
    made = replace(problem("homework-1"), rule=OPTIMIZERS["adam"](0.1))
    document = as_latex(made.solution())
    update = document.partition(CATALOGS["en"]["update"])[2]
    block = update.partition("w_{1}^{\\mathrm{new}} &= ")[0]
    given = r"\eta &= 0.1 & t &= 1 & m(w_{1}) &= 0 & v(w_{1}) &= 0"
    assert block.index(given) < block.index(r"\hat{m}(w_{1}) &=") < block.index(r"\hat{v}(w_{1}) &=")
    assert r"{\left(\frac{\partial L}{\partial w_{1}}\right)}^{2}" in block


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (r"\frac{(a)}{(b + (c))}", r"\frac{a}{b + (c)}"),
        (r"\frac{(a)(b)}{c}", r"\frac{(a)(b)}{c}"),
        (r"{(a + b)}^{2}", r"{(a + b)}^{2}"),
        (r"e^{(a)}", r"e^{(a)}"),
        (r"\frac{(a", r"\frac{(a"),
    ],
)
def test_brackets_are_left_out_where_a_bar_takes_their_place(formula, shown):
    assert tidy(formula) == shown


def test_many_formulas_may_end_a_page_and_few_may_not():
    for line, height in (("a &= b", 1), (r"a &= \frac{b}{c}", 2)):
        few, many = (aligned([[line]] * n) for n in (LONGEST // height, LONGEST // height + 1))
        assert r"\allowdisplaybreaks" not in few
        assert many.startswith(r"{\allowdisplaybreaks")


HOSTILE = Problem(
    "50% of {A}_1 & \\input{x} $y$ #1 ~ ^\n <x> a_b", {"a_b": 2.0, "b_": 1e-12, "é": 0.5},
    {"f_1_2": "a_b * b_", "out": "f_1_2 + é ** 2"}, symbol=r"\input{y}",
)  # fmt: skip
PERSIAN_NAMES = Problem("وزن‌ها", {"وزن1": 3.0, "وزن_۲": 1.5}, {"خروجی": "وزن1 * وزن_۲"})
MANY = [f"x{k}" for k in range(200)]
LONG = Problem("long", {name: 1 / (k + 3) for k, name in enumerate(MANY)}, {"f": " + ".join(MANY)}, ("x0",))
COMPILED = {
    "homework-1 with Adam": (replace(problem("homework-1"), rule=OPTIMIZERS["adam"](0.1)), ["0.0766137", "0.323394"]),
    "a random circuit": (random_problem(1), []),
    "hostile names": (HOSTILE, ["50% of {A}", "& \\input{x} $y$ #1", "<x> a"]),
    "Persian names": (PERSIAN_NAMES, ["4.5"]),
    "more given numbers than a page holds": (LONG, ["0.0049505"]),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", COMPILED)
def test_the_document_compiles(name, language, tmp_path):
    made, numbers = COMPILED[name]
    tree = made.solution()
    figure = as_figure(made, tree, "latex", language=language)
    text = typeset(as_latex(tree, language=language, figure=figure), tmp_path)
    assert (tmp_path / "solution.pdf").stat().st_size > 0
    if text is not None:
        assert [number for number in numbers if number not in text] == []
