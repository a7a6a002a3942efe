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


def correct(question: str, course: Mapping[str, int], known: Callable[[str], bool]) -> str:
    """Return ``question`` with its mistyped words mended, or as it is.

    ``course`` counts the words of the course's texts, as `tutor.words.words` gives them; ``known`` says whether a word
    is one of everyday language or another form of one of the course's.
    """

    def mended(match: re.Match[str]) -> str:
        typed = match.group()
        (word, *_) = words(typed) or [typed]
        if word in STOP_WORDS or word in course or known(word):
            return typed
        meant = nearest(word, course)
        return typed if meant == word else meant.capitalize() if typed[0].isupper() else meant

    return _WORD.sub(mended, question)


def nearest(word: str, course: Mapping[str, int]) -> str:
    """Return the course's word that ``word`` was meant to be: nearest first, then the more frequent; else ``word``.

    Distance is the number of letters lost, added, changed or swapped with their neighbour (optimal string alignment).
    """
    most = 2 if len(word) >= _LONG else 1
    found = process.extract(word, course.keys(), scorer=OSA.distance, score_cutoff=most, limit=None)
    best = min(
        ((distance, word[0] != other[0], -course[other], other) for other, distance, _ in found if len(other) >= 4),
        default=None,
    )
    return best[-1] if best else word
