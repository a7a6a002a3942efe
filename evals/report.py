"""Reports: one run as a page that opens from disk, as a sheet, and as JUnit XML.

Questions, answers, names and texts are untrusted: nothing in them may run, in a browser or in a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evals.gates import Verdict
from evals.plots import plots
from evals.runs import Outcome, Run

AROUND = 120  # characters shown on each side of a span
Spans = list[tuple[int, int]]

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0; HTML has no use for them


class Excerpt(NamedTuple):
    """A span in the context of its text, in pieces that are cited, gold, both or neither."""

    source: str
    section: str
    pieces: list[tuple[str, bool, bool]]
    marker: int = 0
    note: str = ""


def render(
    asked: Run,
    outcomes: Sequence[Outcome],
    scores: Mapping[str, Any],
    texts: Mapping[str, str],
    verdict: Verdict,
) -> str:
    """Return a run as one HTML page that needs nothing else."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    pages.filters |= {"csp_hash": _csp_hash, "number": _number}
    judged = list(zip(outcomes, scores["questions"], strict=True))
    page = pages.get_template("report.html.j2").render(
        asked=asked,
        summary=scores["summary"],
        verdict=verdict,
        kinds=sorted({outcome.sample.kind for outcome in outcomes}),
        plots=plots(outcomes, scores),
        questions=[(outcome, question, *_excerpts(outcome, texts)) for outcome, question in judged],
    )
    return _FORBIDDEN.sub("\ufffd", page)


def as_csv(outcomes: Sequence[Outcome], scores: Mapping[str, Any]) -> str:
    """Return a run as a sheet, one row a question; a cell is empty where its metric is undefined."""
    names = list(dict.fromkeys(name for question in scores["questions"] for name in question["scores"]))
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(["id", "kind", "question", "outcome", "answer", "why", *map(_cell, names)])
    for outcome, question in zip(outcomes, scores["questions"], strict=True):
        sample, said = outcome.sample, outcome.answer.answer if outcome.answer else ""
        cells = [sample.id, sample.kind, sample.question, question["outcome"], said, question["why"]]
        writer.writerow([*map(_cell, cells), *(question["scores"].get(name) for name in names)])
    return sheet.getvalue()


def as_junit(asked: Run, outcomes: Sequence[Outcome], scores: Mapping[str, Any]) -> str:
    """Return a run as JUnit XML, one test case a question: a failure where it is wrong or refused, or an error."""
    suites = ElementTree.Element("testsuites")
    task = _FORBIDDEN.sub("", asked.task)
    states = [question["outcome"] for question in scores["questions"]]
    counts = {"failures": states.count("wrong") + states.count("refused"), "errors": states.count("error")}
    attributes = {"name": task, "tests": len(states), **counts, "skipped": 0}
    suite = ElementTree.SubElement(suites, "testsuite", {name: str(value) for name, value in attributes.items()})
    suite.set("time", f"{sum(outcome.seconds for outcome in outcomes):.3f}")
    for outcome, question in zip(outcomes, scores["questions"], strict=True):
        name, time = _FORBIDDEN.sub("", outcome.sample.id), f"{outcome.seconds:.3f}"
        case = ElementTree.SubElement(suite, "testcase", classname=task, name=name, time=time)
        state, why = question["outcome"], _FORBIDDEN.sub("", question["why"])
        if state != "right":
            tag = "error" if state == "error" else "failure"
            said = outcome.answer.answer if outcome.answer else outcome.error
            fault = ElementTree.SubElement(case, tag, type=state, message=why)
            fault.text = _FORBIDDEN.sub("", f"{outcome.sample.question}\n{why}\ngot: {said}")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _cell(text: str) -> str:
    text = _FORBIDDEN.sub("", text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _csp_hash(script: str) -> str:
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


# --- what is cited beside what is gold -------------------------------------------------------------------------------


def _excerpts(outcome: Outcome, texts: Mapping[str, str]) -> tuple[list[Excerpt], list[list[Excerpt]]]:
    """Return what an answer cites, and the gold by group of alternatives."""
    citations = outcome.answer.citations if outcome.answer else ()
    cited: dict[str, Spans] = {}
    gold: dict[str, Spans] = {}
    for held, spans in ((cited, citations), (gold, [span for group in outcome.sample.evidence for span in group])):
        for span in spans:
            held.setdefault(span.source, []).append((span.start, span.end))

    def excerpt(
        name: str, start: int, end: int, section: str = "", marker: int = 0, quote: str | None = None
    ) -> Excerpt:
        if name not in texts:
            pieces = [(quote, True, False)] if quote else []
            return Excerpt(name, section, pieces, marker, "This source is not among the texts of the run.")
        text = texts[name]
        start, end = (min(max(0, at), len(text)) for at in (start, max(start, end)))
        note = "" if quote in (None, text[start:end]) else f"The text has other words than the quote: {quote}"
        pieces = _pieces(text, start, end, cited.get(name, []), gold.get(name, []))
        return Excerpt(name, section, pieces, marker, note)

    return (
        [excerpt(c.source, c.start, c.end, c.section or "", c.marker, c.quote) for c in citations],
        [[excerpt(span.source, span.start, span.end) for span in group] for group in outcome.sample.evidence],
    )


def _pieces(text: str, start: int, end: int, cited: Spans, gold: Spans) -> list[tuple[str, bool, bool]]:
    """Return a span with the words around it, cut wherever something cited or gold begins or ends."""
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    if first and (word := re.search(r"(?<=\s)\S", text[first - 1 : start])):
        first += word.start() - 1
    if last < len(text) and (words := re.match(r"(?s).*\S(?=\s)", text[end : last + 1])):
        last = end + words.end()
    cuts = sorted({first, last, *(min(max(first, at), last) for span in (*cited, *gold) for at in span)})
    pieces = [(text[a:b], _within(a, b, cited), _within(a, b, gold)) for a, b in pairwise(cuts)]
    return [("… ", False, False)] * (first > 0) + pieces + [(" …", False, False)] * (last < len(text))


def _within(start: int, end: int, spans: Spans) -> bool:
    return any(first <= start and end <= last for first, last in spans)
