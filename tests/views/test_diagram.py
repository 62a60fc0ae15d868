"""The plain data that every view reads: nodes, wires, labels, values and gradients."""

import sys

import numpy as np
import pytest

import zanjir
from views.circuits import CIRCUITS, HOSTILE, diamond, names, network, read_three_times
from zanjir.errors import GraphError, ParameterError, ShapeError
from zanjir.graph import topological_order
from zanjir.views import Summary, number_text

# Central differences of functions of size 1 with step 1e-6 err by 1e-12 + 1e-10.
NUMERICAL = 1e-8


@pytest.fixture(autouse=True)
def looking_never_overflows():
    """A view raises nothing, however NumPy is set."""
    with np.errstate(all="raise", under="ignore"):
        yield


def by_label(diagram):
    return {node.label: node for node in diagram.nodes}


@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
def test_inputs_stand_before_the_gates_that_read_them_and_wires_keep_their_order(make):
    output = make()
    diagram = zanjir.diagram(output)
    order = topological_order([output])
    assert [node.gate for node in diagram.nodes] == [x.gate.name if x.gate else None for x in order]
    assert [node.shape for node in diagram.nodes] == [x.shape for x in order]
    assert all(edge.source < edge.target for edge in diagram.edges)
    for node, sources in zip(order, diagram.inputs_of(), strict=True):
        assert [order[i] for i in sources] == list(node.inputs)
    positions = [(edge.target, edge.position) for edge in diagram.edges]
    assert positions == sorted(set(positions))
    assert diagram.outputs == (len(order) - 1,)


def test_the_gradient_of_every_node_is_that_of_moving_it():
    def f(x, y):
        return (x + y) * x

    x, y, step = 3.0, -4.0, 1e-6
    found = by_label(zanjir.diagram(diamond()))
    dx = (f(x + step, y) - f(x - step, y)) / (2 * step)
    dy = (f(x, y + step) - f(x, y - step)) / (2 * step)
    dt = ((x + y + step) * x - (x + y - step) * x) / (2 * step)
    for label, numerical in (("x", dx), ("y", dy), ("t1", dt), ("f", 1.0)):
        assert found[label].gradient.numbers == pytest.approx(numerical, rel=NUMERICAL)


def test_all_gradients_of_a_network_come_from_one_call_and_equal_those_of_separate_calls(monkeypatch):
    loss, calls = network(), []
    real = zanjir.gradient
    module = sys.modules["zanjir.graph.diagram"]
    monkeypatch.setattr(module, "gradient", lambda *given: calls.append(given) or real(*given))
    diagram = zanjir.diagram(loss)
    assert len(calls) == 1
    for tensor, node in zip(topological_order([loss]), diagram.nodes, strict=True):
        if node.gradient is not None:
            assert node.gradient.numbers == np.asarray(zanjir.gradient(loss, tensor).value).tolist()
    assert [node.label for node in diagram.nodes if node.gradient is None] == ["y", "0.01"]


def test_what_was_not_computed_is_missing_and_what_is_zero_is_zero():
    x, w = zanjir.tensor(-1.0, "x"), zanjir.tensor(2.0, "w")
    found = by_label(zanjir.diagram((np.maximum(0, x) * w).named("f")))
    assert (found["x"].gradient.numbers, found["w"].gradient.numbers) == (0, 0)
    assert found["0"].gradient is None
    found = by_label(zanjir.diagram((np.maximum(0, x) * w).named("f"), gradients=False))
    assert [node.gradient for node in found.values()] == [None] * len(found)
    found = by_label(zanjir.diagram((2 * w).named("f"), gradients=True, values=False))
    assert [node.gradient for node in found.values()] == [None] * len(found)
    assert {label: node.value is None for label, node in found.items()} == {"2": False, "w": True, "f": True}


def test_a_gradient_that_is_infinite_is_shown_as_such():
    x = zanjir.tensor(np.array(0.0), "x")
    assert by_label(zanjir.diagram(np.sqrt(x)))["x"].gradient.text() == "inf"


def test_words_of_persian_keep_the_sign_that_joins_their_parts():
    name = "وزن\u200cهای لایه"
    assert zanjir.diagram(zanjir.tensor(1.0, name)).nodes[0].label == name


def test_gradients_that_are_known_already_are_shown_as_they_are():
    x = zanjir.tensor(3.0, "x")
    y = (x * x).named("y")
    diagram = zanjir.diagram([y], {x: zanjir.tensor(np.array(6.0)), y: 1.0})
    assert [node.gradient.numbers for node in diagram.nodes] == [6.0, 1.0]
    assert diagram.gradient_of == "y"
    assert [node.gradient for node in zanjir.diagram([y], {x: 6.0}).nodes][1] is None


def test_without_a_single_number_the_reader_learns_why_there_are_no_gradients():
    X = zanjir.tensor(np.ones((2, 3)), "X")
    diagram = zanjir.diagram((X * 2).named("Y"))
    assert diagram.gradient_of is None
    assert diagram.notes == ("No gradients: Y has shape (2, 3), and gradients are those of a single number.",)
    assert "several outputs" in zanjir.diagram([X, X * 2]).notes[0]
    assert "int64 data" in zanjir.diagram(zanjir.tensor(np.array(1), "n")).notes[0]
    with pytest.raises(ShapeError, match=r"^Y has shape \(2, 3\)"):
        zanjir.diagram((X * 2).named("Y"), gradients=True)
    with pytest.raises(GraphError, match=r"^gradients are those of one number; got 2 outputs\."):
        zanjir.diagram([X, X * 2], gradients=True)


@pytest.mark.parametrize("thing", [3.0, None, np.ones(2), "x", [1.0]], ids=repr)
def test_what_is_no_tensor_is_refused(thing):
    with pytest.raises(GraphError, match=r"^diagram takes tensors; got \w+\. Build one with zanjir\.tensor"):
        zanjir.diagram(thing)


def test_no_two_nodes_share_a_label_and_formulas_use_labels():
    a, again, t1 = (zanjir.tensor(1.0, name) for name in ("a", "a", "t1"))
    other = zanjir.tensor(np.array([1.0, 2.0]))
    diagram = zanjir.diagram((a * again + t1) * other * zanjir.tensor(1.0, "a#2"))
    labels = [node.label for node in diagram.nodes]
    assert labels == ["a", "a#3", "t2", "t1", "t3", "c1", "t4", "a#2", "t5"]
    assert diagram.nodes[2].formula == "a · a#3"
    assert diagram.nodes[4].code == "t2 + t1"


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_kept_and_its_label_stands_on_one_line(name):
    x = zanjir.tensor(2.0, name)
    node, _, result = zanjir.diagram(x + 1.0).nodes
    assert node.name == name
    assert len(node.label.splitlines()) == 1
    assert not set(node.label) & {"\x00", "\x1b", "\u202e", "\ud800"}
    assert result.formula == f"{node.label} + 1"
    assert zanjir.diagram(np.square(x)).nodes[1].formula == f"{node.label}²"


def test_symbols_are_read_off_the_table():
    x, y = zanjir.tensor(np.array(0.5), "x"), zanjir.tensor(np.array(2.0), "y")
    results = (x * y, x - y, -x, np.exp(x), 1 / x, x**2, np.sum(x), np.maximum(x, y), np.maximum(0.0, x), x > y, x >= y)
    symbols = [zanjir.diagram(result).nodes[-1].symbol for result in results]
    assert symbols == ["×", "−", "−", "exp", "1 / ·", "·²", "sum", "maximum", "maximum(0, ·)", ">", "≥"]


def test_every_gate_of_the_table_has_a_short_symbol():
    from zanjir.graph import TABLE
    from zanjir.graph.diagram import LONGEST_SYMBOL, symbol

    for row in TABLE.values():
        for example in row.examples:
            inputs = tuple(zanjir.tensor(np.ones((2, 2)), "x") for _ in row.core_shapes)
            node = zanjir.Tensor(1.0, gate=row, inputs=inputs, params={**row.params, **example})
            assert 0 < len(symbol(node)) <= max(LONGEST_SYMBOL, len(row.name))


def test_a_result_that_is_read_twice_by_one_gate_has_two_wires():
    diagram = zanjir.diagram(read_three_times())
    square = next(i for i, node in enumerate(diagram.nodes) if node.formula == "h · h")
    assert [(edge.source, edge.position) for edge in diagram.edges if edge.target == square] == [(1, 0), (1, 1)]
    assert sum(edge.source == 1 for edge in diagram.edges) == 4


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (2, "2"),
        (True, "True"),
        (-0.0, "0"),
        (10**30, "1" + "0" * 30),
        (np.array(1e-20), "1e-20"),
        (np.array([True, False]), "[True, False]"),
        (np.array([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (np.array([0.1], np.float32), "[0.1]"),
        (np.zeros((0, 3)), "[]"),
        (np.array([np.nan, np.inf, -np.inf]), "[NaN, inf, -inf]"),
        (np.arange(7), "0 … 6"),
        (np.full(100, 0.5), "all 0.5"),
        (np.array([1.0, np.nan, np.inf, 2.0] * 20), "1 … 2, 20 NaN, 20 infinite"),
        (np.full(70, np.nan), "70 NaN"),
        (np.array([np.finfo(float).max] * 70), "all 1.79769e+308"),
    ],
)  # fmt: skip
def test_numbers_as_a_reader_sees_them(value, text):
    assert Summary.of(value).text() == text


def test_large_arrays_are_summarized_and_small_ones_kept():
    kept, large = Summary.of(np.arange(64.0)), Summary.of(np.arange(65.0))
    assert kept.numbers == list(range(64))
    assert (large.numbers, large.low, large.high, large.size) == (None, 0.0, 64.0, 65)


def test_digits_of_a_number():
    assert number_text(1 / 3, 4) == "0.3333"
    assert number_text(np.float32(0.1)) == "0.1"
    assert number_text(np.int64(12345678)) == "12345678"


def test_a_diagram_prints_as_its_table():
    diagram = zanjir.diagram(diamond())
    assert repr(diagram) == diagram.text().rstrip("\n")


@pytest.mark.parametrize("form", ["text", "json", "dot", "svg", "tikz", "html"])
@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
def test_every_form_of_every_graph_can_be_encoded_and_is_the_same_each_time(make, form):
    diagram = zanjir.diagram(make())
    text = diagram.render(form)
    assert text.encode()
    assert text.endswith("\n")
    assert text == zanjir.diagram(make()).render(form)


def test_an_unknown_form_is_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match=r"^unknown format 'svgg'; expected text, json, dot, svg, tikz or html\."):
        zanjir.diagram(diamond()).render("svgg")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("g.svg", "<svg"),
        ("g.json", "{"),
        ("g.dot", "digraph"),
        ("g.GV", "digraph"),
        ("g.txt", "graph of f"),
        ("g.html", "<!DOCTYPE"),
        ("g.tex", r"\documentclass[tikz"),
    ],
)
def test_a_files_ending_says_what_is_written(name, start, tmp_path):
    zanjir.diagram(diamond()).save(tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_without_a_known_ending_is_refused(tmp_path):
    with pytest.raises(
        ParameterError, match=r"^cannot tell a format from 'g\.png'; let it end with \.txt, .* or \.html"
    ):
        zanjir.diagram(diamond()).save(tmp_path / "g.png")
    assert list(tmp_path.iterdir()) == []


def test_names_of_several_outputs_are_cut_in_the_title():
    many = [names("x", f"y{i}") for i in range(9)]
    assert zanjir.diagram(many, False).title.startswith("graph of y0, y1, y2, 6 more outputs: ")
