"""Spelling: what is mended, into which word, and above all what is left alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.embedder import unpack_builtin_model
from tutor.grounder import Grounder, load_grounder
from tutor.settings import Settings
from tutor.spelling import correct, nearest
from tutor.words import stem

COURSE = Counter(
    {
        "cultural": 3,
        "revolution": 5,
        "communes": 4,
        "commune": 2,
        "propaganda": 2,
        "furnaces": 1,
        "mao": 9,
        "pumpkins": 1,
    }
)


@pytest.fixture(scope="module")
def grounder() -> Grounder:
    """The real grounder, whose vocabulary says which words are everyday ones."""
    return load_grounder(unpack_builtin_model(Settings.load(home=Path("unused")).cache) / "tokenizer.json")


def unknown(word: str) -> bool:
    """No word is another form of a known one."""
    return False


@pytest.mark.parametrize("word", ["pans", "inventing", "multiply"])
def test_other_forms_of_everyday_words_are_no_misspellings(word: str, grounder: Grounder) -> None:
    assert stem(word, "en") in grounder.stems


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("what was the cultral revolutoin", "what was the cultural revolution"),
        ("were the comunes big?", "were the communes big?"),
        ("What did propoganda say?", "What did propaganda say?"),
        ("Cultrual things", "Cultural things"),
        ("the furnases", "the furnaces"),
        ("pumkin", "pumpkin"),  # of which the course has the plural
        ("what was the wieght", "what was the weight"),  # everyday language, where the course has nothing near
    ],
)
def test_a_mistyped_word_becomes_the_word_of_the_course(typed: str, meant: str, grounder: Grounder) -> None:
    assert correct(typed, COURSE, grounder.vocabulary, unknown) == meant


@pytest.mark.parametrize(
    "question",
    [
        "Who was Lenin?",  # a name that the course lacks is not a misspelling of one that it has
        "What is a revelation?",
        "Is that rational?",
        "Did Mao eat?",
        "communes, cultural revolution!",
        "Did Penney eat?",
        "the khrushchov years",
        "¿Cuándo murió Mao?",
        "Why?",
        "In 1958 or 1985?",
    ],
)
def test_a_word_that_is_a_word_is_left_alone(question: str, grounder: Grounder) -> None:
    assert correct(question, COURSE, grounder.vocabulary, unknown) == question


def test_a_word_that_resembles_nothing_is_left_alone() -> None:
    assert correct("Xiaoping zzzzz", COURSE, {}, unknown) == "Xiaoping zzzzz"


def test_the_nearest_word_wins_then_the_more_frequent_one() -> None:
    assert nearest("comune", Counter({"communes": 9, "commune": 1})) == "commune"
    assert nearest("comeune", Counter({"commune": 1, "comeunes": 9})) == "comeunes"


def test_a_short_word_may_have_one_letter_wrong_a_long_one_two() -> None:
    assert nearest("grian", Counter({"grain": 1})) == "grain"
    assert nearest("griam", Counter({"grain": 1})) == "griam"
    assert nearest("revolutoin", Counter({"revolution": 1})) == "revolution"
    assert nearest("revulutoin", Counter({"revolution": 1})) == "revolution"


@given(st.text())
def test_a_course_without_words_mends_nothing(question: str) -> None:
    assert correct(question, Counter(), {}, unknown) == question
