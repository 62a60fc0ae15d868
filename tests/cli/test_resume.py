"""Ctrl-C, what it saves, and going on with ``--resume`` to the same bits."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest

from zanjir.cli import main
from zanjir.cli.interrupt import StopOnRequest, interruptible
from zanjir.training import load_training

ZANJIR = (sys.executable, "-m", "zanjir")
# Long enough that a signal after the first line of progress always comes before the end, short enough to finish.
LONG = ("moons", "--hidden", "32", "--dropout", "0.2", "--epochs", "100", "--early-stopping", "99", "--seed", "2")


def interrupted(*arguments, after="epoch", signals=(signal.SIGINT,)):
    """Start a training, and send signals as soon as its progress shows."""
    process = subprocess.Popen([*ZANJIR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = ""
    for line in process.stderr:
        said += line
        if line.startswith(after):
            break
    for number in signals:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, said + err


@pytest.fixture
def stopped_run(workplace, ctrl_c_at):
    """A run that Ctrl-C stopped in mid-epoch, at the end of a stretch of steps."""
    with ctrl_c_at(150), pytest.raises(SystemExit) as leave:
        main(["train", *LONG, "--out", "my run", "--quiet"])
    assert leave.value.code == 130
    return workplace / "my run"


def bits(run):
    """The model and its training as bytes; wall-clock seconds are not part of it."""
    model, arrays, facts = load_training(run / "model.safetensors")
    arrays["history.epochs"] = arrays["history.epochs"][:, :-1]
    facts["state"].pop("seconds")
    return model.W.tobytes(), {name: array.tobytes() for name, array in arrays.items()}, facts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(number, workplace):
    code, out, err = interrupted("train", "moons", "--epochs", "100000", "--out", "my run", signals=[number])
    assert (code, out) == (130, "")
    said = err.splitlines()[-1]
    command = "zanjir train moons --out 'my run' --resume"
    found = re.fullmatch(rf"zanjir: stopped at step (\d+) of 1200000 and saved; go on with: {command}", said)
    assert found
    assert {path.name for path in (workplace / "my run").iterdir()} == {"model.safetensors", "history.csv", "steps.csv"}
    assert load_training("my run/model.safetensors")[2]["state"]["t"] == int(found[1])
    assert "Traceback" not in err


def test_a_stopped_training_goes_on_to_the_same_bits(stopped_run, call, workplace):
    assert load_training(stopped_run / "model.safetensors")[2]["state"]["t"] == 150
    found = call("train", "moons", "--out", "my run", "--resume", "--json", "--quiet")
    whole = call("train", *LONG, "--out", "whole", "--json", "--quiet")
    assert bits(stopped_run) == bits(workplace / "whole")
    own = {name: value for name, value in found.json.items() if name not in {"seconds", "run"}}
    assert own == {name: value for name, value in whole.json.items() if name not in {"seconds", "run"}}
    assert (stopped_run / "steps.csv").read_bytes() == (workplace / "whole" / "steps.csv").read_bytes()
    assert {path.name for path in stopped_run.iterdir()} == {path.name for path in (workplace / "whole").iterdir()}


def test_a_stopped_run_can_be_used_as_it_is(stopped_run, call):
    assert call("evaluate", stopped_run, "moons", "--json").json["test_samples"] == 100
    assert call("predict", stopped_run, "moons", "--out", "p.csv").code == 0
    assert call("source", stopped_run).code == 0


def test_a_finished_run_has_nothing_left_to_do(moons_run, call, workplace):
    (workplace / "run").mkdir()
    (workplace / "run" / "model.safetensors").write_bytes((moons_run / "model.safetensors").read_bytes())
    before = bits(workplace / "run")
    assert call("train", "moons", "--out", "run", "--resume", "--quiet", "--json").json["epochs"] == 4
    assert bits(workplace / "run") == before


@pytest.mark.parametrize("data", ["circles", "digits"])
def test_other_data_are_refused(data, stopped_run, call, workplace, tree):
    before = tree(workplace)
    found = call("train", data, "--out", "my run", "--resume")
    assert found.sentence == (f"zanjir: {data} is not the data that my run was trained on; give moons, unchanged.")
    assert tree(workplace) == before


@pytest.mark.parametrize(
    "option",
    [("--epochs", 5), ("--seed", 2), ("--hidden", 32), ("--learning-rate", 0.1), ("--early-stopping", 3),
     ("--batch-size", 32), ("--test-share", 0.2), ("--validation", 0.1), ("--samples", 10), ("--penalty", "l2")],
)  # fmt: skip
def test_options_beside_resume_are_refused(option, call):
    found = call("train", "moons", "--out", "run", "--resume", *option)
    assert found.sentence == f"Error: --resume goes on with the run's own settings; leave out {option[0]}."


def test_a_second_signal_stops_at_once():
    with interruptible() as request:
        signal.raise_signal(signal.SIGINT)
        assert request.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert StopOnRequest().on_stretch_end(None, None) is False


def test_the_callers_handlers_come_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_in_another_thread_signals_are_left_alone():
    import threading

    seen = []

    def inside():
        with interruptible() as request:
            seen.append((signal.getsignal(signal.SIGINT), request.requested))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [(before, False)]


def test_being_stopped_before_the_training_is_one_sentence_and_leaves_nothing(workplace, monkeypatch, call, tree):
    from zanjir.training import Trainer

    def pressed(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "stretches", pressed)
    found = call("train", "moons", "--quiet")
    assert (found.code, found.out, found.err) == (130, "", "\nzanjir: interrupted.\n")  # on a line below ^C
    assert tree(workplace) == {}


# a terminal

TERMINAL_COLUMNS = 120


def in_a_terminal(*arguments, stop_after=None):
    """Run under a terminal of our own, and return the exit code with what the terminal showed."""
    pty, termios, fcntl, struct = (pytest.importorskip(name) for name in ("pty", "termios", "fcntl", "struct"))
    import os

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, TERMINAL_COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(TERMINAL_COLUMNS)}
    process = subprocess.Popen(
        [*ZANJIR, *arguments], stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            break
        shown += part
        if not part:
            break
        if stop_after and stop_after in shown:
            process.send_signal(signal.SIGINT)
            stop_after = None
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, out.decode(), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def test_a_terminal_shows_a_bar_with_epoch_loss_accuracy_speed_and_time_left():
    code, out, shown = in_a_terminal("train", "moons", "--hidden", "16", "--epochs", "100", "--json", "--out", "run")
    assert code == 0
    assert json.loads(out)["epochs"] == 100
    scores = r"loss \d\.\d{4}, accuracy [01]\.\d{3}, validation [01]\.\d{3}"
    assert re.search(rf"epoch \d+/100 [━╸╺ ]+ +\d+% {scores}, [\d,]+ samples/s +\S+ left", shown), shown[-2000:]
    assert re.search(r"epoch 100/100 .* 100% loss ", shown)
    assert "Traceback" not in shown


def test_ctrl_c_in_a_terminal_leaves_the_bar_and_says_how_to_go_on():
    code, out, shown = in_a_terminal("train", "moons", "--epochs", "100000", "--out", "run", stop_after=b"validation")
    assert (code, out) == (130, "")
    assert shown.splitlines()[-1].startswith("zanjir: stopped at step ")
