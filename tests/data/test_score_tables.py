import pytest

from zanjir.data import score_table
from zanjir.errors import ParameterError


def test_the_scores_are_those_of_the_files():
    table = score_table()
    assert table.X.tolist() == [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]
    assert (table.classes, table.y.tolist(), table.name) == (("cat", "car", "frog"), [0, 1, 2], "three-classes")


def test_an_unknown_table_names_the_known_ones():
    with pytest.raises(ParameterError, match="unknown score table 'cifar'; expected ten-classes or three-classes"):
        score_table("cifar")
