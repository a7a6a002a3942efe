"""Material over the HTTP API: a real server, files as they are, and whatever somebody else would like to send."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from fakes import fake_embedder
from serving import serving
from test_api import told

from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.web.guard import LARGEST_BODY

BEES = b"# Bees\n\nBees collect nectar.\n"
COURSE = "/api/v1/courses/c"
MOST = 1_000_000
NEW = {"title": "Insects"}


@pytest.fixture
def school(home: Path) -> Iterator[Tutor]:
    """A tutor that takes files of a million bytes and has no course."""
    with Tutor.open(Settings.load(home=home, max_source_bytes=MOST)) as opened:
        opened.loaded.embedder = fake_embedder()
        yield opened


@pytest.fixture
def http(school: Tutor) -> Iterator[httpx.Client]:
    with serving(school) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def put(http: httpx.Client, name: str, data: Any = BEES, **options: Any) -> httpx.Response:
    return http.put(f"{COURSE}/sources/{quote(name, safe='')}", content=data, **({"params": NEW} | options))


def settled(http: httpx.Client) -> list[tuple[str, str, str | None]]:
    """Wait for all files, and return how each stands."""
    deadline = time.monotonic() + 60
    while True:
        response = http.get(f"{COURSE}/material")
        assert response.status_code == 200, response.text
        files = response.json()["files"]
        if all(file["state"] in ("done", "failed") for file in files):
            return [(file["name"], file["state"], file["change"]) for file in files]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kept(school: Tutor) -> list[Path]:
    folder = school.settings.home / "material"
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_taken_at_once_and_told_until_it_is_in_its_course(http: httpx.Client) -> None:
    response = put(http, "bees and wasps.md")
    assert response.status_code == 202
    taken = response.json()
    assert taken.keys() == {"id", "course", "name", "state", "done", "total", "change", "detail"}
    assert (taken["course"], taken["name"], taken["state"]) == ("c", "bees and wasps.md", "waiting")
    assert settled(http) == [("bees and wasps.md", "done", "added")]
    assert [course["title"] for course in http.get("/api/v1/courses").json()] == ["Insects"]
    assert http.get(f"{COURSE}/sources/bees%20and%20wasps.md").json()["text"] == "Bees\n\nBees collect nectar.\n"


def test_a_large_file_is_taken_whole(http: httpx.Client) -> None:
    data = b"# Bees\n\n" + b"Bees collect nectar all day. " * (4 * LARGEST_BODY // 100)
    assert len(data) > LARGEST_BODY
    assert put(http, "bees.txt", data).status_code == 202
    assert settled(http) == [("bees.txt", "done", "added")]
    assert len(http.get(f"{COURSE}/sources/bees.txt").json()["text"]) == len(data)


def test_a_text_is_taken_out_and_a_course_deleted(http: httpx.Client) -> None:
    for name in ("a.md", "b.md"):
        put(http, name)
    settled(http)
    response = http.delete(f"{COURSE}/sources/a.md")
    assert (response.status_code, response.json()["removed"]) == (200, ["a.md"])
    assert "the only text of this course" in told(http.delete(f"{COURSE}/sources/b.md"), 409)
    told(http.delete(f"{COURSE}/sources/a.md"), 404)
    assert http.delete(COURSE).status_code == 204
    assert http.get("/api/v1/courses").json() == []
    for gone in (http.delete(COURSE), http.get(f"{COURSE}/material"), http.delete(f"{COURSE}/sources/b.md")):
        told(gone, 404)


def test_a_course_that_is_not_there_needs_a_name(http: httpx.Client, school: Tutor) -> None:
    assert "There is no course 'c'" in told(put(http, "a.md", params={}), 404)
    assert "The course has no name" in told(put(http, "a.md", params={"title": " "}), 400)
    assert "cannot name a course" in told(http.put("/api/v1/courses/C/sources/a.md", content=BEES), 400)
    assert kept(school) == []


@pytest.mark.parametrize(
    "name",
    ["../x.txt", "a/b.txt", "C:\\x.txt", ".hidden.txt", "con.txt", "a\x00.txt", "\u202etxt.md", "x" * 296 + ".txt",
     "/etc/passwd.txt", "a.pdf", "passwd", "%2e%2e%2fx.txt?.md"],
)  # fmt: skip
def test_a_name_that_cannot_be_kept_is_refused_and_leaves_nothing(name: str, http: httpx.Client, school: Tutor) -> None:
    detail = told(put(http, name), 422)
    assert "\u202e" not in detail
    assert kept(school) == []
    assert [path.name for path in school.settings.home.parent.rglob("*.txt")] == []


def test_an_empty_file_is_refused(http: httpx.Client, school: Tutor) -> None:
    assert told(put(http, "a.md", b""), 422) == "a.md is empty. Choose a file with some text in it."
    assert kept(school) == []


def test_a_file_that_is_announced_as_too_large_is_refused(http: httpx.Client, school: Tutor) -> None:
    assert "The file is larger than 1,000,000 bytes." in told(put(http, "a.md", b"x" * (MOST + 1)), 413)
    assert kept(school) == []


def test_a_file_that_grows_too_large_unannounced_is_refused(http: httpx.Client, school: Tutor) -> None:
    pieces = (b"x" * 65_536 for _ in range(MOST // 65_536 + 1))
    assert "larger than the tutor takes" in told(put(http, "a.md", pieces), 413)
    assert kept(school) == []


def test_a_connection_that_is_lost_half_way_leaves_nothing(http: httpx.Client, school: Tutor) -> None:
    host = urlsplit(str(http.base_url))
    with socket.create_connection((host.hostname, host.port)) as client:
        head = f"PUT {COURSE}/sources/a.md?title=x HTTP/1.1\r\nHost: {host.netloc}\r\nContent-Length: 5000\r\n\r\n"
        client.sendall(head.encode() + b"half of it")
        deadline = time.monotonic() + 30
        while not kept(school):
            assert time.monotonic() < deadline, "nothing arrived"
            time.sleep(0.01)
    while kept(school):
        assert time.monotonic() < deadline, "a part was left"
        time.sleep(0.01)
    told(http.get(f"{COURSE}/material"), 404)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_changes_nothing(origin: str, http: httpx.Client, school: Tutor) -> None:
    put(http, "a.md")
    settled(http)
    foreign = {"Origin": origin}
    told(put(http, "b.md", headers=foreign), 403)
    told(http.delete(f"{COURSE}/sources/a.md", headers=foreign), 403)
    told(http.delete(COURSE, headers=foreign), 403)
    assert [source.name for source in school.sources("c")] == ["a.md"]
    assert kept(school) == []


def test_a_form_is_not_a_file(http: httpx.Client, school: Tutor) -> None:
    response = http.put(f"{COURSE}/sources/a.md", params=NEW, files={"file": ("a.md", BEES)})
    assert "takes no forms" in told(response, 415)
    assert kept(school) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", f"{COURSE}/ask"), ("PUT", f"{COURSE}/ask"), ("POST", f"{COURSE}/sources/a.md"),
     ("PUT", "/api/v1/courses"), ("PUT", "/gradio_api/upload"), ("PATCH", f"{COURSE}/sources/a.md"),
     ("PUT", f"{COURSE}/sources/")],
)  # fmt: skip
def test_only_a_file_may_be_large(method: str, path: str, http: httpx.Client) -> None:
    assert http.request(method, path, content=b"x" * (LARGEST_BODY + 1)).status_code in (403, 413)


def test_the_page_s_framework_still_takes_no_files(http: httpx.Client) -> None:
    assert "takes no files here" in told(http.post("/gradio_api/upload", files={"files": ("a.md", BEES)}), 403)


def test_whoever_may_not_add_material_is_told_so(
    http: httpx.Client, school: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(http, "a.md")
    settled(http)
    monkeypatch.setattr(Tutor, "may_add_material", False)
    for response in (put(http, "b.md"), http.delete(f"{COURSE}/sources/a.md"), http.delete(COURSE)):
        assert "Only teachers may change what a course holds" in told(response, 403)
    assert [source.name for source in school.sources("c")] == ["a.md"]


def test_the_calls_are_documented(http: httpx.Client) -> None:
    paths = http.get("/api/openapi.json").json()["paths"]
    put_source = paths["/api/v1/courses/{course}/sources/{source}"]["put"]
    assert put_source["requestBody"]["content"] == {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    }
    assert put_source["responses"].keys() >= {"202", "404", "409", "413", "422"}
    assert "204" in paths["/api/v1/courses/{course}"]["delete"]["responses"]
