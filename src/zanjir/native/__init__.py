"""The program compiled to machine code: text of LLVM from a graph, its compiler and cache, and the engine."""

from zanjir.native.engine import NativeEngine
from zanjir.native.objective import Objective

__all__ = ["NativeEngine", "Objective"]
