"""A question: what it is about and what kind of thing it asks for, as the scoring of evidence sees it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tutor.condense import names
from tutor.words import YEAR, content_stems, words

Kind = Literal["number", "date", "person", "other"]

_HOW_MANY = re.compile(
    r"\bhow (?:many|much|old|far|deep|heavy|long|tall|high|big|large)\b|\bwhat (?:number|percentage)\b"
)
_WHEN = re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)s?\b")
_WHO = re.compile(r"^(?:and )?(?:who|whose|whom)\b")
_ASKS_FOR = re.compile(r"\b(?:who|whose|whom|what|when|where|why|how|which)\b")
_YES_OR_NO = re.compile(
    r"^(?:and |but |so )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|am)\b"
)
_MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_YEAR = rf"(?<![\d,.]){YEAR}s?\b(?![,.]?\d)"
_DAY = re.compile(  # tells when, and is no number of anything; a year before "soldiers" may be one
    rf"\b{_MONTH}\b(?: \d{{1,2}}(?!\d))?|\b\d{{1,2}} {_MONTH}\b|{_YEAR}(?! [a-z]+s\b)", re.IGNORECASE
)
_DATE = re.compile(
    rf"{_YEAR}|\b(?:in|by|until|around|circa|ad) \d{{1,3}}\b(?![,.]?\d)|\b\d+ (?:bce?|ad|ce)\b|\b{_MONTH}\b"
    r"|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|year|decade)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:one(?! of\b)|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven"
    r"|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|dozen|hundred|thousand|million|billion)s?)\b"
    r"|\b(?:no|none|single|both|pair|couple|few|several|many|most|all|half|third|quarter|twice|double|majority)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Question:
    """A standalone question, analysed.

    ``weights`` says how rare each of its ``stems`` is in the course; ``named`` are the stems of its names and numbers.
    ``unheard`` is the share of these that the course never uses; ``unknown`` the share, by rarity, of the other words.
    """

    text: str
    stems: tuple[str, ...]
    weights: Mapping[str, float]
    unknown: float
    unheard: float
    named: frozenset[str]
    kind: Kind

    @classmethod
    def of(cls, text: str, language: str, frequencies: Mapping[str, int], passages: int) -> Question:
        """Return ``text`` analysed; ``frequencies`` says in how many of ``passages`` passages each stem occurs."""
        stems = tuple(content_stems(text, language))
        weights = {stem: math.log((passages + 1) / (frequencies.get(stem, 0) + 0.5)) for stem in stems}
        named = {stem for name in names(text) for stem in content_stems(name, language)}
        named |= {stem for stem in stems if stem[0].isdigit()}
        absent = {stem for stem in stems if not frequencies.get(stem, 0)}
        total = sum(weights.values())
        unknown = sum(weights[stem] for stem in absent - named) / total if total else 1.0
        unheard = len(absent & named) / len(named) if named else 0.0
        return cls(text, stems, weights, unknown, unheard, frozenset(named), question_kind(text))

    def is_met_by(self, sentence: str, language: str) -> bool | None:
        """Return whether ``sentence`` holds the kind of thing that is asked for; None where any sentence might."""
        match self.kind:
            case "number":
                return _NUMBER.search(_DAY.sub(" ", sentence)) is not None
            case "date":
                return _DATE.search(sentence) is not None
            case "person":
                return any(set(content_stems(name, language)) - set(self.stems) for name in names(sentence))
        return None


def is_open(text: str) -> bool:
    """Return whether ``text`` asks for words that it does not have: not for a yes or a no, or which of two it names."""
    asked = " ".join(words(text))
    return bool(_ASKS_FOR.search(asked)) and not _YES_OR_NO.search(asked) and " or " not in asked


def question_kind(text: str) -> Kind:
    """Return what kind of thing ``text`` asks for."""
    asked = " ".join(words(text))
    if _HOW_MANY.search(asked):
        return "number"
    if _WHEN.search(asked):
        return "date"
    return "person" if _WHO.search(asked) else "other"
