"""Deliveries: `tutor serve` sends what the outbox holds, and says at the start where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from platform_server import LEARNER, SUBJECT, Reply, Server, linked, platform_server
from signing import free_port
from sqlalchemy import select

from tutor.deliveries import delivering
from tutor.errors import SetupError
from tutor.lms import OutgoingScores
from tutor.records import Delivery, Records
from tutor.settings import Settings

SCORES = "POST /items/1/scores"


@pytest.fixture
def server() -> Iterator[Server]:
    with platform_server() as running:
        running.says(SCORES, Reply(200))
        yield running


def put_a_score(settings: Settings, server: Server) -> None:
    records = Records(settings.database)
    link = linked(records, server.url)
    with records.write() as session:
        OutgoingScores().record(session, link, LEARNER, SUBJECT, 40, 100, "in progress")
    records.close()


def test_a_server_sends_what_the_outbox_held_when_it_started(lesson_home: Path, server: Server) -> None:
    port = free_port()
    shared = {"TUTOR_MODE": "shared", "TUTOR_BASE_URL": f"http://127.0.0.1:{port}"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")} | shared
    put_a_score(Settings.load(), server)
    program = [sys.executable, "-c", "from tutor.cli import main; main()", "serve", "--port", str(port)]
    with subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            until = time.monotonic() + 120
            while not (server.got(SCORES) and _answers(f"{shared['TUTOR_BASE_URL']}/healthz")):
                assert process.poll() is None and time.monotonic() < until, process.communicate()
                time.sleep(0.05)
            process.terminate()
            _, printed = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, "Traceback" in printed) == (0, False), printed
    assert server.got(SCORES)[0].json()["scoreGiven"] == 40
    records = Records(Settings.load().database)
    with records.read() as session:
        assert session.scalars(select(Delivery)).one().delivered_at
    records.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=30, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_in_personal_mode_there_is_nobody_to_deliver_for(settings: Settings) -> None:
    records = Records(settings.database)
    with delivering(settings, records):
        assert not any(thread.name.startswith("outbox-") for thread in threading.enumerate())
    records.close()


def test_a_record_store_without_a_password_is_told_before_anything_is_served(settings: Settings) -> None:
    records = Records(settings.database)
    shared = Settings.load(mode="shared", xapi_url="https://lrs.example/xAPI")
    with pytest.raises(SetupError, match="TUTOR_XAPI_PASSWORD_FILE"), delivering(shared, records):
        pytest.fail("it was served")  # pragma: no cover
    records.close()
