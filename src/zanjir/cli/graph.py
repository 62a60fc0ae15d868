"""``zanjir graph``: the graph of a run's loss, or of a network's, as text, JSON, DOT, SVG, TikZ or HTML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.options import given, network_options
from zanjir.cli.source import SIZES, network, saved_run

if TYPE_CHECKING:
    from zanjir.views import Diagram

__all__ = ["graph"]

FORMAT = click.Choice(["text", "json", "dot", "svg", "tikz", "html"])


@click.command()
@click.argument("what", metavar="RUN|SIZES")
@click.argument("data", required=False)
@click.option("--format", "form", type=FORMAT, help="Form of the graph.  [default: that of FILE's ending, else text]")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="File to write instead of printing.")
@click.option("--samples", type=click.IntRange(min=1), default=1, show_default=True, help="Samples of DATA to use.")
@network_options
def graph(what: str, data: str | None, form: str | None, out: Path | None, samples: int, **settings: Any) -> None:
    """Show the graph of a run's loss, or of the loss of a network of given sizes such as 784-512-10.

    The loss is that of training: dropout drops, and batch normalization reads the samples themselves. With DATA,
    every node of a run has its value and its gradient for the first samples that training never saw. Without, only
    what depends on parameters alone has a value, and N stands for the number of samples.
    """
    if data is None and given("samples"):
        raise click.UsageError("--samples says how many samples of DATA to use; give DATA too.")
    if SIZES.fullmatch(what):
        if data is not None:
            raise click.UsageError(f"a network without parameters has no values for {data}; give a RUN, or no DATA.")
        diagram = for_any_batch(network(what, settings))
    else:
        saved = saved_run(Path(what), settings)
        diagram = for_data(saved, data, samples) if data else for_any_batch(saved.model.problem, saved.model.parameters)
    write(diagram, form, out)


def for_any_batch(problem: Any, parameters: Any = None) -> Diagram:
    """Return the loss of a network for batches of any size N, with the values that do not depend on the batch."""
    two, three = (loss_diagram(problem, problem.batch(n), parameters) for n in (2, 3))
    unknown = {i for i, node in enumerate(two.nodes) if node.gate is None and not node.is_number}
    if parameters is not None:
        unknown = {i for i in unknown if two.nodes[i].name not in parameters}
    for edge in two.edges:  # a node's inputs stand before it
        if edge.source in unknown:
            unknown.add(edge.target)
    nodes = tuple(
        replace(
            node,
            shape=tuple(a if a == b else "N" for a, b in zip(node.shape, other.shape, strict=True)),
            value=None if i in unknown else node.value,
        )
        for i, (node, other) in enumerate(zip(two.nodes, three.nodes, strict=True))
    )
    return replace(two, nodes=nodes)


def for_data(saved: Any, data: str, samples: int) -> Diagram:
    """Return the loss of a run's model for the first samples that its training never saw, with gradients."""
    from zanjir.cli.run import held_out
    from zanjir.training.checking import training_notes
    from zanjir.training.model import encoded

    test, y, what = held_out(saved, data)
    model = saved.model
    batch = {
        "X": model.prepared(test.X[:samples]),
        "y": encoded(model.problem, model.learned_targets(y[:samples]), len(model.classes)),
    }
    diagram = loss_diagram(model.problem, batch, model.parameters, gradients=True, seed=saved.plan.seed)
    n = len(batch["X"])
    notes = [f"{note[0].upper()}{note[1:]}" for note in training_notes(model.problem, saved.plan.seed)]
    if model.problem.measured and n == 1:
        notes.append("A single sample has no variance: take more with --samples.")
    return replace(diagram, notes=(f"{n:,} sample{'' if n == 1 else 's'} of {test.name}, from {what}.", *notes))


def loss_diagram(problem: Any, batch: Any, parameters: Any, *, gradients: bool = False, seed: int = 0) -> Diagram:
    """Return the graph of a problem's loss on a batch, in double precision, as graphs are explained in it."""
    import numpy as np

    from zanjir.graph import tensor
    from zanjir.graph.diagram import diagram

    leaves = {
        name: tensor(value if value.dtype.kind in "iu" else value.astype(float), name) for name, value in batch.items()
    }
    values = {name: value.value for name, value in problem.parameters().items()} if parameters is None else parameters
    weights = {name: tensor(value.astype(float), name) for name, value in values.items()}
    key = tensor(np.array([seed, 1]), "key") if problem.draws else None
    with np.errstate(all="ignore"):  # what is not finite is shown
        return diagram(
            problem.objective(leaves["X"], leaves["y"], weights, key)["loss"], gradients, values=parameters is not None
        )


def write(diagram: Diagram, form: str | None, out: Path | None) -> None:
    """Print a graph in full, or write it to a file."""
    from zanjir.files import write_whole

    if out is None or form is not None:
        form = form or "text"
        text = diagram.text(limit=None) if form == "text" else diagram.render(form)
    if out is None:
        click.echo(text, nl=False)
        return
    if form is None:
        diagram.save(out)
    else:
        write_whole(out, text.encode())
    click.echo("\n".join([f"{diagram.title}; written to {out}", *diagram.notes]))
