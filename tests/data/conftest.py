"""What the tests of the data room share."""

from __future__ import annotations

from pathlib import Path

import pytest

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"


@pytest.fixture
def mnist_folder() -> Path:
    """The folder of the real MNIST test files, or a visible skip."""
    if not (MNIST / "t10k-images-idx3-ubyte.gz").is_file():
        pytest.skip(f"needs the MNIST test files in {MNIST}")
    return MNIST


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test, so that none reads or writes the user's."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ZANJIR_CACHE_DIR", str(folder))
    return folder
