"""Against a real platform, Open edX's LTI consumer: launches of students and staff, and a deep link that it keeps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from open_edx import OpenEdx, form, running_open_edx
from signing import shared

from tutor.embedder import Embedder
from tutor.lti.platforms import parse_registration, register
from tutor.tutor import Tutor
from tutor.web import access

COURSE = "great-leap-forward"
SECTION = "The campaign against sparrows"


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


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A browser."""
    with httpx.Client(timeout=60) as opened:
        yield opened


@pytest.mark.parametrize(("role", "theirs"), [("student", "learner"), ("staff", "teacher")])
def test_whoever_the_platform_launches_is_signed_in_with_their_role(
    role: str, theirs: str, both: tuple[Tutor, str, OpenEdx], client: httpx.Client
) -> None:
    tutor, address, platform = both
    response, _ = platform.launch(client, role=role, ext=f"ext-{role}")
    assert (response.status_code, response.headers["location"]) == (303, f"/?course={COURSE}")
    signed_in = tutor.sign_ins.find(response.cookies[access.COOKIE])
    assert signed_in
    assert signed_in.visitor.role == theirs
    assert signed_in.details["subject"] == f"ext-{role}"
    asked = client.post(
        f"{address}/api/v1/courses/{COURSE}/ask",
        json={"question": "When did Mao Zedong die?"},
        headers={"Origin": address},
    )
    assert "1976" in asked.json()["answer"]


def test_students_of_the_platform_are_different_learners_in_one_space(
    both: tuple[Tutor, str, OpenEdx], client: httpx.Client
) -> None:
    tutor, _, platform = both
    found = []
    for name in ("ext-1", "ext-2", "ext-1"):
        response, _ = platform.launch(client, role="student", ext=name)
        signed_in = tutor.sign_ins.find(response.cookies[access.COOKIE])
        assert signed_in
        found.append(signed_in.visitor)
    assert found[0] == found[2]
    assert found[0].learner != found[1].learner
    assert found[0].space == found[1].space


def test_what_the_platform_posts_is_taken_once(both: tuple[Tutor, str, OpenEdx], client: httpx.Client) -> None:
    _, address, platform = both
    response, fields = platform.launch(client, role="student", ext="ext-7")
    assert response.status_code == 303
    assert client.post(f"{address}/lti/launch", data=fields).status_code == 403


def test_a_deep_link_is_kept_by_the_platform(both: tuple[Tutor, str, OpenEdx], client: httpx.Client) -> None:
    _, address, platform = both
    response, _ = platform.launch(client, role="staff", ext="ext-prof", dl="1")
    assert (response.status_code, response.headers["location"]) == (303, "/lti/deep-link")
    _, hidden = form(client.get(f"{address}/lti/deep-link").text)
    chosen = {"form": hidden["form"], "choice": f"{COURSE} {SECTION}"}
    returning = client.post(f"{address}/lti/deep-link", data=chosen, headers={"Origin": address})
    assert returning.status_code == 200, returning.text
    action, fields = form(returning.text)
    assert action.startswith(platform.url)
    assert client.post(action, data=fields).status_code == 200
    ((kind, attributes),) = platform.rows("SELECT content_type, attributes FROM lti_consumer_ltidlcontentitem")
    item = json.loads(attributes)
    assert kind == "ltiResourceLink"
    assert (item["url"], item["title"]) == (f"{address}/lti/launch", SECTION)
    assert item["custom"] == {"course": COURSE, "section": SECTION}
