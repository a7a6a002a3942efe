"""Evidence: scores, refusal and choice, over the bundled course and with hand-made sentences."""

from __future__ import annotations

import numpy as np
import pytest

from tutor.evidence import (
    FEATURES,
    SIGNS,
    WEIGHTS,
    Context,
    confidence,
    features,
    find_evidence,
    log_odds,
    probability,
    signs,
    unmentioned,
)
from tutor.grounder import Grounder
from tutor.index import CourseIndex, IndexedSentence
from tutor.question import Question, question_kind
from tutor.tutor import Tutor
from tutor.types import Sentence


@pytest.fixture
def index(lesson_tutor: Tutor) -> CourseIndex:
    return lesson_tutor.index("great-leap-forward")


@pytest.fixture
def grounder(lesson_tutor: Tutor) -> Grounder:
    return lesson_tutor.grounder


def everything(index: CourseIndex) -> list[int]:
    return list(range(index.passage_count))


def sentence(text: str) -> IndexedSentence:
    return IndexedSentence(0, Sentence(0, len(text), "paragraph", ()), text, np.array([1.0, 0.0], dtype=np.float32))


def scored(question: str, text: str, known: int = 1) -> dict[str, float]:
    asked = Question.of(question, "en", dict.fromkeys(["mao", "die", "1976", "furnac", "mani"], known), 10)
    vector = np.array([1.0, 0.0], dtype=np.float32)
    values = features(asked, vector, sentence(text), Context.of("", [vector], "en"), "en")
    return dict(zip(FEATURES[1:], values, strict=True))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many people died?", "number"),
        ("how old was he", "number"),
        ("In which year did it begin?", "date"),
        ("When did Mao die?", "date"),
        ("Who followed Mao?", "person"),
        ("Why did the harvests fail?", "other"),
    ],
)
def test_the_kind_of_answer_wanted_is_read_from_the_question(question: str, kind: str) -> None:
    assert question_kind(question) == kind


def test_a_sentence_with_all_words_of_the_question_covers_it() -> None:
    assert scored("When did Mao die?", "Mao died in 1976.")["covered"] == pytest.approx(1.0)


def test_a_date_question_is_not_met_by_a_sentence_without_a_date() -> None:
    assert scored("When did Mao die?", "Mao died.")["date_misses"] == 1.0
    assert scored("When did Mao die?", "Mao died in 1976.")["date_fits"] == 1.0
    assert scored("When did Mao die?", "Mao died in 1976.")["number_fits"] == 0.0


def test_words_that_the_course_never_uses_are_unknown() -> None:
    values = scored("What did Khrushchev eat?", "Mao died.", known=0)
    assert (values["unheard"], values["unknown"]) == (1.0, 0.5)  # the name, and half of the words


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("It cut 10 feet deep.", True),
        ("Ten of them died.", True),
        ("Most of them died.", True),
        ("In 2,000 villages they died.", True),
        ("It sent 1500 soldiers.", True),
        ("They died on September 9, 1976.", False),
        ("Late 1960s: they died.", False),
        ("Large ones died, and small ones.", False),
        ("He was one of the leaders.", False),
    ],
)
def test_a_date_is_no_number_of_anything(text: str, fits: bool) -> None:
    values = scored("How many died?", text)
    assert (values["number_fits"], values["number_misses"]) == (float(fits), float(not fits))


def test_how_many_is_never_answered_without_a_number() -> None:
    strong = dict.fromkeys(FEATURES, 0.0) | {"grounder": 9.0, "cosine": 1.0}
    assert log_odds(list(strong.values())) > 0
    assert log_odds(list((strong | {"number_misses": 1.0}).values())) == -4.0


def test_the_odds_grow_with_what_the_grounder_reads_and_with_meaning() -> None:
    low = [0.1, 0.1, *[0.0] * (len(FEATURES) - 2)]
    high = [2.0, 0.9, *low[2:]]
    assert min(WEIGHTS[:2]) > 0
    assert 0 < probability(log_odds(low)) < probability(log_odds(high)) < 1


def test_the_signs_are_how_good_the_best_is_and_what_the_course_lacks() -> None:
    weak = list((dict.fromkeys(FEATURES, 0.0) | {"unknown": 0.3, "unheard": 0.5}).values())
    strong = list((dict.fromkeys(FEATURES, 0.0) | {"grounder": 3.0, "cosine": 0.8, "unknown": 0.3}).values())
    odds = [log_odds(weak), log_odds(strong)]
    assert signs([weak, strong], odds) == (odds[1], 0.8, 0.3, 0.5)
    assert len(SIGNS) == 4
    assert confidence(signs([weak, strong], odds)) > confidence(signs([weak], odds[:1]))


def test_nothing_reaches_a_threshold_of_one(index: CourseIndex, grounder: Grounder) -> None:
    evidence = find_evidence("When did Mao Zedong die?", index, everything(index), grounder, 1.0)
    assert (evidence.chosen, evidence.reason) == ((), "not_in_course")


def test_chosen_sentences_stand_in_source_order_and_are_at_most_three(index: CourseIndex, grounder: Grounder) -> None:
    evidence = find_evidence("What happened to China's harvests and people?", index, everything(index), grounder, 0.0)
    starts = [candidate.sentence.start for candidate in evidence.chosen]
    assert starts == sorted(starts)
    assert 1 <= len(starts) <= 3


def test_what_the_course_never_mentions_is_named(index: CourseIndex, grounder: Grounder) -> None:
    evidence = find_evidence("What did Lenin say in 1812?", index, everything(index), grounder, 1.0)
    assert evidence.unmentioned == ("Lenin", "1812")


@pytest.mark.parametrize(
    ("question", "absent"),
    [
        ("Who was Mao's teacher?", []),
        ("Did Nikita Khrushchev meet Mao?", ["Nikita Khrushchev"]),
        ("When did Mao die?", []),
        ("Write me a poem.", []),
        ("What happened to Lenin in 1812?", ["Lenin", "1812"]),
        ("What does the FAQ say of 2 things?", []),
        ("¿Cuándo did Mao die?", []),
    ],
)
def test_only_names_and_years_are_said_to_be_missing(question: str, absent: list[str]) -> None:
    held = {"mao": 5, "die": 2, "meet": 1, "did": 1}
    assert unmentioned(question, held, "en") == absent


def test_who_the_course_never_mentions_is_not_asked_after(index: CourseIndex, grounder: Grounder) -> None:
    evidence = find_evidence("Did Khrushchev support Mao Zedong?", index, everything(index), grounder, 0.0)
    assert (evidence.chosen, evidence.reason, evidence.unmentioned) == ((), "not_in_course", ("Khrushchev",))
    assert evidence.confidence == 0.0


def test_how_sure_it_is_that_the_course_answers_is_told(index: CourseIndex, grounder: Grounder) -> None:
    def sure(question: str) -> float:
        found = find_evidence(question, index, everything(index), grounder, 0.5).confidence
        assert found is not None
        return found

    assert sure("Who was Mao's dentist?") < 0.5 < sure("When did Mao Zedong die?") <= 1.0


def test_no_two_chosen_sentences_say_the_same(index: CourseIndex, grounder: Grounder) -> None:
    evidence = find_evidence("When did Mao Zedong die?", index, everything(index), grounder, 0.0)
    texts = [" ".join(sorted(set(candidate.text.lower().split()))) for candidate in evidence.chosen]
    assert len(texts) == len(set(texts))


def test_the_nearest_come_from_different_passages(index: CourseIndex, grounder: Grounder) -> None:
    evidence = find_evidence("Who was Mao's teacher?", index, everything(index), grounder, 1.0)
    assert len({candidate.passage for candidate in evidence.nearest}) == len(evidence.nearest) == 3


def test_a_question_with_no_word_of_the_course_is_off_topic(index: CourseIndex, grounder: Grounder) -> None:
    assert (
        find_evidence("Which guitar strings sound brightest?", index, everything(index), grounder, 0.9).reason
        == "off_topic"
    )


def test_a_section_asked_for_by_its_heading_is_answered_from_its_beginning(
    index: CourseIndex, grounder: Grounder
) -> None:
    evidence = find_evidence("Tell me about “Key dates”", index, everything(index), grounder, 1.0)
    assert {candidate.sentence.section[-1] for candidate in evidence.chosen} == {"Key dates"}
    assert evidence.reason is None
