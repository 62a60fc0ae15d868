"""ONNX files of models of tables: the columns go in as they are."""

import numpy as np
import pytest

from zanjir.interchange import onnx_model
from zanjir.nn import LOSSES, mlp
from zanjir.program import Problem
from zanjir.training import Model, Preparation

pytest.importorskip("onnx")
polars = pytest.importorskip("polars")
tables = pytest.importorskip("zanjir.data.table")
preparations = pytest.importorskip("zanjir.data.table_preparation")

# A few roundings of float64.
ROUNDINGS = 1e-13

TRAINED = {
    "weight": [1.5, None, 3.25, 2.0, 7.0, 1.0],
    "skin": ["rough", "smooth", None, "rough", "smooth", "once"],
    "label": ["a", "b", "a", "b", "a", "b"],  # a column may have the name of an output
    "ripe": [True, False, True, True, False, True],
    "picked": ["2026-01-01", "2026-01-02", None, "2026-02-01", "2026-03-01", "2026-01-01"],
}
KINDS = {"weight": "number", "skin": "category", "label": "category", "ripe": "boolean", "picked": "date"}
# Holes where training had some and where it had none, categories that training never saw, and dates with a time.
LATER = {
    "weight": [None, 2.5, -1.0],
    "skin": ["never seen", None, "smooth"],
    "label": ["c", None, "b"],
    "ripe": [False, None, True],
    "picked": ["2026-01-05", "2026-01-05 12:00", None],
}
INPUTS = {
    "weight": [np.nan, 2.5, -1.0],
    "skin": ["never seen", "", "smooth"],
    "label_2": ["c", "", "b"],
    "ripe": [0.0, np.nan, 1.0],
    "picked": [20458.0, 20458.5, np.nan],
}


def model_of(classes=(), n_outputs=1, loss="squared_error"):
    target = preparations.TableTarget("price", classes, *((0.0, 1.0) if classes else (250.0, 17.5)))
    columns = preparations.TablePreparation.fitted(tables.Table("fruit", polars.DataFrame(TRAINED)), KINDS, target)
    d = len(columns.feature_names)
    problem = Problem(mlp([5], n_outputs, activation="tanh"), LOSSES[loss], d, n_outputs, dtype=np.float64)
    W = np.random.default_rng(0).standard_normal(problem.layout.size)
    return Model(problem, W, classes, Preparation(0.25, 1.5), columns=columns)


def evaluated(made):
    from onnx.reference import ReferenceEvaluator

    feeds = {name: np.array(values, object if isinstance(values[0], str) else float)[:, None]
             for name, values in INPUTS.items()}  # fmt: skip
    evaluator = ReferenceEvaluator(made)
    assert set(evaluator.input_names) == set(feeds)
    return dict(zip(evaluator.output_names, evaluator.run(None, feeds), strict=True))


def test_a_regression_takes_columns_and_gives_numbers_in_their_unit():
    model = model_of()
    expected = model.predict(tables.Table("later", polars.DataFrame(LATER)))
    found = evaluated(onnx_model(model))["prediction"]
    assert np.ptp(expected) > 1
    assert np.allclose(found, expected, rtol=ROUNDINGS, atol=0)


def test_a_classification_takes_columns_and_gives_labels():
    model = model_of(("cheap", "dear", "free"), 3, "softmax")
    later = tables.Table("later", polars.DataFrame(LATER))
    found = evaluated(onnx_model(model))
    assert found["label"].tolist() == [model.classes[k] for k in model.predict(later)]
    assert np.allclose(found["scores"], model.scores(later), rtol=0, atol=ROUNDINGS * np.abs(model.scores(later)).max())
    assert np.allclose(found["probabilities"], model.predict_proba(later), rtol=0, atol=ROUNDINGS)
