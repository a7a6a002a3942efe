"""The grounder's scripts: what is drawn to train on, what is measured, and that they run from end to end."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from evals.grounding import average, calibrate, details, export, measure, restore, train
from evals.grounding.calibrate import Case, calibration_error, decided_right, highest_threshold
from evals.grounding.examples import Examples, Pair, Row, heading_of, held_out, in_context, kind_of, read_rows
from evals.grounding.vectors import vectors_of
from evals.grounding.wordnet import WordNet
from tutor.settings import Settings

RAIN = ("Rain fell in Oslo in 1951.", "Nobody in Bergen had seen the like.", "Anna Berg measured 40 litres.")
HAIL = ("Hail broke every window of Rome.", "It was a cold day in May.", "Paul Klee painted it.")


def row(question: str, sentences: tuple[str, ...], *answers: int, title: str = "Rain") -> Row:
    return Row(question, sentences, frozenset(answers), title, "selqa")


ROWS = [
    row("When did rain fall in Oslo?", RAIN, 0),
    row("Who measured the litres for Anna Berg?", RAIN, 2),
    row("What broke the windows of Rome?", HAIL, 0, title="Hail"),
]


@pytest.fixture
def examples() -> Examples:
    """Examples of three rows, whose vectors are chance."""
    chance = np.random.default_rng(1)
    texts = {text for r in ROWS for text in (r.question, *r.sentences)}
    return Examples(ROWS, {text: chance.normal(size=8).astype(np.float32) for text in sorted(texts)}, seed=3)


def test_the_first_pair_answers_and_no_other_does(examples: Examples) -> None:
    for pairs in examples.epoch({}):
        assert [pair.answers for pair in pairs if not pair.swapped][1:] == [False] * sum(
            not p.swapped for p in pairs[1:]
        )
        assert pairs[0].answers


def test_an_epoch_asks_every_question_once_and_a_share_asks_fewer(examples: Examples) -> None:
    assert len(list(examples.epoch({}))) == 3
    assert list(examples.epoch({"selqa": 0.0})) == []


def test_a_swapped_question_keeps_its_sentence_and_loses_what_they_shared(examples: Examples) -> None:
    swapped = {examples.swap(ROWS[0], 0, "") for _ in range(50)} - {""}
    assert len(swapped) > 3
    assert ROWS[0].question not in swapped
    assert all(question.startswith(("When", "when")) for question in swapped)


def test_a_typing_error_is_one_letter(examples: Examples) -> None:
    made = {examples.misspell("measured") for _ in range(50)}
    assert all(abs(len(word) - len("measured")) <= 1 for word in made)
    assert len(made) > 5
    assert examples.misspell("one two") == "one two"


@pytest.mark.parametrize(
    ("word", "kind"), [("1951", "year"), ("40", "number"), ("1.5", "number"), ("Oslo", "name"), ("rain", "word")]
)
def test_a_word_is_replaced_by_its_like(word: str, kind: str) -> None:
    assert kind_of(word) == kind


def test_the_context_is_heading_and_sentence_before() -> None:
    assert in_context("Rain", "It fell.") == "Rain. It fell."
    assert in_context("", "It fell.") == "It fell."
    assert heading_of(row("?", RAIN, 0, title="the-rain-maker")) == "the rain maker"
    assert heading_of(Row("?", RAIN, frozenset(), "nqg-3", "squad-nqg")) == ""


def test_the_same_titles_are_always_held_out() -> None:
    titles = [f"title {n}" for n in range(2400)]
    assert 150 < sum(map(held_out, titles)) < 250
    assert list(map(held_out, titles)) == list(map(held_out, titles))


def test_average_precision_by_hand() -> None:
    assert measure.average_precision([True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert measure.average_precision([False, False, True]) == pytest.approx(1 / 3)


def test_selection_ranks_the_sentences_of_each_passage() -> None:
    found = measure.selection(ROWS[:2], lambda pairs: np.array([float(p.sentence == RAIN[0]) for p in pairs]))
    assert found == pytest.approx(((1 + 1 / 3) / 2, (1 + 1 / 3) / 2))


def test_decisions_by_hand() -> None:
    answerable = Case("a", True, [(0.0,), (0.0,)], [True, False])
    other = Case("a", True, [(0.0,)], [False])
    scores = [np.array([0.9, 0.1]), np.array([0.4])]
    assert decided_right([answerable, other], scores, [0.9, 0.4], 0.5) == (1.0, 1.0)
    assert decided_right([answerable, other], scores, [0.9, 0.4], 0.3) == (1.0, 0.0)
    assert decided_right([answerable, other], [scores[0][::-1], scores[1]], [0.9, 0.4], 0.5) == (0.0, 1.0)


def test_the_threshold_is_the_highest_that_refuses_few_enough_of_the_answerable() -> None:
    cases = [Case("a", True, [(0.0,)], [answers]) for answers in (True, True, True, True, False)]
    sure = [0.9, 0.8, 0.7, 0.4, 0.99]
    assert highest_threshold(cases, sure, 0.25) == 0.7
    assert highest_threshold(cases, sure, 0.24) == 0.4


def test_calibration_error_by_hand() -> None:
    assert calibration_error(np.array([0.25, 0.25, 0.95]), np.array([0.0, 1.0, 1.0])) == pytest.approx(
        (0.25 * 2 + 0.05) / 3
    )


def test_vectors_are_kept_between_runs(tmp_path: Path, settings: Settings) -> None:
    cache = tmp_path / "vectors.npy"
    made = vectors_of(["Rain fell.", "Why?"], settings, cache)
    kept = vectors_of(["Rain fell.", "Why?"], settings, cache)
    assert np.allclose(made["Why?"], kept["Why?"], atol=1e-3)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        vectors_of(["Why?"], settings, cache)


@pytest.mark.slow
def test_training_measuring_exporting_and_calibrating_run_from_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(5)
    words = ["rain", "hail", "storm", "river", "harvest", "village", "grain", "winter", "summer", "iron"]
    lines = []
    for n in range(120):
        sentences = [f"The {draw.choice(words)} of year {1900 + n} met the {draw.choice(words)}." for _ in range(4)]
        lines.append(
            {"question": f"What met the {sentences[0].split()[-1][:-1]} in {1900 + n}?", "sentences": sentences,
             "answers": [] if n % 7 == 6 else [0], "title": f"Title {n}",
             "origin": ("selqa", "clapnq", "fairytaleqa")[n % 3]}
        )  # fmt: skip
    for name in ("train", "dev"):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    assert len(read_rows(tmp_path / "dev.jsonl.gz")) == 120
    train.main(tmp_path, tmp_path / "checkpoint", steps=2)
    measure.main(tmp_path, tmp_path / "checkpoint", most=5)
    export.main(tmp_path / "checkpoint", tmp_path / "grounder.onnx")
    calibrate.main(tmp_path)
    printed = capsys.readouterr().out
    assert "MAP" in printed
    assert "grounder.onnx (23" in printed
    assert "INTERCEPT" in printed


# --- questions for a detail ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "made"),
    [
        ("In the war, 300 soldiers guarded the old bridge.", ("How many soldiers guarded the old bridge?", True)),
        ("Brave soldiers guarded the old bridge.", ("How many soldiers guarded the old bridge?", False)),
        ("Some of the soldiers guarded the bridge, all told.", None),  # "all" is an answer of a kind
        ("He always guarded the bridge.", None),
    ],
)
def test_how_many_is_asked_where_something_is_counted_or_could_be(sentence: str, made: tuple[str, bool] | None) -> None:
    assert details.counted(sentence) == made


def test_a_detail_is_asked_of_a_sentence_that_gives_or_lacks_it() -> None:
    draw = random.Random(1)
    dated, undated = "The tower was built in 1951.", "The tower was painted green."
    made = {details.detail([sentence], draw) for sentence in (dated, undated) for _ in range(60)} - {None}
    asked = {(question, answers) for _, question, answers in filter(None, made)}
    assert ("When was the tower built?", True) in asked
    assert ("When was the tower painted green?", False) in asked
    assert not any(answers for question, answers in asked if "painted" in question)


def test_a_question_is_turned_to_what_its_sentence_lacks() -> None:
    draw = random.Random(1)
    turned = {details.turned("When did the tower fall?", "The tower fell in May.", draw) for _ in range(30)}
    assert turned == {"Why did the tower fall?", "How often did the tower fall?"}
    assert details.turned("Who built it?", "Ann built it.", draw) == ""


def test_what_ships_can_be_trained_further(tmp_path: Path) -> None:
    restore.main(tmp_path)
    pairs = [Pair("When did rain fall?", s, "", False) for s in RAIN]
    again, shipped = measure.checkpoint_scorer(tmp_path)(pairs), measure.shipped_scorer()(pairs)
    assert np.abs(again - shipped).max() < 0.6  # int8 rounds what is multiplied, too
    assert list(np.argsort(again)) == list(np.argsort(shipped))


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.25, 2.0), (1.0, 5.0)])
def test_an_average_lies_between_two_checkpoints(share: float, value: float, tmp_path: Path) -> None:
    for name, weight in (("old", 1.0), ("new", 5.0)):
        (tmp_path / name).mkdir()
        save_file({"w": torch.full((2,), weight)}, tmp_path / name / average.WEIGHTS)
        (tmp_path / name / "config.json").write_text(name)
    average.main(tmp_path / "old", tmp_path / "new", tmp_path / "out", share)
    assert load_file(tmp_path / "out" / average.WEIGHTS)["w"].tolist() == [value, value]
    assert (tmp_path / "out" / "config.json").read_text() == "new"


def test_who_did_it_is_asked_of_sentences_that_say_so_and_of_those_that_do_not() -> None:
    said = details._done_by("The bridge was built by Anna Berg in 1890.")
    assert said == ("Who built the bridge?", True)
    assert details._done_by("The bridge was built in 1890.") == ("Who built the bridge in 1890?", False)
    assert details._done_by("The bridge was wide.") is None
    assert details._done_by("When the bridge was built, it rained.") is None


# --- WordNet ---------------------------------------------------------------------------------------------------------

FOLDER = Path("/usr/share/wordnet")
with_wordnet = pytest.mark.skipif(not FOLDER.is_dir(), reason="Debian's package wordnet-base is not installed")


@pytest.fixture(scope="module")
def wordnet() -> WordNet:
    said = "barley rice wheat spouse partner husband inferior splendid dwellings homes instructor instructors"
    return WordNet(frozenset(said.split()), FOLDER)


@with_wordnet
@pytest.mark.parametrize(
    ("word", "same", "other"),
    [
        ("wife", {"spouse", "partner"}, {"husband"}),
        ("wheat", set(), {"barley", "rice"}),
        ("excellent", {"splendid"}, {"inferior"}),
        ("houses", {"dwellings", "homes"}, set()),
        ("teachers", {"instructors"}, set()),
        ("qwertyuiop", set(), set()),
    ],
)
def test_words_of_the_same_and_of_another_meaning(word: str, same: set[str], other: set[str], wordnet: WordNet) -> None:
    assert set(wordnet.same(word)) == same
    assert set(wordnet.other(word)) == other


@with_wordnet
def test_questions_are_reworded_and_turned_to_something_else(examples: Examples, wordnet: WordNet) -> None:
    examples.wordnet = wordnet
    reworded = {examples.reworded("Who was the wife of Paul?") for _ in range(60)}
    assert reworded <= {f"Who was the {word} of Paul?" for word in ("wife", "spouse", "partner")}
    assert len(reworded) == 3
    opposed = {examples.opposed("Who was the wife of Paul?", "Anna was the wife of Paul.") for _ in range(20)}
    assert opposed == {"", "Who was the husband of Paul?"}
    assert {examples.opposed("Who was the wife of Paul?", "Her husband was Paul.") for _ in range(20)} == {""}


def test_without_wordnet_no_question_is_reworded(examples: Examples) -> None:
    assert {examples.reworded("Who was the wife of Paul?") for _ in range(20)} == {"Who was the wife of Paul?"}
    assert examples.opposed("Who was the wife of Paul?", "Anna was.") == ""
