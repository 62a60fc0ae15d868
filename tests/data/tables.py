"""Real tables that ship with scikit-learn, with holes, texts, dates and columns of no use put in."""

import csv

import numpy as np
import polars
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

CULTIVARS = ("barolo", "grignolino", "barbera")


def wine():
    """178 bottles: an identifier, numbers with holes, a category, a boolean, a date, a constant, and three classes."""
    rng = np.random.default_rng(0)
    bunch = load_wine()
    rows = []
    for i, (x, label) in enumerate(zip(bunch.data, bunch.target, strict=True)):
        color = ("red", "white", "rosé")[int(rng.random() < 0.2) + label % 2]
        rows.append([
            f"bottle-{i}", *with_holes(x, 0.05, rng), color if rng.random() > 0.1 else "NA",
            "yes" if x[0] > 13 else "no", f"20{10 + i % 7}-0{1 + i % 9}-11", "uci", CULTIVARS[label],
        ])  # fmt: skip
    return ["id", *bunch.feature_names, "color", "strong", "bottled", "source", "cultivar"], rows


def cancer():
    """569 samples: consecutive numbers, 30 numbers with holes, and a target of 0 and 1."""
    rng = np.random.default_rng(1)
    bunch = load_breast_cancer()
    pairs = zip(bunch.data, bunch.target, strict=True)
    rows = [[i, *with_holes(x, 0.03, rng), int(label)] for i, (x, label) in enumerate(pairs, 1)]
    return ["sample", *bunch.feature_names, "benign"], rows


def diabetes():
    """442 patients: numbers with holes, a sex in words, and a number to predict."""
    rng = np.random.default_rng(2)
    bunch = load_diabetes(scaled=False)
    names = [name for name in bunch.feature_names if name != "sex"]
    pairs = zip(bunch.data, bunch.target, strict=True)
    rows = [
        [*with_holes(np.delete(x, 1), 0.05, rng), "female" if x[1] == 1 else "male", float(y)] for x, y in pairs
    ]  # fmt: skip
    return [*names, "sex", "progression"], rows


def with_holes(x, share, rng):
    return [repr(float(value)) if rng.random() > share else "" for value in x]


def frame_of(table):
    """The table in types: numbers as numbers, missing as null, texts as texts."""
    names, rows = table
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return polars.DataFrame({name: typed(values) for name, values in columns.items()})


def typed(values):
    known = [None if value in ("", "NA") else value for value in values]
    try:
        return [None if value is None else float(value) for value in known]
    except ValueError:
        return known


def write(path, table):
    """Write a table in the form of the path's ending."""
    names, rows = table
    ending = path.suffix
    if ending == ".parquet":
        frame_of(table).write_parquet(path)
    elif ending == ".arrow":
        frame_of(table).write_ipc(path)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter="\t" if ending == ".tsv" else ",").writerows([names, *rows])
    return path
