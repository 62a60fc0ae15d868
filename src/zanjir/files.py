"""Writing a file so that a reader sees the old one or the new one, and never half of one."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from zanjir.errors import DataError

__all__ = ["reason", "replacing", "write_whole"]

STALE_SECONDS = 24 * 3600.0  # nothing of ours writes for a day, so an older part belongs to a killed process


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a temporary file beside ``path`` that takes its place, on the disk too, only if all went well.

    Raises
    ------
    DataError
        If the file cannot be written; an older one stays as it was.
    """
    sweep(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        settle(path.parent)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {reason(error)}; choose another place.") from error
    finally:
        with suppress(OSError):  # after the rename there is nothing left to remove
            part.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; errors are those of `replacing`."""
    with replacing(path) as file:
        file.write(content)


def settle(folder: Path) -> None:
    """Bring a folder's new entries to the disk, where the system can."""
    with suppress(OSError):  # some systems cannot open folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(path: Path) -> None:
    """Remove what killed writers of ``path`` left behind."""
    for part in path.parent.glob(f".{path.name}.*.part"):
        with suppress(OSError):  # another process may be sweeping too
            if time.time() - part.stat().st_mtime > STALE_SECONDS:
                part.unlink()


def reason(error: BaseException) -> str:
    """Return what an error says, in words, or its kind if it says nothing."""
    said = error.strerror if isinstance(error, OSError) else None
    return said or str(error) or type(error).__name__
