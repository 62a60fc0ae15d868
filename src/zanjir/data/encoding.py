"""Labels and texts as numbers: one-hot rows, and counts of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from zanjir.data._checks import affordable, array_of, whole
from zanjir.data.dataset import Array
from zanjir.errors import DataError, ParameterError

__all__ = ["ASCII", "count_words", "one_hot", "one_hot_text"]

ASCII = "".join(map(chr, range(128)))  # the lectures' alphabet of 128 characters
# Persian writes compounds with a zero-width non-joiner, and English its contractions with an apostrophe
WORD = re.compile(r"\w+(?:['’\u200c]\w+)*")


def one_hot(labels: ArrayLike, n_classes: SupportsIndex) -> Array:
    """Return for each label a row of zeros with a one at the label's place.

    Parameters
    ----------
    labels : int array of any shape, or int
        Labels in [0, C).
    n_classes : int
        Number C of classes.

    Returns
    -------
    float32 array of shape (..., C)

    Raises
    ------
    DataError
        If a label is not a whole number in [0, C).
    ParameterError
        If ``n_classes`` is not a whole number of at least 1, or the result would take more than 4 GiB.

    Examples
    --------
    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    count = whole("n_classes", n_classes, 1)
    places = array_of("labels", labels)
    if places.size and places.dtype.kind not in "iu":
        raise DataError(f"labels have dtype {places.dtype}; expected whole numbers in [0, {count}).")
    wrong = places[(places < 0) | (places >= count)]
    if wrong.size:
        from_1 = places.min() == 1 and places.max() == count
        hint = "; subtract 1 from labels that are counted from 1" if from_1 else ""
        raise DataError(f"the label {wrong[0]} is not in [0, {count}), the range of {count} classes{hint}.")
    affordable("the one-hot rows", (*places.shape, count), np.dtype(np.float32))
    rows = np.zeros((*places.shape, count), dtype=np.float32)
    np.put_along_axis(rows, places.astype(np.int64)[..., np.newaxis], 1, axis=-1)
    return rows


def one_hot_text(
    texts: str | Sequence[str], *, length: SupportsIndex | None = None, alphabet: str = ASCII, fill: str = "\0"
) -> Array:
    """Return for each character of a text a row of zeros with a one at the character's place in an alphabet.

    Parameters
    ----------
    texts : str or sequence of N str
        One text, or several.
    length : int, optional
        Number L of rows of each text; the longest text decides if it is not given.
    alphabet : str
        A different characters; by default the 128 of ASCII.
    fill : str
        The character, of the alphabet, with which shorter texts are filled up; ASCII's 0 says "nothing".

    Returns
    -------
    float32 array of shape (L, A) for a text, (N, L, A) for several
        Each row has one 1, so its sum is 1.

    Raises
    ------
    DataError
        If a character is not in the alphabet, or a text is longer than ``length``.
    ParameterError
        If the alphabet repeats a character or lacks ``fill``, or the result would take more than 4 GiB.

    Examples
    --------
    >>> one_hot_text("abba", alphabet="ab").astype(int).tolist()
    [[1, 0], [0, 1], [0, 1], [1, 0]]
    >>> one_hot_text(["a tweet", "another"], length=280).shape
    (2, 280, 128)
    """
    places = _places("alphabet", alphabet, "character")
    several = [texts] if isinstance(texts, str) else list(texts)
    longest = max(map(len, several), default=0)
    rows = longest if length is None else whole("length", length, 1)
    if longest > rows:
        raise DataError(f"a text has {longest} characters; expected at most length = {rows}; cut it, or use more rows.")
    if any(len(text) < rows for text in several) and fill not in places:
        raise ParameterError(f"fill is {fill!r}; expected a character of the alphabet, to fill shorter texts up with.")
    affordable("the one-hot rows", (len(several), rows, len(places)), np.dtype(np.float32))
    filled = [text.ljust(rows, fill) for text in several]
    labels = np.array([[_place(places, character) for character in text] for text in filled], dtype=np.int64)
    encoded = one_hot(labels.reshape(len(several), rows), len(places))
    return encoded[0] if isinstance(texts, str) else encoded


def count_words(documents: str | Sequence[str], vocabulary: Sequence[str]) -> Array:
    """Return how often each word of a fixed vocabulary stands in each document.

    Parameters
    ----------
    documents : str or sequence of N str
        One document, or several. Words are runs of letters and digits, in any case; those that are not in the
        vocabulary are not counted.
    vocabulary : sequence of V str
        Different words.

    Returns
    -------
    float32 array of shape (V,) for a document, (N, V) for several

    Raises
    ------
    ParameterError
        If the vocabulary is empty or repeats a word, or the result would take more than 4 GiB.

    Examples
    --------
    >>> count_words("The cat saw the other cat.", ["cat", "dog", "the"])
    array([2., 0., 2.], dtype=float32)
    """
    several = [documents] if isinstance(documents, str) else list(documents)
    places = _places("vocabulary", [word.casefold() for word in vocabulary], "word")
    affordable("the counts", (len(several), len(places)), np.dtype(np.float32))
    counts = np.zeros((len(several), len(places)), dtype=np.float32)
    for row, document in zip(counts, several, strict=True):
        for word in WORD.findall(document.casefold()):
            if word in places:
                row[places[word]] += 1
    return counts[0] if isinstance(documents, str) else counts


def _places(what: str, entries: Sequence[str], entry: str) -> dict[str, int]:
    """Return the place of each entry, which must be different from the others."""
    places = {name: place for place, name in enumerate(entries)}
    if not places:
        raise ParameterError(f"the {what} is empty; expected at least one {entry}.")
    if len(places) < len(entries):
        twice = next(name for place, name in enumerate(entries) if places[name] != place)
        raise ParameterError(f"the {what} has the {entry} {twice!r} twice; expected each {entry} once.")
    return places


def _place(places: dict[str, int], character: str) -> int:
    if character not in places:
        raise DataError(
            f"the character {character!r} is not in the alphabet of {len(places)}; give an alphabet that has it, "
            "or replace it."
        )
    return places[character]
