"""MNIST and Fashion-MNIST from the network, once, into a cache.

A file is asked for at one mirror after the other until one sends exactly the bytes whose SHA-256 is written
here; an error page, a cut-off or a changed file is therefore never kept. The bytes are verified before they
are put in the cache, and again each time they are used.

The checksums of Fashion-MNIST belong to the files whose MD5 its authors publish [2]_; SHA-256 protects
against an attack as well as against damage.

References
----------
.. [1] LeCun, Cortes, Burges, The MNIST database of handwritten digits.
.. [2] Xiao, Rasul, Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking machine learning
   algorithms, arXiv:1708.07747.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from zanjir.errors import DataError, choose
from zanjir.files import reason, replacing

__all__ = ["REMOTES", "Remote", "RemoteFile", "cache_folder", "download", "fetch"]

TIMEOUT = 30.0  # seconds without a byte before the next mirror is tried


@dataclass(frozen=True)
class RemoteFile:
    """A file of known size, in bytes, and SHA-256, in hexadecimal.

    Examples
    --------
    >>> REMOTES["mnist"].files[3].size
    4542
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Remote:
    """A data set on the network: addresses of folders with its files, the files, the names of its classes.

    Examples
    --------
    >>> REMOTES["fashion-mnist"].classes[9]
    'Ankle boot'
    """

    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    classes: tuple[str, ...]


REMOTES = {
    "mnist": Remote(
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                9912422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                28881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                1648877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                4542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
        classes=tuple("0123456789"),
    ),
    "fashion-mnist": Remote(
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                26421880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                29515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                4422102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                5148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
}


def cache_folder() -> Path:
    """Return the folder in which downloads are kept.

    It is the environment variable ``ZANJIR_CACHE_DIR``, or else the place that the platform gives to caches.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, ZANJIR_CACHE_DIR="data"):
    ...     cache_folder().name
    'data'
    """
    chosen = os.environ.get("ZANJIR_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("zanjir")


def download(
    name: str,
    *,
    folder: str | os.PathLike[str] | None = None,
    mirrors: tuple[str, ...] | None = None,
    timeout: float = TIMEOUT,
) -> Path:
    """Return a folder that holds the verified files of a data set, downloading those that it lacks.

    Parameters
    ----------
    name : str
        ``"mnist"`` or ``"fashion-mnist"``.
    folder : str or path, optional
        Where the files are kept; by default a folder of that name in `cache_folder`.
    mirrors : tuple of str, optional
        Addresses of folders to try instead of the known ones.
    timeout : float
        Seconds without a byte before the next mirror is tried.

    Raises
    ------
    ParameterError
        If the name is unknown.
    DataError
        If no mirror sends a file that is missing, or the folder cannot be written.

    Examples
    --------
    >>> download("cifar")
    Traceback (most recent call last):
        ...
    zanjir.errors.ParameterError: unknown download 'cifar'; expected mnist or fashion-mnist.
    """
    remote = choose("download", name, REMOTES)
    place = cache_folder() / name if folder is None else Path(folder)
    for file in remote.files:
        fetch(file, place, remote.mirrors if mirrors is None else mirrors, timeout=timeout)
    return place


def fetch(
    file: RemoteFile, folder: str | os.PathLike[str], mirrors: tuple[str, ...], *, timeout: float = TIMEOUT
) -> Path:
    """Return the verified file in a folder, asking one mirror after the other for it if it is not there.

    Parameters
    ----------
    file : RemoteFile
        The name, size and checksum expected.
    folder : str or path
        Where the file is kept; made if need be.
    mirrors : tuple of str
        Addresses of folders that hold the file.
    timeout : float
        Seconds without a byte before the next mirror is tried.

    Raises
    ------
    DataError
        If no mirror sends the file, or the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> empty = RemoteFile("empty", 0, hashlib.sha256(b"").hexdigest())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "empty").write_bytes(b"")
    ...     fetch(empty, folder, mirrors=()).name  # it is there already: no mirror is asked
    'empty'
    """
    path = Path(folder) / file.name
    if not _is_intact(path, file):
        content = _receive(file, path, mirrors, timeout)
        _make_folder(path.parent)
        with replacing(path) as out:
            out.write(content)
    return path


def _is_intact(path: Path, file: RemoteFile) -> bool:
    """Say whether the file is there with the size and checksum expected."""
    try:
        return path.stat().st_size == file.size and _is_expected(path.read_bytes(), file)
    except OSError:  # absent or unreadable: it is downloaded, and a folder that cannot be written says so
        return False


def _is_expected(content: bytes, file: RemoteFile) -> bool:
    return hashlib.sha256(content).hexdigest() == file.sha256


def _receive(file: RemoteFile, path: Path, mirrors: tuple[str, ...], timeout: float) -> bytes:
    """Return the file's bytes from the first mirror that sends them."""
    from http.client import HTTPException

    failures = []
    for mirror in mirrors:
        try:
            return _receive_from(f"{mirror.rstrip('/')}/{file.name}", file, timeout)
        except (OSError, HTTPException, DataError) as error:
            failures.append(f"{mirror} ({reason(getattr(error, 'reason', None) or error)})")
    state = "is damaged" if path.exists() else "is missing"
    raise DataError(
        f"{path} {state} and could not be downloaded from {'; '.join(failures) or 'any mirror'}; go online, "
        f"put the data set's files into {path.parent}, or give another folder that has them, as in: "
        "zanjir train FOLDER"
    )


def _receive_from(url: str, file: RemoteFile, timeout: float) -> bytes:
    """Return the file's bytes from one address, never reading more than one byte too many."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    if not url.startswith(("http://", "https://")):  # urlopen would also read file: and ftp: addresses
        raise DataError("not an http address")
    request = Request(url, headers={"User-Agent": "zanjir"})  # noqa: S310  # the scheme is checked above
    try:
        with urlopen(request, timeout=timeout) as response:  # noqa: S310
            content: bytes = response.read(file.size + 1)
    except HTTPError as error:
        error.close()  # it is an open response, too
        raise
    if len(content) != file.size:
        sent = f"more than {file.size}" if len(content) > file.size else f"{len(content)} of {file.size}"
        raise DataError(f"sent {sent} bytes")
    if not _is_expected(content, file):
        raise DataError("sent a file with another checksum")
    return content


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"the folder {folder} cannot be made: {reason(error)}; set ZANJIR_CACHE_DIR to a folder that can "
            "be written."
        ) from error
