"""Graphs of arrays that nobody expects: strange names, nothing read, nothing finite, nothing there, far too much."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from zanjir.errors import GraphError, NonFiniteError, ShapeError
from zanjir.explain import LEVELS, as_html, as_latex, as_markdown, as_text, explained, explained_sample
from zanjir.gates import max_, max_pool2d, pick, relu
from zanjir.graph import gradient, tensor
from zanjir.graph.order import topological_order
from zanjir.nn import LOSSES, mlp
from zanjir.optim import OPTIMIZERS
from zanjir.program import Problem
from zanjir.training import Model

SINGLE = ("scalars", "gates")
# Both are float64 and add in another order.
CLOSE = 1e-12
# The same after a few hundred roundings.
DEEP = 1e-9


def array(name="W", shape=(2, 2)):
    return tensor(np.linspace(-1.0, 2.0, int(np.prod(shape))).reshape(shape), name)


def written_everywhere(tree):
    """Write a tree in both languages, and as JSON that every reader takes."""
    for language in ("en", "fa"):
        for form in (as_text, as_markdown, as_html, as_latex):
            assert form(tree, language=language)
        assert json.dumps(tree.as_json(language), allow_nan=False)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["W[0]", "two words", 'a"b', "<b>", "وزن", "وزن ها", "rest(x)", "dW", "s1", "W new"])
def test_an_array_may_have_any_name(name, level):
    W, x = array(name), array("x", (2,))
    tree = explained((W @ x).named("z").sum().named("loss"), [name], level=level, optimizer=OPTIMIZERS["sgd"](0.1))
    if level == "matrices":
        np.testing.assert_allclose(tree.value_of(f"dL/d{name}"), [x.value, x.value], rtol=CLOSE)
    elif level in SINGLE:
        assert tree.value_of(f"dL/d{name}[1, 0]") == pytest.approx(x.value[0], rel=CLOSE)
    written_everywhere(tree)


@pytest.mark.parametrize("name", ["two words", "<b>", "وزن ها", "rest(x)", "a.b"])
def test_a_number_of_an_array_of_any_name_may_be_asked_for(name):
    x = array("x", (2,))
    tree = explained((array(name) @ x).sum().named("loss"), focus=f"dL/d{name}[1,0]")
    assert tree.value_of(f"dL/d{name}[1, 0]") == pytest.approx(x.value[0], rel=CLOSE)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("other", ["A", "dL/dA", "A new"])
def test_two_numbers_of_one_name_are_refused(other, level):
    if other == "A new" and level in SINGLE:
        other = "A[0, 0] new"
        loss = (array("A").sum() * tensor(2.0, other)).named("loss")
    else:
        loss = (array("A") * array(other)).sum().named("loss")
    with pytest.raises(GraphError, match=r"the name '.*A.*' stands for two (arrays|numbers); give each a name"):
        explained(loss, ["A"], level=level, optimizer=OPTIMIZERS["sgd"](0.1))


@pytest.mark.parametrize("level", [None, *LEVELS])
@pytest.mark.parametrize(
    ("loss", "error", "sentence"),
    [
        ((array() * 2).named("loss"), ShapeError, r"loss has shape \(2, 2\); expected a single number"),
        ((array(shape=(1, 1)) * 2).named("loss"), ShapeError, r"loss has shape \(1, 1\)"),
        (array().sum(), GraphError, "the number to explain has no name"),
        (tensor(2.0, "loss"), GraphError, "has no name or is given"),
        ((tensor(np.array([1, 2]), "k") * 2).sum().named("loss"), GraphError, "loss is a number of int64"),
        ((array().sum() > 1).named("loss"), GraphError, "loss is a number of bool"),
        ((tensor([1.0, np.nan], "W") * 2).sum().named("loss"), NonFiniteError, r"W(\[1\])? (is|holds) nan"),
        (np.sqrt(tensor([1.0, 0.0], "W")).sum().named("loss"), NonFiniteError, r"dL/dW(\[1\])? (is|holds) inf"),
    ],
)
def test_what_is_no_number_with_a_slope_is_refused(loss, error, sentence, level):
    with pytest.raises(error, match=sentence):
        explained(loss, level=level)


@pytest.mark.parametrize("level", [None, *LEVELS])
def test_whole_numbers_are_given_and_cannot_be_updated(level):
    loss = (array(shape=(2,)) * tensor(np.array([3, 4]), "k")).sum().named("loss")
    tree = explained(loss, level=level)
    assert not [step for step in tree.every("backward") if step.wrt.startswith("k")]
    with pytest.raises(GraphError, match="k holds int64 numbers, without derivatives"):
        explained(loss, ["W", "k"], level=level, optimizer=OPTIMIZERS["sgd"](0.1))


@pytest.mark.parametrize("level", SINGLE)
def test_a_number_that_nothing_reads_has_a_derivative_of_zero_and_says_why(level):
    W, y = array(shape=(2, 3)), tensor(np.array([0, 2]), "y")
    loss = (pick(W, y).named("picked").sum() * 3).named("loss")
    tree = explained(loss, ["W"], level=level, optimizer=OPTIMIZERS["adam"](0.1))
    unread = next(step for step in tree.every("backward") if step.target == "dL/dW[0, 1]")
    assert (unread.value, unread.paths, unread.reason) == (0.0, (), "unread")
    assert tree.value_of("W[0, 1] new") == W.value[0, 1]
    assert tree.value_of("dL/dW[1, 2]") == pytest.approx(3.0, rel=CLOSE)
    assert "Nothing on the way to the loss reads dL/dW[0, 1]" not in as_text(tree)
    assert "Nothing on the way to the loss reads W[0, 1]" in as_text(tree)
    written_everywhere(tree)


@pytest.mark.parametrize("level", SINGLE)
@pytest.mark.parametrize(
    ("make", "focus"),
    [
        (lambda: max_(tensor([1.0, 5.0], "x"), axis=0).named("m") * 1.0, "x[0]"),
        (lambda: max_pool2d(tensor(np.arange(4.0).reshape(1, 2, 2, 1), "x")).sum(), "x[0, 0, 1, 0]"),
        (lambda: np.where(tensor([True, False], "c"), tensor([1.0, 5.0], "x"), 2.0).named("m").sum(), "x[1]"),
        (lambda: relu((tensor([-1.0, 2.0], "x") * tensor([1.0, 1.0], "w")).named("z")).sum(), "w[0]"),
        ((np.sign(array("x", (2,))) * array("V", (2,))).sum, "x[0]"),
        (lambda: (array("x", (2,)) * array("V", (2,))).named("m")[1] * 2.0, "m[0]"),
    ],
)
def test_around_a_number_without_effect_the_derivative_is_zero(make, focus, level):
    loss = make().named("loss")
    tree = explained(loss, focus=focus, level=level)
    assert tree.value_of(f"dL/d{focus}") == 0
    assert tree.value == pytest.approx(float(loss.value), rel=CLOSE)
    written_everywhere(tree)


@pytest.mark.parametrize("make", [lambda: np.linalg.inv(array()).sum(), lambda: max_(tensor([2.0, 2.0], "x"), axis=0)])
def test_by_default_what_has_no_single_numbers_is_explained_by_matrices(make):
    assert explained(make().named("loss")).rule == "matrices"


@pytest.mark.parametrize("level", [None, *LEVELS])
def test_an_array_may_be_empty(level):
    empty = tensor(np.zeros((0, 3)), "X")
    Z = (empty @ array("V", (3, 2))).named("Z")
    tree = explained((Z.sum() + array("b", (2,)).sum()).named("loss"), level=level)
    assert tree.value == pytest.approx(1.0, rel=CLOSE)
    written_everywhere(tree)


def deep(n_layers, named=True):
    x, w = tensor([[0.3, 0.2]], "x"), tensor([[1.5, 0.3], [-0.4, 1.2]], "w")
    for k in range(n_layers):
        x = np.tanh(x @ w).named(f"h{k}") if named else np.tanh(x @ w)
    return x.sum().named("loss")


def test_a_deep_graph_is_explained_around_one_number():
    loss = deep(150)
    whole = float(gradient(loss, {"w": next(x for x in topological_order([loss]) if x.name == "w")})["w"].value[0, 1])
    tree = explained(loss, focus="w[0, 1]")
    assert len(tree.every("forward")) == 2 * 150 - 1  # w[0, 1] does not act on h0[0, 0]
    assert tree.value_of("dL/dw[0, 1]") == pytest.approx(whole, rel=DEEP)


def test_a_graph_without_names_has_no_line_that_fills_the_memory():
    with pytest.raises(GraphError, match="a line of more than 1,000,000 characters cannot be read; give names"):
        explained(deep(60, named=False), level="matrices")


def test_a_million_numbers_are_refused_before_they_are_written():
    loss = (tensor(np.ones(10**6), "x") ** 2).sum().named("loss")
    with pytest.raises(GraphError, match="more than 5,000 single numbers"):
        explained(loss, level="scalars")


def test_the_entries_of_a_sample_are_named_without_it_in_errors_too():
    made = Problem(mlp([2], 2), LOSSES["softmax"], in_features=3, n_outputs=2)
    model = Model(made, np.linspace(-1, 1, made.layout.size), ("cat", "dog"))
    with pytest.raises(GraphError, match=r"^X\[0, 3\] is no entry: X has shape \(3,\)\.$"):
        explained_sample(model, [1.0, 2.0, 3.0], 1, focus="X[0, 3]")


@pytest.mark.parametrize("how", [{"focus": "W[0, 0]"}, *({"level": level} for level in (None, *LEVELS))])
def test_a_leaf_with_the_name_of_the_loss_is_refused(how):
    with pytest.raises(GraphError, match="the name 'W' stands for two arrays"):
        explained(array("W").sum().named("W"), **how)


def test_where_only_the_rule_of_a_whole_array_is_finite_matrices_explain_it():
    tree = explained(tensor([1.0, 1.0], "x").std().named("loss"))
    assert tree.rule == "matrices"
    np.testing.assert_array_equal(tree.value_of("dL/dx"), [0.0, 0.0])


@pytest.mark.parametrize("size", [1e300, 1e-300, 0.0])
def test_lengths_of_very_large_and_small_arrays_are_those_of_hypot(size):
    tree = explained((tensor([3 * size, 4 * size], "x") * 1e-10).sum().named("loss"), level="summary")
    _, parameters = tree.every("summary")
    assert parameters.table.rows[0][2] == pytest.approx(math.hypot(3 * size, 4 * size), rel=CLOSE, abs=0)


PROGRAM = """
import json
from test_strange_graphs import array, explained, pick, tensor, np
W = array(shape=(3, 3))
z = (np.tanh(W @ W.T).named("z") * pick(W, tensor(np.array([0, 2, 1]), "y")).named("p")).sum().named("loss")
for level in ("matrices", "scalars", "gates"):
    print(json.dumps(explained(z, ["W"], level=level).as_json()))
print(json.dumps(explained(z, focus="W[1, 1]").as_json()))
"""


def test_every_run_gives_the_same_tree():
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    runs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(runs) == 1
