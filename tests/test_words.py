"""Words: one analysis for the lexical index, for evidence and for follow-ups."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.words import STOP_WORDS, content_stems, stem, stems, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The GREAT Leap", ["the", "great", "leap"]),
        ("Mao’s plan, Mao's plan", ["mao", "plan", "mao", "plan"]),
        ("don't", ["dont"]),
        ("São Tomé, naïve, Å", ["sao", "tome", "naive", "a"]),
        ("45,000,000 people in 1958", ["45000000", "people", "in", "1958"]),
        ("3.14 and 1950s", ["3.14", "and", "1950", "s"]),
        ("people-first snake_case", ["people", "first", "snake", "case"]),
        ("大跃进", ["大跃", "跃进"]),
        ("文", ["文"]),
        ("Straße ﬁne", ["strasse", "fine"]),
        ("", []),
        ("?! … “”", []),
    ],
)
def test_words_are_folded_and_numbers_kept_whole(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_any_text_gives_words_without_spaces_quotes_or_capitals(text: str) -> None:
    for word in words(text):
        assert word
        assert not set(word) & set(" \t\n\"'’")
        assert word == word.lower()


@given(st.text())
def test_accents_and_their_spelling_make_no_difference(text: str) -> None:
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "famines", "famine"),
        ("en-GB", "campaigns", "campaign"),
        ("de", "häuser", "hauser"),
        ("es", "famosos", "famoso"),
    ],
)
def test_forms_of_a_word_share_a_stem(language: str, one: str, other: str) -> None:
    assert stems(one, language) == stems(other, language)


def test_a_language_without_a_stemmer_keeps_its_words() -> None:
    assert stems("famines falling", "xx") == ["famines", "falling"]


@pytest.mark.parametrize("language", ["en", "en-GB"])
def test_content_stems_leave_out_what_only_asks(language: str) -> None:
    assert content_stems("What was the Great Leap, and why was it a leap?", language) == ["great", "leap"]


def test_a_question_of_stop_words_alone_has_no_content() -> None:
    assert content_stems("And what about it?", "en") == []


def test_other_languages_keep_their_short_words() -> None:
    assert content_stems("who is it", "de") == ["who", "is", "it"]


def test_stop_words_are_words_as_the_analysis_gives_them() -> None:
    assert not [word for word in STOP_WORDS if words(word) != [word]]


def test_threads_do_not_disturb_each_others_stems() -> None:
    vocabulary = [f"{start}{end}" for start in "abcdefghij" for end in ("ations", "ingly", "nesses", "ful")] * 25
    expected = [stem.__wrapped__(word, "en") for word in vocabulary]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda word: stem.__wrapped__(word, "en"), vocabulary)) == expected
