"""Cleaning: the form of plain text (headings, captions, questions with their answers), and what never answers.

Plain text carries no marks, so blocks are told apart by how they look. Nothing is removed from the text: a block that
is left out of retrieval stays readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from tutor.types import Block, BlockKind

_CREDIT = re.compile(r"\((?:image|photo|picture|illustration|credit|photograph)s?\b[^)]{0,20}[:;]", re.IGNORECASE)
_PROMOTION = re.compile(
    r"(?:learn more about|read more|read also|keep reading|see also:|watch (?:it )?now|subscribe|sign up|share this"
    r"|(?:this|the) (?:article|page|post) was (?:last |first )?(?:updated|published|edited)"
    r"|this is a transcript (?:from|of))\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"(?:[-*•‣◦–]|\d{1,3}[.)])[ \t]+(?=\S)")
_QUESTION = re.compile(r"Q(?:uestion)?\s*+\d*+\s*+[:.]\s*(?=\S.*\?)")
_ANSWER = re.compile(r"A(?:nswer)?\s*+\d*+\s*+:\s*(?=\S)")
_TERMINAL = re.compile(r"[.!?;:,…。！？][\"'”’)\]]*$")
_LINE = re.compile(r"[^\n]+")

LONG_LINE = 200  # a file whose lines are this long has one paragraph to a line
LONGEST_HEADING = 100
SHORTEST_REPEAT = 40  # shorter paragraphs repeat by chance
FAQ_PARAGRAPHS = 2  # a question with more paragraphs below it is a section, not a question with its answer


def plain_blocks(text: str) -> tuple[Block, ...]:
    """Return the blocks of plain text in order: exact spans that never overlap.

    But for the marks of list items and questions ("- ", "Q:"), they cover every visible character.
    """
    chunks = [span for start, end in _paragraphs(text) for span in _split(text, start, end)]
    kinds = [_kind(text[start:end]) for start, end in chunks]
    headings = _headings(kinds)
    blocks: list[Block] = []
    title: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    asked = False
    for index, (start, end) in enumerate(chunks):
        kind, body = kinds[index], text[start:end]
        if kind == "heading" and index not in headings:
            kind, asked = "paragraph", False
        match kind:
            case "heading":
                blocks.append(Block("heading", start, end, title, 2 if title else 1))
                title = title or (body,)
                section = title if title == (body,) else (*title, body)
                asked = False
                continue
            case "question":
                start, asked = start + _mark_length(_QUESTION, body), True
            case "paragraph" | "answer" if asked:
                kind, start = "answer", start + _mark_length(_ANSWER, body)
            case "answer":
                kind = "paragraph"
            case "list_item":
                start += _mark_length(_ITEM, body)
        blocks.append(Block(kind, start, end, section))
    return tuple(blocks)


def mark_unretrievable(text: str, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the blocks with those marked that never answer: headings, captions, promotion, repeated paragraphs.

    Also joins a heading that asks a question with the short answer below it.
    """
    seen: set[str] = set()
    marked = []
    for block in _answers_below_questions(text, blocks):
        body = " ".join(text[block.start : block.end].casefold().split())
        if block.kind in ("paragraph", "list_item") and _PROMOTION.match(body):
            block = replace(block, kind="boilerplate")
        repeated = len(body) >= SHORTEST_REPEAT and body in seen
        answers = block.kind in ("paragraph", "list_item", "answer") and not repeated
        seen.add(body)
        marked.append(replace(block, retrievable=answers))
    return tuple(marked)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each run of lines that are not blank."""
    start = at = 0
    for line in text.split("\n"):
        if not line or line.isspace():
            if start < at:
                yield start, at - 1
            start = at + len(line) + 1
        at += len(line) + 1
    if start < at:
        yield start, at - 1


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the blocks inside lines that no blank line separates, without the spaces around them."""
    lines = [(m.start(), m.end()) for m in _LINE.finditer(text, start, end)]
    opened = lines[0][0]
    for (line_start, line_end), (next_start, next_end) in pairwise(lines):
        line, following = text[line_start:line_end].strip(), text[next_start:next_end].strip()
        if _breaks(line, following, first=line_start == start):
            yield _strip(text, opened, line_end)
            opened = next_start
    yield _strip(text, opened, end)


def _breaks(line: str, following: str, first: bool) -> bool:
    """Return whether a paragraph ends between two lines that no blank line separates."""
    if _CREDIT.search(following):
        return False  # a picture's description stands in the line above its credit
    if _CREDIT.search(line) and line.endswith(")"):
        return True
    if _ITEM.match(following) or _QUESTION.match(following) or _ANSWER.match(following):
        return True
    if _PROMOTION.match(line) and first:
        return False  # the links below "Keep Reading" belong to it
    if len(line) > LONG_LINE or len(following) > LONG_LINE:
        return True
    return first and _looks_like_heading(line) and len(line) <= 60 and len(following) > 1.5 * len(line)


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    body = text[start:end]
    return start + len(body) - len(body.lstrip()), end - len(body) + len(body.rstrip())


def _kind(body: str) -> BlockKind:
    if _CREDIT.search(body):
        return "caption"
    if _PROMOTION.match(body):
        return "boilerplate"
    if _QUESTION.match(body):
        return "question"
    if _ANSWER.match(body):
        return "answer"
    if _ITEM.match(body):
        return "list_item"
    return "heading" if _looks_like_heading(body) else "paragraph"


def _looks_like_heading(body: str) -> bool:
    if "\n" in body or len(body) > LONGEST_HEADING or _ITEM.match(body) or _PROMOTION.match(body):
        return False
    starts_like_one = body[0].isupper() or body[0].isdigit() or not body[0].isascii()
    return starts_like_one and (body.endswith("?") or not _TERMINAL.search(body))


def _headings(kinds: list[BlockKind]) -> set[int]:
    """Return which short lines have a body below them; the first line of a text needs none, being its title.

    Below the title, short lines in a row are its byline, not headings.
    """
    found = set()
    first_body = next((index for index, kind in enumerate(kinds) if kind != "heading"), len(kinds))
    below: BlockKind | None = None
    for index in reversed(range(len(kinds))):
        if index == 0:
            heads = len(kinds) > 1
        else:
            heads = index > first_body and below is not None and (below != "heading" or index + 2 < len(kinds))
        if kinds[index] == "heading" and heads:
            found.add(index)
        if kinds[index] not in ("caption", "boilerplate"):
            below = kinds[index]
    return found


def _mark_length(marker: re.Pattern[str], body: str) -> int:
    match = marker.match(body)
    return match.end() if match else 0


def _answers_below_questions(text: str, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    joined = list(blocks)
    for index, block in enumerate(blocks):
        if block.kind != "heading" or not text[block.start : block.end].rstrip().endswith("?"):
            continue
        below = []
        for other in range(index + 1, len(blocks)):
            if blocks[other].kind in ("heading", "question"):
                break
            below.append(other)
        answers = [other for other in below if blocks[other].kind == "paragraph"]
        if answers == below and 0 < len(answers) <= FAQ_PARAGRAPHS:
            for other in answers:
                joined[other] = replace(blocks[other], kind="answer")
    return tuple(joined)
