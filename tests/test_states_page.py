"""What the page says and keeps while the tutor is away, busy, started again or asked elsewhere, in a real Chromium."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from chromium import NEEDED, launched
from playwright.sync_api import Browser, Page, expect
from test_conversation_page import expect_no_violations, on, questions, size
from test_page import FOUND, NOT_FOUND, ask, latest, send
from test_page import gate as gate
from test_page import visit as visit
from test_server import Served, free_port

from tutor.settings import Settings
from tutor.tutor import Tutor

pytestmark = NEEDED
DIED = "When did Mao Zedong die?"
AWAY = "The tutor cannot be reached at the moment."
OFFLINE = "You are offline."
BUSY = "The tutor has very many questions to answer"
UNANSWERED = "Your last question was not answered. It is in the box below: send it again."

# `tutor serve`, which holds an answer back while a file exists: after each piece, or only once it is stored.
HELD = """
import os, time
from pathlib import Path
from tutor.tutor import Tutor
from tutor.types import Answer
stream, hold = Tutor.stream, Path(os.environ["HOLD"])
def held(*args, **kwargs):
    for piece in stream(*args, **kwargs):
        if isinstance(piece, str):
            yield piece
        while hold.exists() and (hold.read_text() == "each" or isinstance(piece, Answer)):
            time.sleep(0.02)
        if isinstance(piece, Answer):
            yield piece
Tutor.stream = held
from tutor.cli import main
main()
"""


class Server:
    """A `tutor serve` process at one address, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.hold = folder / "hold"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it answers questions."""
        self.begin()
        self.served.await_status("/readyz", 200)

    def begin(self) -> None:
        """Start it and wait until it answers at all."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", HELD, "serve", "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, env=environment | {"HOLD": str(self.hold)},
        )  # fmt: skip
        self.served.await_status("/healthz", 200)

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, as a crash does or as a service manager does."""
        assert self.process
        self.process.send_signal(how)
        self.process.wait(timeout=30)

    @property
    def served(self) -> Served:
        assert self.process
        return Served(self.process, self.url)

    def questions(self, id: str) -> list[str]:
        """Return the questions that a conversation holds."""
        held = httpx.get(f"{self.url}/api/v1/conversations/{id}").json()
        return [message["answer"]["question"] for message in held["messages"]]


@pytest.fixture(scope="module")
def browser(live_server: str) -> Iterator[Browser]:  # Playwright's loop runs from here on: the server goes first
    with launched() as browser:
        yield browser


@pytest.fixture
def server(lesson_home: Path, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    if server.process and server.process.poll() is None:
        server.end()


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    """The page of a server that can be killed; it must never be loaded anew, and no error of Gradio's shown."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(30_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script error {error}"))
    page.goto(server.url)
    expect(page.locator(".welcome")).to_be_visible(timeout=30_000)
    expect.set_options(timeout=30_000)
    page.evaluate("window.same = true")
    yield page
    context.close()
    assert wrong == []


def box(page: Page):
    return page.get_by_label("Your question")


def connection(page: Page):
    return page.locator("#connection [role=status][aria-live=polite]")


def expect_went_on(page: Page) -> None:
    """Check that the page is the same one, says nothing of a loss any more, and shows none of Gradio's own errors."""
    expect(connection(page)).to_be_empty()
    assert page.evaluate("window.same") is True
    expect(page.locator(".toast-body")).to_have_count(0)


def id_of(page: Page) -> str:
    return str(page.locator("#transcript .here").get_attribute("data-conversation"))


# --- the server is killed and started again --------------------------------------------------------------------------


def test_a_server_that_was_killed_while_idle_is_missed_and_found_again(server: Server, page: Page) -> None:
    ask(page, FOUND)
    box(page).fill("When did Mao")
    server.end()
    page.evaluate("void (Date.now = ((now) => () => now() + 60_000)(Date.now))")  # a minute later
    box(page).press_sequentially(" Zedong die?")
    expect(connection(page)).to_have_text(re.compile(f"^{AWAY} What you typed is kept"))
    expect(box(page)).to_have_value(DIED)
    expect_no_violations(page)
    server.start()
    expect_went_on(page)
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)
    expect(box(page)).to_have_value(DIED)
    box(page).press("Enter")
    expect(page.locator("#transcript .exchange")).to_have_count(2)
    expect(box(page)).to_have_value("")
    assert server.questions(id_of(page)) == [FOUND, DIED]
    expect_went_on(page)


def test_a_question_that_is_sent_to_a_server_that_is_gone_is_answered_once_it_is_back(
    server: Server, page: Page
) -> None:
    ask(page, FOUND)
    server.end()
    send(page, DIED)
    expect(connection(page)).to_have_text(re.compile("Your question is kept, and is sent by itself"))
    expect(box(page)).to_have_value(DIED)
    expect(box(page)).not_to_be_editable()
    server.begin()  # it need not be warm
    expect(page.locator("#transcript .exchange")).to_have_count(2)
    expect(box(page)).to_have_value("")
    expect(box(page)).to_be_editable()
    assert server.questions(id_of(page)) == [FOUND, DIED]
    expect_went_on(page)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_question_whose_answer_broke_off_is_back_in_the_box(server: Server, page: Page, how: signal.Signals) -> None:
    ask(page, FOUND)
    server.hold.write_text("each")
    send(page, DIED)
    expect(page.locator("#live .words")).to_be_visible()
    server.end(how)
    expect(connection(page)).to_have_text(re.compile(f"^{AWAY}"))
    expect(page.locator("#live .question")).to_contain_text(DIED)
    server.hold.unlink()
    server.begin()
    expect(page.locator("#notice")).to_have_text(UNANSWERED)
    expect(page.locator(".exchange")).to_have_count(1)
    expect(box(page)).to_have_value(DIED)
    expect_went_on(page)
    box(page).press("Enter")
    expect(page.locator("#transcript .exchange")).to_have_count(2)
    assert server.questions(id_of(page)) == [FOUND, DIED]


def test_a_first_question_that_broke_off_can_be_asked_again(server: Server, page: Page) -> None:
    server.hold.write_text("each")
    page.locator(".welcome .ask").first.click()
    expect(page.locator("#live .words")).to_be_visible()
    question = page.locator("#live .question").inner_text().removeprefix("You asked: ")
    server.end()
    server.hold.unlink()
    server.start()
    expect(page.locator("#notice")).to_have_text(UNANSWERED)
    expect(page.locator(".welcome")).to_be_visible()
    expect(box(page)).to_have_value(question)
    box(page).press("Enter")
    expect(page.locator("#transcript .exchange")).to_have_count(1)
    assert server.questions(id_of(page)) == [question]


@pytest.mark.parametrize("before", [[], [FOUND]], ids=["first", "next"])
def test_an_answer_that_was_stored_before_the_server_went_is_shown(
    server: Server, page: Page, before: list[str]
) -> None:
    for question in before:
        ask(page, question)
    server.hold.write_text("stored")
    send(page, DIED)
    expect(page.locator("#live .words")).to_contain_text("1976")
    held = httpx.get(f"{server.url}/readyz")
    assert held.status_code == 200
    server.end()
    server.hold.unlink()
    server.start()
    expect(page.locator("#transcript .words").last).to_contain_text("1976")
    expect(page.locator(".exchange")).to_have_count(len(before) + 1)
    expect(page.locator("#announced")).to_contain_text("Answer:")
    expect(box(page)).to_have_value("")
    expect(page.locator("#notice")).to_be_empty()
    assert server.questions(id_of(page)) == [*before, DIED]
    expect_went_on(page)
