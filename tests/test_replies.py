"""Replies: what a chat model writes, in sentences with the numbers that they cite, however it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from tutor.replies import LONGEST_SENTENCE, Sentence, from_citations, from_structure, from_text, parse, split


def chunks(text: str, size: int, reason: str = "") -> Iterator[AIMessageChunk]:
    for at in range(0, len(text), size):
        yield AIMessageChunk(text[at : at + size])
    if reason:
        yield AIMessageChunk("", response_metadata={"finish_reason": reason})


def read(text: str, size: int = 3, reason: str = "") -> list[tuple[str, tuple[int, ...]]]:
    return [(s.text, s.cited) for s in from_text(chunks(text, size, reason), "en")]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mao died in 1976 [1]. He led China [2].", [("Mao died in 1976.", (1,)), ("He led China.", (2,))]),
        ("Mao died. [1] He led. [2]", [("Mao died.", (1,)), ("He led.", (2,))]),
        ("Mao died [1][2]. He led [3, 4].", [("Mao died.", (1, 2)), ("He led.", (3, 4))]),
        ("Dr. Li counted 3.5 tons [1].", [("Dr. Li counted 3.5 tons.", (1,))]),
        ("He said “no.” [1] And he left [2].", [("He said “no.”", (1,)), ("And he left.", (2,))]),
        ("- **One** thing [1].\n- _Two_ things [2].\n", [("One thing.", (1,)), ("Two things.", (2,))]),
        ("No marker here.", [("No marker here.", ())]),
        ("第一句[1]。第二句[2]。", [("第一句。", (1,)), ("第二句。", (2,))]),
        ("[1] Mao died.\n[2] He led China.\n", [("Mao died.", (1,)), ("He led China.", (2,))]),
        ("The answer to the question is: Mao died [1].", [("Mao died.", (1,))]),
        ("", []),
        ("  \n ", []),
        ("[1] [2]", []),
    ],
)
def test_a_reply_is_read_in_sentences_whatever_pieces_it_comes_in(
    text: str, found: list[tuple[str, tuple[int, ...]]], size: int
) -> None:
    assert read(text, size) == found


def test_a_sentence_is_given_as_soon_as_the_next_one_begins() -> None:
    pieces = iter([AIMessageChunk("One is here [1]. "), AIMessageChunk("Two"), AIMessageChunk(" is not whole")])
    taken: list[AIMessageChunk] = []

    def watched() -> Iterator[AIMessageChunk]:
        for piece in pieces:
            taken.append(piece)
            yield piece

    assert next(from_text(watched(), "en")).text == "One is here."
    assert len(taken) == 2


@pytest.mark.parametrize(
    ("text", "reason", "whole"),
    [
        ("Farmers built small furn", "", False),
        ("Farmers built small furn", "length", False),
        ("Farmers built small furnaces", "stop", True),
        ("Farmers built small furnaces.", "", True),
        ("Farmers built small furnaces [2]", "", True),
    ],
)
def test_a_sentence_that_is_broken_off_is_known(text: str, reason: str, whole: bool) -> None:
    (*_, last) = from_text(chunks(text, 4, reason), "en")
    assert last.whole is whole


def test_a_sentence_without_end_is_cut_off() -> None:
    def endless() -> Iterator[AIMessageChunk]:
        while True:
            yield AIMessageChunk("and so on ")

    (only,) = from_text(endless(), "en")
    assert not only.whole
    assert len(only.text) < 2 * LONGEST_SENTENCE


def test_a_marker_is_no_part_of_the_words() -> None:
    assert parse("In China [1] the harvest [2, 3] failed .") == Sentence("In China the harvest failed.", (1, 2, 3))


def test_a_whole_text_is_split_as_it_was_written() -> None:
    assert split("One [1]. Two.\n\nThree", "en") == ["One [1].", "Two.", "Three"]


def growing(*texts: str) -> list[Any]:
    return [
        {"sentences": [{"text": text, "evidence": [1]} for text in texts[:count]]} for count in range(len(texts) + 1)
    ]


def test_a_structure_gives_a_sentence_as_soon_as_the_next_one_is_there() -> None:
    values = iter(growing("One.", "Two."))
    found = from_structure(values)
    assert next(found) == Sentence("One.", (1,))
    assert list(found) == [Sentence("Two.", (1,))]


@pytest.mark.parametrize(
    "value",
    [None, "text", {}, {"sentences": "x"}, {"sentences": []}, {"other": 1}],
)
def test_a_structure_without_sentences_gives_none(value: Any) -> None:
    assert list(from_structure(iter([value]))) == []


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"text": "One [2].", "evidence": [1, "x", 1]}, Sentence("One.", (1, 2))),
        ({"text": 5, "evidence": "x"}, Sentence("", ())),
        ("text", Sentence("", ())),
    ],
)
def test_a_structure_that_is_wrong_in_its_parts_is_read_as_far_as_it_goes(item: Any, found: Sentence) -> None:
    assert list(from_structure(iter([{"sentences": [item]}]))) == [found]


def block(index: int, text: str = "", *places: tuple[int, int]) -> AIMessageChunk:
    cited = [{"type": "content_block_location", "start_block_index": a, "end_block_index": b} for a, b in places]
    return AIMessageChunk([{"type": "text", "text": text, "index": index, **({"citations": cited} if cited else {})}])


def test_blocks_with_citations_give_their_sentences_the_numbers_of_what_they_cite() -> None:
    reply = [block(0, "Mao "), block(0, "died."), block(0, "", (0, 1)), block(1, " He led. "), block(1, "", (1, 3))]
    assert list(from_citations(iter(reply), "en")) == [Sentence("Mao died.", (1,)), Sentence("He led.", (2, 3))]


def test_blocks_without_citations_and_plain_text_cite_nothing() -> None:
    assert list(from_citations(iter([AIMessageChunk("Mao died. "), AIMessageChunk(["He led."])]), "en")) == [
        Sentence("Mao died."),
        Sentence("He led."),
    ]
