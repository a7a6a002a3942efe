"""What can be seen of a running server: ids of requests, its log, its numbers; and what must never be in them."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import serving
from test_api import told
from test_server import Served, served

from tutor.errors import NotReady
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.web import observing

COURSE = "great-leap-forward"
ASK = f"/api/v1/courses/{COURSE}/ask"
DIED = "When did Mao Zedong die?"
SECRETS = ("Zedong", "ann-smith", "tk_secret", "zebra")
__all__ = ["served"]


@pytest.fixture
def http(lesson_tutor: Tutor) -> Iterator[httpx.Client]:
    """A caller of a server with numbers of its own."""
    with serving(lesson_tutor) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def numbers(http: httpx.Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    response = http.get("/metrics")
    assert response.status_code == 200, response.text
    families = text_string_to_metric_families(response.text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


# --- ids of requests -------------------------------------------------------------------------------------------------


def test_an_id_of_the_caller_is_given_back(http: httpx.Client) -> None:
    response = http.get("/healthz", headers={"X-Request-Id": "lms-42.A_b"})
    assert response.headers["x-request-id"] == "lms-42.A_b"


@pytest.mark.parametrize("sent", ["", "a" * 65, "a b", "<b>", "../x", 'a"', "-a", "é"])
def test_an_id_that_is_none_is_replaced(sent: str, http: httpx.Client) -> None:
    ids = [http.get("/healthz", headers={"X-Request-Id": sent.encode()}).headers["x-request-id"] for _ in range(2)]
    assert sent not in ids
    assert len(set(ids)) == 2


@pytest.mark.parametrize("path", ["/api/v1/courses/nowhere/sources", "/api/v1/nothing"])
def test_a_problem_names_its_request(path: str, http: httpx.Client) -> None:
    response = http.get(path, headers={"X-Request-Id": "mine"})
    told(response, 404)
    assert (response.json()["request_id"], response.json()["instance"]) == ("mine", "urn:request:mine")


def test_what_the_guard_refuses_and_what_nobody_expected_name_their_request_too(
    http: httpx.Client, lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = http.get("/healthz", headers={"Host": "evil.example"})
    told(foreign, 400)
    monkeypatch.setattr(lesson_tutor, "courses", lambda: 1 / 0)
    broken = http.get("/api/v1/courses")
    told(broken, 500)
    for response in (foreign, broken):
        assert response.json()["request_id"] == response.headers["x-request-id"] != ""
    assert broken.headers["x-content-type-options"] == "nosniff"


# --- the log ---------------------------------------------------------------------------------------------------------


def test_a_request_is_one_line_without_what_was_said(http: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tutor.requests")
    http.post(ASK, json={"question": DIED, "learner": "ann-smith"}, headers={"X-Request-Id": "one"})
    http.get("/api/v1/conversations/zebra?learner=ann-smith", headers={"Cookie": "tutor=tk_secret"})
    lines = [vars(record) for record in caplog.records if record.name == "tutor.requests"]
    assert [(line["method"], line["route"], line["status"], line["tenant"]) for line in lines] == [
        ("POST", "/api/v1/courses/{course}/ask", 200, "local"),
        ("GET", "/api/v1/conversations/{id}", 404, "local"),
    ]
    assert all(line["ms"] >= 0 for line in lines)
    assert not any(secret in str(line) for line in lines for secret in SECRETS)


def test_the_program_logs_json_to_standard_error(served: Served) -> None:
    served.await_status("/readyz", 200)
    with httpx.Client(base_url=served.url, timeout=60) as http:
        http.post(ASK, json={"question": DIED, "learner": "ann-smith"}, headers={"X-Request-Id": "one"})
        http.get("/api/v1/zebra?q=zebra", headers={"Authorization": "Bearer tk_secret"})
        http.get("/")
    _, printed = served.end()
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    (asked,) = [line for line in lines if line.get("request_id") == "one"]
    assert asked.keys() == {
        "event", "level", "logger", "timestamp", "request_id", "method", "route", "status", "ms", "tenant",
    }  # fmt: skip
    assert (asked["event"], asked["level"], asked["route"]) == ("request", "info", "/api/v1/courses/{course}/ask")
    assert "none" in [line.get("route") for line in lines]
    assert not any(secret in printed for secret in SECRETS)


def test_a_failure_is_logged_by_its_place_and_not_by_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    root, tutors = logging.getLogger(), logging.getLogger("tutor")
    before = root.handlers, root.level, tutors.level
    try:
        observing.log_to_stderr()
        try:
            raise ValueError("Ann said zebra")
        except ValueError:
            logging.getLogger("tutor.x").exception("it failed")
    finally:
        root.handlers, (_, level, own) = before[0], before
        root.setLevel(level)
        tutors.setLevel(own)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["error"]) == ("it failed", "error", "ValueError")
    assert "test_observing.py" in line["trace"][0]
    assert "zebra" not in json.dumps(line)
    assert sys.exc_info() == (None, None, None)


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_requests_and_answers_are_counted(http: httpx.Client) -> None:
    http.post(ASK, json={"question": DIED})
    with http.stream("POST", ASK, json={"question": "What is the boiling point of water?", "stream": True}) as response:
        response.read()
    http.get("/api/v1/nothing/ann-smith")
    http.get("/")
    http.request("PROPFIND", "/healthz")
    counted = numbers(http)

    def requests(method: str, route: str, status: int) -> float | None:
        return counted.get(("tutor_requests_total", (("method", method), ("route", route), ("status", str(status)))))

    assert requests("POST", "/api/v1/courses/{course}/ask", 200) == 2
    assert requests("GET", "none", 404) == 1
    assert requests("GET", "page", 200) == 1
    assert {dict(labels)["method"] for name, labels in counted if name == "tutor_requests_total"} == {
        "GET", "POST", "other",
    }  # fmt: skip
    assert counted["tutor_answers_total", (("outcome", "answered"), ("reason", ""))] == 1
    assert counted["tutor_answers_total", (("outcome", "refused"), ("reason", "off_topic"))] == 1
    assert counted["tutor_answer_seconds_count", ()] == 2
    assert counted["tutor_streams_running", ()] == counted["tutor_answers_under_way", ()] == 0
    assert not any(secret in str(counted) for secret in SECRETS)


def test_the_numbers_of_a_shared_tutor_are_for_administrators(home: Any) -> None:
    with Tutor.open(Settings.load(home=home, mode="shared")) as tutor:
        reader = tutor.keys.create("local", "reader", ["read"]).key
        admin = tutor.keys.create("local", "admin", ["admin"]).key
        with serving(tutor) as url:
            told(httpx.get(f"{url}/metrics"), 401)
            told(httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {reader}"}), 403)
            assert httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {admin}"}).status_code == 200


def test_a_streamed_failure_is_no_answer(
    http: httpx.Client, lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Iterator[str]:
        yield "Mao "
        raise NotReady("The disk is full. Free space and try again.")

    monkeypatch.setattr(lesson_tutor, "stream", failing)
    with http.stream("POST", ASK, json={"question": DIED, "stream": True}) as response:
        response.read()
    assert ("tutor_answers_total", (("outcome", "answered"), ("reason", ""))) not in numbers(http)
