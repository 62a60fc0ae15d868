"""A folder of IDX files as a data set: images paired with labels, training with test.

The pairs are found by name: a file with ``images`` in its name belongs to the file whose name has ``labels``
in that place, whether the names are spelled ``train-images-idx3-ubyte`` or ``train-images.idx3-ubyte``, and
whether or not they end in ``.gz``.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from zanjir.data.dataset import Array, Dataset
from zanjir.data.idx import read_idx
from zanjir.errors import DataError
from zanjir.files import reason

__all__ = ["read_idx_folder"]

EXPECTED = (
    "expected IDX files such as train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz, or CIFAR's batches such as "
    "data_batch_1"
)
DIGITS = tuple("0123456789")

Pairs = dict[str, tuple[Path, Path]]


def read_idx_folder(
    folder: str | os.PathLike[str], *, name: str | None = None, classes: tuple[str, ...] | None = None
) -> Dataset:
    """Read the images and labels of a folder of IDX files.

    Parameters
    ----------
    folder : str or path
        Holds one pair of image and label files, or one for training and one for test (``t10k`` or ``test``
        in the name); other files are left alone.
    name : str, optional
        Name of the data set; the folder's name if not given.
    classes : tuple of str, optional
        Names of the classes; if not given, "0" to "9", and on to the largest label if that is larger.

    Returns
    -------
    Dataset
        X is uint8 of shape (N, H * W), with ``image_shape`` (H, W) and ``scale`` 255. The test pair, where
        there is a training pair too, is its ``test``.

    Raises
    ------
    DataError
        If the folder cannot be read, holds no pair or more pairs than can be told apart, a file of a pair is
        missing or damaged, or the numbers of images and labels differ.

    Examples
    --------
    >>> import tempfile
    >>> from zanjir.data import write_idx
    >>> temporary = tempfile.TemporaryDirectory()
    >>> folder = Path(temporary.name)
    >>> write_idx(folder / "train-images-idx3-ubyte.gz", np.zeros((3, 2, 2), dtype=np.uint8))
    >>> write_idx(folder / "train-labels-idx1-ubyte.gz", np.array([0, 1, 9], dtype=np.uint8))
    >>> read_idx_folder(folder, name="tiny")
    Dataset('tiny': 3 samples, 4 features uint8, 10 classes)
    >>> temporary.cleanup()
    """
    folder = Path(folder)
    pairs = [_read_pair(*pair) for pair in _train_and_test(folder, _pairs(folder))]
    name = folder.resolve().name if name is None else name
    classes = _classes([labels for _, labels in pairs]) if classes is None else classes
    parts = [
        Dataset(name, images.reshape(len(images), -1), labels, classes, images.shape[1:], scale=255.0)
        for images, labels in pairs
    ]
    return replace(parts[0], test=parts[1]) if len(parts) == 2 else parts[0]


def _pairs(folder: Path) -> Pairs:
    """Find the image and label files of a folder, by what their names have in common."""
    names = _names(folder)
    images, labels = ({_key(file): file for file in names if word in file} for word in ("images", "labels"))
    if not images and not labels:
        found = f"holds {len(names)} files, among them {names[0]}" if names else "holds no files"
        raise DataError(f"the folder {folder} {found}; {EXPECTED}.")
    for key in images.keys() ^ labels.keys():
        alone, partner = (images[key], "labels") if key in images else (labels[key], "images")
        raise DataError(f"the folder {folder} holds {alone} but not its {partner}; {EXPECTED}.")
    return {key: (folder / images[key], folder / labels[key]) for key in images}


def _names(folder: Path) -> list[str]:
    """Return the names of a folder's files, in reverse order."""
    try:
        names = [path.name for path in folder.iterdir() if path.is_file()]
    except FileNotFoundError as error:
        raise DataError(f"there is no folder {folder}; {EXPECTED} in a folder.") from error
    except NotADirectoryError as error:
        raise DataError(f"{folder} is not a folder; give the folder that holds the files, unpacked.") from error
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be read: {reason(error)}.") from error
    # reverse: of a file and its .gz the file comes last, and is the one that is kept
    return sorted((name for name in names if not name.startswith(".")), reverse=True)


def _key(name: str) -> str:
    """Return what is the same in the names of images and labels, in every spelling."""
    plain = re.sub(r"\.gz$", "", name)
    return re.sub(r"[-.]idx\d", "-idx", re.sub("images|labels", "*", plain))


def _train_and_test(folder: Path, pairs: Pairs) -> list[tuple[Path, Path]]:
    """Return the only pair, or the training pair and the test pair."""
    if len(pairs) == 1:
        return list(pairs.values())
    train = [pair for key, pair in pairs.items() if "train" in key]
    test = [pair for key, pair in pairs.items() if "t10k" in key or "test" in key]
    if len(pairs) == 2 and len(train) == len(test) == 1 and train != test:
        return [*train, *test]
    raise DataError(
        f"the folder {folder} holds {len(pairs)} pairs of images and labels, {', '.join(sorted(pairs))}; "
        "expected one pair, or one with train and one with t10k or test in its name; give each data set a "
        "folder of its own."
    )


def _read_pair(images_path: Path, labels_path: Path) -> tuple[Array, Array]:
    """Read images (N, H, W) and labels (N,)."""
    images, labels = read_idx(images_path), read_idx(labels_path)
    for path, array, least in ((images_path, images, 2), (labels_path, labels, 1)):
        dims = "at least 2" if least == 2 else "1"
        if array.dtype != np.uint8 or array.ndim < least or (least == 1 and array.ndim > 1):
            raise DataError(f"{path} holds {array.dtype} {array.shape}; expected uint8 with {dims} dimensions.")
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images)} images and {labels_path.name} {len(labels)} labels; "
            "expected one label per image."
        )
    return images, labels


def _classes(labels: list[Array]) -> tuple[str, ...]:
    """Return the ten digits, and further numbers only if labels use them."""
    largest = max(int(part.max()) for part in labels)
    return DIGITS + tuple(str(label) for label in range(len(DIGITS), largest + 1))
