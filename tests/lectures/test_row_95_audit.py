"""Row 95: the audit of homework 1's printed solution finds every discrepancy, by its number in the table."""

import pytest

from zanjir.explain import audit, claims, problem

COMPUTED = "homework-1-computed"


@pytest.fixture(scope="module")
def found():
    return audit(claims("homework-1"), problem(COMPUTED))


def at(found, place, target, index=0):
    return [each for each in found if each.claim.place.split(",")[0] == place and each.claim.target == target][index]


# What the table of the recomputed homework says of each number.
DISCREPANCIES = [
    ("N79", "net_h1", ("right",)),
    ("N80", "out_h1", ("right",)),
    ("N81", "net_h2", ("right",)),
    ("N82", "out_h2", ("right",)),
    ("N83", "net_Y1", ("rounded", "line")),
    ("N83", "w7", ("given", "fits")),
    ("N83", "b2", ("given", "fits")),
    ("N84", "out_Y1", ("truncated",)),
    ("N85", "net_Y2", ("rounded", "line")),
    ("N85", "w8", ("given", "fits")),
    ("N85", "b2", ("given", "fits")),
    ("N86", "out_Y2", ("last_digit",)),
    ("N87", "t_Y2", ("given", "fits")),
    ("N88", "loss", ("rounded", "line")),
    ("N89", "dL/dout_Y1", ("formula_sign",)),
    ("N90", "dL/dw5", ("sign", "line")),
    ("N91", "dL/dw5", ("sign",)),
    ("N93", "dL/dw6", ("sign",)),
    ("N94", "dL/dw8", ("sign", "last_digit")),
    ("N95", "dL/db2", ("sign", "rounded", "formula")),
    ("N96", "w7 new", ("mislabeled", "ascent", "line")),
    ("N97", "w6 new", ("mislabeled", "ascent", "line")),
    ("N98", "w8 new", ("mislabeled", "ascent", "line")),
    ("N99", "w9 new", ("no_such", "mislabeled", "ascent")),
    ("N100", "b2", ("right",)),
    ("N100", "b2 new", ("ascent", "last_digit")),
    ("N101", "dL/dw1", ("reads",)),
    ("N102", "dL/dnet_h1", ("formula",)),
    ("N103", "dL/dw1", ("sign", "truncated")),
    ("N104", "dL/dw3", ("sign",)),
    ("N105", "dL/dw2", ("sign", "rounded", "formula")),
    ("N106", "dL/dw4", ("sign", "last_digit", "formula")),
    ("N107", "dL/db1", ("sign", "last_digit", "reads", "index")),
    ("N108", "w1 new", ("right", "hidden")),
    ("N108", "w4 new", ("mislabeled", "hidden")),
    ("N108", "w7 new", ("mislabeled", "hidden")),
    ("N108", "w8 new", ("mislabeled", "hidden")),
    ("N109", "b1 new", ("ascent", "truncated", "line")),
]


@pytest.mark.parametrize(("place", "target", "verdicts"), DISCREPANCIES)
def test_row_95_every_printed_number_gets_its_verdict(found, place, target, verdicts):
    assert at(found, place, target).verdicts == verdicts


def test_row_95_n92_the_sign_differs_between_two_places(found):
    assert at(found, "N92", "dL/dw7", 0).verdicts == ("last_digit",)
    assert at(found, "N92", "dL/dw7", 1).verdicts == ("sign", "last_digit")


# What the printed lines really give, found by hand for the table.
@pytest.mark.parametrize(
    ("place", "target", "value"),
    [
        ("N83", "net_Y1", "0.8558"), ("N85", "net_Y2", "0.9153"), ("N88", "loss", "0.610743"),
        ("N90", "dL/dw5", "0.000776758"), ("N96", "w7 new", "0.43845"), ("N97", "w6 new", "0.537"),
        ("N98", "w8 new", "0.5871"), ("N109", "b1 new", "0.321"),
    ],
)  # fmt: skip
def test_row_95_a_line_that_contradicts_itself_is_computed(found, place, target, value):
    assert at(found, place, target).facts["value"] == value


@pytest.mark.parametrize(
    ("place", "target", "other"),
    [
        ("N96", "w7 new", "w5 new"), ("N97", "w6 new", "w7 new"), ("N98", "w8 new", "w6 new"),
        ("N99", "w9 new", "w8 new"), ("N108", "w4 new", "w3 new"), ("N108", "w7 new", "w2 new"),
        ("N108", "w8 new", "w4 new"),
    ],
)  # fmt: skip
def test_row_95_a_mislabeled_weight_is_named(found, place, target, other):
    assert at(found, place, target).facts["other"] == other


# How many of the nineteen magnitudes fit each reading, as counted without this library.
@pytest.mark.parametrize(("place", "target", "misfits"), [("N83", "b2", 4), ("N87", "t_Y2", 10)])
def test_row_95_the_printed_numbers_decide_between_two_given_numbers(found, place, target, misfits):
    facts = at(found, place, target).facts
    assert (facts["fits"], facts["count"], facts["misfits"]) == (19, 19, misfits)


def test_row_95_the_sign_of_every_derivative_is_wrong(found):
    derivatives = {each.claim.target for each in found if "sign" in each.verdicts}
    assert derivatives == {f"dL/d{name}" for name in ("w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "b1", "b2")}


def test_row_95_every_update_whose_digits_show_it_ascends(found):
    shown = [each for each in found if each.claim.target.endswith(" new") and "hidden" not in each.verdicts]
    assert len(shown) == 6
    assert all("ascent" in each.verdicts for each in shown)


def test_row_95_against_the_statement_the_second_target_explains_what_differs():
    stated = audit(claims("homework-1"), problem("homework-1"))
    for place, target in [("N88", "loss"), ("N93", "dL/dw6"), ("N94", "dL/dw8"), ("N95", "dL/db2"), ("N98", "w8 new"),
                          ("N103", "dL/dw1"), ("N104", "dL/dw3"), ("N105", "dL/dw2"), ("N106", "dL/dw4"),
                          ("N107", "dL/db1"), ("N100", "b2 new")]:  # fmt: skip
        each = at(stated, place, target)
        assert "variant" in each.verdicts, place
        assert each.facts["changes"] == "t_Y2 = 0.02"
    for place, target in [("N84", "out_Y1"), ("N91", "dL/dw5"), ("N96", "w7 new")]:
        assert "variant" not in at(stated, place, target).verdicts


def test_row_95_no_claim_is_left_unexplained(found):
    assert [each.claim for each in found if "unexplained" in each.verdicts] == []
    places = {each.claim.place.split(",")[0] for each in found}
    assert places == {f"N{number}" for number in range(79, 110)}
