"""Systems: the tutor as the evals ask it, and the baselines beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.language_models import FakeListChatModel

from evals.datasets import Turn
from evals.systems import NAMES, TutorSystem, bm25_sentence, nearest_sentence, open_system
from tutor.errors import InputError
from tutor.records import Course, CourseOptions
from tutor.settings import Settings
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


@pytest.fixture
def prints(lesson_home: Path) -> Callable[..., str]:
    """Return the fingerprint of the tutor with a chat model, which is asked nothing, and with these settings."""

    def fingerprint(model: str, **settings: object) -> str:
        fake = None if model == "quotes" else FakeListChatModel(responses=[])
        with Tutor(Settings.load(model=model, **settings), fake) as tutor:
            return TutorSystem(tutor, COURSE).fingerprint()

    return fingerprint


@pytest.mark.parametrize(
    ("model", "answerer", "name"),
    [
        ("quotes", "quotes", "tutor"),
        ("openai:org/some model", "openai:org/some model", "tutor-openai-org-some-model"),
        ("gguf:/models/tiny.Q4_1.gguf", "gguf:tiny.Q4_1.gguf", "tutor-gguf-tiny.Q4_1.gguf"),
        ("ollama:" + "long" * 99, "ollama:" + "long" * 99, "tutor-ollama-" + "long" * 13 + "l"),
    ],
)
def test_a_run_is_named_by_who_phrases_the_answers(model: str, answerer: str, name: str, lesson_home: Path) -> None:
    fake = None if model == "quotes" else FakeListChatModel(responses=[])
    with Tutor(Settings.load(model=model), fake) as tutor:
        system = TutorSystem(tutor, COURSE)
    assert (system.answerer, system.name) == (answerer, name)


def test_whatever_an_answer_depends_on_makes_another_fingerprint(
    prints: Callable[..., str], lesson_home: Path, tmp_path: Path
) -> None:
    one, other = tmp_path / "one" / "m.gguf", tmp_path / "other" / "m.gguf"
    for file in (one, other):
        file.parent.mkdir()
        file.write_text(file.parent.name)
    changes = [
        prints("quotes"), prints("openai:a"), prints("openai:b"), prints("openai:a", model_output="structured"),
        prints("openai:a", model_url="http://127.0.0.1:1/v1"), prints("openai:a", model_context_tokens=500),
        prints(f"gguf:{one}"), prints(f"gguf:{other}"), prints("quotes", evidence_threshold=0.9),
    ]  # fmt: skip
    assert len(set(changes)) == len(changes)
    assert prints("openai:a") == changes[1]
    assert prints("quotes", model_url="http://127.0.0.1:1/v1", model_output="structured") == changes[0]
    other.write_text("one")
    assert prints(f"gguf:{other}") == changes[6]  # the same model, wherever it lies
    with Tutor(Settings.load()) as tutor, tutor.records.write() as session:
        course = session.get(Course, COURSE)
        assert course
        course.options = CourseOptions(general_knowledge=True)
    assert prints("quotes") != changes[0]


def test_an_unknown_system_is_refused_with_those_that_there_are(lesson_tutor: Tutor) -> None:
    with pytest.raises(InputError, match=r"no system 'oracle'\. There are: tutor, nearest-sentence"):
        open_system("oracle", lesson_tutor, COURSE)
