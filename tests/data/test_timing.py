import numpy as np
import pytest

from zanjir.data import LoopTiming, time_loop, timing
from zanjir.errors import ParameterError


@pytest.mark.parametrize("operation", ["add", "multiply", "relu"])
def test_loop_and_call_give_the_same_bits(operation):
    found = time_loop(operation, 500)
    assert (found.operation, found.n, found.identical) == (operation, 500, True)
    assert found.loop > 0
    assert found.vectorized > 0


def test_the_loops_compute_what_they_are_named(monkeypatch):
    x, y = np.array([1.0, -2.0]), np.array([10.0, 20.0])
    results = {name: loop(x, y).tolist() for name, (loop, _) in timing.OPERATIONS.items()}
    assert results == {"add": [11, 18], "multiply": [10, -40], "relu": [1, 0]}


def test_another_result_is_reported(monkeypatch):
    monkeypatch.setitem(timing.OPERATIONS, "add", (np.add, lambda x, y: x + y + 1e-12))
    assert not time_loop("add", 10).identical
    assert "different results" in str(time_loop("add", 10))


def test_the_ratio_is_of_the_times():
    assert LoopTiming("add", 1, loop=0.5, vectorized=0.01, identical=True).ratio == pytest.approx(50)


def test_unknown_operations_and_no_elements():
    with pytest.raises(ParameterError, match="unknown operation 'dot'; expected add, multiply or relu"):
        time_loop("dot")
    with pytest.raises(ParameterError, match="n must be a whole number of at least 1; got 0"):
        time_loop("add", 0)
