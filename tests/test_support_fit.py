"""Fitting the support score: claims made of real sentences, and weights that count in their own direction."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from evals.grounding import support as fitting
from evals.grounding.examples import Row, held_out
from evals.grounding.support import Claim, Claims, by_rules, fit, outcome, threshold_at, weights
from evals.grounding.wordnet import WordNet
from tutor.support import FEATURES
from tutor.tutor import Tutor

LESSON = Path(__file__).parents[1] / "knowledge" / "great-leap-forward" / "lesson.md"
WORDNET = Path("/usr/share/wordnet")
WRITTEN = Path(__file__).parent / "support.jsonl"
TITLES = [f"Title {n}" for n in range(2000) if held_out(f"Title {n}")]


def passages() -> list[tuple[str, ...]]:
    """Return six sentences at a time of the bundled lesson."""
    text = re.sub(r"^[#>*-].*$", "", LESSON.read_text(encoding="utf-8"), flags=re.MULTILINE)
    said = [" ".join(s.split()) for s in re.split(r"(?<=[.!?])\s+", text) if len(s.split()) > 5]
    return [tuple(said[at : at + 6]) for at in range(0, len(said) - 5, 2)]


def rows(origin: str = "fairytaleqa") -> list[Row]:
    asked = "Who launched the Great Leap Forward?"
    return [Row(asked, said, frozenset({0}), TITLES[n % len(TITLES)], origin) for n, said in enumerate(passages())]


@pytest.fixture(scope="module")
def wordnet(lesson_tutor: Tutor) -> WordNet | None:
    return WordNet(lesson_tutor.grounder.vocabulary, WORDNET) if WORDNET.is_dir() else None


@pytest.fixture(scope="module")
def made(wordnet: WordNet | None) -> list[Claim]:
    return list(Claims(rows(), 7, wordnet).made())


def test_claims_of_every_kind_are_made(made: list[Claim]) -> None:
    kinds = {(claim.supported, claim.kind) for claim in made}
    assert {(True, "shortened"), (True, "joined"), (False, "elsewhere"), (False, "continuation")} <= kinds
    assert {(False, "noun"), (False, "roles"), (False, "glued"), (False, "half"), (False, "added")} <= kinds


def test_a_shortened_sentence_says_less_of_what_it_cites(made: list[Claim]) -> None:
    for claim in made:
        if (claim.supported, claim.kind) == (True, "shortened"):
            assert len(claim.text) < max(map(len, claim.spans))


def test_what_cites_another_sentence_does_not_cite_its_own(made: list[Claim]) -> None:
    assert all(claim.text not in claim.spans for claim in made if claim.kind == "continuation")


def test_the_same_seed_makes_the_same_claims(wordnet: WordNet | None) -> None:
    assert list(Claims(rows()[:8], 3, wordnet).made()) == list(Claims(rows()[:8], 3, wordnet).made())


def test_without_wordnet_nothing_is_reworded() -> None:
    assert not [claim for claim in Claims(rows(), 7).made() if claim.kind in ("reworded", "opposite")]


def test_rules_come_first() -> None:
    assert by_rules(Claim("Rain fell in Oslo", ("Rain fell in Oslo in 1951.",), True, "shortened"))
    assert not by_rules(Claim("Rain fell in Rome", ("Rain fell in Oslo in 1951.",), False, "noun"))


def claims(*truth: bool) -> list[Claim]:
    return [Claim("x", ("y",), true, "kind") for true in truth]


def test_true_and_false_claims_weigh_the_same() -> None:
    weight = weights(claims(True, False, False, False))
    assert weight[0] == pytest.approx(weight[1:].sum())


def test_the_threshold_lets_few_enough_false_claims_pass() -> None:
    asked, scores = claims(True, True, False, False), np.array([0.9, 0.4, 0.6, 0.1])
    weight = np.ones(4)
    assert threshold_at(scores, asked, weight, most=0.5) == 0.11
    assert threshold_at(scores, asked, weight, most=0.1) == 0.61
    assert outcome(scores, asked, weight, 0.61) == (0.0, 0.5, 0.75)


def test_no_sign_counts_against_its_direction() -> None:
    chance = np.random.default_rng(2)
    values = chance.normal(size=(200, len(FEATURES)))
    true = (values[:, 0] > 0).astype(float)  # strange words would speak for a claim here
    found = fit(values, true, np.ones(200))
    assert found[1] == 0
    assert fit(-values, true, np.ones(200))[1] < -0.5


@pytest.mark.slow
def test_fitting_runs_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {"question": r.question, "sentences": r.sentences, "answers": sorted(r.answers), "title": r.title,
         "origin": r.origin}
        for r in rows()
    ]  # fmt: skip
    for name in ("train", "dev"):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    fitting.main(tmp_path, WORDNET if WORDNET.is_dir() else None, WRITTEN, most=150, cache=tmp_path / "vectors.npy")
    printed = capsys.readouterr().out
    assert "INTERCEPT = " in printed
    assert re.search(r"THRESHOLD = [01]\.\d\d", printed)
    assert "written: 106 claims, 50 supported" in printed
