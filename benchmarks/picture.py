"""The picture of the table: for each workload, how many times as long each peer takes as zanjir."""

from benchmarks.table import rivals

LABELS = {
    "by-hand": "NumPy by hand", "torch": "PyTorch", "torch-compile": "PyTorch, compiled", "jax": "JAX, jit",
    "jax-scan": "JAX, scan", "keras-jax": "Keras on JAX", "keras-torch": "Keras on PyTorch",
    "sklearn": "scikit-learn", "mygrad": "MyGrad", "micrograd": "micrograd",
}  # fmt: skip
COLUMNS = 3
NARROW = 50  # within such a range, 2 and 5 have room beside the powers of ten
FASTER, SLOWER = "#4477aa", "#cc6677"


def label(row):
    name, _, rule = row.name.partition(" ")
    return f"{LABELS.get(name, name)} {rule}".strip()


def draw(results, path):
    """Write bars of ratios to zanjir, on a logarithmic axis that all workloads share."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    shown = [(result, sorted(rivals(result), key=result.ratio)) for result in results]
    shown = [(result, rows) for result, rows in shown if rows]
    columns = min(COLUMNS, len(shown)) or 1
    bands = [shown[k : k + columns] for k in range(0, len(shown), columns)]
    heights = [1.4 + max(len(rows) for _, rows in band) for band in bands]
    figure = Figure(figsize=(4.6 * columns, 0.27 * sum(heights) + 0.6), layout="constrained")
    axes = figure.subplots(len(bands) or 1, columns, sharex=True, squeeze=False, height_ratios=heights or None)
    figure.suptitle(
        "What each takes for one of zanjir's: time (for memory: room); to the right zanjir is ahead", fontsize=11
    )
    for ax in axes.flat:
        ax.set_visible(False)
    for band, line in zip(bands, axes, strict=False):
        for (result, rows), ax in zip(band, line, strict=False):
            bars(ax, result, rows, max(len(rows) for _, rows in band))
    ratios = [result.ratio(row) for result, rows in shown for row in rows]
    narrow = max(ratios, default=1) / min(ratios, default=1) < NARROW
    for ax in axes.flat:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
    figure.savefig(path, dpi=150)


def bars(ax, result, rows, lines):
    ratios = [result.ratio(row) for row in rows]
    ax.set_visible(True)
    ax.set_xscale("log")
    colors = [FASTER if ratio >= 1 else SLOWER for ratio in ratios]
    ax.barh(range(len(rows)), [ratio - 1 for ratio in ratios], left=1, color=colors)
    for k, ratio in enumerate(ratios):
        ax.text(max(ratio, 1) * 1.08, k, f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}", va="center", fontsize=8)
    ax.set_yticks(range(len(rows)), [label(row) for row in rows], fontsize=8)
    ax.set_ylim(lines - 0.4, -0.6)  # bars are equally thick in a band
    ax.axvline(1, color="black", linewidth=1)
    ax.set_title(result.workload.name, fontsize=9, loc="left")
    ax.margins(x=0.15)
    ax.tick_params(axis="x", labelsize=7, labelbottom=True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
