"""Evidence: of the sentences retrieved, those that answer the question, or none.

Each sentence gets a calibrated probability that it answers: a logistic regression over what the grounder, meaning and
words say together; a second one over the best sentences says how probable it is that the course answers at all. The
weights come from ``evals/grounding/calibrate.py`` (fitted on openly licensed question sets, never on the questions that
results are reported on). Below the threshold the tutor refuses, before anything is written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tutor.condense import names
from tutor.grounder import Grounder, InContext
from tutor.index import CourseIndex, IndexedSentence, Vector
from tutor.passages import header
from tutor.question import Question
from tutor.selection import disagree, select
from tutor.types import Candidate, Evidence, Manner, Passage
from tutor.words import YEAR, content_stems, stems, words

FEATURES = (
    "grounder", "cosine", "passage_cosine", "covered", "covered_by_context", "unknown", "unheard", "unnamed",
    "number_fits", "number_misses", "date_fits", "date_misses", "person_fits", "person_misses",
)  # fmt: skip
SIGNS = ("best", "cosine", "unknown", "unheard")
# Both from `python -m evals.grounding.calibrate`: see evals/grounding/README.md for the data and the figures.
INTERCEPT = -4.638
WEIGHTS = (0.630, 1.842, 1.944, 0.263, 1.961, 2.158, 0.075, -0.265, 0.055, -0.176, -0.022, -0.397, 0.020, -0.373)
DECISION_INTERCEPT = 0.771
DECISION_WEIGHTS = (0.801, 2.585, -0.759, -0.815)

LACKS_THE_NUMBER = -4.0  # log-odds at most, where "how many" meets no number: so it is with 0.3% of the pairs fitted on
READ = 20  # sentences that the grounder reads, those that meaning and words rank first: 32 find no better best one
MOST_OF_A_SECTION = 3
_NUMBER_MISSES = FEATURES.index("number_misses")
_KINDS = ("number", "date", "person")
PLACES = 4  # digits of a confidence
SHORTEST_NAME = 4  # letters; three capitals are often another way to write what the course spells out
MAY_ANSWER = 0.05  # probability of a sentence that is shown to a chat model beside those chosen
MOST_AROUND, MOST_AROUND_IN_DETAIL = 5, 10
OFF_TOPIC_COSINE = 0.3  # below it, the nearest sentence is about something else altogether
_SECTION_REQUEST = re.compile(
    r"^(?:please )?(?:tell me about|what does the (?:course|lesson|text) say about|explain|summari[sz]e|describe)\s+"
    r"(.+?)[?.!]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Context:
    """What a sentence stands in: the stems of its passage and headings, and the direction of the passage's meaning."""

    stems: frozenset[str]
    centre: Vector

    @classmethod
    def of(cls, text: str, sentences: Sequence[Vector], language: str) -> Context:
        """Return the context of a passage with this ``text``, headings included, and these vectors of sentences."""
        middle = np.mean(np.stack(sentences), axis=0)
        return cls(frozenset(stems(text, language)), middle / (float(np.linalg.norm(middle)) or 1.0))


def features(
    question: Question, vector: Vector, sentence: IndexedSentence, context: Context, language: str
) -> tuple[float, ...]:
    """Return the features of one sentence, all of ``FEATURES`` but the grounder's; vectors are unit vectors."""
    text = f"{sentence.sentence.question} {sentence.text}"
    own = set(stems(text, language))
    total = sum(question.weights.values()) or 1.0
    covered = sum(w for t, w in question.weights.items() if t in own) / total
    around = sum(w for t, w in question.weights.items() if t in own or t in context.stems) / total
    unnamed = len(question.named - own - context.stems) / len(question.named) if question.named else 0.0
    fits = question.is_met_by(sentence.text, language)
    cosine, centre = float(np.dot(vector, sentence.vector)), float(np.dot(vector, context.centre))
    kinds = [float(question.kind == kind and fits is wanted) for kind in _KINDS for wanted in (True, False)]
    return cosine, centre, covered, around, question.unknown, question.unheard, unnamed, *kinds


def log_odds(values: Sequence[float]) -> float:
    """Return the calibrated log-odds that a sentence with these ``FEATURES`` answers."""
    return capped(INTERCEPT + sum(w * v for w, v in zip(WEIGHTS, values, strict=True)), values)


def capped(odds: float, values: Sequence[float]) -> float:
    """Return log-odds, no higher than they may be where "how many" meets no number."""
    return min(odds, LACKS_THE_NUMBER) if values[_NUMBER_MISSES] else odds


def signs(read: Sequence[Sequence[float]], odds: Sequence[float]) -> tuple[float, ...]:
    """Return the ``SIGNS`` that the course answers: how well its best sentence does, and what it lacks of the question.

    ``read`` holds the ``FEATURES`` of each sentence, ``odds`` its log-odds.
    """
    named = dict(zip(FEATURES, read[0], strict=True))  # the question's own are the same for every sentence
    return max(odds), max(values[1] for values in read), named["unknown"], named["unheard"]


def confidence(values: Sequence[float]) -> float:
    """Return the calibrated probability that the course answers a question with these ``SIGNS``."""
    return probability(DECISION_INTERCEPT + sum(w * v for w, v in zip(DECISION_WEIGHTS, values, strict=True)))


def probability(odds: float) -> float:
    """Return log-odds as a probability."""
    return 1 / (1 + math.exp(-odds))


def odds_of(chance: float) -> float:
    """Return a probability as log-odds."""
    return math.log(max(chance, 1e-12) / max(1 - chance, 1e-12))


def rank(values: Sequence[float]) -> float:
    """Return how early a sentence with these `features` is read: by meaning first, then by shared words."""
    cosine, _, covered, covered_by_context, *_ = values
    return cosine + 0.4 * covered + 0.2 * covered_by_context


def find_evidence(
    question: str,
    index: CourseIndex,
    passages: Sequence[int],
    grounder: Grounder,
    threshold: float,
    manner: Manner = "plain",
) -> Evidence:
    """Return the sentences of ``passages`` that answer ``question``, in source order, or none.

    ``nearest`` holds the best sentence of each of the three nearest passages, answer or not.
    """
    language = index.language
    frequencies = index.frequencies(content_stems(question, language))
    asked = Question.of(question, language, frequencies, index.passage_count)
    vector = np.asarray(index.embedder.query(question), dtype=np.float32)
    seen = sorted(
        (
            (features(asked, vector, sentence, context, language), passage, sentences, at)
            for passage, sentences in index.passages(passages)
            for context in (_context(passage, sentences, index),)
            for at, sentence in enumerate(sentences)
        ),
        key=lambda item: -rank(item[0]),
    )
    logits = grounder.logits(question, [in_context(p, sentences, at) for _, p, sentences, at in seen[:READ]])
    read = [(float(logit), *values) for logit, (values, *_) in zip(logits, seen, strict=False)]
    odds = [log_odds(values) for values in read]
    around = [
        _candidate(passage, sentences[at], probability(odds[i]) if i < len(odds) else 0.0)
        for i, (_, passage, sentences, at) in enumerate(seen)
    ]
    ranked = sorted(around[:READ], key=lambda c: -c.score)
    nearest = _nearest(ranked)
    if section := _section_asked_for(question, around, language):
        return Evidence(section[:1] if manner == "one_sentence" else section, nearest)
    absent = tuple(unmentioned(question, frequencies, language))
    sure = 0.0 if absent or not ranked else confidence(signs(read, odds))
    stated = round(sure, PLACES)
    if absent or not ranked or sure < threshold:
        best = max((values[0] for values, *_ in seen), default=0.0)
        far = best < OFF_TOPIC_COSINE or not any(frequencies.values())
        return Evidence((), nearest, "off_topic" if far else "not_in_course", absent, confidence=stated)
    chosen = select(question, asked.kind, ranked, around, language, manner)
    different = disagree(question, asked.kind, chosen, language)
    return Evidence(
        chosen, nearest, disagree=different, confidence=stated, around=_helping(chosen, ranked, around, manner)
    )


def _helping(
    chosen: Sequence[Candidate], ranked: Sequence[Candidate], around: Sequence[Candidate], manner: Manner
) -> tuple[Candidate, ...]:
    """Return further sentences that may help to explain: neighbours of those chosen, then others that may answer."""
    near = [c for c in around for one in chosen if c.passage == one.passage and c.source == one.source]
    best = sorted(near, key=lambda c: min(abs(c.sentence.start - one.sentence.start) for one in chosen))
    may = [c for c in ranked if c.score >= MAY_ANSWER]
    most = MOST_AROUND_IN_DETAIL if manner in ("detailed", "example") else MOST_AROUND
    return tuple(list(dict.fromkeys(c for c in (*best[:most], *may) if c not in chosen))[:most])


def in_context(passage: Passage, sentences: Sequence[IndexedSentence], at: int) -> InContext:
    """Return a sentence of a passage with its question or headings, and the sentence before it."""
    sentence = sentences[at].sentence
    heading = sentence.question or ". ".join(dict.fromkeys((passage.title, *passage.section[-1:])))
    return InContext(sentences[at].text, heading, sentences[at - 1].text if at else "")


def unmentioned(question: str, frequencies: Mapping[str, int], language: str) -> list[str]:
    """Return the names and years in ``question`` that the course never mentions, at most three.

    ``frequencies`` says in how many passages each stem of the question occurs. Such a question is refused whatever else
    is found: of the questions to calibrate on that a course answers, one in a hundred has such a name, mostly by a
    typing error. Other words are left out, since a course that says "make" and not "made" does not lack it; and so are
    capitals in languages that give them to every noun.
    """

    def absent(text: str) -> bool:
        terms = content_stems(text, language)
        return bool(terms) and not any(frequencies.get(term, 0) for term in terms)

    if language.split("-")[0] == "de":
        return []
    first = (question.split() or [""])[0].strip(",.?!¿¡\"“”'‘(")  # "Write me a poem": a capital that says nothing
    named = [name for name in names(question) if name != first and len(name) >= SHORTEST_NAME and absent(name)]
    years = [word for word in words(question) if re.fullmatch(YEAR, word) and absent(word)]
    return list(dict.fromkeys([*named, *years]))[:3]


def _context(passage: Passage, sentences: Sequence[IndexedSentence], index: CourseIndex) -> Context:
    text = " ".join([header(passage, index.embedder.count_tokens), *(s.text for s in sentences)])
    return Context.of(text, [s.vector for s in sentences], index.language)


def _candidate(passage: Passage, sentence: IndexedSentence, score: float) -> Candidate:
    span = (passage.start, passage.end)
    return Candidate(passage.source, passage.version, passage.title, sentence.sentence, sentence.text, score, span)


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
        :MOST_OF_A_SECTION
    ]
