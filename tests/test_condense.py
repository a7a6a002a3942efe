"""Follow-ups: what is rewritten, and what stands alone already."""

from __future__ import annotations

import pytest

from tutor.condense import is_faithful, names, needs_model, standalone, topic
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


def test_thanks_are_not_what_a_follow_up_is_about() -> None:
    assert after("When did Mao die?", "Thanks!", "And Stalin?") == "When did Stalin die?"


def test_the_last_question_asked_again_is_not_rewritten_against_itself() -> None:
    assert after("Who led this campaign?", "Who led this campaign?") == "Who led this campaign?"


# --- what a chat model may rewrite -----------------------------------------------------------------------------------

LEAP = "What was the Great Leap Forward?"
SAID = [
    Turn(
        LEAP,
        LEAP,
        "The Great Leap Forward was Mao Zedong’s attempt to transform China [1]. Sparrows were killed [2]. Up to 40 "
        "million people died [3]. The first plan began in 1953, the second plan in 1958.",
    )
]


@pytest.mark.parametrize(
    "question",
    [
        "How many died?",
        "What were the consequences?",
        "And the reasons?",
        "Who won?",
        "What followed a few years later?",
        "the sparrows?",
        "Which one was longer?",
        "Tell me about the second one.",
        "Why is that important?",
        "Was that the end?",
        "Did Stalin like it?",
        "Who was the president of this country?",
        "and then?",
        "Write me a poem about it",
        "¿Y por qué?",
        "Warum?",
        "为什么？",
        "لماذا؟",
    ],
)
def test_what_points_back_or_has_no_topic_needs_a_model(question: str) -> None:
    assert needs_model(question, SAID)
    assert not needs_model(question, [])


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "What is the capital of France and what is its population?",
        "What is photosynthesis?",
        "How do I bake a cake and ice it?",
        "Can my aunt from Vienna bake chocolate cakes like that?",
        "Who is Einstein?",
        "Einstein?",
        "chocolate cake",
        "What is your name?",
        "What is the weather?",
        "Tell me a joke",
        "When Mao launched his plan, who helped him?",
        "Is it true that Stalin died in 1953?",
        "Did Mao say that pigs fly?",
        "When did Pilger say he believed it was true?",
        "Did Stalin like his wife?",
        "What was the first Five-Year Plan?",
        "What became of those who spoke?",
        "Who was Mao?",
        "Why?",
        "What about Stalin?",
        "How old was he?",
        "?",
    ],
)
def test_a_question_with_its_own_topic_or_that_the_rules_resolve_needs_none(question: str) -> None:
    assert not needs_model(question, SAID)


def test_after_a_question_about_a_person_his_may_be_that_persons() -> None:
    question = "Did China use his ideas?"
    assert needs_model(question, [Turn("Who was Lysenko?", "Who was Lysenko?", "")])
    assert not needs_model(question, SAID)


def test_after_nothing_but_a_greeting_no_model_is_needed() -> None:
    assert not needs_model("How many died?", [Turn("Hello!", "Hello!", "Hello.")])


@pytest.mark.parametrize(
    ("question", "rewritten"),
    [
        ("How many died?", "How many people died in the Great Leap Forward?"),
        ("How many died?", "How many died?"),
        ("What were the consequences?", "What were the consequences of the Great Leap Forward?"),
        ("When did the second one begin?", "When did the second plan begin?"),
        ("Did Stalin like it?", "Did Stalin like the Great Leap Forward?"),
        ("Why is that important?", "Why is Mao Zedong's attempt to transform China important?"),
        ("What about the sparrows?", "Who killed the sparrows?"),
        ("Why?", "Why did 40 million people die?"),
        ("Why not?", "Why was China not transformed?"),
        ("Tell me the reasons", "Tell me the reasons for the Great Leap Forward."),
        ("Ok, and the second one?", "Was the second plan a Great Leap Forward?"),
        ("What was it again?", LEAP),
        (LEAP, LEAP),
    ],
)
def test_a_rewriting_in_the_words_of_the_conversation_is_faithful(question: str, rewritten: str) -> None:
    assert is_faithful(rewritten, question, SAID, "en")


@pytest.mark.parametrize(
    ("question", "rewritten", "why"),
    [
        ("How many died?", "How many sheep died in the Great Leap Forward?", "a word of its own"),
        ("What were the consequences?", "What were the consequences of the French Revolution?", "another topic"),
        ("Why?", "Why did 45 million people die?", "another number"),
        ("Why?", "Why did 3 people die?", "the number of a marker"),
        ("What is the capital of France?", "What is the capital of China?", "a word lost"),
        ("Did Stalin like it?", "What did Mao Zedong transform?", "another question"),
        ("How many died?", "Who died in the Great Leap Forward?", "another question word"),
        ("Why?", "Why were sparrows not killed?", "a negation made up"),
        ("Why not?", "Why were sparrows killed?", "a negation lost"),
        ("Which one?", LEAP, "the last question once more"),
        ("Why?", "Why were sparrows killed? Who died?", "two questions"),
        ("Why?", "Why were sparrows killed. People died?", "two sentences"),
        ("Why?", "Why were sparrows killed?\nWhy?", "two lines"),
        ("Why?", "Sparrows were killed, that is why.", "no question"),
        ("Why?", "Why were **sparrows** killed?", "markup"),
        ("Why?", "Why were <b>sparrows</b> killed?", "markup"),
        ("Why?", "Why were [sparrows](killed) killed?", "markup"),
        ("Why?", "Why were sparrows killed://china?", "an address"),
        ("Why?", "Why were sparrows@china killed?", "an address"),
        ("Why?", "Why were sparrows.killed?", "an address"),
        ("Why?", "Why were sparrows killed\u202e?", "a control character"),
        ("Why?", "Why were sparrows\u0000 killed?", "a control character"),
        ("Why?", "Why were sparrows killed 🙂?", "a picture"),
        ("Why?", "Why " + "people " * 60 + "?", "too many words"),
        ("Why?", "Why " + "Sparrows-" * 45 + "?", "too many characters"),
        ("Why?", "?", "nothing"),
        ("Why?", "", "nothing"),
    ],
)
def test_a_rewriting_that_says_more_or_less_is_refused(question: str, rewritten: str, why: str) -> None:
    assert not is_faithful(rewritten, question, SAID, "en"), why


def test_an_abbreviation_ends_no_sentence() -> None:
    said = [Turn("Who was Dr. Li?", "Who was Dr. Li?", "Dr. Li of St. Petersburg met J. Edgar in the U.S. embassy.")]
    assert (
        is_faithful("Why did Dr. Li of St. Petersburg meet J. Edgar in the U.S. embassy?", "Why?", said, "en") is False
    )
    assert is_faithful("Why was Dr. Li of St. Petersburg in the U.S. embassy?", "Why?", said, "en")


def test_words_that_only_put_the_question_may_be_new_in_other_languages() -> None:
    said = [Turn("¿Por qué fracasó la cosecha?", "¿Por qué fracasó la cosecha?", "La lluvia cayó en 1958.")]
    assert is_faithful("¿Cuándo fracasó la cosecha?", "¿Y cuándo?", said, "es")
    assert not is_faithful("¿Cuándo murió Mao?", "¿Y cuándo?", said, "es")
