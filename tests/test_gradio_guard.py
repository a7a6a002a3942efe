"""The guard before Gradio: each of its routes as nobody, as another learner and as whoever has the page open."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from signing import person, shared, signed_in
from starlette.routing import Mount, Route

from tutor.embedder import Embedder
from tutor.errors import Forbidden
from tutor.tutor import Tutor
from tutor.web.app import build_app
from tutor.web.gradio_guard import MOST_PAGES, Owners

COURSE = "great-leap-forward"
ADA, BEN = person("l_ada"), person("l_ben")
NEEDED = {
    "GET /", "HEAD /", "GET /config", "GET /assets/{path:path}", "GET /static/{path:path}", "GET /theme.css",
    "POST /gradio_api/queue/join", "GET /gradio_api/queue/data", "POST /gradio_api/run/{api_name}",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder) -> Iterator[tuple[Tutor, str]]:
    home = tmp_path_factory.mktemp("guarded") / "home"
    shutil.copytree(prepared, home)
    with shared(home, embedder) as (tutor, address):
        yield tutor, address


@pytest.fixture(scope="module")
def tutor(served: tuple[Tutor, str]) -> Tutor:
    return served[0]


@pytest.fixture(scope="module")
def nobody(served: tuple[Tutor, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served[1], timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def ada(served: tuple[Tutor, str]) -> Iterator[httpx.Client]:
    with signed_in(*served, ADA) as client:
        yield client


@pytest.fixture(scope="module")
def ben(served: tuple[Tutor, str]) -> Iterator[httpx.Client]:
    with signed_in(*served, BEN) as client:
        yield client


def routes_of_gradio(tutor: Tutor) -> list[tuple[str, str]]:
    """Return the method and path of all that Gradio would serve."""
    page = build_app(tutor).routes[-1]
    assert isinstance(page, Mount)
    found: set[tuple[str, str]] = set()
    left: list[Any] = list(page.app.app.routes)
    while left:
        one = left.pop()
        if isinstance(one, Route):
            found |= {(method, one.path) for method in one.methods or ()}
        else:
            left += getattr(one, "original_router", one).routes
    return sorted(found)


def filled(path: str) -> str:
    """Return an address of a route: each of its places with something that would be found there."""
    for place, value in {"{path:path}": "x", "{path_or_url:path}": "/etc/hostname", "{api_name}": "answer"}.items():
        path = path.replace(place, value)
    return path.replace("{", "").replace("}", "").replace(":path", "")


def listener(client: httpx.Client, name: str) -> int:
    """Return the number by which the page calls one of its listeners."""
    dependencies = client.get("/config").json()["dependencies"]
    return next(int(one["id"]) for one in dependencies if one["api_name"] == name)


def join(client: httpx.Client, page: str, name: str, *data: Any, event: Any = None, number: int = 0) -> httpx.Response:
    """Send an event of a page as its script does."""
    body = {"data": data, "event_data": event, "fn_index": number, "trigger_id": 0, "session_hash": page}
    return client.post("/gradio_api/queue/join", json=body)


def heard(client: httpx.Client, page: str) -> list[dict[str, Any]]:
    """Return what the page is told until its stream closes."""
    told = []
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": page}) as stream:
        assert stream.status_code == 200
        for line in stream.iter_lines():
            if line.startswith("data:"):
                told.append(json.loads(line.removeprefix("data:")))
                if told[-1]["msg"] == "close_stream":
                    break
    return told


def test_every_route_that_the_page_does_not_need_is_closed_for_everyone(tutor, nobody, ada) -> None:
    routes = routes_of_gradio(tutor)
    assert len(routes) > 70
    assert {f"{method} {path}" for method, path in routes} >= NEEDED
    for method, path in routes:
        if f"{method} {path}" in NEEDED:
            continue
        for client in (nobody, ada):
            answered = client.request(method, filled(path), json={} if method == "POST" else None)
            refused = {404, 403} if "upload" in path else {404}
            assert answered.status_code in refused, (method, path, answered.status_code)


@pytest.mark.parametrize("path", ["/gradio_api/run/answer", "/gradio_api/run/predict/", "/gradio_api//queue/join"])
def test_no_other_way_leads_to_a_listener(ada, path) -> None:
    body = {"data": [], "fn_index": 0, "session_hash": "elsewhere"}
    assert ada.post(path, json=body).status_code == 404


def test_nobody_gets_the_page_or_anything_of_it(nobody, ada) -> None:
    assert nobody.get("/").status_code == nobody.head("/").status_code == 401
    assert "gradio_config" not in nobody.get("/").text
    assert "gradio_config" in ada.get("/").text
    assert ada.get("/config").status_code == 200
    for refused in (
        nobody.get("/config"),
        join(nobody, "p1", "open_page", {}),
        nobody.get("/gradio_api/queue/data", params={"session_hash": "p1"}),
        nobody.post("/gradio_api/run/predict", json={"data": [], "fn_index": 0, "session_hash": "p1"}),
    ):
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["detail"] == "You are not signed in. Open the tutor from your course."


def test_style_and_script_are_the_same_for_everyone(nobody) -> None:
    assert nobody.get("/theme.css").status_code == 200
    assert nobody.get("/static/js/iframeResizer.contentWindow.min.js").status_code == 200
    assert nobody.get("/static/../../etc/passwd").status_code in (403, 404)


def test_a_page_belongs_to_who_opened_it(ada, ben) -> None:
    assert join(ada, "ada1", "open_page", {}).status_code == 200
    refused = [
        join(ben, "ada1", "open_page", {}),
        ben.get("/gradio_api/queue/data", params={"session_hash": "ada1"}),
        ben.post("/gradio_api/run/predict", json={"data": [], "fn_index": 0, "session_hash": "ada1"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert refused[0].json()["detail"] == "This page was opened by somebody else. Load it anew."
    told = heard(ada, "ada1")
    assert told[-2]["msg"] == "process_completed" and told[-2]["success"]


def test_another_learner_cannot_stop_an_answer(ada, ben) -> None:
    number = listener(ada, "end")
    assert join(ada, "ada2", "open_page", {}).status_code == 200
    heard(ada, "ada2")
    stop = {"data": [], "fn_index": number, "session_hash": "ada2"}
    assert ada.post("/gradio_api/run/predict", json=stop).status_code == 200
    assert ben.post("/gradio_api/run/predict", json=stop).status_code == 403
    assert ben.post("/gradio_api/cancel", json=stop | {"event_id": "x"}).status_code == 404


def test_what_a_browser_remembers_opens_nothing_of_somebody_else(tutor, ada, ben) -> None:
    question = "How many people died in the famine?"
    hers = tutor.visited_by(ADA).ask(COURSE, question).conversation
    memory = {"course": COURSE, "conversation": hers}
    number = listener(ben, "open_page")
    assert join(ben, "ben1", "open_page", memory, number=number).status_code == 200
    told = json.dumps(heard(ben, "ben1"))
    assert hers not in told and question not in told
    assert "That conversation is no longer here" in told
    assert join(ada, "ada3", "open_page", memory, number=number).status_code == 200
    assert question in json.dumps(heard(ada, "ada3"))


def test_what_was_asked_in_another_learners_page_is_not_found_again(tutor, ada, ben) -> None:
    question = "When did Mao Zedong die?"
    hers = tutor.visited_by(ADA).ask(COURSE, question).conversation
    sent = {"asked": {"question": question, "conversation": hers, "known": [], "tab": "ada1"}, "words": ""}
    number = listener(ben, "resume")
    memory = {"course": COURSE, "conversation": hers}
    assert join(ben, "ben2", "resume", "", memory, event=sent, number=number).status_code == 200
    told = json.dumps(heard(ben, "ben2"))
    assert "September 9, 1976" not in told and f'"{hers}"' not in told


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"data": []}', b'{"session_hash": 1}', b'{"session_hash": "a b"}', b"[" * 90_000],
)
def test_a_request_that_does_not_say_which_page_it_comes_from_is_refused(ada, body) -> None:
    headers = {"content-type": "application/json"}
    assert ada.post("/gradio_api/queue/join", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize("query", ["", "?session_hash=", "?session_hash=ada1&session_hash=ben1"])
def test_a_stream_is_of_one_page(ada, query) -> None:
    assert ada.get(f"/gradio_api/queue/data{query}").status_code == 400


def test_a_foreign_page_cannot_send_in_somebodys_name(ada) -> None:
    body = {"data": [{}], "fn_index": 0, "session_hash": "ada1"}
    for origin in ("https://evil.example", "null", f"https://{ada.base_url.netloc.decode()}"):
        assert ada.post("/gradio_api/queue/join", json=body, headers={"origin": origin}).status_code == 403


def test_a_sign_in_that_ended_opens_nothing_any_more(served) -> None:
    tutor, _ = served
    with signed_in(*served, ADA) as client:
        assert client.get("/config").status_code == 200
        tutor.sign_ins.end(next(iter(client.cookies.values())))
        assert client.get("/config").status_code == 401


def test_one_learner_cannot_fill_the_memory_or_take_a_page_over() -> None:
    owners = Owners()
    owners.check("bens", BEN)
    for number in range(MOST_PAGES + 10):
        owners.check(f"p{number}", ADA)
    assert len(owners._owners) == MOST_PAGES + 1
    with pytest.raises(Forbidden):
        owners.check("bens", ADA)
    owners.check("p0", ADA)  # forgotten, and hers again
