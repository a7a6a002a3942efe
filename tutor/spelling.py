"""Spelling: a mistyped word of a question to the word of the course that was meant.

The course's own words come first: only a word that neither the course nor everyday English knows is changed, and only
into a word that the course uses and that is a letter or two away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA

from tutor.words import STOP_WORDS, words

_WORD = re.compile(r"[^\W\d_]{4,}")
_LONG = 7  # letters; from here on two of them may be wrong


def correct(question: str, course: Mapping[str, int], everyday: Mapping[str, int], known: Callable[[str], bool]) -> str:
    """Return ``question`` with its mistyped words mended, or as it is.

    ``course`` counts the words of the course's texts, as `tutor.words.words` gives them; ``everyday`` ranks those of
    everyday language, the most common one lowest; ``known`` says whether a word is another form of one of these.
    """

    def mended(match: re.Match[str]) -> str:
        typed = match.group()
        (word, *_) = words(typed) or [typed]
        if word in STOP_WORDS or word in course or word in everyday or known(word):
            return typed
        meant = nearest(word, course)
        if meant == word:
            meant = nearest(word, _one_of_several(course, everyday))
        if meant == word and typed.islower() and typed.isascii():  # a capital may begin a name, an accent is no English
            meant = _common(word, everyday)
        return typed if meant == word else meant.capitalize() if typed[0].isupper() else meant

    return _WORD.sub(mended, question)


def nearest(word: str, course: Mapping[str, int]) -> str:
    """Return the course's word that ``word`` was meant to be: nearest first, then the more frequent; else ``word``.

    Distance is the number of letters lost, added, changed or swapped with their neighbour (optimal string alignment).
    """
    best = min(
        ((d, word[0] != other[0], -course[other], other) for other, d in _near(word, course, _most(word))), default=None
    )
    return best[-1] if best else word


def _common(word: str, everyday: Mapping[str, int]) -> str:
    """Return the most common everyday word that is one letter away from ``word`` and begins alike; else ``word``."""
    near = [other for other, _ in _near(word, everyday, 1) if other[0] == word[0]]
    return min(near, key=lambda other: everyday[other], default=word)


def _near(word: str, others: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    found = process.extract(word, others.keys(), scorer=OSA.distance, score_cutoff=most, limit=None)
    return [(other, int(distance)) for other, distance, _ in found if len(other) >= 4]


def _most(word: str) -> int:
    return 2 if len(word) >= _LONG else 1


def _one_of_several(course: Mapping[str, int], everyday: Mapping[str, int]) -> dict[str, int]:
    """Return the everyday words of which the course has the plural only: "pumpkin" where it says "pumpkins"."""
    return {word[:-1]: n for word, n in course.items() if word.endswith("s") and word[:-1] in everyday}
