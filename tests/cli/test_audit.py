"""``zanjir audit``: printed solutions at the command line."""

import pytest

PROBLEM = '[given]\nx = 3\n[formulas]\nf = "x ** 2"\n'


def test_the_homeworks_errors_are_named_and_the_code_is_1(call):
    done = call("audit", "homework-1")
    assert done.code == 1
    assert "N91  dL/dw5: printed -0.0766, right 0.0766137\n    The sign is wrong.\n" in done.out
    assert done.out.endswith("34 of 41 claims are wrong.\n")


def test_json_has_every_finding(call):
    found = call("audit", "homework-1", "--problem", "homework-1", "--json").json
    assert (found["problem"], found["claims"], len(found["findings"])) == ("homework-1", 41, 41)
    (loss,) = [each for each in found["findings"] if each["target"] == "loss"]
    assert loss["printed"] == "0.61075"
    assert loss["right"] == pytest.approx(0.323394259, abs=1e-9)
    assert loss["verdict"] == "variant"
    assert loss["facts"]["changes"] == "t_Y2 = 0.02"


def test_persian_is_said_on_request(call):
    assert "علامت نادرست است." in call("audit", "homework-1", "--lang", "fa").out


def test_a_claim_stands_under_the_name_the_print_gives_it(call, tmp_path):
    text = '[[claims]]\ntarget = "out_h1"\nlabel = "f_h11"\nplace = "page 3"\nprinted = 0.594\n'
    (tmp_path / "printed.toml").write_text(text, encoding="utf-8")
    done = call("audit", tmp_path / "printed.toml", "--problem", "homework-1")
    assert done.code == 0
    assert "page 3  f_h11: printed 0.594, right 0.594476" in done.out


def test_a_right_solution_beside_its_problem_leaves_with_0(call, tmp_path):
    (tmp_path / "mine.toml").write_text(PROBLEM, encoding="utf-8")
    text = 'problem = "mine.toml"\n[[claims]]\ntarget = "f"\nprinted = 9.0\n'
    (tmp_path / "printed.toml").write_text(text, encoding="utf-8")
    done = call("audit", tmp_path / "printed.toml")
    assert done.code == 0
    assert done.out.endswith("0 of 1 claims are wrong.\n")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot read"),
        (b"\xff", "is no text in UTF-8"),
        (b"x" * (2**20 + 1), "a printed solution has at most"),
        (b"claims = [", "is no TOML"),
        (b'[[claims]]\ntarget = "f"\nprinted = 9', "names no problem"),
        (b'problem = "homework-9"\n[[claims]]\ntarget = "f"\nprinted = 9', "unknown problem 'homework-9'"),
        (b'problem = "gone.toml"\n[[claims]]\ntarget = "f"\nprinted = 9', "gone.toml"),
    ],
)
def test_a_bad_file_gets_one_sentence(call, tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "bad.toml").write_bytes(content)
    done = call("audit", tmp_path / "bad.toml")
    assert done.code == 1
    assert sentence in done.sentence


def test_wrong_usage_leaves_with_2(call):
    assert "CLAIMS" in call("audit").sentence
    assert call("audit", "homework-1", "--lang", "de").code == 2


def test_in_persian_numbers_and_names_run_from_left_to_right(call):
    lines = call("audit", "homework-1", "--lang", "fa").out.splitlines()
    assert any("\u2066-0.0766\u2069" in line for line in lines)
    assert all(line.count("\u2066") == line.count("\u2069") for line in lines)
