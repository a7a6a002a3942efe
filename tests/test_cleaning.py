"""Cleaning: what the lines of a plain text are, and which of them never answer."""

from __future__ import annotations

from time import process_time

import pytest
from conftest import ARTICLE, needs_article
from fakes import bodies, plain_texts, retrievable
from hypothesis import given

from tutor import readers
from tutor.cleaning import plain_blocks
from tutor.readers import read_text
from tutor.types import Source


def plain(text: str) -> Source:
    return read_text("a.txt", text, None)


@pytest.fixture(scope="module")
def article() -> Source:
    return readers.read(ARTICLE, ARTICLE.name)


@given(plain_texts)
def test_blocks_cover_every_visible_character_but_the_marks_of_items_and_questions(text: str) -> None:
    end = 0
    for block in (*plain_blocks(text), None):
        gap = text[end : block.start if block else len(text)].strip()
        assert (
            gap in ("", "-", "–", "•", "*", "‣", "◦") or gap.rstrip(".):").lstrip("QA").isdigit() or gap in ("Q:", "A:")
        )
        end = block.end if block else end


# --- form ------------------------------------------------------------------------------------------------------------


def test_a_short_line_above_a_paragraph_is_a_heading_and_its_section() -> None:
    source = plain("The Course\n\nIt begins.\n\nA Section\n\nIt goes on.\n")
    assert bodies(source, "heading") == ["The Course", "A Section"]
    assert source.blocks[-1].section == ("The Course", "A Section")


def test_a_heading_directly_above_its_paragraph_is_found() -> None:
    body = "The harvest failed, and the famine that followed was the greatest of all."
    assert bodies(plain(f"The Course\n\nIt begins.\n\nThe Famine\n{body}\n"), "heading") == ["The Course", "The Famine"]


@pytest.mark.parametrize("line", ["It ends with a full stop.", "it begins small", "x" * 101, "1. An item"])
def test_other_lines_are_no_headings(line: str) -> None:
    assert bodies(plain(f"Title\n\nBody one.\n\n{line}\n\nBody two.\n"), "heading") == ["Title"]


def test_short_lines_below_the_title_are_its_byline_and_can_answer() -> None:
    source = plain("The Course\n\nBy Richard Baum\n\nIt begins.\n")
    assert bodies(source, "heading") == ["The Course"]
    assert "By Richard Baum" in retrievable(source)


def test_a_short_line_with_nothing_below_is_no_heading() -> None:
    assert bodies(plain("Title\n\nBody.\n\nThe end\n"), "heading") == ["Title"]


def test_lines_of_a_list_are_items_without_their_marks() -> None:
    source = plain("Title\n\nDates to know:\n- 1949: power\n- 1958: leap\n3) 1960: end\n")
    assert bodies(source, "list_item") == ["1949: power", "1958: leap", "1960: end"]


def test_lines_of_a_wrapped_paragraph_stay_together() -> None:
    assert bodies(plain("It was a plan that\nfailed within two\nyears.\n"), "paragraph") == [
        "It was a plan that\nfailed within two\nyears."
    ]


def test_long_lines_are_paragraphs_of_their_own_without_blank_lines() -> None:
    one, two = "The first one. " * 20, "The second one. " * 20
    assert bodies(plain(f"{one}\n{two}\n"), "paragraph") == [one.strip(), two.strip()]


# --- questions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "faq",
    [
        "Q: Who led?\n\nMao led.\n\nQ: When?\n\nIn 1958.",
        "Q: Who led?\nA: Mao led.\nQ: When?\nA: In 1958.",
        "Question 1: Who led?\nAnswer 1: Mao led.\n\nQuestion 2. When?\nAnswer: In 1958.",
    ],
)
def test_questions_and_answers_are_told_apart_without_their_marks(faq: str) -> None:
    source = plain(f"Title\n\nBody.\n\n{faq}\n")
    assert bodies(source, "question") == ["Who led?", "When?"]
    assert bodies(source, "answer") == ["Mao led.", "In 1958."]


def test_the_next_heading_ends_an_answer() -> None:
    source = plain("Title\n\nBody.\n\nQ: Who?\n\nMao.\n\nA New Section\n\nNo answer to that.\n")
    assert bodies(source, "answer") == ["Mao."]


def test_an_answer_mark_without_a_question_is_a_paragraph() -> None:
    assert bodies(plain("A: this stands alone.\n"), "paragraph") == ["A: this stands alone."]


def test_a_long_section_below_a_question_is_no_answer() -> None:
    source = plain("Title\n\nBody.\n\nWhat was it?\n\nOne.\n\nTwo.\n\nThree.\n")
    assert bodies(source, "answer") == []


# --- what never answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caption",
    [
        "A poster of the 1970s\n(Image: John Lock/Shutterstock)",
        "Portrait of Mao\nMao in 1963. (Image: By unknown – domain)",
        "A map (Photo: the author)",
        "(Credit: NASA)",
    ],
)
def test_a_description_and_its_credit_are_one_caption(caption: str) -> None:
    source = plain(f"Title\n\nBody.\n\n{caption}\n\nMore.\n")
    assert bodies(source, "caption") == [caption]
    assert caption not in retrievable(source)


def test_a_caption_takes_no_paragraph_with_it_where_no_blank_lines_are() -> None:
    one, two = "The first one. " * 20, "The second one. " * 20
    source = plain(f"{one}\nA poster\n(Image: Someone)\n{two}\n")
    assert bodies(source, "caption") == ["A poster\n(Image: Someone)"]
    assert bodies(source, "paragraph") == [one.strip(), two.strip()]


@pytest.mark.parametrize(
    "line",
    [
        "Learn more about the Leap",
        "Read more: a story",
        "Keep Reading\nAnother Article\nA Third One",
        "Watch it now, on Wondrium.",
        "This article was updated on September 15, 2020",
        "This is a transcript from the video series. Watch it now.",
        "- Learn more about lists",
    ],
)
def test_promotion_stays_in_the_text_and_never_answers(line: str) -> None:
    source = plain(f"Title\n\nBody.\n\n{line}\n\nMore of it.\n")
    assert line in source.text
    assert retrievable(source) == "Body.\nMore of it."


def test_promising_words_inside_a_sentence_are_no_promotion() -> None:
    assert "learn more about" in retrievable(plain("Title\n\nStudents learn more about Mao here.\n"))


def test_a_repeated_paragraph_answers_once() -> None:
    paragraph = "Workers were to sleep at their machines to fulfil their quotas."
    source = plain(f"Title\n\n{paragraph}\n\nBetween them.\n\n{paragraph}\n")
    assert retrievable(source).count(paragraph) == 1
    assert source.text.count(paragraph) == 2


def test_a_short_paragraph_may_repeat() -> None:
    assert retrievable(plain("Title\n\nIt failed.\n\nBetween.\n\nIt failed.\n")).count("It failed.") == 2


# --- the article -----------------------------------------------------------------------------------------------------


@needs_article
def test_the_headings_of_the_article_are_found(article: Source) -> None:
    assert bodies(article, "heading") == [
        "The Great Leap Forward: The Great Failure of Mao Zedong in China",
        "Mao Zedong – A Five Year Plan",
        "Passing the Communist Torch to China",
        "Thousand Years of Happiness for Mao’s Communist China",
        "What was involved in this policy?",
        "Mao’s Promise of Skyscrapers, Airplanes, and Communes",
        "China’s Great Famine",
        "Common Questions About Mao Zedong",
    ]


@needs_article
def test_the_captions_of_the_article_are_found(article: Source) -> None:
    captions = bodies(article, "caption")
    assert len(captions) == 5
    assert all("(Image:" in caption for caption in captions)
    assert article.text.count("(Image:") == 5


@needs_article
def test_the_promotion_of_the_article_is_found(article: Source) -> None:
    openings = [body.split()[0] for body in bodies(article, "boilerplate")]
    assert openings == ["This", "Learn", "Learn", "Learn", "Learn", "This", "Keep"]
    assert "Yin and Yang of Classical Chinese Cuisine" in bodies(article, "boilerplate")[-1]


@needs_article
@pytest.mark.parametrize(
    "words", ["(Image:", "Portrait of", "Learn more", "Keep Reading", "Pedagogy", "was updated on", "a transcript from"]
)
def test_what_is_not_the_lecture_never_answers_but_can_be_read(article: Source, words: str) -> None:
    assert words not in retrievable(article)
    assert words in article.text


@needs_article
def test_the_repeated_paragraph_of_the_article_answers_once(article: Source) -> None:
    assert retrievable(article).count("Workers were to sleep at their machines") == 1
    assert article.text.count("Workers were to sleep at their machines") == 2


# --- speed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["a\n" + " " * 200_000 + "\nb", "Short line\n\n" * 20_000, "Q" + " " * 200_000 + "x", "(image" * 30_000],
    ids=["white space", "short lines", "a question mark that never comes", "credits that never end"],
)
def test_the_time_taken_grows_with_the_length_of_the_text_and_no_faster(text: str) -> None:
    started = process_time()
    plain_blocks(text)
    assert process_time() - started < 5
