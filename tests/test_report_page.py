"""The report of a run in a real Chromium, opened from disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import NEEDED, launched, watched
from eval_run import ASKED, FAILED, TEXTS, confident, outcomes, scored
from playwright.sync_api import Browser, Page, expect

from evals.report import render

AXE = os.environ.get("AXE")  # the axe.min.js of the npm package axe-core
pytestmark = NEEDED
ALL = len(outcomes())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the report lies."""
    made = confident(outcomes())
    file = tmp_path_factory.mktemp("report") / "report.html"
    html = render(ASKED, made, scored(made), TEXTS, FAILED)
    file.write_text(html, encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open the report; see `watched`."""
    expect.set_options(timeout=30_000)
    with watched(browser, address) as opened:
        yield opened


def rows(page: Page) -> int:
    return page.locator("#questions tbody tr:visible").count()


def test_hostile_words_are_shown_and_nothing_runs_or_is_asked_for(visit):
    page = visit()
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.locator("body :is(img, iframe, a, math, object, embed)").count() == 0
    assert page.locator("script").count() == 1
    expect(page.get_by_role("heading", level=1)).to_have_text("great-leap-forward")
    expect(page.locator(".verdict")).to_contain_text("<script>alert(1)</script>")
    assert page.title() == "FAIL great-leap-forward: eval report"


def test_the_filters_work_by_keyboard_and_tell_how_many_are_left(visit):
    page = visit()
    said = page.get_by_role("status")
    expect(said).to_have_text(f"{ALL} of {ALL} questions shown")
    page.get_by_label("Kind").focus()
    page.keyboard.type("fact")
    expect(said).to_have_text(f"3 of {ALL} questions shown")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Outcome")).to_be_focused()
    page.keyboard.type("wrong")
    expect(said).to_have_text(f"1 of {ALL} questions shown")
    assert rows(page) == 1
    page.keyboard.press("Tab")
    page.keyboard.type("NOTHING like it")
    expect(said).to_have_text(f"0 of {ALL} questions shown")
    page.get_by_label("Search").fill("furnaces WERE")
    expect(said).to_have_text(f"1 of {ALL} questions shown")


def test_every_outcome_can_be_chosen(visit):
    page = visit()
    counts = []
    for outcome in ("right", "wrong", "refused", "error"):
        page.get_by_label("Outcome").select_option(outcome)
        assert page.locator(f"#questions tbody tr:visible[data-outcome={outcome}]").count() == rows(page) > 0
        counts.append(rows(page))
    assert sum(counts) == ALL


def test_a_question_opens_by_keyboard_and_shows_what_is_cited_and_gold(visit):
    page = visit()
    first = page.locator("#questions details").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(first.locator("mark.cited.gold").first).to_be_visible()
    assert first.locator("mark.cited.gold").first.text_content() == "began in 1958"
    assert first.locator("mark.cited:not(.gold)").first.text_content() == "The Great Leap Forward "


def test_without_scripts_everything_is_shown(visit):
    page = visit(java_script_enabled=False)
    assert rows(page) == ALL
    expect(page.locator("#filter")).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 640, 360])  # 640 is a window of 1280 at 200%
def test_nothing_is_wider_than_the_window(visit, width):
    page = visit(width)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # What is cut off would not make the page wider.
    assert (
        page.evaluate("""[...document.querySelectorAll("#questions :is(tr, td, .within, .excerpt, p)")]
        .filter(one => one.checkVisibility() && !one.closest("thead, .unseen")
          && one.getBoundingClientRect().right > innerWidth).length""")
        == 0
    )


def test_the_scores_scroll_within_a_region_that_can_be_reached(visit):
    page = visit(360)
    region = page.get_by_role("region", name="Table of scores")
    region.focus()
    expect(region).to_be_focused()
    assert region.evaluate("one => one.scrollWidth > one.clientWidth")


@pytest.mark.skipif(not AXE, reason="no axe-core: set AXE to the axe.min.js of the npm package axe-core")
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(visit, scheme, width):
    page = visit(width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one, n) => { one.open = n < 8; })")
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run().then(found => found.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]))"
    )
    assert found == []
