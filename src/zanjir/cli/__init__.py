"""The command line. Each command lives in a file of its own, which is loaded when the command is called."""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import suppress
from typing import Any

import click

from zanjir.errors import ZanjirError

__all__ = ["cli", "main"]

COMMANDS = {
    "train": "Train a network on a data set, with pictures, a report and a saved model.",
    "evaluate": "Measure a trained model on a data set.",
    "check": "Check the derivatives of a run's loss against numerical ones.",
    "export": "Write a trained model as an ONNX file.",
    "predict": "Write a trained model's predictions to a file.",
    "graph": "Show the graph of a run, or of a network such as 784-512-10, with values and gradients.",
    "source": "Print the program of a run, or of a network such as 784-512-10.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and help, and loads a command's file when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"zanjir.cli.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; leave quietly where nobody reads on, as in ``zanjir check RUN | head -1``."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            read_by_nobody()
            return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def read_by_nobody() -> None:
    """Send what is still to be written to nowhere, so that closing the streams says nothing."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
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
