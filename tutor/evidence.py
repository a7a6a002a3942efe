"""Evidence: of the sentences retrieved, those that answer the question, or none.

Each sentence gets a calibrated probability that it answers: a logistic regression over what meaning and words say
together. Its weights come from ``evals/calibration.py`` (fitted on openly licensed question sets, never on the
questions that results are reported on). Where no sentence reaches the threshold, the tutor refuses before anything
is written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tutor.condense import names
from tutor.index import CourseIndex, IndexedSentence
from tutor.passages import header
from tutor.types import Candidate, Evidence, Passage
from tutor.words import content_stems, stems, words

FEATURES = ("cosine", "covered", "covered_by_context", "unknown", "unnamed", "kind_fits", "kind_misses")
# From `python -m evals.calibration`: see evals/README.md for the data and the figures.
INTERCEPT = -7.050
WEIGHTS = (4.885, 2.520, 2.402, 2.630, -0.383, 0.499, -0.739)

MOST_SENTENCES = 3
OFF_TOPIC_COSINE = 0.3  # below it, the nearest sentence is about something else altogether
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|billion)s?\b", re.I
)
_DATE = re.compile(
    r"\b\d{3,4}s?\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|year|decade)",
    re.IGNORECASE,
)
_SECTION_REQUEST = re.compile(
    r"^(?:please )?(?:tell me about|what does the (?:course|lesson|text) say about|explain|summari[sz]e|describe)\s+"
    r"(.+?)[?.!]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Question:
    """A standalone question as scoring sees it."""

    text: str
    stems: tuple[str, ...]
    weights: Mapping[str, float]
    unknown: float
    named: frozenset[str]
    kind: str

    @classmethod
    def of(cls, text: str, language: str, frequencies: Mapping[str, int], passages: int) -> Question:
        """Return ``text`` analysed; ``frequencies`` says in how many of ``passages`` passages each stem occurs."""
        terms = tuple(content_stems(text, language))
        weights = {t: math.log((passages + 1) / (frequencies.get(t, 0) + 0.5)) for t in terms}
        total = sum(weights.values())
        absent = sum(weight for term, weight in weights.items() if not frequencies.get(term, 0))
        named = {s for name in names(text) for s in content_stems(name, language)} | {
            t for t in terms if t[0].isdigit()
        }
        return cls(text, terms, weights, absent / total if total else 1.0, frozenset(named), question_kind(text))


def question_kind(text: str) -> str:
    """Return what kind of thing is asked for: ``number``, ``date``, ``person`` or ``other``."""
    asked = " ".join(words(text))
    if re.search(
        r"\bhow (?:many|much|old|far|deep|heavy|long|tall|high|big|large)\b|\bwhat (?:number|percentage)\b", asked
    ):
        return "number"
    if re.search(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)s?\b", asked):
        return "date"
    return "person" if re.search(r"^(?:and )?(?:who|whose|whom)\b", asked) else "other"


def features(
    question: Question, vector: Sequence[float], sentence: IndexedSentence, context: frozenset[str], language: str
) -> tuple[float, ...]:
    """Return the features of ``FEATURES`` of one sentence; ``context`` holds the stems of its passage and headings."""
    text = f"{sentence.sentence.question} {sentence.text}"
    own = set(stems(text, language))
    total = sum(question.weights.values()) or 1.0
    covered = sum(w for t, w in question.weights.items() if t in own) / total
    around = sum(w for t, w in question.weights.items() if t in own or t in context) / total
    unnamed = len(question.named - own - context) / len(question.named) if question.named else 0.0
    fits = {
        "number": bool(_NUMBER.search(sentence.text)),
        "date": bool(_DATE.search(sentence.text)),
        "person": any(set(content_stems(name, language)) - set(question.stems) for name in names(sentence.text)),
    }.get(question.kind)
    cosine = float(np.dot(np.asarray(vector, dtype=np.float32), sentence.vector))
    return cosine, covered, around, question.unknown, unnamed, float(fits is True), float(fits is False)


def probability(values: Sequence[float]) -> float:
    """Return the calibrated probability that a sentence with these features answers."""
    return 1 / (1 + math.exp(-(INTERCEPT + sum(w * v for w, v in zip(WEIGHTS, values, strict=True)))))


def find_evidence(question: str, index: CourseIndex, passages: Sequence[int], threshold: float) -> Evidence:
    """Return the sentences of ``passages`` that answer ``question`` (at most three, in source order), or none.

    ``nearest`` holds the best sentence of each of the three nearest passages, answer or not.
    """
    language = index.language
    held = index.passages(passages)
    terms = content_stems(question, language)
    asked = Question.of(question, language, index.frequencies(terms), index.passage_count)
    vector = index.embedder.query(question)
    candidates = [
        _candidate(passage, sentence, probability(features(asked, vector, sentence, context, language)))
        for passage, sentences in held
        for context in (_context(passage, sentences, index),)
        for sentence in sentences
    ]
    ranked = sorted(candidates, key=lambda c: -c.score)
    nearest = _nearest(ranked)
    if section := _section_asked_for(question, candidates, language):
        return Evidence(section, nearest)
    if not ranked or ranked[0].score < threshold:
        best = max((float(np.dot(vector, s.vector)) for _, group in held for s in group), default=0.0)
        far = best < OFF_TOPIC_COSINE or asked.unknown == 1.0
        return Evidence((), nearest, "off_topic" if far else "not_in_course")
    return Evidence(_choose(ranked, threshold, language), nearest)


def _context(passage: Passage, sentences: Sequence[IndexedSentence], index: CourseIndex) -> frozenset[str]:
    text = " ".join([header(passage, index.embedder.count_tokens), *(s.text for s in sentences)])
    return frozenset(stems(text, index.language))


def _candidate(passage: Passage, sentence: IndexedSentence, score: float) -> Candidate:
    span = (passage.start, passage.end)
    return Candidate(passage.source, passage.version, passage.title, sentence.sentence, sentence.text, score, span)


def _choose(ranked: Sequence[Candidate], threshold: float, language: str) -> tuple[Candidate, ...]:
    """Return the best sentence and those nearly as good that add something, in source order."""
    chosen: list[Candidate] = []
    for candidate in ranked:
        enough = max(threshold, 0.6 * ranked[0].score)
        if len(chosen) == MOST_SENTENCES or (chosen and candidate.score < enough):
            break
        if not any(_repeats(candidate, other, language) for other in chosen):
            chosen.append(candidate)
    return tuple(sorted(chosen, key=lambda c: (c.source, c.sentence.start)))


def _repeats(one: Candidate, other: Candidate, language: str) -> bool:
    a, b = set(content_stems(one.text, language)), set(content_stems(other.text, language))
    return len(a & b) > 0.7 * min(len(a), len(b)) if a and b else True


def _nearest(ranked: Sequence[Candidate]) -> tuple[Candidate, ...]:
    seen: dict[tuple[str, tuple[int, int]], Candidate] = {}
    for candidate in ranked:
        seen.setdefault((candidate.source, candidate.passage), candidate)
    return tuple(list(seen.values())[:3])


def _section_asked_for(question: str, candidates: Sequence[Candidate], language: str) -> tuple[Candidate, ...]:
    """Return the first sentences of a section that the question asks for by its heading, else none."""
    match = _SECTION_REQUEST.match(question)
    if not match:
        return ()
    wanted = set(content_stems(match.group(1), language))
    inside = [
        c for c in candidates if c.sentence.section and set(content_stems(c.sentence.section[-1], language)) == wanted
    ]
    if not wanted or not inside:
        return ()
    first = min(inside, key=lambda c: (c.source, c.sentence.start))
    return tuple(sorted((c for c in inside if c.source == first.source), key=lambda c: c.sentence.start))[
        :MOST_SENTENCES
    ]
