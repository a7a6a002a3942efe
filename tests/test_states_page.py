"""What the page says and keeps while the tutor is away, busy, started again or asked elsewhere, in a real Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from chromium import NEEDED, launched
from playwright.sync_api import Browser, Page, expect
from test_conversation_page import expect_no_violations, on, questions, size
from test_page import FOUND, NOT_FOUND, ask, send
from test_page import gate as gate
from test_page import visit as visit
from test_server import COURSE, DIED, Served, free_port

from tutor.tutor import Tutor
from tutor.types import Answer
from tutor.web.page import CONCURRENT, WAITING

pytestmark = NEEDED
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
        else:
            hold.with_suffix(".stored").touch()
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

    def __init__(self, home: Path, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        self.hold = folder / "hold"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it answers questions."""
        self.begin()
        self.served.await_status("/readyz", 200)

    def begin(self) -> None:
        """Start it and wait until it answers at all."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        environment |= {"TUTOR_HOME": str(self.home), "HOLD": str(self.hold)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", HELD, "serve", "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        self.served.await_status("/healthz", 200)

    def end(self) -> None:
        """End it as a crash does."""
        assert self.process
        self.process.kill()
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


@pytest.fixture(scope="module")
def lasting(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(prepared, folder / "home")
    server = Server(folder / "home", folder)
    server.start()
    yield server
    server.end()


@pytest.fixture
def server(lasting: Server) -> Server:
    """A server that each test may kill, and that serves again before the next one."""
    for file in (lasting.hold, lasting.hold.with_suffix(".stored")):
        file.unlink(missing_ok=True)
    if lasting.process and lasting.process.poll() is not None:
        lasting.begin()
    lasting.served.await_status("/readyz", 200)
    return lasting


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


def test_a_question_whose_answer_broke_off_is_back_in_the_box(server: Server, page: Page) -> None:
    ask(page, FOUND)
    server.hold.write_text("each")
    send(page, DIED)
    expect(page.locator("#live .words")).to_be_visible()
    server.end()
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


def test_a_server_that_is_stopped_in_good_order_loses_no_question_either(server: Server, page: Page) -> None:
    ask(page, FOUND)
    server.hold.write_text("each")
    send(page, DIED)
    expect(page.locator("#live .words")).to_be_visible()
    server.served.process.send_signal(signal.SIGTERM)
    expect(connection(page)).to_have_text(re.compile(f"^{AWAY}"))
    server.hold.unlink()
    server.served.process.wait(timeout=60)
    server.begin()
    expect(page.locator("#notice .hint, #transcript .exchange + .exchange")).to_have_count(1)
    if page.locator("#transcript .exchange").count() == 1:  # else it was answered while the server was ending
        expect(box(page)).to_have_value(DIED)
        box(page).press("Enter")
    expect(page.locator("#transcript .exchange")).to_have_count(2)
    expect(box(page)).to_have_value("")
    assert server.questions(id_of(page)) == [FOUND, DIED]
    expect_went_on(page)


def test_a_first_question_that_broke_off_can_be_asked_again(server: Server, page: Page) -> None:
    server.hold.write_text("each")
    question = page.locator(".welcome .ask").first.inner_text()
    page.locator(".welcome .ask").first.click()
    expect(page.locator("#live .words")).to_be_visible()
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
    until = time.monotonic() + 60
    while not server.hold.with_suffix(".stored").exists():
        assert time.monotonic() < until, "the answer was not stored"
        time.sleep(0.05)
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


def test_a_page_of_another_version_is_loaded_anew_with_what_was_typed(server: Server, page: Page) -> None:
    def another(route) -> None:
        config = route.fetch().json()
        config["dependencies"].pop()
        route.fulfill(json=config)

    ask(page, FOUND)
    page.route("**/config", another)
    server.end()
    page.evaluate("window.dispatchEvent(new Event('offline'))")  # one of the moments at which the page looks
    expect(connection(page)).to_have_text(re.compile(f"^{AWAY}"))
    box(page).fill(DIED)
    server.start()
    page.wait_for_function("window.same === undefined")
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)
    expect(box(page)).to_have_value(DIED)


# --- the page is loaded anew during an answer ------------------------------------------------------------------------


@pytest.mark.parametrize("before", [[], [FOUND]], ids=["first", "next"])
def test_a_reload_during_an_answer_brings_the_question_back_into_the_box(
    visit: Callable[..., Page], gate: threading.Semaphore, lesson_tutor: Tutor, before: list[str]
) -> None:
    page = visit()
    gate.release(1000)
    for question in before:
        ask(page, question)
    while gate.acquire(blocking=False):
        pass
    held = lesson_tutor.conversations()
    send(page, DIED)
    expect(page.locator("#live .words")).to_be_visible()
    page.reload()
    expect(page.locator("#notice")).to_have_text(UNANSWERED)
    expect(page.locator(".exchange")).to_have_count(len(before))
    expect(box(page)).to_have_value(DIED)
    gate.release(1000)
    box(page).press("Enter")
    expect(page.locator("#transcript .exchange")).to_have_count(len(before) + 1)
    assert questions(lesson_tutor) == [*before, DIED]
    assert len(lesson_tutor.conversations()) == len(held) + (not before)
    page.reload()
    expect(page.locator("#transcript .exchange")).to_have_count(len(before) + 1)
    expect(box(page)).to_have_value("")
    expect(page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize("before", [[], [FOUND]], ids=["first", "next"])
def test_a_reload_after_the_answer_was_stored_shows_it(
    visit: Callable[..., Page], lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    stream, stored, go = lesson_tutor.stream, threading.Event(), threading.Event()

    def held(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for piece in stream(*args, **kwargs):
            if isinstance(piece, Answer):
                stored.set()
                go.wait(30)
            yield piece

    page = visit()
    for question in before:
        ask(page, question)
    monkeypatch.setattr(lesson_tutor, "stream", held)
    send(page, DIED)
    assert stored.wait(30)
    expect(page.locator("#live .words")).to_be_visible()
    page.reload()
    expect(page.locator("#transcript .exchange")).to_have_count(len(before) + 1)
    expect(page.locator("#transcript .question").last).to_contain_text(DIED)
    expect(box(page)).to_have_value("")
    expect(page.locator("#notice")).to_be_empty()
    go.set()
    assert questions(lesson_tutor) == [*before, DIED]


def test_a_suggestion_that_was_under_way_does_not_push_out_what_was_typed(
    visit: Callable[..., Page], gate: threading.Semaphore
) -> None:
    page = visit()
    box(page).fill("a draft")
    question = page.locator(".welcome .ask").first.inner_text()
    page.locator(".welcome .ask").first.click()
    expect(page.locator("#live .words")).to_be_visible()
    page.reload()
    expect(page.locator("#notice")).to_have_text(
        f"Your last question was not answered: {question} Your other words are still in the box."
    )
    expect(box(page)).to_have_value("a draft")
    gate.release(1000)


def test_an_answer_of_which_nothing_is_heard_any_more_counts_as_broken_off(
    visit: Callable[..., Page], gate: threading.Semaphore, lesson_tutor: Tutor
) -> None:
    page = visit()
    page.clock.install()
    send(page, DIED)
    expect(page.locator("#live .words")).to_be_visible()
    page.clock.fast_forward(61_000)  # as after a sleep of the computer, whose connections are dead and do not say so
    expect(page.locator("#notice")).to_have_text(UNANSWERED)
    expect(page.locator(".exchange")).to_have_count(0)
    expect(box(page)).to_have_value(DIED)
    gate.release(1000)
    box(page).press("Enter")
    expect(page.locator("#transcript .exchange")).to_have_count(1)
    assert questions(lesson_tutor) == [DIED]


# --- offline ---------------------------------------------------------------------------------------------------------


@size
def test_offline_is_said_and_ends_by_itself(visit: Callable[..., Page], size: dict[str, int]) -> None:
    page = on(visit, size)
    ask(page, FOUND)
    page.context.set_offline(True)
    expect(connection(page)).to_have_text(re.compile(f"^{OFFLINE} What you typed is kept"))
    expect(connection(page)).to_be_in_viewport(ratio=1)
    expect_no_violations(page)
    send(page, DIED)
    expect(connection(page)).to_have_text(re.compile(f"^{OFFLINE} Your question is kept, and is sent by itself"))
    page.context.set_offline(False)
    expect(page.locator("#transcript .exchange")).to_have_count(2)
    expect(connection(page)).to_be_empty()
    expect(page.locator(".toast-body")).to_have_count(0)


def test_a_tutor_on_this_computer_needs_no_network(visit: Callable[..., Page]) -> None:
    page = visit()
    page.evaluate("void Object.defineProperty(navigator, 'onLine', { get: () => false })")
    with page.expect_response("**/healthz"):
        page.evaluate("window.dispatchEvent(new Event('offline'))")
    ask(page, FOUND)
    expect(connection(page)).to_be_empty()


# --- too much to do --------------------------------------------------------------------------------------------------


def test_a_question_that_finds_the_line_full_is_sent_again_until_it_is_taken(
    visit: Callable[..., Page], gate: threading.Semaphore, lesson_tutor: Tutor, live_server: str
) -> None:
    page = visit()
    others = [join(live_server, number) for number in range(CONCURRENT + WAITING)]  # as many as it takes
    assert set(others) == {200}
    assert join(live_server, "one more") == 503
    send(page, DIED)
    expect(connection(page)).to_have_text(re.compile(f"^{BUSY}.* Yours is kept, and is sent again by itself"))
    expect(box(page)).to_have_value(DIED)
    expect_no_violations(page)
    gate.release(10_000)
    expect(page.locator("#transcript .question")).to_contain_text(DIED, timeout=120_000)
    expect(page.locator("#live .exchange")).to_have_count(0, timeout=60_000)
    expect(box(page)).to_have_value("")
    expect(connection(page)).to_be_empty()
    expect(page.locator(".toast-body")).to_have_count(0)


def join(address: str, session: object) -> int:
    """Ask as a page of its own does; return the status."""
    (index,) = [
        one["id"] for one in httpx.get(f"{address}/config").json()["dependencies"] if one["api_name"] == "answer"
    ]
    body = {"fn_index": index, "session_hash": f"s{session}", "data": [DIED, "", {"course": COURSE}]}
    return httpx.post(f"{address}/gradio_api/queue/join", json=body, timeout=30).status_code


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_that_finds_the_tutor_busy_says_so(visit: Callable[..., Page], status: int) -> None:
    page = visit()
    ask(page, FOUND)
    page.route("**/feedback", lambda route: route.fulfill(status=status, body="busy"))
    page.get_by_role("button", name="Helpful", exact=True).click()
    expect(page.locator("#told")).to_have_text("The tutor has too much to do at the moment. Try again in a minute.")


# --- several browsers and tabs ---------------------------------------------------------------------------------------


def test_two_browsers_at_once_each_see_their_own_answer(visit: Callable[..., Page], gate: threading.Semaphore) -> None:
    one, other = visit(), visit()
    send(one, FOUND)
    send(other, DIED)
    for page, question in ((one, FOUND), (other, DIED)):
        expect(page.locator("#live .question")).to_contain_text(question)
        expect(page.locator("#live .words")).to_be_visible()
    gate.release(1000)
    for page, question in ((one, FOUND), (other, DIED)):
        expect(page.locator("#transcript .question")).to_have_count(1)
        expect(page.locator("#transcript .question")).to_contain_text(question)
    expect(one.locator("#transcript .words")).not_to_contain_text("September 9, 1976")
    expect(other.locator("#transcript .words")).to_contain_text("September 9, 1976")


def second_tab(page: Page) -> Page:
    """Return a second tab at the same conversation."""
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("#transcript .exchange")).not_to_have_count(0)
    return other


def look_at(page: Page) -> None:
    """Do what the browser does when a window is looked at again."""
    page.evaluate("window.dispatchEvent(new Event('focus'))")


def test_a_question_asked_in_one_tab_appears_in_the_other_one_when_it_is_looked_at(visit: Callable[..., Page]) -> None:
    page = visit(reduced_motion="reduce")
    for question in (FOUND, NOT_FOUND, "Who was Stalin?"):
        ask(page, question)
    other = second_tab(page)
    page.locator(".words .cite").first.click()
    expect(page.locator(".panel")).to_be_visible()
    box(page).fill("half a quest")
    page.locator("#thread").evaluate("thread => (thread.scrollTop = 40)")
    ask(other, DIED)
    look_at(page)
    expect(page.locator("#transcript .exchange")).to_have_count(4)
    expect(page.locator("#transcript .words").last).to_contain_text("September 9, 1976")
    expect(box(page)).to_have_value("half a quest")
    expect(page.locator(".panel")).to_be_visible()
    expect(page.locator('.words .cite[aria-expanded="true"]')).to_have_count(1)
    assert page.locator("#thread").evaluate("thread => thread.scrollTop") == 40


def test_a_tab_that_is_looked_at_shows_what_is_new_in_the_list_of_conversations(visit: Callable[..., Page]) -> None:
    page, other = visit(), visit()
    ask(other, DIED)
    before = id_of(other)
    expect(page.locator(f'#history [data-conversation="{before}"]')).to_have_count(0)
    look_at(page)
    expect(page.locator(f'#history .entry[data-conversation="{before}"]')).to_have_count(1)
    expect(page.locator(".welcome")).to_be_visible()


def test_asking_in_two_tabs_at_once_loses_neither(
    visit: Callable[..., Page], gate: threading.Semaphore, lesson_tutor: Tutor
) -> None:
    page = visit()
    gate.release(1000)
    ask(page, FOUND)
    other = second_tab(page)
    while gate.acquire(blocking=False):
        pass
    send(page, DIED)
    send(other, "Who was Stalin?")
    for tab in (page, other):
        expect(tab.locator("#live .exchange")).to_be_visible()
    look_at(page)  # while its answer is under way, nothing is taken from it
    gate.release(1000)
    for tab in (page, other):
        expect(tab.locator("#live .exchange")).to_have_count(0)
    for tab in (page, other):
        look_at(tab)
        expect(tab.locator("#transcript .exchange")).to_have_count(3)
    assert sorted(questions(lesson_tutor)) == sorted([FOUND, DIED, "Who was Stalin?"])


# --- what is said ----------------------------------------------------------------------------------------------------

HEARD = """
window.heard = null;
const hear = () => {
  for (const region of document.querySelectorAll('[aria-live], [role="status"], [role="alert"]')) {
    const words = region.textContent.trim();
    if (region.words !== words && words) window.heard?.push(words);
    region.words = words;
  }
};
hear();
window.heard = [];
new MutationObserver(hear).observe(document.body, { childList: true, subtree: true, characterData: true });
"""


@pytest.mark.parametrize(("question", "said"), [(FOUND, "Answer:"), (NOT_FOUND, "No answer in the course:")])
def test_an_answer_and_a_refusal_are_said_once_and_not_piece_by_piece(
    visit: Callable[..., Page], question: str, said: str
) -> None:
    page = visit()
    page.evaluate(f"void (() => {{ {HEARD} }})()")
    ask(page, question)
    expect(page.locator("#announced")).to_contain_text(said)
    heard = page.evaluate("window.heard")
    assert [words.startswith(said) for words in heard] == [True]


def test_a_notice_is_said_once(visit: Callable[..., Page]) -> None:
    page = visit()
    page.evaluate(f"void (() => {{ {HEARD} }})()")
    page.context.set_offline(True)
    expect(connection(page)).to_have_text(re.compile(OFFLINE))
    page.wait_for_event("requestfailed")  # it has looked again, in vain
    page.context.set_offline(False)
    expect(connection(page)).to_be_empty()
    send(page, " ")
    expect(page.locator("#notice")).to_contain_text("Type a question first")
    heard = page.evaluate("window.heard")
    assert [words.split(".")[0] for words in heard] == [
        "You are offline",
        "Type a question first, or choose one of the suggestions",
    ]


# --- going back, and what was unfolded -------------------------------------------------------------------------------


def test_going_back_steps_through_the_conversations_that_were_opened(visit: Callable[..., Page]) -> None:
    page = visit()
    ask(page, FOUND)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, DIED)
    page.locator("#history .entry").nth(1).click()
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)
    page.go_back()
    expect(page.locator("#transcript .question")).to_contain_text(DIED)
    page.go_back()
    expect(page.locator("#transcript .question")).to_contain_text(FOUND)
    page.go_forward()
    expect(page.locator("#transcript .question")).to_contain_text(DIED)
    page.reload()
    expect(page.locator("#transcript .question")).to_contain_text(DIED)


def test_what_the_kinds_of_support_mean_stays_unfolded_when_more_is_asked(visit: Callable[..., Page]) -> None:
    page = visit()
    ask(page, FOUND)
    page.get_by_text("What do these mean?").press("Enter")
    expect(page.locator(".meaning ul")).to_be_visible()
    ask(page, DIED)
    expect(page.locator(".meaning").first).to_have_attribute("open", "")
    expect(page.locator(".meaning").last).not_to_have_attribute("open", "")
    page.get_by_text("What do these mean?").first.click()
    expect(page.locator(".meaning").first).not_to_have_attribute("open", "")


def test_what_was_unfolded_in_one_conversation_is_folded_in_the_next(visit: Callable[..., Page]) -> None:
    page = visit()
    ask(page, FOUND)
    page.get_by_text("What do these mean?").click()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, DIED)
    expect(page.locator(".meaning")).not_to_have_attribute("open", "")
