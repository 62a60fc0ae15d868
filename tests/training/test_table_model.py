"""A model of a table: fitted to training rows alone, saved with its columns, and hostile files are refused."""

import json

import numpy as np
import polars
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn import metrics

from data.tables import cancer, diabetes, frame_of, wine
from zanjir.data import Dataset, Table, TableDataset
from zanjir.errors import DataError, ParameterError, ShapeError
from zanjir.training import (
    Model,
    Plan,
    baseline_scores,
    check_model,
    divide,
    fingerprint,
    fit,
    further_scores,
    load_model,
    model_of,
    problem_for,
    save_model,
    trainer_for,
)

# The network's numbers are float32.
SINGLE = 1e-5


def dataset_of(table, target):
    return TableDataset.of(Table("t", frame_of(table)), target)


def trained(dataset, epochs=30, **facts):
    parts = divide(dataset)
    trainer = trainer_for(problem_for(parts.train, **facts), Plan(epochs=epochs), parts)
    fit(trainer)
    return model_of(trainer, parts.train), parts, trainer


@pytest.fixture(scope="module")
def wines():
    return trained(dataset_of(wine(), "cultivar"))


@pytest.fixture(scope="module")
def patients():
    return trained(dataset_of(diabetes(), "progression"))


@pytest.mark.parametrize(("table", "target"), [(wine, "cultivar"), (cancer, "benign"), (diabetes, "progression")])
def test_nothing_of_the_test_reaches_what_is_fitted(table, target):
    names, rows = table()
    dataset = dataset_of((names, rows), target)
    parts = divide(dataset)
    of_rows = divide(dataset.rows)
    held_out = {int(row) for part in (of_rows.test, of_rows.validation) for row in part.X[:, 0]}
    numbers = {i for i, name in enumerate(names) if dataset.kinds.get(name) == "number"}
    changed = [
        ["12345.5" if k in held_out and i in numbers else value for i, value in enumerate(row)]
        for k, row in enumerate(rows)
    ]
    found = divide(dataset_of((names, changed), target))
    assert found.train.columns == parts.train.columns
    assert np.array_equal(found.train.X, parts.train.X)
    assert not np.array_equal(found.test.X, parts.test.X)


def test_a_table_is_divided_as_its_rows_are_and_by_class():
    dataset = dataset_of(wine(), "cultivar")
    parts = divide(dataset, seed=3)
    rows = divide(dataset.rows, seed=3)
    assert np.array_equal(parts.test.y, dataset.y[rows.test.X[:, 0].astype(int)])
    shares = np.bincount(parts.test.y) / np.bincount(dataset.y)
    assert shares == pytest.approx([0.2] * 3, abs=0.02)  # one of about fifty rows
    assert parts.train.X.mean(axis=0)[:13] == pytest.approx(0, abs=1e-2 * 30)  # numbers and their holes
    assert divide(dataset, validation_share=0).validation is None


def test_training_columns_have_mean_0_and_deviation_1():
    X = divide(dataset_of(cancer(), "benign")).train
    numbers = [i for i, name in enumerate(X.columns.feature_names) if not name.endswith("= missing")]
    assert X.X[:, numbers].mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert X.X[:, numbers].std(axis=0) == pytest.approx(1, abs=1e-12)


def test_a_model_reads_tables_and_features_alike(wines):
    model, parts, _ = wines
    dataset = dataset_of(wine(), "cultivar")
    rows = divide(dataset.rows).test.X[:, 0].astype(int)
    table = dataset.table.take(rows)
    assert np.array_equal(model.predict(table), model.predict(parts.test.X))
    without = Table("t", table.frame.drop("cultivar", "id", "source"))
    assert np.array_equal(model.predict_proba(without), model.predict_proba(parts.test.X))
    assert model.evaluate(table, parts.test.y) == model.evaluate(parts.test.X, parts.test.y)


def test_a_model_of_other_data_reads_no_tables():
    from training.problems import model

    with pytest.raises(DataError, match="t is a table, and this model was trained on other data"):
        model().predict(Table("t", polars.DataFrame({"a": [1]})))


def test_unseen_categories_and_missing_values_are_predicted(wines):
    model, *_ = wines
    row = {
        column.name: [None, "never seen"] if column.kind == "category" else [None, None]
        for column in model.columns.columns
    }
    p = model.predict_proba(Table("new", polars.DataFrame(row)))
    assert p.shape == (2, 3)
    assert p.sum(axis=1) == pytest.approx(1, abs=SINGLE)


def test_numbers_are_predicted_in_their_own_unit(patients):
    model, parts, trainer = patients
    y = parts.train.y
    assert trainer.samples.y.mean() == pytest.approx(0, abs=1e-12)
    assert trainer.samples.y.std() == pytest.approx(1, abs=1e-12)
    scores = model.scores(parts.test.X)[:, 0].astype(float)
    predicted = model.predict(parts.test.X)
    assert predicted == pytest.approx(scores * y.std() + y.mean(), rel=SINGLE)
    assert model.evaluate(parts.test.X, parts.test.y).r2 == pytest.approx(
        metrics.r2_score(parts.test.y, predicted), abs=SINGLE
    )
    found = further_scores(model, parts.test.X, parts.test.y)
    error = parts.test.y - predicted
    assert found == pytest.approx({"rmse": np.sqrt(np.mean(error**2)), "mae": np.mean(np.abs(error))}, rel=1e-12)


def test_a_target_in_another_unit_gives_the_same_model(patients):
    names, rows = diabetes()
    thousandfold = [[*row[:-1], row[-1] * 1024] for row in rows]  # a power of two changes no bit of a mantissa
    model, *_ = trained(dataset_of((names, thousandfold), "progression"))
    assert model.W.tobytes() == patients[0].W.tobytes()


def test_the_derivatives_of_a_tables_model_are_right(patients):
    model, parts, _ = patients
    report = check_model(model, parts.test.X[:8], parts.test.y[:8], elements=8)
    assert report.ok
    assert report.loss < 100  # of standardized numbers; of progressions it would be thousands


def test_a_table_must_be_divided_before_it_is_learned():
    with pytest.raises(ParameterError, match=r"^t is a table that is not divided yet: give divide\(dataset\)\.train"):
        problem_for(dataset_of(wine(), "cultivar"))


# scores


def test_scores_of_classes_by_hand(wines):
    model, parts, _ = wines
    X, y = parts.test.X, parts.test.y.copy()
    y[:6] = (y[:6] + 1) % 3  # a model without mistakes would hide them
    found = further_scores(model, X, y)
    predicted, p = model.predict(X), model.predict_proba(X)
    counts = np.array([[np.sum((y == i) & (predicted == j)) for j in range(3)] for i in range(3)])
    right, there, said = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    assert found["balanced_accuracy"] == pytest.approx(np.mean(right / there), rel=1e-12)
    assert found["f1_macro"] == pytest.approx(np.mean(2 * right / (there + said)), rel=1e-12)
    p = p / p.sum(axis=1, keepdims=True)
    assert found["log_loss"] == pytest.approx(-np.mean(np.log(p[np.arange(len(y)), y])), rel=1e-6)
    areas = [area(p[y == k, k], p[y != k, k]) for k in range(3)]
    assert found["roc_auc"] == pytest.approx(np.mean(areas), rel=1e-9)


def area(positive, negative):
    """The share of pairs in the right order; a tie is half a pair."""
    difference = positive[:, np.newaxis] - negative
    return np.mean((difference > 0) + (difference == 0) / 2)


def test_scores_that_a_test_without_a_class_does_not_have_are_left_out(wines):
    model, parts, _ = wines
    some = parts.test.y < 2
    assert "roc_auc" not in further_scores(model, parts.test.X[some], parts.test.y[some])


def test_a_loss_without_probabilities_has_no_scores_of_them():
    model, parts, _ = trained(dataset_of(cancer(), "benign"), epochs=2, loss="hinge")
    assert set(further_scores(model, parts.test.X, parts.test.y)) == {"balanced_accuracy", "f1_macro"}


@pytest.mark.parametrize("loss", ["softmax", "binary_cross_entropy"])
def test_two_classes_have_the_area_of_the_second(loss):
    model, parts, _ = trained(dataset_of(cancer(), "benign"), epochs=2, loss=loss)
    p, y = model.predict_proba(parts.test.X)[:, 1], parts.test.y
    assert further_scores(model, parts.test.X, y)["roc_auc"] == pytest.approx(area(p[y == 1], p[y == 0]), rel=1e-9)


def test_guessing_has_scores_too():
    train, y = np.array([0, 0, 1]), np.array([0, 1, 1, 0, 0])
    assert baseline_scores(train, y, ("a", "b")) == {"accuracy": 0.6}
    found = baseline_scores(np.array([1.0, 3.0]), np.array([0.0, 4.0]), ())
    assert found == {"r2": 0.0, "rmse": 2.0, "mae": 2.0}


# the file


@pytest.fixture
def path(wines, tmp_path):
    save_model(tmp_path / "model.safetensors", wines[0])
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("which", ["wines", "patients"])
def test_a_model_comes_back_with_its_columns(which, request, tmp_path):
    model, parts, _ = request.getfixturevalue(which)
    save_model(tmp_path / "m.safetensors", model)
    found = load_model(tmp_path / "m.safetensors")
    assert found.columns == model.columns
    assert np.array_equal(found.predict(parts.test.X), model.predict(parts.test.X))


def changed(path, change):
    """Write the file again with its description of the columns changed."""
    with safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        texts = file.metadata()
    facts = json.loads(texts["model"])
    change(facts["columns"])
    save_file(arrays, path, {**texts, "model": json.dumps(facts)})


def put(*place):
    def change(facts):
        *way, key, value = place
        for step in way:
            facts = facts[step]
        facts[key] = value

    return change


CHANGES = {
    "columns are a number": put("columns", 3),
    "a column is null": put("columns", 0, None),
    "no columns": put("columns", []),
    "an unknown kind of column": put("columns", 0, "type", "os.system"),
    "a kind that is no name": put("columns", 0, "type", ["NumberColumn"]),
    "a name that is none": put("columns", 0, "name", 5),
    "a scale of zero": put("columns", 0, "scale", 0),
    "a scale of text": put("columns", 0, "scale", "wide"),
    "a mean too large": put("columns", 0, "mean", 10**400),
    "a kind that no numbers have": put("columns", 0, "kind", "category"),
    "holes that are a number": put("columns", 0, "holes", 2),
    "holes that training did not have": put("columns", 0, "holes", False),
    "a category twice": put("columns", 13, "categories", ["red", "red", "white"]),
    "a category too many": put("columns", 13, "categories", ["red", "rosé", "white", "blue"]),
    "categories that are a number": put("columns", 13, "categories", 3),
    "a category that is a list": put("columns", 13, "categories", [["red"], "rosé", "white"]),
    "no target": put("target", None),
    "a target of another kind": put("target", "type", "NumberColumn"),
    "a target's name that is none": put("target", "name", None),
    "a scale of the target below 0": put("target", "scale", -1),
    "other classes": put("target", "classes", ["a", "b", "c"]),
    "one class fewer": put("target", "classes", ["barbera", "barolo"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_columns_that_cannot_be_rebuilt_are_refused(change, path):
    changed(path, change)
    with pytest.raises(DataError, match=r"is no model that can be rebuilt: .* Train it again\.$") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_fields_that_a_column_does_not_have_are_not_used(path):
    changed(path, put("columns", 0, "module", "os"))
    assert not hasattr(load_model(path).columns.columns[0], "module")


def test_columns_that_do_not_fit_the_network_are_refused(wines):
    model, *_ = wines
    with pytest.raises(ShapeError, match="the columns become 32 features, and the network takes 1"):
        Model(
            problem_for(Dataset("t", [[1.0], [2.0], [3.0]], [0, 1, 2], ("a", "b", "c"))),
            np.zeros(6),
            columns=model.columns,
        )


def test_a_table_has_a_fingerprint():
    dataset = dataset_of(wine(), "cultivar")
    assert fingerprint(dataset) == dataset.fingerprint()
