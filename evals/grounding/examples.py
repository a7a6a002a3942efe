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
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from evals.grounding import details
from evals.grounding.wordnet import WordNet
from tutor.index import Vector
from tutor.words import STOP_WORDS, words

NEIGHBOURS = 3
ELSEWHERE = 2
REWORDED = 0.3  # of the questions: asked in other words than the passage's
ASKED_IN_HEADING = 0.12  # of the questions: their passage stands under the question itself, as in a list of questions
_TOKEN = re.compile(r"\w+(?:[-'’.,]\w+)*")
_NAME = re.compile(r"(?<=\s)[A-Z][\w'’-]+(?:\s+(?:(?:of|the|de|van|von)\s+)?[A-Z0-9][\w'’-]+)*")


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
    """What the grounder reads: a question, a sentence, what stands before it, and whether it answers."""

    question: str
    sentence: str
    context: str
    answers: bool
    swapped: bool = False


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [
            Row(r["question"], tuple(r["sentences"]), frozenset(r["answers"]), r["title"], r["origin"])
            for r in map(json.loads, lines)
        ]


def held_out(title: str) -> bool:
    """Return whether the grounder is not trained on this title: one in twelve, which the refusal is calibrated on."""
    return zlib.crc32(title.encode()) % 12 == 0


class Examples:
    """Draws training examples from rows, with a seed.

    ``vectors`` are unit vectors of all questions and sentences; without ``wordnet`` no question is reworded.
    """

    def __init__(
        self, rows: Sequence[Row], vectors: dict[str, Vector], seed: int, wordnet: WordNet | None = None
    ) -> None:
        self.rows = [row for row in rows if row.answers]
        self.draw = random.Random(seed)
        self.vectors = vectors
        self.wordnet = wordnet
        self.places = {text: (row.title, i, row) for row in rows for i, text in enumerate(row.sentences)}
        self.texts = list(self.places)
        self.frequency = Counter(word for text in self.texts for word in set(words(text)))
        self.kinds: dict[str, list[str]] = defaultdict(list)
        for word in dict.fromkeys(w for text in self.texts for w in _TOKEN.findall(text)):
            if word.lower() not in STOP_WORDS and len(word) > 2:
                self.kinds[kind_of(word)].append(word)
        self.names = sorted({name for row in rows for name in _NAME.findall(row.question)})

    @cached_property
    def matrix(self) -> Vector:
        """The vectors of all sentences."""
        return np.stack([self.vectors[text] for text in self.texts])

    def epoch(self, share: dict[str, float]) -> Iterator[list[Pair]]:
        """Yield the pairs of each question in a new order; ``share`` says which part of an origin is used."""
        rows = [row for row in self.rows if self.draw.random() < share.get(row.origin, 1.0)]
        self.draw.shuffle(rows)
        for row in rows:
            yield self.pairs(row)

    def pairs(self, row: Row) -> list[Pair]:
        """Return one answering pair, the first, and those that do not answer."""
        right = self.draw.choice(sorted(row.answers))
        question = self.rough(self.reworded(row.question))
        heading = row.question if self.draw.random() < ASKED_IN_HEADING else ""
        vector = self.vectors[row.question]
        wrong = [i for i in range(len(row.sentences)) if i not in row.answers]
        wrong.sort(key=lambda i: -float(np.dot(vector, self.vectors[row.sentences[i]])))
        near = wrong[: NEIGHBOURS - 1] + self.draw.sample(wrong[NEIGHBOURS - 1 :], min(1, len(wrong[NEIGHBOURS - 1 :])))
        pairs = [self.pair(question, row, i, i == right, heading) for i in (right, *near)]
        pairs += [self.pair(question, other, i, False) for other, i in self.elsewhere(row, vector)]
        context = pairs[0].context
        if swapped := self.swap(row, right, context):
            pairs.append(Pair(self.rough(swapped), row.sentences[right], context, False, swapped=True))
        if turned := details.turned(row.question, f"{row.sentences[right]} {context}", self.draw):
            pairs.append(Pair(self.rough(turned), row.sentences[right], context, False, swapped=True))
        if opposed := self.opposed(row.question, f"{row.sentences[right]} {context}"):
            pairs.append(Pair(self.rough(opposed), row.sentences[right], context, False, swapped=True))
        for made in (details.detail(row.sentences, self.draw), details.of_a_name(row.sentences, self.draw)):
            if made:
                index, asked, gives = made
                asked = self.rough(self.reworded(asked))
                pairs.append(replace(self.pair(asked, row, index, gives), swapped=True))
        return pairs

    def pair(self, question: str, row: Row, index: int, answers: bool, heading: str = "") -> Pair:
        """Return a sentence in its context; sometimes with less of it, since many a sentence has none."""
        heading = heading or (heading_of(row) if self.draw.random() < 0.6 else "")
        before = row.sentences[index - 1] if index and self.draw.random() < 0.7 else ""
        return Pair(question, row.sentences[index], in_context(heading, before), answers)

    def elsewhere(self, row: Row, vector: Vector) -> list[tuple[Row, int]]:
        """Return sentences of other passages that the embedder ranks high for this question."""
        own = set(row.sentences)
        sample = self.draw.sample(range(len(self.texts)), min(4000, len(self.texts)))
        order = np.argsort(-(self.matrix[sample] @ vector))[:12]
        found = []
        for at in order:
            title, index, other = self.places[self.texts[sample[int(at)]]]
            if other.origin == row.origin and other.sentences[index] not in own and title != row.title:
                found.append((other, index))
        return found[:ELSEWHERE]

    def swap(self, row: Row, right: int, context: str) -> str:
        """Return the question about something else: a name or its rarest word shared with the pair, replaced."""
        shared = set(words(f"{row.sentences[right]} {context if context != row.question else ''}"))
        nearby = " ".join(s for i, s in enumerate(row.sentences) if i != right)
        names = [name for name in _NAME.findall(row.question) if set(words(name)) & shared]
        tokens = [
            t
            for t in _TOKEN.findall(row.question)
            if t.lower() not in STOP_WORDS and set(words(t)) & shared and len(t) > 2
        ]
        if names and self.draw.random() < 0.6:
            old = self.draw.choice(names)
            others = self.near_or_far(_NAME.findall(nearby), self.names)
        elif tokens:
            old = min(tokens, key=lambda t: self.frequency[words(t)[0]] if words(t) else math.inf)
            kind = kind_of(old)
            if kind == "year" and self.draw.random() < 0.7:
                others = [str(int(old) + self.draw.choice([-21, -7, -3, -1, 1, 2, 4, 9, 30]))]
            else:
                like = [
                    t
                    for t in _TOKEN.findall(nearby)
                    if kind_of(t) == kind and t.lower() not in STOP_WORDS and len(t) > 2
                ]
                others = self.near_or_far(like, self.kinds[kind])
        else:
            return ""
        new = self.draw.choice(others)
        if set(words(new)) & (shared | set(words(row.question))):
            return ""
        return _replaced(row.question, old, new)

    def reworded(self, question: str) -> str:
        """Return ``question``, now and then with one or two of its words replaced by others of the same meaning."""
        if not self.wordnet or self.draw.random() > REWORDED:
            return question
        same = self.wordnet.same
        open_to = [t for t in _plain(question) if same(t)]
        for old in self.draw.sample(open_to, min(len(open_to), self.draw.choice((1, 1, 2)))):
            question = _replaced(question, old, self.draw.choice(same(old)))
        return question

    def opposed(self, question: str, sentence: str) -> str:
        """Return ``question`` with a word turned to its opposite or its like ("barley" for "wheat"); or ""."""
        if not self.wordnet or self.draw.random() > 0.6:
            return ""
        said, other = set(words(sentence)), self.wordnet.other
        open_to = [t for t in _plain(question) if other(t)]
        if not open_to:
            return ""
        old = self.draw.choice(open_to)
        new = self.draw.choice(other(old))
        return "" if set(words(new)) & said else _replaced(question, old, new)

    def near_or_far(self, near: list[str], far: list[str]) -> list[str]:
        """Return the words of the passage or of everywhere: both make a question about something else."""
        return near if near and self.draw.random() < 0.5 else far

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


def _plain(question: str) -> list[str]:
    """Return the words that may be replaced: no names, no short or common ones."""
    return [t for t in _TOKEN.findall(question) if t.islower() and t not in STOP_WORDS and len(t) > 3]


def _replaced(question: str, old: str, new: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, question, count=1)


def heading_of(row: Row) -> str:
    """Return the title that a row's passage stands under; blocks of SQuAD sentences have only a number."""
    return "" if row.origin == "squad-nqg" else row.title.replace("-", " ")


def in_context(heading: str, before: str) -> str:
    """Return what the grounder reads after a sentence: its heading and the sentence before it."""
    return ". ".join(part for part in (heading, before) if part)


def kind_of(word: str) -> str:
    """Return what kind of word this is, so that a swap keeps the form: year, number, name or plain word."""
    if word.isdigit():
        return "year" if len(word) == 4 else "number"
    if word[0].isdigit():
        return "number"
    return "name" if word[0].isupper() else "word"
