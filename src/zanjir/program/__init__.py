"""From a graph to a program: its text, and the engine that runs it on preallocated buffers."""

from zanjir.program.curvature import HessianProduct
from zanjir.program.engine import Batch, NumpyEngine, Scorer
from zanjir.program.printing import compiled, graph_source
from zanjir.program.record import Engine, Feed, Record, labels_from
from zanjir.program.statistics import Statistics
from zanjir.program.step import Problem, StepProgram, source, trace_step

__all__ = [
    "Batch",
    "Engine",
    "Feed",
    "HessianProduct",
    "NumpyEngine",
    "Problem",
    "Record",
    "Scorer",
    "Statistics",
    "StepProgram",
    "compiled",
    "graph_source",
    "labels_from",
    "source",
    "trace_step",
]
