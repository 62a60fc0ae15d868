"""Row 65: the graph as text, DOT, JSON, SVG and TikZ shows every node with its value and its gradient."""

import json
import re

import numpy as np
import pytest

import zanjir
from witnesses.tex import typeset
from zanjir.gates import sigmoid
from zanjir.views.colors import GRADIENT, VALUE

# N44: the circuit of the figure, value and derivative of f at every node.
N44 = {
    "w0": ("2", "-0.196612"),
    "x0": ("-1", "0.393224"),
    "w1": ("-3", "-0.393224"),
    "x1": ("-2", "-0.589836"),
    "w2": ("-3", "0.196612"),
    "s0": ("-2", "0.196612"),
    "s1": ("6", "0.196612"),
    "s2": ("4", "0.196612"),
    "s3": ("1", "0.196612"),
    "f": ("0.731059", "1"),
}
DECIMALS = 5e-7  # the lectures give six


@pytest.fixture(params=[False, True], ids=["numbers", "arrays"])
def diagram(request):
    given = {"w0": 2.0, "w1": -3.0, "w2": -3.0, "x0": -1.0, "x1": -2.0}
    as_given = np.array if request.param else float
    w0, w1, w2, x0, x1 = (zanjir.tensor(as_given(value), name) for name, value in given.items())
    s2 = ((w0 * x0).named("s0") + (w1 * x1).named("s1")).named("s2")
    return zanjir.diagram(sigmoid((s2 + w2).named("s3")).named("f"))


def test_row_65_as_text(diagram):
    lines = [line.split() for line in diagram.text().splitlines()[3:]]
    assert {line[0]: (line[-2], line[-1]) for line in lines} == N44


def test_row_65_as_json(diagram):
    nodes = json.loads(diagram.json())["nodes"]
    assert {node["name"] for node in nodes} == set(N44)
    for node in nodes:
        value, gradient = map(float, N44[node["name"]])
        assert node["value"]["data"] == pytest.approx(value, abs=DECIMALS)
        assert node["gradient"]["data"] == pytest.approx(gradient, abs=DECIMALS)


def test_row_65_as_dot(diagram):
    text = diagram.dot()
    names = dict(re.findall(r'(n\d+) \[label="(\w+)', text))
    wires = re.findall(r"(n\d+) -> \w+ \[label=<<font[^>]*>([^<]*)</font><br/><font[^>]*>([^<]*)</font>>\]", text)
    shown = {names[node]: (float(value), float(gradient)) for node, value, gradient in wires}
    assert shown.keys() == N44.keys()
    for name, pair in shown.items():
        assert pair == pytest.approx(tuple(map(float, N44[name])), rel=5e-4)  # four digits are written


def test_row_65_as_a_picture(diagram):
    words = re.findall(r"<title>([^<]*)</title>", diagram.svg())[1:]
    for sentence in words:
        name = re.match(r"\w+", sentence)[0]
        assert sentence.endswith(f", value {N44[name][0]}, gradient {N44[name][1]}")
    assert len(words) == len(N44)


def pairs_on_wires(texts):
    """The value and the gradient of every wire, in the order of the values, as they stand above each other."""
    above, below = (
        {(x, y): number for x, y, number, color in texts if color == role} for role in ("value", "gradient")
    )
    return sorted((float(value), float(below[x, round(y + 16, 1)])) for (x, y), value in above.items())


def rounded_pairs():
    return sorted(tuple(float(f"{float(number):.4g}") for number in pair) for pair in N44.values())


def test_row_65_on_the_wires_of_the_picture(diagram):
    colors = {VALUE: "value", GRADIENT: "gradient"}
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" font-size="11" fill="(#\w+)">([\d.-]+)</text>', diagram.svg())
    assert pairs_on_wires([(x, float(y), number, colors[c]) for x, y, c, number in found]) == rounded_pairs()


def test_row_65_as_tikz(diagram, tmp_path):
    document = diagram.tikz()
    found = re.findall(r"text=(\w+)\] at \(([\d.]+),([\d.]+)\) \{\$([\d.-]+)\$\}", document)
    assert pairs_on_wires([(x, float(y), number, role) for role, x, y, number in found]) == rounded_pairs()
    shown = typeset(document, tmp_path)
    assert shown is None or all(f"{float(number):.4g}" in shown for pair in N44.values() for number in pair)
