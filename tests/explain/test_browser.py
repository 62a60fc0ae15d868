"""Solutions as pages in a browser: they load nothing, are accessible, point at origins, and print on A4."""

import functools
import re
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from zanjir.explain import as_html, problem, problem_from_text, solution
from zanjir.explain.matrices import by_matrices
from zanjir.explain.writers.drawing import as_figure
from zanjir.gates import relu
from zanjir.graph import tensor
from zanjir.optim import OPTIMIZERS

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

HOSTILE = "</style><script>document.title='owned'</script><img src=x onerror=alert(1)>\"; } body { display: none"
# Layout rounds to 1/64 of a pixel, and a box may be wider than its ink.
SUB_PIXEL = 1.0
TELEPHONE = 360
# What is left of A4, 210 mm wide, between margins of 18 mm, in CSS pixels of 1/96 inch.
PRINTED_WIDTH = int((210 - 2 * 18) / 25.4 * 96)


def whole_matrices():
    """Return a network of arrays, some with more rows and columns than are shown."""
    draw = np.random.default_rng(5)
    X, W, V = (tensor(draw.normal(size=size), name) for size, name in (((4, 12), "X"), ((12, 8), "W"), ((8, 3), "V")))
    scores = (relu((X @ W).named("z")).named("h") @ V).named("scores")
    return by_matrices(((scores - 1) ** 2).mean().named("loss"), ["W", "V"], optimizer=OPTIMIZERS["momentum"](0.1))


def long_sums():
    """Return a circuit whose lines are far wider than a page, with a rule that has settings and state."""
    given = "\n".join(f"w{k} = {0.123456 * (-1) ** k}\nx{k} = {0.25 * k}" for k in range(1, 41))
    total = " + ".join(f"w{k} * x{k}" for k in range(1, 41))
    update = 'rule = "adam"\nparameters = ["w1", "w2"]'
    return problem_from_text(
        f'[given]\n{given}\n[formulas]\nnet = "{total}"\nf = "tanh(net) ** 2"\n[update]\n{update}'
    ).solution()


def hostile_names():
    """Return a solution whose title and names are as bad as they can be."""
    x = tensor(2.0, HOSTILE)
    return solution(((x * 3).named("<script>alert(1)</script>") ** 2).named("'\"><b>"), title=HOSTILE)


TREES = {
    "homework-1": lambda: problem("homework-1").solution(),
    "linear-sigmoid": lambda: problem("linear-sigmoid").solution(),
    "matrices": whole_matrices,
    "long": long_sums,
    "hostile": hostile_names,
}
FIGURES = {
    name: as_figure(problem(name), problem(name).solution(), "html") for name in ("homework-1", "linear-sigmoid")
}
# Persian pages differ by their numerals in nothing but digits, of which one page is enough.
PAGES = [
    *((name, language, numerals) for name in TREES for language, numerals in (("en", "latin"), ("fa", "persian"))),
    ("homework-1", "fa", "latin"),
]


@functools.cache
def page_of(name, language, numerals):
    """Return a tree as a page, with its picture."""
    return as_html(TREES[name](), language=language, numerals=numerals, figure=FIGURES.get(name, ""))


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        # A program that runs as root, as CI does, may not use Chromium's sandbox.
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        started = running.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture
def shown(browser, tmp_path):
    """Return a function that opens a page and says what it asked for and complained about."""
    contexts = []

    def show(text, width=1000, **settings):
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, offline=True, **settings))
        page = contexts[-1].new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (page.complaints.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri())
        page.file = file.as_uri()
        return page

    yield show
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("name", "language", "numerals"), PAGES)
def test_a_page_loads_nothing_and_is_accessible(shown, name, language, numerals):
    page = shown(page_of(name, language, numerals))
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    # Only a formula may be wider than a telephone, and it scrolls by itself.
    page.set_viewport_size({"width": TELEPHONE, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE
    scrolls = "x => x.scrollWidth > x.clientWidth && x.tabIndex < 0 && getComputedStyle(x).overflowX == 'auto'"
    assert page.evaluate(f"[...document.querySelectorAll('.formula')].filter({scrolls}).map(x => x.textContent)") == []
    assert page.asked == [page.file]
    assert page.complaints == []


def test_a_hostile_name_is_shown_and_does_nothing(shown):
    page = shown(as_html(hostile_names()))
    assert page.title() == page.locator("h1").inner_text() == HOSTILE
    assert page.locator("h1").is_visible()
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("numerals", ["latin", "persian"])
def test_formulas_run_from_left_to_right_in_a_page_from_right_to_left(shown, numerals):
    page = shown(as_html(problem("homework-1").solution(), language="fa", numerals=numerals))
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    lines = page.evaluate(
        """[...document.querySelectorAll(".formula")].map(line =>
             [...line.querySelectorAll(":scope > math")].map(piece => piece.getBoundingClientRect()))"""
    )
    assert len(lines) > 50
    for boxes in lines:
        pairs = list(pairwise(boxes))
        assert all(
            after["left"] >= before["right"] - SUB_PIXEL or after["top"] > before["top"] for before, after in pairs
        )
    # The signs of each text node, in the order in which they are written.
    numbers = page.evaluate(
        """[...document.querySelectorAll(".formula mn, .formula mo")].filter(x => !x.children.length).map(x => {
             const text = x.firstChild, found = [];
             for (let i = 0; i < text.length; i++) {
               const range = document.createRange(); range.setStart(text, i); range.setEnd(text, i + 1);
               found.push(range.getBoundingClientRect().left); }
             return [text.data, found]; })"""
    )
    assert {text for text, _ in numbers} >= ({"0.323394"} if numerals == "latin" else {"۰٫۳۲۳۳۹۴"})
    assert all(found == sorted(found) for _, found in numbers)
    signs = page.evaluate(
        """[...document.querySelectorAll("mo[form=prefix]")].filter(x => x.textContent === "−").map(x =>
             x.nextElementSibling.getBoundingClientRect().left - x.getBoundingClientRect().right)"""
    )
    assert len(signs) > 10
    assert min(signs) > -SUB_PIXEL


@pytest.mark.parametrize(("name", "language", "numerals"), PAGES)
def test_a_page_prints_on_a4_with_everything_unfolded(shown, name, language, numerals):
    page = shown(page_of(name, language, numerals), PRINTED_WIDTH)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = false)")
    below = page.locator("details > :not(summary)")
    assert not any(part.is_visible() for part in below.all())
    page.emulate_media(media="print")
    assert page.evaluate(
        """[...document.querySelectorAll("details > *")].every(part =>
             part.checkVisibility() && part.offsetHeight > 0)"""
    )
    if name != "hostile":  # a name of 80 signs that cannot be broken is wider than any paper
        beyond = page.evaluate(
            """[...document.querySelectorAll("body *")].filter(x => {
                 const box = x.getBoundingClientRect();
                 return box.left < -1 || box.right > innerWidth + 1; }).map(x => x.outerHTML.slice(0, 200))"""
        )
        assert beyond == []
    printed = page.pdf(prefer_css_page_size=True)
    sizes = {tuple(map(float, size)) for size in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)}
    assert {(round(width / 72 * 25.4), round(height / 72 * 25.4)) for width, height in sizes} == {(210, 297)}


def test_pointing_at_a_number_shows_where_it_came_from(shown):
    page = shown(as_html(problem("homework-1").solution()))
    number = page.get_by_title("net_h1 = 0.3825", exact=True).first
    number.hover()
    origin = page.locator(".origin")
    assert origin.count() == 1
    assert origin.locator("math").first.text_content() == "neth1"
    number.click()
    assert page.url.endswith(f"#{number.get_attribute('data-from')}")
    page.mouse.move(0, 0)
    assert origin.count() == 0


def test_a_local_derivative_that_is_folded_away_is_unfolded_when_it_is_asked_for(shown):
    page = shown(as_html(problem("homework-1").solution()))
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = false)")
    page.get_by_title("dout_Y1/dnet_Y1 = 0.164841").first.click()
    assert page.locator(":target").is_visible()
    assert page.locator("details[open]").count() == 1


def test_a_page_is_read_with_the_keyboard_alone(shown):
    page = shown(as_html(problem("homework-1").solution()))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "w1"
    assert page.locator(".origin math").first.text_content() == "w1"
    page.keyboard.press("Enter")
    assert page.locator(":target").evaluate("x => getComputedStyle(x).outlineStyle") == "solid"
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is None


def test_a_page_works_without_its_script(shown):
    page = shown(as_html(problem("homework-1").solution()), java_script_enabled=False)
    page.get_by_role("link", name="dL/dnet_Y1").first.click()
    assert page.locator(":target").locator("math").first.text_content() == "∂L∂netY1"


def test_a_script_in_a_page_that_is_not_ours_does_not_run(shown):
    text = as_html(replace(problem("homework-1").solution(), target="t", note={}))
    page = shown(text.replace("<main>", "<main><script>document.title = 'owned'</script>"))
    assert page.title() == "t"
    assert any("Content Security Policy" in complaint for complaint in page.complaints)
