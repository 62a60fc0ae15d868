"""Levels of an explanation: by matrices, by single numbers, gate by gate; around one number; a model on a sample."""

import numpy as np
import pytest

from zanjir.errors import GraphError, ParameterError, ShapeError
from zanjir.explain import (
    LEVELS,
    as_html,
    as_text,
    explained,
    explained_sample,
    gate_by_gate,
    problem,
    solution,
    summarized,
)
from zanjir.gates import relu, softmax_cross_entropy
from zanjir.graph import tensor
from zanjir.graph.order import topological_order
from zanjir.nn import LOSSES, convnet, mlp
from zanjir.optim import OPTIMIZERS
from zanjir.program import Problem
from zanjir.training import Model

# Both are float64 and add in another order.
CLOSE = 1e-9
DETAILED = [level for level in LEVELS if level != "summary"]


def network(seed=0, n=2):
    rng = np.random.default_rng(seed)
    X, W1, b1, W2 = (
        tensor(rng.normal(size=shape), name)
        for name, shape in (("X", (n, 3)), ("W1", (3, 4)), ("b1", (4,)), ("W2", (4, 2)))
    )
    h = relu((X @ W1 + b1).named("z")).named("h")
    losses = softmax_cross_entropy((h @ W2).named("scores"), tensor(rng.integers(0, 2, n), "y"))
    return losses.named("losses").mean().named("loss")


@pytest.mark.parametrize("seed", range(5))
def test_matrices_have_the_derivatives_of_torch_and_lines_that_give_them(seed):
    torch = pytest.importorskip("torch")
    loss = network(seed)
    tree = explained(loss, ["W1", "b1", "W2"], level="matrices")
    values = {step.target: step.value for step in tree.every("given")}
    X, W1, b1, W2 = (torch.tensor(values[name], requires_grad=True) for name in ("X", "W1", "b1", "W2"))
    scores = torch.relu(X @ W1 + b1) @ W2
    torch.nn.functional.cross_entropy(scores, torch.tensor(values["y"]).long()).backward()
    for name, leaf in {"W1": W1, "b1": b1, "W2": W2}.items():
        np.testing.assert_allclose(tree.value_of(f"dL/d{name}"), leaf.grad.numpy(), rtol=CLOSE, atol=1e-12)
    scope = {target.replace("/", "_"): value for target, value in values.items()}
    scope |= {"np": np, "broadcast_like": lambda x, like: np.broadcast_to(x, like.shape)}
    for step in tree.every("forward", "backward"):
        line = step.written.symbolic.replace("dL/d", "dL_d") if step.written else "1.0"
        if "softmax" not in line:  # a function of the table, which NumPy has not
            np.testing.assert_allclose(eval(line, scope), step.value, rtol=CLOSE, atol=1e-15)  # noqa: S307
        scope[step.target.replace("/", "_")] = step.value
    assert all(step.ok for step in tree.every("check"))


def test_a_line_of_matrices_shows_their_shapes():
    tree = explained(network(), ["W1"], level="matrices")
    z, *_ = tree.every("forward")
    assert (z.written.symbolic, z.written.substituted) == ("X @ W1 + b1", "(2, 3) @ (3, 4) + (4,)")
    assert (z.shape, z.as_json()["shape"]) == ((2, 4), [2, 4])
    assert tree.value_of("dL/dW1").shape == (3, 4)


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_matrices_are_updated_like_their_entries(rule):
    optimizer, loss = OPTIMIZERS[rule](0.1), network()
    whole = explained(loss, ["W1", "b1"], level="matrices", optimizer=optimizer)
    single = explained(loss, ["W1", "b1"], level="scalars", optimizer=optimizer)
    for name in ("W1", "b1"):
        for index, value in np.ndenumerate(whole.value_of(f"{name} new")):
            entry = f"{name}[{', '.join(map(str, index))}] new"
            assert single.value_of(entry) == pytest.approx(value, rel=CLOSE)


def test_a_wrong_derivative_of_a_matrix_is_found_along_one_direction(monkeypatch):
    from zanjir.explain import matrices

    right = matrices.pulled_back
    monkeypatch.setattr(matrices, "pulled_back", lambda *given: tuple(1.001 * node for node in right(*given)))
    tree = explained(network(), ["W1"], level="matrices")
    assert [step.ok for step in tree.every("check")].count(False) == len(tree.every("check"))


def test_by_default_a_sheet_is_as_close_as_can_be_read():
    x, w = tensor([[1.0, 2.0]], "x"), tensor([[3.0], [4.0]], "w")
    assert explained(((x @ w).named("z") ** 2).sum().named("loss")).rule == "scalars"
    assert explained(network(n=9)).rule == "matrices"


def test_a_summary_has_each_parameter_with_its_derivative_and_its_change():
    optimizer = OPTIMIZERS["sgd"](0.1)
    whole = explained(network(), ["W1", "b1"], level="matrices", optimizer=optimizer)
    results, parameters = explained(network(), ["W1", "b1"], level="summary", optimizer=optimizer).every("summary")
    assert results.table.rows == (("loss", whole.value),)
    for (name, shape, value, slope, change), parameter in zip(parameters.table.rows, ("W1", "b1"), strict=True):
        assert (name, shape) == (parameter, str(whole.value_of(parameter).shape))
        derivative = np.linalg.norm(whole.value_of(f"dL/d{name}"))
        assert (value, slope) == (np.linalg.norm(whole.value_of(name)), derivative)
        assert change == pytest.approx(0.1 * derivative)


def test_a_summary_of_numbers_has_the_numbers_themselves():
    tree = summarized(problem("homework-1-computed").solution())
    results, parameters = tree.every("summary")
    assert [round(value, 6) for _, value in results.table.rows] == [0.610964, 0.564526]
    assert ("w5", 0.4, pytest.approx(0.0766137), pytest.approx(0.361693)) in parameters.table.rows
    assert len(parameters.table.rows) == 10
    assert "0.361693" in as_text(tree)


def test_every_gate_has_a_name_and_all_levels_give_the_same_derivatives():
    loss = problem("homework-1").loss
    gates, scalars = solution(gate_by_gate(loss)), solution(loss)
    for step in scalars.every("backward"):
        assert gates.value_of(step.target) == pytest.approx(step.value, rel=CLOSE, abs=1e-15)
    assert gates.value_of("s1") == 0.15 * 0.05
    assert all(step.written.symbolic.count(" ") <= 2 for step in gates.every("forward"))


def test_names_of_gates_are_never_those_of_the_problem():
    s1, x = tensor(2.0, "s1"), tensor(3.0, "x")
    tree = solution(gate_by_gate((s1 * x + 1).named("loss")))
    assert [step.target for step in tree.every("forward", "loss")] == ["s2", "loss"]


@pytest.mark.parametrize("loss", ["softmax", "hinge", "squared_hinge", "binary_cross_entropy", "squared_error"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_a_model_on_a_sample_has_its_scores_and_slopes_at_every_level(loss, norm):
    rng = np.random.default_rng(3)
    net = mlp([4], 3, activation="tanh", norm=norm)
    made = Problem(net, LOSSES[loss], in_features=5, n_outputs=3, dtype=np.float64)
    classes = () if loss == "squared_error" else ("a", "b", "c")
    model = Model(made, rng.uniform(0.2, 1, made.layout.size), classes)
    x, y = rng.normal(size=5), 1 if classes else np.array([0.1, 0.2, 0.3])
    trees = {level: explained_sample(model, x, y, level=level) for level in DETAILED}
    scores = trees["matrices"].value_of("scores")
    np.testing.assert_allclose(scores, model.scores(x[None]), rtol=CLOSE)
    whole = trees["matrices"].value_of("dL/dW1")
    for level in ("scalars", "gates"):
        assert trees[level].value_of("scores[2]") == pytest.approx(scores[0, 2], rel=CLOSE)
        assert trees[level].value_of("dL/dW1[3, 1]") == pytest.approx(whole[3, 1], rel=CLOSE, abs=1e-12)
    focused = explained_sample(model, x, y, focus="dL/dW1[3, 1]")
    assert focused.value_of("dL/dW1[3, 1]") == pytest.approx(whole[3, 1], rel=CLOSE, abs=1e-12)
    assert all(step.ok is not False for tree in trees.values() for step in tree.every("check"))


def test_several_samples_have_their_mean_loss_and_the_update_of_a_rule():
    made = Problem(mlp([4], 3), LOSSES["softmax"], in_features=5, n_outputs=3, dtype=np.float64)
    rng = np.random.default_rng(5)
    model = Model(made, rng.uniform(-1, 1, made.layout.size), ("a", "b", "c"))
    X, y = rng.normal(size=(3, 5)), np.array([0, 2, 1])
    tree = explained_sample(model, X, y, optimizer=OPTIMIZERS["sgd"](0.5))
    alone = [explained_sample(model, x, label) for x, label in zip(X, y, strict=True)]
    assert tree.value == pytest.approx(np.mean([each.value for each in alone]), rel=CLOSE)
    slope = np.mean([each.value_of("dL/dW1") for each in alone], axis=0)
    np.testing.assert_allclose(tree.value_of("dL/dW1"), slope, rtol=CLOSE, atol=1e-12)
    np.testing.assert_allclose(tree.value_of("W1 new"), model.parameters["W1"] - 0.5 * slope, rtol=CLOSE)
    assert explained_sample(model, X, y, focus="h[2, 3]").value == pytest.approx(tree.value, rel=CLOSE)
    with pytest.raises(ShapeError, match=r"x has 3 samples and y has shape \(2,\); expected one y for each"):
        explained_sample(model, X, y[:2])


def test_a_convolution_is_explained_around_one_of_its_weights():
    made = Problem(convnet((6, 6), [2], [4], 3), LOSSES["softmax"], 36, 3)
    rng = np.random.default_rng(0)
    model = Model(made, rng.uniform(-1, 1, made.layout.size), ("a", "b", "c"))
    x = rng.normal(size=36)
    tree = explained_sample(model, x, 2, focus="W1[0, 0, 0, 1]")
    whole = explained_sample(model, x, 2, level="matrices").value_of("dL/dW1")
    assert tree.value_of("dL/dW1[0, 0, 0, 1]") == pytest.approx(whole[0, 0, 0, 1], rel=1e-6)


def test_the_penalty_of_the_training_is_part_of_the_loss():
    from zanjir.nn import regularizer

    made = Problem(mlp([], 2), LOSSES["softmax"], 3, 2, penalty=regularizer("l2", 0.1))
    W = np.arange(8.0)
    model = Model(made, W, ("a", "b"))
    tree = explained_sample(model, [1.0, 0.0, -1.0], 0, focus="W1[1, 1]")
    assert tree.value_of("dL/dW1[1, 1]") == pytest.approx(2 * 0.1 * W[3])  # the input beside it is 0
    assert tree.value_of("penalty") == pytest.approx(0.1 * np.sum(W[:6] ** 2))


@pytest.mark.parametrize(
    ("how", "error", "sentence"),
    [
        ({"level": "words"}, ParameterError, "unknown level 'words'"),
        ({"focus": "W1[0, 0]", "level": "matrices"}, ParameterError, "one number; expected level 'scalars' or 'gates'"),
        ({"focus": "W1[0"}, ParameterError, "'W1\\[0' names no number; expected an array and an index"),
        ({"focus": "W1[-1, 0]"}, ParameterError, "names no number"),
        ({"focus": "W1[9, 0]"}, GraphError, "is no entry: W1 has shape"),
        ({"focus": "V[0]"}, GraphError, "there is no 'V' here"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_a_sentence(how, error, sentence):
    with pytest.raises(error, match=sentence):
        explained(network(), **how)


def test_a_sample_of_another_width_is_refused():
    made = Problem(mlp([], 2), LOSSES["softmax"], 3, 2)
    with pytest.raises(ShapeError, match=r"expected \(N, 3\)"):
        explained_sample(Model(made, np.zeros(8), ("a", "b")), [1.0, 2.0], 0)


def narrow_with_constants():
    """A graph of float32 with an array that has no name."""
    rng = np.random.default_rng(2)
    X, W = (tensor(rng.normal(size=size).astype(np.float32), name) for size, name in (((3, 2), "X"), ((2, 2), "W")))
    Z = (X @ W + np.array([1.0, 2.0], np.float32)).named("Z")
    return (Z * Z * np.array([0.5, 0.25], np.float32)).sum().named("loss")


@pytest.mark.parametrize("level", DETAILED)
def test_what_float32_has_trained_is_explained_in_float64(level):
    loss = narrow_with_constants()
    values = {node.name: np.asarray(node.value, float) for node in topological_order([loss]) if node.gate is None}
    tree = explained(loss, ["W"], level=level)
    Z = values["X"] @ values["W"] + [1, 2]
    slope = values["X"].T @ (2 * Z * [0.5, 0.25])
    found = tree.value_of("dL/dW") if level == "matrices" else None
    for index in np.ndindex(2, 2):
        entry = tree.value_of(f"dL/dW[{index[0]}, {index[1]}]") if found is None else found[index]
        assert entry == pytest.approx(slope[index], rel=CLOSE)
    assert all(step.ok for step in tree.every("check"))


def test_an_array_of_a_formula_is_given_by_a_name_and_has_no_derivative():
    tree = explained(narrow_with_constants(), level="matrices")
    assert [step.target for step in tree.every("given")] == ["X", "W", "c1", "c2"]
    assert tree.every("forward")[0].written.symbolic == "X @ W + c1"
    assert [step.target for step in tree.every("backward")] == ["dL/dloss", "dL/dZ", "dL/dX", "dL/dW"]
    taken = (tensor([1.0, 2.0], "c1") * np.array([3.0, 4.0])).sum().named("loss")
    assert [step.target for step in explained(taken, level="matrices").every("given")] == ["c1", "c2"]


def test_a_line_of_too_many_shapes_is_left_out():
    x = tensor(np.linspace(0.1, 1, 6), "x")
    lines = {n: explained((sum((x**k for k in range(2, n)), x)).sum().named("loss"), level="matrices") for n in (4, 40)}
    for n, tree in lines.items():
        (loss,) = tree.every("loss")
        slope = tree.every("backward")[-1]
        assert [bool(part) for part in (loss.written.substituted, slope.written.substituted)] == [n == 4] * 2
        assert ("(6,) ** 2" in as_text(tree)) == (n == 4)


def test_products_of_entries_and_of_matrices_have_signs_of_their_own():
    rng = np.random.default_rng(1)
    A, B = (tensor(rng.normal(size=(2, 2)), name) for name in "AB")
    P, Q = (A * B).named("P"), (A @ B).named("Q")
    loss = (2 * (P * Q).sum() * (P + Q).mean()).named("loss")
    tree = explained(loss, level="matrices")
    formulas = {step.target: step.written.symbolic_latex for step in tree.every("forward", "loss")}
    assert formulas["P"] == r"A \odot B"
    assert formulas["Q"] == r"A \, B"
    assert formulas["loss"].count(r"\cdot") == 2
    assert formulas["loss"].count(r"\odot") == 1
    page = as_html(tree)
    places = enumerate(["A", "B", "P", "Q", "loss"], start=1)
    shown = {name: page.partition(f'id="step-{k}"')[2].partition("</li>")[0] for k, name in places}
    assert (shown["P"].count("⊙"), shown["Q"].count("⊙"), shown["loss"].count("⊙")) == (2, 0, 2)
    assert shown["P"].count("·") == shown["Q"].count("·") == 0
    assert shown["loss"].count("·") == 4
    single = as_html(explained(loss, level="scalars"))
    assert "⊙" not in single
