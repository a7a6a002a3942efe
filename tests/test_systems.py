"""Systems: the tutor as the evals ask it, and the baselines beside it."""

from __future__ import annotations

import pytest

from evals.datasets import Turn
from evals.systems import NAMES, TutorSystem, bm25_sentence, nearest_sentence, open_system
from tutor.errors import InputError
from tutor.tutor import Tutor

COURSE = "great-leap-forward"


def test_the_tutor_is_asked_and_nothing_of_it_stays(lesson_tutor: Tutor) -> None:
    before = lesson_tutor.conversations(COURSE)
    answer = TutorSystem(lesson_tutor, COURSE).ask("When did Mao Zedong die?", ())
    assert "1976" in answer.answer
    assert lesson_tutor.conversations(COURSE) == before


@pytest.mark.parametrize("answer", ["", "It was a plan of 1958."])
def test_a_follow_up_is_read_after_what_was_said(answer: str, lesson_tutor: Tutor) -> None:
    history = (Turn("What was the Great Leap Forward?", answer),)
    asked = TutorSystem(lesson_tutor, COURSE).ask("When was it announced?", history)
    assert asked.standalone_question == "When was the Great Leap Forward announced?"


@pytest.mark.parametrize("make", [nearest_sentence, bm25_sentence])
def test_a_baseline_quotes_one_sentence_and_never_refuses(make: object, lesson_tutor: Tutor) -> None:
    assert callable(make)
    system = make(lesson_tutor, COURSE)
    text = lesson_tutor.source(COURSE, "lesson.md").text
    for question in ("When did Mao Zedong die?", "Who won the World Cup?"):
        answer = system.ask(question, ())
        (citation,) = answer.citations
        assert citation.quote == text[citation.start : citation.end]
        assert (answer.refused, answer.answerer) == (False, system.name)
    assert "1976" in system.ask("When did Mao Zedong die of a heart attack?", ()).answer


@pytest.mark.parametrize("make", [nearest_sentence, bm25_sentence])
def test_a_baseline_retrieves_the_passages_of_its_sentences(make: object, lesson_tutor: Tutor) -> None:
    assert callable(make)
    system = make(lesson_tutor, COURSE)
    (citation,) = system.ask("What happened to the sparrows?", ()).citations
    found = system.retrieve("What happened to the sparrows?", 3)
    assert len(set(found)) == 3
    assert found[0].start <= citation.start < citation.end <= found[0].end


def test_systems_are_told_apart_by_name_and_fingerprint(lesson_tutor: Tutor) -> None:
    made = {name: open_system(name, lesson_tutor, COURSE) for name in NAMES if name != "stuffed-chunks"}
    assert [system.name for system in made.values()] == list(made)
    assert len({system.fingerprint() for system in made.values()}) == len(made)
    assert made["tutor"].fingerprint() == TutorSystem(lesson_tutor, COURSE).fingerprint()


def test_an_unknown_system_is_refused_with_those_that_there_are(lesson_tutor: Tutor) -> None:
    with pytest.raises(InputError, match=r"no system 'oracle'\. There are: tutor, nearest-sentence"):
        open_system("oracle", lesson_tutor, COURSE)
