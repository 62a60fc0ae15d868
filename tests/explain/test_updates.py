"""Update rules in lines: state, corrected means and the step, in every form; differences of many numbers at once."""

import math
import re

import numpy as np
import pytest

from zanjir.explain import Problem, as_html, as_latex, as_markdown, as_script, as_text, differences, solution
from zanjir.explain.matrices import by_matrices
from zanjir.graph import tensor
from zanjir.graph.order import evaluate, topological_order
from zanjir.optim import OPTIMIZERS, Adam, AdamW

# Both sides are float64, in another order of the same few operations.
CLOSE = 1e-13
# Central differences with a step h are off by h squared and by the rounding of the loss over h.
DIFFERENCE = 1e-9


def one_step(name, w, g, eta):
    """Return the lines of the first step of each rule as its paper has them, in plain Python."""
    if name in {"momentum", "nesterov"}:
        v = g
        return {"v(w) new": v, "step(w)": eta * (v if name == "momentum" else g + 0.9 * v)}
    if name == "adagrad":
        return {"G(w) new": g**2, "step(w)": eta * g / (math.sqrt(g**2) + 1e-10)}
    if name == "rmsprop":
        v = (1 - 0.9) * g**2
        return {"v(w) new": v, "step(w)": eta * g / (math.sqrt(v) + 1e-8)}
    if name == "adadelta":
        v = (1 - 0.95) * g**2
        delta = math.sqrt(1e-6) / math.sqrt(v + 1e-6) * g
        return {"v(w) new": v, "delta(w)": delta, "u(w) new": (1 - 0.95) * delta**2, "step(w)": eta * delta}
    shrunk = {"shrunk(w)": w * (1 - eta * 0.01)} if name == "adamw" else {}
    found = {"m(w) new": (1 - 0.9) * g, "v(w) new": (1 - 0.999) * g**2, "m_hat(w)": g, "v_hat(w)": g**2}
    return found | shrunk | {"step(w)": eta * g / (abs(g) + 1e-8)}


def example(rule):
    return Problem(
        "p", {"x": 2.0, "w": 0.7, "target": 1.0}, {"z": "w * x", "loss": "(z - target)**2"}, ("w",),
        OPTIMIZERS[rule](0.1),
    )  # fmt: skip


STATEFUL = [name for name, rule in OPTIMIZERS.items() if rule.state_names]


@pytest.mark.parametrize("name", STATEFUL)
def test_every_line_of_a_rule_is_that_of_its_paper(name):
    tree = example(name).solution()
    expected = one_step(name, 0.7, 1.6, 0.1)
    kept = expected.get("shrunk(w)", 0.7)
    expected["w new"] = kept - expected["step(w)"]
    steps = {step.target: step for step in tree.every("update")}
    for target, value in expected.items():
        assert steps[target].value == pytest.approx(value, rel=CLOSE), target
    before = {f"{part}(w)" for part in OPTIMIZERS[name].state_names}
    settings = {"eta", "t"} if "m_hat(w)" in steps else {"eta"}
    assert {step.target for step in steps.values() if step.rule == "given"} == before | settings
    assert all(steps[target].value == 0 for target in before)
    assert steps.keys() == before | settings | expected.keys() | {"loss after 1 step"}


def test_plain_descent_stays_one_line():
    assert "w new = w - eta * dL/dw = 0.7 - 0.1 * 1.6 = 0.54\n" in as_text(example("sgd").solution())


@pytest.mark.parametrize("name", STATEFUL)
def test_every_form_shows_every_line(name):
    tree = example(name).solution()
    text, markdown, latex, page = (write(tree) for write in (as_text, as_markdown, as_latex, as_html))
    for step in tree.every("update"):
        assert f"\n  {step.target} = " in text
    for part in OPTIMIZERS[name].state_names:
        assert f"$${part}(w)^{{\\mathrm{{new}}}} = " in markdown
        assert f"{part}(w)^{{\\mathrm{{new}}}} &= " in latex
    assert r"\mathrm{step}(w) &= " in latex
    assert page.count("<li ") == len([step for step in tree.children if step.kind != "check"])
    assert page.count("<mi>step</mi>") == 2  # where it is found, and where it is read


def test_corrected_means_wear_hats():
    tree = example("adam").solution()
    assert "m_hat(w) = m(w) new / (1 - 0.9 ** t) = 0.16 / (1 - 0.9 ** 1) = 1.6\n" in as_text(tree)
    assert r"$$\hat{m}(w) = \frac{m(w)^{\mathrm{new}}}{(1 - {0.9}^{t})} = " in as_markdown(tree)
    assert '<mover><mi>m</mi><mo stretchy="false">^</mo></mover>' in as_html(tree)
    assert "<msup><mrow><mi>m</mi>" in as_html(tree)


def test_the_square_of_a_derivative_is_of_all_of_it():
    tree = example("adagrad").solution()
    assert "G(w) new = G(w) + (dL/dw) ** 2 = 0 + 1.6 ** 2 = 2.56\n" in as_text(tree)
    assert r"+ {(\frac{\partial L}{\partial w})}^{2} = " in as_markdown(tree)
    page = re.sub(r"<mn><span[^>]*><math>", "", as_html(tree))
    assert '<msup><mrow><mo stretchy="false">(</mo><mfrac>' in page


def test_the_settings_stand_there_once():
    made = Problem("p", {"a": 1.0, "b": 2.0}, {"f": "a * b"}, ("a", "b"), Adam(0.1), symbol="f")
    targets = [step.target for step in made.solution().every("update")]
    assert len(targets) == len(set(targets))
    assert targets[:4] == ["eta", "t", "m(a)", "v(a)"]


@pytest.mark.parametrize("rule", [Adam(0.1), AdamW(0.1)])
@pytest.mark.parametrize("name", ["eta", "t", "m_hat", "eta_rule"])
def test_a_number_that_is_named_like_the_rules_own_is_kept_apart(name, rule):
    def solved(parameter, n_steps=1):
        given, formulas = {"x": 2.0, parameter: 0.7, "eta": 3.0}, {"f": f"({parameter} * x - 1)**2 + 0 * eta"}
        given = given if parameter != "eta" else {"x": 2.0, "eta": 0.7}
        return Problem("p", given, formulas, (parameter,), rule, n_steps, symbol="f").solution()

    tree, other = solved(name), solved("w")
    for ending in ("new", "after"):
        (found,), (expected,) = (
            [step.value for step in each.every("update") if step.target.startswith((f"{p} {ending}", f"f {ending}"))]
            for each, p in ((tree, name), (other, "w"))
        )
        assert found == expected
    targets = [step.target for step in tree.children if step.kind != "check"]
    assert len(targets) == len(set(targets))
    assert "eta_rule" in targets or name == "eta_rule"
    exec(as_script(solved(name, 3)), {})  # noqa: S102 - written by us


def random_graph(n_inputs):
    rng = np.random.default_rng(n_inputs)
    leaves = [tensor(float(value), f"x{k}") for k, value in enumerate(rng.normal(size=n_inputs))]
    nodes = list(leaves)
    for k in range(2 * n_inputs):
        a, b = (nodes[i] for i in rng.integers(len(nodes), size=2))
        nodes.append((np.tanh(a) * b + 0.3 * a).named(f"n{k}"))
    total = nodes[0]
    for node in nodes[1:]:
        total = total + node
    return total.named("f")


@pytest.mark.parametrize("n_inputs", [3, 100])
def test_differences_at_once_are_those_of_one_after_the_other(n_inputs):
    loss = random_graph(n_inputs)
    named = [node for node in topological_order([loss]) if node.name]
    steps = [1e-5 * max(1.0, abs(float(node.value))) for node in named]
    moves = differences.shifted(loss, named, steps)
    for node, step, (above, below) in zip(named, steps, moves, strict=True):
        at = float(node.value)
        expected = [float(evaluate([loss], {node: at + h})[id(loss)]) for h in (step, -step)]
        assert (above, below) == pytest.approx(expected, rel=CLOSE)
        assert (above - below) / (2 * step) == pytest.approx((expected[0] - expected[1]) / (2 * step), abs=DIFFERENCE)


def test_a_gate_of_arrays_runs_on_one_number_after_the_other():
    x, y = tensor(2.0, "x"), tensor(3.0, "y")
    loss = ((x * y).sum() * x).named("f")
    slopes = [(above - below) / 2e-5 for above, below in differences.shifted(loss, [x, y], [1e-5, 1e-5])]
    assert slopes == pytest.approx([12.0, 4.0], abs=1e-8)
    assert all(step.ok for step in solution(loss, symbol="f").every("check"))


def test_a_gate_runs_once_for_all_differences_and_not_at_all_before_them(monkeypatch):
    loss = random_graph(40)
    order = topological_order([loss])
    n_runs = []
    run = differences.run
    monkeypatch.setattr(differences, "run", lambda node, inputs: n_runs.append(node) or run(node, inputs))
    named = [node for node in order if node.name]
    differences.shifted(loss, named, [1e-5] * len(named))
    assert len(n_runs) == sum(node.gate is not None for node in order)
    n_runs.clear()
    differences.shifted(loss, [order[-1].inputs[1]], [1e-5])
    assert n_runs == [loss]


@pytest.mark.parametrize("name", STATEFUL)
def test_whole_matrices_get_the_same_lines(name):
    X, W = tensor([[1.0, -2.0]], "X"), tensor([[0.7, 0.2], [0.4, -0.3]], "W")
    loss = ((X @ W).named("Z") ** 2).sum().named("loss")
    steps = {step.target: step for step in by_matrices(loss, ["W"], optimizer=OPTIMIZERS[name](0.1)).every("update")}
    slopes = 2 * X.value.T @ (X.value @ W.value)
    for k in np.ndindex(2, 2):
        for target, value in one_step(name, W.value[k], slopes[k], 0.1).items():
            assert steps[target.replace("(w)", "(W)")].value[k] == pytest.approx(value, rel=CLOSE), target
    assert steps["eta"].value == 0.1
    kept = steps["shrunk(W)"].value if name == "adamw" else W.value
    assert np.array_equal(steps["W new"].value, kept - steps["step(W)"].value)
