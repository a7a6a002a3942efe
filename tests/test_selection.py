"""Selection: which sentences join the best one, with hand-made candidates."""

from __future__ import annotations

import pytest

from tutor.selection import asks_for_list, disagree, how_many_wanted, is_dangling, quantities, select
from tutor.types import BlockKind, Candidate, Manner, Sentence

FIRST, SECOND = (0, 500), (500, 1000)


def made(
    text: str, score: float, at: int, passage: tuple[int, int] = FIRST, kind: BlockKind = "paragraph"
) -> Candidate:
    """Return a candidate that begins at ``at``."""
    return Candidate("a.md", "sha256:1", "A", Sentence(at, at + len(text), kind, ("S",)), text, score, passage)


def texts(
    question: str, *candidates: Candidate, kind: str = "other", manner: Manner = "plain", language: str = "en"
) -> list[str]:
    """Return the texts of what is selected from ``candidates``."""
    ranked = sorted(candidates, key=lambda c: -c.score)
    return [c.text for c in select(question, kind, ranked, candidates, language, manner)]


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


# --- how the student asks to be answered -----------------------------------------------------------------------------

WEATHER = [
    made("Rain fell in Hunan.", 0.9, 0),
    made("Hail beat down the wheat.", 0.8, 50),
    made("Snow broke every tree.", 0.6, 100),
    made("Wind took the roofs.", 0.4, 150),
    made("Frost came late.", 0.3, 200),
    made("Fog hid the hills.", 0.25, 250),
    made("Clouds passed.", 0.1, 300),
]


def test_one_sentence_is_the_best_one_alone() -> None:
    assert texts("Why?", *WEATHER, manner="one_sentence") == ["Rain fell in Hunan."]


def test_one_sentence_rather_means_something_alone() -> None:
    pair = (made("Birds ate the grain.", 0.1, 0), made("They were killed.", 0.9, 30))
    assert texts("What happened?", *pair, manner="one_sentence") == ["They were killed."]
    nearly = made("Sparrows were killed.", 0.7, 60)
    assert texts("What happened?", *pair, nearly, manner="one_sentence") == ["Sparrows were killed."]


def test_one_sentence_is_one_even_where_a_list_is_asked_for() -> None:
    items = [made(w, 0.5 - n / 10, n * 40, kind="list_item") for n, w in enumerate(["Red and expert", "Work hard"])]
    assert texts("Which slogans does the text mention?", *items, manner="one_sentence") == ["Red and expert"]


def test_a_detailed_answer_is_longer_and_takes_what_is_less_good() -> None:
    assert len(texts("Why?", *WEATHER)) == 3
    assert texts("Why?", *WEATHER, manner="detailed") == [c.text for c in WEATHER[:5]]
    assert texts("Why?", WEATHER[0], WEATHER[5], manner="detailed") == [WEATHER[0].text, WEATHER[5].text]
    assert texts("Why?", WEATHER[0], WEATHER[6], manner="detailed") == [WEATHER[0].text]


def test_a_detailed_answer_keeps_its_limits_with_the_neighbours_that_it_brings() -> None:
    after = ["It ruined wheat.", "They flattened barley.", "This broke trees.", "These tore roofs."]
    pairs = []
    for n, (word, text) in enumerate(zip(["Rain", "Hailstones", "Snow", "Storms"], after, strict=True)):
        pairs += [made(f"{word} came.", 0.05, n * 100), made(text, 0.9, n * 100 + 50)]
    assert len(texts("Why?", *pairs, manner="detailed")) == 4
    long = [made(f"It {' '.join(w * n for n in range(1, 50))}", 0.9, m * 400) for m, w in enumerate("xyz")]
    assert [len(text.split()) for text in texts("Why?", *long, manner="detailed")] == [50, 50]


def test_a_detailed_list_is_as_long_as_a_plain_one_may_be() -> None:
    words = ["Walk", "Strike", "Work", "Build", "Plow", "Smelt", "Learn", "Sing"]
    items = [made(w, 0.5, n * 40, kind="list_item") for n, w in enumerate(words)]
    assert len(texts("Which slogans does the text mention?", *items, manner="detailed")) == 8


def test_what_gives_an_example_comes_before_what_is_better() -> None:
    lies = [
        made("Propaganda told many lies.", 0.9, 0),
        made("Lies were believed by all.", 0.8, 50),
        made("Lying was rewarded at once.", 0.7, 100),
        made("One report told of pumpkins as large as a cow.", 0.2, 150),
        made("Reporters wrote from Hunan of a miracle.", 0.5, 200),
    ]
    assert texts("What did propaganda tell?", *lies) == [lies[0].text, lies[1].text, lies[2].text]
    assert texts("What did propaganda tell?", *lies, manner="example") == [lies[0].text, lies[3].text, lies[4].text]


@pytest.mark.parametrize(
    "instance", ["Seeds, for example, were sown too densely.", "In 1958 alone 3 dams broke.", "Mao praised Dazhai."]
)
def test_what_counts_as_an_example(instance: str) -> None:
    good = (made("Much went wrong.", 0.9, 0), made("Plans were made in haste by all.", 0.8, 50))
    third = made("Nobody dared to object any longer.", 0.7, 100)
    chosen = texts("What went wrong?", *good, third, made(instance, 0.4, 150), manner="example")
    assert chosen == [good[0].text, good[1].text, instance]


def test_a_name_that_the_question_gives_is_no_example_and_nor_is_a_german_noun() -> None:
    three = [made(text, 0.9 - n / 10, n * 50) for n, text in enumerate(["Rain fell.", "All was lost.", "Frost bit."])]
    named = made("They blamed Mao.", 0.4, 200)
    assert named.text not in texts("What did Mao do?", *three, named, manner="example")
    noun = made("Dann kam die Ernte.", 0.4, 200)
    assert noun.text not in texts("Was geschah?", *three, noun, manner="example", language="de")


def test_a_simpler_answer_is_the_best_sentence() -> None:
    assert texts("Why?", *WEATHER, manner="simpler") == ["Rain fell in Hunan."]


def test_a_simpler_answer_is_one_much_shorter_where_that_is_nearly_as_good() -> None:
    long = made("Rain, which nobody had expected in that month, spoiled what stood in the fields.", 0.9, 0)
    assert texts("Why?", long, made("Rain spoiled the harvest.", 0.7, 100), manner="simpler") == [
        "Rain spoiled the harvest."
    ]
    assert texts("Why?", long, made("Rain spoiled the harvest.", 0.5, 100), manner="simpler") == [long.text]
    assert texts("Why?", long, made("It spoiled the harvest.", 0.8, 100), manner="simpler") == [long.text]


def test_a_simpler_answer_keeps_the_neighbour_that_explains_it() -> None:
    pair = (made("Birds ate the grain.", 0.1, 0), made("They were killed.", 0.9, 30))
    assert texts("What happened?", *pair, manner="simpler") == ["Birds ate the grain.", "They were killed."]


def test_a_simpler_answer_leaves_nothing_out_of_a_list_and_hides_no_other_figure() -> None:
    two = (made("Rain fell.", 0.9, 0), made("Hail fell.", 0.2, 20))
    assert texts("Name two kinds of weather.", *two, manner="simpler") == ["Rain fell.", "Hail fell."]
    both = made("40 million people died.", 0.9, 0), made("45 million people died.", 0.8, 600, SECOND)
    assert len(texts("How many people died?", *both, kind="number", manner="simpler")) == 2
