"""300 random networks and circuits: every number of each tree against 30 digits, and against PyTorch where it is."""

import functools
import importlib.util
import json
import math
import re

import mpmath
import numpy as np
import pytest
from scipy import special

from witnesses.duals import DIGITS, every_slope, local_slopes
from witnesses.jets import cosine_mean
from witnesses.random_circuits import FORMS, random_circuit
from witnesses.random_networks import ACTIVATIONS, BIASES, LOSSES, PENALTIES, random_network
from witnesses.update_rules import RULES
from zanjir.explain import as_html, as_latex, as_markdown, as_notebook, as_script, as_text, problem_from_text
from zanjir.explain.problems import network
from zanjir.explain.problems.formula import FUNCTIONS
from zanjir.optim import OPTIMIZERS

# Both sides are float64, or float64 against 30 digits; sums of some ten terms may cancel to 1e-3 of the largest.
CLOSE, NEAR_ZERO = 1e-9, 1e-12
N_EACH = 150
CASES = [f"{kind} {seed}" for kind in ("circuit", "network") for seed in range(N_EACH)]
# What is only written has each function once: every form has its turn as the first of a circuit.
N_WRITTEN = len(FORMS)
WRITTEN = [f"{kind} {seed}" for kind in ("circuit", "network") for seed in range(N_WRITTEN)]
needs_torch = pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="PyTorch is not installed")


def same(found, expected):
    """Whether two numbers agree."""
    return math.isclose(found, float(expected), rel_tol=CLOSE, abs_tol=NEAR_ZERO)


@functools.cache
def solved(case):
    """A problem and its tree."""
    kind, seed = case.split()
    if kind == "circuit":
        made = random_circuit(int(seed))
    else:
        made = problem_from_text(random_network(int(seed), tuple(RULES)).text)
    return made, made.solution(level="scalars")


def test_every_function_gate_activation_loss_penalty_and_rule_occurs():
    circuits = " ".join(formula for k in range(N_WRITTEN) for formula in random_circuit(k).formulas.values())
    assert set(re.findall(r"(?<!\w)[a-z]\w*(?=\()", circuits)) == {*FUNCTIONS} == {*FORMS} & {*FUNCTIONS}
    assert {*re.findall(r"(?<= )(?:\*\*|[-+*/]|[<>!=]=|[<>]|and|or|not)(?= )", circuits)} == {
        "+", "-", "*", "/", "**", "<", "<=", ">", "==", "!=", "and", "or", "not",
    }  # fmt: skip
    drawn = set().union(*(random_network(k, tuple(RULES)).drawn for k in range(N_WRITTEN)))
    sizes = {"1 samples", "2 samples", "1 layers", "2 layers", "3 layers"}
    assert drawn == {*ACTIVATIONS, *LOSSES, *PENALTIES, *BIASES, *RULES} | sizes
    assert {*ACTIVATIONS} == {*network.ACTIVATIONS}
    assert {*LOSSES} == {*network.LOSSES, *network.CLASS_LOSSES}
    assert {*RULES} == {*OPTIMIZERS}
    assert set().union(*PENALTIES.values()) == {*network.PENALTIES}


@pytest.mark.parametrize("case", CASES)
def test_every_number_has_thirty_digits_for_it(case):
    made, tree = solved(case)
    with mpmath.workdps(DIGITS):
        numbers = every_slope(made.given, made.formulas, [*made.given, *made.formulas])
        loss = numbers[made.loss.name]
        locals_of = {name: local_slopes(formula, read_in(formula, numbers)) for name, formula in made.formulas.items()}
    for name, value in made.given.items():
        assert tree.value_of(name) == value
    for name in made.formulas:
        assert same(tree.value_of(name), numbers[name].value), name
    check_chain_rule(tree, loss.slopes, locals_of)
    if made.rule:
        check_update(made, tree, updated(made, loss.slopes))


def read_in(formula, numbers):
    """The numbers that a formula reads."""
    return {name: numbers[name] for name in re.findall(r"[^\W\d]\w*", formula) if name in numbers}


def check_chain_rule(tree, slopes, locals_of):
    """Every derivative, and every path with its upstream, its local derivative and their product."""
    for step in tree.every("backward"):
        assert same(step.value, slopes[step.wrt]), step.target
        assert {path.through for path in step.paths} == {x for x, read in locals_of.items() if step.wrt in read}
        for path in step.paths:
            local = locals_of[path.through][step.wrt]
            assert path.upstream == f"{step.target.partition('/')[0]}/d{path.through}"
            assert same(path.upstream_value, slopes[path.through])
            assert same(path.local_value, local), (step.target, path.through)
            assert same(path.product, slopes[path.through] * local)
    for step in tree.every("check"):
        assert step.ok is True, step.target


def updated(made, slopes):
    """What the papers' rule finds in its first step, by parameter, and the loss after the last."""
    name = next(name for name, rule in OPTIMIZERS.items() if type(made.rule) is rule)
    rule, state_names = RULES[name]
    at = {w: mpmath.mpf(made.given[w]) for w in made.parameters}
    state = {w: dict.fromkeys(state_names, mpmath.mpf(0)) for w in at}
    first = {}
    with mpmath.workdps(DIGITS):
        for t in range(1, made.n_steps + 1):
            for w, value in at.items():
                found = rule(value, slopes[w], mpmath.mpf(made.rule.learning_rate), t, **state[w])
                first.setdefault(w, found)
                at[w], state[w] = found["W"], {s: found[s] for s in state_names}
            loss = every_slope({**made.given, **at}, made.formulas, at)[made.loss.name]
            slopes = loss.slopes
    return first, loss.value


def check_update(made, tree, expected):
    """Every setting, state, part and result of the update, and the loss after it."""
    first, loss = expected
    *steps, after = tree.every("update")
    assert same(after.value, loss)
    assert {step.target for step in steps} >= {f"{w} new" for w in made.parameters}
    settings = {"eta": made.rule.learning_rate, "t": 1.0}
    for step in steps:
        part, of, w = re.fullmatch(r"(\w+)\((\w+)\)(?: new)?|(\w+)(?: new)?", step.target).groups()
        found = first[of][part] if of else settings[w] if w in settings else first[w]["W"]
        assert same(step.value, 0.0 if of and step.rule == "given" else found), step.target


@needs_torch
@pytest.mark.parametrize("case", CASES)
def test_every_number_is_that_of_pytorch(case):
    from oracle import torch_problem

    made, tree = solved(case)
    values, slopes, locals_of = torch_problem.differentiated(made.given, made.formulas)
    for name in made.formulas:
        assert same(tree.value_of(name), values[name]), name
    check_chain_rule(tree, slopes, locals_of)
    if made.rule:
        check_update(made, tree, torch_problem.updated(made))


@pytest.mark.parametrize("seed", range(N_EACH))
def test_a_networks_formulas_have_the_loss_that_arrays_have(seed):
    drawn = random_network(seed, tuple(RULES))
    assert same(float(solved(f"network {seed}")[0].loss.value), drawn.loss)


@pytest.mark.parametrize("case", CASES)
def test_the_script_runs_and_agrees(case):
    exec(compile(as_script(solved(case)[1]), case, "exec"), {})  # noqa: S102 - written by the function under test


# What the lines call beside NumPy: each from its definition.
NAMES = {
    "np": np, "sigmoid": special.expit, "erf": special.erf, "normal_cdf": lambda x: special.erfc(-x / math.sqrt(2)) / 2,
    "gelu": lambda x: x * special.erfc(-x / math.sqrt(2)) / 2, "silu": lambda x: x * special.expit(x),
    "softplus": lambda x: np.logaddexp(x, 0), "sech2": lambda x: np.cosh(x) ** -2.0,
    "elu": lambda x, alpha=1: x if x > 0 else alpha * (math.exp(x) - 1),
    "leaky_relu": lambda x, slope=0.01: x if x > 0 else slope * x, "sinc": lambda x, order=0: cosine_mean(x, order),
    "sigmoid_cross_entropy": lambda z, y: np.logaddexp(z, 0) - y * z,
}  # fmt: skip


def computed(line, values):
    """What Python makes of a line whose names are targets."""
    variables = {target: f"v{k}" for k, target in enumerate(sorted(values, key=len, reverse=True))}
    names = "|".join(map(re.escape, variables))
    code = re.sub(rf"(?<![\w.])(?:{names})(?![\w(.=])", lambda found: variables[found[0]], line)
    return eval(code, dict(NAMES), {variables[target]: values[target] for target in values})  # noqa: S307


@pytest.mark.parametrize("case", CASES)
def test_every_line_gives_the_number_beside_it(case):
    _, tree = solved(case)
    steps = tree.every("given", "forward", "loss", "backward", "update")
    values = {step.target: np.float64(step.value) for step in steps}
    for step in steps:
        if step.written and not step.paths:
            assert same(computed(step.written.symbolic, values), step.value), step.target
        for path in step.paths:
            assert same(computed(path.local.symbolic, values), path.local_value), (step.target, path.local)


RENDERINGS = {
    "text": as_text, "markdown": as_markdown, "html": as_html, "latex": as_latex,
    "json": lambda tree, language: json.dumps(tree.as_json(), allow_nan=False).replace("null", ""),
    "notebook": lambda tree, language: prose(json.loads(as_notebook(tree, language=language))),
}  # fmt: skip


def prose(notebook):
    """The text of a notebook, without its code."""
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("case", WRITTEN)
def test_every_rendering_is_written_without_gaps(case):
    _, tree = solved(case)
    language = ("en", "fa")[int(case.split()[1]) % 2]
    for write in RENDERINGS.values():
        text = write(tree, language=language)
        assert not re.search(r"\bnan\b|\binf\b|NaN|None", text)
        assert tree.target in text
