"""Systems: what a dataset can be asked of. The tutor, and simple baselines in the same harness."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import tutor
from evals.datasets import Turn
from tutor.answering import cite
from tutor.errors import InputError
from tutor.index import CourseIndex, IndexedSentence
from tutor.records import Course
from tutor.tutor import Tutor
from tutor.types import Answer, Candidate, Citation, Passage, Timings, Usage
from tutor.types import Turn as Heard
from tutor.words import content_stems

CODE = Path(tutor.__file__).parent
FILES = ("*.py", "bundled/prompts/*.md", "../prompts/*.md")  # the code pins the models by their hashes
NOT_THE_TUTORS = ("judge.md", "stuffed.md")  # prompts of the evals
QUOTES = "quotes"  # the answerer that is built in
LONGEST_NAME = 60  # characters of an answerer's name in that of a run


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
    """The tutor on one of its courses, as a student would ask it; conversations made on the way are deleted again.

    Its ``name`` tells by whom it lets answers be phrased, where that is a chat model.
    """

    def __init__(self, tutor: Tutor, course: str) -> None:
        self.tutor, self.course = tutor, course
        self.answerer = tutor.chat.name if tutor.chat else QUOTES
        written = re.sub(r"[^\w.-]+", "-", self.answerer)[:LONGEST_NAME]  # runs are kept in folders of that name
        self.name = "tutor" if tutor.chat is None else f"tutor-{written}"

    def fingerprint(self) -> str:
        """Return a hash of the tutor's code, models, prompts and settings, and of the course's texts."""
        return fingerprint(self.tutor, self.course, f"{self.name} {_phrased_by(self.tutor)}")

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


Vector = np.ndarray[Any, np.dtype[np.float64]]
Sentences = list[tuple[Passage, IndexedSentence]]


class BestSentence:
    """A baseline that quotes the one sentence of the course that scores highest, and never refuses.

    ``rank`` scores the sentences, in their order, for a question.
    """

    def __init__(
        self, tutor: Tutor, course: str, name: str, sentences: Sentences, rank: Callable[[str], Vector]
    ) -> None:
        self.tutor, self.course, self.name = tutor, course, name
        self._sentences, self._rank = sentences, rank

    def fingerprint(self) -> str:
        """Return a hash of the code, the models and the course's texts."""
        return fingerprint(self.tutor, self.course, self.name)

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        """Return the best sentence, quoted; ``history`` is not read."""
        passage, best = self._sentences[int(np.argmax(self._rank(question)))]
        candidate = Candidate(
            passage.source, passage.version, passage.title, best.sentence, best.text, 0.0, (passage.start, passage.end)
        )
        text = self.tutor.source(self.course, passage.source).text
        citation = cite(self.course, candidate, lambda source, version: text, 1)
        return baseline_answer(self.course, self.name, question, f"{citation.quote} [1]", (citation,))

    def retrieve(self, question: str, k: int) -> tuple[Passage, ...]:
        """Return the passages of the best sentences."""
        order = np.argsort(-self._rank(question), kind="stable")
        return tuple(list(dict.fromkeys(self._sentences[int(i)][0] for i in order))[:k])


def baseline_answer(
    course: str, answerer: str, question: str, said: str, cited: tuple[Citation, ...], *,
    refused: bool = False, prompts: tuple[str, ...] = (), usage: Usage | None = None,
) -> Answer:  # fmt: skip
    """Return what a baseline says as an Answer; it rewrites no question, makes no claims and keeps no conversation."""
    return Answer(
        question=question, standalone_question=question, answer=said, refused=refused,
        reason="not_in_course" if refused else None, claims=(), citations=cited, nearest=(), suggestions=(),
        course=course, conversation="", answerer=answerer, prompts=prompts, timings_ms=Timings(), usage=usage,
    )  # fmt: skip


def nearest_sentence(tutor: Tutor, course: str) -> BestSentence:
    """Return the baseline that quotes the sentence whose embedding is nearest to the question's."""
    index = tutor.index(course)
    held = sentences(index)
    vectors = np.stack([sentence.vector for _, sentence in held])

    def rank(question: str) -> Vector:
        return np.asarray(vectors @ np.asarray(index.embedder.query(question)), dtype=np.float64)

    return BestSentence(tutor, course, "nearest-sentence", held, rank)


def bm25_sentence(tutor: Tutor, course: str) -> BestSentence:
    """Return the baseline that quotes the sentence with the highest BM25 (Robertson and Zaragoza 2009)."""
    index = tutor.index(course)
    held = sentences(index)
    terms = [content_stems(sentence.text, index.language) for _, sentence in held]
    lengths = np.array([len(stems) for stems in terms], dtype=np.float64)

    def rank(question: str) -> Vector:
        scores = np.zeros(len(held))
        for stem in content_stems(question, index.language):
            inside = np.array([float(stem in stems) for stems in terms])
            idf = np.log(1 + (len(held) - inside.sum() + 0.5) / (inside.sum() + 0.5))
            scores += idf * inside * 2.2 / (inside + 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1.0)))
        return scores

    return BestSentence(tutor, course, "bm25-sentence", held, rank)


def texts_of(tutor: Tutor, course: str) -> dict[str, str]:
    """Return the stored texts of a course by source: what a dataset's fragments are looked up in."""
    return {source.name: tutor.source(course, source.name).text for source in tutor.sources(course)}


def sentences(index: CourseIndex) -> Sentences:
    """Return every sentence of a course with its passage, in the order of the texts."""
    found = index.passages(range(index.passage_count))
    return [(passage, sentence) for passage, inside in found for sentence in inside]


NAMES = ("tutor", "nearest-sentence", "bm25-sentence", "stuffed-chunks")


def open_system(name: str, tutor: Tutor, course: str, answerer: str = "") -> System:
    """Return the system called ``name``; ``answerer`` is the chat model, where it needs one.

    Raises `InputError` for an unknown name, and `SetupError` for a chat model that cannot be used.
    """
    match name:
        case "tutor":
            return TutorSystem(tutor, course)
        case "nearest-sentence":
            return nearest_sentence(tutor, course)
        case "bm25-sentence":
            return bm25_sentence(tutor, course)
        case "stuffed-chunks":
            from evals.stuffed import StuffedChunks
            from tutor.chat import chat_model

            settings = tutor.settings
            model = chat_model(answerer, settings.model_url, settings.model_key_file)
            return StuffedChunks(tutor, course, model, answerer)
    raise InputError(f"There is no system {name!r}. There are: {', '.join(NAMES)}.")


def fingerprint(tutor: Tutor, course: str, name: str) -> str:
    """Return a hash of everything that an answer depends on: code, models, prompts, settings, the course's texts.

    ``name`` is that of the system, with what only this system depends on.
    """
    found = hashlib.sha256(name.encode())
    for pattern in FILES:
        for file in sorted(file for file in CODE.glob(pattern) if file.name not in NOT_THE_TUTORS):
            found.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    settings = tutor.settings
    found.update(repr((settings.embedder, settings.evidence_threshold)).encode())
    with tutor.records.read() as session:
        held = session.get(Course, course)
        found.update(repr(held and (held.title, held.language, held.options.model_dump())).encode())
    for source in tutor.sources(course):
        found.update(f"{source.name} {source.version}".encode())
    return found.hexdigest()


def _phrased_by(tutor: Tutor) -> str:
    """Return what decides how the tutor's answers are phrased; of a model in a file, the hash of the file."""
    if tutor.chat is None:
        return QUOTES
    settings = tutor.settings
    provider, _, model = settings.model.partition(":")
    weights = ""
    if provider == "gguf":
        file = Path(model).expanduser()
        weights = file_hash(file, file.stat().st_mtime_ns)
    limits = (settings.model_context_tokens, settings.model_seconds, settings.model_first_seconds)
    allowed = settings.model_tokens_per_day
    return repr((tutor.chat.name, weights, settings.model_output, settings.model_url, *limits, allowed))


@lru_cache(maxsize=8)
def file_hash(file: Path, changed: int) -> str:
    """Return the SHA-256 of a file that was ``changed`` then; some are gigabytes, which takes seconds to read."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
