"""The page for everyone: zoomed in, on a narrow screen, with more space in the text, without motion, by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chromium import NEEDED
from playwright.sync_api import Page, expect
from test_citing_page import expect_no_violation, needs_axe
from test_page import FOUND, NOT_FOUND, PHONE, ask
from test_page import browser as browser
from test_page import visit as visit

pytestmark = NEEDED
DESKTOP = {"width": 1280, "height": 800}
ZOOMED = {"width": 640, "height": 400}  # a window of 1280 x 800 at 200%
REFLOW = {"width": 320, "height": 640}  # WCAG 2.2, 1.4.10
SPACED = (  # WCAG 2.2, 1.4.12
    "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
    "p { margin-block-end: 2em !important; }"
)


def answered(page: Page) -> None:
    ask(page, FOUND)


def with_source(page: Page) -> None:
    ask(page, FOUND)
    page.locator("button.cite").first.click()
    expect(page.locator("mark.active")).to_be_focused()


def refused(page: Page) -> None:
    ask(page, NOT_FOUND)


def with_list(page: Page) -> None:
    ask(page, FOUND)
    menu = page.get_by_role("button", name="Menu", exact=True)
    if menu.is_visible():
        menu.click()
    page.locator("#history .more").first.click()
    expect(page.locator("#history .unfolded").first).to_be_visible()


def renaming(page: Page) -> None:
    with_list(page)
    page.locator("#history [data-event=rename]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def deleting(page: Page) -> None:
    with_list(page)
    page.locator("#history [data-event=delete]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def judging(page: Page) -> None:
    ask(page, FOUND)
    page.get_by_role("button", name="Not helpful").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def home(page: Page) -> None:
    pass


VIEWS: list[Callable[[Page], None]] = [home, answered, with_source, refused, with_list, renaming, deleting, judging]
each_view = pytest.mark.parametrize("view", VIEWS, ids=[view.__name__ for view in VIEWS])

# What sticks out of the window or of what it stands in, or is cut by it without a way to scroll to it.
CUT = """() => {
  const found = [];
  const name = (one) => `${one.localName}${one.id && "#" + one.id}.${one.className} “${one.textContent.slice(0, 30)}”`;
  const { scrollWidth, scrollHeight } = document.documentElement;
  if (scrollWidth > innerWidth || scrollHeight > innerHeight) found.push(`page ${scrollWidth} x ${scrollHeight}`);
  const top = document.querySelector("dialog[open]") ?? document.querySelector("#app");
  for (const one of top.querySelectorAll("*")) {
    const { width, height, left, right } = one.getBoundingClientRect();
    if (!width || !height || one.closest(".unseen, .sr-only, [inert], #bridge, #announced, svg")) continue;
    if (left < -1 || right > innerWidth + 1) found.push(`outside ${name(one)} ${left}–${right}`);
    const style = getComputedStyle(one);
    const clips = (overflow) => ["hidden", "clip"].includes(overflow);
    const clamped = style.webkitLineClamp !== "none" || one.matches("input, textarea");  // opens as a whole
    const filled = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const wide = one.scrollWidth > one.clientWidth + 1;
    if (!clamped && filled && clips(style.overflowX) && wide) found.push(`cut ${name(one)}`);
    if (!clamped && clips(style.overflowY) && one.scrollHeight > one.clientHeight + 3 && !one.matches("#app"))
      found.push(`cut below ${name(one)} ${one.scrollHeight} of ${one.clientHeight}`);
    if (style.overflowX === "auto" && wide) found.push(`scrolls sideways ${name(one)}`);
  }
  return [...new Set(found)].slice(0, 6);
}"""


@pytest.mark.parametrize("size", [ZOOMED, REFLOW, {"width": 320, "height": 256}], ids=["200%", "320px", "400%"])
@each_view
def test_everything_can_be_read_and_used_when_zoomed_in(visit, view, size):
    page = visit(device_scale_factor=2, reduced_motion="reduce")
    page.set_viewport_size(size)
    view(page)
    assert page.evaluate(CUT) == []
    if view in (home, answered, refused):
        expect(page.get_by_label("Your question")).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("button", name="Ask", exact=True)).to_be_in_viewport(ratio=1)
        thread = page.locator("#thread").bounding_box()
        assert thread and thread["height"] >= 100
    elif view is with_source:
        expect(page.get_by_role("button", name="Close the source")).to_be_in_viewport(ratio=1)
        expect(page.locator("mark.active")).to_be_in_viewport()
        text = page.locator(".panel .text").bounding_box()
        assert text and text["height"] >= 60
    elif view is not with_list:
        for button in page.get_by_role("dialog").get_by_role("button").all():
            button.scroll_into_view_if_needed()
            expect(button).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@each_view
def test_more_space_in_the_text_cuts_none_of_it(visit, view, size):
    page = visit(reduced_motion="reduce")
    page.set_viewport_size(size)
    view(page)
    page.add_style_tag(content=SPACED)
    assert page.evaluate(CUT) == []


@each_view
def test_nothing_moves_where_no_motion_is_wanted(visit, view):
    page = visit(reduced_motion="reduce")
    view(page)
    assert page.evaluate("document.getAnimations().length") == 0
    moving = """[...document.querySelectorAll("*")].filter((one) => {
      const { scrollBehavior, transitionDuration, animationName } = getComputedStyle(one);
      return scrollBehavior === "smooth" || animationName !== "none" || parseFloat(transitionDuration) > .01;
    }).map((one) => one.outerHTML.slice(0, 80))"""
    assert page.evaluate(moving) == []


def test_waiting_does_not_move_where_no_motion_is_wanted(visit, lesson_tutor, monkeypatch):
    page = visit(reduced_motion="reduce")
    monkeypatch.setattr(lesson_tutor.loaded, "ready", False)
    page.reload()
    expect(page.locator(".notice.wait")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
    monkeypatch.undo()
    expect(page.locator(".notice.wait")).to_have_count(0)


FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const look = (element) => {
    const { outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor } = getComputedStyle(element);
    const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    return { outlined, rest: [boxShadow, borderColor, backgroundColor].join() };
  };
  // The whole composer and the whole course list show the focus of what is in them.
  const whole = one.matches("textarea") ? "#ask" : "#course .wrap";
  const shown = one.closest(whole) ?? one;
  const before = look(shown);
  const box = one.getBoundingClientRect();
  one.blur();
  const after = look(shown);
  one.focus({ preventScroll: true });
  const is = one.dataset.focused ?? (one.dataset.focused = String(window.reached = (window.reached ?? 0) + 1));
  return {
    is, name: `${one.localName}.${one.className} ${one.textContent.slice(0, 30)}`,
    visible: before.outlined || before.rest !== after.rest,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""

REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0
    && !one.closest("[inert], .unseen, #bridge") && one.getBoundingClientRect().width > 0
    && (!document.querySelector("dialog[open]") || one.closest("dialog[open]"))
    && (one.type !== "radio" || one === one.form.elements[one.name][0]))"""


@pytest.mark.parametrize("forced", ["none", "active"], ids=["colours", "forced-colors"])
@each_view
def test_tab_reaches_everything_and_each_time_shows_where_one_is(visit, view, forced):
    page = visit(reduced_motion="reduce", forced_colors=forced)
    view(page)
    page.evaluate("document.activeElement.blur()")
    wanted = page.evaluate(f"({REACHABLE})().length")
    unseen = []
    reached: set[str] = set()
    for _ in range(wanted + 8):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is None:
            continue
        reached.add(found["is"])
        if not (found["visible"] and found["inside"]):
            unseen.append(found["name"])
    assert unseen == []
    missed = page.evaluate(
        f"({REACHABLE})().filter(one => !one.dataset.focused).map(one => one.outerHTML.slice(0, 120))"
    )
    assert missed == []


def test_forced_colours_still_mark_the_quote(visit):
    page = visit(forced_colors="active", reduced_motion="reduce")
    with_source(page)
    look = "one => { const s = getComputedStyle(one); return [s.backgroundColor, s.color, s.borderBlockEndStyle]; }"
    marked, plain = (page.locator(where).first.evaluate(look) for where in ("mark.active", ".panel .text p"))
    assert marked[0] != plain[0]
    assert marked[2] != "none"
    assert marked[0] != marked[1]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@each_view
def test_every_button_is_large_enough_to_hit(visit, view, size):
    page = visit(reduced_motion="reduce")
    page.set_viewport_size(size)
    view(page)
    if view is answered:
        page.get_by_text("What do these mean?").click()
    if view is with_source:
        page.locator(".panel summary", has_text="Contents").click()
        page.locator(".panel summary", has_text="Search").click()
    small = page.evaluate(
        f"""({REACHABLE})().filter(one => one.matches("button, input, select, textarea, summary")).map(one => {{
          // The label of a choice is its target too; the course list is as large as its frame.
          const {{ width, height }} = (one.closest("label, #course .wrap") ?? one).getBoundingClientRect();
          return [width, height, one.outerHTML.slice(0, 100)];
        }}).filter(([width, height]) => width < 24 || height < 24)"""
    )
    assert small == []


@needs_axe
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@each_view
def test_axe_finds_nothing_wrong_with_any_view(visit, view, scheme, size):
    page = visit(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size(size)
    view(page)
    expect_no_violation(page)
