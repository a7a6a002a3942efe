"""Selection: which sentences join the best one, with hand-made candidates."""

from __future__ import annotations

import pytest

from tutor.selection import asks_for_list, disagree, how_many_wanted, is_dangling, quantities, select
from tutor.types import BlockKind, Candidate, Sentence

FIRST, SECOND = (0, 500), (500, 1000)


def made(
    text: str, score: float, at: int, passage: tuple[int, int] = FIRST, kind: BlockKind = "paragraph"
) -> Candidate:
    """Return a candidate that begins at ``at``."""
    return Candidate("a.md", "sha256:1", "A", Sentence(at, at + len(text), kind, ("S",)), text, score, passage)


def texts(question: str, *candidates: Candidate, kind: str = "other") -> list[str]:
    """Return the texts of what is selected from ``candidates``."""
    ranked = sorted(candidates, key=lambda c: -c.score)
    return [c.text for c in select(question, kind, ranked, candidates, "en")]


def test_the_best_stands_alone_where_nothing_is_nearly_as_good() -> None:
    assert texts("Why?", made("Rain fell.", 0.9, 0), made("Mao slept.", 0.3, 20)) == ["Rain fell."]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Name two lies.", 2),
        ("Which three years?", 3),
        ("What are the 4 reasons?", 4),
        ("What happened in 2 years?", 0),
    ],
)
def test_a_list_is_as_long_as_the_question_asks(question: str, wanted: int) -> None:
    assert how_many_wanted(question) == wanted


def test_the_second_of_two_joins_though_it_is_weaker() -> None:
    both = (made("Rain fell.", 0.9, 0), made("Hail fell.", 0.2, 20))
    assert texts("Name two kinds of weather.", *both) == ["Rain fell.", "Hail fell."]
    assert texts("What was the weather?", *both) == ["Rain fell."]


def test_those_nearly_as_good_join_in_source_order() -> None:
    assert texts("Why?", made("Rain fell.", 0.9, 50), made("Pests multiplied.", 0.8, 20)) == [
        "Pests multiplied.",
        "Rain fell.",
    ]


def test_what_says_the_same_again_is_left_out() -> None:
    twice = (made("The rain spoiled the harvest.", 0.9, 0), made("Rain spoiled the whole harvest.", 0.89, 60))
    assert len(texts("Why?", *twice)) == 1


def test_there_are_at_most_three_and_not_many_words() -> None:
    three = [made(f"{w} happened then.", 0.9, n * 50) for n, w in enumerate(["Rain", "Hail", "Snow", "Wind"])]
    assert len(texts("Why?", *three)) == 3
    long = [made(" ".join(f"{w}{n}" for n in range(40)), 0.9, n * 400) for n, w in enumerate("xyz")]
    assert len(texts("Why?", *long)) == 1


def test_a_sentence_that_points_back_brings_the_one_before() -> None:
    before, after = made("Birds ate the grain.", 0.1, 0), made("They were killed.", 0.9, 30)
    assert texts("What happened to the birds?", before, after) == ["Birds ate the grain.", "They were killed."]


def test_a_sentence_that_points_back_over_a_passage_stays_alone() -> None:
    before, after = made("Birds ate.", 0.1, 0), made("They were killed.", 0.9, 600, SECOND)
    assert texts("What happened to the birds?", before, after) == ["They were killed."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This was a famine.", True),
        ("“They came.”", True),
        ("Those who spoke were punished.", True),
        ("Mao spoke.", False),
        ("Italy joined.", False),
        ("Theirs", False),
    ],
)
def test_what_points_back(text: str, expected: bool) -> None:
    assert is_dangling(text) is expected


@pytest.mark.parametrize(
    "question",
    [
        "Which slogans does the text mention?",
        "List the causes of the famine.",
        "What were the goals of the plan?",
        "What two crops did they plant?".replace("two ", ""),
        "Name the leaders.",
    ],
)
def test_questions_that_ask_for_a_list(question: str) -> None:
    assert asks_for_list(question)


@pytest.mark.parametrize(
    "question", ["Who was Mao?", "What happened?", "What was the goal?", "Why did it fail?", "Which class did he join?"]
)
def test_questions_that_ask_for_one_thing(question: str) -> None:
    assert not asks_for_list(question)


def test_a_list_is_gathered_whole() -> None:
    words = ["Walk on two legs", "Red and expert", "Strike the iron", "Work hard"]
    items = [made(w, 0.5 if n == 2 else 0.01, n * 40, kind="list_item") for n, w in enumerate(words)]
    assert texts("Which slogans does the text mention?", *items) == words
    assert texts("What should one strike?", *items) == ["Strike the iron"]


def test_numbers_are_read_with_what_they_count() -> None:
    assert quantities("In 1959, 40 million died of 132-pound pumpkins, 15%.") == {
        "million": {"40"},
        "pound": {"132"},
        "%": {"15"},
    }
    assert quantities("From 1958 to 1962") == {}


@pytest.mark.parametrize(
    ("question", "kind", "one", "other", "expected"),
    [
        ("How many died?", "number", "40 million died.", "As many as 45 million died.", True),
        ("How many died?", "other", "40 million died.", "As many as 45 million died.", False),
        ("How many died?", "number", "40 million died.", "In all 40 million died.", False),
        ("How many died?", "number", "40 million died.", "Prices fell to 45 million.", False),
        ("How many died?", "number", "40 million died.", "16 percent died.", False),
        ("How many crews flew?", "number", "There were 8 crews.", "All 9 crews came back.", True),
        ("How long did it run?", "number", "It had 8 astronauts.", "It had 300 astronauts.", False),
    ],
)
def test_figures_disagree_where_they_count_the_same(
    question: str, kind: str, one: str, other: str, expected: bool
) -> None:
    chosen = [made(one, 0.9, 0), made(other, 0.8, 600, SECOND)]
    assert disagree(question, kind, chosen, "en") is expected


def test_figures_of_one_passage_do_not_disagree() -> None:
    assert not disagree(
        "How many died?", "number", [made("40 million died.", 0.9, 0), made("45 million died.", 0.8, 30)], "en"
    )


def test_both_figures_are_shown() -> None:
    both = made("40 million people died.", 0.9, 0), made("45 million people died.", 0.5, 600, SECOND)
    assert len(texts("How many people died?", *both, kind="number")) == 2
