"""The form of the tree of steps as JSON, described for those who read it with other programs."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["schema"]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a tree of steps as data, in which every key is described.

    Returns
    -------
    dict
        What ``Step.as_json()`` returns and ``zanjir explain --format json`` prints, in the 2020-12 draft.

    Examples
    --------
    >>> schema()["$defs"]["Step"]["properties"]["exact"]["description"]
    'In exact arithmetic: the value as a fraction, "7/10".'
    """
    return dict(json.loads(text()))


@lru_cache
def text() -> str:
    """Return the text of the schema, which is a file of its own, for programs in other languages."""
    return Path(__file__).with_name("solution.schema.json").read_text(encoding="utf-8")
