"""Suggestions: questions that the course can answer, made from its own headings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, takewhile

from tutor.types import Block, Source

MOST = 4


def heading_questions(source: Source) -> list[tuple[str, int]]:
    """Return a question for each heading with sentences below it, with the heading's offset, in order."""
    found = []
    for index, block in enumerate(source.blocks):
        heading = source.text[block.start : block.end].strip()
        if block.kind not in ("heading", "question") or not _has_body(source.blocks, index):
            continue
        if heading.endswith("?"):
            found.append((heading, block.start))
        elif block.level > 1:
            found.append((f"Tell me about “{heading}”", block.start))
    return found


def first_questions(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return up to four questions to begin with: the course's own questions first, then its headings."""
    questions = [q for source in sources for q, _ in heading_questions(source)]
    asked = [q for q in questions if q.endswith("?")]
    requests = [q for q in questions if not q.endswith("?")]
    half = asked[: max(MOST // 2, MOST - len(requests))]
    return tuple(dict.fromkeys([*half, *requests[: MOST - len(half)]]))


def next_questions(source: Source, start: int, asked: Sequence[str]) -> tuple[str, ...]:
    """Return up to three questions on what follows offset ``start``, none of those already ``asked``."""
    known = {question.casefold().rstrip("?. ") for question in asked}
    questions = heading_questions(source)
    ordered = [q for q, at in questions if at > start] + [q for q, at in questions if at <= start]
    return tuple(q for q in dict.fromkeys(ordered) if q.casefold().rstrip("?. ") not in known)[:3]


def _has_body(blocks: Sequence[Block], index: int) -> bool:
    """Return whether anything between this heading or question and the next can answer."""
    ends = ("heading",) if blocks[index].kind == "heading" else ("heading", "question")
    below = takewhile(lambda block: block.kind not in ends, islice(blocks, index + 1, None))
    return any(block.retrievable for block in below)
