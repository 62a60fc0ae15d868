"""Tables of scores: every loss and derivative against 50 digits and sums written out here, tables, bad files."""

import json
import math
import subprocess
import sys
from dataclasses import replace

import mpmath
import numpy as np
import pytest

from zanjir.errors import DataError, NonFiniteError, ParameterError
from zanjir.explain import PROBLEMS, as_html, as_latex, as_markdown, as_script, as_text, problem, problem_from_text
from zanjir.explain.words import CATALOGS

# Both sides are float64 and 50 digits; sums and quotients of some ten terms lose a few bits.
CLOSE = 1e-12
# Scores of a thousand are subtracted before their powers are taken, which costs three of sixteen digits.
SHIFTED = 1e-11


def hinge(scores, y, margin=1, power=1):
    return sum(max(0, s - scores[y] + margin) ** power for j, s in enumerate(scores) if j != y)


def softmax(scores, y):
    exact = [mpmath.mpf(s) for s in scores]
    return mpmath.log(sum(map(mpmath.exp, exact))) - exact[y]


def squared(scores, y):
    return hinge(scores, y, power=2)


WITNESSES = {"hinge": hinge, "squared": squared, "softmax": softmax}
TABLES = [name for name in PROBLEMS if problem(name).scores]


def text_of(rows, labels, losses, more=""):
    samples = "".join(
        f"[[scores.samples]]\nscores = {list(row)}\nlabel = '{label}'\n"
        for row, label in zip(rows, labels, strict=True)
    )
    classes = [str(k) for k in range(len(rows[0]))]
    return f"[scores]\nclasses = {classes}\nlosses = {list(losses)}\n{more}\n{samples}"


def drawn(seed):
    rng = np.random.default_rng(seed)
    n_samples, n_classes = rng.integers(1, 4), rng.integers(2, 6)
    scale = [1.0, 5.0, 200.0, 2000.0][seed % 4]
    return (scale * rng.standard_normal((n_samples, n_classes))).round(3), rng.integers(0, n_classes, n_samples)


@pytest.mark.parametrize("seed", range(24))
def test_every_loss_and_derivative_has_fifty_digits_for_it(seed):
    rows, labels = drawn(seed)
    tree = problem_from_text(text_of(rows.tolist(), labels, ["hinge", "squared_hinge", "softmax"])).solution()
    several = len(rows) > 1
    with mpmath.workdps(2000):  # powers of e of some thousands
        for loss, function in WITNESSES.items():
            own = [function(row, y) for row, y in zip(rows.tolist(), labels, strict=True)]
            assert tree.value_of(f"L_{loss}") == pytest.approx(float(sum(own) / len(own)), rel=SHIFTED, abs=1e-300)
            for i, (row, y) in enumerate(zip(rows.tolist(), labels, strict=True)):
                ending = f"_{i + 1}" if several else ""
                assert tree.value_of(f"L_{loss}{ending}") == pytest.approx(float(own[i]), rel=SHIFTED, abs=1e-300)
                for k in range(len(row)):
                    slope = tree.value_of(f"dL_{loss}/ds{ending}_{k}")
                    moved = [[s + (h if j == k else 0) for j, s in enumerate(row)] for h in (EXACT, -EXACT)]
                    above, below = (function(list(map(mpmath.mpf, scores)), y) for scores in moved)
                    expected = (above - below) / (2 * EXACT) / len(rows)
                    assert slope == pytest.approx(float(expected), rel=1e-9, abs=1e-13)
    assert all(step.ok for step in tree.every("check"))


EXACT = mpmath.mpf(10) ** -9  # of differences in 2000 digits; no drawn margin is as near to its kink


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_show_numbers_of_the_tree(name):
    made = problem(name)
    tree = made.solution()
    tables = {step.target: step.table for step in tree.every("summary")}
    losses = tables["losses"]
    assert losses.columns == ("sample", "label", "predicted", *made.scores.losses)
    for loss, column in zip(made.scores.losses, zip(*[row[3:] for row in losses.rows], strict=True), strict=True):
        own = [tree.value_of(made.scores.own(loss, sample)) for sample in made.scores.samples]
        assert list(column) == own + ([tree.value_of(made.scores.data(loss))] if len(own) > 1 else [])
    if "probabilities" in tables:
        for row in tables["probabilities"].rows:
            assert sum(row[1:]) == pytest.approx(1, rel=CLOSE)
    for loss in made.scores.losses:
        for row in tables[f"slopes_{loss}"].rows:
            assert sum(row[1:]) == pytest.approx(0, abs=CLOSE * max(map(abs, row[1:])))


@pytest.mark.parametrize("name", TABLES)
def test_the_script_of_every_table_runs(name, tmp_path):
    script = as_script(problem(name).solution())
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", tmp_path / "script.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert script.count("def L_hinge_at(") == ("hinge" in problem(name).scores.losses)


def test_n1_to_n19_the_three_images():
    tree = problem("three-images").solution()
    expected = {
        "e_1_cat": 24.532530, "e_1_car": 164.021907, "e_1_frog": 0.182684, "sum_1": 188.737121,
        "p_1_cat": 0.129983, "p_1_car": 0.869050, "p_1_frog": 0.000968, "L_softmax_1": 2.040355, "L_hinge_1": 2.9,
        "L_hinge_2": 0.0, "L_hinge_3": 12.9, "L_hinge": 5.266667, "m_1_car": 2.9, "m_1_frog": 0.0,
        "L_squared_1": 8.41, "L_squared_2": 0.0, "L_squared_3": 83.25, "L_squared": 30.553333,
        "L_softmax_2": 0.079132, "L_softmax_3": 6.156477, "L_softmax": 2.758655,
    }  # fmt: skip
    assert {name: tree.value_of(name) for name in expected} == pytest.approx(expected, abs=1e-6)
    slopes = {step.target: [row[1:] for row in step.table.rows] for step in tree.every("summary")}
    assert np.allclose(slopes["slopes_hinge"], [[-1, 1, 0], [0, 0, 0], [1, 1, -2]], rtol=0, atol=CLOSE)
    squares = [[-5.8, 5.8, 0], [0, 0, 0], [12.6, 13.2, -25.8]]
    assert np.allclose(slopes["slopes_squared_hinge"], squares, rtol=0, atol=1e-11)
    assert slopes["slopes_softmax"][0] == pytest.approx((-0.870017, 0.869050, 0.000968), abs=1e-6)
    for k, (name, row) in enumerate(zip(("cat", "car", "frog"), squares, strict=True), start=1):
        assert tree.value_of(f"dL_squared/ds_{k}_{name}") == pytest.approx(row[k - 1] / 3, rel=CLOSE)


def test_n20_to_n25_scores_from_weights():
    tree = problem("hinge-and-softmax").solution()
    expected = {
        "s_1": -2.85, "s_2": 0.86, "s_3": 0.28, "L_hinge": 1.58, "e_1": 0.057844, "e_2": 2.363161, "e_3": 1.323130,
        "sum": 3.744135, "p_1": 0.015449, "p_2": 0.631163, "p_3": 0.353387, "L_softmax": 1.040191,
        "dL_softmax/ds_1": 0.015449, "dL_softmax/ds_2": 0.631163, "dL_softmax/ds_3": -0.646613, "dL_hinge/ds_1": 0.0,
        "dL_hinge/ds_2": 1.0, "dL_hinge/ds_3": -1.0, "dL_softmax/dw_2_1": -9.467450, "dL_softmax/dw_2_2": 13.885594,
        "dL_softmax/dw_2_3": -27.771188, "dL_softmax/dw_2_4": 35.345148,
    }  # fmt: skip
    assert {name: tree.value_of(name) for name in expected} == pytest.approx(expected, abs=1e-6)
    x = (-15, 22, -44, 56)
    for row, sign in (("2", 1), ("3", -1)):
        assert [tree.value_of(f"dL_hinge/dw_{row}_{k}") for k in (1, 2, 3, 4)] == [sign * value for value in x]


def test_n31_scores_too_large_for_e():
    tree = problem("large-scores").solution()
    found = [tree.value_of(f"L_{k}") for k in (1, 2, 3)]
    assert found == pytest.approx([1.313262, 0.313262, 1001.313262], abs=1e-6)
    (noted,) = [step for step in tree.every("forward") if step.reason == "shifted"]
    assert noted.target == "e_1_1"
    for language in CATALOGS:
        for write in (as_text, as_html, as_markdown):
            assert CATALOGS[language]["reason_shifted"][:40] in write(tree, language=language)
    assert "nan" not in json.dumps(tree.as_json(), allow_nan=False)


def test_n33_ten_classes():
    tree = problem("ten-classes").solution()
    rows = tree.every("summary")[0].table.rows
    assert [row[2] for row in rows] == ["dog", "car", "truck", ""]
    expected = [(10.58, 47.6452, 5.169843), (0.27, 0.0729, 0.577481), (71.91, 678.2827, 11.294485),
                (27.586667, 242.000267, 5.680603)]  # fmt: skip
    assert np.allclose([row[3:] for row in rows], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "losses"),
    [
        ({"over": "all"}, (3.9, 1.0, 13.9, 6.266667)),
        ({"reduction": "mean"}, (1.45, 0.0, 6.45, 2.633333)),
        ({"reduction": "class_mean"}, (0.966667, 0.0, 4.3, 1.755556)),
        ({"over": "all", "reduction": "mean"}, (1.3, 1 / 3, 13.9 / 3, 18.8 / 9)),
        ({"margin": 10}, (17.0, 13.5, 30.9, 20.466667)),
    ],
)
def test_n11_and_n12_variants_of_the_hinge_loss(settings, losses):
    tree = problem("three-images", **settings).solution()
    assert [row[3] for row in tree.every("summary")[0].table.rows] == pytest.approx(losses, abs=1e-6)
    slopes = [tree.value_of(f"dL_hinge/ds_3_{name}") for name in ("cat", "car", "frog")]
    assert sum(slopes) == pytest.approx(0, abs=CLOSE)
    assert all(step.ok for step in tree.every("check"))


def test_row_62_and_75_a_penalty_and_a_step():
    tree = problem("softmax-classifier").solution()
    W = np.array([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.2]])
    b, X, y = np.array([0.0, 0.2, -0.1]), np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([0, 2])

    def forward(W, b):
        s = X @ W.T + b
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        return p, -np.log(p[[0, 1], y]).mean() + 0.1 * (W**2).sum()

    p, loss = forward(W, b)
    ds = (p - np.eye(3)[y]) / 2
    dW, db = ds.T @ X + 2 * 0.1 * W, ds.sum(axis=0)
    assert tree.value_of("loss") == pytest.approx(loss, rel=CLOSE)
    assert tree.value_of("R") == pytest.approx((W**2).sum(), rel=CLOSE)
    for c, name in enumerate(("cat", "car", "frog")):
        assert tree.value_of(f"b_{name} new") == pytest.approx(b[c] - 0.5 * db[c], rel=CLOSE)
        for k in (0, 1):
            assert tree.value_of(f"dL/dw_{name}_{k + 1}") == pytest.approx(dW[c, k], rel=CLOSE)
            assert tree.value_of(f"w_{name}_{k + 1} new") == pytest.approx(W[c, k] - 0.5 * dW[c, k], rel=CLOSE)
    assert tree.value_of("loss after 1 step") == pytest.approx(forward(W - 0.5 * dW, b - 0.5 * db)[1], rel=CLOSE)


def test_n49_the_patterns_of_the_gates():
    tree = problem("gate-patterns").solution()
    slopes = {name: tree.value_of(f"df/d{name}") for name in ("a1", "a2", "m1", "m2", "r1", "r2", "c")}
    assert slopes == {"a1": 2, "a2": 2, "m1": 15, "m2": 10, "r1": 0, "r2": 9, "c": 6}


def test_row_59_the_diamond():
    tree = problem("diamond").solution()
    assert [tree.value_of(name) for name in ("f", "df/dx", "df/dy")] == [10, 7, 2]
    assert len(next(step for step in tree.children if step.target == "df/dx").paths) == 2


def test_a_probability_is_checked_with_a_step_in_proportion_to_it():
    tree = problem_from_text("symbol = 'f'\n[given]\np = 1e-5\n[formulas]\nf = '-log(p)'").solution()
    (check,) = tree.every("check")
    assert check.ok
    assert check.children[0].value == 1e-5 * 1e-5
    assert "h = 1e-05 * abs(p)" in as_script(tree)


@pytest.mark.parametrize("language", CATALOGS)
def test_a_table_is_a_table_in_every_rendering(language):
    tree = problem("three-images").solution()
    mean = CATALOGS[language]["word_mean"]
    text, html, markdown, latex = (
        write(tree, language=language) for write in (as_text, as_html, as_markdown, as_latex)
    )
    (line,) = [line for line in text.splitlines() if line.strip(" \u2066").startswith(mean)]
    assert line.strip("\u2069").split()[1:] == ["5.26667", "30.5533", "2.75865"]
    assert f'<th scope="row"><bdi>{mean}</bdi></th><td><bdi></bdi></td>' in html
    assert "<td><math><mn>30.5533</mn></math></td>" in html
    assert f"| {mean} |  |  | 5.26667 | 30.5533 | 2.75865 |" in markdown
    assert f"{mean} &  &  & $5.26667$ & $30.5533$ & $2.75865$ \\\\" in latex
    facts = tree.as_json()["children"][-4 - 1]
    assert facts["table"]["rows"][-1][3:] == [tree.value_of(f"L_{name}") for name in ("hinge", "squared", "softmax")]


def test_what_stands_in_a_name_is_shown_and_not_obeyed():
    text = text_of([[1.0, 2.0]], ["0"], ["hinge"]) + "name = '<b>|$x_%'\n"
    tree = problem_from_text(text).solution()
    assert "&lt;b&gt;|$x_%" in as_html(tree)
    assert "&lt;b&gt;\\|$x_%" in as_markdown(tree)
    assert r"\textless{}b\textgreater{}|\$x\_\%" in as_latex(tree)


GOOD = """title = "two"
[scores]
classes = ["cat", "car"]
losses = ["hinge", "softmax"]
[[scores.samples]]
scores = [1.0, 2.0]
label = "cat"
[[scores.samples]]
scores = [0.5, 0.25]
label = "car"
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("losses =", "loses =", "line 4: unknown key in .scores. 'loses'.*Did you mean 'losses'"),
        ('label = "car"', 'lable = "car"', "line 10: unknown key in sample 2 'lable'.*Did you mean 'label'"),
        ('label = "car"', 'label = "dog"', "line 10: the label of sample 2 is 'dog', expected one of cat, car"),
        ('label = "car"', "label = 1", "line 10: the label of sample 2 is 1, expected one of cat, car, in quotes"),
        ('label = "car"', "", "line 8: the label of sample 2 is None"),
        ("[0.5, 0.25]", "[0.5, 0.25, 3]", "line 9: scores of sample 2 has 3 entries, expected a list of 2 numbers"),
        ("[0.5, 0.25]", "[0.5, nan]", "line 9: number 2 of scores of sample 2 is nan, expected a finite number"),
        ("[0.5, 0.25]", "[0.5, -inf]", "line 9: number 2 of scores of sample 2 is -inf"),
        ("[0.5, 0.25]", "[0.5, '1']", "line 9: number 2 of scores of sample 2 is '1'"),
        ("[0.5, 0.25]", "[0.5, true]", "line 9: number 2 of scores of sample 2 is True"),
        ("[0.5, 0.25]", "3", "line 9: scores of sample 2 is 3, expected a list of 2 numbers"),
        ("[1.0, 2.0]", "[-1e308, 1e308]", "m_1_car is inf, expected a finite number"),
        ('["cat", "car"]', '["cat"]', "line 3: classes has 1 names, expected a list of 2 to 60"),
        ('["cat", "car"]', "3", "line 3: classes is 3, expected a list"),
        ('["cat", "car"]', str([f"c{k}" for k in range(61)]), "line 3: classes has 61 names"),
        ('["cat", "car"]', '["cat", "cat"]', "line 3: the class 'cat' stands there twice"),
        ('["cat", "car"]', '["cat", "<b>"]', "line 3: '<b>' is no name for a class"),
        ('["cat", "car"]', f'["cat", "{"c" * 31}"]', "line 3: 'c+' is no name for a class"),
        ('["hinge", "softmax"]', "[]", "line 4: losses is .., expected a list of some of hinge"),
        ('["hinge", "softmax"]', '"hinge"', "line 4: losses is 'hinge', expected a list"),
        ('["hinge", "softmax"]', '["hinge", "hinge"]', "line 4: losses is .*, expected a list"),
        ('["hinge", "softmax"]', '["hing"]', "line 4: unknown loss 'hing'.*Did you mean 'hinge'"),
        ('["hinge", "softmax"]', '["softmax"]\nmargin = 2', "line 5: margin belongs to the hinge losses"),
        ("losses", "margin = -1\nlosses", "line 4: margin is -1, expected a finite number of at least 0"),
        ("losses", "over = 'al'\nlosses", "line 4: unknown over 'al'; expected others or all"),
        ("losses", "reduction = 'max'\nlosses", "line 4: unknown reduction 'max'"),
        ("losses", "l2 = 0.1\nlosses", "line 4: l2 is there and W is not"),
        ("losses", "W = [[1, 2]]\nlosses", "line 4: W is no matrix with 2 rows"),
        ("losses", "W = [[1, 2], [3]]\nlosses", "line 4: the row of W for car has 1 entries, expected a list of 2"),
        ("losses", "W = [[], []]\nlosses", "line 4: W has rows of 0 numbers"),
        ("losses", "W = [[1, 2], [3, 4]]\nb = [1]\nlosses", "line 5: b has 1 entries, expected a list of 2"),
        ("losses", "W = [[1, 2], [3, 4]]\nlosses", "line 7: sample 1 does not fit: with W, it has x"),
        ("scores = [0.5", "x = [0.5", "line 9: sample 2 does not fit: without W, it has scores"),
        ('label = "car"', 'label = "car"\nname = 3', "line 11: the name of sample 2 is 3, expected a short text"),
        ('title = "two"', "[given]\nx = 1", "the problem has .scores. and given; expected one of both"),
        ('title = "two"', "[update]\nrule = 'sgd'", ".update. needs one loss to follow, and losses has 2"),
        (GOOD[GOOD.index("[[") :], "", "scores. has no samples"),
        (GOOD[GOOD.index("[[") :], "samples = [3]", "line 5: sample 1 is 3, expected a table"),
        (GOOD, "scores = 3", "scores is 3, expected a table"),
    ],
)  # fmt: skip
def test_a_bad_table_gets_one_sentence(old, new, sentence):
    assert math.isfinite(float(problem_from_text(GOOD).loss.value))
    assert old in GOOD
    with pytest.raises((DataError, ParameterError, NonFiniteError), match=sentence) as caught:
        problem_from_text(GOOD.replace(old, new, 1))
    assert "\n" not in str(caught.value)


def test_a_huge_table_gets_one_sentence():
    rows = np.zeros((40, 60)).tolist()
    with pytest.raises(DataError, match=r"the problem has [\d,]+ numbers; expected at most 2,000"):
        problem_from_text(text_of(rows, [0] * 40, ["hinge"]))


def test_the_largest_class_and_feature_counts_are_written_out():
    classes = [f"{k:030}" for k in range(60)]
    W = np.zeros((60, 60)).tolist()
    sample = f"[[scores.samples]]\nx = {[1.0] * 60}\nlabel = '{classes[0]}'\n"
    with pytest.raises(DataError, match=r"numbers; expected at most 2,000"):  # and not that a formula is too long
        problem_from_text(f"[scores]\nclasses = {classes}\nlosses = ['softmax']\nW = {W}\n{sample}")
    rows = np.zeros((1, 60)).tolist()
    assert float(problem_from_text(text_of(rows, [0], ["softmax"])).loss.value) == pytest.approx(math.log(60))


def test_a_loss_that_is_not_followed_has_no_table_of_slopes():
    made = problem("softmax-classifier")
    parameters = tuple(name for name in made.given if name.startswith("w"))
    tree = replace(made, parameters=parameters).solution()
    assert [step.target for step in tree.every("summary")] == ["losses", "probabilities", "slopes_softmax"]


@pytest.mark.parametrize("lead", [5.0, 9.0, 11.0, 25.0, 29.0])
def test_a_small_loss_keeps_its_digits(lead):
    tree = problem_from_text(text_of([[lead, 0.0, 0.0]], ["0"], ["softmax"])).solution()
    with mpmath.workdps(50):
        assert tree.value_of("loss") == pytest.approx(float(softmax([lead, 0, 0], 0)), rel=CLOSE, abs=0)
