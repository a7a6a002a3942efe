"""The judge: what a chat model makes of the answers of a kept run, beside what is measured without one.

It is optional, asks a model of yours and decides nothing: no gate reads it. Each question is judged several times by
each dimension, so that what the judge says can be seen beside how far it agrees with itself and with the metrics.
Every call is kept in the run's folder in ``judge.jsonl`` and is not made again while its prompt stays the same.

The tutoring dimensions are those of Maurya et al., Unifying AI Tutor Evaluation: An Evaluation Taxonomy for Pedagogical
Ability Assessment of LLM-Powered AI Tutors, NAACL 2025 (MRBench). "Guidance" joins two of theirs, providing guidance
and not revealing the answer; their tones encouraging, neutral and offensive are yes, partly and no here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations, count
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, ConfigDict, Field

from evals import metrics, runs
from evals.datasets import Sample
from evals.metrics import Metric
from evals.runs import Outcome
from evals.summary import rounded
from tutor.prompts import load_prompt
from tutor.types import Answer

FILE = "judge.jsonl"
VERDICTS = {"yes": 1.0, "partly": 0.5, "no": 0.0, "not applicable": None}
UNREADABLE, ERROR = "unreadable", "error"  # what a call can come to beside a verdict
YES = 0.75  # a question counts as "yes" from this mean over its repeats on
MARKER = 16  # hexadecimal digits

Parts = list[tuple[str, str]]
Material = Callable[[Sample, Answer, Mapping[str, str]], Parts | None]
Key = tuple[str, str, int, str, str]


class Reply(BaseModel):
    """What a judge must reply; a wrong type or another word is refused, not read as something else."""

    model_config = ConfigDict(strict=True, extra="forbid")

    verdict: Literal["yes", "partly", "no", "not applicable"]
    reason: Annotated[str, Field(pattern=r"\S")]


@dataclass(frozen=True)
class Dimension:
    """What the judge is shown beside the conversation (None: it is not asked), and the metrics it is held against."""

    material: Material
    twins: tuple[str, ...] = ("right",)


@dataclass(frozen=True)
class Call:
    """A question to be judged by a dimension for the n-th time by a model, with the messages that it is sent."""

    id: str
    dimension: str
    repeat: int
    model: str
    messages: Sequence[BaseMessage]

    @property
    def key(self) -> Key:
        """What a kept verdict is found by: another one whenever the prompt, the answer or the gold differs."""
        sent = sha256(json.dumps([message.content for message in self.messages]).encode()).hexdigest()
        return self.id, self.dimension, self.repeat, self.model, sent


@dataclass(frozen=True)
class Judgement:
    """What a call came to: a verdict with its reason, "unreadable" with the reply, or "error" with what went wrong."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Judged:
    """A run as a model judged it; ``dimensions`` holds what `summary` says of each. Its ``asdict`` is JSON."""

    model: str
    prompt: str
    repeat: int
    questions: int
    dimensions: Mapping[str, Mapping[str, Any]]


def judge(
    folder: Path,
    model: BaseChatModel,
    name: str,
    repeat: int = 2,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Judged:
    """Return the run in ``folder`` as ``model`` judges it, ``jobs`` calls at a time; raises `InputError` for no run.

    Each call is kept under the model's ``name`` as soon as it is there. One that was kept is not made again, unless it
    failed.
    """
    asked, outcomes, texts = runs.load(folder)
    calls = list(_calls(outcomes, texts, repeat, name))
    kept = _kept(folder / FILE)
    left = [call for call in calls if call.key not in kept]
    done = len(calls) - len(left)
    progress(done, len(calls))
    with closing(_made(model, left, jobs)) as made:  # whoever interrupts does not pay for the calls that wait
        for call, judgement in made:
            kept[call.key] = judgement
            _append(folder / FILE, call, judgement)
            progress(done := done + 1, len(calls))
    found: dict[str, dict[str, list[Judgement]]] = {dimension: {} for dimension in DIMENSIONS}
    for call in calls:
        found[call.dimension].setdefault(call.id, []).append(kept[call.key])
    twins = metrics.standard(asked.k, texts)
    dimensions = {dimension: summary(dimension, outcomes, found[dimension], twins) for dimension in DIMENSIONS}
    return Judged(name, load_prompt("judge").stamp, repeat, len(outcomes), dimensions)


# --- what is asked ---------------------------------------------------------------------------------------------------


def prompt(dimension: str, outcome: Outcome, texts: Mapping[str, str]) -> list[BaseMessage] | None:
    """Return what a judge is told and, apart from it, the data that it is shown; None where it is not asked.

    An outcome without an answer is never judged, a refusal neither for faithfulness nor for completeness.
    """
    if outcome.answer is None:
        return None
    material = DIMENSIONS[dimension].material(outcome.sample, outcome.answer, texts)
    if material is None:
        return None
    parts = _conversation(outcome.sample, outcome.answer) + material
    mark = marker([text for _, text in parts])
    held = load_prompt("judge")
    told = f"{held.fill('rules', marker=mark)}\n\n{held.fill(dimension)}"
    shown = "\n\n".join(f"[[{mark} begin {name}]]\n{text}\n[[{mark} end {name}]]" for name, text in parts)
    return [SystemMessage(told), HumanMessage(shown)]


def marker(texts: Sequence[str], length: int = MARKER) -> str:
    """Return hexadecimal digits that occur in none of ``texts``: a hash of them all, the same for the same texts."""
    hashes = (sha256(json.dumps([number, *texts]).encode()).hexdigest()[:length] for number in count())
    return next(mark for mark in hashes if not any(mark in text for text in texts))


def _calls(outcomes: Sequence[Outcome], texts: Mapping[str, str], repeat: int, model: str) -> Iterator[Call]:
    for outcome in outcomes:
        for dimension in DIMENSIONS:
            messages = prompt(dimension, outcome, texts)
            for number in range(repeat) if messages else ():
                yield Call(outcome.sample.id, dimension, number, model, messages or ())


def _conversation(sample: Sample, answer: Answer) -> Parts:
    """Return what was said. Each turn is a part of its own: none can pass for another."""
    earlier = [
        part
        for number, turn in enumerate(sample.history, start=1)
        for part in ((f"earlier question {number}", turn.question), (f"earlier answer {number}", turn.answer))
        if part[1]  # the system's own earlier answers are not kept
    ]
    read = ("question as the tutor read it", answer.standalone_question)
    return [*earlier, ("question", sample.question), read, ("answer", answer.answer)]


def _quotes(sample: Sample, answer: Answer, texts: Mapping[str, str]) -> Parts:
    return [(f"quote [{citation.marker}]", citation.quote) for citation in answer.citations]


def _gold(sample: Sample, answer: Answer, texts: Mapping[str, str]) -> Parts:
    facts = [(f"required fact {n}", "\n".join(aliases)) for n, aliases in enumerate(sample.facts, start=1)]
    evidence = [
        (f"gold evidence {n}, alternative {m}", texts.get(span.source, "")[span.start : span.end])
        for n, group in enumerate(sample.evidence, start=1)
        for m, span in enumerate(group, start=1)
    ]
    return facts + evidence


def _supported(sample: Sample, answer: Answer, texts: Mapping[str, str]) -> Parts | None:
    return None if answer.refused else _quotes(sample, answer, texts)


def _wanted(sample: Sample, answer: Answer, texts: Mapping[str, str]) -> Parts | None:
    return None if answer.refused else _gold(sample, answer, texts) or None


def _known(sample: Sample, answer: Answer, texts: Mapping[str, str]) -> Parts:
    return _quotes(sample, answer, texts) + _gold(sample, answer, texts)


def _nothing(sample: Sample, answer: Answer, texts: Mapping[str, str]) -> Parts:
    return []


DIMENSIONS = {
    "faithfulness": Dimension(_supported, ("quote_fidelity", "right")),
    "completeness": Dimension(_wanted, ("facts_stated", "right")),
    "mistake_identification": Dimension(_known),
    "guidance": Dimension(_known),
    "coherence": Dimension(_nothing),
    "tone": Dimension(_nothing),
}


# --- what is replied -------------------------------------------------------------------------------------------------


def read(reply: str) -> Judgement:
    """Return the verdict in the last JSON object of a reply, or that it cannot be read; no verdict is guessed."""
    try:
        held = Reply.model_validate(_last_object(reply))
    except (ValueError, RecursionError):
        return Judgement(UNREADABLE, reply)
    return Judgement(held.verdict, held.reason)


def _last_object(text: str) -> object:
    found, at = None, text.find("{")
    while at >= 0:
        try:
            found, at = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            at += 1
        at = text.find("{", at)
    return found


def _made(model: BaseChatModel, calls: Sequence[Call], jobs: int) -> Generator[tuple[Call, Judgement]]:
    """Yield each call with what it came to, as they come; one that raises is an error, and the others are made."""
    messages = [list(call.messages) for call in calls]
    for at, reply in model.batch_as_completed(messages, {"max_concurrency": jobs}, return_exceptions=True):
        if isinstance(reply, Exception):
            yield calls[at], Judgement(ERROR, type(reply).__name__)  # its words may hold a key
        else:
            yield calls[at], read(str(reply.text))


def _kept(file: Path) -> dict[Key, Judgement]:
    """Return the judgements that ``file`` holds, without errors: those are asked again. A line cut short is none."""
    found: dict[Key, Judgement] = {}
    for held in runs.lines(file):
        if held["verdict"] != ERROR:
            key = held["id"], held["dimension"], held["repeat"], held["model"], held["prompt"]
            found[key] = Judgement(held["verdict"], held["reason"])
    return found


def _append(file: Path, call: Call, judgement: Judgement) -> None:
    names = ("id", "dimension", "repeat", "model", "prompt")
    line = dict(zip(names, call.key, strict=True)) | {"verdict": judgement.verdict, "reason": judgement.reason}
    runs.append(file, line)


# --- what it is worth ------------------------------------------------------------------------------------------------


def summary(
    dimension: str,
    outcomes: Sequence[Outcome],
    found: Mapping[str, Sequence[Judgement]],
    twins: Mapping[str, Metric],
) -> dict[str, Any]:
    """Return what the judgements of a dimension, by question in the order of the repeats, come to.

    A question's score is the mean of its yes (1), partly (½) and no (0); it has none where there is no such verdict.
    ``n`` questions have a score, ``undefined`` ones have none: not judged, not applicable in every reply that could be
    read, or without one. ``differed`` is the share of questions whose verdicts are not all the same, of those with two
    or more; ``apart`` the mean absolute difference between two repeats' means, over the questions with a score in each.
    """
    scores = {id: [VERDICTS.get(j.verdict) for j in judgements] for id, judgements in found.items()}
    values = {id: _mean([score for score in row if score is not None]) for id, row in scores.items()}
    words = {id: [j.verdict for j in judgements if j.verdict in VERDICTS] for id, judgements in found.items()}
    verdicts = [judgement.verdict for judgements in found.values() for judgement in judgements]
    defined = [value for value in values.values() if value is not None]
    return {
        "mean": rounded(_mean(defined)),
        "n": len(defined),
        "undefined": len(outcomes) - len(defined),
        "not_judged": len(outcomes) - len(found),
        "not_applicable": sum(set(read) == {"not applicable"} for read in words.values()),
        "calls": len(verdicts),
        "unreadable": verdicts.count(UNREADABLE),
        "errors": verdicts.count(ERROR),
        "differed": _share(len(set(read)) > 1 for read in words.values() if len(read) > 1),
        "apart": _apart([row for row in scores.values() if len(row) > 1 and None not in row]),
        "agreement": {
            twin: _agreement([(values.get(o.sample.id), o) for o in outcomes], twins[twin])
            for twin in DIMENSIONS[dimension].twins
        },
    }


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Return how far two raters agree beyond chance, at most 1; None where both said one and the same thing always.

    Source: Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20 (1960),
    37-46.
    """
    first, second = sum(one for one, _ in pairs), sum(other for _, other in pairs)
    by_chance = first * second + (len(pairs) - first) * (len(pairs) - second)
    beyond = len(pairs) ** 2 - by_chance
    return (len(pairs) * sum(one == other for one, other in pairs) - by_chance) / beyond if beyond else None


def lines(judged: Judged) -> list[str]:
    """Return the lines to print of a judged run."""
    said = [
        f"{'judge':22} {judged.model}, {judged.prompt}; {judged.questions} questions, {judged.repeat} times each",
        f"{'':22} a question counts as yes from a mean of {YES} on; nothing here is a gate",
    ]
    for dimension, found in judged.dimensions.items():
        differed, apart = found["differed"], found["apart"]
        said += [
            f"{dimension:22} {_said(found['mean'])}  ({found['n']})"
            f"  {found['undefined']} undefined: {found['not_judged']} not judged,"
            f" {found['not_applicable']} not applicable;"
            f" of {found['calls']} calls {found['unreadable']} unreadable, {found['errors']} errors",
            f"{'  between repeats':22} verdicts differ {_said(differed['value'])}  ({differed['n']}),"
            f" means {_said(apart['value'])} apart  ({apart['n']})",
        ]
        said += [
            f"{'  beside ' + twin:22} agreement {_said(beside['raw'])}, kappa {_said(beside['kappa'])}  ({beside['n']})"
            for twin, beside in found["agreement"].items()
        ]
    return said


def _agreement(values: Sequence[tuple[float | None, Outcome]], metric: Metric) -> dict[str, Any]:
    """Return how often the judge's yes is the metric's 1, over the questions for which both are defined."""
    both = [(value, metric(outcome).value) for value, outcome in values if value is not None]
    pairs = [(value >= YES, score == 1.0) for value, score in both if score is not None]
    same = _share(one == other for one, other in pairs)
    return {"raw": same["value"], "kappa": rounded(kappa(pairs)), "n": len(pairs)}


def _apart(rows: Sequence[Sequence[float | None]]) -> dict[str, Any]:
    means = [fmean(column) for column in zip(*rows, strict=True)]
    return {"value": rounded(_mean([abs(a - b) for a, b in combinations(means, 2)])), "n": len(rows)}


def _share(hits: Iterable[bool]) -> dict[str, Any]:
    found = list(hits)
    return {"value": rounded(_mean(found)), "n": len(found)}


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _said(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"
