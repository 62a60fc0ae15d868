"""The picture: well-formed, nothing overlaps, every wire goes from left to right, and words fit their boxes."""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zanjir
from views.circuits import CIRCUITS, diamond, names, random_graph
from zanjir.errors import GraphError
from zanjir.views.colors import GRADIENT, VALUE
from zanjir.views.layout import Item, cells_of, crossings, layout, ordered, port_offsets, spread
from zanjir.views.svg import svg, text_width

SVG = "{http://www.w3.org/2000/svg}"
ROUNDING = 0.11  # the picture is written with one decimal, so a difference of two numbers is off by 0.1
APART = 6.0  # px between two wires that pass a layer, so that an eye can follow each


def parsed(picture):
    return ET.fromstring(picture)  # noqa: S314 - it is our own


def number(element, name):
    return float(element.get(name))


def box_of(rect):
    x, y = number(rect, "x"), number(rect, "y")
    return x, y, x + number(rect, "width"), y + number(rect, "height")


def text_box(element):
    """The rectangle that a text takes, by the width that is estimated for its letters."""
    size, x, y = (number(element, name) for name in ("font-size", "x", "y"))
    width = text_width(element.text, size)
    left = x - width / 2 if element.get("text-anchor") == "middle" else x
    return left, y - 0.8 * size, left + width, y + 0.2 * size


def apart(a, b):
    return a[2] <= b[0] + ROUNDING or b[2] <= a[0] + ROUNDING or a[3] <= b[1] + ROUNDING or b[3] <= a[1] + ROUNDING


def inside(a, b):
    return a[0] >= b[0] - ROUNDING and a[1] >= b[1] - ROUNDING and a[2] <= b[2] + ROUNDING and a[3] <= b[3] + ROUNDING


def points_of(path):
    """The end points of the pieces of a wire, with whether the piece is straight; its head comes last."""
    pieces = re.findall(r"([MCHL])([^MCHL]*)", path.get("d"))
    at = [tuple(map(float, pieces[0][1].split()))]
    straight = []
    for kind, text in pieces[1:]:
        if kind == "M":
            break
        numbers = list(map(float, text.split()))
        at.append((numbers[0], at[-1][1]) if kind == "H" else (numbers[-2], numbers[-1]))
        straight.append(kind == "H")
    return at, straight


def check(picture):
    """Check everything that makes a picture readable."""
    root = parsed(picture)
    drawing = root.find(f"{SVG}g")
    rects = [box_of(rect) for rect in drawing.iter(f"{SVG}rect")]
    on_wires = [text_box(text) for text in drawing.iter(f"{SVG}text") if text.get("fill")]
    wires = [points_of(path) for path in drawing.find(f"{SVG}g")]
    for a, b in combinations(rects, 2):
        assert apart(a, b), (a, b)
    for a, b in combinations(on_wires, 2):
        assert apart(a, b), (a, b)
    assert all(apart(a, b) for a in rects for b in on_wires)
    for group in drawing.findall(f"{SVG}g")[1:]:
        words = [text_box(text) for text in group.iter(f"{SVG}text")]
        assert all(inside(text, box_of(group.find(f"{SVG}rect"))) for text in words)
        assert all(apart(a, b) for a, b in combinations(words, 2))
    for points, straight in wires:
        assert all(x0 <= x1 for (x0, _), (x1, _) in pairwise(points))
        assert points[0][0] < points[-1][0]
        for ((x0, y0), (x1, _)), level in zip(pairwise(points), straight, strict=True):
            if level:  # within a column; between two there are no boxes
                assert all(apart((x0, y0, x1, y0), box) for box in (*rects, *on_wires))
    passing = {
        (*points[i], points[0]) for points, straight in wires for i, level in enumerate(straight) if level and i
    }  # where a wire passes a layer, and where it comes from
    for (x, y, source), (other_x, other_y, other_source) in combinations(passing, 2):
        assert source == other_source or x != other_x or abs(y - other_y) >= APART
    _, _, width, height = map(float, root.get("viewBox").split())
    moved = [float(x) for x in re.findall(r"[\d.]+", drawing.get("transform"))]
    page = (-moved[0], -moved[1], width - moved[0], height - moved[1])
    assert all(inside(box, page) for box in (*rects, *on_wires))
    assert all(inside((x, y, x, y), page) for points, _ in wires for x, y in points)
    assert all(inside(text_box(text), (0, 0, width, height)) for text in root.findall(f"{SVG}text"))
    return root


@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
def test_a_picture_is_readable(make):
    check(zanjir.diagram(make()).svg())


@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), reach=st.integers(1, 60), gradients=st.booleans())
def test_the_picture_of_any_graph_is_readable(seed, n, reach, gradients):
    outputs = random_graph(np.random.default_rng(seed), n, reach)
    if gradients:
        total = zanjir.tensor(0.0)
        for output in outputs:
            total = total + np.sum(output)
        outputs = total
    root = check(zanjir.diagram(outputs).svg())
    assert root.get("role") == "img"


def test_every_node_but_the_numbers_of_the_formula_has_a_box_and_every_wire_between_boxes_is_drawn():
    x = zanjir.tensor(3.0, "x")
    diagram = zanjir.diagram((2 * x + x * x / 7).named("f"))
    drawing = parsed(diagram.svg()).find(f"{SVG}g")
    assert len(list(drawing.iter(f"{SVG}rect"))) == 5
    assert len(drawing.find(f"{SVG}g")) == 6
    words = [text.text for text in drawing.iter(f"{SVG}text") if not text.get("fill")]
    assert sorted(words) == sorted(["x", "2 × ·", "×", "· / 7", "f", "+"])


def test_values_stand_above_the_wire_and_gradients_below_in_their_colors():
    root = parsed(zanjir.diagram(diamond()).svg())
    drawing = root.find(f"{SVG}g")
    by_color = {
        color: [text for text in drawing.iter(f"{SVG}text") if text.get("fill") == color] for color in (VALUE, GRADIENT)
    }
    assert [text.text for text in by_color[VALUE]] == ["3", "-4", "-1", "-3"]
    assert [text.text for text in by_color[GRADIENT]] == ["2", "3", "3", "1"]
    for above, below in zip(*by_color.values(), strict=True):
        assert number(above, "x") == number(below, "x")
        assert number(above, "y") < number(below, "y")
    assert [text.text for text in root.findall(f"{SVG}text")] == ["above a wire: value", "below: derivative of f"]


def test_what_was_not_computed_is_not_drawn():
    picture = zanjir.diagram(diamond(), False).svg()
    assert GRADIENT not in picture
    assert VALUE in picture
    assert VALUE not in zanjir.diagram(diamond(), values=False).svg()


def test_the_picture_says_what_it_shows_to_those_who_cannot_see_it():
    root = parsed(zanjir.diagram(diamond()).svg())
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "graph of f: 4 nodes, 2 gates, 4 wires"
    assert root.find(f"{SVG}desc").text.endswith("; f = t1 · x, shape (), value -3, gradient 1.")
    tooltips = [group.find(f"{SVG}title").text for group in root.find(f"{SVG}g").findall(f"{SVG}g")[1:]]
    assert tooltips[0] == "x, shape (), value 3, gradient 2"


def test_the_picture_takes_its_ink_from_the_text_around_it_and_needs_nothing_else():
    picture = zanjir.diagram(diamond()).svg()
    assert parsed(picture).get("fill") == "currentColor"
    assert set(re.findall(r"#[0-9a-f]{3,6}", picture)) == {VALUE, GRADIENT}
    assert not re.search(r"<style|<script|\bid=|\bclass=|href|url\(|@import", picture)
    assert re.findall(r"https?://[^\"]*", picture) == ["http://www.w3.org/2000/svg"]


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("color", [VALUE, GRADIENT])
def test_the_colors_can_be_read_on_white_and_on_black(color):
    on_white, on_black = 1.05 / (luminance(color) + 0.05), (luminance(color) + 0.05) / 0.05
    assert min(on_white, on_black) >= 4.5  # WCAG 2.2, level AA


def test_a_long_name_is_shortened_and_stands_whole_in_the_tooltip():
    long = "weight_" * 20
    drawing = parsed(zanjir.diagram(names(long, "f")).svg()).find(f"{SVG}g")
    assert not any(text.text == long for text in drawing.iter(f"{SVG}text"))
    assert any(title.text.startswith(long) for title in drawing.iter(f"{SVG}title"))


def chain(n):
    y = zanjir.tensor(0.5, "x")
    for _ in range(n - 1):
        y = np.tanh(y)
    return y


def test_200_boxes_are_drawn_and_201_are_refused():
    outputs = random_graph(np.random.default_rng(3), 200, 200)
    diagrams = [zanjir.diagram(outputs), zanjir.diagram(chain(200))]
    assert [diagram.svg().count("<rect") for diagram in diagrams] == [200, 200]
    message = r"^the graph has 201 boxes, and a picture can be read up to 200; use the text, json or dot form"
    with pytest.raises(GraphError, match=message):
        zanjir.diagram(chain(201)).svg()


# the layout


def boxes(n):
    return [Item(30, 24, 50, 42)] * n


def test_inputs_stand_beside_their_first_reader():
    # 0 -> 2 -> 3 -> 4, and 1 is read by 4 only
    placed = layout(boxes(5), [(0, 2), (2, 3), (3, 4), (1, 4)])
    assert placed.corners[1][0] == placed.corners[3][0]


def test_ports_enter_in_the_order_of_the_inputs():
    placed = layout(boxes(4), [(2, 3), (0, 3), (1, 3)])
    ends = [route[-1][1] for route in placed.routes]
    assert ends == sorted(ends)
    assert len(set(ends)) == 3


def test_sweeps_undo_crossings_that_the_order_of_reading_makes():
    # Two rows of three, each wired to its mirror image.
    edges = [(0, 5), (1, 4), (2, 3)]
    cells = cells_of(boxes(6), edges, port_offsets(edges))
    as_read = [[0, 1, 2], [3, 4, 5]]
    assert crossings(cells, as_read) == 3
    assert crossings(cells, ordered(cells)) == 0


def test_crossings_are_counted_as_pairs_of_wires():
    rng = np.random.default_rng(0)
    edges = sorted({(int(a), int(b) + 5) for a, b in rng.integers(0, 5, (14, 2))}, key=lambda e: (e[1], e[0]))
    cells = cells_of(boxes(10), edges, [0.0] * len(edges))
    order = [list(rng.permutation(5)), list(rng.permutation(5) + 5)]
    order[0] = [c for c in order[0] if cells.layer[c] == 0]
    order[1] = [c for c in order[1] if cells.layer[c] == 1]
    at = {cell: i for layer in order for i, cell in enumerate(layer)}
    crossing = sum((at[a] - at[c]) * (at[b] - at[d]) < 0 for (a, b), (c, d) in combinations(edges, 2))
    assert crossings(cells, order) == crossing


def test_spread_is_the_closest_growing_sequence():
    from scipy.optimize import minimize

    rng = np.random.default_rng(1)
    for _ in range(5):
        wishes, weights, steps = rng.normal(0, 3, 5), rng.uniform(0.5, 2, 5), rng.uniform(0.5, 2, 4)
        limits = [{"type": "ineq", "fun": lambda y, k=k, steps=steps: y[k + 1] - y[k] - steps[k]} for k in range(4)]
        found = minimize(
            lambda y, w=weights, at=wishes: np.sum(w * (y - at) ** 2),
            np.cumsum([0, *steps]), constraints=limits, method="SLSQP", options={"ftol": 1e-12},
        )  # fmt: skip
        # SLSQP stops when the squared distance changes by less than 1e-12, which moves a number by 1e-6.
        np.testing.assert_allclose(spread(list(wishes), list(weights), list(steps)), found.x, atol=1e-5)


def test_an_empty_layout_is_empty():
    assert layout([], []).routes == []
    assert svg(zanjir.views.Diagram((), (), ())).startswith("<svg")
