"""The grounder: the real model, what it tells apart, and that only the pinned file is loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tutor import grounder as module
from tutor.embedder import unpack_builtin_model
from tutor.errors import SetupError
from tutor.grounder import MODEL, MODEL_SHA256, Grounder, InContext, load_grounder
from tutor.settings import Settings

DIED = InContext("Mao Zedong died on September 9, 1976.", "Mao Zedong")


@pytest.fixture(scope="module")
def tokenizer() -> Path:
    return unpack_builtin_model(Settings.load(home=Path("unused")).cache) / "tokenizer.json"


@pytest.fixture(scope="module")
def grounder(tokenizer: Path) -> Grounder:
    return load_grounder(tokenizer)


def test_the_sentence_that_answers_is_above_its_neighbours(grounder: Grounder) -> None:
    sentences = [
        InContext("Mao was born in a village in Hunan.", "Mao Zedong"),
        DIED,
        InContext("The Soviet Union was held up as the model.", "Mao Zedong"),
    ]
    found = grounder.logits("When did Mao die?", sentences)
    assert int(np.argmax(found)) == 1
    assert found[1] > 0


@pytest.mark.parametrize("question", ["When did Lenin die?", "Where was Mao born?", "Who won the cup in 1998?"])
def test_a_question_about_something_else_is_less_answered(grounder: Grounder, question: str) -> None:
    (asked,), (other,) = (grounder.logits(q, [DIED]) for q in ("When did Mao die?", question))
    assert other < asked - 1


def test_a_score_does_not_depend_on_what_else_is_read(grounder: Grounder) -> None:
    sentences = [DIED, *(InContext(f"In {year} the harvest failed again in the north.") for year in range(1950, 1970))]
    together = grounder.logits("When did Mao die?", sentences)
    assert np.array_equal(together, grounder.logits("When did Mao die?", sentences[::-1])[::-1])
    assert together[0] == grounder.logits("When did Mao die?", [DIED])[0]


def test_nothing_is_asked_of_nothing(grounder: Grounder) -> None:
    assert grounder.logits("When?", []).shape == (0,)


def test_the_longest_question_is_read_without_complaint(grounder: Grounder) -> None:
    assert np.isfinite(grounder.logits("why " * 2000, [InContext("because " * 2000, "x " * 900, "y " * 900)])).all()


def test_everyday_words_are_known_and_misspellings_are_not(grounder: Grounder) -> None:
    assert all(word in grounder.vocabulary for word in ("teacher", "lenin", "moon"))
    assert grounder.vocabulary["war"] < grounder.vocabulary["penguin"]
    assert not any(word in grounder.vocabulary for word in ("revolutoin", "comunes", "propoganda"))


def test_the_pinned_file_is_the_one_that_ships() -> None:
    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() == MODEL_SHA256
    assert MODEL.stat().st_size < 30_000_000


def test_another_file_is_refused(tokenizer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "grounder.onnx").write_bytes(MODEL.read_bytes()[:-1])
    monkeypatch.setattr(module, "MODEL", tmp_path / "grounder.onnx")
    load_grounder.cache_clear()
    with pytest.raises(SetupError, match=r"not the pinned one .* Reinstall"):
        load_grounder(tokenizer)
    monkeypatch.setattr(module, "MODEL", tmp_path / "gone.onnx")
    with pytest.raises(SetupError, match=r"gone\.onnx is missing .* Reinstall"):
        load_grounder(tokenizer)
