"""Solutions as pages: whole, closed, escaped, and with every number that the tree has."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from zanjir.explain import PROBLEMS, as_html, problem
from zanjir.explain.mathml import mathml

EMPTY = {"meta", "br"}


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
    assert len(set(page.ids)) == len(page.ids) == len(tree.children) - len(tree.every("check", "summary"))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not re.findall(r"""(src|href)=["'](?!#)""", text)
    html = dict(page.attributes)["html"]
    assert (html["lang"], html["dir"]) == (language, "rtl" if language == "fa" else "ltr")
    assert all(attributes.get("class") == "formula" for tag, attributes in page.attributes if tag == "span")


def test_every_value_stands_on_the_page():
    tree = problem("homework-1-computed").solution()
    shown = "".join(Page(as_html(tree, digits=9)).texts)
    for value in ("0.610964346", "0.0766136947", "0.361693153", "0.564526284", "0.128876025"):
        assert value in shown


def test_what_a_user_wrote_is_escaped():
    tree = replace(problem("homework-2").solution(), target="<script>alert(1)</script>")
    assert "<script>" not in as_html(tree)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a - (b - c)", "<mrow><mi>a</mi><mo>−</mo>({})</mrow>"),
        ("(a + b) * c", "<mrow>({})<mo>·</mo><mi>c</mi></mrow>"),
        ("-(a + b)", "<mrow><mo>−</mo>({})</mrow>"),
    ],
)
def test_brackets_stand_where_they_are_needed(code, expected):
    inside = "<mrow><mi>b</mi><mo>−</mo><mi>c</mi></mrow>" if "b - c" in code else (
        "<mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow>"
    )  # fmt: skip
    brackets = f'<mrow><mo stretchy="false">(</mo>{inside}<mo stretchy="false">)</mo></mrow>'
    assert mathml(code) == expected.replace("({})", brackets)


def test_a_product_of_names_needs_no_brackets_and_a_power_of_a_sum_does():
    assert "stretchy" not in mathml("a * b + c / d")
    assert mathml("(a + b) ** 2").startswith("<msup><mrow><mo stretchy")
    assert mathml("a ** 2") == "<msup><mi>a</mi><mn>2</mn></msup>"


def test_what_is_no_expression_is_shown_as_it_stands():
    assert mathml("w1 new < 2") == "<mtext>w1 new &lt; 2</mtext>"
