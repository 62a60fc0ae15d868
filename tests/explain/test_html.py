"""Solutions as pages: whole, closed, escaped, and with every number that the tree has."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from zanjir.errors import ParameterError
from zanjir.explain import PROBLEMS, Step, as_html, as_markdown, as_text, problem
from zanjir.explain.arithmetic import rounded
from zanjir.explain.words import CATALOGS
from zanjir.explain.writers.mathml import mathml
from zanjir.explain.writers.writer import Writer

EMPTY = {"meta", "wbr"}


class Page(HTMLParser):
    """What a page holds: its ids, links and texts; and whether every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.attributes, self.texts = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.attributes.append((tag, attributes))
        if tag not in EMPTY:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_page_is_whole_and_asks_for_nothing(name, language):
    tree = problem(name).solution()
    text = as_html(tree, language=language)
    page = Page(text)
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not re.findall(r"""(src|href)=["'](?!#)|url\(|@import""", text)
    html = dict(page.attributes)["html"]
    assert (html["lang"], html["dir"]) == (language, "rtl" if language == "fa" else "ltr")


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_number_leads_to_the_step_that_found_it(name):
    tree = problem(name).solution()
    text = as_html(tree)
    steps = tree.every("given", "forward", "loss", "backward")
    places = {step.target: f"step-{k}" for k, step in enumerate(steps, 1)}
    for step in tree.every("forward", "loss", "backward"):
        item = text.partition(f'<li id="{places[step.target]}">')[2].partition("<details")[0].partition("</li>")[0]
        for read in step.inputs:
            line = f'data-from="{places[read]}" title="{read} = {rounded(tree.value_of(read))}">'
            times = len(re.findall(rf"(?<![\w/]){re.escape(read)}(?![\w/])", step.written.symbolic))
            assert item.count(line) == 2 * times  # in the line with names, and in that with numbers
            assert item.count(f'<a href="#{places[read]}">') == 1


def test_no_side_of_an_equation_repeats_the_one_before():
    text = as_html(problem("homework-1").solution())
    lines = [re.sub("<[^>]*>", "", line) for line in re.findall(r'class="formula"[^>]*>(.*?)</span>(?=<p|</div)', text)]
    assert "∂netY1∂outh2=w7=0.5" in lines
    assert [line for line in lines if re.search(r"=(.+)=\1$", line)] == []


def test_upstream_and_local_are_said_in_words():
    tree = problem("homework-1").solution()
    paths = sum(len(step.paths) for step in tree.every("backward"))
    for language, words in (("en", ("upstream", "local")), ("fa", ("بالادست", "محلی"))):
        text = as_html(tree, language=language)
        assert [text.count(f'<mtext class="label">{word}</mtext>') for word in words] == [paths, paths]


def test_a_matrix_has_rows_columns_and_its_shape():
    array = np.arange(800.0).reshape(40, 20)
    text = as_html(Step("solution", "solution", "t", children=(Step("given", "given", "W", array),)))
    table = text.partition("<mtable>")[2].partition("</mtable>")[0]
    shown = [re.findall(r"<m[no]>(.*?)</m[no]>", row) for row in table.split("</mtr>")[:-1]]
    assert shown[0] == ["0", "1", "2", "⋯", "18", "19"]
    assert shown[3] == ["⋮", "⋮", "⋮", "⋱", "⋮", "⋮"]
    assert shown[-1] == ["780", "781", "782", "⋯", "798", "799"]
    assert len(shown) == 6
    assert "(40, 20)" in text


@pytest.mark.parametrize("language", ["en", "fa"])
def test_what_was_not_computed_is_not_shown_as_0(language):
    tree = Step("solution", "solution", "t", children=(Step("forward", "exp", "y", None, inputs=("x",)),))
    for write in (as_html, as_text, as_markdown):
        text = write(tree, language=language)
        assert "y" in text
        assert "=" not in re.sub("<[^>]*>", "", text.partition("<main>")[2].partition("</main>")[0] or text)
    assert Writer(language, 6).number(None) == CATALOGS[language]["not_computed"]


def test_persian_numerals_leave_names_and_scripts_alone():
    tree = problem("homework-1").solution()
    for write in (as_html, as_text, as_markdown):
        text = write(tree, language="fa", numerals="persian")
        assert "۰٫۳۲۳۳۹۴" in text
        assert "0.323394" not in text
        assert not re.search(r"[A-Za-z][۰-۹]", text)
    shown = re.sub(
        r"<style>.*</style>|<script>.*</script>", "", as_html(tree, language="fa", numerals="persian"), flags=re.S
    )
    assert [mn for mn in re.findall(r"(?<!</mi>)<mn>([^<]*)</mn>", shown) if re.search("[0-9]", mn)] == []
    with pytest.raises(ParameterError, match="unknown numerals 'arabic'; expected latin or persian"):
        as_text(tree, numerals="arabic")


def test_every_value_stands_on_the_page():
    tree = problem("homework-1-computed").solution()
    shown = " ".join(Page(as_html(tree, digits=9)).texts)
    for value in ("0.610964346", "0.0766136947", "0.361693153", "0.564526284", "0.128876025"):
        assert value in shown


def test_what_a_user_wrote_is_escaped():
    tree = replace(problem("homework-2").solution(), target="<script>alert(1)</script>")
    assert as_html(tree).count("<script>") == 1  # our own
    assert "alert(1)</" not in as_html(tree)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a - (b - c)", "a−(b−c)"),
        ("(a + b) * c", "(a+b)·c"),
        ("-(a + b)", "−(a+b)"),
        ("a * -b", "a·(−b)"),
        ("a + -3", "a+(−3)"),
        ("a + (-2) * b", "a+(−2)·b"),
        ("a - -(-2)", "a−(−(−2))"),
        ("a * (b * c)", "a·(b·c)"),
        ("-a ** 2", "−a2"),
        ("(a > 0) * b", "(a>0)·b"),
        ("np.maximum(0, W1[0, 2])", "max(0,W1[0, 2])"),
        ("x.sum(axis=0)", "sum(x,axis=0)"),
        ("X.T @ dL/dW[0, 1]", "X⊤∂L∂W[0, 1]"),
        ("1e-08 + eta", "1×10−8+η"),
    ],
)
def test_brackets_stand_where_they_are_needed(code, expected):
    assert "".join(Page(mathml(code)).texts) == expected


def test_a_product_of_names_needs_no_brackets_and_a_power_of_a_sum_does():
    assert "stretchy" not in mathml("a * b + c / d")
    assert mathml("(a + b) ** 2").startswith("<msup><mrow><mo stretchy")
    assert mathml("a ** 2") == "<msup><mi>a</mi><mn>2</mn></msup>"


def test_what_is_no_expression_is_shown_as_it_stands():
    assert mathml("w1 old < 2") == "<mtext>w1 old &lt; 2</mtext>"
