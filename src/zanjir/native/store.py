"""Compiled programs on the disk: object code by key, verified before use, in a folder that only its owner writes.

An entry is a header (a magic word, the key, the SHA-256 of what follows) and the object code. It is written
whole or not at all, so that processes may read and write at once. Whatever is not such an entry, byte for byte, is
no entry: the program is compiled again and the entry replaced. What is loaded here is run, so entries that
another user of the machine could have written are not read.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zanjir.errors import DataError
from zanjir.files import replacing

__all__ = ["LIMIT", "ProgramStore"]

MAGIC = b"zanjir program 1"
HEADER = len(MAGIC) + 2 * hashlib.sha256().digest_size
LIMIT = 64 * 2**20  # bytes: some thousand programs
NO_FOLLOWING = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class ProgramStore:
    """A folder of compiled programs.

    Parameters
    ----------
    folder : Path
        Where they are; made, for its owner alone, when the first is written.
    limit : int
        Bytes that all entries together may take; those used longest ago are removed first.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store, key = ProgramStore(Path(folder) / "programs"), hashlib.sha256(b"text").digest()
    ...     store.write(key, b"object code")
    ...     store.read(key), store.read(bytes(32))
    (b'object code', None)
    """

    folder: Path
    limit: int = LIMIT

    def path(self, key: bytes) -> Path:
        """Return where the entry of a key is, or would be."""
        return self.folder / f"{key.hex()}.o"

    def read(self, key: bytes) -> bytes | None:
        """Return the object code stored under a key, or None if there is no sound entry."""
        try:
            content = self._trusted(self.path(key))
        except OSError:  # absent or unreadable
            return None
        code = content[HEADER:]
        if content[:HEADER] != _header(key, code):
            return None
        with suppress(OSError):  # a folder that cannot be written keeps its order
            os.utime(self.path(key))
        return code

    def write(self, key: bytes, code: bytes) -> None:
        """Store object code under a key, if the folder can be written, and keep within the limit."""
        with suppress(OSError, DataError):  # the next process compiles again, and nothing else is lost
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replacing(self.path(key)) as file:
                if os.name == "posix":
                    os.fchmod(file.fileno(), 0o600)
                file.write(_header(key, code) + code)
            self._remove_oldest()

    def _trusted(self, path: Path) -> bytes:
        """Return a file's content, or nothing if others may have written it."""
        if _others_may_write(self.folder.stat()):
            return b""
        # Not to wait for a writer, should a pipe lie there.
        with os.fdopen(os.open(path, os.O_RDONLY | NO_FOLLOWING), "rb") as file:
            status = os.fstat(file.fileno())
            return b"" if not stat.S_ISREG(status.st_mode) or _others_may_write(status) else file.read()

    def _remove_oldest(self) -> None:
        found = []
        for path in self.folder.iterdir():
            with suppress(OSError):  # another process may be removing too
                status = path.lstat()
                if stat.S_ISREG(status.st_mode):
                    found.append((status.st_mtime_ns, status.st_size, path))
        excess = sum(size for _, size, _ in found) - self.limit
        for _, size, path in sorted(found):
            if excess <= 0:
                break
            with suppress(OSError):
                path.unlink()
            excess -= size


def _header(key: bytes, code: bytes) -> bytes:
    return MAGIC + key + hashlib.sha256(code).digest()


def _others_may_write(status: os.stat_result) -> bool:
    """Whether somebody else owns a file or folder or may change it; Windows keeps a user's caches to the user."""
    if os.name != "posix":
        return False
    return status.st_uid != os.geteuid() or bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
