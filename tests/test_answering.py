"""Answering: from sentences to an answer whose words are the source's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.answering import Draft, be_courteous, cite, pieces, quote, refuse
from tutor.errors import Conflict
from tutor.prompts import load_prompt
from tutor.types import Candidate, Evidence, RefusalReason, Sentence

LEADS = load_prompt("leads")
TEXT = "Harvest\n\nThe harvest failed.  Was it\nrain? It was the [2] sparrows\n\n饥荒开始了。 “It rained.”"


def stored(source: str, version: str) -> str:
    """Return the stored text of the only source."""
    return {("harvest.md", "sha256:1"): TEXT}[source, version]


def candidate(words: str, section: tuple[str, ...] = ("Harvest", "Why")) -> Candidate:
    """Return the sentence of the text that has these words."""
    start = TEXT.index(words)
    sentence = Sentence(start, start + len(words), "paragraph", section)
    return Candidate("harvest.md", "sha256:1", "Harvest", sentence, words, 0.9, (0, len(TEXT)))


def refused(reason: RefusalReason, *nearest: Candidate, unmentioned: tuple[str, ...] = ()) -> Draft:
    """Return the refusal for this reason."""
    return refuse("notes", "The harvest", Evidence((), nearest, reason, unmentioned), stored, load_prompt("refusals"))


def answer(*sentences: str) -> str:
    """Return the answer that quotes these sentences."""
    return quote("notes", Evidence(tuple(map(candidate, sentences)), ()), stored, LEADS).text


def test_each_sentence_carries_its_marker_before_its_full_stop() -> None:
    assert answer("The harvest failed.", "“It rained.”") == "The harvest failed [1]. “It rained.” [2]"


def test_the_marker_stands_before_a_question_mark_too() -> None:
    assert answer("Was it\nrain?") == "Was it rain [1]?"


def test_a_sentence_without_an_end_gets_one() -> None:
    assert answer("It was the [2] sparrows").endswith("[1].")


def test_the_end_of_a_chinese_sentence_is_kept() -> None:
    assert answer("饥荒开始了。") == "饥荒开始了 [1]。"


def test_a_footnote_of_the_source_does_not_pass_for_a_marker() -> None:
    assert answer("It was the [2] sparrows") == "It was the sparrows [1]."


def test_each_claim_names_its_citation_and_is_in_the_answer() -> None:
    draft = quote("notes", Evidence((candidate("The harvest failed."), candidate("Was it\nrain?")), ()), stored, LEADS)
    assert [(claim.text, claim.citations, claim.support) for claim in draft.claims] == [
        ("The harvest failed", (1,), "quoted"),
        ("Was it rain", (2,), "quoted"),
    ]


def test_a_quotation_is_cut_from_the_stored_text_with_its_line_breaks() -> None:
    (citation,) = quote("notes", Evidence((candidate("Was it\nrain?"),), ()), stored, LEADS).citations
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
    draft = refused(reason, candidate("The harvest failed."))
    assert (draft.reason, draft.citations, draft.claims) == (reason, (), ())
    assert [(near.marker, near.quote) for near in draft.nearest] == [(0, "The harvest failed.")]


@pytest.mark.parametrize("reason", ["unsafe", "unclear"])
def test_a_refusal_to_play_along_shows_nothing_of_the_course(reason: RefusalReason) -> None:
    assert refused(reason, candidate("The harvest failed.")).nearest == ()


def test_a_refusal_names_the_prompt_that_it_speaks_with() -> None:
    (prompt,) = refused("unclear").prompts
    assert prompt.stamp.startswith("refusals@")


def test_a_refusal_names_what_the_course_never_mentions() -> None:
    near = candidate("The harvest failed.")
    assert refused("not_in_course", near, unmentioned=("Lenin",)).text.startswith(
        "The texts of “The harvest” never mention “Lenin”."
    )
    assert "“Lenin”, “1812” or “Rome”" in refused("off_topic", near, unmentioned=("Lenin", "1812", "Rome")).text


def test_a_refusal_to_change_its_instructions_names_nothing() -> None:
    assert "Lenin" not in refused("unsafe", unmentioned=("Lenin",)).text


def test_figures_that_differ_are_said_to() -> None:
    chosen = (candidate("The harvest failed."), candidate("Was it\nrain?"))
    draft = quote("notes", Evidence(chosen, (), disagree=True), stored, LEADS)
    assert draft.text == "The course gives different figures. The harvest failed [1]. Was it rain [2]?"
    assert len(draft.claims) == 2
    assert draft.prompts == (LEADS,)


OPENED = "Rain fell. However, the harvest failed. But “why?” So many asked."


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("However, the harvest failed.", "The harvest failed [1]."),
        ("But “why?”", "“why?” [1]"),
        ("So many asked.", "So many asked [1]."),
    ],
)
def test_a_word_that_ties_to_what_is_not_shown_is_cut_off_the_quotation(sentence: str, shown: str) -> None:
    start = OPENED.index(sentence)
    span = Sentence(start, start + len(sentence), "paragraph", ())
    chosen = Candidate("a.md", "sha256:2", "A", span, sentence, 0.9, (0, len(OPENED)))
    draft = quote("notes", Evidence((chosen,), ()), lambda source, version: OPENED, LEADS)
    assert draft.text == shown
    (citation,) = draft.citations
    assert citation.quote == OPENED[citation.start : citation.end]


def test_after_the_sentence_that_it_ties_to_it_stays() -> None:
    spans = [(0, 10), (11, 39)]
    chosen = tuple(
        Candidate("a.md", "sha256:2", "A", Sentence(*span, "paragraph", ()), OPENED[slice(*span)], 0.9, (0, 60))
        for span in spans
    )
    draft = quote("notes", Evidence(chosen, ()), lambda source, version: OPENED, LEADS)
    assert draft.text == "Rain fell [1]. However, the harvest failed [2]."


def test_quotes_in_another_language_than_the_students_are_announced_in_the_students() -> None:
    evidence = Evidence((candidate("The harvest failed."),), ())
    draft = quote("notes", evidence, stored, load_prompt("leads", "es"), abroad=True)
    announced, _, rest = draft.text.rpartition(": ")
    assert announced
    assert rest == "The harvest failed [1]."
    assert draft.prompts[0].language == "es"


def test_courtesies_state_nothing() -> None:
    draft = be_courteous("thanks", "The harvest", load_prompt("courtesies"))
    assert "The harvest" in draft.text
    assert (draft.claims, draft.citations, draft.reason, draft.prompts[0].stamp) == ((), (), None, "courtesies@1")


@given(st.text())
def test_the_pieces_of_a_stream_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_a_piece_holds_a_few_words() -> None:
    assert pieces("one two  three four five\nsix") == ["one two  three four ", "five\nsix"]
