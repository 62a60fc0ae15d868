"""The homework of the lectures, number by number, against the table in which it was recomputed apart."""

import pytest

from zanjir.explain import PROBLEMS, problem

# Recomputed without this library, to six digits after the point; the last digit may be rounded either way.
DIGITS = 1e-6
NAMES = (
    "net_h1", "net_h2", "out_h1", "out_h2", "net_Y1", "net_Y2", "out_Y1", "out_Y2", "loss", "dL/dnet_Y1",
    "dL/dnet_Y2", "dL/dnet_h1", "dL/dnet_h2", "dL/dw1", "dL/dw2", "dL/dw3", "dL/dw4", "dL/dw5", "dL/dw6", "dL/dw7",
    "dL/dw8", "dL/db1", "dL/db2", "w1_new", "w2_new", "w3_new", "w4_new", "w5_new", "w6_new", "w7_new", "w8_new",
    "b1_new", "b2_new", "loss_after_1_step",
)  # fmt: skip
COLUMNS = {
    "homework-1-computed": """.382500 .390000 .594476 .596283 1.335932 1.395470 .791820 .801464 .610964
        .128876 .124346 .025917 .031976 .001296 .001599 .002592 .003198 .076614 .073921 .076847 .074145 .057893 .253222
        .149352 .199201 .248704 .298401 .361693 .413040 .461577 .512927 .321054 .673389 .564526""",
    "homework-1": """.382500 .390000 .594476 .596283 1.335932 1.395470 .791820 .801464 .323394
        .128876 -.030000 .009173 .011540 .000459 .000577 .000917 .001154 .076614 -.017834 .076847 -.017888 .020713
        .098876 .149771 .199711 .249541 .299423 .361693 .458917 .461577 .558944 .339643 .750562 .311928""",
    "homework-1-as-typed": """.382500 .390000 .594476 .596283 .856118 .915656 .701849 .714156 .480254
        .144774 .141703 .029333 .032739 .001467 .001637 .002933 .003274 .086065 .084239 .086326 .084495 .062072 .286477
        .149267 .199181 .248533 .298363 .356968 .407880 .406837 .457752 .318964 .206761 .422480""",
    "homework-1-textbook": """.377500 .392500 .593270 .596884 1.105906 1.224921 .751365 .772928 .298371
        .138499 -.038098 .008771 .009954 .000439 .000877 .000498 .000995 .082167 .082668 -.022603 -.022740 .018726
        .100400 .149781 .199561 .249751 .299502 .358916 .408666 .511301 .561370 .340637 .549800 .285751""",
}  # fmt: skip
AFTER_1000 = {
    "homework-1-computed": 1.319083e-04, "homework-1": 3.466813e-04, "homework-1-as-typed": 1.350269e-04,
    "homework-1-textbook": 3.460750e-04,
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_row_94_every_intermediate_is_that_of_the_table(name):
    tree = problem(name).solution()
    expected = [float(number) for number in COLUMNS[name].split()]
    for target, value in zip(NAMES, expected, strict=True):
        said = target.replace("_new", " new").replace("_after_1_step", " after 1 step")
        assert tree.value_of(said) == pytest.approx(value, abs=DIGITS), said


@pytest.mark.parametrize("name", AFTER_1000)
def test_row_94_a_thousand_steps_end_where_the_table_says(name):
    from dataclasses import replace

    again = replace(problem(name), n_steps=1000)
    assert again.solution().value_of("loss after 1,000 steps") == pytest.approx(AFTER_1000[name], rel=1e-6)


def test_row_94_a_bias_per_neuron_is_updated_by_its_own_delta():
    from dataclasses import replace

    shared = problem("homework-1-computed")
    given = {name: value for name, value in shared.given.items() if name[0] != "b"}
    given |= {"b_h1": 0.35, "b_h2": 0.35, "b_Y1": 0.80, "b_Y2": 0.80}
    formulas = {
        name: formula.replace("b1", f"b_{name[4:]}").replace("b2", f"b_{name[4:]}")
        for name, formula in shared.formulas.items()
    }
    parameters = tuple(name for name in given if name[0] in "wb")
    tree = replace(shared, given=given, formulas=formulas, parameters=parameters, lines={}).solution()
    expected = {"b_h1 new": 0.337042, "b_h2 new": 0.334012, "b_Y1 new": 0.735562, "b_Y2 new": 0.737827}
    assert {name: tree.value_of(name) for name in expected} == pytest.approx(expected, abs=DIGITS)


def test_row_96_the_numbers_of_homework_2():
    tree = problem("homework-2").solution()
    expected = {
        "z1_1": 0.5, "z1_2": 1.1, "a1_1": 0.622459, "a1_2": 0.750260, "z2_1": 0.761386, "z2_2": 1.035930,
        "a2_1": 0.681655, "a2_2": 0.738064, "f": -0.124575, "df/dz2_1": 0.195301, "df/dz2_2": -0.193326,
        "df/dz1_1": -0.008854, "df/dz1_2": -0.007023, "df/dw1_11": -0.008854, "df/dw1_12": -0.017709,
        "df/dw1_21": -0.007023, "df/dw1_22": -0.014045, "df/dw2_11": 0.121567, "df/dw2_12": 0.146527,
        "df/dw2_21": -0.120337, "df/dw2_22": -0.145044,
    }  # fmt: skip
    assert {name: tree.value_of(name) for name in expected} == pytest.approx(expected, abs=DIGITS)


def test_the_neuron_of_the_slides_gate_by_gate():
    tree = problem("linear-sigmoid").solution()
    expected = {
        "s3": 1.0, "f": 0.731059, "df/ds3": 0.196612, "df/dw0": -0.196612, "df/dx0": 0.393224, "df/dw1": -0.393224,
        "df/dx1": -0.589836, "df/dw2": 0.196612,
    }  # fmt: skip
    assert {name: tree.value_of(name) for name in expected} == pytest.approx(expected, abs=DIGITS)


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_derivative_of_every_problem_agrees_with_differences(name):
    tree = problem(name).solution()
    checks = tree.every("check")
    losses = [step for step in tree.every("backward") if not step.paths]
    assert len(checks) == len(tree.every("backward")) - len(losses)  # all but a loss's own
    # Where the notes ask what a small change does, scores stand at the kink of the hinge loss.
    kinks = {f"dL_hinge/ds_{place}" for place in ("3_1", "3_2", "3_3", "5_1", "5_3")}
    assert {step.target for step in checks if not step.ok} == (kinks if name == "score-changes" else set())
    assert all(step.ok is not False for step in checks)
