"""Support: a probability by meaning that a claim is supported by what it cites, in the one direction for each sign."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tutor.embedder import Embedder
from tutor.grounder import Grounder
from tutor.support import FEATURES, THRESHOLD, WEIGHTS, support
from tutor.tutor import Tutor
from tutor.verifying import verify

WRITTEN = [json.loads(line) for line in (Path(__file__).parent / "support.jsonl").read_text().splitlines()]
SPAN = "The steel of the farmers was useless because it was made from pots and pans."


@pytest.fixture(scope="module")
def grounder(lesson_tutor: Tutor) -> Grounder:
    return lesson_tutor.grounder


def score(claim: str, *spans: str, embedder: Embedder, grounder: Grounder) -> float:
    return support(claim, spans, embedder, grounder, "en")


@pytest.mark.parametrize(
    "claim",
    [
        "The steel of the farmers was useless",
        "The farmers' steel was useless because it was made from pots and pans",
        "Because it was made from pots and pans, the steel was useless",
    ],
)
def test_a_close_rewording_is_supported(claim: str, embedder: Embedder, grounder: Grounder) -> None:
    assert score(claim, SPAN, embedder=embedder, grounder=grounder) >= THRESHOLD


@pytest.mark.parametrize(
    "claim",
    [
        "The steel of the farmers was sold to foreign traders for gold and silver",
        "The farmers were punished with long years in prison",
        "Sparrows ate the grain of the villages",
    ],
)
def test_what_the_sentence_does_not_say_is_not(claim: str, embedder: Embedder, grounder: Grounder) -> None:
    assert score(claim, SPAN, embedder=embedder, grounder=grounder) < THRESHOLD


def test_another_sentence_that_says_nothing_of_it_helps_no_claim(embedder: Embedder, grounder: Grounder) -> None:
    claim = "The steel of the farmers was sold to foreign traders"
    other = "Zhou Enlai visited twelve villages in the spring of 1960."
    alone = score(claim, SPAN, embedder=embedder, grounder=grounder)
    assert score(claim, SPAN, other, embedder=embedder, grounder=grounder) <= alone + 0.05


@pytest.mark.parametrize(("claim", "spans"), [("", (SPAN,)), ("  ", (SPAN,)), ("Steel", ()), ("word " * 400, (SPAN,))])
def test_nothing_is_supported_by_nothing(
    claim: str, spans: tuple[str, ...], embedder: Embedder, grounder: Grounder
) -> None:
    assert score(claim, *spans, embedder=embedder, grounder=grounder) == 0


def test_each_sign_counts_in_its_own_direction() -> None:
    signs = dict(zip(FEATURES, WEIGHTS, strict=True))
    assert max(signs["strange"], signs["strangest"]) <= 0 <= min(signs["piece"], signs["grounder"])


def test_of_false_claims_written_by_hand_few_pass_rules_and_score(embedder: Embedder, grounder: Grounder) -> None:
    false = [pair for pair in WRITTEN if not pair["supported"]]

    def passes(pair: dict[str, Any]) -> bool:
        shown = dict(enumerate(pair["spans"], start=1))
        return verify(
            pair["claim"], list(shown), shown, lambda c, s: support(c, s, embedder, grounder, "en") >= THRESHOLD, "en"
        ).reason is None  # fmt: skip

    assert len(false) >= 50
    assert sum(map(passes, false)) / len(false) <= 0.12
