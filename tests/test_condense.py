"""Follow-ups: what is rewritten, and what stands alone already."""

from __future__ import annotations

import pytest

from tutor.condense import names, standalone, topic
from tutor.types import Turn


def after(*questions: str) -> str:
    """Return the last question as it is understood after the others."""
    turns: list[Turn] = []
    for question in questions:
        turns.append(Turn(question, standalone(question, turns), ""))
    return turns[-1].standalone


@pytest.mark.parametrize(
    ("earlier", "question", "understood"),
    [
        ("When did Mao die?", "What about Josef Stalin?", "When did Josef Stalin die?"),
        ("When did Mao die?", "And Stalin?", "When did Stalin die?"),
        ("What happened in 1958?", "and in 1960?", "What happened in 1960?"),
        ("What killed Mao?", "How old was he?", "How old was Mao?"),
        ("What did the propaganda announce?", "What did it say about pigs?", "What did the propaganda say about pigs?"),
        ("What was the Hundred Flowers Campaign?", "And who opposed it?", "Who opposed the Hundred Flowers Campaign?"),
        ("What were backyard furnaces?", "What did they make?", "What did backyard furnaces make?"),
        ("What was the famine?", "How many died because of it?", "How many died because of the famine?"),
        ("What happened to the sparrows?", "Why?", "Why: What happened to the sparrows?"),
        ("How many died in the Great Famine?", "And what about Mao's policies?", "How many died in Mao's policies?"),
        ("Who was Lysenko?", "What was his theory?", "What was Lysenko’s theory?"),
        ("How big were the communes?", "Was the food there free?", "Was the food in the communes free?"),
        ("What was the famine?", "How did people live then?", "How did people live in the famine?"),
        ("What was the purge?", "Who were the ones that died?", "Who were the ones that died in the purge?"),
    ],
)
def test_a_follow_up_takes_its_subject_from_the_last_question(earlier: str, question: str, understood: str) -> None:
    assert after(earlier, question) == understood


@pytest.mark.parametrize(
    "question",
    [
        "How do I bake a chocolate cake?",
        "Who was Trofim Lysenko?",
        "Is it true that Stalin died in 1953?",
        "When Mao launched his plan, who helped?",
        "Was there a famine in Ukraine?",
        "How many kinds of sparrows are there in Asia?",
        "Why could there be no rain?",
        "How many people died in the famine?",
    ],
)
def test_a_question_that_stands_alone_borrows_nothing(question: str) -> None:
    assert after("When did the Great Leap Forward start?", question) == question


def test_the_first_question_of_a_conversation_is_only_tidied() -> None:
    assert standalone("  Why   did it fail? ", []) == "Why did it fail?"


def test_a_subject_is_carried_through_several_turns() -> None:
    assert after("When did Mao die?", "What killed him?", "Where was he born?") == "Where was Mao born?"


def test_names_are_runs_of_capitals_and_not_the_question_word() -> None:
    assert names("Why did Mao Zedong attack the People's Republic of China?") == [
        "Mao Zedong",
        "People's Republic of China",
    ]


def test_the_topic_of_a_question_is_its_last_definite_phrase() -> None:
    assert topic("What was the goal of the Five-Year Plan?") == "the Five-Year Plan"


@pytest.mark.parametrize("question", ["?", "...", "and?", "why", "it", "and what about", "he he he", "😀", "the", "of"])
def test_fragments_do_not_break_the_rewriting(question: str) -> None:
    assert isinstance(after("When did Mao die?", question), str)
    assert isinstance(after(question, question), str)
