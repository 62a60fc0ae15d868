"""Row 97: a softmax of two classes and one logistic neuron, each from the other, and the proof."""

from dataclasses import replace

import numpy as np
import pytest

from zanjir.errors import DataError, ShapeError
from zanjir.explain import Line, as_html, as_latex, as_markdown, as_text, problem, proved
from zanjir.explain.words import CATALOGS
from zanjir.models import (
    LogisticRegression,
    SoftmaxClassifier,
    as_logistic,
    as_softmax,
    logistic_from_softmax,
    softmax_from_logistic,
)  # fmt: skip

N_POINTS = 200_000
# Two ways to the same probability round some three times each, and scores of a few units carry that on.
ROUNDING = 1e-15


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def points():
    """Points and weights in quarters, so that scores are exact, and many ties are."""
    rng = np.random.default_rng(97)
    return [rng.integers(-4, 5, shape) / 4 for shape in ((N_POINTS, 3), (3, 2), (2,))]


def test_row_97_one_neuron_says_what_two_do_at_200_000_points(points):
    X, W, b = points
    w, bias = logistic_from_softmax(W, b)
    two = softmax(X @ W + b)
    one = sigmoid(X @ w + bias)
    ties = (X @ W + b)[:, 0] == (X @ W + b)[:, 1]
    assert ties.sum() > 100
    labels = np.where(two[:, 0] >= two[:, 1], 0, 1)
    assert np.array_equal(np.where(one <= 0.5, 0, 1), labels)
    assert np.all(labels[ties] == 0)
    assert np.abs(one - two[:, 1]).max() <= ROUNDING


def test_row_97_with_the_sign_of_the_printed_solution_no_label_is_right(points):
    X, W, b = points
    w, bias = logistic_from_softmax(W[:, ::-1], b[::-1])  # class 0 minus class 1
    z = X @ W + b
    apart = z[:, 0] != z[:, 1]
    labels = np.where(sigmoid(X @ w + bias) <= 0.5, 0, 1)
    assert (labels[apart] == (z[:, 0] < z[:, 1])[apart]).mean() == 0


@pytest.mark.parametrize("v", [0.0, np.array([1.5, -2.0, 0.25])])
def test_row_97_two_neurons_say_what_one_does_whatever_is_added_to_both(points, v):
    X, W, b = points
    w, bias = W[:, 0], b[0]
    made, biases = softmax_from_logistic(w, bias, v, c=0.75)
    assert made.shape == (3, 2)
    assert np.abs(softmax(X @ made + biases)[:, 1] - sigmoid(X @ w + bias)).max() <= ROUNDING
    back, its_bias = logistic_from_softmax(made, biases)
    assert (back.tolist(), its_bias) == (w.tolist(), bias)


def fitted(model, dtype=float):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3)).astype(dtype)
    return model.fit(X, np.where(X[:, 0] + 0.3 * rng.standard_normal(60) > 0, "yes", "no")), X


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("made", "convert"), [(SoftmaxClassifier(), as_logistic), (LogisticRegression(alpha=0.01), as_softmax)]
)
def test_row_97_a_fitted_model_says_the_same_as_the_other(made, convert, dtype):
    model, X = fitted(made, dtype)
    other = convert(model)
    assert type(other) is not type(model)
    assert other.get_params() == model.get_params()
    assert np.array_equal(other.predict(X), model.predict(X))
    assert np.abs(other.predict_proba(X) - model.predict_proba(X)).max() <= 8 * np.finfo(dtype).eps
    assert other.predict_proba(X).dtype == dtype
    assert {"yes", "no"} == set(other.classes_)


def test_row_97_what_is_no_pair_of_neurons_is_refused():
    with pytest.raises(ShapeError, match=r"W has shape \(4, 3\) and b \(3,\); expected \(D, 2\) and \(2,\)"):
        logistic_from_softmax(np.zeros((4, 3)), np.zeros(3))
    with pytest.raises(ShapeError, match=r"b \(1,\)"):
        logistic_from_softmax(np.zeros((4, 2)), np.zeros(1))
    with pytest.raises(ShapeError, match=r"w has shape \(3, 1\)"):
        softmax_from_logistic(np.zeros((3, 1)), 0.0)
    with pytest.raises(ShapeError, match=r"v has shape \(2,\); expected a number or \(3,\)"):
        softmax_from_logistic(np.zeros(3), 0.0, v=np.zeros(2))
    three = SoftmaxClassifier().fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    with pytest.raises(DataError, match="the model has 3 classes"):
        as_logistic(three)


def test_row_97_every_claim_of_the_proof_is_exact_in_sympy():
    sympy = pytest.importorskip("sympy")
    made = problem("homework-3")
    names = {name: sympy.Symbol(name, real=True) for name in made.letters}  # with one input, of any value
    functions = {"exp": sympy.exp, "sigmoid": lambda z: 1 / (1 + sympy.exp(-z))}
    claims = 0
    for line in made.proof:
        found = sympy.sympify(line.formula.replace("@", "*"), locals={**names, **functions})
        if line.name in names and names[line.name] != sympy.Symbol(line.name, real=True):
            assert sympy.simplify(found - names[line.name]) == 0, line
            claims += 1
        names[line.name] = names.get(line.name, found)
    assert claims == 9


def test_row_97_the_proof_is_tried_at_random_points_and_a_wrong_sign_is_seen():
    made = problem("homework-3")
    checks = made.solution().every("check")
    assert len(checks) == 9
    assert all(step.ok and step.points == 8 for step in checks)
    wrong = [Line("w_l", "w_s1 - w_s2") if line.name == "w_l" else line for line in made.proof]
    found = [step for step in proved(wrong, made.letters).every("check") if not step.ok]
    assert {step.target for step in found} == {"y2", "d"}
    assert "The formula of y2 does not hold" in as_text(replace(made, proof=tuple(wrong)).solution())


@pytest.mark.parametrize("write", [as_text, as_markdown, as_html, as_latex])
def test_row_97_the_proof_has_its_reasons_in_both_languages(write):
    tree = problem("homework-3").solution()
    english, persian = write(tree), write(tree, language="fa")
    assert "the second approach learns nothing that the first cannot" in english
    assert "چیزی بیش از رویکرد اول یاد نمی‌گیرد" in persian
    assert "Proof, line by line" in english
    assert "اثبات، سطر به سطر" in persian


def test_row_97_every_line_has_its_reason_in_every_language():
    for line in problem("homework-3").proof:
        assert set(line.note) == set(CATALOGS)
        assert line.note["en"].isascii()
        assert any("\u0600" <= letter <= "\u06ff" for letter in line.note["fa"])
        assert line.note["en"].count("`") % 2 == line.note["fa"].count("`") % 2 == 0
