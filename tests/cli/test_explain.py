"""``zanjir explain``: worked solutions at the command line."""

import json

import pytest

from zanjir.explain import LETTERS, PROBLEMS


def test_a_problem_of_the_lectures_is_solved_by_name(call):
    done = call("explain", "homework-1")
    assert done.code == 0
    assert "dL/dw5 = dL/dnet_Y1 * dnet_Y1/dw5 = 0.128876 * 0.594476 = 0.0766137" in done.out
    assert "18 derivatives agree" in done.out


def test_json_has_a_target_and_a_value_for_every_step(call):
    tree = json.loads(call("explain", "homework-1-computed", "--format", "json").out)
    values = {step["target"]: step["value"] for step in tree["children"] if step["kind"] != "check"}
    assert values["loss"] == pytest.approx(0.610964346, abs=1e-9)
    assert values["loss after 1 step"] == pytest.approx(0.564526284, abs=1e-9)


def test_a_file_is_solved_and_the_solution_written(call, tmp_path):
    (tmp_path / "mine.toml").write_text('title = "mine"\n[given]\nx = 3\n[formulas]\nf = "x ** 2"\n', encoding="utf-8")
    out = tmp_path / "mine.md"
    done = call("explain", tmp_path / "mine.toml", "--format", "markdown", "--lang", "fa", "--out", out)
    assert done.code == 0
    assert "گذر پسرو" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("latex", r"\documentclass"),
        ("notebook", '{\n "cells"'),
        ("python", "# Homework 2, with numbers\n"),
        ("svg", "<svg "),
        ("tikz", r"\documentclass[tikz"),
        ("html", "<!DOCTYPE html>"),
    ],
)
def test_a_solution_is_written_in_every_form(call, form, start):
    done = call("explain", "homework-2", "--format", form)
    assert done.code == 0
    assert done.out.startswith(start)
    assert done.err == ""


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("form", ["text", "markdown", "html", "latex", "json"])
def test_formulas_are_written_in_every_form_of_words(form, language, call):
    done = call("explain", "homework-2", "--symbolic", "--format", form, "--lang", language)
    assert done.code == 0
    if form == "json":
        steps = {step["target"]: step for step in json.loads(done.out)["children"] if step["kind"] == "backward"}
        assert steps["df/dw1_11"]["written"]["substituted"] == "df/dz1_1 * x1"


def test_the_picture_has_the_values_and_the_derivatives(call):
    for drawing in ("network", "circuit"):
        picture = call("explain", "homework-1-computed", "--format", "svg", "--drawing", drawing, "--digits", "4").out
        assert "0.1289" in picture  # dL/dnet_Y1
        assert "0.611" in picture


def test_the_drawing_is_the_network_where_there_is_one_and_stands_at_the_top_of_documents(call):
    drawn = {
        (name, drawing): call("explain", name, "--format", "svg", *(["--drawing", drawing] if drawing else [])).out
        for name in ("homework-1", "homework-2")
        for drawing in ("", "circuit")
    }
    assert drawn["homework-1", ""] != drawn["homework-1", "circuit"]
    assert drawn["homework-2", ""] == drawn["homework-2", "circuit"]
    assert drawn["homework-1", ""].strip() in call("explain", "homework-1", "--format", "html").out
    assert r"\begin{tikzpicture}" in call("explain", "homework-1", "--format", "latex").out


def test_a_network_that_is_not_there_is_not_drawn(call):
    done = call("explain", "homework-2", "--format", "svg", "--drawing", "network")
    assert done.code == 1
    assert "the problem has no [network]" in done.err


def test_by_hand_digits_are_those_to_which_numbers_are_rounded(call):
    shown = call("explain", "homework-1", "--mode", "hand", "--digits", "2").out
    assert "out_Y1 = sigmoid(net_Y1) = sigmoid(1.3) = 0.79\n" in shown
    assert "rounded to 2 significant digits" in shown
    three = call("explain", "homework-1-computed", "--mode", "hand").out
    assert "loss: 0.612 by hand, 0.610964 without rounding" in three
    cut = ("--rounding", "truncated", "--places", "decimal")
    assert "= 0.791\n" in call("explain", "homework-1", "--mode", "hand", *cut).out


def test_an_exact_solution_has_fractions(call, tmp_path):
    (tmp_path / "mine.toml").write_text('[given]\nx = 0.1\n[formulas]\nf = "x / 3"\n', encoding="utf-8")
    shown = call("explain", tmp_path / "mine.toml", "--mode", "exact", "--digits", "3").out
    assert "f = x / 3 = 1/10 / 3 = 1/30 ≈ 0.0333\n" in shown


def test_numbers_are_shown_in_persian_numerals_where_they_are_only_read(call):
    done = call("explain", "homework-1", "--lang", "fa", "--numerals", "persian")
    assert "\u2066loss after 1 step = ۰٫۳۱۱۹۲۸\u2069" in done.out
    done = call("explain", "homework-1", "--lang", "fa", "--numerals", "persian", "--format", "html")
    assert "<mn>۰٫۳۱۱۹۲۸</mn>" in done.out
    assert "<svg" in done.out
    for wrong in (("homework-1", "--format", "python"), ("questions",)):
        done = call("explain", *wrong, "--numerals", "persian")
        assert done.code == 2
        assert "--numerals is for solutions as text, html, markdown; leave it out" in done.err


def test_json_says_why_in_the_language_that_is_asked_for(call):
    tree = json.loads(call("explain", "homework-1", "--format", "json", "--lang", "fa").out)
    assert tree["children"][0]["why"] == "x1 دادهٔ مسئله است."


def test_the_problems_are_listed(call):
    listed = call("explain", "--list").out
    assert [line.split()[0] for line in listed.splitlines()] == [*PROBLEMS, *LETTERS, "questions"]


def test_row_98_the_questions_of_the_slides_are_answered(call):
    assert "their mean is 6.26667 in place of 5.26667" in call("explain", "questions").out
    assert "بی‌نهایت" in call("explain", "questions", "--lang", "fa").out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "say what"),
        (("questions", "--format", "svg"), 1, "unknown form of the questions 'svg'; expected text, html,"),
        (("homework-9",), 1, "unknown problem 'homework-9'"),
        (("missing.toml",), 1, "cannot read missing.toml"),
        (("homework-1", "--digits", "0"), 2, "--digits"),
        (("homework-1", "--mode", "exact"), 1, "out_h1: sigmoid of 153/400 is no fraction"),
        (("homework-1", "--mode", "hand", "--digits", "13"), 1, "expected a whole number from 1 to 12 by hand"),
        (("homework-1", "--mode", "eaxct"), 2, "--mode"),
        (("homework-1", "--rounding", "truncated"), 1, "are for the mode 'hand'"),
        (
            ("homework-1", "--mode", "hand", "--format", "svg"),
            2,
            "--mode hand is for solutions; leave it out for formulas, pictures",
        ),
        (("homework-1", "--lang", "de"), 2, "--lang"),
        (("homework-1", "--symbolic", "--format", "python"), 2, "--symbolic has no form python"),
        (("homework-2-letters", "--format", "python"), 1, "x1 is a letter and has no number"),
        (("homework-3", "--symbolic"), 1, "the problem is a proof"),
        (("homework-3", "--format", "svg"), 1, "no formulas"),
    ],
)
def test_wrong_usage_gets_one_sentence(call, arguments, code, sentence):
    done = call("explain", *arguments)
    assert done.code == code
    assert sentence in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (2**20 + 1)], ids=["no UTF-8", "too large"])
def test_a_file_that_is_no_problem_gets_one_sentence(call, tmp_path, content):
    (tmp_path / "bad.toml").write_bytes(content)
    done = call("explain", tmp_path / "bad.toml")
    assert done.code == 1
    assert "bad.toml" in done.err
