"""Row 98: every question of the slides, its answer computed, and each number recomputed here."""

import json
import math
import re

import mpmath
import numpy as np
import pytest

from zanjir.explain import QUESTION_FORMS, questions, questions_as
from zanjir.explain.words import CATALOGS

# The table of recomputed numbers has six digits after the point, or seven digits.
TABLE = 1e-6
# Both sides are float64 or more; sums of some terms.
CLOSE = 1e-12
ASKED = {
    "S0-13", "S1-16", "S1-19", "S2-28", "S3-10", "S3-11", "S3-12", "S3-13", "S3-14", "S3-16", "S3-20", "S3-21",
    "S3-23",
}  # fmt: skip
IMAGES = ((3.2, 5.1, -1.7), (1.3, 4.9, 2.0), (2.2, 2.5, -3.1))


def margins(scores, y, margin=1.0):
    return [max(0.0, s - scores[y] + margin) for j, s in enumerate(scores) if j != y]


def softmax_loss(scores, y):
    with mpmath.workdps(60):
        exact = [mpmath.mpf(s) for s in scores]
        return float(mpmath.log(sum(map(mpmath.exp, exact))) - exact[y])


def images(loss, scale=1):
    return [loss([scale * s for s in scores], y) for y, scores in enumerate(IMAGES)]


def hinges(scale=1):
    return images(lambda scores, y: sum(margins(scores, y)), scale)


def mean(numbers):
    return sum(numbers) / len(numbers)


def witness_of_regression():
    y = np.array([20.0, 22.0, 27.0])

    def density(forecast):
        return sum(-float(mpmath.log(mpmath.npdf(value, forecast))) for value in y)

    near, far = (float(((y - forecast) ** 2).mean()) for forecast in (23.0, 24.0))
    return {"constant": -float(mpmath.log(mpmath.npdf(0))), "near": near, "far": far, "near_nll": density(23),
            "far_nll": density(24), "difference": density(24) - density(23)}  # fmt: skip


def witness_of_changes():
    found = {}
    for name, scores in (("a", (10, -2, 3)), ("b", (10, 9, 9)), ("c", (10, -100, -100))):
        for ending, moved in (("", scores), ("_low", (9.9, *scores[1:]))):
            found |= {f"{name}{ending}_hinge": sum(margins(moved, 0)), f"{name}{ending}": softmax_loss(moved, 0)}
    return found | {"b_high_hinge": sum(margins((10, 9.1, 9), 0)), "b_high": softmax_loss((10, 9.1, 9), 0)}


P = [math.exp(-loss) for loss in images(softmax_loss)]
SQUARES = images(lambda scores, y: sum(m**2 for m in margins(scores, y)))
WITNESSES = {
    "softmax-range": {
        "least": 0.0, "most": math.inf, "high": softmax_loss((10, 0, 0), 0), "low": softmax_loss((-10, 0, 0), 0),
    },
    "compare-outputs": {
        "cat": P[0], "car": P[1], "frog": P[2], "product": math.prod(P), "mean": mean(images(softmax_loss)),
    },
    "loss-of-regression": witness_of_regression(),
    "shapes-that-differ": {
        "product": (np.ones((128, 784)) @ np.ones((784, 512))).shape,
        "total": (np.ones((128, 512)) + np.ones((1, 512))).shape, "slope": (1, 512),
        "stored": np.ones((1, 512)).size, "additions": np.ones((128, 512)).size,
    },
    "hinge-over-all-classes": {
        "more": 1.0, "mean": mean(hinges()) + 1, "mean_before": mean(hinges()),
        **dict(zip(("cat", "car", "frog"), (h + 1 for h in hinges()), strict=True)),
        **dict(zip(("cat_before", "car_before", "frog_before"), hinges(), strict=True)),
    },
    "hinge-as-mean": {
        "mean": mean(hinges()) / 2, "mean_3": mean(hinges()) / 3,
        **dict(zip(("cat", "car", "frog"), (h / 2 for h in hinges()), strict=True)),
        **dict(zip(("cat_3", "car_3", "frog_3"), (h / 3 for h in hinges()), strict=True)),
    },
    "squared-hinge": {
        "cat": SQUARES[0], "car": SQUARES[1], "frog": SQUARES[2], "mean": mean(SQUARES), "first": 6.3**2,
        "second": 6.6**2, "share": SQUARES[2] / sum(SQUARES),
    },
    "hinge-range": {"least": 0.0, "most": math.inf, "at_margin": 0.0, "low": sum(margins((-10, 0, 0), 0))},
    "first-hinge-loss": {
        "three": sum(margins((0, 0, 0), 0)), "ten": sum(margins((0,) * 10, 0)),
        "squared": sum(m**2 for m in margins((0, 0, 0), 0)),
    },
    "is-w-unique": {
        "before_cat": 1.3 - 4.9 + 1, "before_frog": 2.0 - 4.9 + 1, "after_cat": 2.6 - 9.8 + 1,
        "after_frog": 4.0 - 9.8 + 1, "before": hinges()[1], "after": hinges(2)[1], "cat": hinges()[0],
        "cat_doubled": hinges(2)[0], "frog": hinges()[2], "frog_doubled": hinges(2)[2],
        "softmax": images(softmax_loss)[1], "softmax_doubled": images(softmax_loss, 2)[1],
    },
    "first-softmax-loss": {"three": softmax_loss((0,) * 3, 0), "ten": softmax_loss((0,) * 10, 0)},
    "a-score-changes": witness_of_changes(),
}  # fmt: skip


@pytest.fixture(scope="module")
def of():
    return {question.id: question for question in questions()}


def test_row_98_every_question_of_the_slides_is_answered(of):
    assert {place for question in of.values() for place in question.asked} >= ASKED
    assert of.keys() == WITNESSES.keys()


@pytest.mark.parametrize("name", WITNESSES)
def test_row_98_every_number_of_an_answer_has_a_witness(of, name):
    found = of[name].numbers
    assert found.keys() == WITNESSES[name].keys()
    for key, expected in WITNESSES[name].items():
        same = (
            found[key] == expected if isinstance(expected, tuple) else math.isclose(found[key], expected, rel_tol=CLOSE)
        )
        assert same, key


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first-softmax-loss", {"three": 1.098612, "ten": 2.302585}),  # N6
        ("hinge-over-all-classes", {"cat": 3.9, "car": 1.0, "frog": 13.9, "mean": 6.266667}),  # N11
        ("hinge-as-mean", {"cat": 1.45, "car": 0, "frog": 6.45, "mean": 2.633333, "cat_3": 0.966667, "car_3": 0,
                           "frog_3": 4.3, "mean_3": 1.755556}),  # N12
        ("squared-hinge", {"cat": 8.41, "car": 0, "frog": 83.25, "mean": 30.553333, "first": 39.69,
                           "second": 43.56}),  # N13
        ("hinge-range", {"least": 0, "most": math.inf}),  # N14
        ("softmax-range", {"least": 0, "most": math.inf}),  # N5
        ("first-hinge-loss", {"three": 2, "ten": 9, "squared": 2}),  # N15
        ("is-w-unique", {"after_cat": -6.2, "after_frog": -4.8, "after": 0, "cat_doubled": 4.8, "frog_doubled": 23.8,
                         "softmax": 0.079132, "softmax_doubled": 0.003767}),  # N17
        ("a-score-changes", {"a_hinge": 0, "a": 9.176050e-04, "a_low_hinge": 0, "a_low": 1.014061e-03, "b_hinge": 0,
                             "b": 0.551445, "b_low_hinge": 0.2, "b_low": 0.595060, "b_high_hinge": 0.1,
                             "b_high": 0.573490, "c_hinge": 0}),  # N28 to N30
    ],
)  # fmt: skip
def test_row_98_the_numbers_are_those_of_the_table(of, name, expected):
    assert {key: of[name].numbers[key] for key in expected} == pytest.approx(expected, abs=TABLE)


def test_row_98_n30_a_loss_far_below_the_rounding_of_1_is_not_0(of):
    assert of["a-score-changes"].numbers["c"] == pytest.approx(3.377824e-48, rel=TABLE)


@pytest.mark.parametrize("name", WITNESSES)
def test_row_98_an_answer_shows_all_its_numbers_and_says_the_same_in_both_languages(of, name):
    question = of[name]
    for language in CATALOGS:
        named = set(re.findall(r"\{(\w+)\}", question.answer[language]))
        assert named == question.numbers.keys()
        assert question.where[language]
        assert question.question[language].endswith("?" if language == "en" else "؟")
    assert question.answer["en"].isascii()
    assert any("\u0600" <= letter <= "\u06ff" for letter in question.answer["fa"])


@pytest.mark.parametrize("form", QUESTION_FORMS)
@pytest.mark.parametrize("language", CATALOGS)
def test_row_98_the_answers_are_written_in_every_form(form, language):
    text = questions_as(form, language=language)
    for shown in ("6.26667", "2.63333", "30.5533", "23.8", "1.09861", "3.37782e-48"):
        assert shown in text
    if form == "json":
        answers = {entry["id"]: entry for entry in json.loads(text)}
        assert answers["hinge-range"]["numbers"]["most"] == "inf"
        assert answers["hinge-over-all-classes"]["numbers"]["mean"] == pytest.approx(6.266667, abs=TABLE)
    if form == "html":
        assert f'dir="{"rtl" if language == "fa" else "ltr"}"' in text
