"""The chat page: what is where, and which call of `Tutor` each action makes. All HTML comes from `rendering`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr
from fastapi import FastAPI

from tutor.errors import NotFound, TutorError
from tutor.types import Answer, Conversation
from tutor.web import rendering

if TYPE_CHECKING:
    from tutor.tutor import Tutor

CONCURRENT = 8  # Gradio's own default answers one visitor at a time
WAITING = 64
LISTED = 50  # earlier conversations
WARMING_UP = "The tutor is warming up… your question will be answered in a moment."
FIRST_COURSE = "The tutor is warming up and reading its first course… you can ask in a moment."
IN_LINE = "Your question is in line: the answer comes as soon as the tutor is ready."
LOOKING = "Looking in the course…"
GONE = "That conversation is no longer here. This is a new one."
NO_COURSE = "There is no course to ask about yet."
EMPTY = "Type a question first, or choose one of the suggestions."
FAILED = "Something went wrong here, and your question was not answered. It is still below: try it again."

Updates = dict[Any, Any]  # new values by component
Memory = dict[str, Any]  # what the browser keeps over a reload: the course and the conversation

# Hands what `page.js` sends to the listeners; their names have to stand here in quotes for Gradio to know them.
_BRIDGE = """
element.dataset.bridge = "";
const known = ["suggest", "cite", "reopen"];
element.addEventListener("tutor", ({detail}) => { if (known.includes(detail.event)) trigger(detail.event, detail); });
"""
_LIVE = 'element.setAttribute("role", "status"); element.setAttribute("aria-live", "polite");'
_BOOK = (
    '<path d="M4 5.5C6.5 4 9.5 4 12 6v13c-2.5-2-5.5-2-8-.5z"/>'
    '<path d="M20 5.5C17.5 4 14.5 4 12 6v13c2.5-2 5.5-2 8-.5z" opacity=".55"/>'
)
_BRAND = f'<div class="brand"><svg viewBox="0 0 24 24" aria-hidden="true">{_BOOK}</svg>Tutor</div>'
_MENU = '<button type="button" class="menu" data-event="menu" aria-controls="rail" aria-expanded="false">Menu</button>'
_SHUT = '<button type="button" class="shut" data-event="menu" aria-label="Close the menu">×</button>'
_ICON = quote(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="3 2 18 20" fill="#1d5f57">{_BOOK}</svg>')


@dataclass(frozen=True)
class _Parts:
    """The components that handlers fill."""

    memory: gr.BrowserState
    picker: gr.Dropdown
    fresh: gr.Button
    history: gr.HTML
    transcript: gr.HTML
    live: gr.HTML
    warming: gr.HTML
    notice: gr.HTML
    box: gr.Textbox
    send: gr.Button
    panel: gr.HTML
    said: gr.HTML
    timer: gr.Timer


def build_page(tutor: Tutor) -> gr.Blocks:
    """Return the chat page over ``tutor``."""
    page = gr.Blocks(title="Tutor", analytics_enabled=False, fill_width=True)
    with page:
        bridge = _html(elem_id="bridge", js_on_load=_BRIDGE)
        parts = _lay_out()
        _listen(page, bridge, tutor, parts)
    page.queue(max_size=WAITING, api_open=False, default_concurrency_limit=CONCURRENT)
    return page


def mount_page(app: FastAPI, tutor: Tutor, path: str = "/") -> FastAPI:
    """Return ``app`` with the chat page at ``path``: no uploads, no telemetry, no request to another host.

    Call it where no event loop runs, as when a server is being put together.
    """
    style, script = ((files("tutor.web") / "static" / name).read_text("utf-8") for name in ("page.css", "page.js"))
    # As head=, because Gradio rewrites the selectors of css= and would miss those above its own container.
    head = f'<link rel="icon" href="data:image/svg+xml,{_ICON}"><style>{style}</style><script>{script}</script>'
    # With monitoring off nobody reads the statistics that Gradio would draw up with pandas after every event.
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))

    async def mount() -> None:
        gr.mount_gradio_app(
            app,
            build_page(tutor),
            path,
            theme=_theme(),
            head=head,
            allowed_paths=[],
            max_file_size="1kb",
            show_error=False,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
        )

    asyncio.run(mount())  # where no loop runs, Gradio opens eleven and closes none
    return app


def _theme() -> gr.themes.Base:
    """Return a theme of system fonts only; `page.css` holds the colours for light and dark."""
    sans = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "sans-serif"]
    return gr.themes.Base(font=sans, font_mono=["ui-monospace", "Consolas", "monospace"]).set(
        body_background_fill="#fbf9f5",
        body_background_fill_dark="#15181b",
        body_text_color="#23272d",
        body_text_color_dark="#e9e6e0",
    )


def _html(value: str = "", **options: Any) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, **options)


def _lay_out() -> _Parts:
    with gr.Row(elem_id="app"):
        with gr.Column(elem_id="rail"):
            _html(f'<div class="top">{_BRAND}{_SHUT}</div>')
            picker = gr.Dropdown(label="Course", elem_id="course", filterable=False, interactive=True)
            fresh = gr.Button("New conversation", elem_id="fresh")
            history = _html(elem_id="history")
        with gr.Column(elem_id="chat"):
            _html(f'<div class="bar">{_MENU}{_BRAND}</div>', elem_id="bar")
            with gr.Column(elem_id="thread"):
                transcript = _html(elem_id="transcript")
                live = _html(elem_id="live")
            with gr.Column(elem_id="composer"):
                warming = _html(js_on_load=_LIVE)
                notice = _html(elem_id="notice", js_on_load=_LIVE)
                with gr.Row(elem_id="ask"):
                    box = gr.Textbox(
                        label="Your question", show_label=False, container=False, elem_id="question",
                        placeholder="Ask about this course…", lines=1, max_lines=6,
                    )  # fmt: skip
                    send = gr.Button("Ask", variant="primary", elem_id="send")
        panel = _html(elem_id="source")
    return _Parts(
        # The key only keeps Gradio from drawing a new one at each start, which would lose the conversation.
        memory=gr.BrowserState({}, storage_key="tutor", secret="tutor-page-state"),
        said=_html(elem_id="said", js_on_load=_LIVE),
        timer=gr.Timer(1, active=False),
        picker=picker, fresh=fresh, history=history, transcript=transcript, live=live,
        warming=warming, notice=notice, box=box, send=send, panel=panel,
    )  # fmt: skip


def _listen(page: gr.Blocks, bridge: gr.HTML, tutor: Tutor, parts: _Parts) -> None:
    """Connect each action to its call of ``tutor``."""
    everything = [getattr(parts, field.name) for field in fields(parts)]
    quiet: Updates = {"show_progress": "hidden", "api_visibility": "private"}

    def open_page(memory: Memory | None) -> Updates:
        memory = memory or {}
        shown = show(tutor, parts, memory.get("course"), memory.get("conversation"))
        waiting = WARMING_UP if shown.get(parts.memory, memory).get("course") else FIRST_COURSE
        return shown | {
            parts.timer: gr.Timer(active=not tutor.ready),
            parts.warming: rendering.render_notice("" if tutor.ready else waiting, "wait"),
        }

    def look_again(memory: Memory | None) -> Updates:
        if not tutor.ready:
            return {parts.timer: gr.skip()}
        awake = {parts.timer: gr.Timer(active=False), parts.warming: ""}
        return awake if memory and memory.get("course") else open_page(memory) | awake

    def choose(course: str | None) -> Updates:
        return show(tutor, parts, course, None)

    def begin(memory: Memory) -> Updates:
        return show(tutor, parts, memory.get("course"), None)

    def reopen(memory: Memory, event: gr.EventData) -> Updates:
        return show(tutor, parts, memory.get("course"), str(_data(event).get("conversation")))

    def cite(event: gr.EventData) -> str:
        return open_source(tutor, _data(event))

    def answer(typed: str, memory: Memory) -> Iterator[Updates]:
        yield from ask(tutor, parts, typed, memory, draft="")

    def suggested(draft: str, memory: Memory, event: gr.EventData) -> Iterator[Updates]:
        yield from ask(tutor, parts, str(_data(event).get("question", "")), memory, draft)

    def recover(memory: Memory) -> Updates:
        failed = {parts.notice: rendering.render_notice(FAILED, "error")}
        return show(tutor, parts, memory.get("course"), memory.get("conversation")) | failed

    page.load(open_page, parts.memory, everything, **quiet)
    parts.timer.tick(look_again, parts.memory, everything, **quiet)
    parts.picker.input(choose, parts.picker, everything, preprocess=False, **quiet)  # the choices may have changed
    parts.fresh.click(begin, parts.memory, everything, **quiet)
    bridge.reopen(reopen, parts.memory, everything, trigger_mode="always_last", **quiet)
    bridge.cite(cite, None, parts.panel, trigger_mode="always_last", **quiet)
    typed = {"trigger_mode": "once", "concurrency_limit": CONCURRENT, "concurrency_id": "ask"} | quiet
    asked = gr.on([parts.box.submit, parts.send.click], answer, [parts.box, parts.memory], everything, **typed)
    chosen = bridge.suggest(suggested, [parts.box, parts.memory], everything, **typed)
    asked.failure(recover, parts.memory, everything, **quiet)
    chosen.failure(recover, parts.memory, everything, **quiet)


def show(tutor: Tutor, parts: _Parts, course: str | None, conversation: str | None) -> Updates:
    """Return the page at ``conversation``, or where a new one of ``course`` (else of the first course) begins."""
    try:
        courses = tutor.courses()
        held = _conversation(tutor, conversation)
        course = held.course if held else course
        chosen = next((info for info in courses if info.id == course), courses[0] if courses else None)
        listed = tutor.conversations(chosen.id)[:LISTED] if chosen else ()
    except TutorError as error:
        return _usable(parts, True) | {parts.notice: rendering.render_notice(str(error), "error")}
    if chosen is None:
        transcript = rendering.render_no_course() if tutor.ready else ""
    elif held is None:
        transcript = rendering.render_welcome(chosen)
    else:
        transcript = rendering.render_transcript(chosen, held.messages)
    current = held.id if held else None
    return _usable(parts, chosen is not None) | {
        parts.memory: {"course": chosen.id if chosen else None, "conversation": current},
        parts.picker: gr.Dropdown(
            [(info.title, info.id) for info in courses], value=chosen.id if chosen else None, visible=bool(courses)
        ),
        parts.history: rendering.render_conversations(listed, current),
        parts.transcript: transcript,
        parts.live: "",
        parts.panel: "",
        parts.notice: rendering.render_notice(GONE if conversation and held is None else "", "hint"),
    }


def ask(tutor: Tutor, parts: _Parts, question: str, memory: Memory, draft: str) -> Iterator[Updates]:
    """Yield the page as the answer to ``question`` grows, and last with the whole conversation.

    The box keeps the question until it is answered, so that no failure loses it; ``draft`` is what it holds then.
    """
    course, conversation = memory.get("course"), memory.get("conversation")
    if not course or not question.strip():
        yield {parts.notice: rendering.render_notice(EMPTY if course else NO_COURSE, "hint")}
        return
    text = ""
    status = LOOKING if tutor.ready else IN_LINE
    yield _usable(parts, False) | {
        parts.transcript: gr.skip() if conversation else "",
        parts.live: rendering.render_pending(question, text, status),
        parts.notice: "",
        parts.said: "",
    }
    try:
        for piece in tutor.stream(course, question, conversation):
            if isinstance(piece, Answer):
                yield show(tutor, parts, course, piece.conversation) | {
                    parts.box: gr.Textbox(value=draft, interactive=True),
                    parts.panel: gr.skip(),
                    parts.said: rendering.announcement(piece),
                }
            else:
                text += piece
                yield {parts.live: rendering.render_pending(question, text, status)}
    except TutorError as error:
        failed = {parts.notice: rendering.render_notice(str(error), "error")}
        yield show(tutor, parts, course, conversation) | failed


def open_source(tutor: Tutor, chosen: dict[str, Any]) -> str:
    """Return the source panel for the citation that was activated; what is wrong with it is said there."""
    course, name, version = (str(chosen.get(key, "")) for key in ("course", "source", "version"))
    try:
        start, end = int(chosen["start"]), int(chosen["end"])
    except (KeyError, TypeError, ValueError):
        start = end = 0
    try:
        return rendering.render_source(tutor.source(course, name, version or None), start, end)
    except TutorError as error:
        return rendering.render_source_problem(str(error), rendering.source_key(course, name, version, start, end))


def _usable(parts: _Parts, usable: bool) -> Updates:
    return {parts.box: gr.Textbox(interactive=usable), parts.send: gr.Button(interactive=usable)}


def _conversation(tutor: Tutor, id: str | None) -> Conversation | None:
    try:
        return tutor.conversation(id) if id else None
    except NotFound:  # deleted since, or the state folder is another one
        return None


def _data(event: gr.EventData) -> dict[str, Any]:
    """Return what `page.js` sent with an event."""
    return event._data if isinstance(event._data, dict) else {}
