"""The choice of the engine on the command line: what runs, what is said of it, and what is saved."""

import pytest

from training.problems import Compiled
from zanjir.training import load_training

QUICK = ("moons", "--hidden", "4", "--samples", "40", "--epochs", "2", "--out", "run")


@pytest.fixture(autouse=True)
def compiled(monkeypatch):
    """A stand-in for the native engine, so that nothing is compiled here."""
    monkeypatch.setattr("zanjir.training.engines.native_engine", Compiled)


def saved_plan(workplace, run="run"):
    return load_training(workplace / run / "model.safetensors")[2]["plan"]


@pytest.mark.parametrize(("engine", "name"), [("auto", "numpy"), ("numpy", "numpy"), ("native", "native")])
def test_the_engine_is_chosen_named_and_saved(engine, name, call, workplace):
    found = call("train", *QUICK, "--engine", engine, "--json", "--quiet")
    assert found.json["engine"] == name
    assert saved_plan(workplace)["engine"] == name
    assert f"| engine | {name} |" in (workplace / "run" / "report.md").read_text(encoding="utf-8")


def test_long_trainings_are_native_by_default(call):
    long = ("moons", "--hidden", "4", "--epochs", "2000", "--early-stopping", "1", "--learning-rate", "1")
    assert call("train", *long, "--json", "--quiet").json["engine"] == "native"


def test_the_first_lines_say_which_engine_runs_and_what_it_leaves_to_numpy(call):
    assert call("train", *QUICK).err.splitlines()[2] == "numpy engine"
    found = call("train", *QUICK[:-1], "other", "--engine", "native")
    assert found.err.splitlines()[2] == "native engine, 2 shards on 1 thread; conv2d runs in NumPy"


def test_shards_are_saved_and_threads_are_not(call, workplace):
    found = call("train", *QUICK, "--engine", "native", "--shards", 3, "--threads", 2, "--json", "--quiet")
    assert found.code == 0
    plan = saved_plan(workplace)
    assert plan["shards"] == 3
    assert "threads" not in plan


def test_a_resumed_run_takes_other_threads_and_keeps_its_engine(call, workplace, ctrl_c_at, monkeypatch):
    with ctrl_c_at(1):
        assert call("train", *QUICK, "--engine", "native", "--shards", 3, "--threads", 1, "--quiet").code == 130
    made = []
    monkeypatch.setattr(
        "zanjir.training.engines.native_engine",
        lambda program, W, plan: made.append((plan.shards, plan.threads)) or Compiled(program, W, plan),
    )
    found = call("train", "moons", "--out", "run", "--resume", "--threads", 2, "--json", "--quiet")
    assert (found.json["engine"], made) == ("native", [(3, 2)])


@pytest.mark.parametrize("option", ["--shards", "--engine"])
def test_what_bits_depend_on_stays_as_it_was_when_resumed(option, call):
    found = call("train", "moons", "--out", "run", "--resume", option, "native" if option == "--engine" else 2)
    assert found.sentence == f"Error: --resume goes on with the run's own settings; leave out {option}."


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--threads", 0), "Error: Invalid value for '--threads': 0 is not in the range x>=1."),
        (("--shards", -1), "Error: Invalid value for '--shards': -1 is not in the range x>=1."),
        (("--threads", "two"), "Error: Invalid value for '--threads': 'two' is not a valid integer range."),
        (
            ("--engine", "numba"),
            "Error: Invalid value for '--engine': 'numba' is not one of 'auto', 'numpy', 'native'.",
        ),
        (
            ("--engine", "numpy", "--threads", 2),
            "Error: --threads is for the native engine; leave it out, or choose --engine native.",
        ),
        (
            ("--engine", "numpy", "--shards", 2),
            "Error: --shards is for the native engine; leave it out, or choose --engine native.",
        ),
    ],
)
def test_an_engine_that_cannot_be_is_refused(options, sentence, call, workplace, tree):
    assert call("train", *QUICK, *options).sentence == sentence
    assert tree(workplace) == {}


def test_threads_are_refused_where_numpy_goes_on(call, ctrl_c_at):
    with ctrl_c_at(1):
        call("train", *QUICK, "--quiet")
    found = call("train", "moons", "--out", "run", "--resume", "--threads", 2)
    assert found.sentence == "Error: --threads is for the native engine, and run is trained by numpy; leave it out."
