"""Worked solutions: every number of a graph with its reason, as one tree of steps."""

from zanjir.explain.chain_rule import solution
from zanjir.explain.levels import LEVELS, explained, gate_by_gate
from zanjir.explain.printed.audit import Finding, audit
from zanjir.explain.printed.claim_file import CLAIMS, Claim, Claims, claims, claims_from_text
from zanjir.explain.printed.questions import QUESTION_FORMS, Question, questions, questions_as
from zanjir.explain.printed.register import Entry, register
from zanjir.explain.problems.library import LETTERS, PROBLEMS, problem
from zanjir.explain.problems.problem import Problem
from zanjir.explain.problems.problem_file import load_problem, problem_from_text
from zanjir.explain.proof import Line, proved
from zanjir.explain.sample import explained_sample
from zanjir.explain.schema import schema
from zanjir.explain.steps import VERSION, Mode, Path, Step, Table, Written
from zanjir.explain.summary import summarized
from zanjir.explain.symbolic import formulas
from zanjir.explain.writers.drawing import as_svg, as_tikz
from zanjir.explain.writers.html import as_html
from zanjir.explain.writers.latex import as_latex
from zanjir.explain.writers.markdown import as_markdown
from zanjir.explain.writers.notebook import as_notebook
from zanjir.explain.writers.script import as_script
from zanjir.explain.writers.text import as_text

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
