"""Systems: what a dataset can be asked of. The tutor, and simple baselines in the same harness."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import tutor
from evals.datasets import Turn
from tutor.answering import cite
from tutor.tutor import Tutor
from tutor.types import Answer, Candidate, Passage, Timings
from tutor.types import Turn as Heard
from tutor.words import content_stems

CODE = Path(tutor.__file__).parent
FILES = ("*.py", "*.onnx", "bundled/prompts/*.md", "../prompts/*.md")


class System(Protocol):
    """What is asked: anything that answers as the tutor does, with citations or by refusing."""

    name: str

    def fingerprint(self) -> str:
        """Return a hash that changes whenever an answer could."""
        ...

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        """Return the answer to ``question`` after ``history``."""
        ...

    def retrieve(self, question: str, k: int) -> tuple[Passage, ...]:
        """Return the ``k`` passages that the answer to a standalone question is looked for in, best first."""
        ...


class TutorSystem:
    """The tutor on one of its courses, as a student would ask it; conversations made on the way are deleted again."""

    name = "tutor"

    def __init__(self, tutor: Tutor, course: str) -> None:
        self.tutor, self.course = tutor, course

    def fingerprint(self) -> str:
        """Return a hash of the tutor's code, models, prompts and settings, and of the course's texts."""
        return fingerprint(self.tutor, self.course, self.name)

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        """Return the tutor's answer; turns without an answer are asked first, turns with one are taken as said."""
        conversation = None
        heard = [Heard(turn.question, turn.question, turn.answer) for turn in history if turn.answer]
        for turn in history:
            if not turn.answer:
                conversation = self.tutor.ask(self.course, turn.question, conversation).conversation
        answer = self.tutor.ask(self.course, question, conversation, history=heard)
        self.tutor.delete_conversation(answer.conversation)
        return answer

    def retrieve(self, question: str, k: int) -> tuple[Passage, ...]:
        """Return what the tutor's retriever finds."""
        return self.tutor.retrieve(self.course, question, k)


Rank = Callable[[str, Sequence[str]], "np.ndarray[Any, np.dtype[np.float64]]"]
"""Scores the texts of a course for a question, the best one highest."""


class BestSentence:
    """A baseline that quotes the one sentence of the course that scores highest, and never refuses."""

    def __init__(self, tutor: Tutor, course: str, name: str, rank: Rank) -> None:
        self.tutor, self.course, self.name, self._rank = tutor, course, name, rank
        index = tutor.index(course)
        found = index.passages(list(range(index.passage_count)))
        self._passages = [passage for passage, _ in found]
        self._sentences = [
            (passage, Candidate(passage.source, passage.version, passage.title, s.sentence, s.text, 0.0, (0, 0)))
            for passage, sentences in found
            for s in sentences
        ]

    def fingerprint(self) -> str:
        """Return a hash of the code, the models and the course's texts."""
        return fingerprint(self.tutor, self.course, self.name)

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        """Return the best sentence, quoted; ``history`` is not read."""
        _, best = self._sentences[int(np.argmax(self._scores(question)))]
        text = self.tutor.source(self.course, best.source).text
        citation = cite(self.course, best, lambda source, version: text, 1)
        return Answer(
            question=question, standalone_question=question, answer=f"{citation.quote} [1]", refused=False, reason=None,
            claims=(), citations=(citation,), nearest=(), suggestions=(), course=self.course, conversation="",
            answerer=self.name, prompts=(), timings_ms=Timings(),
        )  # fmt: skip

    def retrieve(self, question: str, k: int) -> tuple[Passage, ...]:
        """Return the passages of the best sentences."""
        order = np.argsort(-self._scores(question), kind="stable")
        return tuple(list(dict.fromkeys(self._sentences[int(i)][0] for i in order))[:k])

    def _scores(self, question: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return self._rank(question, [candidate.text for _, candidate in self._sentences])


def nearest_sentence(tutor: Tutor, course: str) -> BestSentence:
    """Return the baseline that quotes the sentence whose embedding is nearest to the question's."""
    index = tutor.index(course)
    vectors = np.stack([s.vector for _, sentences in index.passages(range(index.passage_count)) for s in sentences])

    def rank(question: str, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.asarray(vectors @ np.asarray(index.embedder.query(question)), dtype=np.float64)

    return BestSentence(tutor, course, "nearest-sentence", rank)


def bm25_sentence(tutor: Tutor, course: str) -> BestSentence:
    """Return the baseline that quotes the sentence with the highest BM25 (Robertson and Zaragoza 2009)."""
    language = tutor.index(course).language

    def rank(question: str, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        terms = [content_stems(text, language) for text in texts]
        lengths = np.array([len(t) for t in terms], dtype=np.float64)
        scores = np.zeros(len(texts))
        for stem in content_stems(question, language):
            inside = np.array([float(stem in t) for t in terms])
            idf = np.log(1 + (len(texts) - inside.sum() + 0.5) / (inside.sum() + 0.5))
            scores += idf * inside * 2.2 / (inside + 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1.0)))
        return scores

    return BestSentence(tutor, course, "bm25-sentence", rank)


SYSTEMS: dict[str, Callable[[Tutor, str], System]] = {
    "tutor": TutorSystem,
    "nearest-sentence": nearest_sentence,
    "bm25-sentence": bm25_sentence,
}


def fingerprint(tutor: Tutor, course: str, name: str) -> str:
    """Return a hash of everything that an answer depends on: code, models, prompts, settings, texts."""
    found = hashlib.sha256(name.encode())
    for pattern in FILES:
        for file in sorted(CODE.glob(pattern)):
            found.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    settings = tutor.settings
    found.update(repr((settings.embedder, settings.model, settings.evidence_threshold)).encode())
    for source in tutor.sources(course):
        found.update(f"{source.name} {source.version}".encode())
    return found.hexdigest()
