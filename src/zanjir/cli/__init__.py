"""The command line. Each command lives in a file of its own, which is loaded when the command is called."""

from __future__ import annotations

import sys
from typing import Any

import click

from zanjir.cli.lazy import LazyGroup
from zanjir.errors import ZanjirError

__all__ = ["cli", "main"]

COMMANDS = {
    "train": "Train a network on a data set, with pictures, a report and a saved model.",
    "evaluate": "Measure a trained model on a data set.",
    "explain": "Solve a problem step by step, every number with its reason.",
    "why": "Say why one number of a run or a problem is what it is.",
    "audit": "Compare a printed solution with the right one, and name each error and its likely cause.",
    "check": "Check the derivatives of a run's loss against numerical ones.",
    "export": "Write a trained model as an ONNX file.",
    "predict": "Write a trained model's predictions to a file.",
    "graph": "Show the graph of a run, or of a network such as 784-512-10, with values and gradients.",
    "compare": "Fit all classifiers of the lectures on one split, and compare accuracy and time.",
    "plot": "Draw a picture: boundaries, curves, mistakes, calibration, templates and more.",
    "source": "Print the program of a run, or of a network such as 784-512-10.",
}


@click.group(
    cls=LazyGroup,
    package="zanjir.cli",
    summaries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="zanjir", prog_name="zanjir")
def cli() -> None:
    """Write, see, check and train neural networks.

    Begin with: zanjir train digits
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and leave with 0 (done), 1 (cannot be done), 2 (wrong usage) or 130 (interrupted)."""
    try:
        cli.main(arguments, standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("zanjir: interrupted.", err=True)
        sys.exit(130)
    except ZanjirError as error:
        click.echo(f"zanjir: {error}", err=True)
        sys.exit(1)
    except MemoryError:
        click.echo("zanjir: not enough memory; use a smaller network or fewer samples.", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"zanjir: {error.filename or 'the system'}: {error.strerror or error}.", err=True)
        sys.exit(1)
