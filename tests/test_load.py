"""The server under a whole school's load: nothing fails, nothing is lost, nothing is held for those who have gone."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals import benchmark_serving
from evals.benchmark_serving import (
    FIRST,
    OPENED,
    SIGNED_IN,
    WHOLE,
    Held,
    Measured,
    Served,
    chat,
    chat_beside,
    launches,
    lines,
    serving,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The program itself, serving the bundled course in shared mode."""
    home = tmp_path_factory.mktemp("load") / "home"
    shutil.copytree(prepared, home)
    with serving(home) as running:
        yield running


def test_fifty_chats_at_once_come_whole_and_are_stored(served: Served) -> None:
    measured = asyncio.run(chat(served, 50))
    assert measured.errors == []
    assert {name: len(values) for name, values in measured.ms.items()} == {FIRST: 50, WHOLE: 50}
    assert served.failures() == []


def test_three_hundred_launches_within_ten_seconds_sign_in_each_learner(served: Served) -> None:
    measured = asyncio.run(launches(served, 300, within=5))
    assert measured.errors == []
    assert {name: len(values) for name, values in measured.ms.items()} == {SIGNED_IN: 300, OPENED: 300}
    assert served.failures() == []


def test_who_never_reads_or_leaves_holds_nothing(served: Served) -> None:
    measured = asyncio.run(chat_beside(served, 50, strangers=20))
    assert measured.errors == []
    assert len(measured.ms[WHOLE]) == 50
    assert served.failures() == []


def test_an_answer_that_is_not_kept_is_an_error(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_serving, "COURSE", "nowhere")
    (error,) = asyncio.run(chat(served, 1)).errors
    assert "404 for a question" in error


def test_what_is_still_held_is_told() -> None:
    before = Held(threads=10, files=20, memory=500)
    assert Held(10, 19, 510).is_back_at(before)
    assert not any(held.is_back_at(before) for held in (Held(11, 20, 500), Held(10, 21, 500), Held(10, 20, 600)))


def test_the_table_has_percentiles_and_their_ratio() -> None:
    together, alone = Measured({WHOLE: [100.0, 300.0, 200.0]}), Measured({WHOLE: [50.0]})
    (line,) = lines(together, alone)
    assert " ".join(line.split()) == "whole answer p50 200 ms, alone 50, ratio 4.0 p95 290 ms, alone 50, ratio 5.8"
