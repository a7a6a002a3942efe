"""Answering: from sentences to an answer whose words are the source's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.answering import cite, pieces, quote, refuse
from tutor.errors import Conflict
from tutor.types import Candidate, Evidence, RefusalReason, Sentence

TEXT = "Harvest\n\nThe harvest failed.  Was it\nrain? It was the [2] sparrows\n\n饥荒开始了。 “It rained.”"


def stored(source: str, version: str) -> str:
    """Return the stored text of the only source."""
    return {("harvest.md", "sha256:1"): TEXT}[source, version]


def candidate(words: str, section: tuple[str, ...] = ("Harvest", "Why")) -> Candidate:
    """Return the sentence of the text that has these words."""
    start = TEXT.index(words)
    sentence = Sentence(start, start + len(words), "paragraph", section)
    return Candidate("harvest.md", "sha256:1", "Harvest", sentence, words, 0.9, (0, len(TEXT)))


def answer(*sentences: str) -> str:
    """Return the answer that quotes these sentences."""
    return quote("notes", Evidence(tuple(map(candidate, sentences)), ()), stored).text


def test_each_sentence_carries_its_marker_before_its_full_stop() -> None:
    assert answer("The harvest failed.", "“It rained.”") == "The harvest failed [1]. “It rained.” [2]."


def test_the_marker_stands_before_a_question_mark_too() -> None:
    assert answer("Was it\nrain?") == "Was it rain [1]?"


def test_a_sentence_without_an_end_gets_one() -> None:
    assert answer("It was the [2] sparrows").endswith("[1].")


def test_the_end_of_a_chinese_sentence_is_kept() -> None:
    assert answer("饥荒开始了。") == "饥荒开始了 [1]。"


def test_a_footnote_of_the_source_does_not_pass_for_a_marker() -> None:
    assert answer("It was the [2] sparrows") == "It was the sparrows [1]."


def test_each_claim_names_its_citation_and_is_in_the_answer() -> None:
    draft = quote("notes", Evidence((candidate("The harvest failed."), candidate("Was it\nrain?")), ()), stored)
    assert [(claim.text, claim.citations, claim.support) for claim in draft.claims] == [
        ("The harvest failed", (1,), "quoted"),
        ("Was it rain", (2,), "quoted"),
    ]


def test_a_quotation_is_cut_from_the_stored_text_with_its_line_breaks() -> None:
    (citation,) = quote("notes", Evidence((candidate("Was it\nrain?"),), ()), stored).citations
    assert citation.quote == TEXT[citation.start : citation.end] == "Was it\nrain?"


def test_an_index_that_is_out_of_step_with_the_text_is_not_quoted() -> None:
    wrong = Candidate("harvest.md", "sha256:1", "Harvest", Sentence(0, 5, "paragraph", ()), "other", 0.9, (0, 5))
    with pytest.raises(Conflict, match="Ingest the course again"):
        cite("notes", wrong, stored, 1)


@pytest.mark.parametrize(
    ("section", "shown"),
    [(("Harvest", "Why", "Rain"), "Why › Rain"), (("Why",), "Why"), (("Harvest",), None), ((), None)],
)
def test_the_section_of_a_citation_leaves_out_the_title(section: tuple[str, ...], shown: str | None) -> None:
    assert cite("notes", candidate("The harvest failed.", section), stored, 1).section == shown


@pytest.mark.parametrize("reason", ["not_in_course", "off_topic"])
def test_a_refusal_shows_where_the_course_comes_near(reason: RefusalReason) -> None:
    draft = refuse("notes", "The harvest", reason, [candidate("The harvest failed.")], stored)
    assert (draft.reason, draft.citations, draft.claims) == (reason, (), ())
    assert [(near.marker, near.quote) for near in draft.nearest] == [(0, "The harvest failed.")]


@pytest.mark.parametrize("reason", ["unsafe", "unclear"])
def test_a_refusal_to_play_along_shows_nothing_of_the_course(reason: RefusalReason) -> None:
    assert refuse("notes", "The harvest", reason, [candidate("The harvest failed.")], stored).nearest == ()


def test_a_refusal_names_the_prompt_that_it_speaks_with() -> None:
    (stamp,) = refuse("notes", "The harvest", "unclear", [], stored).prompts
    assert stamp.startswith("refusals@")


@given(st.text())
def test_the_pieces_of_a_stream_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_a_piece_holds_a_few_words() -> None:
    assert pieces("one two  three four five\nsix") == ["one two  three four ", "five\nsix"]
