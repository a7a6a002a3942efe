"""The chat page: which call of `Tutor` each action makes, and what the page shows then.

What is where comes from `layout`, and the HTML from `rendering` and `source_panel`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import gradio as gr
from fastapi import FastAPI

from tutor.errors import NotFound, Stopped, TutorError
from tutor.types import Answer, Conversation
from tutor.web import citing, course_home, rendering, source_panel
from tutor.web.escaping import option
from tutor.web.layout import Parts, build_bridge, build_head, build_theme, lay_out, render_frame
from tutor.web.stopping import until_stopped
from tutor.web.texts import COOKIE, Texts, build_i18n, choose

if TYPE_CHECKING:
    from tutor.tutor import Tutor

CONCURRENT = 8  # Gradio's own default answers one visitor at a time
WAITING = 64
LISTED = 50  # earlier conversations
WARMING_UP = "The tutor is warming up… your question will be answered in a moment."
FIRST_COURSE = "The tutor is warming up and reading its first course… you can ask in a moment."
NOT_STARTED = "The tutor could not get ready, so it cannot answer yet. This is what is wrong, and what helps:"
START_AGAIN = "Then start the tutor again and reload this page."
IN_LINE = "Your question is in line: the answer comes as soon as the tutor is ready."
LOOKING = "Looking in the course…"
RENAMED = "The conversation has its new name."
DELETED = "The conversation is deleted."
REPLACED = "The new answer has taken the place of the last one."
GONE = "That conversation is no longer here. This is a new one."
NO_SUCH_COURSE = "The link names a course that is not here. This is another one."
NO_COURSE = "There is no course to ask about yet."
EMPTY = "Type a question first, or choose one of the suggestions."
STOPPED = "Stopped. Your question was not answered, and nothing was kept of the answer."
FAILED = "Something went wrong here, and your question was not answered. It is still below: try it again."

Updates = dict[Any, Any]  # new values by component
Memory = dict[str, Any]  # what the browser keeps over a reload: the course and the conversation


def build_page(tutor: Tutor) -> gr.Blocks:
    """Return the chat page over ``tutor``."""
    page = gr.Blocks(title="Tutor", analytics_enabled=False, fill_width=True)
    with page:
        _listen(page, build_bridge(), tutor, lay_out())
    page.queue(max_size=WAITING, api_open=False, default_concurrency_limit=CONCURRENT)
    return page


def mount_page(app: FastAPI, tutor: Tutor, path: str = "/") -> FastAPI:
    """Return ``app`` with the chat page at ``path``: no uploads, no telemetry, no request to another host.

    Call it where no event loop runs, as when a server is being put together.
    """
    # With monitoring off nobody reads the statistics that Gradio would draw up with pandas after every event.
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))

    async def mount() -> None:
        gr.mount_gradio_app(
            app,
            build_page(tutor),
            path,
            theme=build_theme(),
            head=build_head(),
            i18n=build_i18n(),
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

    asyncio.run(mount())  # where no loop runs, Gradio opens a dozen and closes none
    return app


def _listen(page: gr.Blocks, bridge: gr.HTML, tutor: Tutor, parts: Parts) -> None:
    """Connect each action to its call of ``tutor``."""
    everything = [getattr(parts, field.name) for field in fields(parts)]
    stops: dict[str | None, threading.Event] = {}  # what stops the answer under way, by the tab that it is for
    quiet: Updates = {"show_progress": "hidden", "api_visibility": "private"}

    def open_page(memory: Memory | None, tab: gr.Request) -> Updates:
        memory = memory or {}
        shown = open_address(tutor, parts, dict(tab.query_params), memory)
        start = _start(tutor, parts, shown.get(parts.memory, memory).get("course"))
        return render_frame(parts, reader(tab)) | shown | start

    def look_again(memory: Memory | None, tab: gr.Request) -> Updates:
        if _warming_up(tutor):
            return {parts.timer: gr.skip()}
        course = (memory or {}).get("course")
        return _start(tutor, parts, course) if course else open_page(memory, tab)

    def choose(course: str | None, memory: Memory | None) -> Updates:
        if course == (memory or {}).get("course"):  # also sent when the keyboard only passes by
            return {parts.picker: gr.skip()}
        return show(tutor, parts, course, None)

    def begin(memory: Memory) -> Updates:
        return show(tutor, parts, memory.get("course"), None)

    def reopen(memory: Memory, event: gr.EventData) -> Updates:
        return show(tutor, parts, memory.get("course"), str(_data(event).get("conversation")))

    def search(memory: Memory, event: gr.EventData) -> Updates:
        return find(tutor, parts, _data(event), memory)

    def rename(memory: Memory, event: gr.EventData) -> Updates:
        chosen = _data(event)
        try:
            tutor.rename_conversation(str(chosen.get("conversation")), str(chosen.get("title", "")))
        except TutorError as error:
            return find(tutor, parts, chosen, memory) | {parts.found: rendering.render_notice(str(error), "error")}
        return find(tutor, parts, chosen, memory) | {parts.found: rendering.render_notice(RENAMED, "hint")}

    def delete(memory: Memory, event: gr.EventData) -> Updates:
        chosen = _data(event)
        id = str(chosen.get("conversation"))
        try:
            tutor.delete_conversation(id)
        except NotFound:  # deleted elsewhere before: it is what was wanted
            pass
        except TutorError as error:
            return {parts.found: rendering.render_notice(str(error), "error")}
        shown: Updates = {}
        if id == memory.get("conversation"):
            shown = show(tutor, parts, memory.get("course"), None)
            memory = shown.get(parts.memory, memory)
        deleted = {parts.found: rendering.render_notice(DELETED, "hint")}
        return shown | find(tutor, parts, chosen, memory) | deleted

    def cite(event: gr.EventData) -> str:
        return open_source(tutor, _data(event))

    def answer(typed: str, replaces: str, memory: Memory, tab: gr.Request) -> Iterator[Updates]:
        with under_way(tab) as stop:
            yield from ask(tutor, parts, typed, memory, "", stop, replaces)

    def suggested(draft: str, memory: Memory, event: gr.EventData, tab: gr.Request) -> Iterator[Updates]:
        with under_way(tab) as stop:
            yield from ask(tutor, parts, str(_data(event).get("question", "")), memory, draft, stop)

    def again(draft: str, memory: Memory, event: gr.EventData, tab: gr.Request) -> Iterator[Updates]:
        replaces = str(_data(event).get("message"))
        try:
            question = tutor.message(str(memory.get("conversation")), replaces).answer.question
        except TutorError as error:
            yield {parts.notice: rendering.render_notice(str(error), "error")}
            return
        with under_way(tab) as stop:
            yield from ask(tutor, parts, question, memory, draft, stop, replaces)

    @contextmanager
    def under_way(tab: gr.Request) -> Iterator[threading.Event]:
        stop = stops[tab.session_hash] = threading.Event()
        try:
            yield stop
        finally:
            stops.pop(tab.session_hash, None)

    def end(tab: gr.Request) -> None:
        if stop := stops.get(tab.session_hash):
            stop.set()

    def recover(memory: Memory) -> Updates:
        failed = {parts.notice: rendering.render_notice(FAILED, "error")}
        return show(tutor, parts, memory.get("course"), memory.get("conversation")) | failed

    page.load(open_page, parts.memory, everything, **quiet)
    parts.timer.tick(look_again, parts.memory, everything, **quiet)
    parts.picker.input(
        choose, [parts.picker, parts.memory], everything, preprocess=False, **quiet
    )  # the choices may have changed
    parts.fresh.click(begin, parts.memory, everything, **quiet)
    bridge.reopen(reopen, parts.memory, everything, trigger_mode="always_last", **quiet)
    in_order: Updates = {"trigger_mode": "multiple", "concurrency_limit": 1, "concurrency_id": "list"} | quiet
    bridge.search(search, parts.memory, [parts.history, parts.found], **in_order)
    bridge.rename(rename, parts.memory, [parts.history, parts.found], **in_order)
    bridge.delete(delete, parts.memory, everything, **in_order)
    bridge.cite(cite, None, parts.panel, trigger_mode="always_last", **quiet)
    typed = {"trigger_mode": "once", "concurrency_limit": CONCURRENT, "concurrency_id": "ask"} | quiet
    box = [parts.box, parts.replaces, parts.memory]
    asked = gr.on([parts.box.submit, parts.send.click], answer, box, everything, **typed)
    chosen = bridge.suggest(suggested, [parts.box, parts.memory], everything, **typed)
    repeated = bridge.again(again, [parts.box, parts.memory], everything, **typed)
    parts.stop.click(end, None, None, queue=False, **quiet)
    for one in (asked, chosen, repeated):
        one.failure(recover, parts.memory, everything, **quiet)


def open_address(tutor: Tutor, parts: Parts, address: dict[str, str], memory: Memory) -> Updates:
    """Return the page at what its address names: a conversation or a course, and perhaps a place in a source.

    Where it names neither, the page is as the browser remembers it.
    """
    asked = address if address.get("course") or address.get("conversation") else memory
    shown = show(tutor, parts, asked.get("course"), asked.get("conversation"))
    course = shown.get(parts.memory, {}).get("course")
    if course and address.get("course") not in (None, "", course) and not address.get("conversation"):
        shown[parts.notice] = rendering.render_notice(NO_SUCH_COURSE, "hint")
    if course and address.get("source"):
        shown[parts.panel] = open_source(tutor, {"course": course} | address)
    return shown


def show(tutor: Tutor, parts: Parts, course: str | None, conversation: str | None) -> Updates:
    """Return the page at ``conversation``, or where a new one of ``course`` (else of the first course) begins."""
    try:
        courses = tutor.courses()
        held = _conversation(tutor, conversation)
        course = held.course if held else course
        chosen = next((info for info in courses if info.id == course), courses[0] if courses else None)
        listed = tutor.conversations(chosen.id)[:LISTED] if chosen else ()
        home = tutor.home(chosen.id) if chosen and held is None else None
    except TutorError as error:
        return _usable(parts, True) | {parts.notice: rendering.render_notice(str(error), "error")}
    if chosen is None:
        transcript = rendering.render_no_course() if tutor.ready else ""
    elif home:
        transcript = course_home.render_home(home)
    else:
        transcript = rendering.render_transcript(chosen, held.messages if held else ())
    current = held.id if held else None
    return _usable(parts, chosen is not None) | {
        parts.memory: {"course": chosen.id if chosen else None, "conversation": current},
        parts.picker: gr.Dropdown(
            [(option(info.title), info.id) for info in courses], value=chosen.id if chosen else None, visible=bool(courses)
        ),
        parts.found: "",
        parts.history: rendering.render_conversations(listed, current),
        parts.transcript: transcript,
        parts.live: "",
        parts.panel: "",
        parts.notice: rendering.render_notice(GONE if conversation and held is None else "", "hint"),
    }


def find(tutor: Tutor, parts: Parts, chosen: dict[str, Any], memory: Memory) -> Updates:
    """Return the list of the course's conversations that have the words which were typed in their name."""
    words = str(chosen.get("words", ""))
    try:
        listed = tutor.conversations(memory.get("course"), matching=words)
    except TutorError as error:
        return {parts.found: rendering.render_notice(str(error), "error")}
    said = f"{len(listed) or 'No'} conversation{'s' * (len(listed) != 1)} found." if words.strip() else ""
    return {
        parts.history: rendering.render_conversations(listed[:LISTED], memory.get("conversation"), words),
        parts.found: rendering.render_notice(said, "hint"),
    }


def ask(
    tutor: Tutor,
    parts: Parts,
    question: str,
    memory: Memory,
    draft: str,
    stop: threading.Event,
    replaces: str = "",
) -> Iterator[Updates]:
    """Yield the page as the answer to ``question`` grows, and last with the whole conversation.

    The box keeps the question until it is answered, so that no failure loses it; ``draft`` is what it holds then.
    Setting ``stop`` ends it at once. The message that it ``replaces`` stays until the new answer is complete.
    """
    course, conversation = memory.get("course"), memory.get("conversation")
    if not course or not question.strip():
        yield {parts.notice: rendering.render_notice(EMPTY if course else NO_COURSE, "hint")}
        return
    text = ""
    status = IN_LINE if _warming_up(tutor) else LOOKING
    yield _usable(parts, False) | {
        parts.send: gr.Button(visible=False),
        parts.stop: gr.Button(visible=True),
        parts.transcript: gr.skip() if conversation else rendering.BEGUN,
        parts.live: rendering.render_pending(question, text, status),
        parts.notice: "",
        parts.announced: "",
    }
    try:
        for piece in until_stopped(
            tutor.stream(course, question, conversation, replaces=replaces or None, stop=stop), stop
        ):
            if isinstance(piece, Answer):
                yield show(tutor, parts, course, piece.conversation) | {
                    parts.box: gr.Textbox(value=draft, interactive=True),
                    parts.panel: gr.skip(),
                    parts.announced: rendering.announcement(piece),
                    parts.notice: rendering.render_notice(REPLACED if replaces else "", "hint"),
                }
            else:
                text += piece
                yield {parts.live: rendering.render_pending(question, text, status)}
    except Stopped:
        yield show(tutor, parts, course, conversation) | {parts.notice: rendering.render_notice(STOPPED, "hint")}
    except TutorError as error:
        shown = show(tutor, parts, course, conversation)
        gone = isinstance(error, NotFound) and conversation and not shown.get(parts.memory, {}).get("conversation")
        yield shown if gone else shown | {parts.notice: rendering.render_notice(str(error), "error")}


def open_source(tutor: Tutor, chosen: dict[str, Any]) -> str:
    """Return the source panel for the citation that was activated; what is wrong with it is said there."""
    course, name, version, key = (str(chosen.get(what, "")) for what in ("course", "source", "version", "key"))
    cited = citing.unpack(chosen.get("citations"))
    try:
        start, end = int(chosen["start"]), int(chosen["end"])
    except (KeyError, TypeError, ValueError):
        start = end = 0
    try:
        return source_panel.render_source(tutor.source(course, name, version or None), start, end, key, cited)
    except TutorError as error:
        return source_panel.render_source_problem(str(error), key, cited)


def _warming_up(tutor: Tutor) -> bool:
    return not tutor.ready and not tutor.trouble


def _start(tutor: Tutor, parts: Parts, course: str | None) -> Updates:
    """Return what the page says about the start of the tutor, and whether it looks again in a moment."""
    if _warming_up(tutor):
        said = rendering.render_notice(WARMING_UP if course else FIRST_COURSE, "wait")
    elif tutor.ready:
        said = ""
    else:
        said = rendering.render_notice(f"{NOT_STARTED} {tutor.trouble} {START_AGAIN}", "error")
    return {parts.warming: said, parts.timer: gr.Timer(active=_warming_up(tutor))}


def _usable(parts: Parts, usable: bool) -> Updates:
    return {
        parts.box: gr.Textbox(interactive=usable),
        parts.send: gr.Button(interactive=usable, visible=True),
        parts.stop: gr.Button(visible=False),
    }


def _conversation(tutor: Tutor, id: str | None) -> Conversation | None:
    try:
        return tutor.conversation(id) if id else None
    except NotFound:  # deleted since, or the state folder is another one
        return None


def reader(tab: gr.Request) -> Texts:
    """Return the page's words in the language of whoever looks at it."""
    return choose(tab.cookies.get(COOKIE), tab.headers.get("accept-language", ""))


def _data(event: gr.EventData) -> dict[str, Any]:
    """Return what `page.js` sent with an event."""
    return event._data if isinstance(event._data, dict) else {}
