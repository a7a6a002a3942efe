"""Support: how probable it is that a sentence which a chat model wrote is supported by the sentences that it cites.

A logistic regression over what the two say in words, in meaning and to the grounder, which reads the claim in the
place of a question. The weights come from ``evals/grounding/support.py``: see its README for the data, the figures,
and what this score cannot tell apart. Numbers, names, quotations and negation have rules of their own elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from tutor.embedder import Embedder
from tutor.evidence import probability
from tutor.grounder import Grounder, InContext
from tutor.index import Vector
from tutor.tokens import tokens
from tutor.words import STOP_WORDS, stem

FEATURES = ("strange", "strangest", "piece", "grounder")
# From `python -m evals.grounding.support`; probabilities hold where half of the claims are supported.
INTERCEPT = 1.129
WEIGHTS = (-0.631, -0.662, 0.563, 0.057)
THRESHOLD = 0.73

MOST_KEPT = 10_000  # vectors of words, phrases and sentences, 1.5 kB each: the same sentences are cited again and again
_CUT = re.compile(
    r"[,;:()\"“”]|\s(?=(?:and|but|or|which|who|that|because|when|while|after|before|in|on|at|to|for|with|from|by|against"
    r"|through|under|without|near|as|so|into|during|than)\b)",
    re.IGNORECASE,
)


def support(claim: str, spans: Sequence[str], embedder: Embedder, grounder: Grounder, language: str) -> float:
    """Return the probability that ``claim``, without its markers, is supported by the cited ``spans``.

    It is 0 where nothing is cited or said, and where the claim is longer than the embedder reads: no sentence is.
    Raises `ValueError` for a span that the embedder would cut off, which no indexed sentence is.
    """
    if not spans or not claim.strip() or embedder.count_tokens(claim) > embedder.max_tokens:
        return 0.0
    values = features(claim, spans, _vectors(texts(claim, spans, language), embedder), grounder, language)
    return probability(INTERCEPT + sum(w * v for w, v in zip(WEIGHTS, values, strict=True)))


def texts(claim: str, spans: Sequence[str], language: str) -> list[str]:
    """Return what must be embedded to weigh ``claim``: sentences, their pieces, and words that may match."""
    absent, idle = _unmatched(claim, spans, language)
    whole = [part for text in (claim, *spans) for part in (text, *_pieces(text, language))]
    return list(dict.fromkeys([*whole, *absent, *(idle if absent else ())]))


def features(
    claim: str, spans: Sequence[str], vectors: Mapping[str, Vector], grounder: Grounder, language: str
) -> tuple[float, ...]:
    """Return the ``FEATURES`` of a claim beside the spans that it cites; ``vectors`` holds unit vectors of `texts`.

    ``strange`` and ``strangest`` say how far the content words that no span has are from the words of the spans that
    the claim leaves out, all of them and the farthest. ``piece`` is the similarity of the claim's least familiar
    phrase to any phrase cited, ``grounder`` the logit of the span that answers the claim best.
    """
    absent, idle = _unmatched(claim, spans, language)
    distances = [1 - _nearest(vectors[word], [vectors[other] for other in idle]) for word in absent]
    known = [vectors[part] for span in spans for part in (span, *_pieces(span, language))]
    return (
        sum(distances),
        max(distances, default=0.0),
        min(_nearest(vectors[part], known) for part in _pieces(claim, language)),
        float(grounder.logits(claim, [InContext(span) for span in spans]).max()),
    )


def _nearest(vector: Vector, others: Sequence[Vector]) -> float:
    return max((float(vector @ other) for other in others), default=0.0)


def _unmatched(claim: str, spans: Sequence[str], language: str) -> tuple[list[str], list[str]]:
    """Return the content words of the claim that no span has, and those of the spans that the claim leaves out."""
    said, cited = _words(claim, language), [pair for span in spans for pair in _words(span, language)]
    known, used = {base for base, _ in cited}, {base for base, _ in said}
    absent, idle = ({b: w for b, w in said if b not in known}, {b: w for b, w in cited if b not in used})
    return list(absent.values()), list(idle.values())


@lru_cache(maxsize=4096)
def _words(text: str, language: str) -> tuple[tuple[str, str], ...]:
    """Return the stem and form of each content word, numbers and dates by what they mean."""
    english = language.split("-")[0] == "en"
    return tuple(
        (stem(str(token.value), language) if token.kind == "word" else f"{token.kind} {token.value}", str(token.value))
        for token in tokens(text)
        if not (english and token.value in STOP_WORDS)
    )


@lru_cache(maxsize=4096)
def _pieces(text: str, language: str) -> tuple[str, ...]:
    """Return the phrases of a text, cut at punctuation and small words; the text itself where there are none."""
    parts = (part.strip() for part in _CUT.split(text))
    return tuple(part for part in parts if len(part.split()) > 1 and _words(part, language)) or (text,)


def _vectors(wanted: Sequence[str], embedder: Embedder) -> dict[str, Vector]:
    """Return the unit vectors of texts; those that are kept from before are not embedded again."""
    kept = _kept(embedder)
    found = {text: kept[text] for text in wanted if text in kept}
    missing = [text for text in wanted if text not in found]
    if missing:
        made = embedder.documents(missing)
        found |= {text: np.asarray(vector, dtype=np.float32) for text, vector in zip(missing, made, strict=True)}
        if len(kept) + len(missing) > MOST_KEPT:
            kept.clear()
        kept.update((text, found[text]) for text in missing)
    return found


@lru_cache(maxsize=1)
def _kept(embedder: Embedder) -> dict[str, Vector]:
    return {}
