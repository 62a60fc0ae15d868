"""What is found in a table: the task, the classes, the columns of use, and what is said of them."""

import numpy as np
import polars
import pytest

from data.tables import cancer, diabetes, wine, write
from zanjir.data import Table, TableDataset, load
from zanjir.data.table_text import described, facts_of
from zanjir.errors import DataError, ParameterError, ZanjirError

N = 40
X = [float(i * i % 7) + 0.5 for i in range(N)]
Y = ["u" if i % 3 else "v" for i in range(N)]


def table_of(**columns):
    return Table("t", polars.DataFrame(columns))


def of(target="y", task=None, columns=None, **given):
    return TableDataset.of(table_of(**{"x": X, "y": Y, **given}), target, task, columns)


def refused(*arguments, **columns):
    with pytest.raises(ZanjirError) as caught:
        of(*arguments, **columns)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith((".", "?"))
    return str(caught.value)


REAL = {
    "wine": (wine, "cultivar", (178, 16, ("barbera", "barolo", "grignolino")), ["id", "source"]),
    "cancer": (cancer, "benign", (569, 30, ("0", "1")), ["sample"]),
    "diabetes": (diabetes, "progression", (442, 10, ()), []),
}


@pytest.mark.parametrize(("table", "target", "sizes", "left_out"), REAL.values(), ids=REAL)
def test_real_tables_are_understood(table, target, sizes, left_out, tmp_path):
    found = load(write(tmp_path / "t.csv", table()), target=target)
    assert (found.n_samples, len(found.kinds), found.classes) == sizes
    assert list(found.left_out) == left_out
    assert found.n_dropped == 0


@pytest.mark.parametrize("ending", [".tsv", ".parquet", ".arrow"])
def test_a_table_is_the_same_from_whatever_file(ending, tmp_path):
    one = load(write(tmp_path / "t.csv", wine()), target="cultivar")
    two = load(write(tmp_path / f"t{ending}", wine()), target="cultivar")
    assert one.fingerprint() == two.fingerprint()
    assert facts_of(one) == facts_of(two)
    assert one.take(range(9)).fingerprint() != one.fingerprint()


def test_a_fingerprint_sees_every_value_of_use():
    first = of()
    assert of(x=[*X[:-1], 99.0]).fingerprint() != first.fingerprint() == of().fingerprint()
    assert of(c=["p", "q"] * 20).fingerprint() != of(c=["q", "p"] * 20).fingerprint()
    assert of(y=[*Y[:-1], "u" if Y[-1] == "v" else "v"]).fingerprint() != first.fingerprint()


TASKS = {
    "texts": (Y, ("u", "v")),
    "truth values": ([i % 3 == 0 for i in range(N)], ("false", "true")),
    "few whole numbers": ([i % 8 for i in range(N)], tuple("01234567")),
    "whole floats": ([float(i % 2) for i in range(N)], ("0", "1")),
    "negative and two digits": ([(-1, 2, 10)[i % 3] for i in range(N)], ("-1", "2", "10")),
    "numbers as texts": ([str(i % 2) for i in range(N)], ("0", "1")),
    "more whole numbers": ([i % 9 for i in range(N)], ()),
    "fractions": ([i % 2 / 2 for i in range(N)], ()),
}


@pytest.mark.parametrize(("y", "classes"), TASKS.values(), ids=TASKS)
def test_the_target_decides_the_task(y, classes):
    found = of(y=y)
    assert found.classes == classes
    if classes:
        assert [found.classes[label] for label in found.y] == [str(v).lower().removesuffix(".0") for v in y]
    else:
        assert found.y.tolist() == y


def test_at_most_20_whole_numbers_are_classes():
    assert len(of(x=X * 10, y=[i % 20 for i in range(10 * N)]).classes) == 20
    assert of(x=X * 10, y=[i % 21 for i in range(10 * N)]).classes == ()


def test_the_task_may_be_chosen():
    assert of("y", "regression", y=[i % 2 for i in range(N)]).classes == ()
    assert of("y", "classification", y=[i % 4 / 2 for i in range(N)]).classes == ("0", "0.5", "1", "1.5")
    mixed = ["1", "2", "3", "none of them"] * 10
    assert of("y", "classification", y=mixed).classes == ("1", "2", "3", "none of them")
    assert "is of mixed types: 30 numbers, and 10 others such as 'none of them'" in refused(y=mixed)
    assert "choose classification if these are classes (--task classification)" in refused(y=mixed)


def test_rows_without_a_target_are_dropped_and_said():
    found = of(y=[None, "", "NA", *Y[3:]])
    assert (found.n_samples, found.n_dropped) == (N - 3, 3)
    assert found.table["x"].to_list() == X[3:]
    assert described(of(y=[None, "", None, *Y[3:]]))[-1] == "dropped 3 rows without a target"


def test_words_that_may_have_been_meant_as_a_class_are_said():
    found = of(y=["none", "NA", "none", *Y[3:]])
    assert described(found)[-1] == (
        "dropped 3 rows without a target: 'NA', 'none' mean that it is missing; write them in other words if these are "
        "classes"
    )
    assert "'none' means that it is missing; write it in" in described(of(y=["none", None, *Y[2:]]))[-1]


@pytest.mark.parametrize("task", [None, "classification"])
def test_truth_values_in_several_spellings_are_no_further_classes(task):
    y = ["True", "true", "False", "False"] * 10
    assert "holds 'False', 'True', 'true'; write each of the two classes in one way." in refused("y", task, y=y)
    assert of("y", task, y=["A", "a", "b", "b"] * 10).classes == ("A", "a", "b")
    assert of("y", task, y=["Yes", "no"] * 20).classes == ("Yes", "no")


def test_a_row_is_named_by_its_place_in_the_file():
    y = [None, None, *Y[2:]]
    assert "holds inf in row 40" in refused(x=[*X[:-1], float("inf")], y=y)
    assert "the class 'w' in 1 row, first in row 40;" in refused(y=[*y[:-1], "w"])
    assert of(x=[float("inf"), *X[1:]], y=y).n_samples == N - 2  # a row that is dropped may hold anything


LEFT_OUT = {
    "texts that all differ": ([f"n{i}" for i in range(N)], "every text is another one, as of an identifier"),
    "numbers in a row": (list(range(5, N + 5)), "consecutive whole numbers, as of an identifier"),
    "numbers in a row, shuffled": (
        np.random.default_rng(0).permutation(N).tolist(), "consecutive whole numbers, as of an identifier"
    ),
    "one number": ([3] * N, "it is always 3"),
    "one text": (["a"] * N, "it is always 'a'"),
    "nothing": ([None] * N, "every value is missing"),
    "nothing in texts": (["NA"] * N, "every value is missing"),
    "lists": ([[1]] * N, "it holds List(Int64)"),
}  # fmt: skip


@pytest.mark.parametrize(("entries", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_column_of_no_use_is_left_out_and_said(entries, why):
    found = of(c=entries)
    assert (dict(found.kinds), dict(found.left_out)) == ({"x": "number"}, {"c": why})
    assert f"left out 'c': {why}" in described(found)
    assert facts_of(found)["left_out"] == {"c": why}


KEPT = {
    "numbers with a gap": ([*range(N - 1), N], "number"),
    "a constant with holes": ([3, None] * (N // 2), "number"),
    "texts of which one stands twice": (["a", "a", *(f"n{i}" for i in range(N - 2))], "category"),
    "fractions that all differ": ([i + 0.5 for i in range(N)], "number"),
    "days in a row": ([f"2020-01-{1 + i % 28:02}" for i in range(N)], "date"),
}


@pytest.mark.parametrize(("entries", "kind"), KEPT.values(), ids=KEPT)
def test_a_column_that_may_be_of_use_is_kept(entries, kind):
    assert of(c=entries).kinds == {"x": "number", "c": kind}


def test_what_a_column_holds_may_be_said():
    counted = list(range(N))
    assert of(columns={"c": "number"}, c=counted).kinds["c"] == "number"
    assert of(columns={"c": "category"}, c=[i % 5 for i in range(N)]).kinds["c"] == "category"
    assert of(columns={"c": "leave-out"}, c=["1", "2", "3", "x"] * 10).left_out == {"c": "as was asked"}
    assert of(columns={"c": "category"}, c=["1", "2", "3", "x"] * 10).kinds["c"] == "category"


REFUSED = {
    "no such target": ((("z",), {}), "t has no column 'z'; it has 'x', 'y'."),
    "no such column": ((("y", None, {"xx": "number"}), {}), "t has no column 'xx'"),
    "no such kind": ((("y", None, {"x": "num"}), {}), "unknown kind of column 'num'"),
    "no such task": ((("y", "clustering"), {}), "unknown task 'clustering'; expected classification or regression."),
    "the target as a column": ((("y", None, {"y": "category"}), {}), "'y' is the target; say with the task"),
    "one class": ((("y",), {"y": ["u"] * N}), "column 'y' of t holds only the class 'u'; expected at least 2"),
    "one number": ((("y",), {"y": [2.5] * N}), "column 'y' of t is always 2.5; expected a target that varies."),
    "a lonely class": ((("y",), {"y": [*Y[:-1], "w"]}), "holds the class 'w' in 1 row, first in row 40;"),
    "too many classes": (
        (("y",), {"y": [f"n{i}" for i in range(N)]}),
        "holds 40 different values in 40 rows, too many",
    ),
    "texts for regression": ((("y", "regression"), {}), "holds texts, expected numbers for regression."),
    "dates": ((("y",), {"y": [f"2020-01-{1 + i % 9:02}" for i in range(N)]}), "is the target, and holds dates;"),
    "lists": ((("y",), {"y": [[1]] * N}), "is the target, and holds List(Int64); expected numbers or classes."),
    "no target": ((("y",), {"y": [None] * N}), "is the target, and all of its 40 values are missing."),
    "infinite target": ((("y",), {"y": [float("inf"), *X[1:]]}), "holds inf in row 1, expected finite numbers"),
    "infinite feature": ((("y",), {"x": [*X[1:], float("-inf")]}), "holds -inf in row 40, expected finite numbers"),
    "mixed types": ((("y",), {"x": ["1", "2", "3", "x"] * 10}), "or make it a category (--column x=category)."),
    "another kind": ((("y", None, {"x": "date"}), {}), "column 'x' of t holds 0.5 in row 1, expected dates"),
    "nothing left": ((("y",), {"x": [1] * N}), "t has no column to predict 'y' from (x: it is always 1);"),
}


@pytest.mark.parametrize(("given", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_learned_is_refused(given, expected):
    arguments, columns = given
    assert expected in refused(*arguments, **columns)


def test_a_table_of_the_target_alone_is_refused():
    with pytest.raises(DataError, match=r"t has no column to predict 'y' from \(it has no other column\)"):
        TableDataset.of(table_of(y=Y), "y")


def test_of_many_columns_that_are_left_out_a_few_are_said():
    found = described(of(**{f"c{i}": [i] * N for i in range(25)}))
    assert found[-2:] == ["left out 'c9': it is always 9", "left out 15 more columns; --json names them all"]


def test_three_rows_of_a_class_are_enough_for_any_division():
    from zanjir.training import divide

    y = [*Y[:-3], "w", "w", "w"]
    for seed in range(20):
        parts = divide(of(y=y), seed=seed)
        assert 2 in parts.train.y


def test_what_no_reader_sees_is_not_printed():
    assert r"'u\x1b[31m' 20" in described(of(y=["u\x1b[31m", "v"] * (N // 2)))[0]


def test_imbalance_is_said_from_five_to_one():
    assert not any("imbalanced" in line for line in described(of(y=["a"] * 33 + ["b"] * 7)))
    found = described(of(y=["a"] * 35 + ["b"] * 5))
    assert "imbalanced: 'a' is 7 times as frequent as 'b'; look at the balanced accuracy" in found
    assert facts_of(of(y=["a"] * 35 + ["b"] * 5))["classes"] == {"a": 35, "b": 5}


def test_what_was_found_is_said():
    found = of(c=["p", "q", None, "q"] * 10, d=[None, "1"] * 20, y=[i + 0.5 for i in range(N)])
    assert described(found) == [
        "target 'y': a number, for it holds fractions: mean 20, from 0.5 to 39.5",
        "columns: 2 numbers, 1 category; 30 of 120 values missing",
    ]
    many = of(x=X * 3, y=[f"c{i % 12:02}" for i in range(3 * N)])
    assert described(many)[0].endswith("c08 10, c09 10, and 2 more")


def test_a_table_needs_its_target_and_others_have_one(tmp_path):
    path = write(tmp_path / "t.csv", wine())
    with pytest.raises(ParameterError, match=r"t\.csv is a table; say with target which of its columns .*'cultivar'"):
        load(path)
    with pytest.raises(ParameterError, match=r"^digits is no table, and its target is known; leave out the target\.$"):
        load("digits", target="y")
    with pytest.raises(ParameterError, match="n_samples must be at most 178, the size of t; got 1000"):
        load(path, target="cultivar", n_samples=1000)


def test_some_rows_of_a_table_are_chosen_by_the_seed(tmp_path):
    path = write(tmp_path / "t.csv", wine())
    one, two, other = (load(path, target="cultivar", n_samples=50, seed=seed) for seed in (1, 1, 2))
    assert one.n_samples == 50
    assert one.fingerprint() == two.fingerprint() != other.fingerprint()
