"""TeX, where it is found: what it makes of a document, and what it complains of."""

import re
import shutil
import subprocess

import pytest

LARGEST_OVERFULL = 10.0  # pt, that a line or a page may stand out; nobody sees less beside a margin of 20 mm


def typeset(document, folder):
    """Compile a document and return the text of the PDF; skip where the TeX that it asks for is missing."""
    engine = "xelatex" if document.startswith("% Compile with xelatex") else "pdflatex"
    if shutil.which(engine) is None:
        pytest.skip(f"no TeX here: {engine} is missing")
    (folder / "solution.tex").write_text(document, encoding="utf-8")
    done = subprocess.run(
        [engine, "-interaction=nonstopmode", "-halt-on-error", "solution.tex"], cwd=folder, capture_output=True,
        check=False,
    )  # fmt: skip
    log = (folder / "solution.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert re.findall(r"^!.*", log, re.MULTILINE) == []
    assert re.findall(r"Missing character.*", log) == []
    assert [x for x in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log) if float(x) > LARGEST_OVERFULL] == []
    return text_of_pdf(folder / "solution.pdf")


def text_of_pdf(path):
    """Return the text of a PDF, in which a minus is a hyphen; None without the program that reads it."""
    if shutil.which("pdftotext") is None:
        return None
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)  # noqa: S607
    return done.stdout.decode().replace("\u2212", "-")
