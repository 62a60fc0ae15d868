"""Problems in letters: formulas of random circuits, and what is no letter or proof."""

import re

import numpy as np
import pytest

from witnesses.circuits import random_problem
from zanjir.errors import DataError, GraphError, NonFiniteError, ParameterError, ShapeError
from zanjir.explain import as_text, audit, claims_from_text, formulas, problem_from_text
from zanjir.graph import tensor

# Both sides are float64; sums of some ten terms lose a few bits.
CLOSE = 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_a_formula_read_as_it_is_printed_gives_the_derivative(seed):
    made = random_problem(seed)
    right, tree = made.solution(), made.symbolic()
    scope = {name: getattr(np, name) for name in ("tanh", "exp", "log", "sqrt", "sin", "cos", "maximum", "minimum")}
    scope |= {"np": np, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "relu": lambda x: max(x, 0), "abs": abs}
    scope |= {"sech2": lambda x: 1 / np.cosh(x) ** 2}
    scope |= {step.target: step.value for step in right.every("given", "forward", "loss")}
    for step in tree.every("backward")[1:]:
        text = re.sub(r"\bd(\w+)/d(\w+)", r"d\1_d\2", step.written.substituted)
        found = eval(text, scope)  # noqa: S307 - written by the function under test
        scope[step.target.replace("/", "_")] = found
        assert found == pytest.approx(right.value_of(step.target), rel=CLOSE, abs=CLOSE), (step.target, text)


def test_a_letter_has_no_number_and_a_given_number_keeps_its_own():
    tree = problem_from_text('symbols = ["w"]\n[given]\nx = 2\n[formulas]\nf = "w * x"').solution()
    assert [(step.target, step.value) for step in tree.every("given")] == [("w", None), ("x", 2.0)]
    assert "\n  w\n  x = 2\n" in as_text(tree)
    assert "dL/dw = dL/df * df/dw = x\n" in as_text(tree)


def test_a_letter_that_must_be_positive_is():
    tree = problem_from_text('symbols = ["x"]\n[formulas]\nf = "log(x) + sqrt(x)"').solution()
    (check,) = tree.every("check")
    assert (check.ok, check.points) == (True, 8)


def test_a_derivative_that_no_point_can_tell_is_not_called_right():
    x = tensor(0.0, "x")
    tree = formulas((np.log(1 - 1e9 * x * x)).named("f"), letters=["x"])
    (check,) = tree.every("check")
    assert (check.ok, check.points, check.error) == (None, 0, None)
    assert "dL/dx: no random point was found" in as_text(tree)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('symbols = "x"\n[formulas]\nf = "x * 2"', r"symbols is 'x', expected names"),
        ('symbols = { x = [-1] }\n[formulas]\nf = "x * 2"', r"symbols is .*, expected names"),
        ('symbols = { x = [99, 99] }\n[formulas]\nf = "x * 2"', r"symbols is .*, expected names"),
        ('symbols = ["x", "exp"]\n[formulas]\nf = "x * 2"', r"'exp' is no name for a number"),
        ('symbols = ["x"]\n[given]\nx = 1\n[formulas]\nf = "x * 2"', r"x is given and has"),
        ('symbols = ["x"]\n[formulas]\nf = "x * 2"\n[update]\nrule = "sgd"', r"\[update\] needs numbers"),
        ('symbols = ["x"]\n[formulas]\nf = "log(-1 - x * x)"', r"no numbers for the letters .*f is nan"),
        ('symbols = { x = [2] }\n[formulas]\nf = "x @ (x + y)"', r"line 3: unknown name 'y'"),
        ('symbols = { A = [2, 2], B = [3, 3] }\n[formulas]\nf = "A @ B"', r"line 3: matmul: inner sizes differ"),
        ('symbols = ["x"]\n[[proof]]\nline = "x + 1"', r"line 1 of the proof: line is 'x \+ 1', expected a name"),
        ('symbols = ["x"]\n[[proof]]\nlnie = "y = x"', r"unknown key in line 1 of the proof 'lnie'.*'line'"),
        ('symbols = ["x"]\n[[proof]]\nline = "y = z + 1"', r"line 1 of the proof: unknown name 'z'.*defined above it"),
        ('symbols = ["x"]\n[[proof]]\nline = "y = x"\nnote = "so"', r"note is 'so', expected a text for each language"),
        ('symbols = ["x"]\n[[proof]]\nline = "y = x"\nnote.de = "so"', r"unknown language in line 1 of the proof 'de'"),
        ('symbols = { x = [2], y = [] }\n[[proof]]\nline = "y = x * 1"', r"shape \(\) on the left and \(2,\)"),
        ("symbols = ['x']\nproof = 3", r"proof is 3, expected \[\[proof\]\]"),
    ],
)
def test_what_is_no_problem_in_letters_gets_one_sentence(text, sentence):
    with pytest.raises((DataError, ParameterError, NonFiniteError), match=sentence) as caught:
        problem_from_text(text)
    assert "\n" not in str(caught.value)


def test_only_a_named_number_has_formulas():
    x = tensor([1.0, 2.0], "x")
    with pytest.raises(ShapeError, match=r"f has shape \(2,\); expected a single number"):
        formulas((x * 2).named("f"))
    with pytest.raises(GraphError, match="has no name"):
        formulas(x.sum())
    with pytest.raises(GraphError, match="the name 'a' stands for two numbers"):
        formulas((tensor(1.0, "a") * tensor(2.0, "a")).named("f"))


def test_an_audit_of_letters_is_refused():
    made = problem_from_text('symbols = ["x"]\n[formulas]\nf = "x * 2"')
    printed = claims_from_text('[[claims]]\ntarget = "f"\nprinted = 1')
    with pytest.raises(DataError, match="x is a letter; an audit compares numbers"):
        audit(printed, made)
