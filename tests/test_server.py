"""The server process: how it starts, what it answers before it is warm, how it ends, and who asks it meanwhile."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from commandline import run
from serving import serving

from tutor.embedder import Embedder
from tutor.errors import NotReady
from tutor.index import Store
from tutor.remote import SERVER_FILE, RunningTutor
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.types import Answer
from tutor.web.server import announced

COURSE = "great-leap-forward"
DIED = "When did Mao Zedong die?"


# --- a process of its own --------------------------------------------------------------------------------------------


@dataclass
class Served:
    """A `tutor serve` process and its address."""

    process: subprocess.Popen[str]
    url: str

    def status(self, path: str) -> int | None:
        """Return the status of a GET; None while nothing answers."""
        try:
            return httpx.get(self.url + path, timeout=30).status_code
        except httpx.ConnectError:
            return None

    def await_status(self, path: str, wanted: int, seconds: float = 120) -> None:
        """Wait until a GET has the wanted status."""
        until = time.monotonic() + seconds
        while self.status(path) != wanted:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < until, f"{path} did not answer with {wanted}"
            time.sleep(0.05)

    def end(self) -> tuple[int, str]:
        """Ask it to end as a service manager does; return its exit status and what it printed."""
        self.process.send_signal(signal.SIGTERM)
        _, printed = self.process.communicate(timeout=30)
        return self.process.returncode, printed


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def served(lesson_home: Path) -> Iterator[Served]:
    """The program itself, serving the bundled course, just started."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    process = subprocess.Popen(
        [sys.executable, "-c", "from tutor.cli import main; main()", "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    with process:
        yield Served(process, f"http://127.0.0.1:{port}")
        process.kill()


def test_a_server_lives_from_its_first_page_to_a_clean_end(served: Served, lesson_home: Path) -> None:
    served.await_status("/healthz", 200)
    assert served.status("/readyz") == 503
    assert served.status("/") == 200
    note = json.loads((lesson_home / SERVER_FILE).read_text())
    assert note == {"url": served.url, "pid": served.process.pid}
    served.await_status("/readyz", 200)
    assert "September 9, 1976" in run("ask", DIED).out  # by way of the server, which holds the store
    status, printed = served.end()
    assert (status, "Traceback" in printed) == (0, False), printed
    assert f"Open {served.url} — press Ctrl+C to stop." in printed
    assert not (lesson_home / SERVER_FILE).exists()
    Store(lesson_home / "indexes").close()


def test_a_server_that_is_stopped_while_it_warms_up_ends_cleanly(served: Served, lesson_home: Path) -> None:
    served.await_status("/healthz", 200)
    status, printed = served.end()
    assert (status, "Traceback" in printed) == (0, False), printed
    assert not (lesson_home / SERVER_FILE).exists()


# --- in this process -------------------------------------------------------------------------------------------------


def test_the_page_answers_before_the_models_are_warm(lesson_home: Path, embedder: Embedder) -> None:
    with Tutor.open() as tutor, serving(tutor) as address:
        waiting = httpx.get(f"{address}/readyz")
        assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "5")
        assert waiting.headers["content-type"] == "application/problem+json"
        assert waiting.json()["detail"] == "The tutor is warming up. Try again in a few seconds."
        assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}
        page = httpx.get(address)
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
        assert [course["id"] for course in httpx.get(f"{address}/api/v1/courses").json()] == [COURSE]
        tutor.loaded.embedder = embedder
        tutor.warm()
        assert httpx.get(f"{address}/readyz").json() == {"status": "ready"}


def test_what_keeps_the_models_from_warming_up_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUTOR_EMBEDDER", str(tmp_path / "no-model"))
    with Tutor.open() as tutor, serving(tutor) as address:
        tutor.warm_up()
        failed = httpx.get(f"{address}/readyz")
        assert failed.status_code == 503
        assert "no-model' cannot be loaded" in failed.json()["detail"]
        assert "Set TUTOR_EMBEDDER" in failed.json()["detail"]


def test_a_start_that_fails_unexpectedly_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with Tutor.open() as tutor:
        monkeypatch.setattr(tutor, "warm", lambda: 1 / 0)
        tutor.warm_up()
        assert tutor.trouble.endswith("Run: tutor doctor.")


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_the_other_loopback_address_is_served_too(lesson_tutor: Tutor) -> None:
    with serving(lesson_tutor, "::1") as address:
        assert httpx.get(f"{address}/healthz").status_code == 200


def test_a_second_server_over_the_same_folder_does_not_start(lesson_home: Path) -> None:
    held = Store(lesson_home / "indexes")
    before = signal.getsignal(signal.SIGTERM)
    with announced(lesson_home, "http://127.0.0.1:1"):
        ran = run("serve", "--port", str(free_port()))
        assert (lesson_home / SERVER_FILE).exists()
    signal.signal(signal.SIGTERM, before)
    held.close()
    assert ran.status == 1
    assert f"Another tutor is using {lesson_home}. Ask there, stop it first" in ran.err.splitlines()[-1]


def test_a_state_folder_without_space_for_the_note_is_told_in_one_line(home: Path) -> None:
    refused = pytest.raises(NotReady, match=r"server\.json cannot be written: .*Free space or set TUTOR_HOME")
    with refused, announced(home / "gone", "http://127.0.0.1:1"):
        pass


# --- asking while it serves ------------------------------------------------------------------------------------------


@pytest.fixture
def running(lesson_home: Path, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor that serves this test's state folder and holds its store."""
    with Tutor.open(Settings.load()) as tutor:
        tutor.loaded.embedder = embedder
        tutor.warm()
        with serving(tutor) as address, announced(lesson_home, address):
            yield tutor


def stored(tutor: Tutor) -> list[str]:
    """Return every question that was stored, the latest conversation first."""
    held = [tutor.conversation(conversation.id) for conversation in tutor.conversations()]
    return [message.answer.question for conversation in held for message in conversation.messages]


def test_a_question_goes_to_the_server_that_holds_the_store(running: Tutor) -> None:
    ran = run("ask", DIED, "--json")
    assert (ran.status, ran.err) == (0, "")
    answer = Answer.model_validate_json(ran.out)
    assert answer == running.conversation(answer.conversation).messages[0].answer


def test_a_batch_goes_to_the_server_with_its_conversations(running: Tutor) -> None:
    lines = [{"question": DIED, "conversation": "a"}, {"question": "What killed him?", "conversation": "a"}]
    ran = run("ask", "--batch", "-", stdin="".join(json.dumps(line) + "\n" for line in lines))
    first, second = (Answer.model_validate_json(line) for line in ran.out.splitlines())
    assert second.standalone_question == "What killed Mao Zedong?"
    assert first.conversation == second.conversation
    assert stored(running) == [DIED, "What killed him?"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([""], "The question is empty. Type what you want to know."),
        (["a" * 3_000], "longer than 2,000 characters. Ask it in fewer words."),
        (["a" * 1_000_000], "The request is larger than 256,000 bytes. Send less."),
        ([DIED, "--course", "nowhere"], f"There is no course 'nowhere'. The courses are: {COURSE}."),
    ],
    ids=["empty", "long", "huge", "course"],
)
def test_what_the_server_refuses_is_told_in_one_line(arguments: list[str], said: str, running: Tutor) -> None:
    assert said in run("ask", *arguments).complaint
    assert stored(running) == []


def test_a_line_that_the_server_refuses_costs_only_itself(running: Tutor) -> None:
    lines = [{"question": "a" * 300_000}, {"question": DIED}]
    ran = run("ask", "--batch", "-", stdin="".join(json.dumps(line) + "\n" for line in lines))
    refused, answered = map(json.loads, ran.out.splitlines())
    assert "Send less" in refused["error"]
    assert answered["question"] == DIED
    assert ran.status == 1


def test_the_server_has_to_be_stopped_before_its_courses_change(running: Tutor, tmp_path: Path, warm: None) -> None:
    (tmp_path / "notes.md").write_text("# Notes\n\nIt rained.\n")
    assert "Another tutor is using" in run("ingest", tmp_path / "notes.md", "--course", "notes").complaint
    assert [course.id for course in running.courses()] == [COURSE]


def test_a_note_that_a_killed_server_left_is_not_believed(lesson_home: Path, warm: None) -> None:
    (lesson_home / SERVER_FILE).write_text(json.dumps({"url": f"http://127.0.0.1:{free_port()}", "pid": 1}))
    assert "September 9, 1976" in run("ask", DIED).out
    held = Store(lesson_home / "indexes")
    ran = run("ask", DIED)
    held.close()
    assert "Another tutor is using" in ran.complaint


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"url": 7}', '{"url": "nonsense"}', '{"url": "http://[::"}'])
def test_a_note_that_names_no_server_leads_nowhere(note: str, home: Path) -> None:
    home.mkdir()
    (home / SERVER_FILE).write_text(note)
    assert RunningTutor.of(home) is None


def test_something_else_at_the_address_of_the_note_is_not_taken_for_a_tutor(home: Path) -> None:
    home.mkdir()
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.handle_request, daemon=True).start()
        with announced(home, f"http://127.0.0.1:{other.server_port}"):
            assert RunningTutor.of(home) is None
