"""Solutions read well: signs, brackets, and what is called the loss."""

import json

import pytest

from zanjir.errors import DataError
from zanjir.explain import as_latex, as_markdown, as_notebook, as_text, problem, problem_from_text, solution
from zanjir.explain.words import reason, why
from zanjir.graph import Tensor
from zanjir.optim import OPTIMIZERS


def of(text, **how):
    """Return the text of a small problem's solution."""
    return as_text(problem_from_text(text).solution(**how))


def test_a_negative_number_has_one_pair_of_brackets_in_a_function():
    text = of("[given]\nx = -0.25\n[formulas]\nf = 'exp(x) + 2 * x'")
    assert "np.exp(-0.25) + 2 * (-0.25)" in text
    assert r"\max(-0.25, -1)" in as_latex(
        problem_from_text("[given]\nx = -0.25\n[formulas]\nf = 'max(x, -1)'").solution()
    )
    assert "((" not in text


def test_a_fraction_has_one_pair_of_brackets_in_a_function():
    assert "np.abs(-1/3)" in of("[given]\nx = -1\n[formulas]\na = 'x / 3'\nf = 'abs(a)'", mode="exact")


def test_no_zero_is_shown_with_a_sign():
    text = of("[given]\nw = -3\nx = 2\n[formulas]\nz = 'w * x'\nL = '-relu(z)'")
    assert "-0.0" not in text
    assert "dL/dw = dL/dz * dz/dw = 0 * 2 = 0" in text


CIRCUIT = "symbol = 'f'\n[given]\nx = 2\ny = 3\n[formulas]\nq = 'x + y'\nf = 'q * x + abs(y - 3)'"


@pytest.mark.parametrize(("language", "loss"), [("en", "loss"), ("fa", "هزینه")])
def test_a_circuit_without_a_loss_speaks_of_none(language, loss):
    tree = problem_from_text(CIRCUIT).solution()
    assert loss not in as_text(tree, language=language)
    assert not [step.target for step in tree.children if loss in why(language, step)]


def test_what_the_last_number_reads_acts_on_it_directly():
    tree = problem_from_text(CIRCUIT).solution()
    said = {step.wrt: why("en", step) for step in tree.every("backward")}
    assert said["f"] == "The derivative of f with respect to itself is 1."
    assert said["q"] == "q acts on f directly: upstream times local."
    assert said["x"] == "x acts on f through 2 numbers (q, f): the products add up."
    told = {step.wrt: why("en", step) for step in problem("homework-1").solution().every("backward")}
    assert told["out_Y1"] == "out_Y1 acts on the loss directly: upstream times local."
    assert told["net_Y1"] == "net_Y1 acts on the loss through out_Y1 alone: upstream times local."


@pytest.mark.parametrize("focus", ["w5", "out_h1", "loss", "dL/dnet_Y1"])
def test_the_answer_for_one_number_stands_first_with_its_derivative(focus):
    whole, tree = problem("homework-1").solution(), problem("homework-1").solution(focus=focus)
    name = focus.rpartition("/d")[2]
    (answer,) = [step for step in tree.every("summary") if step.target == "answer"]
    assert answer.table.rows == ((name, whole.value_of(name), whole.value_of(f"dL/d{name}")),)
    for text in (as_text(tree), as_markdown(tree)):
        lines = [line.strip("# ") for line in text.splitlines() if line.strip()]
        assert lines[1] == "Answer"
    assert text.index("Answer") < text.index("Given")
    assert "Side by side" not in text
    assert "## Answer" in "".join(json.loads(as_notebook(tree))["cells"][0]["source"])


def test_what_is_given_for_one_number_stands_as_it_is_read():
    tree = problem("homework-1").solution(focus="w5")
    given = [step.target for step in tree.every("given")]
    assert given == ["w5", "out_h1", "w7", "out_h2", "b2", "t_Y1", "t_Y2", "out_Y2"]


TINY = "symbol = 'f'\n[given]\nw = 3\nx = 2\n[formulas]\nf = 'x ** 2 + 1e-8 * w'"


def test_the_check_of_a_tiny_derivative_claims_no_relative_agreement():
    tree = problem_from_text(TINY).solution()
    big, tiny = sorted(tree.every("check"), key=lambda step: step.error)
    assert big.error < 1e-9
    assert tiny.error > 1e-6  # rounding of a loss of 4, over a step of 3e-5, beside 1e-8
    text = as_text(tree)
    assert f"The derivative agrees with its central difference; the relative error is {big.error:.2g}." in text
    assert f"off by {abs(tiny.numeric - 1e-8):.2g} at most" in text
    assert f"{tiny.error:.2g}" not in text
    assert "too small" not in as_text(problem("homework-1").solution())


def test_a_number_that_is_updated_and_never_read_is_named_with_its_line():
    text = "[given]\nx = 2\nw1 = 3\nw2 = 4\n[formulas]\nloss = 'w1 * x'\n[update]\nrule = 'sgd'"
    with pytest.raises(DataError, match=r"^line 4: the loss does not depend on w2, which is to be updated"):
        problem_from_text(text)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_says_what_each_of_its_parts_is_for(name):
    w = Tensor(0.7, "w")
    tree = solution(((w * 2 - 1) ** 2).named("loss"), ["w"], optimizer=OPTIMIZERS[name](0.1))
    for step in tree.every("update"):
        if step.rule != "given":
            assert reason(step) not in {"why_part", "why_state"}, step.target


@pytest.mark.parametrize(
    ("name", "target", "words"),
    [
        ("momentum", "v(w) new", "Momentum remembers a velocity"),
        ("rmsprop", "v(w) new", "running mean of the squared derivatives"),
        ("adam", "m(w) new", "running mean of the derivatives"),
        ("adam", "m_hat(w)", "began at 0"),
        ("adamw", "shrunk(w)", "weight decay"),
        ("adagrad", "G(w) new", "sum of all squared derivatives"),
    ],
)
def test_a_part_of_an_update_is_called_what_it_is(name, target, words):
    w = Tensor(0.7, "w")
    tree = solution(((w * 2 - 1) ** 2).named("loss"), ["w"], optimizer=OPTIMIZERS[name](0.1))
    (step,) = [step for step in tree.every("update") if step.target == target]
    assert words in why("en", step)


def test_a_table_without_an_update_speaks_of_none():
    tree = problem_from_text(CIRCUIT).solution(level="summary")
    (table,) = [step for step in tree.every("summary") if step.rule == "parameters"]
    assert (table.target, table.table.columns) == ("parameters_kept", ("parameter", "value", "derivative"))
    assert table.table.rows == (("x", 2.0, 7.0), ("y", 3.0, 2.0))
    assert "update" not in as_text(tree)
    assert "What the update changes" in as_text(problem("homework-1").solution(level="summary"))
