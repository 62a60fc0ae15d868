"""Groups of commands whose files are loaded when a command is called."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group that knows its commands' names and help, and loads a command's file when it is called.

    Parameters
    ----------
    package : str
        Where the files lie; each is named like its command.
    summaries : mapping of str to str
        One sentence per command, in the order in which they are listed.
    """

    def __init__(self, *arguments: Any, package: str, summaries: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.package, self.summaries = package, summaries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names."""
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self.summaries:
            return None
        command: click.Command = getattr(importlib.import_module(f"{self.package}.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; point out a near name where there is none."""
        near = difflib.get_close_matches(args[0], self.summaries, n=1)
        if near and args[0] not in self.summaries:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

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
            formatter.write_dl(list(self.summaries.items()))


def read_by_nobody() -> None:
    """Send what is still to be written to nowhere, so that closing the streams says nothing."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
