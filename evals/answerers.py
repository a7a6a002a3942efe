"""Answerers: the runs of one task, its answers phrased by one answerer each, beside one another.

The first answerer is the base that the others are held against, question by question. What a chat model costs is told
beside what it is worth: tokens, time, and what the checks left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evals.comparison import compare
from evals.gates import SIGNIFICANT
from evals.pages import number, page
from evals.runner import Finished, percentile, usage
from evals.runs import Outcome
from evals.statistics import smallest_difference
from evals.summary import rounded
from evals.systems import QUOTES
from tutor.types import Answer

Runs = Sequence[tuple[str, Finished]]
"""Answerers with their runs of one and the same task."""


def beside(runs: Runs, price: tuple[float, float] | None = None) -> dict[str, Any]:
    """Return the comparison of ``runs``, the first of which is the base; all of it can be written as JSON.

    Of each metric there is its value and interval by answerer, and the paired difference from the base with its
    p-value, where both are defined for a question. ``price`` is in dollars for a million tokens read and written.
    Raises `InputError` where an answerer has no question in common with the base, or another course was asked.
    """
    base = runs[0][1].scores
    differences: list[Mapping[str, Any]] = [{}, *(compare(base, other.scores)["metrics"] for _, other in runs[1:])]
    return {
        "task": base["run"]["task"],
        "course": base["run"]["course"],
        "questions": len(base["questions"]),
        "smallest_difference": rounded(smallest_difference(len(base["questions"]))),
        "answerers": [
            {
                "answerer": name,
                "run": finished.folder.name if finished.folder else "",
                "answers": answers(finished.outcomes),
                "sentences": sentences(finished.outcomes),
                "times": times(finished.outcomes),
                "usage": usage(finished.outcomes, price),
            }
            for name, finished in runs
        ],
        "metrics": {
            name: [
                finished.scores["summary"]["metrics"][name] | _difference(found.get(name))
                for (_, finished), found in zip(runs, differences, strict=True)
            ]
            for name in base["summary"]["metrics"]
        },
        "flips": flips(runs),
    }


def _difference(found: Mapping[str, Any] | None) -> dict[str, Any]:
    if not (found and found["n"]):
        return {}
    return {
        "difference": found["difference"],
        "p": found["p"],
        "pairs": found["n"],
        "beyond_chance": found["p"] < SIGNIFICANT,
    }


def answers(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return how many answers a chat model phrased, and how many were quoted, in its place or without one.

    Reasons are counted for what was quoted in a model's place, and for what a model broke off and what stayed of it.
    """
    given = [outcome.answer for outcome in outcomes if outcome.answer]
    answered = [answer for answer in given if not answer.refused]
    phrased = [answer for answer in answered if answer.answerer != QUOTES]
    instead = [answer for answer in answered if answer.answerer == QUOTES and answer.fallback]
    return {
        "phrased": len(phrased),
        "broken_off": _counted(answer.fallback for answer in phrased if answer.fallback),
        "fallen_back": _counted(str(answer.fallback) for answer in instead),
        "quoted": len(answered) - len(phrased) - len(instead),
        "refused": len(given) - len(answered),
        "errors": len(outcomes) - len(given),
    }


def sentences(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Return how many sentences were shown by what supports them, and how many were dropped by the failed check."""
    given = [outcome.answer for outcome in outcomes if outcome.answer]
    return {
        "shown": _counted(claim.support for answer in given for claim in answer.claims),
        "dropped": _counted(one.reason for answer in given for one in answer.dropped),
    }


def times(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float | int | None]]:
    """Return the median, the 95th percentile and the count of what took time, in milliseconds of warm answers.

    ``first_sentence`` is the time to the first sentence that was checked, ``sentence_by_token`` that time over the time
    to the model's first word, ``check`` what one sentence took to check.
    """
    warm = [outcome.answer for outcome in outcomes if outcome.answer and not outcome.cold]
    taken = [answer.timings_ms for answer in warm]
    found = {
        "total": [float(t.total) for t in taken],
        "first_token": [float(t.first_token) for t in taken if t.first_token is not None],
        "first_sentence": [float(t.first_sentence) for t in taken if t.first_sentence is not None],
        "sentence_by_token": [t.first_sentence / t.first_token for t in taken if t.first_sentence and t.first_token],
        "check": [spent for answer in warm if (spent := check_ms(answer)) is not None],
    }
    return {
        name: {"p50": rounded(percentile(v, 0.50)), "p95": rounded(percentile(v, 0.95)), "n": len(v)}
        for name, v in found.items()
    }


def check_ms(answer: Answer) -> float | None:
    """Return the milliseconds that checking one of the model's sentences took; None where none was checked.

    Sentences that said the same again, and second wordings that failed, are not in the answer: the figure errs upwards.
    """
    written = len(answer.dropped) + (len(answer.claims) if answer.answerer != QUOTES else 0)
    return answer.timings_ms.check / written if answer.timings_ms.check is not None and written else None


def flips(runs: Runs) -> list[dict[str, Any]]:
    """Return the questions that an answerer has right and the base not, or the other way round; errors are no flips."""
    found = []
    judged = [
        {o.sample.id: (q, o) for q, o in zip(run.scores["questions"], run.outcomes, strict=True)} for _, run in runs
    ]
    for id, (question, outcome) in judged[0].items():
        states = [one[id][0]["outcome"] for one in judged]
        if len({state == "right" for state in states if state != "error"}) > 1 and states[0] != "error":
            found.append(
                {
                    "id": id,
                    "kind": question["kind"],
                    "question": outcome.sample.question,
                    "answers": [
                        {"answerer": name, "outcome": one[id][0]["outcome"], "why": one[id][0]["why"]}
                        | {"answer": asked.answer if (asked := one[id][1].answer) else None}
                        for (name, _), one in zip(runs, judged, strict=True)
                    ],
                }
            )
    return found


def rows(found: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what there is to say of each answerer beside the metrics, by what it is, in words."""
    return {name: [say(one) for one in found["answerers"]] for name, say in _ROWS.items()}


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return the lines to print of a comparison: each metric and figure with a line for each answerer."""
    names = [one["answerer"] for one in found["answerers"]]
    width = max(map(len, names))
    said = [f"{found['task']}: {found['questions']} questions, held against {names[0]}"]
    for metric, values in found["metrics"].items():
        said += [metric, *(f"  {name:{width}}  {_value_said(v)}" for name, v in zip(names, values, strict=True))]
    for figure, cells in rows(found).items():
        said += [figure, *(f"  {name:{width}}  {cell}" for name, cell in zip(names, cells, strict=True))]
    ids = [flip["id"] for flip in found["flips"]]
    return [*said, f"{len(ids)} flipped{': ' if ids else ''}{', '.join(ids)}"]


def render(found: Mapping[str, Any]) -> str:
    """Return a comparison as one HTML page that needs nothing else."""
    return page("answerers.html.j2", found=found, rows=rows(found), significant=SIGNIFICANT)


def _value_said(value: Mapping[str, Any]) -> str:
    said = number(value["value"])
    said += f"  [{number(value['low'])}, {number(value['high'])}]" if "low" in value else ""
    said += f"  ({value['n']})"
    if "difference" in value:
        said += f"  {value['difference']:+.3f}  p = {value['p']:.3f}" + "  beyond chance" * value["beyond_chance"]
    return said


def _answers_said(found: Mapping[str, Any]) -> str:
    broken, instead = found["broken_off"], found["fallen_back"]
    parts = [
        f"{found['phrased']} phrased by the model" + (f", of them broken off: {_listed(broken)}" if broken else ""),
        f"{sum(instead.values())} quoted in its place" + (f" ({_listed(instead)})" if instead else ""),
        *(
            f"{found[name]} {word}"
            for name, word in (("quoted", "quoted"), ("refused", "refused"), ("errors", "failed"))
        ),
    ]
    return "; ".join(part for part in parts if not part.startswith("0 ")) or "none"


def _tokens_said(spent: Mapping[str, Any]) -> str:
    return f"{spent['input_tokens']:,} read, {spent['output_tokens']:,} written" if spent else "none"


def _cost_said(spent: Mapping[str, Any]) -> str:
    if not spent:
        return "none"
    return "n/a: see --price" if spent["cost_usd"] is None else f"${spent['cost_usd']:.4f}"


def _time_said(found: Mapping[str, Any], form: str = "{:,.0f} ms") -> str:
    if not found["n"]:
        return "n/a"
    return f"half within {form.format(found['p50'])}, 95% within {form.format(found['p95'])} ({found['n']})"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items()) or "none"


def _counted(found: Iterable[str]) -> dict[str, int]:
    """Return how often each is there, the most frequent first, then by name."""
    return dict(sorted(Counter(found).items(), key=lambda pair: (-pair[1], pair[0])))


_ROWS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "answers": lambda one: _answers_said(one["answers"]),
    "sentences shown": lambda one: _listed(one["sentences"]["shown"]),
    "sentences dropped": lambda one: _listed(one["sentences"]["dropped"]),
    "tokens": lambda one: _tokens_said(one["usage"]),
    "cost": lambda one: _cost_said(one["usage"]),
    "whole answer": lambda one: _time_said(one["times"]["total"]),
    "first word": lambda one: _time_said(one["times"]["first_token"]),
    "first sentence": lambda one: _time_said(one["times"]["first_sentence"]),
    "sentence / word": lambda one: _time_said(one["times"]["sentence_by_token"], "{:.2f}"),
    "check": lambda one: _time_said(one["times"]["check"], "{:.1f} ms"),
}
