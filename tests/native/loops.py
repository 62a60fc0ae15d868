"""Compiles expressions on lanes to loops over arrays, so that tests can run what the text says."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from zanjir.native.values import Code, Kind, Value

LANES = {"float": 16, "double": 8, "i64": 8, "i1": 16}
STORED = {"float": np.float32, "double": np.float64, "i64": np.int64, "i8": np.bool_}


@dataclass(frozen=True)
class Loop:
    """An expression of values, what its inputs hold, and how many lanes it works on."""

    expression: Callable[..., Value]
    inputs: tuple[str, ...]
    width: int = 0

    @property
    def lanes(self) -> int:
        return self.width or LANES[self.inputs[-1]]

    def written(self, name: str) -> tuple[list[str], dict[str, str], str]:
        """Return the function's text, what it declares, and what its result holds."""
        code = Code()
        values = []
        for i, element in enumerate(self.inputs):
            memory = Kind("i8" if element == "i1" else element, self.lanes)
            place = code.let(Kind("ptr"), f"getelementptr {memory.element}, ptr %in{i}, i64 %k")
            loaded = code.let(memory, f"load {memory}, ptr {place.name}, align 1")
            values.append(loaded.convert(Kind("i1", self.lanes)) if element == "i1" else loaded)
        out = self.expression(*values)
        if out.kind.element == "i1":
            out = out.convert(out.kind.of("i8"))
        place = code.let(Kind("ptr"), f"getelementptr {out.kind.element}, ptr %out, i64 %k")
        code.put(f"store {out.kind} {out.name}, ptr {place.name}, align 1")
        arguments = ", ".join(["i64 %n", "ptr noalias %out", *(f"ptr noalias %in{i}" for i in range(len(values)))])
        lines = [
            f"define void @{name}({arguments}) {{",
            "entry:",
            "  br label %loop",
            "loop:",
            "  %k = phi i64 [ 0, %entry ], [ %next, %loop ]",
            *code.lines,
            f"  %next = add i64 %k, {self.lanes}",
            "  %more = icmp slt i64 %next, %n",
            "  br i1 %more, label %loop, label %done",
            "done:",
            "  ret void",
            "}",
        ]
        return lines, code.declared, out.kind.element


@dataclass
class Compiled:
    """A module of compiled functions; `engine` owns the machine code."""

    engine: Any
    outputs: Mapping[str, str]
    loops: Mapping[str, Loop]

    def address(self, name: str) -> int:
        return self.engine.get_function_address(name)

    def __call__(self, name: str, *arrays: Any) -> Any:
        """Run a loop on arrays of one length; what fills up the last lanes is cut off."""
        loop = self.loops[name]
        n = len(arrays[0])
        padded = -(-n // loop.lanes) * loop.lanes
        inputs = [np.ones(padded, STORED["i8" if e == "i1" else e]) for e in loop.inputs]
        for whole, array in zip(inputs, arrays, strict=True):
            whole[:n] = array
        out = np.empty(padded, STORED[self.outputs[name]])
        function = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (1 + len(inputs)))(self.address(name))
        function(padded, out.ctypes.data, *(x.ctypes.data for x in inputs))
        return out[:n]


def machine_code(text: str) -> Any:
    """Compile a module for this processor, as far as LLVM optimizes."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3)
    module = llvm.parse_assembly(text)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


def compiled(loops: Mapping[str, Loop]) -> Compiled:
    """Compile loops into one module."""
    written = {name: loop.written(name) for name, loop in loops.items()}
    declared: dict[str, str] = {}
    for _, needed, _ in written.values():
        declared |= needed
    text = "\n".join([*declared.values(), *("\n".join(lines) for lines, _, _ in written.values())])
    return Compiled(machine_code(text), {name: element for name, (_, _, element) in written.items()}, dict(loops))
