"""The budget: nobody spends more than is left, whoever asks at the same time and whatever process dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text

import tutor.budget
from tutor.budget import Budget
from tutor.errors import NotReady
from tutor.records import Records, Spent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tutor.db"


@pytest.fixture
def records(file: Path) -> Iterator[Records]:
    opened = Records(f"sqlite:///{file}")
    yield opened
    opened.close()


@pytest.fixture
def budget(records: Records) -> Budget:
    """A thousand tokens a day."""
    return Budget(records, 1_000, None)


def rows(records: Records) -> list[tuple[str, date, int, int, int, float]]:
    """All that is counted."""
    with records.read() as session:
        found = session.scalars(select(Spent).order_by(Spent.learner, Spent.day))
        return [(s.learner, s.day, s.reserved, s.input_tokens, s.output_tokens, s.cost_usd) for s in found]


def turn_to(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tutor.budget, "_today", lambda: day)


# --- one answer after another ----------------------------------------------------------------------------------------


def test_all_is_left_before_anything_is_spent(budget: Budget) -> None:
    assert budget.left("ada") == 1_000


def test_what_is_reserved_is_not_left(budget: Budget) -> None:
    assert budget.reserve("ada", 300)
    assert budget.left("ada") == 700


def test_what_is_settled_replaces_what_was_reserved(budget: Budget, records: Records) -> None:
    reserved = budget.reserve("ada", 300)
    assert reserved
    used = budget.settle(reserved, 100, 20)
    assert (used.input_tokens, used.output_tokens, used.cost_usd) == (100, 20, None)
    assert budget.left("ada") == 880
    assert [row[2:] for row in rows(records)] == [(0, 100, 20, 0)]


def test_the_last_token_can_be_reserved_and_not_one_more(budget: Budget) -> None:
    assert budget.reserve("ada", 999)
    assert budget.reserve("ada", 2) is None
    assert budget.reserve("ada", 1)
    assert budget.reserve("ada", 1) is None
    assert budget.left("ada") == 0


def test_an_answer_that_exceeds_a_whole_day_is_never_let_through(budget: Budget, records: Records) -> None:
    assert budget.reserve("ada", 1_001) is None
    assert rows(records) == []


def test_an_answer_that_took_more_than_was_set_aside_is_counted_whole(budget: Budget) -> None:
    reserved = budget.reserve("ada", 900)
    assert reserved
    budget.settle(reserved, 1_200, 300)
    assert budget.left("ada") == 0
    assert budget.reserve("ada", 1) is None


def test_each_learner_has_a_budget_and_those_without_a_name_have_one_together(budget: Budget) -> None:
    assert budget.reserve("ada", 1_000)
    assert budget.reserve(None, 600)
    assert (budget.left("ada"), budget.left("bob"), budget.left(None)) == (0, 1_000, 400)
    assert budget.reserve(None, 600) is None


def test_without_a_limit_everything_is_let_through_and_counted(records: Records) -> None:
    budget = Budget(records, 0, None)
    for _ in range(2):
        reserved = budget.reserve("ada", 10_000_000)
        assert reserved
        budget.settle(reserved, 7, 5)
    assert budget.left("ada") is None
    assert [row[2:] for row in rows(records)] == [(0, 14, 10, 0)]


def test_the_cost_is_that_of_a_million_tokens_read_and_written(records: Records) -> None:
    budget = Budget(records, 0, (3, 15))
    for _ in range(2):
        reserved = budget.reserve("ada", 3_000)
        assert reserved
        assert budget.settle(reserved, 2_000, 1_000).cost_usd == pytest.approx(0.021)
    assert rows(records)[0][5] == pytest.approx(0.042)


def test_what_is_free_costs_nothing_instead_of_an_unknown_amount(records: Records) -> None:
    budget = Budget(records, 0, (0, 0))
    reserved = budget.reserve("ada", 10)
    assert reserved
    assert budget.settle(reserved, 1, 1).cost_usd == 0


@pytest.mark.parametrize(("given", "counted"), [(-5_000, 0), (10**30, 1_000_000_000)])
def test_an_absurd_count_of_a_server_neither_gives_tokens_back_nor_stops_the_counting(
    budget: Budget, given: int, counted: int
) -> None:
    first, second = budget.reserve("ada", 100), budget.reserve("ada", 100)
    assert first and second
    budget.settle(first, 100, 0)
    used = budget.settle(second, given, given)
    assert (used.input_tokens, used.output_tokens) == (counted, counted)
    assert budget.left("ada") == max(0, 900 - 2 * counted)


def test_a_reservation_is_settled_once(budget: Budget) -> None:
    first, other = budget.reserve("ada", 100), budget.reserve("ada", 100)
    assert first and other
    budget.settle(first, 10, 0)
    with pytest.raises(KeyError):
        budget.settle(first, 10, 0)
    assert budget.left("ada") == 890
    budget.settle(other, 0, 0)
    assert budget.left("ada") == 990


def test_what_could_not_be_counted_stays_reserved_and_can_be_settled_later(budget: Budget, records: Records) -> None:
    reserved = budget.reserve("ada", 100)
    assert reserved
    with records.write() as session:
        session.execute(text("ALTER TABLE spent RENAME TO away"))
    with pytest.raises(NotReady):
        budget.settle(reserved, 10, 0)
    with records.write() as session:
        session.execute(text("ALTER TABLE away RENAME TO spent"))
    assert budget.left("ada") == 900
    budget.settle(reserved, 10, 0)
    assert budget.left("ada") == 990


# --- days ------------------------------------------------------------------------------------------------------------


def test_every_day_begins_anew_and_an_answer_counts_on_the_day_it_began(
    budget: Budget, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_to(date(2026, 12, 31), monkeypatch)
    late = budget.reserve("ada", 1_000)
    assert late
    turn_to(date(2027, 1, 1), monkeypatch)
    assert budget.left("ada") == 1_000
    budget.settle(late, 400, 100)
    assert budget.left("ada") == 1_000
    assert rows(records) == [("ada", date(2026, 12, 31), 0, 400, 100, 0)]


def test_a_day_is_one_of_utc_wherever_the_computer_stands(file: Path) -> None:
    code = "import tutor.budget, datetime as d; print(tutor.budget._today() == d.datetime.now(d.UTC).date())"
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # one of the two has another date at any hour
        ran = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True
        )
        assert ran.stdout == "True\n"


def test_days_are_forgotten_after_four_hundred(
    budget: Budget, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (date(2026, 1, 1), date(2026, 1, 2), date(2027, 2, 6)):  # the last is 401 days after the first
        turn_to(day, monkeypatch)
        assert budget.reserve("ada", 10)
    assert [row[1] for row in rows(records)] == [date(2026, 1, 2), date(2027, 2, 6)]


# --- at the same time, and after the end -----------------------------------------------------------------------------


def test_threads_that_reserve_at_once_never_get_more_than_there_is(budget: Budget, records: Records) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: budget.reserve("ada", 30), range(80)))
    assert sum(one is not None for one in got) == 33
    assert budget.left("ada") == 10
    assert [row[2] for row in rows(records)] == [990]


def test_threads_that_reserve_and_settle_at_once_lose_no_token(records: Records) -> None:
    budget = Budget(records, 100_000, (1, 1))

    def answer(number: int) -> None:
        reserved = budget.reserve("ada", 500)
        assert reserved
        budget.settle(reserved, number, 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(answer, range(80)))
    assert [row[2:5] for row in rows(records)] == [(0, sum(range(80)), 80)]
    assert rows(records)[0][5] == pytest.approx((sum(range(80)) + 80) / 1_000_000)
    assert budget.left("ada") == 100_000 - sum(range(80)) - 80


def test_two_tutors_on_one_database_share_what_is_left(budget: Budget, file: Path) -> None:
    other = Records(f"sqlite:///{file}")
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: (budget, Budget(other, 1_000, None))[n % 2].reserve("ada", 100), range(20)))
    other.close()
    assert sum(one is not None for one in got) == 10


def test_what_a_killed_process_had_reserved_stays_counted(budget: Budget, file: Path) -> None:
    code = (
        "import os, signal; from tutor.budget import Budget; from tutor.records import Records\n"
        f"budget = Budget(Records('sqlite:///{file}'), 1_000, None)\n"
        "budget.settle(budget.reserve('ada', 200), 40, 10); budget.reserve('ada', 300)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert budget.left("ada") == 650
