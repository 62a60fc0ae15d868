"""Solutions by matrices as scripts: in NumPy alone, right in every number, and failing at one that is changed."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from witnesses.random_networks import random_network
from zanjir.errors import GraphError
from zanjir.explain import as_notebook, as_script, explained, explained_sample, problem, problem_from_text
from zanjir.gates import relu, softmax_cross_entropy
from zanjir.graph import tensor
from zanjir.nn import LOSSES, convnet, mlp, regularizer
from zanjir.optim import OPTIMIZERS
from zanjir.program import Problem
from zanjir.training import Model

# A changed number differs by far more than what the script lets pass: 1e-10 of it and 1e-13 of the largest.
CHANGED = 1e-6


def run(script):
    """Run a script where nothing is known, and return what it found."""
    found = {"__name__": "__main__"}
    exec(compile(script, "script", "exec"), found)  # noqa: S102 - written by the function under test
    return found


def network(n=2, optimizer=None, parameters=("W1", "b1", "W2")):
    """A network of two layers with some samples, by matrices."""
    rng = np.random.default_rng(0)
    shapes = {"X": (n, 3), "W1": (3, 4), "b1": (4,), "W2": (4, 2)}
    X, W1, b1, W2 = (tensor(rng.normal(size=shape), name) for name, shape in shapes.items())
    h = relu((X @ W1 + b1).named("z")).named("h")
    losses = softmax_cross_entropy((h @ W2).named("scores"), tensor(rng.integers(0, 2, n), "y")).named("losses")
    loss = (losses.mean() + 0.1 * (W2**2).sum()).named("loss")
    return explained(loss, parameters, level="matrices", optimizer=optimizer)


def model_on_a_sample(net, n_features, **how):
    """A model with random parameters on a random sample, by matrices."""
    rng = np.random.default_rng(3)
    made = Problem(net, LOSSES["softmax"], n_features, 3, **how)
    model = Model(made, rng.uniform(0.2, 1, made.layout.size), ("a", "b", "c"))
    return explained_sample(model, rng.normal(size=n_features), 1, level="matrices")


@pytest.mark.parametrize("seed", range(30))
def test_the_script_of_a_random_network_runs_and_finds_its_arrays(seed):
    text = re.sub(r"steps = \d+", "steps = 1", random_network(seed, tuple(OPTIMIZERS)).text)
    tree = problem_from_text(text).solution(level="matrices")
    found = run(as_script(tree))
    for step in tree.every("given", "forward", "loss"):
        np.testing.assert_array_equal(found[step.target], step.value)
    for step in tree.every("backward"):
        np.testing.assert_array_equal(found[step.target.replace("/", "_")], step.value)


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_the_script_takes_several_steps_of_every_rule(rule):
    text = random_network(3, (rule,)).text
    text = re.sub(r"(?s)\nsteps = \d+|$", "\nsteps = 5", text, count=1)
    made = problem_from_text(text)
    assert made.n_steps == 5
    script = as_script(made.solution(level="matrices"))
    run(script)
    after = repr(made.loss_after())
    with pytest.raises(AssertionError, match="loss after 5 steps"):
        run(script.replace(after, repr(made.loss_after() * (1 + CHANGED))))


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_the_script_takes_the_step_of_every_rule(rule):
    tree = network(optimizer=OPTIMIZERS[rule](0.1))
    np.testing.assert_array_equal(run(as_script(tree))["W1_new"], tree.value_of("W1 new"))


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize(
    ("net", "n_features"),
    [(lambda norm: mlp([4], 3, norm=norm), 5), (lambda norm: convnet((6, 6), [2], [4], 3, norm=norm), 36)],
)
def test_the_script_of_a_model_on_a_sample_runs(net, n_features, norm):
    tree = model_on_a_sample(net(norm), n_features, penalty=regularizer("l2", 0.1))
    found = run(as_script(tree))
    np.testing.assert_array_equal(found["dL_dW1"], tree.value_of("dL/dW1"))


def test_the_script_needs_nothing_but_numpy():
    script = as_script(model_on_a_sample(convnet((4, 4), [2], [], 3), 16))
    assert re.findall(r"^(?:import|from) .*", script, re.MULTILINE) == ["import numpy as np"]
    assert "zanjir" not in script
    assert {"conv2d", "max_pool2d"} < {*re.findall(r"^def (\w+)", script, re.MULTILINE)}
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def expected_numbers(script):
    """Yield where the numbers stand that the script compares with, and those that it takes as given."""
    for line in re.finditer(
        r"^(?:    \[.*|\w.*agree\(.*|\w+ = (?:np\.array\(\[-?\d|-?\d).*|agree\(.*)$", script, re.MULTILINE
    ):
        text = (
            line[0]
            if line[0].startswith("    [")
            else re.split(r", (?=np\.array|-?\d[\d.e+-]*(?:, \w+)*\)(?:  #|$))", line[0])[-1]
        )
        start = line.end() - len(text)
        yield from (
            (start + n.start(), n[0], line[0])
            for n in re.finditer(r"(?<![\w.])-?\d+\.[\d.e+-]*\d", text.partition("  #")[0])
        )


def test_a_changed_number_makes_the_script_fail():
    tree = network(optimizer=OPTIMIZERS["momentum"](0.1))
    script = as_script(tree)
    places = list(expected_numbers(script))
    n_numbers = sum(np.size(step.value) for step in tree.children if step.kind != "check" and step.target != "y")
    assert len(places) >= n_numbers
    for start, number, line in places:
        if line.startswith(("LARGEST", "length = ")) or float(number) == 0.0:
            continue
        changed = repr(float(number) * (1 + CHANGED) + (1e-6 if "DIFFERENCE" in line else 0))
        with pytest.raises(AssertionError, match=r"(?s)is .*, expected .* apart"):
            run(f"{script[:start]}{changed}{script[start + len(number) :]}")


def test_every_array_of_the_tree_stands_in_the_script():
    tree = network(optimizer=OPTIMIZERS["adam"](0.1))
    script = as_script(tree)
    for step in tree.children:
        parts = [step.value, step.numeric, *(path.product for path in step.paths)]
        assert all(repr(x) in script for part in parts if part is not None for x in np.ravel(part).tolist()), (
            step.target
        )


def test_the_lines_are_those_of_the_solution():
    script = as_script(network())
    assert 'z = agree("z", X @ W1 + b1, np.array([' in script
    assert 'dL_dW1 = agree("dL/dW1", X.T @ dL_dz, np.array([' in script
    assert 'dL_dW2 = agree("dL/dW2", h.T @ dL_dscores + 0.1 * dL_dloss * (2 * W2), np.array([' in script
    assert 'agree("dL/dW2 (loss)", 0.1 * dL_dloss * (2 * W2), np.array([' in script


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_cells_of_a_notebook_of_matrices_run_in_order(language):
    tree = network(optimizer=OPTIMIZERS["adam"](0.1))
    found = {}
    for cell in json.loads(as_notebook(tree, language=language))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile(cell["source"], cell["id"], "exec"), found)  # noqa: S102 - written by the function under test
    np.testing.assert_array_equal(found["W1_new"], tree.value_of("W1 new"))


@pytest.mark.parametrize(
    "name", ["agree", "direction", "h", "T", "len", "softmax", "direction_of", "loss_at", "dL_dX", "σ", "وزن", "e"]
)
def test_a_name_of_an_array_is_never_taken_for_one_of_the_script(name):
    X, W = tensor([[1.0, 2.0]], "X"), tensor([[0.5, -1.0], [2.0, 0.25]], name)
    loss = softmax_cross_entropy((X @ W.T).named("s"), tensor([1], "y")).sum().named("loss")
    tree = explained(loss, [name], level="matrices", optimizer=OPTIMIZERS["adam"](0.1))
    run(as_script(tree))


def test_what_no_script_can_hold_or_compute_gets_one_sentence():
    with pytest.raises(GraphError, match="np is the name of NumPy in a script"):
        as_script(explained((tensor([1.0, 2.0], "np") ** 2).sum().named("loss"), level="matrices"))
    with pytest.raises(GraphError, match=r"10,001 numbers are given, .* at most 10,000; explain a smaller network"):
        as_script(explained((tensor(np.ones(10_001), "w") ** 2).sum().named("loss"), level="matrices"))
    summary = problem("homework-1").solution(level="summary")
    for form in (as_script, as_notebook):
        with pytest.raises(
            GraphError, match="a summary has tables and nothing that a script or notebook could compute"
        ):
            form(summary)
