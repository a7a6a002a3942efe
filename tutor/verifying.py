"""Verifying: whether the sentences that a claim cites say what it says.

Each check is a rule that names its reason, so that a dropped sentence can be explained; the last one is a probability
(see `tutor.support`). A claim that fails is cited anew where other sentences that were shown support it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tutor.language import is_foreign
from tutor.rules import QUOTED, RULES, Reason, is_order
from tutor.words import content_stems

Supported = Callable[[str, Sequence[str]], bool]
"""Returns whether sentences support a claim, by their meaning."""

MOST_TRIED = 6  # sentences, or pairs of them, that a failed claim is held against
LEAST_WORDS = 2  # that say something: less is no statement
_MARKUP = re.compile(
    r"https?:|www\.|\w+://|javascript:|data:\w+/|!?\[[^\]]*\]\(|<[/!a-z]|```|\{\{|&#?\w+;"
    r"|\b[\w-]+\.(?:com|org|net|io)\b",
    re.IGNORECASE,
)
_STOPS_SHORT = re.compile(
    r"(?:\b(?:the|an?|of|and|or|but|including|namely)|\b(?!(?:it|they|he|she|we|you|what|who|there|that)\b)\w+"
    r" (?:is|are|was|were))\W*$",
    re.IGNORECASE,
)
_NAMES_ONLY = re.compile(  # they leave it to the question what is said of them
    r"(?:\W*\b(?:[A-Z]\w*|the|an?|of|and|or|in|d[aei]l?|v[ao]n|der|l[ae])\b)+\W*"
)
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds: the ids of the sentences that support it, or the ``reason`` why it does not."""

    cited: tuple[int, ...] = ()
    reason: Reason | None = None


def verify(claim: str, cited: Sequence[int], shown: Mapping[int, str], supported: Supported, language: str) -> Verdict:
    """Return whether ``claim`` is supported by the sentences that it cites, or else by others of those ``shown``.

    ``shown`` holds the text of each sentence by its id. The reason of a failure is that of the sentences it cites.
    """
    if has_markup(claim):
        return Verdict(reason="markup")
    few = len(content_stems(claim, language)) < LEAST_WORDS
    if few or _STOPS_SHORT.search(claim) or _NAMES_ONLY.fullmatch(claim):
        return Verdict(reason="fragment")
    if is_foreign(claim, language):
        return Verdict(reason="language")  # the course's sentences, and the models that compare, are in another one
    orders = {id for id, text in shown.items() if is_order(text)}
    if orders and orders.issuperset(cited) and cited:
        return Verdict(reason="order")
    shown = {id: text for id, text in shown.items() if id not in orders}
    known = tuple(dict.fromkeys(id for id in cited if id in shown))
    first: Reason | None = None
    for ids in [*_parts(known), *_others(claim, known, shown, language)]:
        reason = _failure(claim, [shown[id] for id in ids], supported, language)
        if reason is None:
            return Verdict(ids)
        if ids == known:
            first = reason
    return Verdict(reason=first or ("not_shown" if cited else "uncited"))


def has_markup(text: str) -> bool:
    """Return whether ``text`` holds a link, a picture, code or unseen characters: no answer needs any."""
    return _MARKUP.search(text) is not None or _INVISIBLE.search(text) is not None


def _parts(cited: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return what may do of the citations: each alone, then all; one that adds nothing is no citation."""
    return [*((id,) for id in cited if len(cited) > 1), cited] if cited else []


def _failure(claim: str, spans: Sequence[str], supported: Supported, language: str) -> Reason | None:
    """Return the first check that ``claim`` fails against the sentences ``spans``, the costliest check last."""
    for reason, holds in RULES.items():
        if not holds(claim, spans, language):
            return reason
    return None if supported(claim, spans) else "support"


def _others(claim: str, cited: tuple[int, ...], shown: Mapping[int, str], language: str) -> list[tuple[int, ...]]:
    """Return other sentences, and pairs of neighbours, that share most words with ``claim``, the best first."""
    wanted = set(content_stems(claim, language))
    shares = {id: len(wanted & set(content_stems(text, language))) for id, text in shown.items()}
    near = sorted((id for id in shown if shares[id]), key=lambda id: -shares[id])
    singles = [(id,) for id in near if (id,) != cited]
    pairs = [tuple(sorted({*cited, id} if cited else {near[0], id})) for id in near]
    found = [ids for ids in dict.fromkeys([*singles[:3], *pairs, *singles[3:]]) if ids != cited and len(ids) <= 3]
    return found[:MOST_TRIED]


def as_quoted(claim: str, spans: Sequence[str]) -> str:
    """Return ``claim`` with each of its quotations cut anew from the sentence that it stands in."""

    def cut(match: re.Match[str]) -> str:
        quoted = match[1] or match[2]
        pattern = r"\W+".join(re.escape(word) for word in re.findall(r"\w+", quoted))
        found = next((m for span in spans if pattern and (m := re.search(pattern, span, re.IGNORECASE))), None)
        return f"“{found.group() if found else quoted}”"

    return unicodedata.normalize("NFC", QUOTED.sub(cut, claim))
