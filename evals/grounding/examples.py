"""Training examples for the grounder: a question, sentences in their context, and which of them answer.

Most of the work is in the sentences that do not answer: neighbours in the passage, what the embedder ranks high from
elsewhere, and the answering sentence itself under a question about somebody or something else.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tutor.index import Vector
from tutor.words import STOP_WORDS, words

NEIGHBOURS = 3
ELSEWHERE = 2
_TOKEN = re.compile(r"\w+(?:[-'’.,]\w+)*")


@dataclass(frozen=True)
class Row:
    """A question with its passage; ``answers`` are the indices of the sentences that answer."""

    question: str
    sentences: tuple[str, ...]
    answers: frozenset[int]
    title: str
    origin: str


@dataclass(frozen=True)
class Pair:
    """What the grounder reads: a question, a sentence, the sentence before it, and whether it answers."""

    question: str
    sentence: str
    before: str
    answers: bool
    swapped: bool = False


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [
            Row(r["question"], tuple(r["sentences"]), frozenset(r["answers"]), r["title"], r["origin"])
            for r in map(json.loads, lines)
        ]


class Examples:
    """Draws training examples from rows, with a seed; ``vectors`` are unit vectors of all questions and sentences."""

    def __init__(self, rows: Sequence[Row], vectors: dict[str, Vector], seed: int) -> None:
        self.rows = [row for row in rows if row.answers]
        self.draw = random.Random(seed)
        self.vectors = vectors
        self.places = {text: (row.title, i, row) for row in rows for i, text in enumerate(row.sentences)}
        self.texts = list(self.places)
        self.matrix = np.stack([vectors[text] for text in self.texts])
        self.frequency = Counter(word for text in self.texts for word in set(words(text)))
        self.kinds: dict[str, list[str]] = defaultdict(list)
        for word in dict.fromkeys(w for text in self.texts for w in _TOKEN.findall(text)):
            if word.lower() not in STOP_WORDS and len(word) > 2:
                self.kinds[kind_of(word)].append(word)

    def epoch(self, share: dict[str, float]) -> Iterator[list[Pair]]:
        """Yield the pairs of each question in a new order; ``share`` says which part of an origin is used."""
        rows = [row for row in self.rows if self.draw.random() < share.get(row.origin, 1.0)]
        self.draw.shuffle(rows)
        for row in rows:
            yield self.pairs(row)

    def pairs(self, row: Row) -> list[Pair]:
        """Return one answering pair, the first, and those that do not answer."""
        right = self.draw.choice(sorted(row.answers))
        question = self.rough(row.question)
        vector = self.vectors[row.question]
        wrong = [i for i in range(len(row.sentences)) if i not in row.answers]
        wrong.sort(key=lambda i: -float(np.dot(vector, self.vectors[row.sentences[i]])))
        near = wrong[: NEIGHBOURS - 1] + self.draw.sample(wrong[NEIGHBOURS - 1 :], min(1, len(wrong[NEIGHBOURS - 1 :])))
        pairs = [self.pair(question, row, right, True), *(self.pair(question, row, i, False) for i in near)]
        pairs += [self.pair(question, other, i, False) for other, i in self.elsewhere(row, vector)]
        if swapped := self.swap(row.question, row.sentences[right]):
            pair = self.pair(self.rough(swapped), row, right, False)
            pairs.append(Pair(pair.question, pair.sentence, pair.before, False, swapped=True))
        return pairs

    def pair(self, question: str, row: Row, index: int, answers: bool) -> Pair:
        """Return a sentence in its context; sometimes without, since a first sentence has none."""
        before = row.sentences[index - 1] if index and self.draw.random() < 0.7 else ""
        return Pair(question, row.sentences[index], before, answers)

    def elsewhere(self, row: Row, vector: Vector) -> list[tuple[Row, int]]:
        """Return sentences of other passages that the embedder ranks high for this question."""
        sample = self.draw.sample(range(len(self.texts)), min(4000, len(self.texts)))
        order = np.argsort(-(self.matrix[sample] @ vector))[:12]
        found = []
        for at in order:
            title, index, other = self.places[self.texts[sample[int(at)]]]
            if title != row.title and other.origin == row.origin:
                found.append((other, index))
        return found[:ELSEWHERE]

    def swap(self, question: str, sentence: str) -> str:
        """Return ``question`` about something else: its rarest word shared with ``sentence``, replaced by its like."""
        shared = set(words(sentence))
        candidates = [
            t for t in _TOKEN.findall(question) if t.lower() not in STOP_WORDS and set(words(t)) & shared and len(t) > 2
        ]
        if not candidates:
            return ""
        rarest = min(candidates, key=lambda t: self.frequency[words(t)[0]] if words(t) else math.inf)
        if kind_of(rarest) == "year" and self.draw.random() < 0.7:
            other = str(int(rarest) + self.draw.choice([-21, -7, -3, -1, 1, 2, 4, 9, 30]))
        else:
            other = self.draw.choice(self.kinds[kind_of(rarest)])
        if set(words(other)) & shared:
            return ""
        return re.sub(rf"(?<!\w){re.escape(rarest)}(?!\w)", lambda _: other, question, count=1)

    def rough(self, question: str) -> str:
        """Return the question as hurried people type it, now and then."""
        chance = self.draw.random()
        if chance < 0.25:
            question = question.lower().rstrip("?")
        if chance < 0.12:
            question = self.misspell(question)
        elif chance > 0.93:
            kept = [t for t in _TOKEN.findall(question) if t.lower() not in STOP_WORDS]
            question = " ".join(kept) or question
        return question

    def misspell(self, question: str) -> str:
        """Return ``question`` with one letter of a longer word lost, doubled or swapped."""
        long = [m for m in _TOKEN.finditer(question) if len(m.group()) > 4]
        if not long:
            return question
        match = self.draw.choice(long)
        word, at = match.group(), self.draw.randrange(1, len(match.group()) - 2)
        head, tail = word[:at], word[at:]
        made = self.draw.choice([head + tail[1:], head + tail[0] + tail, head + tail[1] + tail[0] + tail[2:]])
        return question[: match.start()] + made + question[match.end() :]


def kind_of(word: str) -> str:
    """Return what kind of word this is, so that a swap keeps the form: year, number, name or plain word."""
    if word.isdigit():
        return "year" if len(word) == 4 else "number"
    if word[0].isdigit():
        return "number"
    return "name" if word[0].isupper() else "word"
