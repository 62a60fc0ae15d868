"""Which engine runs a training: the plan, or an estimate of the work that no machine changes."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from training.problems import Compiled, plan, points, problem, same_bits, trained, trainer
from zanjir.errors import ParameterError
from zanjir.nn import LOSSES, convnet, mlp
from zanjir.optim import Adam
from zanjir.program import Problem, trace_step
from zanjir.training import Plan, Trainer, plan_from, plan_specification
from zanjir.training.engines import SECONDS_WORTH_COMPILING, Work, engine_name

DIGITS = trace_step(Problem(mlp([32], 10), LOSSES["softmax"], 64, 10), Adam())
FULL = trace_step(Problem(mlp([512], 10), LOSSES["softmax"], 784, 10), Adam())
IMAGES = trace_step(Problem(convnet((8, 8), [8, 16], [32], 10), LOSSES["softmax"], 64, 10), Adam())


@pytest.fixture
def compiled(monkeypatch):
    """A stand-in for the native engine, so that nothing is compiled here."""
    monkeypatch.setattr("zanjir.training.engines.native_engine", Compiled)


@pytest.mark.parametrize(
    ("program", "facts", "n_samples", "name"),
    [
        (DIGITS, {"batch_size": 32, "epochs": 1}, 1294, "numpy"),
        (DIGITS, {"batch_size": 32, "epochs": 1000}, 1294, "native"),
        (FULL, {"batch_size": 128, "epochs": 1}, 60_000, "native"),
        (FULL, {"batch_size": 128, "epochs": 1}, 500, "numpy"),
        (IMAGES, {"batch_size": 32, "epochs": 1}, 200, "numpy"),
        (IMAGES, {"batch_size": 32, "epochs": 30}, 1294, "native"),
        (DIGITS, {"batch_size": 10**9, "epochs": 1}, 500, "numpy"),
        (DIGITS, {"batch_size": 32, "epochs": 1, "shards": 2}, 1294, "native"),
        (DIGITS, {"batch_size": 32, "epochs": 1, "threads": 2}, 1294, "numpy"),
        (DIGITS, {"batch_size": 32, "epochs": 1, "engine": "native"}, 1294, "native"),
        (DIGITS, {"batch_size": 32, "epochs": 1000, "engine": "numpy"}, 1294, "numpy"),
    ],
)
def test_long_trainings_are_compiled_and_short_ones_start_at_once(program, facts, n_samples, name):
    assert engine_name(program, Plan(**facts), n_samples) == name


def test_more_epochs_never_lead_back_to_numpy():
    names = [engine_name(DIGITS, Plan(batch_size=32, epochs=epochs), 1294) for epochs in (1, 10, 40, 100, 200, 400)]
    assert names == sorted(names, reverse=True)
    assert set(names) == {"numpy", "native"}


def test_the_products_of_a_step_are_those_on_paper():
    found = sum(Work(FULL, 128).products(node) for node in Work(FULL, 128).gates if node.gate.name == "matmul")
    forward = 128 * (784 * 512 + 512 * 10)
    assert found == pytest.approx(2 * forward + 128 * 512 * 10, rel=1e-12)  # square roots of whole numbers


def test_a_node_grows_with_the_batch_only_if_the_batch_is_in_it():
    work = Work(FULL, 128)
    named = {**FULL.forward.outputs, **FULL.backward.outputs}
    assert work.size(named["scores"]) == 1280
    assert work.size(named["dW1"]) == 784 * 512
    assert work.size(FULL.update.outputs["W"]) == FULL.problem.layout.size


def test_a_larger_batch_and_a_wider_network_need_more_time():
    sizes = [Work(FULL, n).seconds for n in (1, 32, 1024)]
    assert sizes == sorted(sizes)
    assert Work(DIGITS, 32).seconds < Work(FULL, 32).seconds
    assert Work(DIGITS, 32).least < Work(DIGITS, 32).seconds < SECONDS_WORTH_COMPILING


def test_a_short_training_loads_no_compiler():
    code = (
        "import numpy as np, sys; from zanjir.nn import LOSSES, mlp; from zanjir.program import Problem;"
        "from zanjir.training import Plan, Samples, Trainer;"
        "samples = Samples(np.eye(4), np.array([0, 1, 0, 1]));"
        "one = Trainer(Problem(mlp([], 2), LOSSES['softmax'], 4, 2), Plan(epochs=3), samples, n_classes=2);"
        "assert len(list(one)) == 3;"
        "print([name for name in sys.modules if name.startswith(('zanjir.native', 'llvmlite'))])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_the_native_engine_gets_the_seed_shards_and_threads_of_the_plan(compiled):
    one = trainer(engine="native", seed=7, shards=3, threads=4)
    assert (one.engine.name, one.engine.shards, one.engine.threads, one.engine.key[0]) == ("native", 3, 4, 7)


def test_the_plan_of_a_trainer_names_the_engine_that_was_chosen(compiled):
    assert (trainer(threads=2).plan.engine, trainer().plan.shards, trainer(threads=2).plan.threads) == (
        "numpy", None, None,
    )  # fmt: skip
    native = trainer(shards=3).plan
    assert (native.engine, native.shards) == ("native", 3)
    assert trainer(engine="native", threads=2).plan == plan(engine="native", threads=2)


def test_a_resumed_training_keeps_its_engine_whatever_would_be_chosen_now(compiled, monkeypatch):
    saved = json.loads(json.dumps(plan_specification(trainer().plan)))
    monkeypatch.setattr("zanjir.training.engines.SECONDS_WORTH_COMPILING", 0)
    assert trainer().engine.name == "native"
    again = Trainer(problem(dtype=np.float64), plan_from(saved), points(), n_classes=2)
    assert again.engine.name == "numpy"


def test_a_saved_plan_has_engine_and_shards_and_leaves_the_threads_to_each_run():
    before = Plan(engine="native", shards=4, threads=3)
    facts = plan_specification(before)
    assert "threads" not in facts
    assert plan_from(facts) == dataclasses.replace(before, threads=None)


def test_what_was_saved_before_there_was_a_choice_was_trained_by_numpy():
    facts = {name: value for name, value in plan_specification(Plan()).items() if name not in {"engine", "shards"}}
    assert plan_from(facts) == Plan(engine="numpy")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"engine": "nativ"}, r"^unknown engine 'nativ'; expected auto, numpy or native\. Did you mean 'native'\?$"),
        ({"shards": 0}, r"^Plan: shards must be a number of shards, at least 1; got 0\.$"),
        ({"threads": 1.5}, r"^Plan: threads must be a number of threads, at least 1; got 1\.5\.$"),
        ({"threads": True}, "got True"),
        ({"engine": "numpy", "threads": 2}, r"^Plan: threads is 2, and the numpy engine has none; leave it out\.$"),
        ({"engine": "numpy", "shards": 1}, r"^Plan: shards is 1, and the numpy engine has none; leave it out\.$"),
    ],
)
def test_a_plan_refuses_an_engine_that_cannot_be(facts, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Plan(**facts)


def test_the_engine_of_a_plan_trains(compiled):
    assert same_bits(trained((4,), engine="native").W, trained((4,)).W)
