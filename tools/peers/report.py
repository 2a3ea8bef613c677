"""Writes what main.py measured between the markers of docs/performance.md, and the plot beside it."""

import statistics

import workload

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
OURS_COLOUR, THEIRS_COLOUR = "#1b6ca8", "#c8c8c8"


def seconds_text(seconds):
    return f"{seconds:.1f} s" if seconds >= 10 else (
        f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms")


def median(row):
    return statistics.median(row["seconds"])


def baseline(rows):
    """The median of blip.cpp in float32, by which the others are divided."""
    return next((median(row) for row in rows
                 if row["contender"] == workload.OURS.name and "seconds" in row), None)


def ratio_text(row, ours):
    if not ours or row["contender"] == workload.OURS.name:
        return "1"
    return f"{median(row) / ours:.2f}"


def table_row(row, ours):
    if "failed" in row:
        return f"| {row['contender']} | failed | | | | {row['failed'].replace('|', '/')} |"
    spread = f"{seconds_text(min(row['seconds']))} – {seconds_text(max(row['seconds']))}"
    remark = ("**WRONG:** " if row["wrong"] else "") + row["agreement"]
    if row["note"]:
        remark += f"; {row['note']}"
    return (f"| {row['contender']} | {seconds_text(median(row))} | {ratio_text(row, ours)} | "
            f"{spread} | {row['peak_bytes'] / 1e6:.0f} MB | {remark} |")


def size_section(size, measured):
    lines = [f"### {size}", ""]
    for request in workload.REQUESTS:
        if request.name not in measured:
            continue
        entry = measured[request.name]
        title = request.title
        if request.kind == "process":
            title = title.replace("a folder of", f"a folder of {entry['photos']:,}")
        rounds = max((len(row.get("seconds", [])) for row in entry["rows"]), default=0)
        lines += [f"**{title[0].upper() + title[1:]}** ({rounds} rounds, {entry['date']})", "",
                  "| | median | ÷ blip.cpp f32 | fastest – slowest | peak memory | output |",
                  "|---|--:|--:|--:|--:|---|"]
        ours = baseline(entry["rows"])
        lines += [table_row(row, ours) for row in entry["rows"]] + [""]
    return lines


def plot_rows(measured):
    """→ (label, ratio, whether it is blip.cpp) from top to bottom; None for a gap"""
    bars = []
    for request in workload.REQUESTS:
        entry = measured.get(request.name)
        ours = baseline(entry["rows"]) if entry else None
        if not ours:
            continue
        bars.append((request.title, None, False))
        bars += [(row["contender"], median(row) / ours, row["contender"].startswith("blip.cpp"))
                 for row in entry["rows"] if "seconds" in row]
    return bars


def title_of(size):
    family = {"blip": "BLIP ", "clip": "CLIP ", "dalle": "DALL-E "}[workload.FAMILY_OF_SIZE[size]]
    return family + size.split("-")[-1]


def plot(sizes, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    panels = [(size, plot_rows(measured)) for size, measured in sizes.items()]
    panels = [(size, bars) for size, bars in panels if bars]
    if not panels:
        return
    height = 0.6 + 0.23 * max(len(bars) for _, bars in panels)
    figure, axes = pyplot.subplots(1, len(panels), figsize=(7.5 * len(panels), height),
                                   squeeze=False, layout="constrained")
    for axis, (size, bars) in zip(axes[0], panels):
        for position, (label, ratio, ours) in enumerate(bars):
            if ratio is None:
                continue
            axis.barh(position, ratio, color=OURS_COLOUR if ours else THEIRS_COLOUR)
            axis.annotate(f"{ratio:.2f}", (ratio, position), xytext=(3, 0),
                          textcoords="offset points", va="center", fontsize=7)
        axis.set_yticks(range(len(bars)), [label for label, _, _ in bars], fontsize=8)
        for tick, (_, ratio, _) in zip(axis.get_yticklabels(), bars):
            tick.set_fontweight("bold" if ratio is None else "normal")
        axis.tick_params(axis="y", length=0)
        axis.axvline(1, color=OURS_COLOUR, linewidth=0.8)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:g}")
        axis.margins(x=0.12)
        axis.set_ylim(len(bars) - 0.5, -0.8)  # the first one on top
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.set_xlabel("time ÷ blip.cpp f32 (less is faster)", fontsize=8)
        axis.set_title(title_of(size), fontsize=10)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def write(results, path):
    text = path.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    image = path.with_suffix(".png")
    plot(results["sizes"], image)
    lines = ["", "### The machine", "", "| | |", "|---|---|"]
    lines += [f"| {what} | {value} |" for what, value in results["machine"].items()]
    lines += ["", f"![times divided by those of blip.cpp in float32]({image.name})", ""]
    for size, measured in results["sizes"].items():
        lines += size_section(size, measured)
    path.write_text(before + BEGIN + "\n".join(lines) + END + after)
