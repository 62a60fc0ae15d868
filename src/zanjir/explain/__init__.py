"""Worked solutions: every number of a graph with its reason, as one tree of steps."""

from zanjir.explain.audit import Finding, audit
from zanjir.explain.chain_rule import solution
from zanjir.explain.claim_file import CLAIMS, Claim, Claims, claims, claims_from_text
from zanjir.explain.drawing import as_svg, as_tikz
from zanjir.explain.html import as_html
from zanjir.explain.latex import as_latex
from zanjir.explain.library import PROBLEMS, problem
from zanjir.explain.markdown import as_markdown
from zanjir.explain.notebook import as_notebook
from zanjir.explain.problem_file import Problem, load_problem, problem_from_text
from zanjir.explain.register import Entry, register
from zanjir.explain.script import as_script
from zanjir.explain.steps import VERSION, Path, Step, Written
from zanjir.explain.text import as_text

__all__ = [
    "CLAIMS",
    "PROBLEMS",
    "VERSION",
    "Claim",
    "Claims",
    "Entry",
    "Finding",
    "Path",
    "Problem",
    "Step",
    "Written",
    "as_html",
    "as_latex",
    "as_markdown",
    "as_notebook",
    "as_script",
    "as_svg",
    "as_text",
    "as_tikz",
    "audit",
    "claims",
    "claims_from_text",
    "load_problem",
    "problem",
    "problem_from_text",
    "register",
    "solution",
]
