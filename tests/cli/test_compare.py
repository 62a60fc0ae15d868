"""``zanjir compare``: every classifier of the lectures on one split, as a table, a file and a picture."""

import csv

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import balanced_accuracy_score

from data.tables import cancer, diabetes, wine, write
from zanjir.cli.compare import LONGER
from zanjir.data import load, split_indices
from zanjir.models import KNeighborsRegressor, MLPClassifier, SoftmaxClassifier
from zanjir.models.comparison import Candidate, candidates, compare, lecture_models, short
from zanjir.plots.comparison import comparison
from zanjir.training import divide

ONLY = ("--only", "softmax", "--only", "knn-1")
KEYS = [
    "name", "measure", "train", "validation", "test", "balanced_accuracy", "fit_seconds", "predict_seconds",
    "parameters", "note",
]  # fmt: skip
HEADS = ["train", "test", "balanced", "fit s", "predict s", "parameters"]


def by_name(found):
    return {row["name"]: row for row in found["models"]}


# what is compared


def test_all_of_the_lectures_are_compared():
    assert list(candidates()) == [
        "guessing", "knn-1", "knn-5", "one-vs-rest", "softmax", "svm-hinge", "svm-squared-hinge", "network",
        "network-20", "network-20-cg",
    ]  # fmt: skip
    assert "least-squares" in candidates(classification=False)
    assert list(lecture_models()) == [
        "linear", "knn-1", "knn-5", "network-3", "network-6", "network-20", "lambda-0.001", "lambda-0.01", "lambda-0.1",
    ]  # fmt: skip


@pytest.mark.parametrize("group", [candidates(), candidates(classification=False), lecture_models()], ids=len)
def test_every_candidate_can_be_made_and_takes_the_seed(group):
    for candidate in group.values():
        model = candidate(7)
        assert model.get_params().get("random_state", 7) == 7
        assert {**model.get_params(), **candidate.settings} == model.get_params()


def test_a_candidate_has_its_settings():
    model = Candidate("MLPClassifier", {"hidden_layer_sizes": (3,)})(5)
    assert isinstance(model, MLPClassifier)
    assert (model.hidden_layer_sizes, model.random_state) == ((3,), 5)


def test_the_comparison_is_what_the_estimator_says_on_the_same_split():
    data = load("digits")
    train, test = split_indices(data.y, 0.25, seed=3)
    model = SoftmaxClassifier(random_state=3).fit(data.X[train] / np.float32(16), data.y[train])
    (row,) = compare(divide(data, test_share=0.25, validation_share=0, seed=3), ["softmax"], seed=3)
    assert row.train == model.score(data.X[train] / np.float32(16), data.y[train])
    assert row.test == model.score(data.X[test] / np.float32(16), data.y[test])
    assert row.balanced_accuracy == balanced_accuracy_score(data.y[test], model.predict(data.X[test] / np.float32(16)))
    assert row.validation is None
    assert row.parameters == 65 * 10
    assert row.fit_seconds > row.predict_seconds > 0


def test_the_numbers_of_a_network_are_counted():
    (row,) = compare(divide(load("moons"), validation_share=0.2), ["network-20"])
    assert row.parameters == 3 * 20 + 21 * 2
    assert 0.5 < row.validation <= 1


def test_nearest_neighbors_have_no_parameters():
    (row,) = compare(divide(load("moons"), validation_share=0), ["knn-1"])
    assert (row.train, row.parameters) == (1.0, None)


def test_what_a_model_warns_of_is_a_note(monkeypatch):
    monkeypatch.setitem(candidates(), "short", Candidate("MLPClassifier", {"max_iter": 1}))
    (row,) = compare(divide(load("moons"), validation_share=0), ["short"])
    assert row.note.startswith("max_iter=1 iterations were not enough")
    assert short("a b. C d.") == "a b"


def test_guessing_is_the_most_frequent_class_or_the_mean():
    moons = load("moons", n_samples=100)
    parts = divide(moons.take([*np.flatnonzero(moons.y == 0)[:20], *np.flatnonzero(moons.y == 1)]))
    (row,) = compare(parts, ["guessing"])
    assert row.test == np.mean(parts.test.y == 1) > 0.5
    assert (row.balanced_accuracy, row.parameters) == (0.5, None)
    parts = divide(load("line", n_samples=60))
    (row,) = compare(parts, ["guessing"])
    left, total = (np.sum((parts.test.y - mean) ** 2) for mean in (parts.train.y.mean(), parts.test.y.mean()))
    assert row.test == pytest.approx(1 - left / total)
    assert row.balanced_accuracy is None


def test_a_figure_has_the_models_and_says_what_guessing_reaches():
    rows = list(compare(divide(load("moons", n_samples=80)), ["guessing", "knn-1"]))
    scores, _ = comparison(rows).axes
    assert [text.get_text() for text in scores.get_yticklabels()] == ["knn-1"]
    assert scores.get_xlabel() == f"accuracy (test by guessing: {rows[0].test:.4f})"
    assert [text.get_text() for text in comparison(rows[:1]).axes[0].get_yticklabels()] == ["guessing"]


# the command


def test_json_has_every_number(call):
    found = call("compare", "moons", *ONLY, "--validation", 0.2, "--samples", 200, "--seed", 1, "--json").json
    assert (found["data"], found["seed"], found["out"]) == ("moons", 1, [])
    assert [found[f"{part}_samples"] for part in ("train", "validation", "test")] == [120, 30, 50]
    assert [list(row) for row in found["models"]] == [KEYS, KEYS]
    assert [row["name"] for row in found["models"]] == ["softmax", "knn-1"]
    assert by_name(found)["knn-1"]["train"] == 1
    again = call("compare", "moons", *ONLY, "--validation", 0.2, "--samples", 200, "--seed", 1, "--json").json
    for row, other in zip(found["models"], again["models"], strict=True):
        assert [row[key] for key in ("train", "validation", "test")] == [
            other[key] for key in ("train", "validation", "test")
        ]


def test_the_table_has_a_line_per_model(call):
    lines = call("compare", "moons", *ONLY, "--samples", 100).out.splitlines()
    assert lines[0] == "moons: 75 samples to learn from, 25 for the test; accuracy"
    assert lines[2].split("  ")[0] == "model"
    assert [line.split()[0] for line in lines[3:5]] == ["softmax", "knn-1"]
    assert lines[4].split()[-1] == "-"
    assert len({len(line) for line in lines[2:5]}) == 1


def test_a_folder_gets_tables_and_pictures(call, workplace):
    found = call("compare", "circles", *ONLY, "--samples", 100, "--out", "new/folder", "--json").json
    names = ["comparison.csv", "comparison.md", "comparison.png", "boundaries.png"]
    assert found["out"] == [f"new/folder/{name}" for name in names]
    assert sorted(path.name for path in (workplace / "new" / "folder").iterdir()) == sorted(names)
    with (workplace / "new/folder/comparison.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == KEYS
    assert [float(row[2]) for row in rows] == [row["train"] for row in found["models"]]
    text = (workplace / "new/folder/comparison.md").read_text(encoding="utf-8")
    assert text.startswith("# circles\n\n75 samples to learn from, 25 for the test; accuracy, times in seconds.\n")
    assert "| model | " + " | ".join(HEADS) + " |\n|---|" in text
    assert f"| knn-1 | 1.0000 | {by_name(found)['knn-1']['test']:.4f} |" in text


def test_digits_have_no_boundary(call, workplace):
    call("compare", "digits", *ONLY, "--samples", 200, "--out", "folder")
    assert sorted(path.name for path in (workplace / "folder").iterdir()) == [
        "comparison.csv", "comparison.md", "comparison.png"
    ]  # fmt: skip


def test_regression_is_measured_by_r_squared(call, workplace):
    found = call("compare", "regression_plane", "--samples", 100, "--only", "least-squares", "--json").json
    assert found["models"][0]["measure"] == "R²"
    assert found["models"][0]["test"] == pytest.approx(1, abs=1e-6)  # y is a plane
    assert found["models"][0]["parameters"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["moons", "--only", "svm"], "unknown model 'svm'; expected guessing, knn-1, knn-5, one-vs-rest"),
        (
            ["regression_plane", "--only", "softmax"],
            "unknown model 'softmax'; expected guessing, knn-1, knn-5",
        ),
        (["moon"], "unknown data set 'moon'"),
        (["moons", "--test-share", "1"], "'--test-share'"),
        (["moons", "--samples", "3"], "cannot be in both parts"),
        (["moons", "--target", "y"], "moons is no table, and its target is known"),
        (["moons", "--task", "regression"], "--task is for a table; give its --target too."),
        (["no.csv", "--target", "y"], "there is no file no.csv"),
    ],
)
def test_what_cannot_be_compared(arguments, said, call, workplace):
    assert said in call("compare", *arguments).sentence
    assert list(workplace.iterdir()) == []


def test_the_folder_may_be_a_file(call, workplace):
    (workplace / "file").touch()
    sentence = call("compare", "moons", *ONLY, "--out", "file").sentence
    assert sentence == "zanjir: cannot make the folder file: File exists; choose another --out."


def test_all_models_are_compared_unless_some_are_chosen(call):
    found = call("compare", "moons", "--samples", 80, "--json").json
    assert list(by_name(found)) == list(candidates())
    assert all(0.5 <= row["test"] <= 1 and row["fit_seconds"] > 0 for row in found["models"])
    found = call("compare", "regression_plane", "--samples", 80, "--json").json
    assert list(by_name(found)) == list(candidates(classification=False))


def test_a_note_stands_once_for_all_that_have_it(call, monkeypatch):
    for name in ("a", "b"):
        monkeypatch.setitem(candidates(), name, Candidate("MLPClassifier", {"max_iter": 1}))
    lines = call("compare", "moons", "--samples", 80, "--only", "a", "--only", "knn-1", "--only", "b").out.splitlines()
    assert [line for line in lines if "not enough" in line] == [
        "a, b: max_iter=1 iterations were not enough: the loss still fell by more than tol=0.0001 in 10 epochs."
    ]
    assert lines[-1] == LONGER
    assert LONGER not in call("compare", "moons", "--samples", 80, "--only", "knn-1").out


# tables


def test_classes_of_a_table_are_compared(call, workplace):
    write(workplace / "wine.csv", wine())
    options = ("wine.csv", "--target", "cultivar", "--column", "ash=leave-out", *ONLY, "--only", "guessing")
    found = call("compare", *options, "--json").json
    assert (found["target"], found["task"], found["left_out"]["ash"]) == ("cultivar", "classification", "as was asked")
    assert found["train_samples"] + found["test_samples"] == 178
    rows = by_name(found)
    assert rows["softmax"]["test"] > 0.9  # five seeds reach 0.93 to 1
    assert rows["guessing"]["balanced_accuracy"] == pytest.approx(1 / 3)
    lines = call("compare", *options, "--out", "folder").out.splitlines()
    assert lines[0].startswith("target 'cultivar': 3 classes")
    assert "left out 'id': every text is another one, as of an identifier" in lines
    text = (workplace / "folder" / "comparison.md").read_text(encoding="utf-8")
    assert "\n- target 'cultivar': 3 classes" in text


def test_numbers_of_a_table_are_compared_standardized(call, workplace):
    write(workplace / "d.csv", diabetes())
    found = call("compare", "d.csv", "--target", "progression", "--only", "knn-5", "--json").json
    parts = divide(load("d.csv", target="progression"), test_share=0.25, validation_share=0)
    model = KNeighborsRegressor(5).fit(parts.train.X, parts.train.y)
    # R2 has no unit; the two means of neighbors are rounded differently.
    assert by_name(found)["knn-5"]["test"] == pytest.approx(model.score(parts.test.X, parts.test.y), abs=1e-9)
    names, rows = diabetes()
    write(workplace / "d.csv", (names, [[*row[:-1], 1000 * row[-1]] for row in rows]))
    found = call("compare", "d.csv", "--target", "progression", "--only", "network-20", "--json").json
    assert by_name(found)["network-20"]["train"] > 0.5  # below 0 in thousands: steps of 0.001 do not come that far


def test_a_table_may_be_asked_for_numbers(call, workplace):
    write(workplace / "c.csv", cancer())
    found = call("compare", "c.csv", "--target", "benign", "--task", "regression", "--only", "knn-1", "--json").json
    assert found["models"][0]["measure"] == "R²"


def test_two_features_of_a_table_have_a_boundary(call, workplace, monkeypatch):
    seen = []

    def drawn(models, X, y, **how):
        seen.append((how["class_names"], how["feature_names"], X.mean(axis=0)))
        return (Figure(), {})

    monkeypatch.setattr("zanjir.plots.boundaries", drawn)
    rows = [[i % 7, 100 * (i % 5), "uv"[i % 7 > 3]] for i in range(40)]
    write(workplace / "t.csv", (["a", "cost $", "kind"], rows))
    call("compare", "t.csv", "--target", "kind", *ONLY, "--out", "folder")
    ((classes, features, means),) = seen
    assert (classes, features) == (("u", "v"), ("a (standardized)", r"cost \$ (standardized)"))
    assert means == pytest.approx([0, 0], abs=1e-12)


def test_a_table_needs_its_target(call, workplace):
    write(workplace / "wine.csv", wine())
    assert "say with --target which column is predicted: id, alcohol" in call("compare", "wine.csv").sentence
