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
    opened.loaded.embedder = embedder
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
        opened.loaded.ready = True
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


def drop(page: Page, target: str, *names: str) -> None:
    """Drop files on an element, as a hand would."""
    page.evaluate(
        """([target, names]) => {
            const carried = new DataTransfer();
            for (const name of names) carried.items.add(new File(["# Dropped\\n\\nIt was dropped here."], name));
            for (const kind of ["dragenter", "dragover", "drop"])
                document.querySelector(target).dispatchEvent(
                    new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
        }""",
        [target, names],
    )


def test_a_course_answers_while_a_file_is_added_to_it(visit, school, gate):
    page = visit()
    dialog = open_material(page)
    add(dialog, file("bees.md", BEES))
    expect(row(dialog, "bees.md")).to_contain_text("Being made ready for questions")
    expect(row(dialog, "bees.md").get_by_role("progressbar", name="bees.md")).to_be_visible()
    page.keyboard.press("Escape")
    ask(page, DIED)
    expect(page.locator("#transcript .words")).to_contain_text("September 9, 1976")
    assert [source.name for source in school.sources(COURSE)] == ["lesson.md"]
    gate.set()
    expect(page.locator("#told")).to_contain_text("bees.md is added.")
    expect(page.locator("#transcript .words")).to_contain_text("September 9, 1976")
    ask(page, "How many bees does a hive hold in summer?")
    expect(page.locator("#transcript .words").last).to_contain_text("fifty thousand bees")


def test_what_is_typed_stays_when_the_home_of_the_course_is_drawn_anew(visit, gate):
    page = visit()
    add(open_material(page), file("bees.md", BEES))
    page.keyboard.press("Escape")
    box = page.get_by_label("Your question")
    box.press_sequentially("Half a question")
    gate.set()
    expect(page.locator(".outline h3")).to_have_text([TITLE, "Bees"])
    expect(box).to_have_value("Half a question")
    expect(box).to_be_focused()


def test_an_answer_under_way_is_not_disturbed(visit, school, gate, monkeypatch):
    stream, goes_on = school.stream, threading.Event()

    def held(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for piece in stream(*args, **kwargs):
            yield piece
            assert goes_on.wait(60)

    monkeypatch.setattr(school, "stream", held)
    page = visit()
    add(open_material(page), file("bees.md", BEES))
    page.keyboard.press("Escape")
    send(page, DIED)
    expect(page.locator("#live .words")).not_to_have_text("")
    gate.set()
    expect(page.locator("#told")).to_contain_text("bees.md is added.")
    expect(page.locator("#live .words")).not_to_have_text("")
    expect(page.locator(".welcome")).to_have_count(0)
    goes_on.set()
    expect(page.locator("#transcript .words")).to_contain_text("September 9, 1976")


HOSTILE = "<img src=x onerror=alert(1)>.md"


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_each_file_that_cannot_be_added_says_so_and_the_others_are_added(visit, school, size):
    page = visit(size=size)
    dialog = open_material(page)
    files = {
        "bees.md": BEES, "empty.md": b"", "picture.txt": b"\x89PNG\x00\x01", "sound.mp3": b"x", HOSTILE: BEES,
        "'; alert(1); '.txt": BEES, "large.txt": b"x" * 1_000_001, "x" * 240 + ".md": BEES,
    }  # fmt: skip
    add(dialog, *(file(name, data) for name, data in files.items()))
    for name, said in {
        "bees.md": "Added", "empty.md": "is empty. Choose a file with some text in it.",
        "picture.txt": "this is a binary file, not text. Save it as UTF-8 text.",
        "sound.mp3": "is of a kind that the tutor cannot read. Use one of .txt", HOSTILE: "Rename it without slashes",
        "'; alert(1); '.txt": "Added", "large.txt": "larger than 1 MB. Split it", "x" * 240 + ".md": "a shorter one.",
    }.items():  # fmt: skip
        expect(row(dialog, name)).to_contain_text(said)
    expect(dialog.locator(".held li > bdi")).to_have_text([TITLE, "Bees", "'; alert(1); '"])
    assert page.locator("#material-dialog img").count() == 0
    assert page.evaluate("document.querySelector('#material-dialog').scrollWidth") <= size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_file_that_is_added_again_takes_the_place_of_the_one_before(visit, school):
    page = visit()
    dialog = open_material(page)
    for text, said in ((BEES, "Added"), (BEES, "Unchanged"), (SOURED, "Added in place of the one before")):
        add(dialog, file("bees.md", text))
        expect(row(dialog, "bees.md")).to_contain_text(said)
        expect(dialog.locator(".files li")).to_have_count(1)
    expect(dialog.get_by_role("status")).to_have_text("bees.md has taken the place of the one before.")
    page.keyboard.press("Escape")
    ask(page, "How many bees does a hive hold in summer?")
    expect(page.locator("#transcript .words")).to_contain_text("sixty thousand bees")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_text_is_taken_out_once_that_is_confirmed(visit, school, size):
    page = visit(size=size)
    dialog = open_material(page)
    add(dialog, file("bees.md", BEES))
    take_out = dialog.get_by_role("button", name="Take out Bees")
    take_out.click()
    asked = page.get_by_role("dialog", name="Take this text out of the course?")
    expect(asked).to_contain_text("Bees")
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    expect(dialog).to_be_visible()
    take_out.press("Enter")
    asked.get_by_role("button", name="Take it out").press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("Bees is taken out of the course.")
    expect(dialog.locator(".held li")).to_have_count(1)
    expect(dialog.get_by_label("Choose files, or drop them here")).to_be_focused()
    dialog.get_by_role("button", name=f"Take out {TITLE}").click()
    asked.get_by_role("button", name="Take it out").click()
    expect(dialog.locator(".trouble")).to_contain_text("Delete the course instead, or add another first.")
    page.keyboard.press("Escape")
    expect(page.locator(".outline h3")).to_have_text([TITLE])
    assert [source.name for source in school.sources(COURSE)] == ["lesson.md"]


def test_a_new_course_is_made_asked_about_and_deleted(visit, school):
    page = visit()
    dialog = open_material(page)
    dialog.get_by_label("Course", exact=True).select_option("A new course")
    add(dialog, file("bees.md", BEES))
    expect(dialog.locator(".trouble")).to_have_text("Type what the new course is called.")
    name = dialog.get_by_label("What is the new course called?")
    expect(name).to_be_focused()
    name.fill(TITLE.upper())
    name.press("Enter")
    expect(dialog.locator(".trouble")).to_contain_text("There is a course of that name already.")
    name.fill("Über die Bienen <b>")
    name.press("Enter")
    expect(row(dialog, "bees.md")).to_contain_text("Added · Über die Bienen <b>")
    dialog.get_by_role("button", name="Ask about Über die Bienen <b>").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".welcome h1")).to_have_text("Über die Bienen <b>")
    assert {course.id for course in school.courses()} == {COURSE, "uber-die-bienen-b"}
    ask(page, "How many bees does a hive hold in summer?")
    expect(page.locator("#transcript .words")).to_contain_text("fifty thousand bees")
    dialog = open_material(page)
    expect(dialog.get_by_label("Course", exact=True)).to_have_value("uber-die-bienen-b")
    dialog.get_by_role("button", name="Delete this course").click()
    asked = page.get_by_role("dialog", name="Delete this course?")
    expect(asked).to_contain_text("Über die Bienen <b>")
    asked.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("status")).to_have_text("The course is deleted.")
    expect(dialog.get_by_label("Course", exact=True)).to_have_value(COURSE)
    page.keyboard.press("Escape")
    expect(page.locator(".welcome h1")).to_have_text(TITLE)
    assert [course.id for course in school.courses()] == [COURSE]


def test_no_course_is_chosen_before_all_are_listed(visit, school):
    page = visit()
    held: list[Any] = []
    page.route("**/api/v1/courses", lambda route: held.append(route))
    with page.expect_request("**/api/v1/courses"):
        dialog = open_material(page)
    choice = dialog.get_by_label("Course", exact=True)
    expect(choice).to_be_disabled()
    held.pop().continue_()
    expect(choice).to_be_enabled()
    expect(choice).to_have_value(COURSE)


def test_the_course_that_is_chosen_stays_so_when_a_file_comes_to_its_end(visit, gate):
    page = visit()
    dialog = open_material(page)
    add(dialog, file("bees.md", BEES))
    expect(row(dialog, "bees.md")).to_contain_text("Being made ready for questions")
    dialog.get_by_label("Course", exact=True).select_option("A new course")
    dialog.get_by_label("What is the new course called?").press_sequentially("Half a na")
    with page.expect_response("**/api/v1/courses"):
        gate.set()
    expect(dialog.get_by_role("status")).to_have_text("bees.md is added.")
    expect(dialog.get_by_label("Course", exact=True)).to_have_value("")
    expect(dialog.get_by_label("What is the new course called?")).to_have_value("Half a na")
    expect(dialog.get_by_label("What is the new course called?")).to_be_focused()


def test_courses_whose_names_have_no_such_letters_are_kept_apart(visit, school):
    page = visit()
    dialog = open_material(page)
    for title in ("大跃进", "القفزة الكبرى"):
        dialog.get_by_label("Course", exact=True).select_option("A new course")
        dialog.get_by_label("What is the new course called?").fill(title)
        add(dialog, file("bees.md", BEES))
        expect(row(dialog, "bees.md")).to_contain_text(f"Added · {title}")
    assert {(course.id, course.title) for course in school.courses()} >= {
        ("course", "大跃进"), ("course-2", "القفزة الكبرى")
    }  # fmt: skip


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_where_there_is_no_course_the_page_offers_to_add_one(visit, bare, size):
    page = visit(bare, size)
    expect(page.get_by_role("heading", name="No course yet")).to_be_visible()
    page.locator(".welcome").get_by_role("button", name="Course material").click()
    dialog = page.get_by_role("dialog", name="Course material")
    dialog.get_by_label("What is the new course called?").fill("Insects")
    add(dialog, file("bees.md", BEES))
    expect(row(dialog, "bees.md")).to_contain_text("Added")
    page.keyboard.press("Escape")
    expect(page.locator(".welcome h1")).to_have_text("Insects")
    ask(page, "How many bees does a hive hold in summer?")
    expect(page.locator("#transcript .words")).to_contain_text("fifty thousand bees")


@pytest.mark.parametrize("target", ["#thread", "#question textarea", "#rail"])
def test_files_are_dropped_anywhere_and_added_when_that_is_confirmed(visit, school, target):
    page = visit()
    drop(page, target, "one.md", "two.md")
    dialog = page.get_by_role("dialog", name="Course material")
    expect(row(dialog, "one.md")).to_contain_text("Not added yet")
    expect(dialog.get_by_role("button", name="Add to the course")).to_be_focused()
    dialog.get_by_role("button", name="Leave out one.md").click()
    drop(page, "#material-dialog", "three.md")
    dialog.get_by_role("button", name="Add to the course").press("Enter")
    for name in ("two.md", "three.md"):
        expect(row(dialog, name)).to_contain_text("Added")
    assert {source.name for source in school.sources(COURSE)} == {"lesson.md", "two.md", "three.md"}
    assert page.evaluate("document.body.classList.contains('dragging')") is False


def test_nothing_is_added_where_no_file_was_chosen(visit):
    page = visit()
    dialog = open_material(page)
    dialog.get_by_role("button", name="Add to the course").click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose a file first.")
    expect(dialog.get_by_label("Choose files, or drop them here")).to_be_focused()


def test_how_much_of_a_file_is_sent_can_be_seen(visit, school):
    page = visit()
    dialog = open_material(page)
    network = page.context.new_cdp_session(page)
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000},
    )
    add(dialog, file("long.md", "# Long\n\n" + "Snow fell. " * 60_000))
    bar = row(dialog, "long.md").get_by_role("progressbar")
    expect(row(dialog, "long.md")).to_contain_text("Being sent")
    page.wait_for_function("document.querySelector('.files progress')?.value > 0")
    early = bar.evaluate("bar => bar.value")
    page.wait_for_function(f"document.querySelector('.files progress')?.value > {early}")
    assert 0 < early < 1
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    expect(row(dialog, "long.md")).to_contain_text("Added", timeout=60_000)


def test_a_connection_that_is_lost_is_told_beside_the_file(visit, school):
    page = visit()
    dialog = open_material(page)
    page.route("**/sources/bees.md*", lambda route: route.abort())
    add(dialog, file("bees.md", BEES))
    expect(row(dialog, "bees.md")).to_contain_text("The connection was lost while this file was on its way")
    page.unroute_all()
    add(dialog, file("bees.md", BEES))
    expect(row(dialog, "bees.md")).to_contain_text("Added")


def test_files_that_are_under_way_are_seen_again_after_a_reload(visit, gate):
    page = visit()
    dialog = open_material(page)
    add(dialog, file("bees.md", BEES))
    expect(row(dialog, "bees.md")).to_contain_text("Being made ready for questions")
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()
    dialog = open_material(page)
    expect(row(dialog, "bees.md")).to_contain_text("Being made ready for questions")
    gate.set()
    expect(row(dialog, "bees.md")).to_contain_text("Added")


def test_the_dialog_is_used_by_keyboard_alone(visit, school):
    page = visit()
    button = page.locator("#rail").get_by_role("button", name="Course material")
    button.press("Enter")
    dialog = page.get_by_role("dialog", name="Course material")
    expect(dialog.get_by_role("heading", name="Course material")).to_be_focused()
    expect(dialog.locator(".held li")).to_have_count(1)
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert reached == [
        "×", "material-course", "Take out", "material-files", "Delete this course", "Add to the course",
    ]  # fmt: skip
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()


@needs_axe
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_adding_material(visit, gate, size, scheme):
    page = visit(size=size, color_scheme=scheme)
    dialog = open_material(page)
    add(dialog, file("bees.md", BEES), file("empty.md", b""))
    expect(row(dialog, "empty.md")).to_contain_text("is empty")
    drop(page, "#material-dialog", "chosen.md")
    dialog.get_by_label("Course", exact=True).select_option("A new course")
    expect_no_violation(page)
    dialog.get_by_label("Course", exact=True).select_option(COURSE)
    dialog.get_by_role("button", name="Take out").first.click()
    expect_no_violation(page)
