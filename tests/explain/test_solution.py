"""Trees of steps: paths that add up, checks, updates, languages, and problem files that do not fit."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from witnesses.circuits import random_problem
from zanjir.errors import DataError, GraphError, NonFiniteError, ParameterError, ShapeError
from zanjir.explain import (
    PROBLEMS,
    VERSION,
    Step,
    as_markdown,
    as_script,
    as_text,
    problem,
    problem_from_text,
    solution,
)
from zanjir.explain.words import CATALOGS, ENGLISH, PARTS
from zanjir.graph import tensor
from zanjir.optim import OPTIMIZERS


def test_a_kink_is_no_mistake_and_a_wrong_derivative_is():
    tree = problem_from_text("[given]\nx = 0\n[formulas]\nf = 'relu(x)'").solution()
    (check,) = tree.every("check")
    assert (check.ok, check.value, check.numeric) == (None, 0.0, 0.5)
    assert "has a kink here" in as_text(tree)
    wrong = replace(check, ok=False, value=0.7)
    assert "df/dx does not agree" in as_text(replace(tree, children=(wrong,))).replace("dL", "df")


def test_a_difference_that_leaves_the_domain_says_nothing():
    tree = problem_from_text("[given]\nx = 0.999999\n[formulas]\nf = 'arcsin(x)'").solution()
    (check,) = tree.every("check")
    assert (check.ok, check.value, check.numeric) == (None, pytest.approx(1 / math.sqrt(1 - 0.999999**2)), None)
    assert "leaves the domain" in as_text(tree)
    assert "dL/dx" in as_script(tree)
    json.dumps(tree.as_json(), allow_nan=False)


def test_a_derivative_that_is_not_finite_gets_one_sentence():
    made = problem_from_text("[given]\nx = 0\n[formulas]\nf = 'sqrt(x)'")
    with pytest.raises(NonFiniteError, match="dL/dx is inf, expected a finite number"):
        made.solution()


@pytest.mark.parametrize("seed", range(5))
def test_paths_add_up_to_the_derivative(seed):
    tree = random_problem(seed).solution()
    for step in tree.every("backward")[1:]:
        assert step.value == pytest.approx(sum(path.product for path in step.paths), rel=1e-15)
        for path in step.paths:
            assert path.product == path.upstream_value * path.local_value
            assert tree.value_of(path.upstream) == path.upstream_value


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_is_the_rules_own(name):
    w, x = tensor(0.7, "w"), tensor(2.0, "x")
    rule = OPTIMIZERS[name](0.1)
    tree = solution(((w * x - 1) ** 2).named("loss"), ["w"], optimizer=rule)
    state = {s: tensor(0.0) for s in rule.state_names}
    new = rule.update(tensor(0.7), tensor(2 * (0.7 * 2 - 1) * 2), tensor(0.1), tensor(1.0), **state)
    assert tree.value_of("w new") == pytest.approx(float(new["W"].value), rel=1e-14)
    for part in rule.state_names:
        assert tree.value_of(f"{part}(w)") == 0
        assert tree.value_of(f"{part}(w) new") == pytest.approx(float(new[part].value), rel=1e-14)
    if rule.state_names:
        kept = tree.value_of("shrunk(w)") if name == "adamw" else 0.7
        assert tree.value_of("w new") == kept - tree.value_of("step(w)")


def test_a_tree_is_json_with_its_version():
    facts = json.loads(json.dumps(problem("homework-1").solution().as_json(), allow_nan=False))
    assert facts["version"] == VERSION
    assert all({"target", "value"} <= step.keys() for step in facts["children"])
    assert {"net_h1", "out_h1", "net_Y1", "loss", "dL/dw5", "w5 new", "b2 new"} <= {
        step["target"] for step in facts["children"]
    }


def test_no_part_of_the_catalogs_hides_a_sentence_of_another():
    keys = [*ENGLISH, *(key for part in PARTS for key in part.ENGLISH)]
    assert [key for key in keys if keys.count(key) > 1] == []


def test_the_catalogs_say_the_same_things():
    english, persian = CATALOGS["en"], CATALOGS["fa"]
    assert english.keys() == persian.keys()
    for key, sentence in english.items():
        assert set(re.findall(r"\{(\w+)\}", sentence)) == set(re.findall(r"\{(\w+)\}", persian[key]))


@pytest.mark.parametrize("language", CATALOGS)
def test_text_and_markdown_show_every_step_in_both_languages(language):
    tree = problem("homework-1").solution()
    text, markdown = (write(tree, language=language) for write in (as_text, as_markdown))
    for kind in ("given", "forward", "backward", "update", "check"):
        assert CATALOGS[language][kind] in text
        assert CATALOGS[language][kind] in markdown
    for step in tree.every("backward"):
        assert f"\n  {step.target} = " in text.replace("\u2066", "")
    assert "0.361693" in text
    assert markdown.count("$$") % 2 == 0
    assert ('<div dir="rtl">' in markdown) == (language == "fa")


def test_names_and_numbers_in_persian_text_keep_their_order():
    text = as_text(problem("homework-1").solution(), language="fa")
    for line in text.splitlines()[1:]:
        depth, outside = 0, ""
        for sign in line:
            depth += {"\u2066": 1, "\u2069": -1}.get(sign, 0)
            outside += sign if depth == 0 else ""
        assert depth == 0
        assert not re.search(r"\d|_|[A-Za-z]", outside.replace("e به", ""))


@pytest.mark.parametrize("language", CATALOGS)
def test_every_step_says_why(language):
    trees = [problem(name).solution() for name in PROBLEMS]
    w = tensor(0.7, "w")
    trees += [solution(((w * 2 - 1) ** 2).named("f"), ["w"], optimizer=rule(0.1)) for rule in OPTIMIZERS.values()]
    steps = [step for tree in trees for step in flat(tree.as_json(language))]
    assert {step["kind"] for step in steps} >= {"solution", "given", "forward", "loss", "backward", "update", "check"}
    assert all(step["why"].endswith(".") and "{" not in step["why"] for step in steps)


def flat(step):
    """Return a step of JSON with all below it."""
    return [step, *(below for child in step["children"] for below in flat(child))]


@pytest.mark.parametrize(
    ("formula", "x", "sentence"),
    [
        ("relu(x)", 2.0, "relu lets x through, because it is positive."),
        ("relu(x)", -2.0, "relu gives 0, because x is not positive."),
        ("relu(x)", 0.0, "relu gives 0, because x is not positive."),
        ("relu(1 - x)", 2.0, "relu lets what is positive through and replaces everything else by 0."),
        ("sigmoid(x)", 2.0, "The sigmoid brings any number between 0 and 1; 0 becomes 0.5."),
        ("x * 3 + 1", 2.0, "Each product is found first; then all are added."),
        ("x + 1", 2.0, "The terms are added: each moves the sum by as much as it changes itself."),
        ("sin(x)", 2.0, "f follows from x; the last operation is sin."),
    ],
)
def test_a_rule_has_a_sentence_of_its_own_and_says_which_side_holds(formula, x, sentence):
    tree = problem_from_text(f"symbol = 'f'\n[given]\nx = {x}\n[formulas]\nf = '{formula}'").solution()
    (step,) = (step for step in tree.as_json()["children"] if step["kind"] == "forward")
    assert step["why"] == sentence
    assert sentence in as_text(tree)


def test_an_array_is_shown_with_its_shape_and_its_first_and_last_rows():
    tree = Step("solution", "solution", "t", children=(Step("given", "given", "W", np.arange(70.0).reshape(10, 7)),))
    lines = as_text(tree).splitlines()[3:]
    assert lines[0] == "  W  (10, 7)"
    assert [line.split()[1:-1] for line in lines[1:]] == [
        [*map(str, (k, k + 1, k + 2)), "⋯", *map(str, (k + 5, k + 6))] if k is not None else list("⋮⋮⋮⋱⋮⋮")
        for k in (0, 7, 14, None, 56, 63)
    ]
    assert r"\underset{10 \times 7}{\begin{bmatrix} 0 & 1 & 2 & \cdots & 5 & 6 \\" in as_markdown(tree)


def test_what_is_shown_is_rounded_and_what_is_used_is_not():
    tree = problem("homework-1-computed").solution()
    assert "0.61 " not in as_text(tree, digits=2).replace("\n", " ").replace("0.61 ", "", 1)
    assert tree.value_of("dL/dw5") == pytest.approx(0.076613695, abs=1e-9)


def given(text, formulas='f = "x * 2"', more=""):
    return f"[given]\n{text}\n[formulas]\n{formulas}\n{more}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (given("x = 1", more="[upadte]\nrule='sgd'"), r"unknown key in the problem 'upadte'.*Did you mean 'update'"),
        (given("x = 'a'"), r"line 2: x is 'a', expected a finite number"),
        (given("x = nan"), r"line 2: x is nan, expected a finite number"),
        (given("x = true"), r"line 2: x is True, expected a finite number"),
        (given("x = 1", 'f = "y + 1"'), r"line 4: unknown name 'y'; expected x\. .*what is given or stands above"),
        (given("x = 1", 'a = "b + 1"\nb = "a + 1"'), r"line 4: unknown name 'b'"),
        (given("x = 1", 'f = "log(x - 2)"'), r"line 4: f is nan, expected a finite number"),
        (given("x = 1", 'f = "x / (x - 1)"'), r"line 4"),
        (given("x = 1", 'f = "__import__(1)"'), r"line 4: unknown function '__import__'"),
        (given("x = 1", "f = \"x.real\""), r"line 4: 'x.real' in 'x.real' is not understood"),
        (given("x = 1", "f = \"[y for y in x]\""), r"line 4: .* is not understood"),
        (given("x = 1", "f = \"x if x else 1\""), r"line 4: .* is not understood"),
        (given("x = 1" + 400 * "0", 'f = "x + 1"'), "line 2: x is 10+, expected a finite number"),
        (given("x = 1" + 5000 * "0", 'f = "x + 1"'), "the problem is no TOML: Exceeds the limit"),
        (given("x = 1", 'f = "x + 1 / 0"'), "line 4: .* cannot be computed in real numbers"),
        (given("x = 1", 'f = "x * (-8) ** 0.5"'), "line 4: .* real numbers"),
        (given("x = 1", "f = \"x +\""), r"line 4: 'x \+' is no formula"),
        (given("x = 1", f'f = "{"(" * 300}x{")" * 300}"'), r"line 4: .* is no formula"),
        (given("x = 1", f'f = "{"x+" * 3000}x"'), r"line 4: the formula has 6,001 characters"),
        (given("x = 1", "f = 3"), r"line 4: f is 3, expected a formula in quotes"),
        (given("x = 1", 'f = "x"'), r"line 4: f = x computes nothing"),
        (given("x = 1", 'f = "x + 1"\ng = "f"'), r"line 5: g = f computes nothing"),
        (given("x = 1", 'x = "x * 2"'), r"x is given and has a formula"),
        (given("x = 1", ""), r"no formulas"),
        (given("x = 1", more="[update]\nparameters=['y']"), r"unknown parameter 'y'"),
        (given("x = 1", more="[update]\nsteps=0\nparameters=['x']"), r"steps is 0, expected a whole number from 1"),
        (given("x = 1", more="[update]\nrule='sdg'\nparameters=['x']"), r"unknown optimizer 'sdg'.*Did you mean 'sgd'"),
        (given("'<script>' = 1"), r"'<script>' is no name for a number"),
        (given("exp = 1", 'f = "exp * 2"'), r"'exp' is no name for a number"),
        (given("lambda = 1", 'f = "1 * 2"'), r"'lambda' is no name for a number"),
        ("given = 3", r"given is 3, expected a table"),
        ("[given\nx=1", r"no TOML.*line 1"),
        ("[given]\nx = 1\n[network]\ninputs = {x1 = 1}\ntargets = {Y = 1}", r"no layers"),
    ],
)  # fmt: skip
def test_a_bad_problem_gets_one_sentence(text, sentence):
    with pytest.raises((DataError, ParameterError, NonFiniteError), match=sentence) as caught:
        problem_from_text(text)
    assert "\n" not in str(caught.value)


LAYER = """
[given]
w1 = 0.1
w2 = 0.2
b = 0
[network]
inputs = {{ x1 = 1.0, x2 = 2.0 }}
targets = {targets}
[[network.layers]]
units = {units}
weights = {weights}
{more}
"""


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"weights": '[["w1"]]'}, r"layer 1: weights is .*, expected 2 rows \(one for each of x1, x2\) of 1 names"),
        ({"weights": '[["w1", "b"], ["w2", "b"]]'}, r"expected 2 rows .* of 1 names"),
        ({"units": '"Y"'}, r"layer 1: units is 'Y', expected a list of names"),
        ({"units": '["Y Z"]'}, r"layer 1: units is"),
        ({"targets": "{ Z = 1.0 }"}, r"the targets are Z, and the last layer gives Y"),
        ({"more": 'bias = ["b", "b"]'}, r"bias is .*, expected one name, or a list of 1"),
        ({"more": 'activation = "sigmiod"'}, r"unknown activation 'sigmiod'.*Did you mean 'sigmoid'"),
        ({"more": 'bais = "b"'}, r"unknown key in layer 1 'bais'.*Did you mean 'bias'"),
    ],
)
def test_a_network_that_does_not_fit_gets_one_sentence(changed, sentence):
    facts = {"targets": "{ Y = 1.0 }", "units": '["Y"]', "weights": '[["w1"], ["w2"]]', "more": ""}
    assert math.isfinite(float(problem_from_text(LAYER.format(**facts)).loss.value))
    with pytest.raises((DataError, ParameterError), match=sentence):
        problem_from_text(LAYER.format(**{**facts, **changed}))


def test_only_single_numbers_with_names_are_explained():
    x = tensor([1.0, 2.0], "x")
    with pytest.raises(ShapeError, match=r"x has shape \(2,\); expected single numbers"):
        solution((x.sum()).named("f"))
    with pytest.raises(GraphError, match="has no name"):
        solution(tensor(1.0, "y") * 2)
    a, b = tensor(1.0, "a"), tensor(2.0, "a")
    with pytest.raises(GraphError, match="the name 'a' stands for two numbers"):
        solution((a * b).named("f"))


def test_a_line_of_a_solution_is_a_formula_again():
    made = problem_from_text("[given]\nx = 0.5\n[formulas]\nz = 'exp(x) - 1'\nf = 'max(0, log(z + 2)) * sqrt(z)'")
    lines = {step.target: step.written.symbolic for step in made.solution().every("forward", "loss")}
    assert "np.exp(x)" in lines["z"]
    again = problem_from_text(
        "[given]\nx = 0.5\n[formulas]\n" + "".join(f"{name} = '{line}'\n" for name, line in lines.items())
    )
    assert again.loss.value == made.loss.value
