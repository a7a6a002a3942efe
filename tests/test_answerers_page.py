"""The page that compares answerers in a real Chromium, opened from disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import NEEDED, launched, watched
from eval_run import answer, outcomes, scored
from markup import HOSTILE
from playwright.sync_api import Browser, Page

from evals.answerers import beside, render
from evals.runner import Finished

AXE = os.environ.get("AXE")  # the axe.min.js of the npm package axe-core
pytestmark = NEEDED
NAMES = ("quotes", "gguf:SmolLM2-135M-Instruct.Q4_1.gguf", "openai:a/" + "very-long-name-" * 6)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the page lies."""
    about = {"task": HOSTILE[0], "course": HOSTILE[1], "dataset": "d", "course_versions": {}}
    quoted = outcomes()
    wrong = [replace(o, answer=o.answer and answer("?", words)) for o, words in zip(quoted, HOSTILE * 2, strict=False)]
    runs = [
        (name, Finished(made, scored(made) | {"run": about}, Path("kept") / f"run-{name[:9]}"))
        for name, made in zip(NAMES, (quoted, wrong, quoted), strict=True)
    ]
    file = tmp_path_factory.mktemp("answerers") / "answerers.html"
    file.write_text(render(beside(runs)), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open the page with all its parts; see `watched`."""
    with watched(browser, address) as opened:

        def opened_wide(width: int = 1280, **options: object) -> Page:
            page = opened(width, **options)
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            return page

        yield opened_wide


def test_hostile_words_are_shown_and_nothing_runs_or_is_asked_for(visit):
    page = visit()
    assert page.locator("body :is(img, iframe, a, math, object, embed, script, svg)").count() == 0
    assert page.locator("h1").text_content() == HOSTILE[0]
    assert page.locator(".flip").count() > 5


@pytest.mark.parametrize("width", [1280, 640, 360])  # 640 is a window of 1280 at 200%
def test_nothing_is_wider_than_the_window(visit, width):
    page = visit(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # What is cut off would not make the page wider.
    assert (
        page.evaluate("""[...document.querySelectorAll(":is(tr, th, td, li, p, dd, bdi)")]
        .filter(one => one.checkVisibility() && !one.closest("thead, .unseen")
          && one.getBoundingClientRect().right > innerWidth).length""")
        == 0
    )


@pytest.mark.parametrize(("width", "shown"), [(1280, False), (360, True)])
def test_on_a_phone_each_value_says_whose_it_is(visit, width, shown):
    page = visit(width)
    row = page.get_by_role("row").filter(has_text="evidence_hit").first
    assert [name.is_visible() for name in row.locator(".who").all()] == [shown] * 3
    assert row.locator(".who").all_text_contents() == list(NAMES)
    assert page.get_by_role("columnheader", name=NAMES[0]).count() == 2


@pytest.mark.skipif(not AXE, reason="no axe-core: set AXE to the axe.min.js of the npm package axe-core")
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(visit, scheme, width):
    page = visit(width, color_scheme=scheme)
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run().then(found => found.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]))"
    )
    assert found == []
