"""Adding material in a real Chromium, against a real server whose courses may change."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDED, launched
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from serving import serving
from test_citing_page import expect_no_violation, needs_axe
from test_page import PHONE, ask, send

from tutor.embedder import Embedder
from tutor.settings import Settings
from tutor.tutor import Tutor

COURSE = "great-leap-forward"
TITLE = "The Great Leap Forward"
DIED = "When did Mao Zedong die?"
DESKTOP = {"width": 1280, "height": 800}
BEES = "# Bees\n\nBees collect nectar. A hive holds fifty thousand bees in summer.\n"
SOURED = "# Bees\n\nBees collect nectar. A hive holds sixty thousand bees in summer.\n"
pytestmark = NEEDED


def open_tutor(home: Path, embedder: Embedder) -> Tutor:
    """Return a tutor that takes files of a million bytes."""
    opened = Tutor.open(Settings.load(home=home, max_source_bytes=1_000_000))
    opened._embedder = embedder
    return opened


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor with the bundled course."""
    home = tmp_path_factory.mktemp("school") / "home"
    shutil.copytree(prepared, home)
    with open_tutor(home, embedder) as opened:
        opened.warm()
        yield opened


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor without any course."""
    with open_tutor(tmp_path_factory.mktemp("bare") / "home", embedder) as opened:
        opened._ready = True
        yield opened


@pytest.fixture(scope="module")
def addresses(school: Tutor, bare: Tutor) -> Iterator[dict[Tutor, str]]:
    """Where both are served."""
    with serving(school) as full, serving(bare) as empty:
        yield {school: full, bare: empty}


@pytest.fixture(scope="module")
def browser(addresses: dict[Tutor, str]) -> Iterator[Browser]:  # Playwright's loop runs from here on
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, addresses: dict[Tutor, str], school: Tutor) -> Iterator[Callable[..., Page]]:
    """Open the page of a tutor; afterwards, nothing may have run that should not, and the courses are as before."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(tutor: Tutor = school, size: dict[str, int] = DESKTOP, **options: object) -> Page:
        context = browser.new_context(viewport=size, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(f"script error {error}"))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(addresses[tutor])
        expect(page.locator(".welcome")).to_be_visible(timeout=30_000)
        return page

    expect.set_options(timeout=20_000)
    yield opened
    for context in contexts:
        context.close()
    for tutor in addresses:
        for course in tutor.courses():
            if course.id != COURSE:
                tutor.remove_course(course.id)
    for source in school.sources(COURSE):
        if source.name != "lesson.md":
            school.remove_source(COURSE, source.name)
    assert wrong == []


@pytest.fixture
def gate(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Holds back what texts are embedded for, until it is set; questions go on."""
    documents, is_open = type(embedder).documents, threading.Event()

    def held(self: Embedder, texts: list[str]) -> Any:
        assert is_open.wait(60)
        return documents(self, texts)

    monkeypatch.setattr(type(embedder), "documents", held)
    yield is_open
    is_open.set()


def file(name: str, text: str | bytes) -> dict[str, Any]:
    """Return a file as one chooses it."""
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode() if isinstance(text, str) else text}


def open_material(page: Page) -> Locator:
    """Open the dialog and return it."""
    if page.locator(".menu").is_visible():
        page.locator(".menu").click()
    page.locator("#rail").get_by_role("button", name="Course material").click()
    dialog = page.get_by_role("dialog", name="Course material")
    expect(dialog).to_be_visible()
    return dialog


def add(dialog: Locator, *files: dict[str, Any]) -> None:
    """Choose files and add them."""
    dialog.get_by_label("Choose files, or drop them here").set_input_files(list(files))
    dialog.get_by_role("button", name="Add to the course").click()


def row(dialog: Locator, name: str) -> Locator:
    """Return how a file stands; the latest of that name."""
    return dialog.locator(".files li").filter(has=dialog.page.get_by_text(name, exact=True)).last


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_file_is_added_and_can_be_asked_about(visit, school, size):
    page = visit(size=size)
    dialog = open_material(page)
    add(dialog, file("bees.md", BEES))
    expect(row(dialog, "bees.md")).to_contain_text("Added")
    expect(dialog.get_by_role("status")).to_have_text("bees.md is added.")
    expect(dialog.locator(".held li")).to_contain_text([TITLE, "Bees"])
    assert page.evaluate("document.querySelector('#material-dialog').scrollWidth") <= size["width"]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".outline h3")).to_have_text([TITLE, "Bees"])
    if size == PHONE:
        page.get_by_role("button", name="Close the menu").click()
    ask(page, "How many bees does a hive hold in summer?")
    expect(page.locator("#transcript .words")).to_contain_text("fifty thousand bees")
