"""HTML for notebooks: well-formed, escaped, without scripts, and without styles for anything else."""

import html.parser
import math
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import zanjir
from views.circuits import CIRCUITS, HOSTILE, diamond, names
from zanjir.training import Epoch, History, Step
from zanjir.views import details, escaped, html_table, line_chart, page

VOID = {"meta", "br"}
HARMLESS = {
    "html", "head", "body", "meta", "title", "div", "b", "bdi", "p", "pre", "details", "summary", "table", "caption",
    "thead", "tbody", "tr", "th", "td", "svg", "desc", "g", "rect", "path", "text", "polyline", "circle",
}  # fmt: skip


class Reader(html.parser.HTMLParser):
    """Reads HTML strictly: every element that opens closes, in order, and is one of the harmless ones."""

    def __init__(self):
        super().__init__()
        self.open, self.words, self.seen = [], [], []

    def handle_starttag(self, tag, attributes):
        assert tag in HARMLESS, tag
        names = [name for name, _ in attributes]
        assert not {"id", "class", "src", "href"} & set(names), names
        assert not any(name.startswith("on") for name in names), names
        assert "url(" not in str(attributes)
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append((self.open[-1] if self.open else "", data))


def assert_well_formed(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def cells(text):
    return [words for tag, words in assert_well_formed(text).words if tag == "bdi"]


# tables


def test_a_table_has_title_heads_and_cells():
    found = assert_well_formed(html_table("Losses", ["name", "loss"], [["train", 1 / 3], ["test", None]]))
    assert [words for _, words in found.words] == ["Losses", "name", "loss", "train", "0.333333", "test", "—"]
    assert found.seen.count("tr") == 3


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_breaks_a_table_and_none_is_lost(text):
    found = assert_well_formed(html_table(text, [text], [[text]]))
    said = [words for tag, words in found.words if tag in ("caption", "th", "bdi")]
    assert len(set(said)) == 1
    assert len(said) == 3
    assert said[0].replace("\u200c", "").isprintable()
    if text.isprintable():
        assert said[0] == text


def test_numbers_of_every_kind_are_written_and_stand_to_the_right():
    row = [1, 0.5, np.float32(0.1), np.int64(7), math.nan, -math.inf, True, "1", None]
    table = html_table("", [str(i) for i in range(len(row))], [row])
    assert cells(table) == ["1", "0.5", "0.1", "7", "NaN", "-inf", "True", "1", "—"]
    assert re.findall(r"<td[^>]*text-align:(\w+)", table) == ["right"] * 6 + ["left"] * 3


def test_a_long_table_is_cut_with_a_sentence_that_says_so():
    rows = [[i] for i in range(1000)]
    found = cells(html_table("", ["i"], rows))
    assert found == [str(i) for i in (*range(100), *range(900, 1000))]
    assert "… 800 of 1,000 rows are not shown …" in html_table("", ["i"], rows)
    assert len(cells(html_table("", ["i"], iter(rows), limit=None))) == 1000


def test_a_table_without_rows_is_a_table():
    assert assert_well_formed(html_table("empty", ["a"], [])).seen.count("td") == 0


def test_details_open_and_escape_their_line():
    assert assert_well_formed(details("<b>", "x", opened=True)).words[0] == ("summary", "<b>")
    assert escaped('<a href="x">') == "&lt;a href=&quot;x&quot;&gt;"


def test_a_page_needs_no_network():
    text = page("<title>", "<p>x</p>")
    assert_well_formed(text)
    assert text.startswith("<!DOCTYPE html>")
    assert "//" not in text


# tensors and diagrams


@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
def test_every_graph_is_a_fragment_and_a_page(make):
    diagram = zanjir.diagram(make())
    assert assert_well_formed(diagram._repr_html_()).seen.count("svg") == 1
    found = assert_well_formed(diagram.html())
    assert found.seen[0] == "html"
    assert found.seen.count("tr") == 1 + len(diagram.nodes)


def test_a_graph_that_is_too_large_for_a_picture_says_so_and_shows_its_table():
    y = zanjir.tensor(0.5, "x")
    for _ in range(300):
        y = np.tanh(y)
    text = zanjir.diagram(y)._repr_html_()
    assert "No picture: it could be read up to 200 boxes, and this graph has 301." in text
    assert "<details open>" in text
    assert assert_well_formed(text).seen.count("svg") == 0


def test_a_tensor_shows_name_shape_type_and_numbers():
    text = zanjir.tensor([[1.0, 2.0], [3.0, 4.0]], "W1")._repr_html_()
    words = "".join(words for _, words in assert_well_formed(text).words)
    assert words.startswith("W1 \xa0(2, 2) float64[[1., 2.],\n [3., 4.]]")
    assert "svg" not in text


def test_the_result_of_a_small_graph_shows_its_picture_with_gradients():
    text = diamond()._repr_html_()
    assert assert_well_formed(text).seen.count("svg") == 1
    assert "below: derivative of f" in text


def test_a_tensor_of_a_large_graph_or_with_many_numbers_computes_nothing_when_it_is_shown(monkeypatch):
    monkeypatch.setattr("zanjir.views.diagram.Diagram.__init__", lambda *_: pytest.fail("a diagram was made"))
    y = zanjir.tensor(0.5, "x")
    for _ in range(50):
        y = np.tanh(y)
    large = np.sum(zanjir.tensor(np.ones((20, 20)), "X") * 2)
    assert all("svg" not in tensor._repr_html_() for tensor in (y, large))


def test_many_numbers_are_cut():
    assert "..." in zanjir.tensor(np.arange(10_000.0), "x")._repr_html_()


@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
def test_every_tensor_shows_itself_even_where_overflow_is_an_error(make):
    tensor = make()
    with np.errstate(all="raise", under="ignore"):
        assert_well_formed(tensor._repr_html_())


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_escapes(name):
    assert_well_formed(names(name, "y", "f")._repr_html_())
    assert_well_formed(zanjir.tensor(1.0, name)._repr_html_())


# charts and histories


def curves_of(picture):
    root = ET.fromstring(picture)  # noqa: S314 - it is our own
    lines = [line.get("points").split() for line in root.iter("{http://www.w3.org/2000/svg}polyline")]
    return root, [[tuple(map(float, point.split(","))) for point in line] for line in lines]


def test_a_chart_draws_larger_numbers_higher_and_later_ones_further_right():
    _, (line,) = curves_of(line_chart("t", "x", {"y": ([0, 1, 2], [1.0, 3.0, 2.0])}))
    xs, ys = zip(*line, strict=True)
    assert list(xs) == sorted(xs)
    assert ys[1] < ys[2] < ys[0]
    # evenly spaced numbers are evenly spaced on paper, to the decimal that is written
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.11)
    assert ys[0] - ys[2] == pytest.approx(ys[2] - ys[1], abs=0.11)


def test_a_chart_of_a_wide_range_is_logarithmic_and_says_so():
    picture = line_chart("t", "x", {"y": ([0, 1, 2], [1.0, 0.1, 0.01])})
    _, (line,) = curves_of(picture)
    assert line[1][1] - line[0][1] == pytest.approx(line[2][1] - line[1][1], abs=0.11)
    assert "x (log)" in picture
    assert "(log)" not in line_chart("t", "x", {"y": ([0, 1, 2], [1.0, 0.1, 0.0])})


def test_what_is_not_finite_leaves_a_gap():
    y = [1.0, 2.0, math.nan, 3.0, 2.0, math.inf, 1.0]
    picture = line_chart("t", "x", {"y": (range(7), y)})
    _, lines = curves_of(picture)
    assert [len(line) for line in lines] == [2, 2]
    assert picture.count("<circle") == 1


@pytest.mark.parametrize("series", [{}, {"y": ([], [])}, {"y": ([1], [math.nan])}], ids=str)
def test_a_chart_of_nothing_says_so(series):
    assert "nothing was measured" in line_chart("t", "x", series)


@pytest.mark.parametrize("value", [0.0, -2.0, 1e-300, 1e300])
def test_a_chart_of_one_number_repeated_is_a_level_line(value):
    root, (line,) = curves_of(line_chart("t", "x", {"y": ([1, 2], [value, value])}))
    assert line[0][1] == line[1][1]
    assert root.get("viewBox") == "0 0 420 200"


def test_a_long_curve_is_thinned_to_means_and_stays_inside():
    rng = np.random.default_rng(0)
    _, (line,) = curves_of(line_chart("t", "x", {"y": (np.arange(100_000), rng.normal(size=100_000))}))
    assert len(line) == 300
    assert all(64 <= x <= 408 and 26 <= y <= 166 for x, y in line)


def recorded(n_epochs, steps_per_epoch=4, validation=True):
    n = n_epochs * steps_per_epoch
    steps = [Step((t - 1) // steps_per_epoch + 1, t, 1 / t, 1 / t, 0.0, 0.5, 0.1, 8) for t in range(1, n + 1)]
    watched = (lambda e: 1 / e) if validation else (lambda _: math.nan)
    epochs = [
        Epoch(e, e * steps_per_epoch, 1 / e, 1 / e, 0.0, 0.5, watched(e), math.nan, math.nan, 0.1, 1.5)
        for e in range(1, n_epochs + 1)
    ]  # fmt: skip
    return History(steps, epochs)


def test_a_history_shows_its_curve_and_a_row_per_epoch():
    text = recorded(3)._repr_html_()
    found = assert_well_formed(text)
    assert found.seen.count("polyline") == 2
    assert found.seen.count("tr") == 1 + 3
    heads = [words for tag, words in found.words if tag == "th"]
    assert "validation_loss" in heads
    assert not {"validation_accuracy", "validation_r2"} & set(heads)


def test_steps_and_epochs_of_a_history_share_an_axis():
    _, (steps, validation) = curves_of(re.search(r"<svg.*</svg>", recorded(3)._repr_html_(), re.DOTALL)[0])
    assert steps[-1][0] == validation[-1][0]
    assert steps[3][0] == validation[0][0]


def test_a_history_without_validation_has_one_curve():
    text = recorded(2, validation=False)._repr_html_()
    assert assert_well_formed(text).seen.count("polyline") == 1
    assert "validation" not in text


def test_the_history_of_nothing_and_of_half_an_epoch_can_be_shown():
    assert "nothing was measured" in History()._repr_html_()
    half = History(recorded(1).steps[:2], [])
    assert assert_well_formed(half._repr_html_()).seen.count("polyline") == 1
