"""Words that would be more than words, in every place of the page, in a real Chromium: they are shown and do nothing.

Each chunk of them has a course of its own: they are its title, the names and titles of its sources, their headings,
paragraphs and terms, and what is asked, answered, named, searched, judged and saved there.
"""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from chromium import NEEDED
from markup import HOSTILE
from playwright.sync_api import Page, expect
from serving import serving
from sqlalchemy import select
from test_page import FOUND, NOT_FOUND, PHONE, ask, send
from test_page import browser as browser
from test_page import visit as visit

from tutor import export
from tutor.embedder import Embedder
from tutor.library import _UNWRITABLE
from tutor.records import SourceVersion
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.types import Answer, Citation, Claim, Timings
from tutor.visitor import OWNER
from tutor.web.escaping import option
from tutor.words import DIRECTION, UNSHOWABLE

pytestmark = NEEDED
DESKTOP = {"width": 1280, "height": 800}
WIDE = "Z" + "\u0348\u0300\u0489" * 90 + "algo"  # one character that is wider than a phone
WORDS = [*HOSTILE, WIDE]
SIZE = 12  # as many terms as a home shows
CHUNKS = [WORDS[at : at + SIZE] for at in range(0, len(WORDS), SIZE)]
PLAIN = [f"plain words {n}" for n in range(SIZE)]
LONGEST = 2_000  # characters of a question
LONGEST_NAME = 240  # bytes, ending left out

# Every kind of element and attribute on the page; what reads "!--" is a comment.
SHAPE = """() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.COMMENT_NODE) { if (node.data) found.add(`<!--${node.data}-->`); continue; }
    const name = node.localName;
    found.add(name);
    for (const { name: attribute } of node.attributes) found.add(`${name}@${attribute}`);
  }
  return [...found];
}"""

# What is wider than the window, the part of the page or the scroller that it stands in.
STICKING_OUT = """() => {
  const found = [];
  const { scrollWidth, scrollHeight } = document.documentElement;
  if (scrollWidth > innerWidth || scrollHeight > innerHeight) found.push(`page ${scrollWidth} x ${scrollHeight}`);
  const clipped = (element, part) => {
    for (let one = element.parentElement; one && one !== part; one = one.parentElement)
      if (getComputedStyle(one).overflowX !== "visible" || one.matches(".unseen")) return true;
    return false;
  };
  const parts = "#rail, #thread, #composer, #source .panel, #source .text, dialog[open]";
  for (const part of document.querySelectorAll(parts)) {
    const name = part.id || part.className;
    const box = part.getBoundingClientRect();
    if (!box.width) continue;
    if (box.left < -1 || box.right > innerWidth + 1) found.push(`${name} ${box.left}–${box.right}`);
    if (part.scrollWidth > part.clientWidth + 1)
      found.push(`${name} scrolls ${part.scrollWidth} of ${part.clientWidth}`);
    for (const one of part.querySelectorAll("*")) {
      const { left, right, width } = one.getBoundingClientRect();
      if (width && (left < box.left - 1 || right > box.right + 1) && !one.matches(".unseen") && !clipped(one, part))
        found.push(`${one.outerHTML.slice(0, 100)} ${Math.round(left)}–${Math.round(right)} in ${name}`);
    }
  }
  return found.slice(0, 5);
}"""


def plainly(words: str) -> str:
    """Return words as HTML can hold them, as one would compare them: without spaces and marks of direction."""
    shown = UNSHOWABLE.sub(lambda found: " " if found.group().isspace() else "\ufffd", words)
    return unicodedata.normalize("NFC", "".join(DIRECTION.sub("", shown).split()))


def kept(words: str) -> str:
    """Return words as they are stored when they are asked, as many as may be asked at once."""
    return unicodedata.normalize("NFC", UNSHOWABLE.sub(" ", words)).strip()[:LONGEST]


def name_of(words: str, number: int) -> str:
    """Return words as the name of a file, where a file system and the library allow them."""
    if words.startswith(".") or "/" in words or _UNWRITABLE.search(words) or len(words.encode()) > LONGEST_NAME:
        return f"{number}.md"
    return f"{words}.md"


def write_course(folder: Path, id: str, chunk: list[str]) -> None:
    """Write a course whose texts show each of the words as title, heading, paragraph, list item and term."""
    folder.mkdir()
    sources = []
    for number, words in enumerate(chunk):
        line = export._line(words) or str(number)
        text = (
            f"# {line}\n\nHarvest note {number} was written in 1958. It says: {line}\n\n## {line}\n\n- {line}\n\n"
            f"## Glossary\n\n- Note {number}: means {line}\n\n## Raw\n\n{kept(words)}\n"
        )
        (folder / name_of(words, number)).write_text(text, encoding="utf-8", newline="")
        title = json.dumps(UNSHOWABLE.sub(" ", words) or str(number), ensure_ascii=False)
        sources.append(
            f"[[sources]]\nfile = {json.dumps(name_of(words, number), ensure_ascii=False)}\ntitle = {title}\n"
        )
    title = json.dumps(UNSHOWABLE.sub(" ", " ".join(chunk)), ensure_ascii=False)
    manifest = f'id = "{id}"\ntitle = {title}\n{"".join(sources)}'
    (folder / "course.toml").write_text(manifest, encoding="utf-8")


def answer(tutor: Tutor, id: str, name: str, conversation: str, words: str) -> Answer:
    """Return an answer that says the words and quotes where a source says them."""
    stored = tutor.source(id, name)
    start = stored.text.index("Harvest note")
    end = stored.text.index("\n\n", start)
    quote = stored.text[start:end]
    cited = Citation(
        marker=1, course=id, source=stored.name, title=stored.title, section=kept(words), version=stored.version,
        quote=quote, start=start, end=end,
    )  # fmt: skip
    said = f"“{quote}”"
    return Answer(
        question=kept(words) or "?", standalone_question=f"{kept(words)} again", answer=f"{said} [1]. {kept(words)}",
        refused=False, reason=None, claims=(Claim(text=said, citations=(1,), support="quoted"),), citations=(cited,),
        nearest=(), suggestions=(kept(words) or "?",), course=id, conversation=conversation, answerer="quotes",
        prompts=(), timings_ms=Timings(),
    )  # fmt: skip


def fill_tutor(tutor: Tutor, root: Path) -> None:
    """Give the tutor a course of each chunk, in which each of the words was asked and answered."""
    for at, chunk in enumerate([PLAIN, *CHUNKS]):
        id = f"course-{at}"
        write_course(root / id, id, chunk)
        tutor.ingest(id, [root / id])
        names = [name_of(words, number) for number, words in enumerate(chunk)]
        with tutor.records.write() as session:  # what no file can be called
            for number, words in enumerate(chunk):
                row = session.scalar(select(SourceVersion).filter_by(course_id=id, name=f"{number}.md"))
                if row and not _UNWRITABLE.search(words):
                    row.name = names[number] = words
        for number, words in enumerate(chunk):
            for conversation, begins in ((f"c_{at}", number == 0), (f"c_{at}_{number}", True)):
                given = answer(tutor, id, names[number], conversation, words)
                tutor._conversations.remember(given, OWNER, begins, None, datetime.now(UTC))


@pytest.fixture(scope="module")
def lesson_tutor(tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor with the bundled course and one of each chunk, in which each of the words was asked and answered."""
    root = tmp_path_factory.mktemp("hostile")
    shutil.copytree(prepared, root / "home")
    with Tutor.open(Settings.load(home=root / "home")) as tutor:
        tutor.loaded.embedder = embedder
        tutor.warm()
        fill_tutor(tutor, root)
        yield tutor


@pytest.fixture(scope="module")
def live_server(lesson_tutor: Tutor) -> Iterator[str]:
    with serving(lesson_tutor) as address:
        yield address


@pytest.fixture
def walk(visit: Callable[..., Page], lesson_tutor: Tutor, live_server: str) -> Callable[[int, list[str]], set[str]]:
    """Go through everything of a course; returns the kinds of elements and attributes that were seen."""

    def walked(at: int, chunk: list[str]) -> set[str]:
        page = visit(permissions=["clipboard-read", "clipboard-write"], reduced_motion="reduce")
        return Walk(page, lesson_tutor, live_server, at, chunk).all()

    return walked


class Walk:
    """One visit of one course."""

    def __init__(self, page: Page, tutor: Tutor, address: str, at: int, chunk: list[str]) -> None:
        self.page, self.tutor, self.address, self.id, self.chunk = page, tutor, address, f"course-{at}", chunk
        self.conversation = f"c_{at}"
        self.shapes: set[str] = set()

    def all(self) -> set[str]:
        self.home()
        self.exchanges()
        self.names()
        self.questions()
        return self.shapes

    def look(self) -> None:
        """Note what is on the page, and that all of it fits a desktop and a phone."""
        self.shapes |= set(self.page.evaluate(SHAPE))
        for size in (PHONE, DESKTOP):
            self.page.set_viewport_size(size)
            self.shapes |= set(self.page.evaluate(SHAPE))
            sticking = self.page.evaluate(STICKING_OUT)
            assert sticking == [], sticking
        assert self.page.evaluate("window.__ran") is None
        assert self.page.title() == "Tutor"

    def shown(self, selector: str) -> list[str]:
        return [plainly(text) for text in self.page.locator(selector).all_text_contents()]

    def fill(self, selector: str, words: str) -> None:
        """Type words as they are: a driver's messages cannot hold half a character."""
        units = [int.from_bytes(words.encode("utf-16-le", "surrogatepass")[n : n + 2], "little")
                 for n in range(0, 2 * len(words.encode("utf-16-le", "surrogatepass")) // 2, 2)]  # fmt: skip
        self.page.evaluate(
            """([selector, units]) => {
              const box = document.querySelector(selector);
              box.focus();
              const words = units.map(unit => String.fromCharCode(unit)).join("");
              Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, words);
              box.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            [selector, units],
        )

    def home(self) -> None:
        self.page.goto(f"{self.address}/?course={self.id}")
        expect(self.page.locator(f'.welcome[data-course="{self.id}"]')).to_be_visible(timeout=30_000)
        home = self.tutor.home(self.id)
        assert self.shown(".welcome h1") == [plainly(home.course.title)]
        assert self.shown(".outline h3") == [plainly(source.title) for source in home.outline]
        assert self.shown(".outline li bdi") == [plainly(s.title) for source in home.outline for s in source.sections]
        assert self.shown(".term span") == [plainly(term.definition) for term in home.terms]
        assert len(home.terms) == len(self.chunk)
        self.look()
        self.page.locator("#course input").click()
        titles = [plainly(option(course.title)) for course in self.tutor.courses()]
        expect(self.page.locator("[role=listbox] [role=option]")).to_have_count(len(titles))
        assert [text.removeprefix("✓") for text in self.shown("[role=listbox] [role=option]")] == titles
        self.look()
        self.page.keyboard.press("Escape")

    def exchanges(self) -> None:
        self.page.goto(f"{self.address}/?conversation={self.conversation}")
        expect(self.page.locator("#transcript .exchange")).to_have_count(len(self.chunk), timeout=30_000)
        answers = [message.answer for message in self.tutor.conversation(self.conversation).messages]
        assert self.shown(".question") == [f"Youasked:{plainly(one.question)}" for one in answers]
        assert self.shown(".understood q") == [plainly(one.standalone_question) for one in answers]
        assert self.shown(".words") == [plainly(one.answer.replace("[1]", "1")) for one in answers]
        self.look()
        for number, one in enumerate(answers):
            cited = one.citations[0]
            stored = self.tutor.source(self.id, cited.source, cited.version)
            self.page.locator("#transcript .exchange").nth(number).locator(".cite").first.click()
            expect(self.page.locator(f'.panel [data-event=link][data-version="{stored.version}"]')).to_be_visible()
            assert self.shown(".panel h2") == [plainly(stored.title)]
            assert "".join(self.shown("mark.active")) == plainly(cited.quote)
            marked = plainly(stored.text).replace("Harvestnote", "Citation1Harvestnote", 1)
            assert "".join(self.shown(".panel .text")) == marked
            self.page.locator(".panel .contents summary").click()
            assert self.shown(".panel .jump") == [plainly(heading.title) for heading in stored.outline]
            if number % 3 == 0:
                self.look()
            self.page.locator(".panel .close").click()
            expect(self.page.locator("#source")).to_be_hidden()
        self.page.get_by_role("button", name="Copy as Markdown").last.click()
        expect(self.page.locator("#told")).to_have_text("Copied as Markdown, with its sources.")
        assert plainly(self.page.evaluate("navigator.clipboard.readText()")) == plainly(export.to_markdown(answers[-1]))
        for form in ("markdown", "json"):
            saved = self.page.request.get(
                f"{self.address}/api/v1/conversations/{self.conversation}/export?format={form}"
            )
            assert saved.ok and saved.headers["content-disposition"].startswith("attachment")
        comment = " ".join(self.chunk)[:1_000]
        self.page.get_by_role("button", name="Not helpful").last.click()
        self.fill("#comment", comment)
        self.look()
        self.page.get_by_role("dialog").get_by_role("button", name="Send").click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        self.page.reload()
        expect(self.page.locator("#transcript .exchange")).to_have_count(len(self.chunk), timeout=30_000)
        self.page.get_by_role("button", name="Not helpful").last.click()
        assert plainly(self.page.locator("#comment").input_value()) == plainly(kept(comment))
        self.look()
        self.page.keyboard.press("Escape")

    def names(self) -> None:
        """Rename each of the conversations that began with one of the words to those words, and search for them."""
        found = self.page.locator("#found")
        for number, words in enumerate(self.chunk):
            title = words[:110]
            id = f"{self.conversation}_{number}"
            self.page.locator(f'#history .more[data-conversation="{id}"]').press("Enter")
            self.page.locator(f'#history .unfolded [data-event=rename][data-conversation="{id}"]').press("Enter")
            self.fill("#new-name", f"{number} {title}")
            if number == 0:
                self.look()
            self.page.locator("#new-name").press("Enter")
            expect(self.page.locator(f'#history [data-event=reopen][data-conversation="{id}"] bdi')).to_have_text(
                re.compile(rf"^{number}\b")
            )
            assert self.tutor.conversation(id).title.startswith(str(number))
        listed = self.tutor.conversations(self.id)
        assert self.shown("#history .entry bdi") == [plainly(info.title) for info in listed]
        more = self.page.locator("#history .more")
        for number in range(0, len(self.chunk), 4):
            more.nth(number).press("Enter")
            self.look()
        for words in self.chunk[::2]:
            with self.page.expect_response("**/queue/join*"):
                self.fill("#search-words", words[:100])
            if kept(words):
                expect(found).to_have_text(re.compile("conversations? found"))
        self.look()
        self.fill("#search-words", "")
        expect(self.page.locator("#history .entry")).to_have_count(len(listed))

    def questions(self) -> None:
        """Ask all of the words, as few questions as they fit into."""
        self.page.goto(f"{self.address}/?course=great-leap-forward")
        expect(self.page.locator('.welcome[data-course="great-leap-forward"]')).to_be_visible(timeout=30_000)
        asked = 0
        groups: list[str] = [""]
        for words in self.chunk:
            if len(words) > 1_900 or len(groups[-1]) + len(words) > 1_900:
                groups.append(words)
            else:
                groups[-1] += f"\n{words}"
        for words in groups:
            self.fill("#question textarea", words)
            self.page.locator("#question textarea").press("Enter")
            if len(words) > 2_000:
                expect(self.page.locator("#notice")).to_contain_text("longer than 2,000 characters")
                assert plainly(self.page.locator("#question textarea").input_value()) == plainly(words)
            else:
                asked += 1
                expect(self.page.locator("#transcript .exchange")).to_have_count(asked)
                expect(self.page.locator("#live .exchange")).to_have_count(0)
                assert self.shown("#transcript .question")[-1] == f"Youasked:{plainly(kept(words))}"
            self.look()


@pytest.fixture(scope="module")
def plain_shapes() -> set[str]:
    """The kinds of elements and attributes of a visit with plain words, once one was made."""
    return set()


@pytest.mark.parametrize("at", range(len(CHUNKS)))
def test_hostile_words_are_only_shown_wherever_they_stand(walk, visit, live_server, plain_shapes, at):
    if not plain_shapes:
        plain_shapes |= walk(0, PLAIN)
        page = visit()
        page.goto(f"{live_server}/?course=great-leap-forward")
        expect(page.locator('.welcome[data-course="great-leap-forward"]')).to_be_visible()
        for question in (FOUND, NOT_FOUND):
            ask(page, question)
        page.get_by_role("button", name="Copy", exact=True).last.click()
        send(page, "x" * 2_001)
        expect(page.locator("#notice")).to_contain_text("longer than")
        plain_shapes |= set(page.evaluate(SHAPE))
    assert walk(at + 1, CHUNKS[at]) - plain_shapes == set()
