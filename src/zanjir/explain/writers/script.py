"""A worked solution as a Python script that computes every number again and compares."""

from __future__ import annotations

from zanjir.errors import GraphError
from zanjir.explain.steps import Step
from zanjir.explain.words import said
from zanjir.explain.writers.array_script import ArrayScript
from zanjir.explain.writers.script_lines import Script

__all__ = ["as_script", "script_parts"]


def as_script(tree: Step, *, language: str = "en", digits: int = 6) -> str:
    """Return a worked solution as a script in plain Python, which fails if any number is not the one that it finds.

    It computes as the solution does: a script of one by hand rounds every number, one of an exact solution has
    fractions, which it compares exactly, and one of whole matrices computes with NumPy.

    Parameters
    ----------
    tree : Step
        What `zanjir.explain.solution` returns.
    language : str
        ``"en"`` or ``"fa"``, for the comments.
    digits : int
        Not used: a script has all of them.

    Raises
    ------
    GraphError
        If a gate has no form in plain Python, there are too many numbers in matrices, or nothing to compute: letters,
        or the tables of a summary.
    NonFiniteError
        If a number is not finite.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> script = as_script(solution((w * x).named("f"), symbol="f"))
    >>> print(script.partition("# Forward")[2].partition("# Check")[0].strip())
    : the numbers from left to right
    f = agree("f", w * x, 6.0)  # multiply
    <BLANKLINE>
    # Backward: the chain rule from right to left
    df_df = agree("df/df", 1.0, 1.0)  # The derivative of f with respect to itself is 1.
    # w acts on f directly: upstream times local.
    df_dw_local = agree("df/dw", x, 2.0)  # local
    df_dw = agree("df/dw", df_df * df_dw_local, 2.0)
    # x acts on f directly: upstream times local.
    df_dx_local = agree("df/dx", w, 3.0)  # local
    df_dx = agree("df/dx", df_df * df_dx_local, 3.0)
    """
    del digits
    start, *parts = (part.strip() for part in script_parts(tree, language=language).values())
    return "\n\n".join([f"{start}\n", *parts]) + "\n"


def script_parts(tree: Step, *, language: str = "en") -> dict[str, str]:
    """Return the parts of the script: its start, and one for each kind of steps, in the order of computing."""
    if letters := [step.target for step in tree.every("given") if step.value is None]:
        raise GraphError(f"{letters[0]} is a letter and has no number; a script or notebook computes with numbers.")
    if tree.rule == "summary":
        raise GraphError(
            "a summary has tables and nothing that a script or notebook could compute; expected the level 'scalars', "
            "'gates', or 'matrices' of a network."
        )
    writer = (ArrayScript if tree.rule == "matrices" else Script)(tree, language)
    given, forward, loss, backward = writer.given(), writer.forward(), writer.loss(), writer.backward()
    check, update = writer.checks(), writer.update()
    bodies = {"given": given, "forward": forward, "loss": loss, "backward": backward, "check": check, "update": update}
    parts = {kind: "\n".join([f"# {said(language, kind)}", *lines]) for kind, lines in bodies.items() if lines}
    return {"start": writer.start("\n".join(parts.values())), **parts}
