"""Benchmark: how soon the chat page is there and answers, beside Gradio's own minimal chat.

    python -m evals.benchmark_page

Both are served on this computer and opened by one Chromium in turn, each time as a new visitor. The page asks the
bundled course, quoted by the built-in answerer, once everything is warm; Gradio's chat has nothing to look up. All
times are taken inside the pages; the ratio is what a slower or faster machine does not change.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutor.errors import NotReady, SetupError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUESTION = "How many people died in the famine?"
PAINTED, USABLE, ANSWERED = "first paint", "one can type", "first words"
WAIT = 120  # seconds for a server to be ready

OURS = """
import sys
from tutor.web.server import run
run("127.0.0.1", int(sys.argv[1]))
"""
THEIRS = """
import sys
import gradio as gr

def answer(message, history):
    said = ""
    for word in f"You asked: {message} This is an answer, word by word, as long as a short one is.".split():
        said += word + " "
        yield said

gr.ChatInterface(answer).launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
"""

# Both pages say in window.times when something was there for the first time: BOX to type in, SAID with an answer.
_WATCH = """
window.times = {};
const note = (what) => { window.times[what] ??= performance.now(); };
new MutationObserver(() => {
  window.changed = performance.now();
  if (document.querySelector(BOX)) note("usable");
  if ("asked" in window.times && document.querySelector(SAID)?.textContent.trim()) note("answered");
}).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
document.addEventListener("keydown", ({ key }) => { if (key === "Enter") note("asked"); }, { capture: true });
"""
_BOX = {"ours": "#question textarea:enabled", "theirs": "textarea:enabled"}
_SAID = {"ours": "#live .words, #transcript .words", "theirs": '[data-testid="bot"]'}
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def measure(browser: Browser, ours: str, theirs: str, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the milliseconds of each figure at both addresses, by figure and by whose page, asked in turn."""
    found: dict[str, dict[str, list[float]]] = {
        name: {"ours": [], "theirs": []} for name in (PAINTED, USABLE, ANSWERED)
    }
    for number in range(rounds + 1):  # the first one warms up what is loaded once
        for whose, address in (("ours", ours), ("theirs", theirs)):
            times = visit(browser, address, _BOX[whose], _SAID[whose])
            if number:
                for name, value in times.items():
                    found[name][whose].append(value)
    return found


def visit(browser: Browser, address: str, box: str, said: str) -> dict[str, float]:
    """Return the milliseconds of each figure, for a new visitor."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        context.add_init_script(f"(() => {{ const [BOX, SAID] = {json.dumps([box, said])}; {_WATCH} }})()")
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        page.wait_for_function(f"'usable' in window.times && {_PAINT}")
        page.wait_for_function("performance.now() - window.changed > 500")  # nothing is drawn any more
        page.locator(box).fill(QUESTION)
        page.locator(box).press("Enter")
        page.wait_for_function("'answered' in window.times")
        times = page.evaluate("window.times")
        painted = page.evaluate(_PAINT)
    finally:
        context.close()
    return {PAINTED: painted, USABLE: times["usable"], ANSWERED: times["answered"] - times["asked"]}


def lines(found: dict[str, dict[str, list[float]]]) -> list[str]:
    """Return the lines to print: the median of each figure on both pages, and their ratio."""
    said = [f"{'median, ms':14} {'ours':>8} {'theirs':>8} {'ratio':>6}"]
    for name, times in found.items():
        ours, theirs = statistics.median(times["ours"]), statistics.median(times["theirs"])
        said.append(f"{name:14} {ours:8.0f} {theirs:8.0f} {ours / theirs:6.2f}")
    return said


@contextmanager
def serving(program: str, ready: str = "", home: str = "") -> Iterator[str]:
    """Yield the address at which a Python ``program`` serves, once what it has at ``ready`` answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False"} | ({"TUTOR_HOME": home} if home else {})
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(port)], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/{ready}", process)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + WAIT
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise NotReady("One of the two servers did not get ready. Run: tutor doctor.")


@contextmanager
def launched() -> Iterator[Browser]:
    """Yield a Chromium that reaches this computer only; raises `SetupError` that says what is missing."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SetupError("This needs Playwright: pip install playwright.") from None
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if not path:
        raise SetupError("This needs a Chromium: install chromium, or set CHROMIUM to its path.")
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", alone])
        yield browser
        browser.close()


def report(found: dict[str, dict[str, list[float]]]) -> Sequence[str]:
    """Return the lines to print, below what was measured how often."""
    return [f"{len(found[PAINTED]['ours'])} visits to each page, in turn", *lines(found)]


def main(rounds: Annotated[int, typer.Option(help="visits of each page", min=1)] = 9) -> None:
    """Open both pages in turn and print the times."""
    try:
        with (
            tempfile.TemporaryDirectory() as home,
            serving(OURS, "readyz", str(Path(home) / "home")) as ours,
            serving(THEIRS) as theirs,
            launched() as browser,
        ):
            typer.echo("\n".join(report(measure(browser, ours, theirs, rounds))))
    except (NotReady, SetupError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
