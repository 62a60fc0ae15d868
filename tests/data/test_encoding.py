import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zanjir.data import ASCII, count_words, one_hot, one_hot_text
from zanjir.errors import DataError, ParameterError, ShapeError


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0,), (2, 1, 2)])
def test_one_hot_rows_are_rows_of_the_identity(shape):
    labels = np.random.default_rng(0).integers(0, 4, shape)
    assert np.array_equal(one_hot(labels, 4), np.eye(4)[labels])
    assert one_hot(labels, 4).dtype == np.float32


def test_labels_may_be_bytes():
    assert one_hot(np.array([255], np.uint8), 256)[0, 255] == 1


@pytest.mark.parametrize(
    ("labels", "count", "error", "message"),
    [
        ([0, 3], 3, DataError, r"the label 3 is not in \[0, 3\), the range of 3 classes\.$"),
        ([1, 2, 3], 3, DataError, r"the label 3 is not in \[0, 3\).*; subtract 1 from labels that are counted from 1"),
        ([0, -1], 3, DataError, r"the label -1 is not in \[0, 3\)"),
        ([0.0, 1.0], 3, DataError, "labels have dtype float64; expected whole numbers"),
        ([True], 3, DataError, "labels have dtype bool; expected whole numbers"),
        (["a"], 3, DataError, "labels has dtype <U1; expected real numbers"),
        ([[0], [0, 1]], 3, ShapeError, "labels is not an array"),
        ([0], 0, ParameterError, "n_classes must be a whole number of at least 1"),
        (
            [0] * 1000,
            10**7,
            ParameterError,
            r"have the shape \(1000, 10000000\), 40,000,000,000 bytes in float32",
        ),
    ],
)
def test_labels_that_have_no_row(labels, count, error, message):
    with pytest.raises(error, match=message):
        one_hot(labels, count)


@given(st.lists(st.text(alphabet=ASCII, max_size=20), min_size=1, max_size=4), st.integers(20, 30))
def test_a_text_can_be_read_again_from_its_rows(texts, length):
    rows = one_hot_text(texts, length=length)
    assert rows.shape == (len(texts), length, 128)
    assert np.all(rows.sum(axis=-1) == 1)
    read = ["".join(map(chr, places)) for places in rows.argmax(axis=-1)]
    assert read == [text.ljust(length, "\0") for text in texts]
    assert np.array_equal(one_hot_text(texts[0], length=length), rows[0])


def test_an_alphabet_of_ones_own():
    rows = one_hot_text(["سلام", "نه"], alphabet=" سلامنه", fill=" ")
    assert rows.argmax(axis=-1).tolist() == [[1, 2, 3, 4], [5, 6, 0, 0]]


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        ("é", {}, DataError, "the character 'é' is not in the alphabet of 128; give an alphabet that has it"),
        ("abc", {"length": 2}, DataError, "a text has 3 characters; expected at most length = 2"),
        (
            "a",
            {"length": 2, "alphabet": "ab"},
            ParameterError,
            r"fill is '\\x00'; expected a character of the",
        ),
        ("a", {"length": 2, "fill": "  "}, ParameterError, "fill is '  '; expected a character of the"),
        ("a", {"alphabet": "aba"}, ParameterError, "the alphabet has the character 'a' twice"),
        ("a", {"alphabet": ""}, ParameterError, "the alphabet is empty"),
        (["a"], {"length": 10**9}, ParameterError, r"take fewer at a time"),
    ],
)
def test_texts_that_have_no_rows(text, options, error, message):
    with pytest.raises(error, match=message):
        one_hot_text(text, **options)


def test_words_are_counted_in_any_case_and_others_are_not():
    documents = ["A rose is a rose.", "Don't! DON'T?", "", "می‌شود می شود"]
    counts = count_words(documents, ["a", "rose", "Don't", "می‌شود", "t"])
    assert counts.tolist() == [[2, 2, 0, 0, 0], [0, 0, 2, 0, 0], [0] * 5, [0, 0, 0, 1, 0]]
    assert np.array_equal(count_words(documents[0], ["rose"]), [2])


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        ([], "the vocabulary is empty; expected at least one word"),
        (["The", "the"], "the vocabulary has the word 'the' twice; expected each word once"),
    ],
)
def test_vocabularies_that_do_not_number_words(vocabulary, message):
    with pytest.raises(ParameterError, match=message):
        count_words("the", vocabulary)
