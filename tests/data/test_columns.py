"""What a column holds, and its values: by hand, entry by entry."""

import datetime

import numpy as np
import polars
import pytest

from zanjir.data.columns import MISSING, found_kind, texts_of, values_of
from zanjir.errors import DataError

NAN = float("nan")
DAY = datetime.date(1970, 1, 11)
NOON = datetime.datetime(1970, 1, 2, 12)
UTC = NOON.replace(tzinfo=datetime.UTC)

KINDS = {
    "numbers as texts": (["1", " 2.5", "-3e2", ".5"], "number"),
    "numbers with holes": (["1", "", "NA"], "number"),
    "integers": ([1, 2, None], "number"),
    "floats": ([1.5, NAN], "number"),
    "truth values": ([True, None], "boolean"),
    "true and false": (["True", "FALSE", "?"], "boolean"),
    "yes and no": (["yes", "No"], "boolean"),
    "days": (["2020-02-29", "1969-12-31"], "date"),
    "days and times": (["2020-02-29 10:00", "2020-02-29T10:00:01", "2020-02-29 10:00:01.5"], "date"),
    "days and times in UTC": (["2020-02-29 10:00Z", "2020-02-29T10:00:00Z"], "date"),
    "typed days": ([DAY, None], "date"),
    "typed times": ([NOON], "date"),
    "times in UTC": ([UTC], "date"),
    "days that no calendar has": (["2020-02-30", "2020-02-29"], "category"),
    "some days in another order": (["29/02/2020", "today"], "category"),
    "texts": (["a", "b", ""], "category"),
    "texts and as many numbers": (["a", "1"], "category"),
    "one text": (["yes please", "no"], "category"),
    "missing": (["", "NA", None], "empty"),
    "null": ([None, None], "empty"),
    "lists": ([[1], [2]], "nested"),
    "bytes": ([b"a"], "nested"),
    "durations": ([datetime.timedelta(1)], "nested"),
}  # fmt: skip


@pytest.mark.parametrize(("entries", "kind"), KINDS.values(), ids=KINDS)
def test_a_column_is_what_all_of_its_entries_are(entries, kind):
    assert found_kind(polars.Series(entries), "it") == kind


def test_every_way_to_write_a_missing_value_is_one():
    assert np.isnan(values_of(polars.Series(list(MISSING)), "number", "it")).all()
    assert texts_of(polars.Series(list(MISSING)), "it").to_list() == [None] * len(MISSING)


def test_mixed_types_are_refused_with_an_entry_and_a_remedy():
    with pytest.raises(DataError) as caught:
        found_kind(polars.Series(["1", "2", "3", "5more", "many"]), "column 'doors' of cars", "call it a category")
    assert str(caught.value) == (
        "column 'doors' of cars is of mixed types: 3 numbers, and 2 others such as '5more'; leave a cell empty where a "
        "number is missing, or call it a category."
    )


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (
            ["1,5", "-2,25", None],
            "numbers with commas such as '1,5'; write a point before the decimals, as in 1.5, and",
        ),
        (["1.000,5", "2,0"], "numbers with commas such as '1.000,5'; write a point"),
        (["2", "1,5", "3"], "numbers with commas such as '1,5'; write a point"),
        (["2", "1,5", "-2,25"], "numbers with commas such as '1,5'; write a point"),
        (["1,234,567", "12"], "numbers with commas such as '1,234,567'; write a point"),
        (["1,234.5", "12", None], "numbers with commas such as '1,234.5'; write a point"),
        (
            ["29/02/2020", "1.3.2021"],
            "dates in an order that can be read in two ways, such as '29/02/2020'; write them",
        ),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(entries, said):
    with pytest.raises(DataError) as caught:
        found_kind(polars.Series(entries), "it", "leave it")
    assert f"it holds {said}" in str(caught.value)
    assert str(caught.value).endswith(", or leave it.")


VALUES = {
    "numbers": (["1", "", " 2.5 "], "number", [1, NAN, 2.5]),
    "integers": ([1, None], "number", [1, NAN]),
    "not a number": ([NAN, 2.0], "number", [NAN, 2]),
    "booleans": (["yes", "FALSE", "NA"], "boolean", [1, 0, NAN]),
    "truth values": ([True, False, None], "boolean", [1, 0, NAN]),
    "0 and 1": ([0, 1], "boolean", [0, 1]),
    "days": (["1970-01-11", "1969-12-31", ""], "date", [10, -1, NAN]),
    "times": (["1970-01-02 12:00", "1970-01-02T06:00:00", "1970-01-02T18:00Z"], "date", [1.5, 1.25, 1.75]),
    "typed days": ([DAY, None], "date", [10, NAN]),
    "typed times": ([NOON], "date", [1.5]),
    "times in UTC": ([UTC], "date", [1.5]),
    "nothing": ([None, None], "date", [NAN, NAN]),
    "nothing in texts": (["", "NA"], "boolean", [NAN, NAN]),
}


@pytest.mark.parametrize(("entries", "kind", "expected"), VALUES.values(), ids=VALUES)
def test_values_are_numbers(entries, kind, expected):
    found = values_of(polars.Series(entries), kind, "it")
    assert found.dtype == np.float64
    assert np.array_equal(found, expected, equal_nan=True)


WRONG = {
    "a text among numbers": (["1", "", "x"], "number", "'x' in row 3, expected numbers"),
    "a text among booleans": (["yes", "maybe"], "boolean", "'maybe' in row 2, expected booleans"),
    "two": ([0, 2], "boolean", "2 in row 2, expected booleans"),
    "a day that no calendar has": (["2020-02-29", "2021-02-29"], "date", "'2021-02-29' in row 2, expected dates"),
    "numbers for dates": ([1.5], "date", "1.5 in row 1, expected dates"),
    "truth values for numbers": ([True], "number", "True in row 1, expected numbers"),
    "lists for numbers": ([[1]], "number", "[1] in row 1, expected numbers"),
    "infinity": ([1.0, float("-inf")], "number", "-inf in row 2, expected finite numbers"),
    "infinity as text": (["1", "inf"], "number", "'inf' in row 2, expected finite numbers"),
    "too large a number": (["1", "1e999"], "number", "'1e999' in row 2, expected finite numbers"),
}


@pytest.mark.parametrize(("entries", "kind", "expected"), WRONG.values(), ids=WRONG)
def test_an_entry_of_another_kind_is_named_with_its_row(entries, kind, expected):
    with pytest.raises(DataError) as caught:
        values_of(polars.Series(entries), kind, "column 'a' of t")
    assert f"column 'a' of t holds {expected}" in str(caught.value)
    assert len(str(caught.value)) < 200


TEXTS = {
    "texts": (["a", " b ", "NA"], ["a", "b", None]),
    "codes keep their zeros": (["007", "7"], ["007", "7"]),
    "whole floats": ([3.0, 2.5, None], ["3", "2.5", None]),
    "integers": ([3, None], ["3", None]),
    "truth values": ([True, None], ["true", None]),
    "days": ([DAY], ["1970-01-11"]),
}


@pytest.mark.parametrize(("entries", "expected"), TEXTS.values(), ids=TEXTS)
def test_categories_are_texts(entries, expected):
    assert texts_of(polars.Series(entries), "it").to_list() == expected


def test_categories_of_a_typed_column_are_their_texts():
    assert texts_of(polars.Series(["a", "b", "a"], dtype=polars.Categorical), "it").to_list() == ["a", "b", "a"]


@pytest.mark.parametrize("entries", [[[1]], [b"a"]])
def test_lists_and_bytes_are_no_categories(entries):
    with pytest.raises(DataError, match=r"^it holds .*, which are no categories; leave it out\.$"):
        texts_of(polars.Series(entries), "it")


def test_a_long_entry_is_cut():
    with pytest.raises(DataError, match=r"holds 'x{30,40}\.\.\.' in row 1, expected numbers\.$"):
        values_of(polars.Series(["x" * 999]), "number", "it")
