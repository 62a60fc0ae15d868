"""What the tests of the command line share: calling it, and a few runs to look at."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from zanjir.cli import main
from zanjir.data import write_idx
from zanjir.plots import save_figure
from zanjir.training import Steps, Trainer


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """The one line on stdout, as JSON: NaN and Infinity are none."""
        (line,) = self.out.splitlines()
        return json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))

    @property
    def sentence(self) -> str:
        """What a refusal says: one line of ours, or click's usage with its last line."""
        lines = self.err.splitlines()
        assert self.code == (1 if lines[-1].startswith("zanjir: ") else 2), self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        if self.code == 1:
            assert len(lines) == 1, self.err
            assert lines[0].endswith((".", "?"))
        else:
            assert lines[-1].startswith("Error: ")
            assert lines[0].startswith("Usage: ")
        return lines[-1]


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and a cache of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ZANJIR_CACHE_DIR", str(tmp_path / "cache"))
    return folder


@pytest.fixture(autouse=True)
def blank_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty files for pictures, whose drawing takes longer than a small training; the shared runs have real ones."""
    monkeypatch.setattr("zanjir.cli.pictures.save_figure", lambda figure, path: path.touch())


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., Called]:
    """Call the command line here, in this process."""

    def run(*arguments: object) -> Called:
        capfd.readouterr()
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as leave:
            code = leave.code
        out, err = capfd.readouterr()
        return Called(code, out, err)

    return run


@pytest.fixture
def ctrl_c_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], AbstractContextManager[None]]:
    """Press Ctrl-C in a stretch of steps that ends with a given one."""

    @contextmanager
    def pressed(t: int) -> Iterator[None]:
        advance = Trainer.advance

        def with_a_signal(self: Trainer, epoch: int, order: np.ndarray) -> Steps:
            left = (t - self.t) * self.plan.batch_size
            if 0 < left < len(order) + self.plan.batch_size:
                order = order[:left]
                signal.raise_signal(signal.SIGINT)
            return advance(self, epoch, order)

        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "advance", with_a_signal)
            yield

    return pressed


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder, with its contents."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in paths}


@pytest.fixture(name="tree")
def tree_fixture() -> Callable[[Path], dict[str, bytes | None]]:
    return tree


def trained(folder: Path, *arguments: str) -> Path:
    """Train in another folder than the tests', and return the run."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("zanjir.cli.pictures.save_figure", save_figure)  # whatever a test has put there
            main(["train", *arguments, "--out", str(folder / "run"), "--json", "--quiet"])
    finally:
        os.chdir(before)
    return folder / "run"


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear model of the digits: the run with every kind of file."""
    return trained(tmp_path_factory.mktemp("digits"), "digits", "--hidden", "none", "--epochs", "3", "--seed", "5")


@pytest.fixture(scope="session")
def line_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    arguments = ("line", "--hidden", "none", "--samples", "60", "--epochs", "5")
    return trained(tmp_path_factory.mktemp("line"), *arguments)


@pytest.fixture(scope="session")
def moons_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    arguments = ("moons", "--hidden", "8", "--samples", "80", "--epochs", "4")
    return trained(tmp_path_factory.mktemp("moons"), *arguments, "--loss", "binary_cross_entropy", "--clip", "1")


@pytest.fixture
def idx_folder(workplace: Path) -> Path:
    """A folder of eighty pictures of 3 x 2 pixels, eight of each class."""
    folder = workplace / "pictures"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (80, 3, 2)).astype(np.uint8)
    write_idx(folder / "train-images-idx3-ubyte", pixels)
    write_idx(folder / "train-labels-idx1-ubyte", (np.arange(80) % 10).astype(np.uint8))
    return folder
