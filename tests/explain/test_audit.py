"""The audit of printed solutions: each slip by itself is named, and nothing right is accused."""

import math
import string

import pytest

from zanjir.errors import DataError, ParameterError, ZanjirError
from zanjir.explain import PROBLEMS, audit, claims, claims_from_text, problem, problem_from_text
from zanjir.explain.printed.reading import Reading
from zanjir.explain.words import CATALOGS

# A neuron whose numbers are found with math alone below.
X, W, B, T, RATE = 1.5, 0.8, -0.3, 1.0, 0.5
NEURON = f"""
title = "a neuron"
[given]
x = {X}
w = {W}
v = 0.0
b = {B}
t = {T}
[formulas]
net = "w * x + v * x + b"
out = "sigmoid(net)"
loss = "(out - t)**2 / 2"
[update]
rule = "sgd"
learning_rate = {RATE}
parameters = ["w", "b"]
"""
NET = W * X + B
OUT = 1 / (1 + math.exp(-NET))
DELTA = (OUT - T) * OUT * (1 - OUT)


def finding(target, printed, extra="", before=""):
    text = f'{before}\n[[claims]]\ntarget = "{target}"\nprinted = {printed}\n{extra}\n'
    (found,) = audit(claims_from_text(text), problem_from_text(NEURON))
    return found


def truncated(value, digits):
    return f"{math.trunc(value * 10**digits) / 10**digits:.{digits}f}"


def test_the_neurons_numbers_are_such_that_every_slip_differs():
    assert f"{OUT:.6f}" != truncated(OUT, 6)
    assert f"{DELTA:.6f}" != truncated(DELTA, 6)


@pytest.mark.parametrize(
    ("target", "value"),
    [("net", NET), ("out", OUT), ("loss", (OUT - T) ** 2 / 2), ("dL/dw", DELTA * X), ("w new", W - RATE * DELTA * X)],
)
@pytest.mark.parametrize("digits", [3, 5, 9])
def test_a_number_rounded_at_any_digit_is_right(target, value, digits):
    found = finding(target, f"{value:.{digits}f}")
    assert found.verdicts == ("right",)
    assert found.right == pytest.approx(value, rel=1e-12)


def test_digits_cut_off_are_told_from_rounded_ones():
    assert finding("out", truncated(OUT, 6)).verdicts == ("truncated",)
    assert finding("dL/db", truncated(DELTA, 6)).verdicts == ("truncated",)


def test_a_last_digit_off_by_one_is_named_and_off_by_more_is_not():
    assert finding("out", f"{OUT + 1e-7:.7f}").verdicts == ("last_digit",)
    assert finding("out", f"{OUT + 0.01:.7f}").verdicts == ("unexplained",)


def test_a_wrong_sign_is_named():
    assert finding("dL/dw", f"{-DELTA * X:.6f}").verdicts == ("sign",)


def test_an_update_that_goes_the_wrong_way_is_named():
    assert finding("w new", f"{W + RATE * DELTA * X:.6f}").verdicts == ("ascent",)


def test_the_value_of_another_number_of_the_same_sort_is_named():
    found = finding("w new", f"{B - RATE * DELTA:.6f}")
    assert found.verdicts == ("mislabeled",)
    assert found.facts["other"] == "b new"
    assert "is the value of b new" in found.sentence("en")


def test_a_number_that_the_problem_lacks_is_recognized_by_its_value():
    assert finding("u new", f"{B - RATE * DELTA:.6f}").verdicts == ("no_such", "mislabeled")
    assert finding("u new", "0.123456").verdicts == ("no_such", "unexplained")


def test_rounded_values_that_were_carried_on_are_named():
    by_hand = round(OUT, 3) * round(1 - OUT, 3) * round(OUT - T, 3)
    assert f"{by_hand:.6f}" != f"{DELTA:.6f}"
    assert finding("dL/db", f"{by_hand:.6f}").verdicts == ("rounded",)


def test_rounding_moves_a_number_no_farther_than_its_reach():
    """Every intermediate of the homework at both ends of what rounds to its three digits."""
    reading = Reading(problem("homework-1-computed"))
    v = reading.values
    for sides in range(16):
        moved = {}
        for bit, name in enumerate(("out_h1", "out_h2", "out_Y1", "out_Y2")):
            moved[name] = v[name] + (0.0005 if sides >> bit & 1 else -0.0005)
        net = v["w5"] * moved["out_h1"] + v["w7"] * moved["out_h2"] + v["b2"]
        assert abs(net - v["net_Y1"]) <= reading.reach["net_Y1"]
        delta = (moved["out_Y1"] - v["t_Y1"]) * moved["out_Y1"] * (1 - moved["out_Y1"])
        assert abs(delta * moved["out_h1"] - v["dL/dw5"]) <= reading.reach["dL/dw5"]
    assert reading.reach["net_Y1"] < 0.001


VARIANT = "[variants.other]\nw = 0.7"


def test_other_given_numbers_that_give_the_printed_one_are_named():
    out = 1 / (1 + math.exp(-(0.7 * X + B)))
    found = finding("out", f"{out:.6f}", before=VARIANT)
    assert found.verdicts == ("variant",)
    assert "w = 0.7" in found.sentence("en")
    assert finding("dL/db", f"{-(out - T) * out * (1 - out):.6f}", before=VARIANT).verdicts == ("variant", "sign")
    assert finding("out", f"{OUT:.6f}", before=VARIANT).verdicts == ("right",)


def test_another_given_number_is_named_with_what_the_results_fit():
    text = f"""
    [[claims]]
    target = "w"
    printed = 0.7
    [[claims]]
    target = "net"
    printed = {NET:.4f}
    [[claims]]
    target = "out"
    printed = {OUT:.4f}
    """
    first, *_ = audit(claims_from_text(text), problem_from_text(NEURON))
    assert first.verdicts == ("given", "fits")
    assert (first.facts["fits"], first.facts["misfits"], first.facts["count"]) == (2, 0, 2)
    assert finding("w", "0.7").verdicts == ("given",)
    assert finding("w", "0.80").verdicts == ("right",)


def test_a_given_number_with_which_nothing_can_be_computed_is_named():
    text = """
    problem = ""
    [[claims]]
    target = "x"
    printed = -2.0
    [[claims]]
    target = "f"
    printed = 0.69
    """
    first, second = audit(claims_from_text(text), problem_from_text('[given]\nx = 2\n[formulas]\nf = "log(x)"\n'))
    assert (first.verdicts, second.verdicts) == (("given",), ("right",))


def test_an_update_hidden_by_few_digits_is_said_and_right():
    found = finding("b new", "-0.3")
    assert f"{B - RATE * DELTA:.1f}" == "-0.3"
    assert found.verdicts == ("right", "hidden")
    assert found.ok


def test_a_line_that_gives_another_number_is_named():
    found = finding("net", f"{NET:.4f}", 'line = "0.8 * 1.5 + 0.3"')
    assert found.verdicts == ("line",)
    assert found.facts["value"] == "1.5"
    assert finding("net", f"{NET:.4f}", 'line = "8e-1 * 1.5 - 0.3"').ok


@pytest.mark.parametrize(
    ("formula", "verdicts"),
    [
        ("dL/dnet * x", ("right",)),
        ("(out - t) * out * (1 - out) * dnet/dw", ("right",)),
        ("(t - out) * out * (1 - out) * x", ("formula_sign",)),
        ("dL/dnet * w", ("formula",)),
        ("dL/dnet_2 * x", ("reads",)),
    ],
)
def test_a_formula_is_compared_at_the_right_numbers(formula, verdicts):
    assert finding("dL/dw", f"{DELTA * X:.6f}", f'formula = "{formula}"').verdicts == verdicts


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("digits", [4, 12])
def test_nothing_that_is_right_is_accused(name, digits):
    asked = problem(name)
    steps = [step for step in asked.solution().children if step.kind not in {"check", "summary"}]
    text = "".join(f'[[claims]]\ntarget = "{s.target}"\nprinted = {s.value:.{digits}f}\n' for s in steps)
    found = audit(claims_from_text(text), asked)
    assert len(found) == len(steps)
    assert all(each.ok for each in found)


def test_rules_other_than_descent_are_audited_too():
    """Adam's first step moves each number by the rate, against the sign of its derivative."""
    adam = problem_from_text(
        NEURON.replace('"sgd"', '"adam"').replace(f"learning_rate = {RATE}", "learning_rate = 0.1")
    )
    text = '[[claims]]\ntarget = "w new"\nprinted = {}\n'
    up, down = (audit(claims_from_text(text.format(value)), adam)[0] for value in ("0.9", "0.7"))
    assert DELTA * X < 0
    assert (up.verdicts, down.verdicts) == (("right",), ("ascent",))


def test_both_catalogs_have_the_same_keys_and_facts():
    english, persian = CATALOGS["en"], CATALOGS["fa"]
    assert english.keys() == persian.keys()
    for key in english:
        names = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in
                 (english[key], persian[key])]  # fmt: skip
        assert names[0] == names[1], key


def test_every_finding_has_a_sentence_in_both_languages():
    for found in audit(claims("homework-1"), problem("homework-1")):
        said = found.as_json()["sentence"]
        assert said["en"].isascii()
        assert any("\u0600" <= letter <= "\u06ff" for letter in said["fa"])


CLAIM = '[[claims]]\ntarget = "out"\nprinted = 0.71\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("claims = [", "no TOML"),
        ("", "has no claims"),
        (f"claims = 1{5000 * '0'}", "no TOML"),
        (CLAIM + f"[variants.other]\nw = 1{400 * '0'}", "expected a finite number"),
        ("claims = 3", "has no claims"),
        ("claims = [3]", "claim 1 is 3"),
        ('[[claims]]\ntarget = "out"', "claim 1 has neither a printed value nor a formula"),
        ("[[claims]]\nprinted = 3", "claim 1 has no target"),
        ('[[claims]]\ntarget = "out"\nprinted = "0.7"', "printed is '0.7'"),
        ('[[claims]]\ntarget = "out"\nprinted = true', "printed is True"),
        ('[[claims]]\ntarget = "out"\nprinted = inf', "expected a finite number"),
        ('[[claims]]\ntarget = "out"\nprinted = 1e999999', "an exponent of 999,999"),
        ('[[claims]]\ntarget = "out"\nprinted = 0.1234567890123456789', "19 digits"),
        (CLAIM + "place = 3", "place is 3, expected a text"),
        (CLAIM + "valeu = 3", "unknown key in claim 1 'valeu'"),
        ("titel = 3\n" + CLAIM, "Did you mean 'title'?"),
        (CLAIM + "[variants]\nother = 3", "other is 3, expected a table"),
        (CLAIM + '[variants.other]\nw = "a"', "[variants.other]: w is 'a'"),
        (CLAIM + "[variants.other]\nq = 3", "unknown given number 'q'"),
        (CLAIM + 'line = "w * 2"', "reads w; expected numbers only"),
        (CLAIM + 'line = "import os"', "claim 1: the line 'import os' reads import"),
        (CLAIM + 'line = "1 / 0"', "cannot be computed in real numbers"),
        (CLAIM + 'line = "(-8) ** 0.5"', "cannot be computed in real numbers"),
        (CLAIM + 'line = "10.0 ** 400"', "cannot be computed in real numbers"),
        (CLAIM + 'line = "exp(1000)"', "gives inf"),
        (CLAIM + 'line = "2 +"', "claim 1: '2 +' is no formula"),
        (CLAIM + 'formula = "1 +"', "claim 1: '1 +' is no formula"),
        (CLAIM.replace("out", "q") + 'formula = "x + 1"', "'q' is no number of the problem"),
    ],
)
def test_a_bad_file_gets_one_sentence(text, sentence):
    with pytest.raises(ZanjirError) as refused:
        audit(claims_from_text(text), problem_from_text(NEURON))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_too_many_claims_are_refused():
    with pytest.raises(DataError, match="2,001 claims"):
        claims_from_text(CLAIM * 2001)


def test_an_unknown_printed_solution_is_refused_by_name():
    with pytest.raises(ParameterError, match="unknown printed solution 'homework-7'"):
        claims("homework-7")
