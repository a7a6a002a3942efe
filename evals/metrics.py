"""Metrics: what one outcome is worth, each by itself; an undefined one is None, never 0 or 1.

A metric takes an outcome that has an answer (an error is an outcome of its own class, and is worth nothing) and
returns a `Score`. Retrieval and citations are scored on spans by character overlap, so that another cut of the same
text scores the same. Definitions, sources and pitfalls are in ``evals/README.md``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evals import citations, facts
from evals.datasets import ENOUGH, Span
from evals.runs import Found, Outcome
from tutor.types import Answer


@dataclass(frozen=True)
class Score:
    """What an outcome is worth: a value (None where undefined), what was judged, and why it is worth that."""

    value: float | None
    answer: str = ""
    explanation: str = ""


Metric = Callable[[Outcome], Score]


def right(outcome: Outcome) -> Score:
    """Return 1 for the wanted outcome: the evidence cited, the facts stated and nothing forbidden; or a refusal.

    A question that has neither facts nor evidence is right when it is answered as it should be: at all, or not.
    """
    answer = answered(outcome)
    if not outcome.sample.answerable:
        return Score(
            float(answer.refused), answer.answer, "" if answer.refused else "answered what the course does not"
        )
    if answer.refused:
        return Score(0.0, answer.answer, "refused what the course answers")
    parts = [evidence_hit(outcome), facts_stated(outcome), nothing_forbidden(outcome)]
    wrong = [part.explanation for part in parts if part.value == 0.0]
    return Score(float(not wrong), answer.answer, "; ".join(wrong))


def crag(outcome: Outcome) -> Score:
    """Return 1 for a right outcome, 0 for a refusal of what the course answers, -1 for a wrong answer.

    Source: Yang et al., CRAG: Comprehensive RAG Benchmark, NeurIPS 2024 (perfect and acceptable answers are one here).
    """
    if right(outcome).value == 1.0:
        return Score(1.0)
    return Score(0.0 if answered(outcome).refused else -1.0)


def brier(outcome: Outcome) -> Score:
    """Return the squared distance of the stated confidence from whether the course answers; None where none is stated.

    Source: Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78 (1950), 1-3.
    """
    stated = answered(outcome).confidence
    return Score(None if stated is None else (stated - outcome.sample.answerable) ** 2)


# --- retrieval -------------------------------------------------------------------------------------------------------


def recall_at(k: int) -> Metric:
    """Return the metric: which share of the evidence groups lies in the first ``k`` passages."""

    def metric(outcome: Outcome) -> Score:
        ranks = _ranks(outcome)
        missed = [f"group {n}" for n, rank in enumerate(ranks, start=1) if rank > k]
        value = 1 - len(missed) / len(ranks) if ranks else None
        return Score(value, explanation=f"not in the first {k}: {', '.join(missed)}" if missed else "")

    return metric


def reciprocal_rank(outcome: Outcome) -> Score:
    """Return 1/rank of the first passage with evidence, 0 without one. Source: Voorhees, TREC-8 (1999)."""
    ranks = _ranks(outcome)
    return Score(1 / min(ranks) if ranks else None)  # 1/inf is 0


def ndcg_at(k: int) -> Metric:
    """Return the metric: discounted gain of the evidence groups at the ranks where each is first found, over the best.

    A group is worth 1 and is found once. Source: Järvelin and Kekäläinen, ACM TOIS 20 (2002), with log2(rank + 1).
    """

    def metric(outcome: Outcome) -> Score:
        ranks = _ranks(outcome)
        if not ranks:
            return Score(None)
        # Two groups in one passage stand at one rank; the best order would still need a rank for each.
        best = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(ranks), k) + 1))
        return Score(min(1.0, sum(1 / math.log2(rank + 1) for rank in ranks if rank <= k) / best))

    return metric


def _ranks(outcome: Outcome) -> list[float]:
    """Return for each evidence group the rank of the first passage that holds one of its spans; infinity for none."""
    return [
        next((n for n, p in enumerate(outcome.passages, start=1) if any(_holds(p, s) for s in group)), math.inf)
        for group in outcome.sample.evidence
    ]


def _holds(passage: Found, span: Span) -> bool:
    return span.overlap(passage.source, passage.start, passage.end) >= ENOUGH


# --- what is said and cited ------------------------------------------------------------------------------------------


def evidence_hit(outcome: Outcome) -> Score:
    """Return 1 where each evidence group is cited: one of its spans at least by half; None without gold evidence."""
    found = citation_recall(outcome)
    return Score(None if found.value is None else float(found.value == 1.0), explanation=found.explanation)


def citation_recall(outcome: Outcome) -> Score:
    """Return the share of evidence groups that are cited; None without gold evidence, and for a refusal."""
    answer = answered(outcome)
    if answer.refused:
        return Score(None)
    missed = [n for n, g in enumerate(outcome.sample.evidence, 1) if citations.recall(answer.citations, (g,)) != 1.0]
    value = citations.recall(answer.citations, outcome.sample.evidence)
    return Score(value, explanation=f"not cited: group {', '.join(map(str, missed))}" if missed else "")


def citation_precision(outcome: Outcome) -> Score:
    """Return the share of citations that are gold; None for a refusal, and without gold evidence."""
    return Score(citations.precision(answered(outcome).citations, outcome.sample.evidence))


def citation_iou(outcome: Outcome) -> Score:
    """Return the overlap of cited and gold characters (Jaccard's index); None for a refusal, without gold evidence."""
    return Score(citations.character_iou(answered(outcome).citations, outcome.sample.evidence))


def cited_length(outcome: Outcome) -> Score:
    """Return how many characters are cited; None for a refusal."""
    answer = answered(outcome)
    return Score(None if answer.refused else float(citations.cited_length(answer.citations)))


def quote_fidelity(texts: Mapping[str, str]) -> Metric:
    """Return the metric: which share of the quotes is what stands at their span, letter by letter.

    ``texts`` are the stored texts by source. Quotes that are not exact are named: misattributed, stitched, fabricated.
    """

    def metric(outcome: Outcome) -> Score:
        quotes = answered(outcome).citations
        found = [citations.fidelity(c.quote, c.source, c.start, c.end, texts) for c in quotes]
        faults = [f"[{c.marker}] is {kind}" for c, kind in zip(quotes, found, strict=True) if kind != "exact"]
        return Score(found.count("exact") / len(found) if found else None, explanation=", ".join(faults))

    return metric


def cited_claims(texts: Mapping[str, str]) -> Metric:
    """Return the metric: which share of an answer's statements cites a quote that stands at its span.

    ``texts`` are the stored texts by source. None without statements.
    """

    def metric(outcome: Outcome) -> Score:
        answer = answered(outcome)
        held = [(c.marker, citations.fidelity(c.quote, c.source, c.start, c.end, texts)) for c in answer.citations]
        exact = {marker for marker, kind in held if kind == "exact"}
        without = [claim.text for claim in answer.claims if exact.isdisjoint(claim.citations)]
        value = 1 - len(without) / len(answer.claims) if answer.claims else None
        return Score(value, explanation=f"without a quote: {'; '.join(without)}" if without else "")

    return metric


def facts_stated(outcome: Outcome) -> Score:
    """Return 1 where every required fact is stated under one of its aliases; None without facts, and for a refusal."""
    answer = answered(outcome)
    if answer.refused or not outcome.sample.facts:
        return Score(None)
    missing = [aliases[0] for aliases in outcome.sample.facts if not facts.matches(answer.answer, aliases)]
    return Score(float(not missing), explanation=f"not stated: {', '.join(missing)}" if missing else "")


def nothing_forbidden(outcome: Outcome) -> Score:
    """Return 1 where no forbidden claim is made; None where none is named, and for a refusal."""
    answer = answered(outcome)
    if answer.refused or not outcome.sample.forbidden:
        return Score(None)
    made = [claim for claim in outcome.sample.forbidden if facts.states(answer.answer, claim)]
    return Score(float(not made), explanation=f"claimed: {', '.join(made)}" if made else "")


def answered(outcome: Outcome) -> Answer:
    """Return the answer of an outcome; an outcome with an error has none and must not be scored."""
    if outcome.answer is None:
        raise ValueError(f"{outcome.sample.id} has no answer: {outcome.error}")
    return outcome.answer


def standard(k: int, texts: Mapping[str, str]) -> dict[str, Metric]:
    """Return the metrics of a task by name; ``texts`` are the course's stored texts by source."""
    return {
        "right": right,
        "crag": crag,
        "brier": brier,
        f"recall@{k}": recall_at(k),
        "mrr": reciprocal_rank,
        f"ndcg@{k}": ndcg_at(k),
        "evidence_hit": evidence_hit,
        "citation_precision": citation_precision,
        "citation_recall": citation_recall,
        "citation_iou": citation_iou,
        "cited_characters": cited_length,
        "quote_fidelity": quote_fidelity(texts),
        "cited_claims": cited_claims(texts),
        "facts_stated": facts_stated,
        "nothing_forbidden": nothing_forbidden,
    }
