"""The table: times with their quartiles, and ratios to zanjir."""

UNITS = ((1, "s "), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def quantity(value, unit):
    if unit == "B":
        return f"{value / 2**20:.0f} MB"
    scale, name = next(((s, n) for s, n in UNITS if value >= s), UNITS[-1])
    return f"{value / scale:.3g} {name}" if value / scale < 1000 else f"{value / scale:.0f} {name}"


def spread(row, unit):
    low, middle, high = row.quartiles
    return f"{quantity(middle, unit):>9}  {quantity(low, unit):>9} .. {quantity(high, unit):<9}"


def remarks(row):
    said = [row.setting] if row.setting else []
    if row.first is not None:
        said.append(f"first step after {row.first:.2g} s")
    if row.accuracy is not None:
        said.append(f"test accuracy {row.accuracy:.3f}")
    return ", ".join(said)


def lines_of(result):
    """Return the lines of one workload's table."""
    workload, unit = result.workload, result.workload.unit
    lines = [f"{workload.name}: {workload.title}", f"  {'':<20}{'median':>9}  {'quartiles':<23}{'ratio':>8}"]
    for row in result.rows:
        if not row.values:
            lines.append(f"  {row.name:<20}{row.refused}")
            continue
        ratio = result.ratio(row)
        mark = "*" if row.base != "zanjir" else " "
        shown = f"{ratio:>8.2f}{mark}" if ratio else f"{'':>9}"
        lines.append(f"  {row.name:<20}{spread(row, unit)} {shown}  {remarks(row)}")
    return lines + footnotes(result)


def footnotes(result):
    notes, ours = [], result.row("zanjir")
    floor = result.row("products")
    if ours and floor:
        notes.append(f"  zanjir takes {1 / result.ratio(floor):.2f} times the floor, its matrix products alone")
    if ours and result.workload.group == "width":
        each = [
            f"{row.name} {row.quartiles[1] / result.workload.task.parameters * 1e9:.3f}"
            for row in result.rows if row.values and row.name != "products"
        ]  # fmt: skip
        notes.append("  ns per parameter: " + ", ".join(each))
    others = [(result.ratio(row), row.name) for row in rivals(result)]
    if others:
        ratio, name = min(others)
        notes.append(f"  the best peer is {name}: {ratio:.2f}")
    return [*notes, ""]


def rivals(result):
    """Return the rows that are others' and were measured."""
    return [
        row for row in result.rows
        if result.ratio(row) is not None and not row.name.startswith("zanjir") and row.name != "products"
    ]  # fmt: skip


def heading(machine, rounds, seconds):
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return [
        f"Python {machine['Python']}; {machine['processor']}, {machine['cores']} cores; load {machine['load before']}",
        machine["BLAS"],
        versions,
        f"{rounds} rounds, peers in turn, {seconds:g} s each; each in its own process, with the better of all threads "
        "and one;",
        "losses checked against float64; ratio: what a peer takes for one of zanjir's (* under the other rule named)",
        "",
    ]


def described(result):
    """Return a workload's results as JSON data."""
    rows = [
        {
            "name": row.name, "values": row.values, "quartiles": row.quartiles, "ratio": result.ratio(row),
            "base": row.base, "threads": row.setting, "first_step": row.first, "accuracy": row.accuracy,
            "note": row.note, "refused": row.refused,
        }
        for row in result.rows
    ]  # fmt: skip
    return {
        "workload": result.workload.name,
        "title": result.workload.title,
        "unit": result.workload.unit,
        "rows": rows,
    }
