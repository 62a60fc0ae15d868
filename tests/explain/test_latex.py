"""Solutions as LaTeX: whole, escaped, no wider than the page, and compiled where a TeX is found."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from witnesses.circuits import random_problem
from zanjir.explain import PROBLEMS, Problem, as_latex, problem
from zanjir.explain.latex import broken, terms, width
from zanjir.explain.words import CATALOGS
from zanjir.optim import OPTIMIZERS

LANGUAGES = ["en", "fa"]
# Beside its left side, a line of A4 with margins of 20 mm has room for some 70 digits of 11 points.
ROOM = 70
COMPILERS = {"en": ("pdflatex", "xelatex"), "fa": ("xelatex",)}


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
    prose = re.sub(r"\\begin\{(align\*|tabular)\}.*?\\end\{\1\}", "", body, flags=re.DOTALL)
    assert re.findall(r"[_^&$#%]", prose) == []
    assert all(line.count("&") == 1 for line in re.findall(r"^.*&=.*$|^&.*$", plain, re.MULTILINE))


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
    outside = re.sub(r"\\lr\{(?:[^{}\\]|\\.)*\}|\\(?:sub)?section\*|\\end\{document\}", "", prose)
    assert re.findall(r"[A-Za-z0-9]+", outside) == []
    assert r"\lr{net\_h1}" in prose


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["homework-1", "random"])
def test_the_document_compiles(name, language, tmp_path):
    found = [path for name in COMPILERS[language] if (path := shutil.which(name))]
    if not found:
        pytest.skip(f"no TeX here: none of {', '.join(COMPILERS[language])}")
    made = random_problem(1) if name == "random" else replace(problem(name), rule=OPTIMIZERS["adam"](0.1))
    (tmp_path / "solution.tex").write_text(as_latex(made.solution(), language=language), encoding="utf-8")
    done = subprocess.run(
        [found[0], "-interaction=nonstopmode", "-halt-on-error", "solution.tex"], cwd=tmp_path, capture_output=True,
        check=False,
    )  # fmt: skip
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "Overfull" not in log
    assert (tmp_path / "solution.pdf").stat().st_size > 0
