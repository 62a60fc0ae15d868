"""zanjir (زنجیر, "chain"): write, see, check and train neural networks.

One computational graph with many readings: its value, its gradient (a graph again), the program that is
derived from it, and the training of networks that are built from it. NumPy is the language:

>>> import numpy as np
>>> import zanjir
>>> w = zanjir.tensor([1.0, 2.0], "w")
>>> loss = np.sum(np.tanh(w) ** 2)
>>> zanjir.gradient(loss, w).value.round(6)
array([0.6397  , 0.136219])

Names are loaded when they are first used; ``import zanjir`` itself costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zanjir.data import load
    from zanjir.graph import (
        CheckReport,
        ComputationalGraph,
        Tensor,
        check,
        check_finite,
        check_function,
        check_gradient,
        eval_numerical_gradient,
        find_nonfinite,
        gradient,
        hessian,
        hessian_vector_product,
        jacobian,
        tensor,
        value_and_gradient,
    )
    from zanjir.graph.diagram import diagram
    from zanjir.interchange import TensorBoard, export_onnx
    from zanjir.nn import Sequential, convnet, mlp
    from zanjir.optim import optimizer
    from zanjir.program import source
    from zanjir.training import (
        Plan,
        Trainer,
        check_model,
        divide,
        fit,
        load_model,
        model_of,
        problem_for,
        save_model,
        trainer_for,
    )

__version__ = "0.1.0"

ROOM_OF = {
    "ComputationalGraph": "graph",
    "CheckReport": "graph",
    "Tensor": "graph",
    "check": "graph",
    "check_finite": "graph",
    "check_function": "graph",
    "check_gradient": "graph",
    "diagram": "graph.diagram",
    "eval_numerical_gradient": "graph",
    "find_nonfinite": "graph",
    "gradient": "graph",
    "hessian": "graph",
    "hessian_vector_product": "graph",
    "jacobian": "graph",
    "tensor": "graph",
    "value_and_gradient": "graph",
    "TensorBoard": "interchange",
    "export_onnx": "interchange",
    "Sequential": "nn",
    "convnet": "nn",
    "mlp": "nn",
    "optimizer": "optim",
    "source": "program",
    "Plan": "training",
    "Trainer": "training",
    "check_model": "training",
    "divide": "training",
    "fit": "training",
    "load_model": "training",
    "model_of": "training",
    "problem_for": "training",
    "save_model": "training",
    "trainer_for": "training",
    "load": "data",
}

__all__ = [
    "CheckReport",
    "ComputationalGraph",
    "Plan",
    "Sequential",
    "Tensor",
    "TensorBoard",
    "Trainer",
    "__version__",
    "check",
    "check_finite",
    "check_function",
    "check_gradient",
    "check_model",
    "convnet",
    "diagram",
    "divide",
    "eval_numerical_gradient",
    "export_onnx",
    "find_nonfinite",
    "fit",
    "gradient",
    "hessian",
    "hessian_vector_product",
    "jacobian",
    "load",
    "load_model",
    "mlp",
    "model_of",
    "optimizer",
    "problem_for",
    "save_model",
    "source",
    "tensor",
    "trainer_for",
    "value_and_gradient",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its room (PEP 562)."""
    if name not in ROOM_OF:
        raise AttributeError(f"module 'zanjir' has no attribute {name!r}; it has {', '.join(ROOM_OF)}")
    if ROOM_OF[name] != "data":
        importlib.import_module("zanjir.gates")  # the table must be full before a tensor is used
    return getattr(importlib.import_module(f"zanjir.{ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
