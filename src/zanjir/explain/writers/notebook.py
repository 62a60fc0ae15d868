"""A worked solution as a Jupyter notebook: its formulas, and below each part the code that computes it again."""

from __future__ import annotations

import json
from typing import Any

from zanjir.explain.steps import Step
from zanjir.explain.writers.markdown import Markdown
from zanjir.explain.writers.script import script_parts
from zanjir.explain.writers.writer import steps_of

__all__ = ["as_notebook"]

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def as_notebook(tree: Step, *, language: str = "en", digits: int = 6) -> str:
    """Return a worked solution as the text of a notebook, in version 4.5 of its form.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"`` or ``"fa"``, for all but the code.
    digits : int
        Significant digits that the formulas show; the code has all.

    Raises
    ------
    GraphError, NonFiniteError
        If `zanjir.explain.as_script` cannot write the code.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> notebook = json.loads(as_notebook(solution((w * x).named("f"), symbol="f")))
    >>> [cell["cell_type"] for cell in notebook["cells"]][:4]
    ['markdown', 'code', 'markdown', 'code']
    """
    writer = Markdown(language, digits)
    cells = []
    for kind, code in script_parts(tree, language=language).items():
        answer = writer.part("answer", steps_of(tree, "answer"))
        start = "\n\n".join([f"# {writer.title(tree)}", *writer.mode_note(tree), *([answer] if answer else [])])
        text = start if kind == "start" else prose(writer, kind, tree)
        cells += [markdown_cell(kind, text, language), code_cell(kind, code)]
    if tables := writer.part("summary", steps_of(tree, "summary")):
        cells.append(markdown_cell("summary", tables, language))
    facts = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(facts, ensure_ascii=False, indent=1)


def prose(writer: Markdown, kind: str, tree: Step) -> str:
    """Return a part in words and formulas; what is said at the end of a solution stands with the checks."""
    if kind != "check":
        return writer.part(kind, tree.every(kind))
    return "\n\n".join(writer.remark(*remark) for remark in writer.remarks(tree))


def markdown_cell(kind: str, text: str, language: str) -> dict[str, Any]:
    """Return a cell of text; Persian runs from right to left."""
    source = f'<div dir="rtl">\n\n{text}\n\n</div>' if language == "fa" else text
    return {"cell_type": "markdown", "id": f"{kind}-text", "metadata": {}, "source": source}


def code_cell(kind: str, code: str) -> dict[str, Any]:
    """Return a cell of code that has not run."""
    return {
        "cell_type": "code", "execution_count": None, "id": f"{kind}-code", "metadata": {}, "outputs": [],
        "source": code.strip(),
    }  # fmt: skip
