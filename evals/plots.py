"""Plots of a run as SVG for a page, in the page's own colours and fonts; the same run gives the same drawings."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup, escape
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evals.metrics import recall_at
from evals.runner import percentile
from evals.runs import Outcome

HATCHES = {"right": "", "wrong": "////", "refused": "...", "error": "xxx"}
BINS = 10
LONGEST = 36  # characters of a kind's name

# The page's variables and their light values: what is drawn in one becomes the other, and so is dark where the page is.
_COLOURS = {
    "ink": "#23272d", "soft": "#5c636d", "line": "#e3dccf", "card": "#ffffff",
    "right": "#1d5f57", "wrong": "#b5541c", "refused": "#a87300", "error": "#5b5f66",
}  # fmt: skip
_STYLE = {
    "svg.fonttype": "none", "font.sans-serif": ["DejaVu Sans"], "font.size": 9.5, "axes.titlesize": 9.5,
    "text.color": _COLOURS["ink"], "axes.labelcolor": _COLOURS["ink"], "axes.edgecolor": _COLOURS["soft"],
    "xtick.color": _COLOURS["soft"], "ytick.color": _COLOURS["soft"], "grid.color": _COLOURS["line"],
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True,
    "legend.frameon": False, "legend.handlelength": 1.6, "hatch.linewidth": 1.2, "lines.linewidth": 2,
}  # fmt: skip


class Plot(NamedTuple):
    """A drawing, and what it says in words: below it, and instead of it."""

    title: str
    caption: str
    alternative: str
    svg: Markup


def plots(outcomes: Sequence[Outcome], scores: Mapping[str, Any]) -> list[Plot]:
    """Return what can be drawn of a run; the confidences of its answers are set against what the course answers."""
    stated = [
        (o.answer.confidence, o.sample.answerable) for o in outcomes if o.answer and o.answer.confidence is not None
    ]
    drawn = (_by_kind(scores), _recall(outcomes), _latency(outcomes), _reliability(stated), _trade_off(stated, scores))
    return [plot for plot in drawn if plot]


def _by_kind(scores: Mapping[str, Any]) -> Plot | None:
    counts: dict[str, Counter[str]] = {}
    for question in scores["questions"]:
        counts.setdefault(question["kind"], Counter())[question["outcome"]] += 1
    kinds = sorted(counts)
    totals = [counts[kind].total() for kind in kinds]
    rows = range(len(kinds))

    def paint(axes: Axes) -> None:
        left = [0] * len(kinds)
        for name, hatch in HATCHES.items():
            widths = [counts[kind][name] for kind in kinds]
            axes.barh(
                rows, widths, 0.5, left, label=name, hatch=hatch, color=_COLOURS[name], edgecolor=_COLOURS["card"]
            )
            left = [a + b for a, b in zip(left, widths, strict=True)]
        for row, kind in enumerate(kinds):
            # Names are untrusted, and no font has every letter: each is put in place once it is drawn.
            axes.text(0, row - 0.34, f"@{row}@")
            of = f"{counts[kind]['right']}/{totals[row]} right"
            axes.text(1, row - 0.34, of, ha="right", color=_COLOURS["soft"], transform=axes.get_yaxis_transform())
        axes.set(ylim=(len(kinds) - 0.6, -0.75), yticks=[], xlim=(0, max(totals)), xlabel="questions")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines["left"].set_visible(False)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, columnspacing=1.2)

    if not kinds:
        return None
    names = [escape(kind if len(kind) <= LONGEST else f"{kind[:LONGEST]}…") for kind in kinds]
    drawn = _svg("kinds", paint, 0.9 + 0.44 * len(kinds))
    svg = Markup(re.sub(r"(?<=>)@(\d+)@(?=<)", lambda found: names[int(found[1])], drawn))
    said = "; ".join(f"{k}: " + ", ".join(f"{counts[k][o]} {o}" for o in HATCHES if counts[k][o]) for k in kinds)
    caption = "Of each kind of question, how many came out right, were answered wrongly, or were refused or failed."
    return Plot("Outcomes by kind of question", caption, f"Bars. {said}.", svg)


def _recall(outcomes: Sequence[Outcome]) -> Plot | None:
    deepest = min(10, max((len(outcome.passages) for outcome in outcomes), default=0))
    means: list[float] = []
    for k in range(1, deepest + 1):
        values = [v for o in outcomes if o.answer and (v := recall_at(k)(o).value) is not None]
        means += [sum(values) / len(values)] if values else []

    def paint(axes: Axes) -> None:
        ks = range(1, len(means) + 1)
        axes.plot(ks, means, marker="o", color=_COLOURS["right"], clip_on=False)
        for k, mean in zip(ks, means, strict=True):
            axes.annotate(f"{mean:.2f}", (k, mean), (0, 6), textcoords="offset points", ha="center", fontsize=8.5)
        axes.set(xlim=(0.6, len(means) + 0.4), ylim=(0, 1.1), xticks=ks, xlabel="k, passages looked at")
        axes.set(yticks=[0, 0.25, 0.5, 0.75, 1], ylabel="share of the evidence")

    if not means:
        return None
    said = ", ".join(f"{mean:.3f} at {k}" for k, mean in enumerate(means, start=1))
    caption = "How much of the evidence is among the first k passages that retrieval finds, on average."
    return Plot("Recall at k", caption, f"A line. Recall is {said}.", _svg("recall", paint))


def _latency(outcomes: Sequence[Outcome]) -> Plot | None:
    warm = sorted(outcome.seconds * 1000 for outcome in outcomes if outcome.answer and not outcome.cold)
    half, most = percentile(warm, 0.50), percentile(warm, 0.95)

    def paint(axes: Axes) -> None:
        axes.ecdf(warm, color=_COLOURS["right"])
        axes.axvline(half or 0, color=_COLOURS["ink"], linestyle="--", label=f"p50 {half:.0f} ms")
        axes.axvline(most or 0, color=_COLOURS["wrong"], linestyle=":", label=f"p95 {most:.0f} ms")
        axes.set(xlabel="milliseconds to a whole answer", ylabel="share of the questions", xlim=(0, None))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    if half is None or most is None:
        return None
    caption = "The share of questions answered within a time. Answers that may have had to load models are left out."
    said = (
        f"half of {len(warm)} answers came within {half:.0f} ms, 95% within {most:.0f} ms, all within {warm[-1]:.0f} ms"
    )
    return Plot("Latency", caption, f"A rising curve: {said}.", _svg("latency", paint))


def _reliability(stated: Sequence[tuple[float, bool]]) -> Plot | None:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, answerable in stated:
        bins.setdefault(max(0, min(BINS - 1, int(confidence * BINS))), []).append((confidence, answerable))
    points = [
        (sum(c for c, _ in held) / len(held), sum(answerable for _, answerable in held) / len(held), len(held))
        for _, held in sorted(bins.items())
    ]

    def paint(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=_COLOURS["soft"], linestyle=":", label="perfectly reliable")
        axes.plot(*zip(*[p[:2] for p in points], strict=True), marker="o", color=_COLOURS["right"], label="this run")
        for confidence, share, count in points:
            axes.annotate(
                f"{count}", (confidence, share), (0, 6), textcoords="offset points", ha="center", fontsize=8.5
            )
        axes.set(
            xlim=(0, 1), ylim=(0, 1.1), xlabel="stated confidence that the course answers", ylabel="share it answers"
        )
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    if not points:
        return None
    caption = "Whether the course answers as often as the system believes, by tenths of the scale with their counts."
    said = "; ".join(f"stated {confidence:.2f}, true {share:.2f} of {count}" for confidence, share, count in points)
    return Plot("Reliability", caption, f"A line. {said}.", _svg("reliability", paint))


def _trade_off(stated: Sequence[tuple[float, bool]], scores: Mapping[str, Any]) -> Plot | None:
    good, bad = ([c for c, answerable in stated if answerable is wanted] for wanted in (True, False))
    if not (good and bad):
        return None
    # A question is refused where its confidence lies below the threshold.
    thresholds = [0.0, *sorted({c for c, _ in stated}), float("inf")]
    curve = [(sum(c < t for c in good) / len(good), sum(c < t for c in bad) / len(bad)) for t in thresholds]
    now = [scores["summary"]["metrics"][name]["value"] for name in ("over_refusal", "refusal_recall")]

    def paint(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=_COLOURS["soft"], linestyle=":", label="by chance")
        axes.plot(*zip(*curve, strict=True), color=_COLOURS["right"], label="any threshold", clip_on=False)
        if None not in now:
            axes.plot(*now, "D", color=_COLOURS["wrong"], label="this run", clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="answerable questions refused", ylabel="unanswerable refused")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)

    caption = "To the right, more is refused that the course answers; upwards, more that it does not. Best is top left."
    said = "; ".join(f"{x:.2f} wrongly against {y:.2f} rightly" for x, y in curve)
    return Plot(
        "The trade-off of refusing", caption, f"A curve from none to all. Refused: {said}.", _svg("refusing", paint)
    )


def _svg(salt: str, paint: Callable[[Axes], object], height: float = 2.7) -> Markup:
    """Return what ``paint`` draws, as an SVG element; ``salt`` keeps its ids apart from those of other drawings."""
    with style.context(["default", _STYLE | {"svg.hashsalt": salt}]):
        figure = Figure(figsize=(4, height), layout="constrained")
        paint(figure.subplots())
        file = io.StringIO()
        about = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=about)
    drawn = re.sub(r'(?s)^.*?<svg[^>]*?(viewBox="[^"]*").*?</defs>', r"<svg \1>", file.getvalue(), count=1)
    drawn = re.sub(r'<g id="[^"]*"', "<g", drawn)
    for name, colour in _COLOURS.items():
        drawn = drawn.replace(colour, f"var(--{name})")
    return Markup(drawn)
