"""Retrieval: two rankings become one, over the real index of the bundled course."""

from __future__ import annotations

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from tutor.index import CourseIndex
from tutor.retrieval import HybridRetriever, fuse
from tutor.tutor import Tutor

COURSE = "great-leap-forward"


@pytest.fixture
def index(lesson_tutor: Tutor) -> CourseIndex:
    """The index of the bundled course."""
    return lesson_tutor.index(COURSE)


def found(index: CourseIndex, question: str, k: int = 5) -> list[Document]:
    """Return the passages found."""
    return HybridRetriever(index=index, k=k).invoke(question)


def test_a_rank_counts_for_one_over_sixty_and_itself() -> None:
    assert fuse([[7, 8], [8]]) == [(8, pytest.approx(1 / 62 + 1 / 61)), (7, pytest.approx(1 / 61))]


def test_what_both_rankings_hold_comes_before_the_first_of_either() -> None:
    assert next(item for item, _ in fuse([[1, 2, 3], [4, 3, 5]])) == 3


def test_equal_scores_are_ordered_by_id() -> None:
    assert [item for item, _ in fuse([[9], [4]])] == [4, 9]


def test_no_ranking_and_empty_rankings_fuse_to_nothing() -> None:
    assert fuse([]) == fuse([[], []]) == []


def test_the_retriever_is_langchains_own_kind(index: CourseIndex) -> None:
    assert isinstance(HybridRetriever(index=index), BaseRetriever)


def test_a_question_in_other_words_finds_its_passage(index: CourseIndex) -> None:
    assert any("melted down" in document.page_content for document in found(index, "home-made steel ovens"))


def test_a_rare_word_finds_its_passage(index: CourseIndex) -> None:
    assert any("Pravda" in document.page_content for document in found(index, "Pravda"))


def test_no_more_passages_come_than_were_asked_for(index: CourseIndex) -> None:
    assert len(found(index, "famine", k=3)) == 3


def test_passages_come_best_first_and_each_once(index: CourseIndex) -> None:
    documents = found(index, "Why did the harvests fail?", k=12)
    scores = [document.metadata["score"] for document in documents]
    assert scores == sorted(scores, reverse=True)
    assert len({document.metadata["passage"] for document in documents}) == len(documents)


def test_a_document_says_where_its_passage_stands(index: CourseIndex, lesson_tutor: Tutor) -> None:
    (document,) = found(index, "sparrows", k=1)
    text = lesson_tutor.source(COURSE, document.metadata["source"]).text
    passage = text[document.metadata["start"] : document.metadata["end"]]
    assert all(sentence in passage for sentence in document.page_content.split("\n"))


def test_a_question_of_stop_words_only_is_still_answered_by_meaning(index: CourseIndex) -> None:
    assert index.lexical("what is it and why", 5) == []
    assert len(found(index, "what is it and why")) == 5


def test_words_of_the_query_language_are_only_words(index: CourseIndex) -> None:
    assert found(index, 'sparrows" OR 1=1 -- NEAR(x) * ^ "') != []
