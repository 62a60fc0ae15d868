"""Solutions read well: signs, brackets, and what is called the loss."""

from zanjir.explain import as_text, problem_from_text


def of(text, **how):
    """Return the text of a small problem's solution."""
    return as_text(problem_from_text(text).solution(**how))


def test_a_negative_number_has_one_pair_of_brackets_in_a_function():
    text = of("[given]\nx = -0.25\n[formulas]\nf = 'exp(x) + 2 * x'")
    assert "np.exp(-0.25) + 2 * (-0.25)" in text
    assert "((" not in text


def test_a_fraction_has_one_pair_of_brackets_in_a_function():
    assert "np.abs(-1/3)" in of("[given]\nx = -1\n[formulas]\na = 'x / 3'\nf = 'abs(a)'", mode="exact")


def test_no_zero_is_shown_with_a_sign():
    text = of("[given]\nw = -3\nx = 2\n[formulas]\nz = 'w * x'\nL = '-relu(z)'")
    assert "-0.0" not in text
    assert "dL/dw = dL/dz * dz/dw = 0 * 2 = 0" in text
