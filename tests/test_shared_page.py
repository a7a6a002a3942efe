"""The chat page in shared mode, in a real Chromium: who is signed in, who is not, and who is not any more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import NEEDED, launched
from playwright.sync_api import Browser, BrowserContext, Page, expect
from signing import cookie_of, person, shared
from test_citing_page import AXE, expect_no_violation
from test_page import FOUND, ask, send

from tutor.embedder import Embedder
from tutor.records import Platform
from tutor.tutor import Tutor
from tutor.visitor import Visitor

pytestmark = NEEDED
ADA, BEN, TEACHER = person("l_ada"), person("l_ben"), person("l_tea", "teacher")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder) -> Iterator[tuple[Tutor, str]]:
    home = tmp_path_factory.mktemp("shared") / "home"
    shutil.copytree(prepared, home)
    with shared(home, embedder) as (tutor, address):
        yield tutor, address


@pytest.fixture(scope="module")
def browser(
    served: tuple[Tutor, str],
) -> Iterator[Browser]:  # the server goes first: Playwright's loop runs on
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, served: tuple[Tutor, str]) -> Iterator[Callable[..., Page]]:
    """Open the page as a visitor, or as nobody; afterwards, nothing may have come from elsewhere."""
    tutor, address = served
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def check(url: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            wrong.append(f"request to {url}")

    def opened(visitor: Visitor | None, query: str = "", platform: int | None = None, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        if visitor:
            cookies = cookie_of(tutor, visitor, platform=platform)
            context.add_cookies([{"name": k, "value": v, "url": address, "httpOnly": True} for k, v in cookies.items()])
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: check(request.url))
        page.on("pageerror", lambda error: wrong.append(f"script error {error}"))
        page.goto(f"{address}/{query}")
        if visitor:
            expect(page.locator("#transcript .here")).to_be_visible(timeout=30_000)
        return page

    expect.set_options(timeout=15_000)
    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def sign_out(tutor: Tutor, page: Page) -> None:
    """End the sign-in of the page's browser, as time does."""
    for cookie in page.context.cookies():
        tutor.sign_ins.end(str(cookie.get("value")))


def sign_in_again(tutor: Tutor, page: Page, visitor: Visitor) -> None:
    (name, value), *_ = cookie_of(tutor, visitor).items()
    page.context.add_cookies([{"name": name, "value": value, "url": page.url.partition("?")[0], "httpOnly": True}])


# --- two learners ----------------------------------------------------------------------------------------------------


def test_two_learners_see_only_their_own(visit, served) -> None:
    hers, his = visit(ADA), visit(BEN)
    ask(hers, FOUND)
    ask(his, "When did Mao Zedong die?")
    expect(hers.locator("#history .entry")).to_have_count(1)
    expect(hers.locator("#history .entry")).to_contain_text(FOUND)
    expect(his.locator("#history .entry")).to_have_count(1)
    expect(his.locator("#history .entry")).to_contain_text("When did Mao")
    his.goto(hers.url)  # her link, opened by him
    expect(his.locator("#notice")).to_contain_text("That conversation is no longer here")
    expect(his.locator("#transcript")).not_to_contain_text(FOUND)
    assert len(served[0].visited_by(ADA).conversations()) == 1


def test_only_teachers_are_offered_the_material(visit) -> None:
    expect(visit(ADA).get_by_role("button", name="Course material")).to_have_count(0)
    expect(visit(TEACHER).get_by_role("button", name="Course material")).to_be_visible()


def test_a_teacher_is_told_that_a_course_is_not_theirs_to_change(visit) -> None:
    page = visit(TEACHER)
    page.get_by_role("button", name="Course material").click()
    dialog = page.get_by_role("dialog", name="Course material")
    expect(dialog.get_by_role("alert")).to_contain_text("This course is not yours to change.")
    expect(dialog.get_by_role("button", name="Take out")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Delete this course")).to_have_count(0)


# --- nobody ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "direction", "title"),
    [
        ("en-GB", "ltr", "You are not signed in"),
        ("zh-CN", "ltr", "你还没有登录"),
        ("es-MX", "ltr", "No has iniciado sesión"),
        ("ar-EG", "rtl", "لم تسجّل الدخول"),
    ],
)
def test_somebody_who_is_not_signed_in_is_told_how_to_come_in(visit, locale, direction, title) -> None:
    page = visit(None, locale=locale)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert page.evaluate("document.documentElement.dir") == direction
    expect(page.get_by_role("link")).to_have_count(0)  # there is no provider
    if AXE:
        expect_no_violation(page)


# --- nobody any more -------------------------------------------------------------------------------------------------


def test_a_question_is_kept_when_the_sign_in_has_ended_and_goes_through_once_it_is_back(visit, served) -> None:
    page = visit(person("l_cy"))
    sign_out(served[0], page)
    send(page, FOUND)
    expect(page.locator("#connection")).to_contain_text("You are not signed in here any more. What you typed is kept")
    expect(page.get_by_label("Your question")).to_have_value(FOUND)
    expect(page.locator("#transcript .welcome")).to_be_visible()
    sign_in_again(served[0], page, person("l_cy"))
    page.get_by_role("button", name="Ask", exact=True).first.click()
    expect(page.locator("#transcript .exchange")).to_have_count(1)
    expect(page.locator("#connection")).not_to_contain_text("not signed in")


def test_every_action_says_that_the_sign_in_has_ended(visit, served) -> None:
    page = visit(person("l_dan"))
    ask(page, FOUND)
    sign_out(served[0], page)
    status = page.locator("#connection")
    page.get_by_label("Your question").fill("half a thought")
    page.locator(".words").get_by_role("button", name="Source 1:").click()
    expect(status).to_contain_text("not signed in here any more")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#told")).to_contain_text("not signed in here any more")
    page.get_by_role("button", name="Helpful", exact=True).click()
    expect(page.locator("#told")).to_contain_text("not signed in here any more")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#transcript .exchange")).to_have_count(1)
    expect(page.get_by_label("Your question")).to_have_value("half a thought")
    page.reload()
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()


def test_a_page_that_is_left_open_while_somebody_else_signs_in_shows_nothing_of_them(visit, served) -> None:
    page = visit(person("l_eve"))
    sign_in_again(served[0], page, ADA)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#connection")).to_contain_text("not signed in here any more")
    expect(page.locator("#history .entry")).to_have_count(0)


# --- what a link opens -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size", [{"width": 1280, "height": 800}, {"width": 800, "height": 600}, {"width": 390, "height": 600}]
)
def test_a_link_opens_its_section(visit, size) -> None:
    page = visit(ADA, "?course=great-leap-forward&section=Backyard+furnaces", viewport=size)
    panel = page.get_by_role("complementary", name="Source:")
    heading = panel.locator("[data-here]")
    expect(heading).to_be_in_viewport()
    whole = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert whole == [size["width"], size["height"]]
    panel.get_by_role("button", name="Close the source").click()
    expect(page.get_by_label("Your question")).to_be_in_viewport(ratio=1)


def test_a_link_to_a_section_that_is_gone_opens_its_course(visit) -> None:
    page = visit(ADA, "?course=great-leap-forward&section=Nowhere")
    expect(page.locator("#notice")).to_contain_text("The link names a section that is not here.")
    expect(page.locator("#transcript .welcome")).to_be_visible()


def test_the_page_works_in_a_small_frame(visit) -> None:
    page = visit(ADA, viewport={"width": 800, "height": 600})
    ask(page, FOUND)
    page.locator("#transcript .words").last.get_by_role("button", name="Source 1:").click()
    expect(page.locator(".panel mark.active")).to_be_in_viewport()
    page.get_by_role("button", name="Close the source").click()
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(page.get_by_role("button", name="New conversation")).to_be_in_viewport()


# --- who leaves and who comes ----------------------------------------------------------------------------------------


def test_only_who_signed_in_here_is_offered_to_sign_out(visit, served) -> None:
    expect(visit(ADA).get_by_role("button", name="Sign out")).to_be_visible()
    urls = {"auth_login_url": "https://lms/a", "auth_token_url": "https://lms/t", "key_set_url": "https://lms/k"}
    with served[0].records.write() as session:
        platform = Platform(tenant="oak", issuer="https://lms", client_id="c", **urls)
        session.add(platform)
        session.flush()
        launched_by = platform.id
    expect(visit(ADA, platform=launched_by).get_by_role("button", name="Sign out")).to_have_count(0)


def test_what_one_learner_typed_is_not_shown_to_the_next(visit, served) -> None:
    page = visit(person("l_fay"))
    page.get_by_label("Your question").fill("something private")
    page.reload()
    expect(page.get_by_label("Your question")).to_have_value("something private")
    sign_in_again(served[0], page, BEN)
    page.reload()
    expect(page.locator("#transcript .here")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Your question")).to_have_value("")
    assert page.evaluate("JSON.stringify(sessionStorage)").count("private") == 0
