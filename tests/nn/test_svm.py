"""The multi-class SVM loss of one sample, as on the slide, and a learned deviation: what does not fit."""

import numpy as np
import pytest

from zanjir.errors import DataError, GraphError, ShapeError
from zanjir.graph import gradient, tensor
from zanjir.nn import L_i, L_i_vectorized, gaussian_negative_log_likelihood

both = pytest.mark.parametrize("loss", [L_i, L_i_vectorized])


@both
def test_the_sizes_of_weights_and_sample_must_fit(loss):
    with pytest.raises(
        ShapeError, match=r"^W is \(3, 4\) and x is \(5,\); expected \(C, D\) and \(D,\), one sample\.$"
    ):
        loss(np.ones(5), 0, np.ones((3, 4)))


@both
@pytest.mark.parametrize("y", [-1, 3])
def test_a_label_counts_from_0_and_not_from_the_end(loss, y):
    with pytest.raises(DataError, match=rf"^y is {y}, expected a class in \[0, 3\)\.$"):
        loss(np.ones(4), y, np.ones((3, 4)))


@both
@pytest.mark.parametrize("which", ["x", "W", "both"])
def test_tensors_and_arrays_may_be_mixed(loss, which):
    rng = np.random.default_rng(0)
    x, W = rng.standard_normal(4), rng.standard_normal((3, 4))
    X, V = tensor(x, "x") if which != "W" else x, tensor(W, "W") if which != "x" else W
    found = loss(X, 1, V)
    assert found.value == pytest.approx(loss(x, 1, W))
    leaf = X if which == "x" else V
    assert gradient(found, leaf).shape == leaf.shape


@pytest.mark.parametrize("shape", [(3,), (2, 2, 1), (3, 1)])
def test_a_deviation_that_does_not_fit_the_predictions_is_refused(shape):
    with pytest.raises(ShapeError, match=r"^sigma is \(.*\), expected a number, or a shape that fits \(2, 2\)\.$"):
        gaussian_negative_log_likelihood(tensor(np.zeros((2, 2)), "f"), np.zeros((2, 2)), np.ones(shape))


@pytest.mark.parametrize("shape", [(), (2,), (1, 2), (2, 1), (2, 2)])
def test_a_deviation_may_be_given_for_each_output_or_sample(shape):
    sigma = np.full(shape, 2.0)
    found = gaussian_negative_log_likelihood(tensor(np.zeros((2, 2)), "f"), np.ones((2, 2)), tensor(sigma, "sigma"))
    assert found.value == pytest.approx([2 * (1 / 8 + np.log(2) + np.log(2 * np.pi) / 2)] * 2)


def test_the_likelihood_keeps_single_precision():
    f = tensor(np.zeros((2, 1), np.float32), "f")
    assert gaussian_negative_log_likelihood(f, np.ones((2, 1), np.float32), 0.5).dtype == np.float32


def test_a_deviation_of_text_is_refused():
    with pytest.raises(GraphError, match=r"^a tensor holds real numbers; got <U3 data, such as 'one'"):
        gaussian_negative_log_likelihood(tensor([[0.0]], "f"), np.array([[0.0]]), "one")
