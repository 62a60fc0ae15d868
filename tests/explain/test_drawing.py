"""Solutions as drawings: the numbers of the tree where they belong, nothing over anything else, as SVG and as TikZ."""

import re
from dataclasses import replace
from functools import cache
from itertools import combinations
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from witnesses.tex import typeset
from zanjir.errors import GraphError, ParameterError
from zanjir.explain import PROBLEMS, Step, problem, problem_from_text
from zanjir.explain.words import CATALOGS, titled
from zanjir.explain.writers.drawing import as_figure, as_svg, as_tikz, drawing
from zanjir.views.drawing import LINE, MARGIN

SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES = ["en", "fa"]
SIX_DIGITS = 5e-6  # relative to a number that is written with six
TOUCH = 1e-9  # px by which two rectangles that touch may seem to overlap


def network_of(*sizes, prefix="w"):
    """A problem file of a network of tanh neurons with numbers drawn at random."""
    rng = np.random.default_rng(0)
    layers, given, inputs = [], [], [f"x{k}" for k in range(sizes[0])]
    names = list(inputs)
    for layer, n in enumerate(sizes[1:], start=1):
        units = [f"u{layer}_{k}" for k in range(n)]
        weights = [[f"{prefix}{layer}_{i}_{k}" for k in range(n)] for i in range(len(names))]
        biases = [f"b{layer}_{k}" for k in range(n)]
        given += [*(name for row in weights for name in row), *biases]
        layers.append(f"[[network.layers]]\nunits = {units}\nweights = {weights}\nbias = {biases}\nactivation = 'tanh'")
        names = units
    table = {kind: ", ".join(f"{name} = {rng.normal():.4f}" for name in those)
             for kind, those in (("inputs", inputs), ("targets", names))}  # fmt: skip
    return problem_from_text("\n".join([
        "title = 'a network'", "[given]", *(f"'{name}' = {rng.normal():.4f}" for name in given), "[network]",
        *(f"{kind} = {{ {those} }}" for kind, those in table.items()), *layers, "[update]", "rule = 'sgd'",
    ]))  # fmt: skip


EXAMPLES = {
    "homework-1": lambda: problem("homework-1"),
    "homework-1-computed": lambda: problem("homework-1-computed"),
    "homework-2": lambda: problem("homework-2"),
    "linear-sigmoid": lambda: problem("linear-sigmoid"),
    "3-4-4-1": lambda: network_of(3, 4, 4, 1),
    "2-8-8-8-1": lambda: network_of(2, 8, 8, 8, 1),
    "2-12-2": lambda: network_of(2, 12, 2),
    "long names": lambda: network_of(2, 3, 2, prefix="a_rather_long_name_of_a_weight_"),
    "Persian names": lambda: network_of(2, 2, 1, prefix="وزن"),
}
CIRCUITS = ("homework-2", "linear-sigmoid")


@cache
def solved(name):
    made = EXAMPLES[name]()
    return made, made.solution(level="scalars")


@cache
def drawn_of(name, language="en"):
    return drawing(*solved(name), language=language)


def parsed(picture):
    return ET.fromstring(picture)  # noqa: S314 - it is our own


def overlap(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > TOUCH and min(a[3], b[3]) - max(a[1], b[1]) > TOUCH


def middle_of(box):
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_overlaps_and_all_of_it_is_on_the_page(name, language):
    drawn = drawn_of(name, language)
    shapes = [shape.box for shape in drawn.shapes]
    inside = [(label.words, label.box) for shape in drawn.shapes for label in shape.labels]
    beside = [(label.words, label.box) for label in (*drawn.labels, *drawn.key)]
    pairs = combinations([*inside, *beside], 2)
    assert [(one, other) for (one, a), (other, b) in pairs if overlap(a, b)] == []
    assert [pair for pair in combinations(shapes, 2) if overlap(*pair)] == []
    assert [words for words, box in beside if any(overlap(box, shape) for shape in shapes)] == []
    for shape in drawn.shapes:
        (x, y), radius = middle_of(shape.box), shape.radius
        if shape.width == shape.height == 2 * radius:  # in a circle, corners are farthest from the middle
            corners = [(label.box[i], label.box[j]) for label in shape.labels for i in (0, 2) for j in (1, 3)]
            assert all(np.hypot(a - x, b - y) <= radius for a, b in corners)
    boxes = [*shapes, *(box for _, box in (*inside, *beside))]
    assert min(min(box[:2]) for box in boxes) >= -TOUCH
    assert max(box[2] for box in boxes) <= drawn.width - MARGIN + TOUCH
    assert max(box[3] for box in boxes) <= drawn.height - MARGIN + TOUCH


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in CIRCUITS])
def test_no_wire_of_a_network_runs_through_words(name):
    drawn = drawn_of(name)
    boxes = np.array([label.box for label in drawn.every_label()])
    for wire in drawn.wires:
        ends = np.array(wire.points)
        at = ends[0] + np.linspace(0.01, 0.99, 40)[:, None] * (ends[1] - ends[0])
        inside = (at[:, None] > boxes[:, :2] + TOUCH).all(2) & (at[:, None] < boxes[:, 2:] - TOUCH).all(2)
        assert not inside.any()


def numbers_of(drawn):
    """The numbers at wires and beside neurons by name, each with the derivative that stands a line below it."""
    below = {(label.x, round(label.y - LINE, 6)): label for label in drawn.labels if label.role == "gradient"}
    found = {}
    for label in drawn.labels:
        if label.role == "value":
            name, value = label.words.split(" = ")
            gradient = below.pop((label.x, round(label.y, 6)))
            found.setdefault(name, []).append((float(value), float(gradient.words.strip("()"))))
    assert below == {}
    return found


@pytest.mark.parametrize("name", ["homework-1", "homework-1-computed", "3-4-4-1", "2-8-8-8-1"])
def test_the_numbers_on_the_wires_are_those_of_the_tree(name):
    made, tree = solved(name)
    found = numbers_of(drawn_of(name))
    weights = [name for layer in made.network["layers"] for row in layer["weights"] for name in row]
    biases = [name for layer in made.network["layers"] for name in np.unique(layer["bias"])]
    assert set(found) == {*weights, *biases, "net"}
    for target in (*weights, *biases):
        for value, gradient in found[target]:
            assert value == pytest.approx(tree.value_of(target), rel=SIX_DIGITS)
            assert gradient == pytest.approx(tree.value_of(f"dL/d{target}"), rel=SIX_DIGITS)
    units = [unit for layer in made.network["layers"] for unit in layer["units"]]
    expected = [(tree.value_of(f"net_{unit}"), tree.value_of(f"dL/dnet_{unit}")) for unit in units]
    np.testing.assert_allclose(sorted(found["net"]), sorted(expected), rtol=SIX_DIGITS)


def test_the_numbers_of_homework_1_stand_in_its_circles_and_boxes():
    drawn = drawn_of("homework-1")  # column C of the notes' solution
    assert [[label.words for label in shape.labels] for shape in drawn.shapes] == [
        ["x1", "0.05"], ["x2", "0.1"], ["h1", "0.594476", "(0.0380505)"], ["h2", "0.596283", "(0.0479382)"],
        ["Y1", "0.79182", "(0.78182)"], ["Y2", "0.801464", "(-0.188536)"], ["t_Y1", "0.01"], ["t_Y2", "0.99"],
        ["loss", "0.323394", "(1)"],
    ]  # fmt: skip
    assert numbers_of(drawn)["w5"] == [(0.4, 0.0766137)]
    assert sorted(numbers_of(drawn)["b1"]) == [(0.35, 0.0207131)] * 2  # both neurons share it
    assert numbers_of(drawn)["w6"] == [(0.45, -0.0178341)]


def test_every_weight_lies_on_the_line_between_its_two_neurons():
    made, tree = solved("homework-1")
    drawn = drawing(made, tree)
    at = {shape.labels[0].words: np.array(middle_of(shape.box)) for shape in drawn.shapes}
    ends = {"w1": ("x1", "h1"), "w2": ("x1", "h2"), "w3": ("x2", "h1"), "w4": ("x2", "h2"),
            "w5": ("h1", "Y1"), "w6": ("h1", "Y2"), "w7": ("h2", "Y1"), "w8": ("h2", "Y2")}  # fmt: skip
    labels = {label.words.split(" = ")[0]: label for label in drawn.labels if label.words.startswith("w")}
    for name, (source, target) in ends.items():
        along = at[target] - at[source]
        away = np.array((labels[name].x, labels[name].y + 4)) - at[source]  # the value stands above the wire
        assert abs(along[0] * away[1] - along[1] * away[0]) / np.hypot(*along) < 1e-6
        assert 0 < along @ away < along @ along


@pytest.mark.parametrize("name", [*PROBLEMS])
def test_a_circuit_has_the_numbers_of_the_tree(name):
    made = problem(name)
    tree = made.solution(level="scalars")
    drawn = drawing(made, kind="circuit")
    for shape in drawn.shapes:
        target = shape.labels[0].words
        if target in made.given or target in made.formulas:
            value, gradient = re.search(r"value (\S+), gradient (\S+)$", shape.says).groups()
            assert float(value) == pytest.approx(tree.value_of(target), rel=SIX_DIGITS)
            derivatives = {step.target: step.value for step in tree.every("backward")}
            known = derivatives.get(f"d{made.symbol}/d{target}", float(gradient))
            assert float(gradient) == pytest.approx(known, rel=SIX_DIGITS)
    shown, drawn_names = {label.words for label in drawn.labels}, {shape.labels[0].words for shape in drawn.shapes}
    steps = [step for step in tree.every("forward", "backward") if {step.target, step.wrt} & drawn_names]
    own = [step for step in steps if "/d" not in step.target or step.target.startswith(f"d{made.symbol}/d")]
    assert len(own) > 2
    assert {f"{step.value:.6g}" for step in own} <= shown


def test_a_derivative_that_was_not_computed_is_left_blank():
    made, tree = solved("homework-1")
    forward = replace(tree, children=tuple(step for step in tree.children if step.kind != "backward"))
    drawn = drawing(made, forward)
    assert {label.role for label in drawn.every_label()} == {"name", "value"}
    assert not any("(" in label.words or label.words == "0" for label in drawn.every_label())
    nothing = drawing(made, Step("solution", "solution", "nothing"))
    words = [label.words for label in nothing.every_label()]
    assert not any("=" in word or "(" in word or re.fullmatch("[-.0-9]+", word) for word in words)
    assert {"w1", "w8", "b1", "Y2", "loss"} <= set(words)


def test_a_problem_in_letters_is_drawn_without_numbers_and_a_proof_not_at_all():
    drawn = drawing(problem("homework-2-letters"), kind="circuit")
    assert {label.role for label in drawn.labels} == set()
    proof = problem("homework-3")
    assert as_figure(proof, proof.solution(), "html") == ""
    with pytest.raises(GraphError, match="the problem has no formulas"):
        drawing(proof)


def test_of_more_than_eight_neurons_the_first_and_the_last_are_drawn_with_a_line_that_says_so():
    drawn = drawn_of("2-12-2")
    names = [shape.labels[0].words for shape in drawn.shapes]
    assert [name for name in names if name.startswith("u1")] == ["u1_0", "u1_1", "u1_2", "u1_3", "u1_11"]
    words = [label.words for label in drawn.labels]
    assert "12 neurons, 5 of them drawn" in words
    assert words.count("·") == 3
    assert {name for name in numbers_of_weights(words) if "_11" in name} == {"w1_0_11", "w1_1_11", "w2_11_0", "w2_11_1"}
    assert len(numbers_of_weights(words)) == 4 * 5
    assert "·" not in [label.words for label in drawn_of("2-8-8-8-1").labels]


def numbers_of_weights(words):
    return {word.split(" = ")[0] for word in words if word.startswith("w")}


def test_a_network_without_biases_or_activations_has_no_room_for_them():
    made = problem_from_text("""
        given = { w = 2.0 }
        [network]
        inputs = { x = 3.0 }
        targets = { y = 1.0 }
        [[network.layers]]
        units = ["y"]
        weights = [["w"]]
        activation = "identity"
    """)
    drawn = drawing(made)
    assert [label.words for label in drawn.labels if label.role == "value"] == ["w = 2"]
    assert [shape.labels[1].words for shape in drawn.shapes] == ["3", "6", "1", "12.5"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_svg_is_whole_says_what_it_shows_and_needs_nothing(name, language):
    made, tree = solved(name)
    picture = as_svg(made, tree, language=language)
    root = parsed(picture)
    assert (root.get("role"), root[0].tag, root[0].text, root[1].tag) == (
        "img", f"{SVG}title", titled(language, made.titles), f"{SVG}desc",
    )  # fmt: skip
    assert not re.search(r"<style|<script|\bid=|href|url\(|@import", picture)
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert sorted(words) == sorted(label.words for label in drawn_of(name, language).every_label())
    turned = [text.text for text in root.iter(f"{SVG}text") if text.get("direction") == "rtl"]
    assert bool(turned) == (language == "fa")


def test_a_picture_is_the_same_each_time():
    for write in (as_svg, as_tikz):
        assert write(network_of(3, 4, 4, 1)) == write(network_of(3, 4, 4, 1))


def test_what_the_picture_says_names_every_wire():
    said = parsed(as_svg(*solved("homework-1"))).find(f"{SVG}desc").text
    assert "h1: b1 = 0.35 (0.0207131), net = 0.3825 (0.009173), 0.594476 (0.0380505)" in said
    assert "h2 → Y1: w7 = 0.5 (0.0768465)" in said


def test_words_are_those_of_the_language():
    for language, catalog in CATALOGS.items():
        words = {label.words for label in drawn_of("homework-1", language).every_label()}
        assert {catalog[f"drawing_{key}"] for key in ("inputs", "outputs", "targets", "loss", "circle")} <= words
    with pytest.raises(ParameterError, match="language"):
        drawing(*solved("homework-2"), language="de")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["homework-1", "2-12-2", "Persian names", "linear-sigmoid"])
def test_the_tikz_picture_compiles_and_shows_the_numbers(name, language, tmp_path):
    made, tree = solved(name)
    text = typeset(as_tikz(made, tree, language=language), tmp_path)
    if text is not None:
        numbers = [label.words for label in drawn_of(name).labels if re.fullmatch(r"\([\d.-]+\)", label.words)]
        assert [number for number in numbers if number.strip("()") not in text] == []


def test_an_unknown_drawing_and_a_network_that_is_not_there_get_one_sentence():
    with pytest.raises(ParameterError, match="unknown drawing 'tree'; expected network or circuit"):
        drawing(*solved("homework-1"), kind="tree")
    with pytest.raises(ParameterError, match=r"the problem has no \[network\]"):
        drawing(*solved("homework-2"), kind="network")


def test_a_circuit_that_is_too_large_is_left_out_of_a_document_unless_it_was_asked_for():
    formulas = "\n".join(f"a{k} = 'a{k - 1} * x + 1'" for k in range(1, 120))
    made = problem_from_text(f"[given]\nx = 0.5\na0 = 1.0\n[formulas]\n{formulas}")
    empty = Step("solution", "solution", "large")
    assert as_figure(made, empty, "html") == as_figure(made, empty, "latex") == ""
    with pytest.raises(GraphError, match="can be read up to 200"):
        as_figure(made, empty, "html", kind="circuit")
