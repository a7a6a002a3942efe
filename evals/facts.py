"""Facts: whether an answer states what it must, token by token, numbers and dates by what they mean.

A fact is a list of aliases, any one of which is enough. Words are compared by their stem; what an answer denies it does
not state.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tutor.tokens import Token, month_number, tokens
from tutor.words import STOP_WORDS, stem

PREFIX = 5  # letters; an alias of one word at least this long may be the beginning of the answer's word
SHORT = 3  # words; an answer up to here may be a bare surname
MIDDLE = 2  # names and initials that may stand between those of an alias

# ruff: noqa: SIM905 (lists of words read best as text)
_SPELLINGS = {"feet": "foot", "bce": "bc", "ce": "ad"}
TITLES = frozenset("mr mrs ms dr prof professor president chairman general king queen prince princess sir".split())
_PARTICLES = frozenset("da de del della den der di du la le van von bin ibn al".split())
_PLACES = frozenset("north south east west northern southern eastern western new united great san st".split())
_DENIALS = frozenset({"not", "no", "never", "neither", "nor"})


def matches(answer: str, aliases: Sequence[str]) -> bool:
    """Return whether ``answer`` states a fact under one of its ``aliases``."""
    return any(states(answer, alias) for alias in aliases)


def states(answer: str, alias: str) -> bool:
    """Return whether ``answer`` says ``alias`` somewhere without denying it."""
    wanted, said = tokens(alias), tokens(answer)
    if not wanted:  # punctuation alone
        return alias.strip() in answer
    name = len(wanted) > 1 and all(token.capital or token.value in _PARTICLES for token in wanted)
    denies = any(token.value in _DENIALS for token in wanted)
    shorter = [token for token in wanted if len(str(token.value)) > 1]
    forms = [wanted, shorter] if name and len(shorter) > 1 else [wanted]
    found = [at for at in range(len(said)) if any(_begins(said[at:], form, name) for form in forms)]
    if any(denies or not denied(said[:at], said[at]) for at in found):
        return True
    return name and len(said) <= SHORT and _is_surname(said, wanted)


def _begins(said: Sequence[Token], wanted: Sequence[Token], name: bool) -> bool:
    """Return whether ``said`` begins with ``wanted``; in a ``name``, initials and middle names may differ."""
    if not said or not wanted:
        return False
    if name and (
        any(_abbreviates(said[0], wanted[:n]) and _begins(said[1:], wanted[n:], name) for n in range(1, len(wanted)))
        or any(_abbreviates(wanted[0], said[:n]) and _begins(said[n:], wanted[1:], name) for n in range(1, len(said)))
    ):
        return True
    if not same(wanted[0], said[0], prefix=len(wanted) == 1 and not name):
        return False
    for at in range(1, min(len(said), 2 + MIDDLE if name else 2)) if len(wanted) > 1 else ():
        if _begins(said[at:], wanted[1:], name):
            return True
        if said[at].apart or not (said[at].capital or said[at].value in _PARTICLES or len(str(said[at].value)) == 1):
            return False
    return len(wanted) == 1


def _abbreviates(short: Token, names: Sequence[Token]) -> bool:
    return short.capital and str(short.value) == "".join(str(name.value)[0] for name in names)


def _is_surname(said: Sequence[Token], wanted: Sequence[Token]) -> bool:
    forms = STOP_WORDS.union(TITLES) - _DENIALS
    names = [token.value for token in said if token.value not in forms]
    return names == [wanted[-1].value] and wanted[0].value not in _PLACES


def same(wanted: Token, said: Token, prefix: bool = False) -> bool:
    """Return whether ``said`` is ``wanted``, or a date that includes it."""
    if isinstance(said.value, tuple):
        if isinstance(wanted.value, tuple):
            return all(part in (0, of) for part, of in zip(wanted.value, said.value, strict=True))
        year, month, _ = said.value
        return wanted.value == year if wanted.kind == "number" else month_number(str(wanted.value)) == month
    if isinstance(wanted.value, str) and isinstance(said.value, str):
        begins = prefix and len(wanted.value) >= PREFIX and said.value.startswith(wanted.value)
        return begins or _stem(wanted.value) == _stem(said.value)
    return (wanted.kind, wanted.value) == (said.kind, said.value)


def denied(before: Sequence[Token], token: Token) -> bool:
    """Return whether what stands directly ``before`` a token denies it, a preposition between them left out."""
    if token.apart or not before:
        return False
    if before[-1].value in ("in", "on", "at", "by"):
        return denied(before[:-1], before[-1])
    return before[-1].value in _DENIALS or [t.value for t in before[-2:]] in (["rather", "than"], ["instead", "of"])


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    """Return the stem of ``word`` in its American spelling."""
    word = _SPELLINGS.get(word, word)
    word = re.sub(r"(?<=\w\w)our", "or", word)  # colour
    word = re.sub(r"(?<=\w\w[bt])re(?=[sd]?$)", "er", word)  # centre
    word = re.sub(r"(?<=\w\w[iy])s(?=(?:e|e[sdr]|ers|ing|ations?)$)", "z", word)  # organise
    word = re.sub(r"(?<=\w\w[aeiou]l)l(?=(?:ed|ing|ers?)$)", "", word)  # travelled
    return stem(re.sub(r"(?<=en)ce(?=s?$)", "se", word), "en")  # defence
