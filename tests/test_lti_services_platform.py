"""Against a real platform, Open edX's LTI consumer: scores arrive in its gradebook, and its members are read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from open_edx import OpenEdx, running_open_edx
from signing import shared
from sqlalchemy import select, update

from tutor.completion import check_rule, set_rule
from tutor.deliveries import open_outbox, open_services
from tutor.embedder import Embedder
from tutor.lti.platforms import parse_registration, register
from tutor.outbox import now
from tutor.records import Delivery, Link
from tutor.tutor import Tutor
from tutor.web import access

COURSE = "great-leap-forward"
DIED, HARVESTS = "When did Mao Zedong die?", "Why did the harvests fail?"


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder
) -> Iterator[tuple[Tutor, str, OpenEdx]]:
    """A tutor and the platform that it is registered with, both served."""
    folder = tmp_path_factory.mktemp("platform")
    shutil.copytree(prepared, folder / "tutor")
    with shared(folder / "tutor", embedder) as (tutor, address), running_open_edx(address, folder / "lms") as platform:
        register(tutor.records, parse_registration(platform.registration))
        yield tutor, address, platform


def launched(tutor: Tutor, platform: OpenEdx, client: httpx.Client, name: str, role: str = "student") -> int:
    """Launch somebody in this browser and return the link that they came by."""
    response, _ = platform.launch(client, role=role, ext=name)
    signed_in = tutor.sign_ins.find(response.cookies[access.COOKIE])
    assert signed_in and signed_in.link
    return signed_in.link


def scores(platform: OpenEdx, subject: str) -> list[dict[str, Any]]:
    held = httpx.get(f"{platform.url}/scores", trust_env=False).json()["scores"]
    return [score for score in held if score["user"] == subject]


def gradebook(platform: OpenEdx, subject: str) -> list[float]:
    file = platform.home / "gradebook.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [line["score"] for line in lines if line["user"] == f"user:{subject}"]


def deliver(tutor: Tutor) -> None:
    box = open_outbox(tutor.settings, tutor.records)
    while box.deliver("score"):
        pass


def test_a_learner_who_does_what_was_asked_has_a_whole_score_in_the_gradebook(
    both: tuple[Tutor, str, OpenEdx],
) -> None:
    tutor, address, platform = both
    with httpx.Client(base_url=address, headers={"Origin": address}, timeout=60) as client:
        link = launched(tutor, platform, client, "ext-1")
        with tutor.records.write() as session:
            set_rule(session, link, check_rule({"questions": 1, "sources": 1}))
        asked = client.post(f"/api/v1/courses/{COURSE}/ask", json={"question": DIED})
        assert asked.status_code == 200, asked.text
        deliver(tutor)
        (partial,) = scores(platform, "ext-1")
        assert (partial["given"], partial["max"], partial["activity"], partial["grading"]) == (
            50, 100, "InProgress", "Pending"
        )  # fmt: skip
        assert gradebook(platform, "ext-1") == []
        source = asked.json()["citations"][0]["source"]
        assert client.get(f"/api/v1/courses/{COURSE}/sources/{source}").status_code == 200
        deliver(tutor)
    (whole,) = scores(platform, "ext-1")
    assert (whole["given"], whole["activity"], whole["grading"]) == (100, "Completed", "FullyGraded")
    assert gradebook(platform, "ext-1") == [1.0]


def test_a_score_that_was_sent_but_not_noted_is_not_doubled(both: tuple[Tutor, str, OpenEdx]) -> None:
    tutor, address, platform = both
    with httpx.Client(base_url=address, headers={"Origin": address}, timeout=60) as client:
        link = launched(tutor, platform, client, "ext-2")
        with tutor.records.write() as session:
            set_rule(session, link, check_rule({"questions": 1}))
        client.post(f"/api/v1/courses/{COURSE}/ask", json={"question": HARVESTS})
    deliver(tutor)
    with tutor.records.write() as session:
        session.execute(update(Delivery).values(delivered_at=None, due_at=now()))
    deliver(tutor)
    assert gradebook(platform, "ext-2") == [1.0]
    with tutor.records.read() as session:
        rows = session.scalars(select(Delivery)).all()
    assert rows and all(row.delivered_at for row in rows), [row.failure for row in rows]


def test_the_members_of_the_course_are_read(both: tuple[Tutor, str, OpenEdx]) -> None:
    tutor, address, platform = both
    with httpx.Client(base_url=address, timeout=60) as client:
        link = launched(tutor, platform, client, "ext-prof", "staff")
    members = open_services(tutor.settings, tutor.records).members(link)
    roles = {member.subject: "".join(member.roles) for member in members}
    assert len(members) == 3
    assert sum("Instructor" in role for role in roles.values()) == 1, roles
    assert all(member.active for member in members)


def test_a_link_without_a_gradebook_column_gets_one(both: tuple[Tutor, str, OpenEdx], tmp_path: Path) -> None:
    tutor, address, _ = both
    with running_open_edx(address, tmp_path / "lms", "programmatic") as platform:
        register(tutor.records, parse_registration(platform.registration))
        with httpx.Client(base_url=address, headers={"Origin": address}, timeout=60) as client:
            link = launched(tutor, platform, client, "ext-1")
            with tutor.records.write() as session:
                held = session.get_one(Link, link)
                assert held.line_items
                held.line_item, held.rule = None, {"questions": 1}
            client.post(f"/api/v1/courses/{COURSE}/ask", json={"question": DIED})
        deliver(tutor)
        (score,) = scores(platform, "ext-1")
        assert (score["given"], score["grading"]) == (100, "FullyGraded")
        made = platform.rows("SELECT label, score_maximum FROM lti_consumer_ltiagslineitem")
        assert made == [("Tutor", 100)]
