"""Solutions as scripts: they run by themselves, agree with every number, and fail at a number that is changed."""

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from zanjir.errors import GraphError, NonFiniteError
from zanjir.explain import PROBLEMS, Problem, as_script, problem, solution
from zanjir.gates import elu, leaky_relu
from zanjir.graph import tensor
from zanjir.graph.gate import TABLE
from zanjir.optim import OPTIMIZERS


def run(script):
    """Run a script where nothing is known, and return what it found."""
    found = {"__name__": "__main__"}
    exec(compile(script, "script", "exec"), found)  # noqa: S102 - written by the function under test
    return found


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_script_of_a_problem_runs_and_finds_its_numbers(name, language):
    tree = problem(name).solution()
    found = run(as_script(tree, language=language))
    for step in (*tree.every("given"), *tree.every("forward", "loss")):
        assert found[step.target] == step.value
    for step in tree.every("backward"):
        assert found[step.target.replace("/", "_")] == step.value


def test_a_script_needs_nothing_but_python():
    script = as_script(problem("homework-1").solution())
    assert re.findall(r"^(?:import|from) .*", script, re.MULTILINE) == ["import math"]
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def numbers_to_change(script):
    """Yield where each number stands that a script expects, and those that it takes as given."""
    yield from re.finditer(r"(?<=, )-?\d[\d.e+-]*(?=\)  #|\)$|, [A-Z])", script, re.MULTILINE)
    yield from re.finditer(r"(?<![A-Z] = )(?<= = )-?\d[\d.e+-]*$", script, re.MULTILINE)


@pytest.mark.parametrize("name", ["homework-1", "homework-2"])
def test_a_changed_number_makes_the_script_fail(name):
    tree = problem(name).solution()
    script = as_script(tree)
    places = list(numbers_to_change(script))
    assert len(places) > len(tree.children)
    for place in places:
        looser = script.startswith(", DIFFERENCE", place.end())  # differences are known to fewer digits
        changed = repr(float(place[0]) * (1 + 1e-6) + (1e-7 if looser else 0))
        with pytest.raises(AssertionError, match=r"is .*, expected"):
            run(f"{script[: place.start()]}{changed}{script[place.end() :]}")


def every(tree):
    """Return all steps of a tree but the root."""
    return [found for child in tree.children for found in (child, *every(child))]


def test_every_number_of_the_tree_is_compared():
    tree = replace(problem("homework-1"), rule=OPTIMIZERS["adam"](0.1)).solution()
    script = as_script(tree)
    for step in every(tree):
        assert repr(step.value if step.kind != "check" else step.numeric) in script
        assert all(repr(path.local_value) in script and repr(path.product) in script for path in step.paths)


@pytest.mark.parametrize("n_steps", [1, 7])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_script_takes_every_step_of_every_rule(name, n_steps):
    made = replace(problem("homework-1"), rule=OPTIMIZERS[name](0.1), n_steps=n_steps)
    script = as_script(made.solution())
    run(script)
    after = repr(made.loss_after())
    assert after in script
    with pytest.raises(AssertionError, match="loss after"):
        run(script.replace(after, repr(made.loss_after() * (1 + 1e-6))))


@pytest.mark.parametrize("name", ["agree", "math", "h", "t", "eta", "loss_at", "LARGEST", "df_dx", "m_hat", "σ", "وزن"])
def test_a_name_of_the_problem_is_never_taken_for_one_of_the_script(name):
    made = Problem(
        "names", {"x": 0.5, name: 2.0, "w": 0.25}, {"y": f"x * {name} + exp(w)", "f": "y ** 2"}, ("w",),
        OPTIMIZERS["adam"](0.1), 3, symbol="f",
    )  # fmt: skip
    run(as_script(made.solution()))


def test_names_that_no_script_can_have_are_written_as_others():
    x, y, z = tensor(2.0, "W[0, 1]"), tensor(3.0, "W[0; 1]"), tensor(0.5, "lambda")
    run(as_script(solution((x * y * z).named("import os"))))


def test_a_title_cannot_leave_its_comment():
    tree = replace(problem("homework-2").solution(), target="a\nraise SystemExit\x00\u2028b")
    run(as_script(tree))


def test_a_constant_slope_is_compared_in_all_its_digits():
    script = as_script(Problem("c", {"x": 1.0}, {"f": "0.1234567890123 * x"}, symbol="f").solution())
    assert 'agree("df/dx", 0.1234567890123, 0.1234567890123)' in script
    run(script)


def test_a_saturated_unit_agrees_as_well():
    made = Problem("s", {"x": 30.0}, {"y": "sigmoid(x)", "z": "sigmoid(-x) + exp(-x)", "f": "y * y + z"}, symbol="f")
    run(as_script(made.solution()))


# Gates that are the same number, or are no functions of numbers.
NO_FORM = {"broadcast_like", "uniform_like"}
GATES = [name for name, row in TABLE.items() if row.elementwise and name not in NO_FORM]


@pytest.mark.parametrize("name", GATES)
def test_every_gate_of_numbers_and_its_rules_have_a_form_in_plain_python(name):
    row = TABLE[name]
    n_inputs = row.signature.partition("->")[0].count("()")
    n_run = 0
    for point in ((0.3, 0.6, 0.2), (1.7, 1.2, 0.4), (-0.8, 0.7, 1.3)):
        if name == "power" and point[0] < 0:
            continue
        with np.errstate(all="ignore"):
            loss = row(*[tensor(value, f"x{k}") for k, value in enumerate(point[:n_inputs])]).named("f")
            if not np.isfinite(loss.value):  # outside of the gate's domain
                continue
            tree = solution(loss)
        run(as_script(tree))
        n_run += 1
    assert n_run


def test_settings_of_a_gate_are_kept():
    x = tensor(-0.8, "slope")
    script = as_script(solution((leaky_relu(x, slope=0.3) + elu(x, alpha=2.0)).named("f")))
    assert "leaky_relu(slope, slope=0.3) + elu(slope, alpha=2.0)" in script
    run(script)


def test_what_has_no_form_in_plain_python_gets_one_sentence():
    x = tensor(2.0, "x")
    with pytest.raises(GraphError, match=r"cannot compute 'x.sum\(\)' in plain Python"):
        as_script(solution(x.sum().named("f")))


def test_what_is_not_finite_gets_one_sentence():
    tree = solution((tensor(2.0, "x") ** 2).named("f"))
    broken = replace(tree, children=tuple(replace(s, value=float("inf")) for s in tree.children))
    with pytest.raises(NonFiniteError, match="is inf; a script compares finite numbers only"):
        as_script(broken)
