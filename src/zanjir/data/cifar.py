"""CIFAR-10 and CIFAR-100 as their authors publish them: binary records, or batches that Python pickled.

Both versions hold a picture as three planes of 32 x 32 bytes, red, green and blue; a `Dataset` has the channels
last, as pictures are shown. Nothing in a file is believed, and a pickle is only read as data
(`zanjir.data.pickled`).

References
----------
.. [1] Krizhevsky (2009), Learning multiple layers of features from tiny images; "The CIFAR-10 dataset",
   https://www.cs.toronto.edu/~kriz/cifar.html, for the two layouts.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zanjir.data.dataset import Array, Dataset
from zanjir.data.idx import MAX_BYTES
from zanjir.data.pickled import read_pickled
from zanjir.errors import DataError
from zanjir.files import reason

__all__ = ["holds_cifar", "read_cifar_folder"]

SIDE, CHANNELS = 32, 3
PIXELS = SIDE * SIDE * CHANNELS
EXPECTED = "expected CIFAR's batches, such as data_batch_1 to data_batch_5 and test_batch, with or without .bin"

Files = Mapping[str, bytes]
Part = tuple[Array, Array]  # planes (N, 3072), labels (N,)


@dataclass(frozen=True)
class _Version:
    """The names of a version's files, and how they are read."""

    train: str  # a regular expression
    test: str
    names: str
    part_of: Callable[[Path, bytes], Part]
    names_of: Callable[[Path, bytes], list[str | bytes]]

    def wants(self, name: str) -> bool:
        """Whether a file of this name belongs to this version."""
        return name in (self.test, self.names) or bool(re.fullmatch(self.train, name))

    def parts_in(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return the training files, in order, and the test file, if it is there."""
        # by length first: data_batch_10 comes after data_batch_9
        train = sorted((name for name in names if re.fullmatch(self.train, name)), key=lambda name: (len(name), name))
        return train, [name for name in names if name == self.test]


def read_cifar_folder(folder: str | os.PathLike[str], *, name: str | None = None) -> Dataset:
    r"""Read CIFAR-10 or CIFAR-100, binary or Python version.

    Parameters
    ----------
    folder : str or path
        Holds ``data_batch_1``, ... and ``test_batch``, or the same with ``.bin`` (CIFAR-100: ``train`` and
        ``test``). Some of the batches are enough, other files are left alone, and of both versions the binary one
        is taken.
    name : str, optional
        Name of the data set; the folder's name if not given.

    Returns
    -------
    Dataset
        X is uint8 of shape (N, 3072), with ``image_shape`` (32, 32, 3) and ``scale`` 255; the labels of CIFAR-100
        are the fine ones. The names of the classes are those of ``batches.meta`` or ``batches.meta.txt``
        (CIFAR-100: ``meta``, ``fine_label_names.txt``), and numbers if there is none. The test batch, where there
        is a training batch too, is its ``test``.

    Raises
    ------
    DataError
        If there are no batches, or a file cannot be read, is damaged, or asks to execute something.

    Examples
    --------
    >>> import tempfile
    >>> temporary = tempfile.TemporaryDirectory()
    >>> folder = Path(temporary.name)
    >>> _ = (folder / "data_batch_1.bin").write_bytes(bytes([1, *range(256)] + [0] * 2816 + [0] * 3073))
    >>> _ = (folder / "batches.meta.txt").write_text("cat\ndog\n")
    >>> data = read_cifar_folder(folder, name="pets")
    >>> data, data.y
    (Dataset('pets': 2 samples, 3072 features uint8, 2 classes), array([1, 0]))
    >>> data.X[0].reshape(32, 32, 3)[0, :3, 0]  # the first plane is red
    array([0, 1, 2], dtype=uint8)
    >>> temporary.cleanup()
    """
    folder = Path(folder)
    files = _files(folder)
    version = _version(folder, files)
    names = version.parts_in(files)
    parts = [_joined([version.part_of(folder / file, files[file]) for file in part]) for part in names if part]
    classes = _classes(folder, version, files, [labels for _, labels in parts])
    name = folder.resolve().name if name is None else name
    shape = (SIDE, SIDE, CHANNELS)
    sets = [Dataset(name, _channels_last(planes), labels, classes, shape, scale=255.0) for planes, labels in parts]
    return replace(sets[0], test=sets[1]) if len(sets) == 2 else sets[0]


def holds_cifar(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder holds CIFAR's batches, by the names of its files alone.

    Examples
    --------
    >>> holds_cifar("nowhere")
    False
    """
    try:
        names = [entry.name for entry in Path(folder).iterdir() if entry.is_file()]
    except OSError:  # whoever reads the folder says why it cannot be read
        return False
    return any(_is_there(version, names) for version in VERSIONS)


def _is_there(version: _Version, names: Iterable[str]) -> bool:
    """Whether the names have a batch of a version; a file called only ``train`` needs its ``meta`` beside it."""
    train, test = version.parts_in(names)
    return bool(train or test) and (version.names != "meta" or "meta" in names)


def _version(folder: Path, files: Files) -> _Version:
    for version in VERSIONS:
        if _is_there(version, files):
            return version
    raise DataError(f"the folder {folder} holds no batch of CIFAR; {EXPECTED}.")


def _files(folder: Path) -> Files:
    """Read the files of a folder that belong to a version of CIFAR."""
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
        return {name: _content(folder / name) for name in names if _is_wanted(name)}
    except FileNotFoundError as error:
        raise DataError(f"there is no folder {folder}; {EXPECTED} in a folder.") from error
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be read: {reason(error)}.") from error


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DataError(f"{path} has {size} bytes; expected at most {MAX_BYTES}, as no batch of CIFAR is larger.")
    return path.read_bytes()


def _is_wanted(name: str) -> bool:
    return any(version.wants(name) for version in VERSIONS)


def _records(path: Path, content: bytes, *, n_labels: int) -> Part:
    """Return planes and labels of records, of which the last label is the finest."""
    width = n_labels + PIXELS
    if not content or len(content) % width:
        raise DataError(
            f"{path} has {len(content)} bytes; expected a whole number of records of {width} bytes, "
            f"{n_labels} for the label and {PIXELS} for the picture; get the file again."
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, width)
    return records[:, n_labels:], records[:, n_labels - 1]


def _pickled(path: Path, content: bytes, *, key: str) -> Part:
    """Return planes and labels of a batch that Python pickled."""
    batch = read_pickled(path, content)
    planes, labels = (_entry(path, batch, wanted) for wanted in ("data", key))
    if not isinstance(planes, np.ndarray) or planes.ndim != 2 or planes.shape[1] != PIXELS:
        raise DataError(f"{path}: data is {_described(planes)}; expected bytes of shape (N, {PIXELS}).")
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label < 256 for label in labels):
        raise DataError(f"{path}: {key} is {_described(labels)}; expected a list of whole numbers in [0, 256).")
    if len(planes) != len(labels):
        raise DataError(f"{path} holds {len(planes)} pictures and {len(labels)} labels; expected one per picture.")
    return planes, np.array(labels, dtype=np.uint8)


def _pickled_names(path: Path, content: bytes, *, key: str) -> list[str | bytes]:
    names = _entry(path, read_pickled(path, content), key)
    if not isinstance(names, list) or not all(isinstance(name, str | bytes) for name in names):
        raise DataError(f"{path}: {key} is {_described(names)}; expected a list of names.")
    return names


def _entry(path: Path, batch: dict[str, Any], key: str) -> Any:
    if key not in batch:
        raise DataError(f"{path} has no entry {key!r}; expected a batch of CIFAR with it; get the file again.")
    return batch[key]


def _described(value: Any) -> str:
    """Say what something from a file is, without repeating what it says."""
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"


def _lines(_path: Path, content: bytes) -> list[str | bytes]:
    return [line for line in content.splitlines() if line.strip()]


VERSIONS = (
    _Version(r"data_batch_\d+\.bin", "test_batch.bin", "batches.meta.txt", partial(_records, n_labels=1), _lines),
    _Version(r"train\.bin", "test.bin", "fine_label_names.txt", partial(_records, n_labels=2), _lines),
    _Version(
        r"data_batch_\d+", "test_batch", "batches.meta",
        partial(_pickled, key="labels"), partial(_pickled_names, key="label_names"),
    ),
    _Version(
        "train", "test", "meta",
        partial(_pickled, key="fine_labels"), partial(_pickled_names, key="fine_label_names"),
    ),
)  # fmt: skip


def _joined(parts: list[Part]) -> Part:
    planes, labels = zip(*parts, strict=True)
    return np.concatenate(planes), np.concatenate(labels)


def _channels_last(planes: Array) -> Array:
    """Return rows of red, green and blue planes as rows of pixels."""
    return planes.reshape(-1, CHANNELS, SIDE * SIDE).transpose(0, 2, 1).reshape(-1, PIXELS)


def _classes(folder: Path, version: _Version, files: Files, labels: list[Array]) -> tuple[str, ...]:
    """Return the names that the files give, or numbers up to the largest label."""
    if version.names not in files:
        return tuple(str(label) for label in range(max(int(part.max()) for part in labels) + 1))
    place = folder / version.names
    return tuple(_class_name(place, name) for name in version.names_of(place, files[version.names]))


def _class_name(path: Path, name: str | bytes) -> str:
    """Return a name that can be shown."""
    # a pickled text may have halves of characters, which no file can hold
    content = name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")
    text = content.decode("utf-8", "backslashreplace").strip()
    if not text or any(unicodedata.category(character) == "Cc" for character in text):
        raise DataError(f"{path} has the class name {text!r}; expected names of characters that can be shown.")
    return text
