"""Fewer and longer loops: neighboring axes of a nest become one where everything in it allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from zanjir.native.fusion import Access, Member, Nest

__all__ = ["collapsed"]


def collapsed(nest: Nest) -> Nest:
    """Return a nest with neighboring axes made one where every array is walked through without a jump.

    Examples
    --------
    >>> collapsed(Nest((2, 3, 4))).space
    (24,)
    """
    axis = len(nest.space) - 2
    while axis >= 0:
        if mergeable(nest, axis):
            nest = merged(nest, axis)
        axis -= 1
    return nest


def mergeable(nest: Nest, axis: int) -> bool:
    """Whether an axis and the next one can be one."""
    inner = axis + 1 == len(nest.space) - 1
    size = nest.space[axis + 1]
    for member in nest.members.values():
        if inner and member.per_row:
            return False
        if (axis in member.reduced) != (axis + 1 in member.reduced):
            return False
        for access in (*member.reads, member.result):
            if access and access.strides[axis] != access.strides[axis + 1] * size:
                return False
    return True


def merged(nest: Nest, axis: int) -> Nest:
    """Make an axis and the next one."""
    space = (*nest.space[:axis], nest.space[axis] * nest.space[axis + 1], *nest.space[axis + 2 :])

    def walked(access: Access) -> Access:
        return replace(access, strides=access.strides[:axis] + access.strides[axis + 1 :])

    return Nest(space, {key: member_with(member, axis, walked) for key, member in nest.members.items()})


def member_with(member: Member, axis: int, walked: Callable[[Access], Access]) -> Member:
    """Return a member as it runs when an axis and the next one are one."""
    reads = tuple(access and walked(access) for access in member.reads)
    reduced = frozenset(k if k <= axis else k - 1 for k in member.reduced)
    return replace(member, reads=reads, result=walked(member.result), reduced=reduced)
