"""Worked solutions: every number of a graph with its reason, as one tree of steps."""

from zanjir.explain.audit import Finding, audit
from zanjir.explain.chain_rule import solution
from zanjir.explain.claim_file import CLAIMS, Claim, Claims, claims, claims_from_text
from zanjir.explain.drawing import as_svg, as_tikz
from zanjir.explain.html import as_html
from zanjir.explain.latex import as_latex
from zanjir.explain.levels import LEVELS, explained, gate_by_gate
from zanjir.explain.library import LETTERS, PROBLEMS, problem
from zanjir.explain.markdown import as_markdown
from zanjir.explain.notebook import as_notebook
from zanjir.explain.problem import Problem
from zanjir.explain.problem_file import load_problem, problem_from_text
from zanjir.explain.proof import Line, proved
from zanjir.explain.questions import QUESTION_FORMS, Question, questions, questions_as
from zanjir.explain.register import Entry, register
from zanjir.explain.sample import explained_sample
from zanjir.explain.schema import schema
from zanjir.explain.script import as_script
from zanjir.explain.steps import VERSION, Mode, Path, Step, Table, Written
from zanjir.explain.summary import summarized
from zanjir.explain.symbolic import formulas
from zanjir.explain.text import as_text

__all__ = [
    "CLAIMS",
    "LETTERS",
    "LEVELS",
    "PROBLEMS",
    "QUESTION_FORMS",
    "VERSION",
    "Claim",
    "Claims",
    "Entry",
    "Finding",
    "Line",
    "Mode",
    "Path",
    "Problem",
    "Question",
    "Step",
    "Table",
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
    "explained",
    "explained_sample",
    "formulas",
    "gate_by_gate",
    "load_problem",
    "problem",
    "problem_from_text",
    "proved",
    "questions",
    "questions_as",
    "register",
    "schema",
    "solution",
    "summarized",
]
