"""``zanjir check``: verdicts on every parameter of a run's loss."""

import numpy as np
import pytest

from zanjir import gates

VERDICTS = {"right", "wrong", "kink", "too noisy to say"}


@pytest.mark.parametrize("fixture", ["digits_run", "moons_run", "line_run"])
def test_a_run_is_right_on_its_own_data(fixture, call, request):
    run = request.getfixturevalue(fixture)
    found = call("check", run)
    assert (found.code, found.err) == (0, "")
    first, head, *rows = found.out.splitlines()
    assert first.startswith("loss ")
    assert first.endswith(f" on 8 samples: the samples that training never saw ({run.parent.name[:-1]})")
    assert head.split()[:3] == ["parameter", "shape", "verdict"]
    assert rows[0].startswith("W1 ")
    assert " right " in rows[0]
    assert rows[-1].startswith("cost: forward differences ")


def test_the_result_is_one_json_object(moons_run, call):
    found = call("check", moons_run, "--json", "--samples", 3, "--seed", 7)
    assert found.code == 0
    data = found.json
    assert (data["ok"], data["samples"], data["seed"], data["run"]) == (True, 3, 7, str(moons_run))
    assert [p["name"] for p in data["parameters"]] == ["W1", "b1", "W2", "b2"]
    assert {p["verdict"] for p in data["parameters"]} == {"right"}
    assert data["cost"]["forward_evaluations"] == 2 * 8 + 8 + 8 + 1 + 1
    assert data["of"] == "the samples that training never saw (moons)"


def test_a_seed_decides_everything_but_the_clock(digits_run, call):
    def checked(seed):
        data = call("check", digits_run, "--json", "--seed", seed).json
        data.pop("cost")
        return data

    assert checked(1) == checked(1)
    assert checked(1)["loss"] != checked(2)["loss"]


def test_other_data_may_be_given(moons_run, call):
    assert call("check", moons_run, "moons", "--json").json["of"] == "the samples that training never saw (moons)"


def test_elements_are_sampled(digits_run, call):
    W1 = call("check", digits_run, "--elements", 5, "--json").json["parameters"][0]
    assert (W1["shape"], W1["elements"], W1["directions"]) == ([64, 10], 5, 4)


@pytest.mark.parametrize(
    "settings",
    [
        ["--hidden", "6,5", "--activation", "tanh", "--penalty", "l2"],
        ["--hidden", "6", "--dropout", "0.5", "--penalty", "elastic_net", "--loss", "hinge"],
        ["--hidden", "6", "--activation", "sigmoid", "--loss", "squared_hinge"],
        ["--hidden", "none", "--loss", "squared_error", "--penalty", "l1"],
    ],
)
def test_penalty_dropout_and_every_loss_are_part_of_what_is_checked(settings, call):
    call("train", "moons", "--samples", 60, "--epochs", 1, "--quiet", "--out", "run", *settings)
    found = call("check", "run", "--json")
    assert found.code == 0
    assert {p["verdict"] for p in found.json["parameters"]} <= VERDICTS - {"wrong", "too noisy to say"}
    assert any("dropout" in note for note in found.json["notes"]) == ("--dropout" in settings)


def test_made_up_inputs_stand_in_for_data_that_are_not_at_hand(idx_folder, call):
    call("train", idx_folder, "--hidden", 4, "--samples", 60, "--epochs", 1, "--quiet", "--out", "run")
    found = call("check", "run", "--json")
    assert found.code == 0
    assert found.json["of"] == "made up, for pictures is not at hand"
    assert call("check", "run", idx_folder, "--json").json["of"].startswith("the samples that training never saw")


@pytest.fixture
def broken_tanh():
    right = gates.tanh.vjp
    object.__setattr__(gates.tanh, "vjp", (lambda g, y, x: right[0](g, y, x) * 1.001,))
    yield
    object.__setattr__(gates.tanh, "vjp", right)


def test_a_wrong_rule_leaves_with_1_and_names_the_gate(call, broken_tanh):
    call(
        "train",
        "moons",
        "--hidden",
        4,
        "--activation",
        "tanh",
        "--samples",
        60,
        "--epochs",
        1,
        "--quiet",
        "--out",
        "run",
    )
    found = call("check", "run")
    assert found.code == 1
    assert found.err == ""
    assert "at fault: the rule of gate 'tanh' for input 0 (z) is wrong in h = np.tanh(z): at [" in found.out
    data = call("check", "run", "--json")
    assert (data.code, data.json["ok"]) == (1, False)
    assert [p["verdict"] for p in data.json["parameters"]] == ["wrong", "wrong", "right", "right"]
    assert data.json["parameters"][0]["relative_error"] == pytest.approx(1e-3, rel=0.01)


def test_numbers_that_overflow_are_named_in_a_sentence(moons_run, workplace, call):
    from zanjir.cli.run import Run

    saved = Run(moons_run).load()
    saved.model.W[:] = np.float32(3e38)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zanjir.cli.run.Run.load", lambda self: saved)
        assert call("check", moons_run).code == 0  # float64 has room for that
        object.__setattr__(saved.model, "W", np.full(saved.model.W.shape, 1e300))
        assert "not finite" in call("check", moons_run).sentence


def test_what_is_measured_and_not_learned_is_not_checked(call):
    call("train", "moons", "--hidden", 4, "--norm", "batch", "--samples", 60, "--epochs", 1, "--quiet", "--out", "run")
    found = call("check", "run", "--json").json
    assert [p["name"] for p in found["parameters"]] == ["W1", "b1", "gain1", "shift1", "W2", "b2"]
    assert found["notes"] == ["batch normalization takes the mean and variance of these samples, as in training."]


def test_a_folder_with_the_name_of_a_known_data_set_is_not_taken_for_it(idx_folder, call):
    idx_folder.rename("moons")
    call("train", "./moons", "--hidden", 4, "--samples", 60, "--epochs", 1, "--quiet", "--out", "run")
    found = call("check", "run", "--json")
    assert (found.code, found.json["of"]) == (0, "made up, for moons is not at hand")


def test_one_sample_is_one_sample(moons_run, call):
    assert " on 1 sample: " in call("check", moons_run, "--samples", 1).out


def test_nothing_is_downloaded_for_a_check(idx_folder, call, monkeypatch):
    idx_folder.rename("mnist")
    call("train", "./mnist", "--hidden", 4, "--samples", 60, "--epochs", 1, "--quiet", "--out", "run")
    monkeypatch.setattr("zanjir.data.catalogue.download", lambda name: pytest.fail(f"downloads {name}"))
    assert call("check", "run", "--json").json["of"] == "made up, for mnist is not at hand"
