"""Passages: a source's blocks cut into sentences, and neighbouring sentences gathered into what is embedded.

Spans are exact: sentences tile their block (nothing but white space lies between them), and a passage reaches from
its first sentence's start to its last one's end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator

import sentencex
from langchain_text_splitters import RecursiveCharacterTextSplitter

from tutor.types import Block, Passage, Sentence, Source

MOST_SENTENCES = 6
ENOUGH_SENTENCES = 3  # from here on, a passage ends where its paragraph ends
PASSAGE_TOKENS = 180  # a few sentences, so that one passage is one subject
HEADER_TOKENS = 64  # of title and headings embedded with each passage; longer ones are cut, the text never is

CountTokens = Callable[[str], int]


def split_sentences(source: Source, language: str, count_tokens: CountTokens, most_tokens: int) -> tuple[Sentence, ...]:
    """Return the retrievable sentences of ``source`` in order, none longer than ``most_tokens``.

    Segmentation is sentencex's (rules by language); a longer sentence is cut at the best punctuation or space.
    """
    sentences = []
    question = ""
    for block in source.blocks:
        if block.kind == "question" or (block.kind == "heading" and block.level):
            question = source.text[block.start : block.end]
        if not block.retrievable:
            continue
        for start, end in _spans(source.text, block, language, count_tokens, most_tokens):
            asked = question if block.kind == "answer" else ""
            sentences.append(Sentence(start, end, block.kind, block.section, asked, block.page))
    return tuple(sentences)


def text_budget(embedder_tokens: int) -> int:
    """Return how many tokens of text a passage may hold so that it is embedded whole, its header included."""
    return min(PASSAGE_TOKENS, embedder_tokens - HEADER_TOKENS - 8)


def gather_passages(
    source: Source, sentences: tuple[Sentence, ...], count_tokens: CountTokens, most_tokens: int
) -> tuple[Passage, ...]:
    """Return passages of neighbouring sentences under one heading, a question's answer never mixed with others.

    A passage never reaches over a block that is not retrievable: a caption between two paragraphs is not embedded.
    """
    barriers = [block.start for block in source.blocks if not block.retrievable]
    passages: list[Passage] = []
    group: list[Sentence] = []
    tokens = 0
    for sentence in sentences:
        size = count_tokens(source.text[sentence.start : sentence.end])
        fits = len(group) < MOST_SENTENCES and tokens + size <= most_tokens
        apart = group and bisect_left(barriers, group[-1].end) != bisect_left(barriers, sentence.start)
        if group and not (fits and not apart and _same_subject(source.text, group, sentence)):
            passages.append(_passage(source, group))
            group, tokens = [], 0
        group.append(sentence)
        tokens += size
    if group:
        passages.append(_passage(source, group))
    return tuple(passages)


def header(passage: Passage, count_tokens: CountTokens) -> str:
    """Return the title, headings and question of a passage, at most `HEADER_TOKENS` long: its context when embedded."""
    parts = [passage.title, *passage.section, passage.sentences[0].question]
    return _cut(" › ".join(dict.fromkeys(part for part in parts if part)), count_tokens)


def question(sentence: Sentence, count_tokens: CountTokens) -> str:
    """Return the question that a sentence answers, at most `HEADER_TOKENS` long: its context when embedded."""
    return _cut(sentence.question, count_tokens)


def _cut(text: str, count_tokens: CountTokens) -> str:
    words = text.split()
    while words and count_tokens(" ".join(words)) > HEADER_TOKENS:
        words = words[: len(words) * 3 // 4]
    return " ".join(words)


def _spans(
    text: str, block: Block, language: str, count_tokens: CountTokens, most_tokens: int
) -> Iterator[tuple[int, int]]:
    body = text[block.start : block.end]
    for boundary in sentencex.get_sentence_boundaries(language, body):
        start, end = _strip(body, boundary["start_index"], boundary["end_index"])
        if start == end:
            continue
        if count_tokens(body[start:end]) <= most_tokens:
            yield block.start + start, block.start + end
        else:
            for piece_start, piece_end in _pieces(body, start, end, count_tokens, most_tokens):
                yield block.start + piece_start, block.start + piece_end


def _pieces(body: str, start: int, end: int, count_tokens: CountTokens, most_tokens: int) -> Iterator[tuple[int, int]]:
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=most_tokens,
        chunk_overlap=0,
        length_function=count_tokens,
        separators=["\n", "; ", ": ", ", ", " ", ""],
        keep_separator="end",
        strip_whitespace=False,
    )
    for piece in splitter.split_text(body[start:end]):
        stripped = _strip(body, start, start + len(piece))
        if stripped[0] < stripped[1]:
            yield stripped
        start += len(piece)


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without the white space around it."""
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return start, start + len(text[start:end].strip())


def _same_subject(text: str, group: list[Sentence], sentence: Sentence) -> bool:
    last = group[-1]
    new_paragraph = "\n\n" in text[last.end : sentence.start]
    return not (new_paragraph and len(group) >= ENOUGH_SENTENCES) and (last.section, last.question, last.page) == (
        sentence.section,
        sentence.question,
        sentence.page,
    )


def _passage(source: Source, group: list[Sentence]) -> Passage:
    return Passage(
        source.name, source.version, source.title, group[0].start, group[-1].end, group[0].section, tuple(group)
    )
