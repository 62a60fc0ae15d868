"""Every form of every solution: text, pages, formulas, notebooks, scripts and data, at all levels and in all modes."""

import functools
import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from witnesses.random_networks import random_network
from witnesses.tex import typeset
from zanjir.errors import ZanjirError
from zanjir.explain import (
    LEVELS,
    as_html,
    as_latex,
    as_markdown,
    as_notebook,
    as_script,
    as_text,
    explained_sample,
    problem,
    problem_from_text,
)  # fmt: skip
from zanjir.nn import LOSSES, convnet, mlp
from zanjir.program import Problem
from zanjir.training import Model

LANGUAGES = ("en", "fa")
MODES = ("full", "hand", "exact")
TWO_SAMPLES = 7  # the seed of a network with two samples


@functools.cache
def model(name):
    """A small model with parameters as after a training, and a sample of it."""
    rng = np.random.default_rng(1)
    net, n = {
        "batch normalization": (mlp([3], 2, activation="tanh", norm="batch"), 3),
        "convolution": (convnet((4, 4), [2], [3], 2), 16),
    }[name]
    made = Problem(net, LOSSES["softmax"], n, 2)
    return Model(made, rng.uniform(0.2, 1, made.layout.size), ("a", "b")), rng.normal(size=n)


PROBLEMS = {name: problem(name) for name in ("homework-1", "softmax-classifier", "diamond")}
PROBLEMS["two samples"] = problem_from_text(random_network(TWO_SAMPLES, ("adam",)).text)
MODELS = ("batch normalization", "convolution")
CASES = [*itertools.product(PROBLEMS, LEVELS, MODES), *itertools.product(MODELS, LEVELS, ["full"])]

# What is refused, and the sentence that says so.
NO_MATRICES = "the problem has no [network] and so no matrices"
NO_FRACTION = "is no fraction, so it has no exact value"
SINGLE = "is for all single numbers; leave out focus and level 'matrices'"
REFUSED = {
    **{(name, "matrices", "full"): NO_MATRICES for name in ("softmax-classifier", "diamond")},
    **{(name, "matrices", mode): SINGLE for name in PROBLEMS for mode in ("hand", "exact")},
    **{
        (name, level, "exact"): NO_FRACTION
        for name in ("homework-1", "softmax-classifier", "two samples")
        for level in LEVELS
        if level != "matrices"
    },
}
NO_CODE = "a summary has tables and nothing that a script or notebook could compute"


@functools.cache
def solved(name, level, mode):
    """The tree of a case."""
    if name in PROBLEMS:
        return PROBLEMS[name].solution(level=level, mode=mode)
    found, x = model(name)
    return explained_sample(found, x, 1, level=level)


class Page(HTMLParser):
    """Whether every element of a page is closed, and what a reader sees of it."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "wbr"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open and "script" not in self.open:
            self.seen.append(data)


def check_words(text):
    """No number is missing or written as only Python writes it."""
    found = re.search(r"\b(?:nan|None|NaN|inf)\b|array\(|np\.float|<zanjir|object at 0x", text)
    assert not found, text[max(0, found.start() - 200) : found.end() + 50]


def run(code, scope):
    """Run code that a form holds."""
    exec(compile(code, "code", "exec"), scope)  # noqa: S102 - written by the function under test


def check_notebook(text):
    """The cells run in order, and their words are whole."""
    scope = {}
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            run(cell["source"], scope)
        else:
            check_words(cell["source"])


def check_html(text):
    """Every element is closed."""
    page = Page(text)
    assert page.open == []
    check_words(" ".join(page.seen))


def check_latex(text):
    """Braces and environments close."""
    check_words(text)
    plain = re.sub(r"\\[{}\\]", "", text)
    assert plain.count("{") == plain.count("}")
    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []


FORMS = {
    "text": (as_text, check_words),
    "html": (as_html, check_html),
    "markdown": (as_markdown, check_words),
    "latex": (as_latex, check_latex),
    "notebook": (as_notebook, check_notebook),
    "python": (as_script, lambda text: run(text, {"__name__": "__main__"})),
    "json": (lambda tree, language: json.dumps(tree.as_json(language), allow_nan=False), check_words),
}


def one_sentence(error):
    """Return what an error says, which is one line."""
    (line,) = str(error).splitlines()
    return line


@pytest.mark.parametrize(("name", "level", "mode"), CASES)
def test_every_form_of_a_solution_is_whole(name, level, mode):
    if expected := REFUSED.get((name, level, mode)):
        with pytest.raises(ZanjirError) as refused:
            solved(name, level, mode)
        assert expected in one_sentence(refused.value)
        return
    tree = solved(name, level, mode)
    assert tree.rule == level
    for form, language in itertools.product(FORMS, LANGUAGES):
        write, check = FORMS[form]
        if level == "summary" and form in {"notebook", "python"}:
            with pytest.raises(ZanjirError) as refused:
                write(tree, language=language)
            assert NO_CODE in one_sentence(refused.value)
        else:
            check(write(tree, language=language))


def test_the_checks_above_find_what_they_are_for():
    for wrong in ("x = nan", "b = None", "X + array([1, 2])", "np.float64(2.0)"):
        with pytest.raises(AssertionError):
            check_words(wrong)
    with pytest.raises(AssertionError):
        check_html("<p><b>x</p></b>")
    with pytest.raises(AssertionError):
        check_latex(r"\begin{a}{\end{a}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["two samples", "batch normalization"])
def test_the_formulas_of_matrices_compile(name, language, tmp_path):
    tree = solved(name, "matrices", "full")
    text = typeset(as_latex(tree, language=language), tmp_path)
    assert (tmp_path / "solution.pdf").stat().st_size > 0
    if text is not None:
        assert f"{tree.value:.6g}" in text
