"""Lists a part at a time, and what has not changed sent once: a real server."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import fake_embedder
from serving import serving
from test_api import told

from tutor.settings import Settings
from tutor.tutor import Tutor

API = "/api/v1"
SOURCES = f"{API}/courses/c-1/sources"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the courses are made of."""
    return tmp_path_factory.mktemp("courses")


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Tutor]:
    """A tutor with three courses, the first of which has five sources."""
    with Tutor.open(Settings.load(home=tmp_path_factory.mktemp("school") / "home")) as opened:
        opened.loaded.embedder = fake_embedder()
        for course, files in (("c-1", 5), ("c-2", 1), ("c-3", 1)):
            (folder / course).mkdir()
            for number in range(files):
                words = f"# Source {number}\n\nBees of {course} collect {number}.\n"
                (folder / course / f"s{number}.md").write_text(words)
            opened.ingest(course, [folder / course], title=f"Course {course}")
        yield opened


@pytest.fixture(scope="module")
def http(school: Tutor) -> Iterator[httpx.Client]:
    with serving(school) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def pages(http: httpx.Client, path: str, **params: Any) -> list[list[dict[str, Any]]]:
    """Return each part of a list, by following its links."""
    response = http.get(path, params=params)
    parts = [response.json()]
    while following := response.links.get("next"):
        response = http.get(following["url"])
        assert response.status_code == 200, response.text
        parts.append(response.json())
    return parts


@pytest.mark.parametrize(("path", "name"), [(SOURCES, "name"), (f"{API}/courses", "id")])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 200])
def test_a_list_in_parts_is_the_list(path: str, name: str, limit: int, http: httpx.Client) -> None:
    whole = http.get(path)
    assert "link" not in whole.headers
    parts = pages(http, path, limit=limit)
    assert [item[name] for part in parts for item in part] == [item[name] for item in whole.json()]
    assert {len(part) for part in parts[:-1]} <= {limit}
    assert parts[-1]


def test_conversations_are_listed_in_parts_the_latest_first(http: httpx.Client) -> None:
    def ask(course: str, learner: str, conversation: str | None = None) -> str:
        body = {"question": "What do bees collect?", "learner": learner, "conversation": conversation}
        answer = http.post(f"{API}/courses/{course}/ask", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["conversation"])

    first, second, third = ask("c-1", "ann"), ask("c-2", "ann"), ask("c-1", "ann")
    other = ask("c-1", "bob")
    ask("c-1", "ann", first)

    def ids(**params: Any) -> list[str]:
        return [held["id"] for part in pages(http, f"{API}/conversations", **params) for held in part]

    assert ids(learner="ann", limit=1) == ids(learner="ann") == [first, third, second]
    assert ids(learner="ann", course="c-1", limit=1) == [first, third]
    assert ids(learner="bob") == [other]
    assert ids(learner="ann", course="nowhere") == ids() == []


def test_a_part_goes_on_where_it_was_although_what_stood_there_is_gone(http: httpx.Client, school: Tutor) -> None:
    first = http.get(SOURCES, params={"limit": 2})
    school.remove_source("c-1", first.json()[-1]["name"])
    assert [source["name"] for source in http.get(first.links["next"]["url"]).json()] == ["s3.md", "s4.md"]


WRONG = ["x", "a" * 8, "é", *(urlsafe_b64encode(json.dumps(p).encode()).decode() for p in ([], [1], ["a", "b"], {}))]


@pytest.mark.parametrize("path", [SOURCES, f"{API}/courses", f"{API}/conversations"])
@pytest.mark.parametrize("cursor", [*WRONG, urlsafe_b64encode(b"[1e300, 1]").decode()])
def test_what_is_no_cursor_is_told(path: str, cursor: str, http: httpx.Client) -> None:
    assert "not a cursor of this list" in told(http.get(path, params={"cursor": cursor}), 400)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x"])
def test_a_limit_has_its_own(limit: str, http: httpx.Client) -> None:
    assert "limit: input should be" in told(http.get(SOURCES, params={"limit": limit}), 422)


def test_sources_are_sent_again_only_once_they_changed(http: httpx.Client, school: Tutor, folder: Path) -> None:
    for path in (SOURCES, f"{SOURCES}/s0.md"):
        first = http.get(path)
        tag = first.headers["etag"]
        for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = http.get(path, headers={"If-None-Match": held})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert http.get(path, headers={"If-None-Match": '"other"'}).json() == first.json()
    assert tag == f'"{first.json()["version"]}"'
    (folder / "c-1" / "s0.md").write_text("# Source 0\n\nIt changed.\n")
    school.ingest("c-1", [folder / "c-1"])
    for path in (SOURCES, f"{SOURCES}/s0.md"):
        assert http.get(path, headers={"If-None-Match": tag}).status_code == 200
