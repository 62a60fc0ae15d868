"""Ways of computing: by hand against Python's decimal, in fractions against SymPy's, and what is said of both."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy

from witnesses.circuits import random_problem
from witnesses.homework import HOW, rounding
from zanjir.errors import GraphError, NonFiniteError, ParameterError
from zanjir.explain import (
    Problem,
    as_html,
    as_latex,
    as_markdown,
    as_notebook,
    as_script,
    as_text,
    problem,
    problem_from_text,
    solution,
)
from zanjir.explain.arithmetic import arithmetic
from zanjir.explain.blocks import target_latex
from zanjir.explain.words import CATALOGS
from zanjir.gates import leaky_relu, relu
from zanjir.graph import tensor
from zanjir.graph.gate import TABLE
from zanjir.optim import OPTIMIZERS, Momentum, Nesterov

# A difference of two floats, and its relative size, are off by their rounding.
CLOSE = 1e-9


def rational_problem(seed):
    """A circuit whose every number is a fraction."""
    rng = np.random.default_rng(seed)
    given = {f"x{k}": float(np.round(rng.uniform(-1.5, 1.5), 2)) for k in range(3)}
    names, formulas = list(given), {}
    forms = ["{a} * {b} / 3", "{a} + {b} ** 2", "({a} - {b}) / (1 + {b} ** 2)", "0.7 * (0.1 * {a}) - {b} ** 3",
             "1/3 * {a} - 2/7", "-{a} * 0.3"]  # fmt: skip
    for k in range(4):
        a, b = rng.choice(names[-4:], 2)
        formulas[f"n{k}"] = str(rng.choice(forms)).format(a=a, b=b)
        names.append(f"n{k}")
    formulas["f"] = " + ".join(f"0.1 * {name}" for name in names)
    return Problem("rational", given, formulas, symbol="f")


def sympy_values(made):
    """Return each number and each derivative of a problem, by SymPy from its text, with decimals as fractions."""
    at = {sympy.Symbol(name): sympy.Rational(repr(value)) for name, value in made.given.items()}
    formulas = {}
    for name, formula in made.formulas.items():
        inner = {key: sympy.Symbol(key) for key in (*made.given, *made.formulas)}
        parsed = sympy.parse_expr(formula, local_dict=inner, transformations=(
            *sympy.parsing.sympy_parser.standard_transformations, sympy.parsing.sympy_parser.rationalize,
        ))  # fmt: skip
        formulas[name] = parsed.subs({sympy.Symbol(key): whole for key, whole in formulas.items()})
    values = {name: whole.subs(at) for name, whole in formulas.items()}
    return values | {f"df/d{x}": sympy.diff(formulas["f"], x).subs(at) for x in at}


@pytest.mark.parametrize("seed", range(15))
def test_every_number_of_a_rational_circuit_is_the_fraction_that_sympy_finds(seed):
    made = rational_problem(seed)
    steps = {step.target: step for step in made.solution(mode="exact").children if step.kind != "check"}
    for target, value in sympy_values(made).items():
        assert steps[target].exact == str(value), target
        assert steps[target].value == float(Fraction(steps[target].exact))


@pytest.mark.parametrize("seed", range(5))
def test_paths_of_fractions_add_up_exactly(seed):
    tree = rational_problem(seed).solution(mode="exact")
    exact = {step.target: Fraction(step.exact) for step in tree.children if step.exact}
    for step in tree.every("backward")[1:]:
        products = [Fraction(path.product_exact) for path in step.paths]
        assert sum(products) == exact[step.target]
        assert products == [exact[path.upstream] * Fraction(path.local_exact) for path in step.paths]


def exact_of(node, *targets):
    tree = solution(node.named("f"), symbol="f", mode="exact")
    found = {step.target: step.exact for step in tree.children if step.kind != "check"}
    return tuple(found[target] for target in ("f", *targets))


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (np.maximum, ("3/10", "0", "1")),
        (np.minimum, ("-7/10", "1", "0")),
        (lambda x, y: np.maximum(x, x) + 0 * y, ("-7/10", "1", "0")),
        (lambda x, y: relu(x) + relu(y), ("3/10", "0", "1")),
        (lambda x, y: np.abs(x) * np.sign(y), ("7/10", "-1", "0")),
        (lambda x, y: leaky_relu(x) + leaky_relu(y, slope=0.3), ("293/1000", "1/100", "1")),
        (lambda x, y: np.where(x > y, x, y**3), ("27/1000", "0", "27/100")),
        (lambda x, y: np.where(x <= y, 1 / x, y), ("-10/7", "-100/49", "0")),
        (lambda x, y: np.reciprocal(y) - np.square(x), ("853/300", "7/5", "-100/9")),
        (lambda x, y: x**-2 * y, ("30/49", "600/343", "100/49")),
        (lambda x, y: 2 ** (y * 10) * x, ("-28/5", "8", None)),
    ],
)
def test_gates_of_fractions_and_their_rules(function, values):
    x, y = tensor(-0.7, "x"), tensor(0.3, "y")
    if values[2] is None:  # the slope of 2 ** y has a logarithm in it
        with pytest.raises(GraphError, match=r"df: log of 2 is no fraction, so it has no exact value"):
            exact_of(function(x, y))
        return
    assert exact_of(function(x, y), "df/dx", "df/dy") == values


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("sigmoid(x)", r"f: sigmoid of 1/10 is no fraction, so it has no exact value; use the mode 'full' or 'hand'"),
        ("exp(x) + 1", r"f: exp of 1/10 is no fraction"),
        ("sqrt(x)", r"f: sqrt of 1/10 is no fraction"),
        ("x ** 0.5", r"f: power of 1/10, 1/2 is no fraction"),
        ("x ** 20000 + 1", r"f: power gives more than 3,000 digits"),
    ],
)
def test_what_has_no_exact_value_gets_one_sentence(formula, sentence):
    made = Problem("p", {"x": 0.1}, {"f": formula}, symbol="f")
    with pytest.raises(GraphError, match=sentence) as caught:
        made.solution(mode="exact")
    assert "\n" not in str(caught.value)


def test_a_rule_with_a_root_has_no_exact_step():
    made = Problem("p", {"w": 0.1}, {"f": "w * w"}, ("w",), OPTIMIZERS["adam"](0.1), symbol="f")
    with pytest.raises(GraphError, match=r"^step\(w\): sqrt of 1/25 is no fraction"):
        made.solution(mode="exact")
    with pytest.raises(NonFiniteError, match="a given number is inf"):
        solution((tensor(float("inf"), "x") * 2).named("f"), mode="exact")


@pytest.mark.parametrize("n_steps", [1, 4])
@pytest.mark.parametrize("rule", [OPTIMIZERS["sgd"](0.1), Momentum(0.1, momentum=0.3), Nesterov(0.1, momentum=0.3)])
def test_steps_of_a_rule_are_exact(rule, n_steps):
    made = Problem("p", {"w": 0.7, "x": 2.0}, {"f": "(w * x - 1)**2 / 3"}, ("w",), rule, n_steps, symbol="f")
    w, v, x = Fraction(7, 10), Fraction(0), Fraction(2)
    momentum, firsts = Fraction(repr(getattr(rule, "momentum", 0.0))), []
    for _ in range(n_steps):
        slope = 2 * (w * x - 1) * x / 3
        v = momentum * v + slope
        w -= Fraction(1, 10) * (slope + momentum * v if isinstance(rule, Nesterov) else v)
        firsts.append(w)
    tree = made.solution(mode="exact")
    found = {step.target: step.exact for step in tree.every("update")}
    assert found["w new"] == str(firsts[0])
    assert found[f"f after {n_steps} step{'s' if n_steps > 1 else ''}"] == str((w * x - 1) ** 2 / 3)


@pytest.mark.parametrize("places", ["significant", "decimal"])
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("digits", [1, 3, 12])
def test_numbers_are_rounded_as_decimals_are(digits, how, places):
    by, witness = arithmetic("hand", digits, how, places), rounding(digits, how, places)
    numbers = np.random.default_rng(digits).normal(size=200) * 10.0 ** np.arange(-100, 100).repeat(1)
    for number in [*numbers[60:140], 0.0, 0.3825, 2.5, -0.5, 0.38249999999999995, -1e-9]:
        if places == "decimal" and abs(number) > 1e12:  # the witness has 28 digits
            continue
        assert by.kept(number) == witness(number)


def test_halves_go_up_and_noise_is_no_digit():
    by = arithmetic("hand")
    assert [by.kept(x) for x in (0.3825, 0.1 + 0.2825, -0.3825, 1.005, 2.345)] == [0.383, 0.383, -0.383, 1.01, 2.35]
    cut = arithmetic("hand", 3, "truncated")
    assert [cut.kept(x) for x in (0.3829, 0.1 * 3, -0.3829)] == [0.382, 0.3, -0.382]


@pytest.mark.parametrize("seed", range(20))
def test_by_hand_every_number_is_the_rounding_of_its_line(seed):
    digits = 2 + seed % 3
    tree = random_problem(seed).solution(mode="hand", digits=digits)
    witness = rounding(digits, "half-up", "significant")
    scope = {name: getattr(np, name) for name in ("tanh", "exp", "log", "sqrt", "sin", "cos", "maximum", "minimum")}
    scope |= {"np": np, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "sech2": lambda x: 1 / np.cosh(x) ** 2}
    values = {step.target: step.value for step in tree.children if step.kind != "check"}
    for step in tree.every("forward"):
        assert step.value == witness(eval(step.written.symbolic, scope, values))  # noqa: S307 - written by us
    for step in tree.every("backward")[1:]:
        names = values | {path.through: values[path.through] for path in step.paths}
        for path in step.paths:
            slope = eval(path.local.symbolic, scope, names)  # noqa: S307
            assert path.local_value in {witness(float(slope)), float(slope)}
            assert path.product == witness(values[path.upstream] * path.local_value)
        assert step.value == witness(sum(path.product for path in step.paths))


def test_given_numbers_are_not_rounded_and_the_chain_rule_reads_them_as_they_are():
    made = Problem("p", {"w": 0.123456, "x": 7.0}, {"f": "w * x"}, symbol="f")
    tree = made.solution(mode="hand", digits=2)
    assert (tree.value_of("w"), tree.value_of("f"), tree.value_of("df/dx")) == (0.123456, 0.86, 0.12)
    (path,) = next(step for step in tree.every("backward") if step.target == "df/dx").paths
    assert path.local_value == 0.123456


@pytest.mark.parametrize("digits", [1, 2, 3])
@pytest.mark.parametrize("name", ["homework-1", "homework-2", "linear-sigmoid"])
def test_rounding_never_makes_a_check_fail_and_stands_beside_what_it_changed(name, digits):
    full = problem(name).solution()
    tree = problem(name).solution(mode="hand", digits=digits)
    assert all(step.ok for step in tree.every("check"))
    assert [step.value for step in tree.every("check")] == [step.value for step in full.every("check")]
    for hand, step in zip(tree.children, full.children, strict=True):
        if hand.kind != "check":
            assert (hand.target, hand.unrounded) == (step.target, step.value)


def test_a_wrong_rule_is_found_by_hand_too():
    wrong = replace(TABLE["square"], vjp=(lambda g, y, x: g * (3 * x),))
    tree = solution(wrong(tensor(0.7, "x")).named("f"), symbol="f", mode="hand", digits=2)
    assert [step.ok for step in tree.every("check")] == [False]
    assert "df/dx does not agree" in as_text(tree)


def test_steps_by_hand_go_on_from_rounded_numbers():
    made = Problem("p", {"w": 0.7}, {"f": "w * w"}, ("w",), OPTIMIZERS["sgd"](0.3), 5, symbol="f")
    r, w = rounding(2, "half-up", "significant"), 0.7
    for _ in range(5):
        w = r(w - 0.3 * r(r(2 * w)))
    tree = made.solution(mode="hand", digits=2)
    assert tree.value_of("f after 5 steps") == r(w * w)
    assert tree.children[-1].unrounded == pytest.approx((0.7 * 0.4**5) ** 2, rel=CLOSE)


RATIONAL = Problem(
    "third", {"x": 0.1, "w": -2.5, "t": 0.3}, {"z": "w * x / 3", "h": "max(z, 0.2 * z)", "loss": "(h - t)**2 / 2"},
    ("w",), Momentum(0.1), 3,
)  # fmt: skip
RENDERERS = {"text": as_text, "markdown": as_markdown, "latex": as_latex, "html": as_html, "notebook": as_notebook}
FRACTIONS = {
    "text": "z = w * x / 3 = (-5/2) * (1/10) / 3 = -1/12 ≈ -0.0833333",
    "markdown": r"= -\frac{1}{12} \approx -0.0833333$$",
    "latex": r"&= -\frac{1}{12} \approx -0.0833333",
    "html": "<mfrac><mrow>−<mn>1</mn></mrow><mn>12</mn></mfrac></math><wbr><math>≈<mrow>−<mn>0.0833333</mn>",
    "notebook": r"= -\\frac{1}{12} \\approx -0.0833333$$",
}


@pytest.mark.parametrize("language", CATALOGS)
@pytest.mark.parametrize("form", RENDERERS)
def test_every_form_shows_fractions_with_their_decimals_and_says_so(form, language):
    shown = RENDERERS[form](RATIONAL.solution(mode="exact"), language=language)
    assert FRACTIONS[form] in re.sub("</?mo[^>]*>", "", shown)
    assert CATALOGS[language]["exact"] in shown
    assert CATALOGS[language]["exact"] not in RENDERERS[form](RATIONAL.solution(), language=language)


def test_a_fraction_that_nobody_can_read_is_shown_in_decimals():
    text = as_text(RATIONAL.solution(mode="exact"))
    assert "  loss after 3 steps ≈ 0.0" in text
    assert max(map(len, text.split())) < 45


def plain(text):
    """Return what is read, without the marks around names and numbers in a sentence."""
    text = re.sub(r"</?(?:math|mn|bdi|code)[^>]*>|[`\u2066\u2069]", "", text)
    return text.replace(r"\lr{", "").replace("}", "").replace(r"\_", "_").replace("\\textbackslash{", "\\")


@pytest.mark.parametrize("language", CATALOGS)
@pytest.mark.parametrize("form", RENDERERS)
def test_every_form_says_that_numbers_were_rounded_and_how_far_it_led(form, language):
    tree = problem("homework-1-computed").solution(mode="hand")
    shown = plain(RENDERERS[form](tree, language=language))
    said = CATALOGS[language]
    assert said["hand_half-up_significant"].format(digits=3) in shown
    assert said["unrounded"] in shown
    for target, value, unrounded, difference in [
        ("loss", "0.612", "0.610964", "0.001"), ("dL/dw5", "0.0768", "0.0766137", "0.00019"),
        ("w5 new", "0.362", "0.361693", "0.00031"), ("loss after 1 step", "0.565", "0.564526", "0.00047"),
    ]:  # fmt: skip
        sentence = said["unrounded_number"].format(
            target=target, value=value, unrounded=unrounded, difference=difference
        )
        if form == "latex":
            sentence = plain(sentence.replace(target, f"${target_latex(target)}$", 1))
        assert sentence in shown


@pytest.mark.parametrize("language", CATALOGS)
def test_every_way_of_rounding_has_a_sentence(language):
    for how in HOW:
        for places in ("significant", "decimal"):
            tree = problem("homework-2").solution(mode="hand", digits=2, rounding=how, places=places)
            assert CATALOGS[language][f"hand_{how}_{places}"].format(digits=2) in plain(
                as_text(tree, language=language)
            )


def test_a_tree_says_in_json_how_it_was_computed():
    facts = json.loads(json.dumps(problem("homework-1").solution(mode="hand", digits=4).as_json()))
    assert facts["mode"] == {"name": "hand", "digits": 4, "rounding": "half-up", "places": "significant"}
    exact = json.loads(json.dumps(RATIONAL.solution(mode="exact").as_json()))
    assert exact["mode"]["name"] == "exact"
    assert {step["target"]: step["exact"] for step in exact["children"]}["z"] == "-1/12"
    assert json.loads(json.dumps(RATIONAL.solution().as_json()))["children"][0]["exact"] is None


def run(script):
    exec(compile(script, "script", "exec"), {"__name__": "__main__"})  # noqa: S102 - written by us


@pytest.mark.parametrize("settings", [
    {}, {"digits": 2}, {"rounding": "truncated"}, {"places": "decimal"}, {"rounding": "truncated", "places": "decimal"},
])  # fmt: skip
@pytest.mark.parametrize("name", ["homework-1", "homework-2", "linear-sigmoid"])
def test_the_script_of_a_solution_by_hand_rounds_as_the_tree_did(name, settings):
    script = as_script(problem(name).solution(mode="hand", **settings))
    run(script)
    change = ("ROUND_HALF_UP", "ROUND_UP") if "ROUND_HALF_UP" in script else ("ROUND_DOWN", "ROUND_UP")
    with pytest.raises(AssertionError, match="expected"):
        run(script.replace(*change))


@pytest.mark.parametrize("seed", range(15))
def test_the_script_of_a_random_circuit_by_hand_runs(seed):
    run(as_script(random_problem(seed).solution(mode="hand", digits=2 + seed % 3)))


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_the_script_by_hand_takes_every_step_of_every_rule(rule):
    made = replace(RATIONAL, rule=OPTIMIZERS[rule](0.1))
    tree = made.solution(mode="hand", digits=4)
    script = as_script(tree)
    run(script)
    with pytest.raises(AssertionError, match="loss after"):
        run(script.replace(f"{tree.children[-1].value!r}, AFTER", "0.123, AFTER"))


def fractions_in(script):
    place = script.find('Fraction("')
    while place >= 0:
        end = script.index('")', place)
        yield place + len('Fraction("'), end
        place = script.find('Fraction("', end)


@pytest.mark.parametrize("made", [RATIONAL, *(rational_problem(seed) for seed in range(3))], ids=range(4))
def test_the_script_of_an_exact_solution_compares_fractions(made):
    script = as_script(made.solution(mode="exact"))
    run(script)
    places = list(fractions_in(script))
    assert len(places) > len(made.given) + 2 * len(made.formulas)
    for start, end in places:
        tiny = str(Fraction(script[start:end]) + Fraction(1, 10**40))
        with pytest.raises(AssertionError, match="expected"):
            run(f"{script[:start]}{tiny}{script[end:]}")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"mode": "exat"}, "unknown mode 'exat'; expected full, hand or exact. Did you mean 'exact'"),
        ({"mode": "hand", "rounding": "up"}, "unknown rounding 'up'; expected half-up or truncated"),
        ({"mode": "hand", "places": "both"}, "unknown kind of places 'both'; expected significant or decimal"),
        ({"mode": "hand", "digits": 0}, "digits is 0, expected a whole number from 1 to 12 by hand"),
        ({"mode": "hand", "digits": 2.5}, r"digits is 2\.5, expected"),
        ({"mode": "exact", "digits": 3}, "digits, rounding and places are for the mode 'hand'; the mode is 'exact'"),
        ({"rounding": "truncated"}, "the mode is 'full'"),
    ],
)
def test_a_bad_setting_gets_one_sentence(settings, sentence):
    with pytest.raises(ParameterError, match=sentence):
        problem("homework-1").solution(**settings)


def test_decimals_of_a_file_are_read_as_they_stand():
    made = problem_from_text("[given]\nx = 0.1\ny = 1e-3\nz = 12.50\n[formulas]\nf = 'x + y + z + 0.7'\n")
    tree = made.solution(mode="exact")
    assert [step.exact for step in tree.every("given")] == ["1/10", "1/1000", "25/2"]
    whole = Decimal("0.1") + Decimal("1e-3") + Decimal("12.50") + Decimal("0.7")
    assert Fraction(tree.every("loss")[0].exact) == Fraction(whole)
