"""The printed program: forward, backward and update as straight-line NumPy that runs as it stands."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from zanjir.errors import GraphError
from zanjir.graph.gate import Gate
from zanjir.graph.gradient import gradient
from zanjir.graph.tensor import Tensor
from zanjir.program.function import Function, Line, free, merged, named_inputs, needs_definition, word

__all__ = ["compiled", "definition", "function_text", "graph_source", "helpers_text"]

COMMENT_COLUMN = 64
Describe = Callable[[Tensor], str]


def function_text(function: Function, describe: Describe | None = None, note: str = "") -> str:
    """Return the text of one function; ``describe`` gives the shape that a line's comment states."""
    head = f"def {function.name}({', '.join(function.arguments)}):"
    lines = function.lines()
    body = [f'    """{note}"""'] if note else []
    body += [commented(line, describe) for line in lines]
    return "\n".join([head, *body, f"    return {', '.join(function.results(lines))}"])


def commented(line: Line, describe: Describe | None) -> str:
    """Return a line of code with its formula and shape as a comment."""
    code = f"    {line.name} = {line.code}"
    if describe is None:
        return code
    return f"{code:<{COMMENT_COLUMN}}  # {line.formula}  {describe(line.node)}".rstrip()


def helpers_text(functions: Iterable[Function]) -> list[str]:
    """Return the definitions of the gates that NumPy has no function for, each once, in order of first use."""
    rows: dict[str, Gate] = {}
    for function in functions:
        for node in function.nodes:
            if node.gate is not None and needs_definition(node.gate):
                rows.setdefault(node.gate.name, node.gate)
    return [definition(row) for row in rows.values()]


def definition(row: Gate) -> str:
    """Return the source of a row's forward function, under the row's name and without annotations.

    Parameters
    ----------
    row : Gate
        A gate that NumPy has no function for.

    Raises
    ------
    TypeError
        If its forward function is an expression, which has no source of its own.

    Examples
    --------
    >>> from zanjir.graph.gate import TABLE
    >>> print(definition(TABLE["broadcast_like"]).splitlines()[0])
    def broadcast_like(x, like):
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(row.forward)))
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef):
        raise TypeError(f"the forward function of gate {row.name!r} is not written with def, so it cannot be printed")
    function.name = row.name
    function.returns = None
    many = [function.args.vararg] if function.args.vararg else []
    for argument in (*function.args.args, *many, *function.args.kwonlyargs):
        argument.annotation = None
    return ast.unparse(function)


def graph_source(loss: Tensor, wrt: Sequence[Tensor] | None = None) -> str:
    """Return the program of any graph: ``forward`` computes the loss, ``backward`` its derivatives.

    Parameters
    ----------
    loss : Tensor of shape ()
        What to compute and differentiate.
    wrt : sequence of tensors, optional
        What to differentiate with respect to; by default every named leaf of floating point.

    Raises
    ------
    GraphError
        If there are arrays among the leaves, and none of them has a name.

    Examples
    --------
    >>> from zanjir.graph import tensor
    >>> w = tensor(3.0, "w")
    >>> print(graph_source((w * w).named("loss")))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def forward(w):
        loss = w * w                                                  # w · w  ()
        return loss
    <BLANKLINE>
    <BLANKLINE>
    def backward(w):
        dw = w + w                                                    # w + w  ()
        return dw
    <BLANKLINE>
    """
    leaves = named_inputs([loss])
    if wrt is None:
        wrt = [leaf for leaf in leaves.values() if leaf.name and leaf.dtype.kind == "f"]
        nameless = next((leaf for leaf in leaves.values() if leaf.ndim), None)
        if nameless is not None and not any(leaf.name for leaf in leaves.values()):
            raise GraphError(
                f"source: no leaf of {loss.label} has a name, and one is an array of shape {nameless.shape}; "
                'name what the derivatives are wanted of, for example zanjir.tensor([1.0, 2.0], "W").'
            )
    name_of = {id(leaf): name for name, leaf in leaves.items()}
    derivatives: dict[str, Tensor] = {}
    for i, (w, derivative) in enumerate(zip(wrt, gradient(loss, wrt), strict=True)):
        derivatives[free(f"d{name_of.get(id(w)) or w.name or i}", derivatives)] = derivative
    forward, backward = forward_and_backward({word(loss.name or "loss"): loss}, derivatives)

    def shape(node: Tensor) -> str:
        return str(node.shape)

    parts = [
        *helpers_text([forward, backward]),
        function_text(forward, shape),
        function_text(backward, shape),
    ]
    return module_text(parts)


def forward_and_backward(results: Mapping[str, Tensor], derivatives: Mapping[str, Tensor]) -> tuple[Function, Function]:
    """Split a graph into a forward function and a backward function that reads what forward kept."""
    results, derivatives = merged([results, derivatives])
    inputs = named_inputs([*results.values(), *derivatives.values()])
    forward_nodes = {id(node): node for node in Function("forward", inputs, results).nodes}
    backward_nodes = Function(
        "backward", inputs, derivatives, reads={str(i): node for i, node in enumerate(forward_nodes.values())}
    )
    read = {id(x) for node in backward_nodes.nodes for x in node.inputs} | {id(d) for d in derivatives.values()}
    kept = [node for key, node in forward_nodes.items() if key in read]
    names = Function("forward", inputs, results, keep=kept).line_names(list(forward_nodes.values()))
    returned = {id(node) for node in results.values()}
    reads = {names[id(node)]: node for node in kept}
    passed = {name: node for name, node in reads.items() if id(node) not in returned}
    forward = Function("forward", inputs, {**results, **passed}, keep=kept)
    return forward, Function("backward", inputs, derivatives, reads=reads)


def module_text(parts: Iterable[str]) -> str:
    """Return the text of a module of functions."""
    return "\n\n\n".join(["import numpy as np", *parts]) + "\n"


def compiled(text: str, filename: str) -> dict[str, Any]:
    r"""Run a module's text and return its names; tracebacks and debuggers show its lines.

    Examples
    --------
    >>> compiled("def twice(x):\n    return 2 * x\n", "<example>")["twice"](4)
    8
    """
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"np": np}
    exec(compile(text, filename, "exec"), names)  # noqa: S102 - the text is printed by this room from a graph
    return names
