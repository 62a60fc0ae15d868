"""The printed programs of five networks, reviewed like code: a change shows as a difference to read."""

import pytest

from golden.networks import NETWORKS, path_of

HOW = "The printed program changed. If that is meant: python tests/golden/networks.py, and read the difference."


@pytest.mark.parametrize("name", NETWORKS)
def test_the_printed_program_is_the_reviewed_one(name):
    assert NETWORKS[name]().source() == path_of(name).read_text(encoding="utf-8"), HOW


def test_every_kept_program_belongs_to_a_network():
    kept = {path.name.removesuffix(".py.txt") for path in path_of("").parent.glob("*.py.txt")}
    assert kept == set(NETWORKS)
