"""Manner: which words ask for another kind of answer, and which are what the question is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st

from tutor.manner import manner_of
from tutor.types import Manner, Turn

ASKED = "Why did the harvest fail?"
TURNS = (Turn("Why?", ASKED, "Rain fell."),)
DATASETS = Path(__file__).parents[1] / "evals" / "datasets"


def requests(manner: Manner, *messages: str) -> list[tuple[str, Manner]]:
    """Return each message with the manner that it asks for."""
    return [(message, manner) for message in messages]


@pytest.mark.parametrize(
    ("message", "manner"),
    [
        *requests(
            "simpler",
            "Simpler, please",
            "please, simpler",
            "can you explain that in simpler words?",
            "Could you say that in plain English?",
            "I don't get it",
            "I still don’t understand",
            "Sorry, I didn't understand your last answer.",
            "explain like I'm five",
            "Explain it like I'm 5 years old",
            "eli5",
            "That's too complicated for me, can you simplify it?",
            "What do you mean?",
            "Is there a simpler way to put it?",
        ),
        *requests(
            "detailed",
            "more detail please",
            "tell me more",
            "Tell me a bit more about that.",
            "go deeper",
            "Could you please go into more detail about that?",
            "Please elaborate.",
            "And more about it?",
            "What else?",
            "more!",
        ),
        *requests(
            "example",
            "an example from the text?",
            "give me an example",
            "Can I have an example, please?",
            "Do you have an example of that from the course?",
            "For example?",
        ),
        *requests(
            "one_sentence",
            "in one sentence",
            "And in one sentence?",
            "Ok, but shorter please",
            "short version",
            "TL;DR",
            "briefly",
            "Keep it short.",
            "Can you sum that up?",
        ),
    ],
)
def test_a_message_that_is_only_a_request_asks_the_last_question_again(message: str, manner: Manner) -> None:
    assert manner_of(message, TURNS) == (manner, ASKED)


@pytest.mark.parametrize(
    ("message", "manner"),
    [
        *requests("simpler", "más simple, por favor", "No entiendo", "explícalo con palabras sencillas"),
        *requests("simpler", "plus simple, s'il te plaît", "je ne comprends pas", "en termes plus simples"),
        *requests("simpler", "einfacher bitte", "Kannst du das einfacher erklären?", "Das verstehe ich nicht."),
        *requests("simpler", "简单一点", "能简单一点吗？", "簡單一點", "我不懂", "用简单的语言解释一下"),
        *requests("simpler", "بشكل أبسط", "اشرح ببساطة من فضلك", "لم أفهم", "بسّط ذلك"),
        *requests("detailed", "más detalles", "Cuéntame más", "plus de détails", "dis-m'en plus"),
        *requests("detailed", "mehr Details", "Etwas ausführlicher, bitte", "详细一点", "请继续", "المزيد من التفاصيل"),
        *requests("example", "¿Puedes dar un ejemplo?", "un exemple du texte ?", "Ein Beispiel aus dem Text bitte"),
        *requests("example", "举个例子", "可以给我一个例子吗", "أعطني مثالاً من فضلك", "مثال من النص"),
        *requests("one_sentence", "en una frase", "y en una frase, por favor", "en une phrase", "En bref"),
        *requests("one_sentence", "in einem Satz", "kurz gesagt", "请用一句话概括", "في جملة واحدة", "باختصار"),
    ],
)
def test_it_may_be_said_in_other_languages(message: str, manner: Manner) -> None:
    assert manner_of(message, TURNS) == (manner, ASKED)


@pytest.mark.parametrize(
    ("message", "manner", "question"),
    [
        ("Why did the harvest fail, in one sentence?", "one_sentence", ASKED),
        ("Why did the harvest fail in one sentence?", "one_sentence", ASKED),
        ("Why did the harvest fail (in one sentence)?", "one_sentence", ASKED),
        ("In one sentence why did the harvest fail?", "one_sentence", ASKED),
        ("Briefly, who was Mao?", "one_sentence", "Who was Mao?"),
        ("Short answer: who was Mao?", "one_sentence", "Who was Mao?"),
        ("Answer in one sentence: who was Mao?", "one_sentence", "Who was Mao?"),
        ("Can you briefly explain what a commune is?", "one_sentence", "Can you explain what a commune is?"),
        ("Sparrows in one sentence", "one_sentence", "Sparrows"),
        ("What does the text say about pigs in one sentence?", "one_sentence", "What does the text say about pigs?"),
        ("Give me a brief explanation of the famine", "one_sentence", "Give me an explanation of the famine"),
        ("A short summary of the plan, please", "one_sentence", "A summary of the plan, please"),
        ("In simple words: what were communes?", "simpler", "What were communes?"),
        ("Tell me in plain English who Mao was.", "simpler", "Tell me who Mao was."),
        ("Explain communes like I'm five", "simpler", "Explain communes"),
        ("Explain to a child why sparrows were killed", "simpler", "Explain why sparrows were killed"),
        ("I don't get it. Why did they melt pots?", "simpler", "Why did they melt pots?"),
        ("Explain in detail how the furnaces worked", "detailed", "Explain how the furnaces worked"),
        ("Explain, in detail, how the furnaces worked", "detailed", "Explain how the furnaces worked"),
        ("Describe the communes in detail.", "detailed", "Describe the communes."),
        ("Tell me more about the communes", "detailed", "Tell me about the communes"),
        ("Can you give me more details on Lysenko?", "detailed", "Tell me about Lysenko?"),
        ("What is a commune? Give an example from the text.", "example", "What is a commune?"),
        ("Give me an example: what lies were told?", "example", "What lies were told?"),
        ("What did the propaganda claim, for example?", "example", "What did the propaganda claim?"),
        ("Give an example of a slogan", "example", "Give an example of a slogan"),
        ("Explain the plan in simple terms, with an example.", "example", "Explain the plan."),
        ("Why, in one sentence?", "one_sentence", "Why?"),
        ("And Stalin, briefly?", "one_sentence", "And Stalin?"),
        ("¿Por qué fracasó la cosecha, en una frase?", "one_sentence", "¿Por qué fracasó la cosecha?"),
        ("用一句话，为什么收成不好？", "one_sentence", "为什么收成不好？"),
    ],
)
def test_a_question_loses_the_words_that_say_how_to_answer_it(message: str, manner: Manner, question: str) -> None:
    assert manner_of(message, TURNS) == (manner, question)
    assert manner_of(message, ()) == (manner, question)


@pytest.mark.parametrize(
    "question",
    [
        "Was there a simpler way to make steel?",
        "What example did Dazhai set?",
        "Did Dazhai set an example?",
        "How many sentences did he write in one sentence?",
        "What did Mao say in plain language?",
        "Was the plan written in simple words?",
        "Who ruled briefly?",
        "Was the second plan simpler, more detailed or longer?",
        "Which plan was longer, more detailed?",
        "Why did they plow deeper?",
        "Did the peasants want more?",
        "How detailed was the plan?",
        "What details did he give?",
        "Did they explain the plan in detail?",
        "Explain in brief periods what happened",
        "In short supply, what did people eat?",
        "Was Mao, in short, a dictator?",
        "What does “in one sentence” mean?",
        'What did he mean by "briefly"?',
        "“Briefly”, what does it mean?",
        "Who told Mao to keep it short?",
        "Why was it not, in one sentence or two, a failure?",
        "What was wrong and what was not in one sentence",
        "Why did peasants (in detail",
        "No more details please",
        "I don't understand the plan",
        "What does that mean?",
        "Can you explain that?",
        "Why?",
        "And Stalin?",
        "thanks",
        "more food?",
        "🙂",
        "?!",
        "",
    ],
)
def test_a_question_about_such_things_stays_as_it_is(question: str) -> None:
    assert manner_of(question, TURNS) == ("plain", question)


@pytest.mark.parametrize("message", ["Simpler, please", "more", "in one sentence", "举个例子"])
def test_with_nothing_asked_before_a_request_is_a_message_like_any_other(message: str) -> None:
    thanked = (Turn("thanks", "thanks", "You are welcome."),)
    assert manner_of(message, ()) == manner_of(message, thanked) == ("plain", message)


def test_thanks_are_no_question_to_ask_again() -> None:
    turns = (*TURNS, Turn("Thanks!", "Thanks!", "You are welcome."))
    assert manner_of("Shorter, please.", turns) == ("one_sentence", ASKED)
    assert manner_of("Thanks! Now in one sentence, please.", TURNS) == ("one_sentence", ASKED)


def test_of_two_requests_the_last_one_counts() -> None:
    assert manner_of("Simpler, please, and in one sentence.", TURNS) == ("one_sentence", ASKED)


def test_only_so_many_requests_are_taken_off() -> None:
    manner, question = manner_of("Why did it fail?" + " In one sentence." * 6, TURNS)
    assert manner == "one_sentence"
    assert question == "Why did it fail? In one sentence. In one sentence."


@pytest.mark.parametrize(
    "file",
    [
        SHARED / "evals" / "great-leap-forward.jsonl",
        SHARED / "evals" / "sections" / "questions.jsonl",
        *sorted(DATASETS.glob("*.jsonl")),
    ],
    ids=lambda file: f"{file.parent.name}-{file.stem}",
)
def test_the_questions_of_the_evals_are_all_plain(file: Path) -> None:
    if not file.exists():
        pytest.skip("the shared question sets are not on this machine")
    questions = [json.loads(line)["question"] for line in file.read_text(encoding="utf-8").splitlines() if line]
    changed = [question for question in questions if manner_of(question, TURNS) != ("plain", question)]
    assert questions
    assert not changed


@given(
    st.lists(
        st.sampled_from(
            [
                "in one sentence",
                "simpler",
                "explain",
                "more about",
                "an example",
                "a brief summary",
                "Mao",
                "?",
                ",",
                "(",
                ")",
            ]
        )
        | st.text(max_size=6),
        max_size=12,
    )
)
def test_no_message_is_lost(pieces: list[str]) -> None:
    message = " ".join(pieces)
    manner, question = manner_of(message, TURNS)
    assert bool(question.strip()) is bool(message.strip())
    assert manner != "plain" or question == message
