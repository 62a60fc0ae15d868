"""Row 96: the deltas of homework 2 as formulas, against SymPy, the graph, and the recomputed numbers."""

import re
from dataclasses import replace

import numpy as np
import pytest

from zanjir.explain import as_html, as_markdown, as_text, audit, claims, formulas, problem, problem_from_text
from zanjir.gates import sigmoid
from zanjir.graph import gradient, tensor

sympy = pytest.importorskip("sympy")

# Recomputed without this library, to six digits after the point.
DIGITS = 1e-6
LETTERS = "x1 x2 w1_11 w1_12 w1_21 w1_22 w2_11 w2_12 w2_21 w2_22 w3_1 w3_2"


def network():
    """Homework 2 in SymPy, written apart: every number by its name, in the letters alone."""
    x1, x2, w1_11, w1_12, w1_21, w1_22, w2_11, w2_12, w2_21, w2_22, w3_1, w3_2 = symbols = sympy.symbols(LETTERS)

    def g(z):
        return 1 / (1 + sympy.exp(-z))

    z1_1, z1_2 = w1_11 * x1 + w1_12 * x2, w1_21 * x1 + w1_22 * x2
    z2_1, z2_2 = w2_11 * g(z1_1) + w2_12 * g(z1_2), w2_21 * g(z1_1) + w2_22 * g(z1_2)
    names = {"z1_1": z1_1, "z1_2": z1_2, "a1_1": g(z1_1), "a1_2": g(z1_2), "z2_1": z2_1, "z2_2": z2_2,
             "a2_1": g(z2_1), "a2_2": g(z2_2)}  # fmt: skip
    return {**{str(s): s for s in symbols}, **names, "f": w3_1 * g(z2_1) + w3_2 * g(z2_2)}


def slopes():
    """The derivatives of f by SymPy: after the letters, and after the sums by a number that is added to them."""
    exact, t = network(), sympy.Symbol("t")

    def g(z):
        return 1 / (1 + sympy.exp(-z))

    w2, w3 = [[exact[f"w2_{i}{j}"] for j in (1, 2)] for i in (1, 2)], [exact["w3_1"], exact["w3_2"]]

    def f(z2):
        return sum(w * g(z) for w, z in zip(w3, z2, strict=True))

    def second(a1):
        return [row[0] * a1[0] + row[1] * a1[1] for row in w2]

    found = {letter: exact["f"].diff(sympy.Symbol(letter)) for letter in LETTERS.split()}
    for i in (0, 1):
        z1, a1, z2 = ([exact[f"{name}_{k}"] for k in (1, 2)] for name in ("z1", "a1", "z2"))
        moved_z1, moved_a1, moved_z2 = list(z1), list(a1), list(z2)
        moved_z1[i], moved_a1[i], moved_z2[i] = z1[i] + t, a1[i] + t, z2[i] + t
        found[f"z1_{i + 1}"] = f(second([g(z) for z in moved_z1])).diff(t).subs(t, 0)
        found[f"a1_{i + 1}"] = f(second(moved_a1)).diff(t).subs(t, 0)
        found[f"z2_{i + 1}"] = f(moved_z2).diff(t).subs(t, 0)
        found[f"a2_{i + 1}"] = w3[i]
    return found


def read(formula, names):
    """Read a printed formula with SymPy, in the letters alone."""
    text = re.sub(r"df/d(\w+)", r"df_d\1", formula)
    return sympy.sympify(text, locals={**names, "sigmoid": lambda z: 1 / (1 + sympy.exp(-z))})


def vanishes(expression):
    """Whether an expression is 0: as a rational function of the powers of e in it, exactly."""
    powers = sorted(expression.atoms(sympy.exp), key=sympy.count_ops, reverse=True)
    return sympy.cancel(sympy.together(expression.subs({p: sympy.Dummy() for p in powers}))) == 0


@pytest.fixture(scope="module")
def tree():
    return problem("homework-2-letters").solution()


def formula_of(tree, target):
    (found,) = [step.written.substituted for step in tree.every("backward") if step.target == target and step.written]
    return found


@pytest.mark.parametrize(
    ("target", "formula"),
    [
        ("df/dz2_1", "w3_1 * a2_1 * (1 - a2_1)"),
        ("df/dz2_2", "w3_2 * a2_2 * (1 - a2_2)"),
        ("df/dz1_1", "(df/dz2_1 * w2_11 + df/dz2_2 * w2_21) * a1_1 * (1 - a1_1)"),
        ("df/dz1_2", "(df/dz2_1 * w2_12 + df/dz2_2 * w2_22) * a1_2 * (1 - a1_2)"),
        ("df/dw1_11", "df/dz1_1 * x1"),
    ],
)
def test_row_96_the_deltas_are_the_formulas_of_the_answer(tree, target, formula):
    assert formula_of(tree, target) == formula


def test_row_96_sympy_finds_every_formula_exactly_right(tree):
    names, exact = network(), slopes()
    steps = [step for step in tree.every("backward") if step.written]
    assert {step.wrt for step in steps} == exact.keys()
    for step in steps:  # each reads only derivatives that stand above it
        found = read(step.written.substituted, names)
        assert vanishes(found - exact[step.wrt]), step.target
        names[f"df_d{step.wrt}"] = found


def test_row_96_a_wrong_index_is_seen_by_the_same_comparison():
    names, exact = network(), slopes()
    assert not vanishes(read("w2_11 * a2_1 * (1 - a2_1)", names) - exact["z2_1"])


def test_row_96_the_formulas_agree_with_random_points_and_nothing_is_computed(tree):
    checks = tree.every("check")
    assert [step.ok for step in checks] == [True] * 20
    assert all(step.points == 8 and step.error < 1e-9 for step in checks)
    values = [step.value for step in tree.every("given", "forward", "backward") if step.target != "df/df"]
    assert values == [None] * len(values)
    for text in (as_text(tree), as_markdown(tree), as_html(tree)):
        assert not re.search(r"= ?[-0]\b(?! )|<mn>-?0?</mn>|= -$", text, re.MULTILINE)


def test_row_96_with_numbers_the_formulas_have_the_values_of_the_fixture():
    tree = problem("homework-2").symbolic()
    expected = {"df/dz2_1": 0.195301, "df/dz2_2": -0.193326, "df/dz1_1": -0.008854, "df/dz1_2": -0.007023,
                "df/dw1_11": -0.008854, "df/dw2_12": 0.146527}  # fmt: skip
    assert {name: tree.value_of(name) for name in expected} == pytest.approx(expected, abs=DIGITS)
    assert "df/dz2_1 = df/da2_1 * da2_1/dz2_1 = w3_1 * a2_1 * (1 - a2_1) = 0.195301" in as_text(tree)


def test_row_96_by_matrices_the_deltas_are_vectors():
    tree = problem("homework-2-matrices").solution()
    assert formula_of(tree, "df/dZ2") == "w3 * A2 * (1 - A2)"
    assert formula_of(tree, "df/dZ1") == "W2.T @ df/dZ2 * A1 * (1 - A1)"
    assert formula_of(tree, "df/dW1") == "df/dZ1 @ x.T"
    assert all(step.ok for step in tree.every("check"))


def test_row_96_formulas_of_matrices_give_the_numbers_of_the_fixture():
    W1, W2 = tensor([[0.1, 0.2], [0.3, 0.4]], "W1"), tensor([[0.5, 0.6], [0.7, 0.8]], "W2")
    x, w3 = tensor([[1.0], [2.0]], "x"), tensor([[0.9], [-1.0]], "w3")
    Z1 = (W1 @ x).named("Z1")
    A1 = sigmoid(Z1).named("A1")
    Z2 = (W2 @ A1).named("Z2")
    A2 = sigmoid(Z2).named("A2")
    loss = (w3 * A2).sum().named("f")
    tree = formulas(loss, symbol="f")
    values = {"np": np, "x": x.value, "W1": W1.value, "W2": W2.value, "w3": w3.value, "A1": A1.value, "A2": A2.value}
    for step in tree.every("backward")[1:]:
        found = eval(re.sub(r"df/d(\w+)", r"df_d\1", step.written.substituted), values)  # noqa: S307 - our own text
        values[f"df_d{step.wrt}"] = found
        assert found == pytest.approx(step.value, rel=1e-12)
    assert values["df_dZ2"].ravel() == pytest.approx([0.195301, -0.193326], abs=DIGITS)
    assert values["df_dZ1"].ravel() == pytest.approx([-0.008854, -0.007023], abs=DIGITS)
    assert values["df_dW1"] == pytest.approx(gradient(loss, W1).value, rel=1e-12)


def test_row_96_the_standing_name_is_that_of_a_derivative_read_twice():
    """A chain in which each derivative is read once is written out whole."""
    text = 'symbol = "f"\nsymbols = ["x"]\n[formulas]\na = "exp(x)"\nb = "a * a"\nf = "sin(b)"'
    tree = problem_from_text(text).solution()
    x = sympy.Symbol("x")
    a = sympy.exp(x)
    found = read(formula_of(tree, "df/dx").replace("np.", ""), {"x": x, "a": a, "b": a * a})
    assert sympy.simplify(found - sympy.sin(a * a).diff(x)) == 0
    assert "df/d" not in formula_of(tree, "df/dx")


@pytest.mark.parametrize(
    ("place", "verdicts", "facts"),
    [
        ("2e (a)", ("reads", "index"), {"wrong": "w2_1", "instead": "w3_1"}),
        ("2e (b)", ("reads", "index"), {"wrong": "w2_2", "instead": "w3_2"}),
        ("2e (c)", ("formula",), {}),
        ("2e (d)", ("formula", "index"), {"wrong": "a2_1", "instead": "a1_1"}),
    ],
)
def test_row_96_the_audit_finds_each_wrong_formula_and_the_index_that_is_wrong(place, verdicts, facts):
    (found,) = [each for each in audit(claims("homework-2"), problem("homework-2")) if each.claim.place == place]
    assert found.verdicts == verdicts
    assert {key: found.facts[key] for key in facts} == facts
    if place == "2e (d)":
        assert float(found.facts["result"]) == pytest.approx(-0.008176, abs=DIGITS)


def test_row_96_the_audit_finds_the_right_formulas_right():
    printed = claims("homework-2")
    tree = problem("homework-2").symbolic()
    right = [replace(claim, formula=formula_of(tree, claim.target)) for claim in printed.claims]
    found = audit(replace(printed, claims=tuple(right)), problem("homework-2"))
    assert [each.verdicts for each in found] == [("right",)] * 4
