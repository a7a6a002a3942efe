"""Launches in a real Chromium, inside a page of another site, where the frame gets no cookie of the tutor's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from chromium import NEEDED, launched
from lti_platform import DEEP_LINKING, LTI, MEMBERSHIP, Platform, running_platform, send
from playwright.sync_api import Browser, BrowserContext, Locator, Page, TimeoutError, expect
from signing import shared
from test_citing_page import expect_no_violation, needs_axe

from tutor.embedder import Embedder
from tutor.lti.platforms import register

pytestmark = NEEDED

# What a platform's page does for the tools in its frames (1EdTech LTI postMessage Storage).
KEEPS = """
const kept = {};
addEventListener("message", ({ data, source, origin }) => {
  const [, verb] = /^lti\\.(put|get)_data$/.exec(data.subject) || [];
  if (!verb || origin !== TOOL) return;
  if (verb === "put") kept[data.key] = data.value;
  const answer = { subject: `${data.subject}.response`, message_id: data.message_id, key: data.key };
  source.postMessage({ ...answer, value: kept[data.key] }, origin);
});
"""


class Lms:
    """A platform with pages: a course that frames the tool, and the authorisation that posts its token.

    It is called localhost and the tool 127.0.0.1: two sites, so that a frame gets no cookie without https.
    """

    def __init__(self, platform: Platform, tool: str) -> None:
        self.platform, self.tool, self.returned = platform, tool, [""]
        self.url = platform.issuer = platform.key_set_url.rpartition("/")[0].replace("127.0.0.1", "localhost")
        platform.login_url = f"{self.url}/auth"
        platform.answer = self.answer
        self.storage, self.keeps, self.deep = "_parent", True, False

    def answer(self, handler: Any) -> None:
        path, _, query = handler.path.partition("?")
        pages = {"/course": self.course, "/auth": self.authorise}
        if path in pages:
            send(handler, pages[path](dict(parse_qsl(query))).encode(), Content_Type="text/html")
        else:
            send(handler, json.dumps({"keys": self.platform.published}).encode())

    def course(self, _: dict[str, str]) -> str:
        asked = {"iss": self.url, "login_hint": "7", "target_link_uri": f"{self.tool}/lti/launch"}
        if self.storage:
            asked["lti_storage_target"] = self.storage
        script = f"<script>const TOOL = '{self.tool}';{KEEPS}</script>" if self.keeps else ""
        frame = escape(f"{self.tool}/lti/login?{urlencode(asked)}")
        return f"<!doctype html><title>Course</title>{script}<iframe src='{frame}' width=900 height=600></iframe>"

    def authorise(self, asked: dict[str, str]) -> str:
        said = self.platform.claims(asked["nonce"], target_link_uri=f"{self.tool}/lti/launch")
        if self.deep:
            del said[LTI + "resource_link"]
            said |= {LTI + "message_type": "LtiDeepLinkingRequest", LTI + "roles": [MEMBERSHIP + "Instructor"]}
            settings = {"deep_link_return_url": f"{self.url}/course", "accept_types": ["ltiResourceLink"]}
            said[DEEP_LINKING + "deep_linking_settings"] = settings
        fields = {"state": asked["state"], "id_token": self.platform.sign(said)}
        if self.storage:
            fields["lti_storage_target"] = self.storage
        inputs = "".join(f"<input type=hidden name={n} value='{escape(v)}'>" for n, v in fields.items())
        form = f"<form method=post action='{escape(asked['redirect_uri'])}'>{inputs}</form>"
        return f"<!doctype html>{form}<script>document.forms[0].submit()</script>"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder) -> Iterator[Lms]:
    """A platform that is registered with a tutor, both served."""
    home = tmp_path_factory.mktemp("school") / "tutor"
    shutil.copytree(prepared, home)
    with shared(home, embedder) as (tutor, address), running_platform() as platform:
        lms = Lms(platform, address)
        register(tutor.records, platform.registration)
        yield lms


@pytest.fixture(scope="module")
def browser(school: Lms) -> Iterator[Browser]:
    """A real browser, opened once everything is served: its loop would be in the way."""
    with launched() as opened:
        yield opened


@pytest.fixture
def lms(school: Lms) -> Lms:
    """The platform as it usually is: it keeps what tools store, and launches what a link opens."""
    school.storage, school.keeps, school.deep = "_parent", True, False
    return school


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser in which nothing was opened yet."""
    opened = browser.new_context(locale="en-GB")
    yield opened
    opened.close()


def opened(context: BrowserContext, lms: Lms) -> Page:
    """Return the page of the course, whose frame begins the launch."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{lms.url}/course")
    return page


def load_until_there(page: Page, button: Locator) -> None:
    """Load the course as often as a student would whose launch did not get through: a busy machine may be too slow."""
    said: list[str] = []
    for _ in range(3):
        try:
            button.wait_for(timeout=45_000)
            return
        except TimeoutError:
            said.append(page.frames[-1].content())
            page.reload()
    pytest.fail(f"the frame did not come to its end: {said}")


def expect_tutor(window: Page, lms: Lms) -> None:
    """Expect the chat, signed in, with the course of the link."""
    expect(window.locator("#question textarea")).to_be_visible(timeout=120_000)
    assert urlsplit(window.url).netloc == urlsplit(lms.tool).netloc
    expect(window.get_by_text("You are not signed in")).to_have_count(0)


def test_a_launch_in_a_frame_without_cookies_goes_by_the_platforms_storage(context: BrowserContext, lms: Lms) -> None:
    page = opened(context, lms)
    button = page.frame_locator("iframe").get_by_role("button", name="Open the tutor")
    load_until_there(page, button)
    with context.expect_page() as window:
        button.click()
    expect_tutor(window.value, lms)


@pytest.mark.parametrize("storage", ["", "_parent", "no-such-frame"])
def test_a_launch_in_a_frame_without_cookies_and_storage_begins_anew_in_a_window(
    storage: str, context: BrowserContext, lms: Lms
) -> None:
    lms.storage, lms.keeps = storage, False
    page = opened(context, lms)
    link = page.frame_locator("iframe").get_by_role("link", name="Open the tutor")
    lms.storage = ""
    with context.expect_page() as window:
        link.click()
    expect_tutor(window.value, lms)


@needs_axe
def test_an_instructor_chooses_with_the_keyboard_and_the_choice_reaches_the_platform(
    context: BrowserContext, lms: Lms
) -> None:
    lms.deep = True
    page = opened(context, lms)
    with context.expect_page() as window:
        page.frame_locator("iframe").get_by_role("button", name="Open the tutor").press("Enter")
    choosing = window.value
    expect(choosing.get_by_role("heading", name="Choose what this link opens")).to_be_visible()
    expect_no_violation(choosing)
    choosing.locator("summary").press("Enter")
    choosing.get_by_role("radio", name="The campaign against sparrows").press("Space")
    expect_no_violation(choosing)
    with choosing.expect_request(lambda request: request.url == f"{lms.url}/course") as sent:
        choosing.get_by_role("button", name="Add the link").press("Enter")
    assert "JWT" in dict(parse_qsl(sent.value.post_data or ""))
