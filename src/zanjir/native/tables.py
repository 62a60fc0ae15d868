"""What a program's text leaves open: pointers, sizes and numbers, which it reads from three tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zanjir.native.blocks import INDEX, POINTER
from zanjir.native.values import Code, Kind, Value

__all__ = ["Tables"]


@dataclass
class Tables:
    """The entries of the three tables, in order.

    Parameters
    ----------
    pointers
        For each pointer the root in whose memory it lies, and its distance from the start in bytes.
    sizes
        Sizes and strides, which count elements.
    numbers
        The nodes whose Python numbers are read.
    """

    pointers: list[tuple[int, int]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    position: dict[Any, int] = field(default_factory=dict)

    def pointer(self, code: Code, root: int, offset: int) -> Value:
        """Write the loading of a pointer."""
        return entry(code, POINTER, "ptrs", self.index(self.pointers, (root, offset)))

    def size(self, code: Code, size: int) -> Value:
        """Write the loading of a size; each is an entry of its own, so that the text shows no coincidence."""
        self.sizes.append(size)
        return entry(code, INDEX, "sizes", len(self.sizes) - 1)

    def number(self, code: Code, key: int) -> Value:
        """Write the loading of a Python number, as a double."""
        return entry(code, Kind("double"), "numbers", self.index(self.numbers, key))

    def index(self, table: list[Any], item: Any) -> int:
        """Return the position of an entry, which is added if it is new."""
        key = (id(table), item)
        if key not in self.position:
            self.position[key] = len(table)
            table.append(item)
        return self.position[key]


def entry(code: Code, kind: Kind, table: str, index: int) -> Value:
    """Write the loading of one entry of a table."""
    place = code.let(POINTER, f"getelementptr i64, ptr %{table}, i64 {index}")
    return code.let(kind, f"load {kind}, ptr {place.name}")
