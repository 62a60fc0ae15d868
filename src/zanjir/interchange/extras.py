"""Packages that only some users need: loaded when they are used, and asked for by name."""

from __future__ import annotations

import importlib
from types import ModuleType

from zanjir.errors import ZanjirError

__all__ = ["needed"]


def needed(module: str, extra: str, purpose: str) -> ModuleType:
    """Return a module that comes with one of zanjir's extras.

    Parameters
    ----------
    module : str
        Its full name.
    extra : str
        The extra that installs it.
    purpose : str
        What needs it, for the message.

    Raises
    ------
    ZanjirError
        If it is not installed.

    Examples
    --------
    >>> needed("zanjir.files", "onnx", "an export").__name__
    'zanjir.files'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ZanjirError(
            f"{purpose} needs the package {package}, which cannot be imported here ({error}); "
            f"install it with: pip install 'zanjir[{extra}]'."
        ) from error
