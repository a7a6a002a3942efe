"""Passages: sentences tile their block, passages keep to one subject and are embedded whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from conftest import ARTICLE, needs_article
from fakes import bodies, markdown_texts, plain_texts
from hypothesis import HealthCheck, given, settings

from tutor import readers
from tutor.embedder import Embedder
from tutor.passages import (
    HEADER_TOKENS,
    MOST_SENTENCES,
    gather_passages,
    header,
    question,
    split_sentences,
    text_budget,
)
from tutor.readers import read_markdown, read_text
from tutor.types import Passage, Sentence, Source

BUDGET = 40


def count_words(text: str) -> int:
    """Count as a model does that gives each word a token and adds two."""
    return len(text.split()) + 2


def sentences(source: Source, most: int = BUDGET, language: str = "en") -> tuple[Sentence, ...]:
    return split_sentences(source, language, count_words, most)


def passages(source: Source) -> tuple[Passage, ...]:
    return gather_passages(source, sentences(source), count_words, BUDGET)


def cut(source: Source, spans: tuple[Sentence, ...] | tuple[Passage, ...]) -> list[str]:
    return [source.text[span.start : span.end] for span in spans]


def assert_tiled(source: Source, found: tuple[Sentence, ...]) -> None:
    """The sentences of each retrievable block reach from its start to its end with only white space between them."""
    for block in (block for block in source.blocks if block.retrievable):
        inside = [s for s in found if block.start <= s.start < block.end]
        assert (inside[0].start, inside[-1].end) == (block.start, block.end)
        for one, next_one in pairwise(inside):
            assert one.end <= next_one.start
            assert source.text[one.end : next_one.start].strip() == ""
    assert [s.start for s in found] == sorted(s.start for s in found)
    assert all(s.start < s.end for s in found)


# --- sentences -------------------------------------------------------------------------------------------------------


@given(plain_texts)
def test_the_sentences_of_any_plain_text_tile_its_blocks(text: str) -> None:
    source = read_text("a.txt", text, None)
    assert_tiled(source, sentences(source))


@given(markdown_texts)
def test_the_sentences_of_any_markdown_tile_its_blocks(text: str) -> None:
    source = read_markdown("a.md", text, None)
    assert_tiled(source, sentences(source))


@given(plain_texts)
def test_no_sentence_is_longer_than_the_budget(text: str) -> None:
    source = read_text("a.txt", text, None)
    assert all(count_words(sentence) <= BUDGET for sentence in cut(source, sentences(source)))


@pytest.mark.parametrize("language", ["en", "de", "zh", "xx", ""])
def test_any_language_is_segmented(language: str) -> None:
    source = read_text("a.txt", "It began in 1958. It ended in 1961.", None)
    assert cut(source, sentences(source, language=language)) == ["It began in 1958.", "It ended in 1961."]


def test_an_abbreviation_ends_no_sentence() -> None:
    source = read_text("a.txt", "Dr. Baum taught at U.C.L.A. for years. He wrote.", None)
    assert cut(source, sentences(source))[-1] == "He wrote."
    assert "Dr. Baum taught" in cut(source, sentences(source))[0]


def test_blank_lines_inside_code_are_no_sentences() -> None:
    source = read_markdown("a.md", "```\na = 1\n\n\n\nb = 2\n```\n", None)
    assert cut(source, sentences(source)) == ["a = 1", "b = 2"]


def test_a_long_sentence_is_cut_at_its_punctuation() -> None:
    source = read_text("a.txt", f"It was {'very ' * 20}long; and {'so ' * 20}it was cut.", None)
    assert [piece[-5:] for piece in cut(source, sentences(source, 30))] == ["long;", " cut."]


def test_what_never_answers_has_no_sentences() -> None:
    source = read_markdown("a.md", "# Title\n\n![A picture](x)\n\nIt answers.\n\nLearn more about it.\n", None)
    assert cut(source, sentences(source)) == ["It answers."]


def test_a_sentence_knows_the_question_that_it_answers() -> None:
    source = read_text("a.txt", "Title\n\nBody.\n\nQ: Who led?\nA: Mao did. Alone.\n\nQ: When?\nA: In 1958.\n", None)
    assert [(s, q.question) for s, q in zip(cut(source, sentences(source)), sentences(source), strict=True)] == [
        ("Body.", ""),
        ("Mao did.", "Who led?"),
        ("Alone.", "Who led?"),
        ("In 1958.", "When?"),
    ]


@pytest.mark.parametrize("text", ["x" * 5_000, "word " * 1_000, "a,b;" * 1_250, "文" * 5_000, "é" * 5_000])
def test_five_thousand_characters_without_an_end_fit_the_real_model(embedder: Embedder, text: str) -> None:
    source = read_text("a.txt", text, None)
    most = text_budget(embedder.max_tokens)
    found = split_sentences(source, "en", embedder.count_tokens, most)
    assert_tiled(source, found)
    assert max(embedder.count_tokens(sentence) for sentence in cut(source, found)) <= most


# --- passages --------------------------------------------------------------------------------------------------------


@given(markdown_texts)
def test_every_sentence_is_in_one_passage_in_order(text: str) -> None:
    source = read_markdown("a.md", text, None)
    assert [s for p in passages(source) for s in p.sentences] == list(sentences(source))


@given(plain_texts)
def test_a_passage_spans_its_sentences_and_stays_small(text: str) -> None:
    source = read_text("a.txt", text, None)
    for passage in passages(source):
        assert (passage.start, passage.end) == (passage.sentences[0].start, passage.sentences[-1].end)
        assert len(passage.sentences) <= MOST_SENTENCES
        assert (passage.source, passage.version) == (source.name, source.version)


@given(plain_texts)
def test_a_passage_stays_under_one_heading_and_one_question(text: str) -> None:
    for passage in passages(read_text("a.txt", text, None)):
        assert {(s.section, s.question) for s in passage.sentences} == {
            (passage.section, passage.sentences[0].question)
        }


@given(plain_texts)
def test_a_passage_never_reaches_over_what_never_answers(text: str) -> None:
    source = read_text("a.txt", text, None)
    hidden = [block for block in source.blocks if not block.retrievable]
    assert not [p for p in passages(source) for b in hidden if p.start <= b.start < p.end]


def test_short_paragraphs_share_a_passage_and_long_ones_end_it() -> None:
    source = read_text("a.txt", "One.\n\nTwo. Three.\n\nFour. Five.", None)
    assert cut(source, passages(source)) == ["One.\n\nTwo. Three.", "Four. Five."]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(markdown_texts)
def test_the_real_model_cuts_off_nothing_that_is_embedded(embedder: Embedder, text: str) -> None:
    assert_fits(read_markdown("a.md", text, None), embedder)


@pytest.mark.parametrize(
    "text",
    [
        f"# {'A very long title ' * 40}\n\n## {'and a heading ' * 40}\n\n{'It is a long one with words, ' * 70}.\n",
        f"# FAQ\n\n## {'Why is this question so long that it has no end ' * 30}?\n\n{'Because, and, so, ' * 50}.\n",
        f"One.\n\n![{'a caption without an end ' * 60}](x)\n\nTwo.\n",
        "- " + "\n- ".join("an item of a few words" for _ in range(50)) + "\n",
        "\n".join(f"{n}) short" for n in range(100, 140)) + "\n",
        f"# {'題' * 300}\n\n{'文。' * 300}\n",
    ],
    ids=["long headings", "long question", "long caption", "items", "numbered items", "characters"],
)
def test_long_headings_questions_and_captions_are_embedded_whole_or_cut_on_purpose(
    embedder: Embedder, text: str
) -> None:
    assert_fits(read_markdown("a.md", text, None), embedder)


def assert_fits(source: Source, embedder: Embedder) -> None:
    """All texts that an index makes of ``source`` are at most as long as the model reads."""
    count, most = embedder.count_tokens, text_budget(embedder.max_tokens)
    for passage in gather_passages(source, split_sentences(source, "en", count, most), count, most):
        assert count(header(passage, count)) <= HEADER_TOKENS
        assert count(f"{header(passage, count)}\n{source.text[passage.start : passage.end]}") <= embedder.max_tokens
        for sentence in passage.sentences:
            text = source.text[sentence.start : sentence.end]
            assert count(f"{question(sentence, count)} {text}") <= embedder.max_tokens


def test_a_header_names_title_headings_and_question_once_each() -> None:
    source = read_markdown("a.md", "# Course\n\n## FAQ\n\n### Why?\n\nBecause.\n", None)
    (passage,) = passages(source)
    assert header(passage, count_words) == "Course › FAQ › Why?"


def test_the_budget_leaves_room_for_the_header_in_a_smaller_model() -> None:
    assert text_budget(128) + HEADER_TOKENS <= 128


# --- the article -----------------------------------------------------------------------------------------------------


@needs_article
def test_each_question_of_the_article_is_joined_with_its_answer_and_nothing_else() -> None:
    source = readers.read(ARTICLE, ARTICLE.name)
    asked = [s for s in sentences(source, 180) if s.section[-1] == "Common Questions About Mao Zedong"]
    assert [(s.question, source.text[s.start : s.end][:38]) for s in asked] == [
        ("What was Mao Zedong most notable for?", "Mao Zedong was most famous for leading"),
        ("How many deaths was Mao Zedong resonsible for?", "Mao Zedong is known as the largest mas"),
        ("When did Mao Zedong die?", "Mao Zedong died on September 9, 1976."),
        ("What killed Mao Zedong?", "Mao Zedong died from a heart attack."),
    ]
    other = {s.question for s in sentences(source, 180) if s.section[-1] != "Common Questions About Mao Zedong"}
    assert other == {"", "What was involved in this policy?"}
    assert bodies(source, "question") == [s.question for s in asked]


@needs_article
def test_no_sentence_or_passage_of_the_article_holds_captions_or_promotion() -> None:
    source = readers.read(ARTICLE, ARTICLE.name)
    answering = "\n".join([*cut(source, sentences(source)), *cut(source, passages(source))])
    assert not [words for words in ("(Image:", "Learn more", "Keep Reading", "was updated on") if words in answering]


@needs_article
def test_the_article_is_embedded_whole(embedder: Embedder) -> None:
    assert_fits(readers.read(ARTICLE, ARTICLE.name), embedder)
