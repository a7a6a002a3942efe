"""The outbox: nothing is lost and nothing is doubled, whatever happens between writing down, sending and knowing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from commandline import run
from platform_server import Reply, Server, linked, platform_server
from sqlalchemy import select

from tutor import outbox
from tutor.errors import NotFound
from tutor.outbox import FIRST_PAUSE, GIVES_UP_AFTER, KEPT, LEASE, LONGEST_PAUSE, Final, Later, Outbox, Parcel, pause
from tutor.records import Delivery, Records
from tutor.settings import Settings

START = datetime(2026, 11, 2, 8, tzinfo=UTC)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def passes(self, time: timedelta) -> None:
        self.now += time


class Recorder:
    """A way out that keeps what it is given, and fails as often as it is told."""

    def __init__(self, *failures: Exception, most: int = 1) -> None:
        self.failures, self.most = list(failures), most
        self.sent: list[list[Any]] = []

    def send(self, parcels: Sequence[Parcel]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append([parcel.body["n"] for parcel in parcels])


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    opened = Records(settings.database)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def put(records: Records, n: Any, key: str = "k", kind: str = "score", at: datetime = START, **more: Any) -> None:
    with records.write() as session:
        outbox.put(session, kind, key, {"n": n}, "local", "l_ada", at=at, **more)


def rows(records: Records) -> list[Delivery]:
    with records.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def row(records: Records) -> Delivery:
    (found,) = rows(records)
    return found


def test_what_was_put_in_is_sent_once(records: Records, clock: Clock) -> None:
    way = Recorder()
    box = Outbox(records, {"score": way}, clock)
    put(records, 1)
    assert box.deliver("score")
    assert not box.deliver("score")
    assert way.sent == [[1]]
    assert row(records).delivered_at == START


def test_nothing_is_put_in_by_a_transaction_that_fails(records: Records) -> None:
    with pytest.raises(ZeroDivisionError), records.write() as session:
        outbox.put(session, "score", "k", {"n": 1}, "local", None)
        raise ZeroDivisionError
    assert rows(records) == []


def test_the_same_key_twice_is_one(records: Records) -> None:
    put(records, 1)
    put(records, 2)
    assert row(records).body == {"n": 1}


def test_of_scores_the_newest_wins_while_it_was_not_sent(records: Records, clock: Clock) -> None:
    way = Recorder()
    put(records, 1, newest=True)
    put(records, 2, newest=True)
    Outbox(records, {"score": way}, clock).deliver("score")
    assert way.sent == [[2]]


def test_a_newer_score_is_sent_after_an_older_one_arrived(records: Records, clock: Clock) -> None:
    way = Recorder()
    box = Outbox(records, {"score": way}, clock)
    put(records, 1, newest=True)
    box.deliver("score")
    put(records, 2, newest=True)
    put(records, 2, newest=True)
    assert box.deliver("score") and not box.deliver("score")
    assert way.sent == [[1], [2]]


def test_a_newer_score_that_comes_while_the_older_one_is_sent_is_sent_too(records: Records, clock: Clock) -> None:
    class Interrupted(Recorder):
        def send(self, parcels: Sequence[Parcel]) -> None:
            super().send(parcels)
            if len(self.sent) == 1:
                put(records, 2, newest=True)

    way = Interrupted()
    box = Outbox(records, {"score": way}, clock)
    put(records, 1, newest=True)
    assert box.deliver("score") and box.deliver("score") and not box.deliver("score")
    assert way.sent == [[1], [2]]


def test_what_fails_waits_longer_each_time_and_never_everything_at_once(records: Records, clock: Clock) -> None:
    box = Outbox(records, {"score": Recorder(*[Later("away")] * 5)}, clock)
    put(records, 1)
    waits = []
    for _ in range(5):
        assert box.deliver("score")
        waits.append(row(records).due_at - clock())
        assert not box.deliver("score"), "it waits"
        clock.passes(waits[-1])
    assert all(FIRST_PAUSE * 2**n / 2 <= wait <= FIRST_PAUSE * 2**n for n, wait in enumerate(waits)), waits
    assert (row(records).attempts, row(records).failure) == (5, "away")
    assert len({pause(3) for _ in range(20)}) > 1
    assert pause(1_000) <= LONGEST_PAUSE


def test_a_server_that_asks_for_time_gets_it(records: Records, clock: Clock) -> None:
    box = Outbox(records, {"score": Recorder(Later("busy", timedelta(hours=1)))}, clock)
    put(records, 1)
    box.deliver("score")
    assert row(records).due_at == START + timedelta(hours=1)


def test_nobody_can_ask_for_more_time_than_there_is(records: Records, clock: Clock) -> None:
    box = Outbox(records, {"score": Recorder(Later("busy", timedelta(days=4_000)))}, clock)
    put(records, 1)
    box.deliver("score")
    assert row(records).due_at == START + LONGEST_PAUSE


def test_what_else_waits_for_a_server_that_fails_is_not_tried_right_after_it(records: Records, clock: Clock) -> None:
    here, there = linked(records, "https://a.example:1"), linked(records, "https://b.example:2")
    put(records, 1, "a1", link=here)
    put(records, 2, "a2", link=here, at=START + timedelta(microseconds=1))
    put(records, 3, "b", link=there, at=START + timedelta(microseconds=2))
    clock.passes(timedelta(seconds=1))
    way = Recorder(Later("away"))
    box = Outbox(records, {"score": way}, clock)
    while box.deliver("score"):
        pass
    assert way.sent == [[3]]
    clock.passes(FIRST_PAUSE)
    while box.deliver("score"):
        pass
    assert sorted(way.sent) == [[1], [2], [3]]


def test_what_is_refused_is_given_up_with_its_reason(
    records: Records, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    box = Outbox(records, {"score": Recorder(Final("The LMS did not take a score (403)."))}, clock)
    put(records, 1)
    box.deliver("score")
    clock.passes(timedelta(days=1))
    assert not box.deliver("score")
    held = row(records)
    assert (held.given_up_at, held.failure) == (START, "The LMS did not take a score (403).")
    assert "(403)" in caplog.text and "l_ada" not in caplog.text


def test_after_two_weeks_it_is_given_up(records: Records, clock: Clock) -> None:
    box = Outbox(records, {"score": Recorder(*[Later("away")] * 1_000)}, clock)
    put(records, 1)
    while row(records).given_up_at is None:
        box.deliver("score")
        clock.passes(timedelta(hours=3))
    held = row(records)
    assert held.given_up_at and GIVES_UP_AFTER <= held.given_up_at - START <= GIVES_UP_AFTER + LONGEST_PAUSE
    assert held.failure == "Not delivered for 14 days. away"


def test_a_fault_of_ours_costs_no_delivery(records: Records, clock: Clock) -> None:
    way = Recorder(KeyError("score"))
    box = Outbox(records, {"score": way}, clock)
    put(records, 1)
    box.deliver("score")
    clock.passes(FIRST_PAUSE)
    box.deliver("score")
    assert way.sent == [[1]]


def test_one_that_is_refused_does_not_take_those_sent_with_it_along(records: Records, clock: Clock) -> None:
    class Choosy(Recorder):
        def send(self, parcels: Sequence[Parcel]) -> None:
            if any(parcel.body["n"] == 2 for parcel in parcels):
                raise Final("bad")
            super().send(parcels)

    way = Choosy(most=10)
    for n in (1, 2, 3):
        put(records, n, f"k{n}", "xapi")
    Outbox(records, {"xapi": way}, clock).deliver("xapi")
    assert sorted(way.sent) == [[1], [3]]
    assert [held.body["n"] for held in rows(records) if held.given_up_at] == [2]


def test_many_go_in_one_call_where_the_other_side_takes_many(records: Records, clock: Clock) -> None:
    way = Recorder(most=10)
    for n in range(12):
        put(records, n, f"k{n}", "xapi", START + timedelta(microseconds=n))
    clock.passes(timedelta(seconds=1))
    box = Outbox(records, {"xapi": way}, clock)
    while box.deliver("xapi"):
        pass
    assert way.sent == [list(range(10)), [10, 11]]


def test_what_somebody_is_sending_is_left_to_them_until_their_lease_ends(records: Records, clock: Clock) -> None:
    box, other = Outbox(records, {}, clock), Outbox(records, {"score": (way := Recorder())}, clock)
    put(records, 1)
    assert len(box.claim("score")) == 1
    assert not other.deliver("score")
    clock.passes(LEASE)
    assert other.deliver("score")
    assert way.sent == [[1]]


def test_two_that_send_at_once_share_the_work(records: Records, settings: Settings) -> None:
    for n in range(40):
        put(records, n, f"k{n}")
    way = Recorder()
    theirs = [Records(settings.database) for _ in range(4)]
    boxes = [Outbox(one, {"score": way}, Clock()) for one in theirs]

    def work(box: Outbox) -> None:
        while box.deliver("score"):
            pass

    threads = [threading.Thread(target=work, args=(box,)) for box in boxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in theirs:
        one.close()
    assert sorted(way.sent) == [[n] for n in range(40)]


def test_what_is_over_is_forgotten_after_a_month(records: Records, clock: Clock) -> None:
    box = Outbox(records, {"score": Recorder(Final("bad"))}, clock)
    put(records, 1, "refused")
    box.deliver("score")
    put(records, 2, "arrives")
    box.deliver("score")
    put(records, 3, "waits", "other")
    box.tidy()
    assert len(rows(records)) == 3
    clock.passes(KEPT)
    box.tidy()
    assert [held.key for held in rows(records)] == ["waits"]


PROCESS = """
import os, signal, sys
from datetime import datetime
import httpx
from tutor import outbox
from tutor.outbox import Outbox
from tutor.records import Records

database, url, dies, at = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Way:
    most = 1
    def send(self, parcels):
        if dies == "before sending":
            die()
        httpx.post(url + "/scores", json=parcels[0].body, trust_env=False)
        if dies == "after sending":
            die()

records = Records(database)
moment = datetime.fromisoformat(at)
if dies == "while putting":
    with records.write() as session:
        outbox.put(session, "score", "second", {"at": "2"}, "local", None, at=moment)
        session.flush()
        die()
Outbox(records, {"score": Way()}, lambda: moment).deliver("score")
"""


@pytest.mark.parametrize(
    ("dies", "times"), [("before sending", 1), ("after sending", 2), ("while putting", 1), ("never", 1)]
)
def test_a_process_that_is_killed_loses_nothing_and_what_it_sent_twice_is_the_same(
    records: Records, settings: Settings, clock: Clock, dies: str, times: int
) -> None:
    with platform_server() as server:
        server.says("POST /scores", Reply())
        with records.write() as session:
            outbox.put(session, "score", "first", {"at": "1"}, "local", None, at=START)
        process = [sys.executable, "-c", PROCESS, settings.database, server.url, dies, START.isoformat()]
        ended = subprocess.run(process, timeout=60, capture_output=True)
        assert ended.returncode == (0 if dies == "never" else -signal.SIGKILL), ended.stderr
        clock.passes(LEASE)
        box = Outbox(records, {"score": _Posting(server)}, clock)
        while box.deliver("score"):
            pass
        assert [asked.json() for asked in server.got("POST /scores")] == [{"at": "1"}] * times
        assert [held.key for held in rows(records) if held.delivered_at] == ["first"]


class _Posting:
    most = 1

    def __init__(self, server: Server) -> None:
        self.server = server

    def send(self, parcels: Sequence[Parcel]) -> None:
        httpx.post(f"{self.server.url}/scores", json=parcels[0].body, trust_env=False)


def test_a_started_outbox_sends_by_itself_until_it_is_closed(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LOOKS_EVERY", 0.01)
    arrived = threading.Event()

    class Telling(Recorder):
        def send(self, parcels: Sequence[Parcel]) -> None:
            super().send(parcels)
            arrived.set()

    way = Telling()
    box = Outbox(records, {"score": way})
    box.start()
    put(records, 1, at=datetime.now(UTC))
    assert arrived.wait(10)
    box.close()
    assert way.sent == [[1]]
    assert not any(thread.name.startswith("outbox-") for thread in threading.enumerate())


def test_what_was_given_up_is_sent_again_on_request(records: Records, clock: Clock) -> None:
    way = Recorder(Final("bad"))
    box = Outbox(records, {"score": way}, clock)
    put(records, 1)
    box.deliver("score")
    assert outbox.retry(records, row(records).id) == 1
    clock.now = datetime.now(UTC)
    box.deliver("score")
    assert way.sent == [[1]]
    with pytest.raises(NotFound, match="tutor outbox list"):
        outbox.retry(records, row(records).id)


def test_the_command_line_lists_what_waits_and_sends_it_again(records: Records, clock: Clock) -> None:
    box = Outbox(records, {"score": Recorder(Final("The LMS did not take a score (403)."))}, clock)
    put(records, 1)
    box.deliver("score")
    listed = run("outbox", "list")
    assert "(403)" in listed.out and "given up" in listed.out
    (shown,) = json.loads(run("outbox", "list", "--json").out)
    assert run("outbox", "retry", shown["id"]).status == 0
    assert row(records).given_up_at is None
    assert "tutor outbox list" in run("outbox", "retry", "d_none").complaint
