"""Limits: calls are counted, questions wait in one line of fixed length, and no call lasts for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx
import pytest
from serving import serving

from tutor.embedder import Embedder
from tutor.errors import NotReady, Stopped, TooMany
from tutor.limits import Limits
from tutor.settings import Settings
from tutor.sign_ins import SignedIn
from tutor.tenants import create_tenant
from tutor.tutor import Tutor
from tutor.visitor import OWNER, Visitor
from tutor.web.layout import Parts
from tutor.web.page import View, ask
from tutor.web.texts import texts

API = "/api/v1"
ASK = f"{API}/courses/notes/ask"
WHY = "Why did the harvest of 1959 fail?"


@pytest.fixture
def limited(tmp_path: Path, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor in shared mode with a course, low limits, and room for one question and one that waits."""
    (tmp_path / "harvest.md").write_text("# Notes\n\nThe harvest of 1959 failed because the weather was bad.\n")
    rates = {"key_calls_per_minute": 4, "learner_calls_per_minute": 2}
    with Tutor.open(Settings.load(mode="shared", answers_at_once=1, answers_waiting=1, **rates)) as opened:
        opened.loaded.embedder = embedder
        create_tenant(opened.records, "oak")
        opened.ingest("notes", [tmp_path / "harvest.md"])
        yield opened


@pytest.fixture
def http(limited: Tutor) -> Iterator[httpx.Client]:
    """A caller of a server of that tutor."""
    with serving(limited) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
def hasty(home: Path) -> Iterator[Tutor]:
    """A tutor in shared mode that gives each call a second."""
    with Tutor.open(Settings.load(home=home, mode="shared", request_seconds=0.6, model_seconds=0.4)) as opened:
        create_tenant(opened.records, "oak")
        yield opened


def bearer(tutor: Tutor) -> dict[str, str]:
    """Return the header that shows a new key."""
    return {"Authorization": f"Bearer {tutor.keys.create('oak', 'Moodle', ['ask', 'read', 'write']).key}"}


# --- calls in a minute -----------------------------------------------------------------------------------------------


def limits(**settings: int) -> Limits:
    """Return limits that are so."""
    return Limits(Settings.load(**settings))


def counted(limits: Limits, visitor: Visitor, calls: int = 10) -> int:
    """Return how many of these calls are within the limit."""
    for number in range(calls):
        try:
            limits.count_call(visitor)
        except TooMany:
            return number
    return calls


def test_each_key_and_each_learner_of_a_tenant_has_a_limit_of_their_own() -> None:
    low = limits(key_calls_per_minute=5, learner_calls_per_minute=3)
    assert [counted(low, Visitor("oak", key=key)) for key in ("1", "2")] == [5, 5]
    who = [
        Visitor("oak", "x", "ann"),
        Visitor("oak", "y", "ann"),
        Visitor("oak", "x", "ben"),
        Visitor("elm", "x", "ann"),
    ]
    assert [counted(low, visitor) for visitor in who] == [3, 0, 3, 3]  # ann is one person in each space of a tenant


def test_whoever_runs_the_tutor_is_not_counted() -> None:
    low = limits(key_calls_per_minute=1, learner_calls_per_minute=1)
    assert (counted(low, OWNER), counted(low, OWNER.acting_for("ann"))) == (10, 10)


def test_a_limit_of_nought_is_none() -> None:
    none = limits(key_calls_per_minute=0, learner_calls_per_minute=0)
    assert counted(none, Visitor("oak", learner="ann", key="1")) == 10


def test_calls_above_the_limit_of_a_key_are_told_when_to_come_again(http: httpx.Client, limited: Tutor) -> None:
    shown = bearer(limited)
    *within, above = (http.get(f"{API}/courses", headers=shown) for _ in range(5))
    assert [response.status_code for response in within] == [200] * 4
    assert above.status_code == 429
    assert above.headers["content-type"] == "application/problem+json"
    assert 1 <= int(above.headers["retry-after"]) <= 60
    assert f"Try again in {above.headers['retry-after']} seconds." in above.json()["detail"]
    assert http.get(f"{API}/courses", headers=bearer(limited)).status_code == 200


def test_a_learner_has_a_limit_whoever_asks_for_them(http: httpx.Client, limited: Tutor) -> None:
    path = f"{API}/conversations/c_0"
    asked = [http.get(path, params={"learner": name}, headers=bearer(limited)) for name in ("ann", "ann", "ann", "ben")]
    assert [response.status_code for response in asked] == [404, 404, 429, 404]


def test_a_learner_who_is_signed_in_has_a_limit(http: httpx.Client, limited: Tutor) -> None:
    http.cookies.set("tutor", limited.sign_ins.begin(SignedIn(Visitor("oak", "x", "ann"))))
    assert [http.get(f"{API}/courses").status_code for _ in range(3)] == [200, 200, 429]


def test_a_stored_answer_counts_too(http: httpx.Client, limited: Tutor) -> None:
    shown = bearer(limited) | {"Idempotency-Key": "again"}
    asked = [http.post(ASK, json={"question": WHY}, headers=shown).status_code for _ in range(5)]
    assert asked == [200, 200, 200, 200, 429]


# --- places in the line ----------------------------------------------------------------------------------------------


def test_a_question_waits_for_a_place_and_one_too_many_is_refused() -> None:
    line = limits(answers_at_once=1, answers_waiting=1)
    order: list[str] = []
    inside = threading.Event()

    def wait() -> None:
        inside.set()
        with line.place():
            order.append("second")

    with line.place():
        second = threading.Thread(target=wait)
        second.start()
        inside.wait(10)
        while True:  # until the second one stands in the line
            try:
                with line.place(stopped()):
                    raise AssertionError("nobody has a place beside the first")
            except Stopped:
                continue
            except NotReady as error:
                assert error.key == "many-questions"
                break
        order.append("first")
    second.join(10)
    assert order == ["first", "second"]
    with line.place():
        pass


def stopped() -> threading.Event:
    """Return what says that nobody wants to wait any more."""
    stop = threading.Event()
    stop.set()
    return stop


def test_who_stops_waiting_leaves_the_line() -> None:
    line = limits(answers_at_once=1, answers_waiting=1)
    with line.place():
        for _ in range(3):
            with pytest.raises(Stopped), line.place(stopped()):
                pass


def test_a_place_is_free_again_after_a_failure_and_where_nobody_hears_the_answer(limited: Tutor) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), limited.limits.place():
            raise ZeroDivisionError
        heard = limited.stream("notes", WHY)
        next(heard)
        heard.close()
    assert not limited.ask("notes", WHY).refused


def test_a_full_line_is_a_503_and_nothing_else_waits_for_it(http: httpx.Client, limited: Tutor) -> None:
    body = {"question": WHY}
    with ThreadPoolExecutor(1) as pool:
        with limited.limits.place():
            second = pool.submit(http.post, ASK, json=body, headers=bearer(limited))
            while limited.limits._inside < 2:
                assert http.get("/healthz").status_code == 200
            for more in ({}, {"stream": True}):
                refused = http.post(ASK, json=body | more, headers=bearer(limited))
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
                assert "Many questions are being answered." in refused.json()["detail"]
        assert second.result(20).status_code == 200
    assert http.post(ASK, json=body, headers=bearer(limited)).status_code == 200


def test_the_health_of_a_tutor_whose_line_is_long_is_told_at_once(tmp_path: Path, embedder: Embedder) -> None:
    with Tutor.open(Settings.load(answers_at_once=1, answers_waiting=64)) as tutor:
        tutor.loaded.embedder = embedder
        with (
            serving(tutor) as address,
            httpx.Client(base_url=address, timeout=30) as http,
            ThreadPoolExecutor(60) as pool,
        ):
            with tutor.limits.place():
                asked = [pool.submit(httpx.post, address + ASK, json={"question": WHY}, timeout=60) for _ in range(60)]
                while tutor.limits._inside < 61:
                    assert http.get("/healthz", timeout=5).status_code == 200
                assert http.get(f"{API}/courses", timeout=5).status_code == 200
            assert {one.result(60).status_code for one in asked} == {404}  # there is no course yet


# --- the page --------------------------------------------------------------------------------------------------------


class Names:
    """The parts of the page by their names, which is all that an answer needs of them."""

    def __getattr__(self, name: str) -> str:
        return name


def notice(tutor: Tutor) -> str:
    """Return what the page says below a question of ann's, once it is dealt with."""
    view = View(tutor.visited_by(Visitor("oak", "x", "ann")), cast(Parts, Names()), texts("en"))
    *_, last = ask(view, WHY, {"course": "notes"}, "", threading.Event())
    return str(last["notice"])


def test_the_page_waits_in_the_same_line_and_counts_its_learner(limited: Tutor) -> None:
    with limited.limits.place():
        limited.limits._inside += 1  # somebody else waits
        assert "Many people are asking at the moment. Wait a little, then ask again." in notice(limited)
        limited.limits._inside -= 1
    assert notice(limited) == ""
    assert "You have asked very often within a minute. Wait" in notice(limited)


# --- time ------------------------------------------------------------------------------------------------------------


def connected(address: str, head: str, tutor: Tutor) -> socket.socket:
    """Return a connection that has sent the head of a request."""
    host = urlsplit(address)
    caller = socket.create_connection((str(host.hostname), int(host.port or 0)), timeout=20)
    shown = f"Host: {host.netloc}\r\nAuthorization: {bearer(tutor)['Authorization']}"
    caller.sendall(f"{head}\r\n{shown}\r\n".encode())
    return caller


@pytest.mark.parametrize(
    "head",
    [
        f"POST {ASK} HTTP/1.1\r\nContent-Type: application/json",
        f"PUT {API}/courses/own/sources/x.md?title=Own HTTP/1.1",
    ],
)
@pytest.mark.parametrize("more", ["", "Idempotency-Key: slow\r\n"])
def test_a_body_that_never_comes_is_not_waited_for(head: str, more: str, hasty: Tutor) -> None:
    with serving(hasty) as address, connected(address, head, hasty) as caller:
        caller.sendall(f"{more}Content-Length: 100\r\n\r\n{{".encode())
        received = b""
        while piece := caller.recv(65_536):
            received += piece
            if b"longer than 1 seconds" in received:
                break
    assert received.startswith(b"HTTP/1.1 503")
    assert b"application/problem+json" in received


def test_a_reader_who_never_reads_holds_no_place(
    http: httpx.Client, limited: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def long(*_: object) -> Iterator[str]:
        try:
            for _ in range(20):
                yield "word " * 100_000
        finally:
            ended.set()

    body = b'{"question": "Who?", "stream": true}'
    with monkeypatch.context() as patch:
        patch.setattr(limited, "_answers", long)
        with connected(str(http.base_url), f"POST {ASK} HTTP/1.1\r\nContent-Type: application/json", limited) as caller:
            caller.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            assert ended.wait(20)
            patch.undo()
            assert http.post(ASK, json={"question": WHY}, headers=bearer(limited)).status_code == 200
