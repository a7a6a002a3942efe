"""Citations: how well what one answer cites agrees with the gold evidence, and whether a quote is one.

Gold evidence comes in groups of alternative spans, as a `evals.datasets.Sample` has it. All counts are in code points
of the stored texts; an undefined figure is None, never 0 or 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Literal

from evals.datasets import ENOUGH, Span
from tutor.types import Citation

Evidence = tuple[tuple[Span, ...], ...]
Fidelity = Literal["exact", "misattributed", "stitched", "fabricated"]

RUNS = 3  # of words that a piece may be stitched from; from more of them almost anything can be
SHORTEST = 4  # words in such a run; fewer stand somewhere in any course

_ELLIPSIS = re.compile(r"\[\s*(?:…|\.{3,})\s*\]|…|\.{3,}")
_EDGE = r"(?:(?<!\w)|(?!\w))"  # anywhere but within a word


def precision(citations: Sequence[Citation], evidence: Evidence) -> float | None:
    """Return the share of citations that overlap a gold span by at least half of the shorter of the two.

    The shorter, so that a sentence out of a gold paragraph counts, and so does a paragraph around a gold sentence.
    None without citations or without gold.
    """
    if not citations or not evidence:
        return None
    gold = [span for group in evidence for span in group]
    return sum(any(_agree(citation, span) for span in gold) for citation in citations) / len(citations)


def recall(citations: Sequence[Citation], evidence: Evidence) -> float | None:
    """Return the share of groups of which at least half of an alternative is cited; None without gold.

    Several citations together may cover that half; what two of them cover counts once.
    """
    if not evidence:
        return None
    cited = _disjoint(citations)
    return sum(any(_covered(span, cited) >= ENOUGH for span in group) for group in evidence) / len(evidence)


def character_iou(citations: Sequence[Citation], evidence: Evidence) -> float | None:
    """Return the cited characters that are gold among those that are either, from 0 to 1 (Jaccard's index).

    Of each group the alternative that agrees best with the citations, by the same index, is taken as the gold; of
    equally good ones the shortest, then the last. None without citations or without gold.
    Source: Jaccard, The distribution of the flora in the alpine zone, New Phytologist 11 (1912), 37-50.
    """
    if not citations or not evidence:
        return None
    cited = _disjoint(citations)

    def merit(gold: Span) -> tuple[float, int, str, int]:
        return _jaccard(cited, [gold]), gold.start - gold.end, gold.source, gold.start

    return _jaccard(cited, [max(group, key=merit) for group in evidence])


def cited_length(citations: Sequence[Citation]) -> int:
    """Return how many characters are quoted in all; one that several citations quote counts once."""
    return _length(citations)


def fidelity(quote: str, source: str, start: int, end: int, texts: Mapping[str, str]) -> Fidelity:
    """Return how true a quote is to ``texts``, the stored texts by the name of their source.

    - ``exact``: it is what stands at ``start`` to ``end`` in ``source``, to the last blank;
    - ``misattributed``: its words stand somewhere in the texts, white space aside, but are not what stands there;
    - ``stitched``: each piece between ellipses stands somewhere in the texts, or consists of at most `RUNS` runs of at
      least `SHORTEST` words that do;
    - ``fabricated``: none of these, or there is no word to it.

    Words are verbatim, letter case and punctuation included, and whole: "art" does not stand in "party".
    """
    words = quote.split()
    if not words:
        return "fabricated"
    # The length, because a slice also takes offsets that count from the end or lie beyond it.
    if start >= 0 and end - start == len(quote) and texts.get(source, "")[start:end] == quote:
        return "exact"
    folded = [_folded(text) for text in texts.values()]
    if _stands(words, folded):
        return "misattributed"
    # A quotation mark or a full stop beside an ellipsis is no piece.
    pieces = [piece.split() for piece in _ELLIPSIS.split(quote) if re.search(r"\w", piece)]
    return "stitched" if pieces and all(_stitched(piece, folded, RUNS) for piece in pieces) else "fabricated"


def _agree(citation: Citation, span: Span) -> bool:
    if citation.source != span.source:
        return False
    common = min(citation.end, span.end) - max(citation.start, span.start)
    shorter = min(citation.end - citation.start, span.end - span.start)
    return common > 0 and common >= ENOUGH * shorter


def _disjoint(spans: Iterable[Span | Citation]) -> list[Span]:
    """Return the characters of the spans as spans that do not overlap, in order."""
    found: list[Span] = []
    for source, start, end in sorted((span.source, span.start, span.end) for span in spans):
        begin = max(start, found[-1].end) if found and found[-1].source == source else start
        if begin < end:
            found.append(Span(source, begin, end))
    return found


def _length(spans: Iterable[Span | Citation]) -> int:
    return sum(span.end - span.start for span in _disjoint(spans))


def _common(one: Sequence[Span], other: Sequence[Span]) -> int:
    return _length(one) + _length(other) - _length([*one, *other])


def _covered(span: Span, cited: Sequence[Span]) -> float:
    return _common([span], cited) / (span.end - span.start)


def _jaccard(one: Sequence[Span], other: Sequence[Span]) -> float:
    return _common(one, other) / _length([*one, *other])


@lru_cache(maxsize=256)  # a course's texts are the same for each of its quotes
def _folded(text: str) -> str:
    return " ".join(text.split())


def _stands(words: Sequence[str], folded: Sequence[str]) -> bool:
    """Return whether the words stand in one of the texts, in this order and with nothing between them."""
    run = " ".join(words)
    edged = re.compile(_EDGE + re.escape(run) + _EDGE)
    return any(run in text and edged.search(text) for text in folded)  # `in` rules most texts out much sooner


def _stitched(words: Sequence[str], folded: Sequence[str], runs: int) -> bool:
    """Return whether the words stand in the texts as a whole, or cut into at most ``runs`` runs."""
    if _stands(words, folded):
        return True
    cuts = range(SHORTEST, len(words) - SHORTEST + 1) if runs > 1 else ()
    # Where a run does not stand, no longer one does.
    standing = takewhile(lambda cut: _stands(words[:cut], folded), cuts)
    return any(_stitched(words[cut:], folded, runs - 1) for cut in standing)
