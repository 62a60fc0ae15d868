"""The table of characters, JSON and DOT."""

import html
import json
import math
import re
import shutil
import subprocess

import numpy as np
import pytest

import zanjir
from views.circuits import CIRCUITS, HOSTILE, diamond, names
from zanjir.errors import ParameterError

DIAMOND = """\
graph of f: 4 nodes, 2 gates, 4 wires
node  gate      formula  shape  value  d f / d node
----  --------  -------  -----  -----  ------------
x                        ()     3      2
y                        ()     -4     3
t1    add       x + y    ()     -1     3
f     multiply  t1 · x   ()     -3     1
"""


def chain(n):
    y = zanjir.tensor(0.5, "x")
    for _ in range(n - 1):
        y = np.tanh(y)
    return y


# text


def test_the_table_has_a_line_per_node():
    assert zanjir.diagram(diamond()).text() == DIAMOND


def test_a_dash_is_explained_where_it_stands_and_only_there():
    text = zanjir.diagram(diamond(), False).text()
    assert text.count("—") == 4 + 1
    assert text.endswith("\n— means not computed.\n")
    assert "—" not in DIAMOND


def test_a_large_graph_is_cut_with_a_sentence_that_says_so():
    diagram = zanjir.diagram(chain(10_000), False)
    lines = diagram.text().splitlines()
    assert lines[103] == "... 9,800 of 10,000 nodes are not shown; limit=None shows all ..."
    assert [line.split()[0] for line in lines[3:5]] == ["x", "t1"]
    assert [line.split()[0] for line in lines[102:105:2]] == ["t99", "t9900"]
    assert lines[-2].split()[0] == "t9999"
    assert len(lines) == 3 + 200 + 1 + 1
    whole = diagram.text(limit=None).splitlines()
    assert len(whole) == 3 + 10_000 + 1
    assert not any("not shown" in line for line in whole)


@pytest.mark.parametrize(("limit", "shown"), [(2, 2), (3, 3), (4, 4), (5, 4), (None, 4)])
def test_a_limit_is_kept_exactly(limit, shown):
    lines = zanjir.diagram(diamond()).text(limit).splitlines()[3:]
    assert sum("not shown" not in line for line in lines) == shown


@pytest.mark.parametrize("limit", [1, 0, -5])
def test_a_limit_that_leaves_nothing_is_refused(limit):
    with pytest.raises(ParameterError, match=rf"^limit is {limit}, expected at least 2 nodes, or None for all\.$"):
        zanjir.diagram(diamond()).text(limit)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_breaks_the_table(name):
    lines = zanjir.diagram(names(name, "y", "f")).text().splitlines()
    columns = [i for i, c in enumerate(lines[2]) if c == "-" and lines[2][i - 1] != "-"]
    assert len(lines) == 3 + 5 + 1
    for line in lines[3:-1]:
        assert all(line[:start][-1:] in ("", " ") for start in columns[1:] if start < len(line))


# JSON


def read(text):
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def number_from(data):
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(data, data)


def flat(data):
    return [x for part in data for x in flat(part)] if isinstance(data, list) else [number_from(data)]


@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
def test_json_gives_every_node_wire_and_number_back(make):
    diagram = zanjir.diagram(make())
    found = read(diagram.json())
    assert found["schema"] == 1
    assert found["outputs"] == list(diagram.outputs)
    assert found["gradient_of"] == diagram.gradient_of
    assert found["notes"] == list(diagram.notes)
    assert found["edges"] == [vars(edge) for edge in diagram.edges]
    assert [node["id"] for node in found["nodes"]] == list(range(len(diagram.nodes)))
    for back, node in zip(found["nodes"], diagram.nodes, strict=True):
        for key in ("name", "label", "gate", "formula", "code", "dtype"):
            assert back[key] == getattr(node, key)
        assert back["shape"] == list(node.shape)
        for numbers, summary in ((back["value"], node.value), (back["gradient"], node.gradient)):
            assert (numbers is None) == (summary is None)
            if summary is not None:
                assert (numbers["nan"], numbers["infinite"]) == (summary.n_nan, summary.n_infinite)
                assert (numbers["data"] is None) == (summary.numbers is None)
                np.testing.assert_array_equal(flat(numbers["data"] or 0), flat(summary.numbers or 0))


def test_json_has_words_for_what_is_no_finite_number():
    _, _, node = read(zanjir.diagram(CIRCUITS["not finite"](), False).json())["nodes"]
    assert node["value"] == {
        "data": ["NaN", "Infinity", "-Infinity", 1.5],
        "range": [1.5, 1.5],
        "nan": 1,
        "infinite": 2,
    }


def test_json_keeps_the_kind_of_a_number():
    data = [node["value"]["data"] for node in read(zanjir.diagram(CIRCUITS["truths"](), False).json())["nodes"]]
    assert json.dumps(data) == "[[1.0, -1.0], 0, [true, false]]"


def test_json_says_the_range_of_a_large_array():
    node = read(zanjir.diagram(CIRCUITS["large"]()).json())["nodes"][0]
    assert node["value"] == {"data": None, "range": [-1, 1], "nan": 0, "infinite": 0}


def test_json_holds_parameters_that_are_no_numbers_as_text():
    node = zanjir.Tensor(
        1.0, gate=zanjir.graph.TABLE["exp"], inputs=(zanjir.tensor(0.0, "x"),), params={"key": slice(2)}
    )
    assert read(zanjir.diagram(node, False).json())["nodes"][1]["params"] == {"key": "slice(None, 2, None)"}


# DOT, read by its grammar: quoted strings, HTML strings with balanced angle brackets, and bare words

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<(?:[^<>]|<[^<>]*>)*>|->|[\[\]{};=,]|[A-Za-z_0-9]+')


def statements(text):
    """Split DOT into statements of tokens; whatever is no token is a mistake."""
    tokens, end = [], 0
    for match in TOKEN.finditer(text):
        assert not text[end : match.start()].strip(), text[end : match.start()]
        tokens.append(match[0])
        end = match.end()
    assert not text[end:].strip()
    assert (tokens[:2], tokens[-1]) == (["digraph", "{"], "}")
    assert tokens.count("{") == tokens.count("}") == 1
    found, start = [], 2
    for i, sign in enumerate(tokens):
        if sign == ";":
            found.append(tokens[start:i])
            start = i + 1
    return found


def read_label(quoted):
    """Undo DOT's quoting as Graphviz does: backslash escapes, then HTML's entities."""
    lines = [[]]
    for escape, plain in re.findall(r"\\(.)|([^\\])", quoted[1:-1], re.DOTALL):
        assert escape in ("", "\\", '"', "n"), escape
        if escape == "n":
            lines.append([])
        else:
            lines[-1].append(escape or plain)
    return [html.unescape("".join(line)) for line in lines]


@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
def test_dot_has_every_node_and_every_wire(make):
    diagram = zanjir.diagram(make())
    found = statements(diagram.dot())
    wires = [(s[0], s[2]) for s in found if s[1:2] == ["->"]]
    assert wires == [
        *((f"n{edge.source}", f"n{edge.target}") for edge in diagram.edges),
        *((f"n{i}", f"end{i}") for i in diagram.outputs),
    ]
    boxes = {s[0]: read_label(s[4]) for s in found if re.fullmatch(r"n\d+", s[0]) and s[1] == "["}
    assert list(boxes) == [f"n{i}" for i in range(len(diagram.nodes))]
    for node, lines in zip(diagram.nodes, boxes.values(), strict=True):
        assert lines[0] == node.label if len(node.label) <= 48 else "…" in lines[0]


def test_dot_has_value_and_gradient_on_the_wire():
    wires = [s for s in statements(zanjir.diagram(diamond()).dot()) if s[1:2] == ["->"]]
    assert [re.findall(r">([^<>]+)</font>", s[-2]) for s in wires] == [
        ["3", "2"], ["-4", "3"], ["-1", "3"], ["3", "2"], ["-3", "1"],
    ]  # fmt: skip


@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed; nothing of zanjir needs it")
def test_graphviz_itself_accepts_the_text(make):
    text = zanjir.diagram(make()).dot()
    done = subprocess.run(["dot", "-Tplain"], input=text.encode(), capture_output=True, check=False)  # noqa: S607
    assert (done.returncode, done.stderr.decode()) == (0, "")
