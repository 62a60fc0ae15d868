"""``zanjir plot`` of tables: two columns of numbers in the plane, and runs that were trained on a table."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from data.tables import diabetes, wine, write
from zanjir.data import read_table
from zanjir.models.comparison import lecture_models
from zanjir.plots import decision_grid
from zanjir.training import load_model

QUICK = ("--hidden", "none", "--epochs", 5, "--no-pictures", "--quiet")
SMALL = ("--resolution", 20)
TWO = ("--target", "cultivar", "--columns", "alcohol,proline")


@pytest.fixture
def wine_csv(workplace):
    return write(workplace / "wine.csv", wine())


@pytest.fixture
def wine_run(wine_csv, call):
    assert call("train", "wine.csv", "--target", "cultivar", *QUICK, "--out", "run").code == 0
    return "run"


@pytest.fixture
def plane_run(wine_csv, call):
    """A run that knows two columns alone."""
    names = [name for name in wine()[0] if name not in ("alcohol", "proline", "cultivar")]
    others = [word for name in names for word in ("--column", f"{name}=leave-out")]
    assert call("train", "wine.csv", "--target", "cultivar", *others, *QUICK, "--out", "plane").code == 0
    return "plane"


def complete():
    """Both columns with their classes, where neither has a hole."""
    names, rows = wine()
    i, j = names.index("alcohol"), names.index("proline")
    kept = [(row[i], row[j], row[-1]) for row in rows if row[i] and row[j]]
    X = np.array([row[:2] for row in kept], float)
    return X, np.array([row[2] for row in kept]), len(rows) - len(kept)


# boundaries


def test_a_boundary_is_drawn_in_the_units_of_the_columns(wine_csv, call, monkeypatch):
    seen = {}

    def drawn(models, X, y, **how):
        from zanjir.plots.boundary import boundaries

        seen.update(X=X, y=y, **how)
        return boundaries(models, X, y, **how)

    monkeypatch.setattr("zanjir.plots.boundaries", drawn)
    found = call("plot", "boundary", "wine.csv", *TWO, "--only", "lambda-0.1", *SMALL, "--json").json
    X, y, n_holes = complete()
    assert (found["columns"], found["rows_dropped"]) == (["alcohol", "proline"], n_holes)
    assert np.array_equal(seen["X"], X)
    assert (np.array(seen["class_names"])[seen["y"]] == y).all()
    assert seen["feature_names"] == ("alcohol", "proline")
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    # A penalty tells whether the inputs were standardized: it is worth more in a larger unit.
    accuracy = lecture_models()["lambda-0.1"](0).fit(scaled, y).score(scaled, y)
    assert found["models"]["lambda-0.1"]["train_accuracy"] == pytest.approx(accuracy)
    assert sum(found["models"]["lambda-0.1"]["pixels"].values()) == 20 * 20


def test_the_boundary_of_a_run_is_that_of_its_model(plane_run, call):
    found = call("plot", "boundary", "wine.csv", "--run", plane_run, *SMALL, "--json").json
    assert found["columns"] == ["alcohol", "proline"]
    model = load_model("plane/model.safetensors")
    X, y, _ = complete()

    class Standardized:
        """The model on features made by hand: no value is missing in the plane."""

        def predict(self, X):
            first, second = model.columns.columns
            columns = []
            for x, column in zip(X.T, (first, second), strict=True):
                columns += [(x - column.mean) / column.scale, *([np.zeros(len(x))] if column.holes else [])]
            return model.predict(np.column_stack(columns))

    labels = np.array([model.classes.index(name) for name in y])
    grid = decision_grid(Standardized(), X, labels, resolution=20)
    facts = found["models"]["plane"]
    assert list(facts["pixels"].values()) == grid.counts.tolist()
    assert facts["train_accuracy"] == np.mean(Standardized().predict(X) == labels)


def test_columns_of_a_run_may_be_named_in_another_order(plane_run, call):
    found = call("plot", "boundary", "wine.csv", "--run", plane_run, "--columns", "proline,alcohol", *SMALL, "--json")
    assert found.code == 0, found.err
    assert found.json["columns"] == ["proline", "alcohol"]
    usual = call("plot", "boundary", "wine.csv", "--run", plane_run, *SMALL, "--json").json
    for facts, other in zip(found.json["models"].values(), usual["models"].values(), strict=True):
        assert facts == other


def test_columns_may_be_left_out_where_two_hold_numbers(call, workplace):
    rows = [[i % 7, i % 5, "xy"[i % 2], "uv"[i % 7 > 3]] for i in range(40)]
    write(workplace / "t.csv", (["a", "price $", "c", "kind"], rows))
    options = ("t.csv", "--target", "kind", "--only", "linear", "--samples", 30, *SMALL)
    found = call("plot", "boundary", *options, "--json").json
    assert found["columns"] == ["a", "price $"]
    assert call("plot", "boundary", *options).out.splitlines()[-1] == "written to boundary.png"


REFUSED = {
    "no target": (["--columns", "alcohol,ash"], "wine.csv is a table; say with --target which column is predicted"),
    "no columns": (["--target", "cultivar"], "such as a,b; got 13 columns of numbers in wine."),
    "one column": (["--target", "cultivar", "--columns", "ash"], "such as a,b; got ash."),
    "one twice": (["--target", "cultivar", "--columns", "ash,ash"], "such as a,b; got ash,ash."),
    "the target": (["--target", "ash", "--columns", "ash,hue"], "such as a,b; got ash,hue."),
    "no such column": (["--target", "cultivar", "--columns", "ash,heu"], "has no column 'heu'"),
    "no such target": (["--target", "cultivr", "--columns", "ash,hue"], "Did you mean 'cultivar'?"),
    "texts": (["--target", "cultivar", "--columns", "ash,color"], "holds 'red' in row 1, expected numbers."),
    "numbers as target": (["--target", "hue", "--columns", "alcohol,ash"], "'hue' of wine is a number, for it holds"),
    "noise": ([*TWO, "--noise", "1"], "--noise is for made-up data, and wine.csv is not"),
    "a run of many": (["--run", "run"], "run was trained on alcohol (number), malic_acid (number), ash (number), "),
}


@pytest.mark.parametrize(("options", "said"), REFUSED.values(), ids=REFUSED)
def test_a_boundary_of_a_table_that_cannot_be_drawn(options, said, wine_run, call, workplace):
    assert said in call("plot", "boundary", "wine.csv", *options).sentence
    assert not (workplace / "boundary.png").exists()


def test_a_constant_column_is_no_axis(call, workplace):
    write(workplace / "t.csv", (["a", "b", "kind"], [[i % 9, 1, "uv"[i % 2]] for i in range(20)]))
    said = call("plot", "boundary", "t.csv", "--target", "kind", "--columns", "a,b").sentence
    assert said == "zanjir: column 'b' of t cannot be drawn: it is always 1; choose other --columns."
    write(workplace / "t.csv", (["a", "b", "kind"], [[*[(i, ""), ("", i)][i % 2], "uv"[i % 2]] for i in range(20)]))
    said = call("plot", "boundary", "t.csv", "--target", "kind", "--columns", "a,b").sentence
    assert said == "zanjir: t has no row with both 'a' and 'b'; choose other --columns."


def test_runs_and_data_of_other_kinds_have_no_common_plane(plane_run, moons_run, call):
    assert (
        "expected 2 features and classes upper, lower" in call("plot", "boundary", "moons", "--run", plane_run).sentence
    )
    said = call("plot", "boundary", "wine.csv", "--run", moons_run).sentence
    assert said == "zanjir: run was not trained on a table; give the data that it was trained on."
    options = ("--run", plane_run, "--columns", "alcohol,ash")
    said = call("plot", "boundary", "wine.csv", *options).sentence
    assert "plane was trained on alcohol and proline, and alcohol and ash are drawn" in said
    assert (
        "--columns is for a table, and moons is none" in call("plot", "boundary", "moons", "--columns", "a,b").sentence
    )


# runs of tables


def test_the_confusion_of_a_table_counts_the_rows_of_the_test(wine_run, call, workplace):
    found = call("plot", "confusion", wine_run, "wine.csv", "--json").json
    assert sum(map(sum, found["counts"])) == 36
    assert found["samples"] == "the samples that training never saw"
    names, rows = wine()
    write(workplace / "other.csv", (names, rows[:50]))
    found = call("plot", "confusion", wine_run, "other.csv", "--json").json
    predicted = load_model("run/model.safetensors").predict(read_table("other.csv"))
    true = [found["classes"].index(row[-1]) for row in rows[:50]]
    assert found["counts"] == confusion_matrix(true, predicted, labels=range(3)).tolist()


@pytest.mark.parametrize(
    "arguments",
    [["calibration", "run", "wine.csv"], ["curves", "run"], ["confusion", "run", "wine.csv", "--out", "confusion.svg"]],
    ids=lambda arguments: arguments[0],
)
def test_pictures_of_a_run_of_a_table(arguments, wine_run, call, workplace):
    found = call("plot", *arguments)
    assert found.code == 0, found.err
    (picture,) = workplace.glob(f"{arguments[0]}.*")
    assert picture.stat().st_size > 5000


def test_a_table_is_no_picture(wine_run, call):
    assert "are no pictures" in call("plot", "challenges", wine_run, "wine.csv").sentence
    assert "got features that are no pictures." in call("plot", "templates", wine_run).sentence


def test_numbers_of_a_table_have_no_confusion(call, workplace):
    write(workplace / "d.csv", diabetes())
    assert call("train", "d.csv", "--target", "progression", *QUICK, "--out", "run").code == 0
    for kind in ("confusion", "calibration"):
        assert "run predicts numbers, and this picture is about classes" in call("plot", kind, "run", "d.csv").sentence
