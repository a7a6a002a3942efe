"""Retention: what is older than it may be kept goes by itself, and nothing else does."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commandline import run
from holding import HELD, counts, hold
from sqlalchemy import select, update

from tutor import retention
from tutor.erased import ERASED_FILE, Erased
from tutor.errors import NotReady, SetupError
from tutor.privacy import Privacy
from tutor.records import Delivery, LaunchState, Records, SignIn, Tenant
from tutor.retention import kept_up, run_retention
from tutor.tenants import ensure_tenant

NOTHING = {table.__tablename__: 0 for table in HELD}


@pytest.fixture
def records(home: Path) -> Iterator[Records]:
    opened = Records(f"sqlite:///{home / 'tutor.db'}")
    yield opened
    opened.close()


def keep(records: Records, tenant: str, days: int | None) -> None:
    """Let a tenant keep what its learners leave for so many days."""
    with records.write() as session:
        ensure_tenant(session, tenant)
        session.execute(update(Tenant).where(Tenant.id == tenant).values(retention_days=days))


def test_what_a_tenant_keeps_no_longer_goes_with_all_that_hangs_on_it(records: Records) -> None:
    hold(records, "oak", "ann", "word", days=31)
    keep(records, "oak", 30)
    report = run_retention(records)
    assert (report.conversations, report.progress, report.deliveries, report.tokens) == (1, 1, 1, 1)
    assert (report.sign_ins, report.replays, report.launches) == (1, 1, 1)
    assert counts(records) == NOTHING


def test_what_a_tenant_still_keeps_stays(records: Records) -> None:
    hold(records, "oak", "ann", "word", days=29)
    keep(records, "oak", 30)
    run_retention(records)
    assert counts(records) == NOTHING | {"conversations": 1, "progress": 1, "outbox": 1, "spent": 1}


def test_each_tenant_keeps_for_as_long_as_it_says(records: Records) -> None:
    for tenant, days in (("oak", 30), ("elm", 90), ("local", None)):
        hold(records, tenant, "ann", "word", days=60)
        keep(records, tenant, days)
    run_retention(records)
    privacy = Privacy(records, Erased(Path("none")))
    held = {tenant: privacy.export(tenant, "ann") for tenant in ("oak", "elm", "local")}
    assert {tenant: len(one.conversations) for tenant, one in held.items()} == {"oak": 0, "elm": 1, "local": 1}
    assert {tenant: len(one.tokens) for tenant, one in held.items()} == {"oak": 0, "elm": 1, "local": 1}


def test_the_tokens_of_the_local_tenant_are_not_those_of_others(records: Records) -> None:
    hold(records, "oak", "ann", "word", days=60)
    hold(records, "local", "ann", "word", days=60)
    keep(records, "local", 30)
    assert run_retention(records).tokens == 1


def test_whoever_runs_the_tutor_keeps_everything_unless_they_say_otherwise(records: Records) -> None:
    hold(records, "local", "ann", "word", days=399)
    run_retention(records)
    assert counts(records) == NOTHING | {"conversations": 1, "progress": 1, "spent": 1}


def test_tokens_are_counted_for_four_hundred_days(records: Records) -> None:
    hold(records, "local", "ann", "word", days=402)
    assert run_retention(records).tokens == 1


@pytest.mark.parametrize(("hours", "kept"), [(23, 1), (25, 0)])
def test_a_replay_is_kept_for_a_day(hours: int, kept: int, records: Records) -> None:
    hold(records, "oak", "ann", "word", days=hours / 24)
    run_retention(records)
    assert counts(records)["replays"] == kept


def test_a_sign_in_is_kept_until_it_expires(records: Records) -> None:
    hold(records, "oak", "ann", "word", days=0.25)
    hold(records, "oak", "ben", "word", days=0.5)
    run_retention(records)
    assert counts(records, (SignIn,)) == {"sign_ins": 1}


def test_a_launch_that_was_begun_is_kept_until_it_expires(records: Records) -> None:
    hold(records, "oak", "ann", "word", days=-0.01)
    hold(records, "elm", "ann", "word", days=0.01)
    run_retention(records)
    assert counts(records, (LaunchState,)) == {"lti_states": 1}


@pytest.mark.parametrize(
    ("delivered", "given_up", "kept"), [(29, None, 1), (31, None, 0), (None, 29, 1), (None, 31, 0), (None, None, 1)]
)
def test_what_was_delivered_is_kept_for_thirty_days_and_what_was_not_until_it_is(
    delivered: int | None, given_up: int | None, kept: int, records: Records
) -> None:
    hold(records, "local", "ann", "word", days=40)
    with records.write() as session:
        row = session.scalars(select(Delivery)).one()
        row.delivered_at, row.given_up_at = (
            datetime.now(UTC) - timedelta(days=days) if days else None for days in (delivered, given_up)
        )
    run_retention(records)
    assert counts(records, (Delivery,)) == {"outbox": kept}


def test_a_conversation_that_goes_on_is_as_young_as_its_last_answer(records: Records) -> None:
    hold(records, "oak", "ann", "word", days=60)
    keep(records, "oak", 30)
    with records.write() as session:
        session.execute(update(HELD[0]).values(updated_at=datetime.now(UTC)))
    assert run_retention(records).conversations == 0


def test_words_that_were_too_old_are_in_no_file(records: Records, home: Path) -> None:
    hold(records, "oak", "ann", "Quittenmarmelade", days=31)
    keep(records, "oak", 30)
    run_retention(records)
    assert not [file for file in home.iterdir() if b"Quittenmarmelade" in file.read_bytes()]


# --- the job ---------------------------------------------------------------------------------------------------------


def test_a_server_cleans_up_when_it_starts_and_once_a_day(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, twice = [], threading.Event()

    def counted(records: Records) -> retention.RetentionReport:
        runs.append(run_retention(records))
        if len(runs) == 2:
            twice.set()
        return runs[-1]

    monkeypatch.setattr(retention, "run_retention", counted)
    monkeypatch.setattr(retention, "EVERY", timedelta(seconds=0.2))
    hold(records, "oak", "ann", "word", days=31)
    keep(records, "oak", 30)
    with kept_up(records, Privacy(records, Erased(Path("none")))):
        assert twice.wait(30)
    assert [one.conversations for one in runs[:2]] == [1, 0]


def test_a_back_up_is_cleaned_before_anything_of_it_is_served(records: Records, home: Path) -> None:
    privacy = Privacy(records, Erased(home / ERASED_FILE))
    privacy.erase("oak", "ann")
    hold(records, "oak", "ann", "word", days=1)  # as a back-up of yesterday would bring it
    with kept_up(records, privacy):
        assert privacy.export("oak", "ann").conversations == ()


def test_a_list_that_cannot_be_read_stops_the_start(records: Records, home: Path) -> None:
    (home / ERASED_FILE).write_text("nonsense\n")
    with pytest.raises(SetupError, match="damaged"), kept_up(records, Privacy(records, Erased(home / ERASED_FILE))):
        pass


def test_a_job_that_fails_is_logged_and_the_next_day_comes(
    records: Records, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    again = threading.Event()

    def fail(records: Records) -> None:
        if again.is_set() or caplog.records:
            again.set()
        raise NotReady("The disk is full.")

    monkeypatch.setattr(retention, "run_retention", fail)
    monkeypatch.setattr(retention, "EVERY", timedelta(seconds=0.1))
    with caplog.at_level(logging.ERROR, "tutor.retention"), kept_up(records, Privacy(records, Erased(Path("none")))):
        assert again.wait(30)
    assert "was not deleted, and is tried again tomorrow: The disk is full." in caplog.text


# --- on the command line ---------------------------------------------------------------------------------------------


def test_retention_is_run_by_hand(home: Path) -> None:
    with closing(Records(f"sqlite:///{home / 'tutor.db'}")) as records:
        hold(records, "oak", "ann", "word", days=31)
        keep(records, "oak", 30)
    ran = run("retention", "run")
    assert ran.out.startswith("Deleted: 1 conversations, 1 progress, 1 deliveries, 1 sign-ins, 1 launches")
    assert run("retention", "run").out == "Deleted: nothing.\n"
    assert set(json.loads(run("retention", "run", "--json").out).values()) == {0}
