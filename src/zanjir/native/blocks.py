"""Loops, branches and memory in LLVM's text: what `Value`'s operators leave to be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zanjir.native.values import Code, Kind, Value

__all__ = ["INDEX", "POINTER", "at", "load", "loop", "lowest", "mask", "masked_load", "masked_store", "store", "when"]

INDEX, POINTER = Kind("i64"), Kind("ptr")


@contextmanager
def loop(code: Code, name: str, stop: Value, step: int | Value = 1) -> Iterator[Value]:
    r"""Write a loop from 0 while below ``stop``; its index is yielded to write the body with.

    Parameters
    ----------
    code : Code
        Where it is written.
    name : str
        Beginning of its labels, used once in a function.
    stop, step : Value
        Integers; a step may be found in the body.

    Examples
    --------
    >>> code = Code()
    >>> with loop(code, "rows", Value(code, INDEX, "%n")) as row:
    ...     _ = row * 2
    >>> print("\n".join(code.lines))
      br label %rows.before
    rows.before:
      br label %rows
    rows:
      %v1 = phi i64 [0, %rows.before], [%v1.next, %rows.step]
      %v2 = icmp slt i64 %v1, %n
      br i1 %v2, label %rows.body, label %rows.after
    rows.body:
      %v3 = mul i64 %v1, 2
      br label %rows.step
    rows.step:
      %v1.next = add i64 %v1, 1
      br label %rows
    rows.after:
    """
    code.put(f"br label %{name}.before")
    code.label(f"{name}.before")
    code.put(f"br label %{name}")
    code.label(name)
    index = Value(code, INDEX, code.fresh())
    code.put(f"{index.name} = phi i64 [0, %{name}.before], [{index.name}.next, %{name}.step]")
    goes_on = index < stop
    code.put(f"br i1 {goes_on.name}, label %{name}.body, label %{name}.after")
    code.label(f"{name}.body")
    step_ = step if isinstance(step, Value) else code.constant(INDEX, step)
    yield index
    code.put(f"br label %{name}.step")
    code.label(f"{name}.step")
    code.put(f"{index.name}.next = add i64 {index.name}, {step_.name}")
    code.put(f"br label %{name}")
    code.label(f"{name}.after")


@contextmanager
def when(code: Code, name: str, condition: Value, *, leaves: bool = False) -> Iterator[None]:
    r"""Write a branch that is taken if a condition is true; one that leaves ends the function.

    Examples
    --------
    >>> code = Code()
    >>> with when(code, "empty", Value(code, Kind("i1"), "%c"), leaves=True):
    ...     pass
    >>> print("\n".join(code.lines))
      br i1 %c, label %empty.yes, label %empty.no
    empty.yes:
      ret void
    empty.no:
    """
    code.put(f"br i1 {condition.name}, label %{name}.yes, label %{name}.no")
    code.label(f"{name}.yes")
    yield
    code.put("ret void" if leaves else f"br label %{name}.no")
    code.label(f"{name}.no")


def lowest(x: Value, y: int | Value) -> Value:
    """Return the smaller of two integers."""
    return x.unary("llvm.smin", y)


def at(pointer: Value, index: int | Value, kind: Kind) -> Value:
    """Return the address of an element, counted in elements of a kind."""
    place = index if isinstance(index, Value) else pointer.code.constant(INDEX, index)
    return pointer.code.let(POINTER, f"getelementptr {kind.element}, ptr {pointer.name}, i64 {place.name}")


def load(pointer: Value, kind: Kind) -> Value:
    """Read a value; its address needs to suit one lane only."""
    return pointer.code.let(kind, f"load {kind}, ptr {pointer.name}, align {kind.bits // 8}")


def store(value: Value, pointer: Value) -> None:
    """Write a value; its address needs to suit one lane only."""
    kind = value.kind
    value.code.put(f"store {kind} {value.name}, ptr {pointer.name}, align {kind.bits // 8}")


def mask(count: Value, width: int) -> Value:
    """Return lanes that are true where their number is below a count, which may be negative or large."""
    code, lanes = count.code, Kind("i32", width)
    numbers = Value(code, lanes, f"<{', '.join(f'i32 {lane}' for lane in range(width))}>")
    return numbers < lowest(count, width).unary("llvm.smax", 0).convert(Kind("i32")).spread(width)


def masked_load(pointer: Value, kind: Kind, lanes: Value) -> Value:
    """Read the lanes that are true; nothing is touched where they are not, and zeros stand there."""
    code = pointer.code
    function = f"llvm.masked.load.{kind.short}.p0"
    code.declared[function] = f"declare {kind} @{function}(ptr, {lanes.kind}, {kind})"
    where = f"ptr align {kind.bits // 8} {pointer.name}"
    return code.let(kind, f"call {kind} @{function}({where}, {lanes.kind} {lanes.name}, {kind} zeroinitializer)")


def masked_store(value: Value, pointer: Value, lanes: Value) -> None:
    """Write the lanes that are true, and touch nothing where they are not."""
    code, kind = value.code, value.kind
    function = f"llvm.masked.store.{kind.short}.p0"
    code.declared[function] = f"declare void @{function}({kind}, ptr, {lanes.kind})"
    where = f"ptr align {kind.bits // 8} {pointer.name}"
    code.put(f"call void @{function}({kind} {value.name}, {where}, {lanes.kind} {lanes.name})")
