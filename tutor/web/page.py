"""The chat page: which call of `Tutor` each action makes, and what the page shows then.

What is where comes from `layout`, and the HTML from `rendering` and `source_panel`.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import gradio as gr
from fastapi import FastAPI

from tutor.errors import NotFound, Stopped, TutorError
from tutor.types import Answer, Conversation
from tutor.visitor import Visitor
from tutor.web import citing, course_home, material, rendering, source_panel
from tutor.web.access import signed_in_of, visitor_of
from tutor.web.account import render_account, render_sign_out
from tutor.web.escaping import escape, label, option
from tutor.web.layout import (
    Parts,
    build_bridge,
    build_head,
    build_i18n,
    build_theme,
    lay_out,
    name_labels,
    render_frame,
)
from tutor.web.resuming import Asked, find_answered
from tutor.web.stopping import until_stopped
from tutor.web.texts import Texts, reader

if TYPE_CHECKING:
    from tutor.tutor import Tutor

CONCURRENT = 8  # Gradio's own default answers one visitor at a time
WAITING = 64
LISTED = 50  # earlier conversations
LEAVING = 3.0  # seconds that an answer which nobody hears any more has to end

Updates = dict[Any, Any]  # new values by component
Tab = tuple[Visitor, str | None]  # whose it is, and what Gradio calls it
Memory = dict[str, Any]  # what the browser keeps over a reload: the course and the conversation


@dataclass(frozen=True)
class View:
    """The page as one reader sees it."""

    tutor: Tutor
    parts: Parts
    say: Texts

    def hint(self, key: str, kind: str = "hint", **values: int) -> str:
        """Return the text called ``key`` as a notice."""
        return rendering.render_notice(self.say(key, **values), kind)

    def trouble(self, error: TutorError) -> str:
        """Return a notice of what went wrong and what to do."""
        return rendering.render_notice(escape(self.say.error(error)), "error")


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
            # Not what a request says of its host, which a proxy may have changed.
            root_path=tutor.settings.base_url if tutor.settings.mode == "shared" else None,
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
    stops: dict[Tab, threading.Event] = {}  # what stops the answer under way, by the tab that it is for
    quiet: Updates = {"show_progress": "hidden", "api_visibility": "private"}

    def seen(tab: gr.Request) -> View:
        return View(tutor.visited_by(_visitor(tutor, tab)), parts, reader(tab))

    def known(tab: gr.Request, name: str | None = None) -> Tab:
        return _visitor(tutor, tab), name or tab.session_hash

    def open_page(memory: Memory | None, tab: gr.Request) -> Updates:
        view, memory = seen(tab), memory or {}
        shown = open_address(view, dict(tab.query_params), memory)
        start = _start(view, shown.get(parts.memory, memory).get("course"))
        most = tutor.settings.max_source_bytes
        added = material.render_material(view.say, most) if view.tutor.may_add_material else ""
        about = {parts.material: added} | show_account(view, tab) | show_outside(view)
        return render_frame(parts, view.say) | about | shown | start

    def look_again(memory: Memory | None, tab: gr.Request) -> Updates:
        if _warming_up(tutor):
            return {parts.timer: gr.skip()}
        course = (memory or {}).get("course")
        return _start(seen(tab), course) if course else open_page(memory, tab)

    def choose_course(course: str | None, memory: Memory | None, tab: gr.Request) -> Updates:
        if course == (memory or {}).get("course"):  # also sent when the keyboard only passes by
            return {parts.picker: gr.skip()}
        return show(seen(tab), course, None)

    def begin(memory: Memory, tab: gr.Request) -> Updates:
        return show(seen(tab), memory.get("course"), None)

    def reopen(memory: Memory, event: gr.EventData, tab: gr.Request) -> Updates:
        return show(seen(tab), memory.get("course"), str(_data(event).get("conversation")))

    def go_to(memory: Memory, event: gr.EventData, tab: gr.Request) -> Updates:
        return open_address(seen(tab), {name: str(value) for name, value in _data(event).items()}, memory)

    def search(memory: Memory, event: gr.EventData, tab: gr.Request) -> Updates:
        return find(seen(tab), _data(event), memory)

    def rename(memory: Memory, event: gr.EventData, tab: gr.Request) -> Updates:
        view, chosen = seen(tab), _data(event)
        try:
            view.tutor.rename_conversation(str(chosen.get("conversation")), str(chosen.get("title", "")))
        except TutorError as error:
            return find(view, chosen, memory) | {parts.found: view.trouble(error)}
        return find(view, chosen, memory) | {parts.found: view.hint("renamed")}

    def delete(memory: Memory, event: gr.EventData, tab: gr.Request) -> Updates:
        view, chosen = seen(tab), _data(event)
        id = str(chosen.get("conversation"))
        try:
            view.tutor.delete_conversation(id)
        except NotFound:  # deleted elsewhere before: it is what was wanted
            pass
        except TutorError as error:
            return {parts.found: view.trouble(error)}
        shown: Updates = {}
        if id == memory.get("conversation"):
            shown = show(view, memory.get("course"), None)
            memory = shown.get(parts.memory, memory)
        return shown | find(view, chosen, memory) | {parts.found: view.hint("deleted")}

    def changed(memory: Memory, event: gr.EventData, tab: gr.Request) -> Updates:
        return show_changed(seen(tab), memory, str(_data(event).get("open") or ""), known(tab) in stops)

    def cite(event: gr.EventData, tab: gr.Request) -> str:
        return open_source(seen(tab), _data(event))

    def answer(typed: str, replaces: str, memory: Memory, tab: gr.Request) -> Iterator[Updates]:
        with under_way(tab) as stop:
            yield from ask(seen(tab), typed, memory, "", stop, replaces)

    def suggested(draft: str, memory: Memory, event: gr.EventData, tab: gr.Request) -> Iterator[Updates]:
        with under_way(tab) as stop:
            yield from ask(seen(tab), str(_data(event).get("question", "")), memory, draft, stop)

    def again(draft: str, memory: Memory, event: gr.EventData, tab: gr.Request) -> Iterator[Updates]:
        view, replaces = seen(tab), str(_data(event).get("message"))
        try:
            question = view.tutor.message(str(memory.get("conversation")), replaces).answer.question
        except TutorError as error:
            yield {parts.notice: view.trouble(error)}
            return
        with under_way(tab) as stop:
            yield from ask(view, question, memory, draft, stop, replaces)

    @contextmanager
    def under_way(tab: gr.Request) -> Iterator[threading.Event]:
        mine = known(tab)
        stop = stops[mine] = threading.Event()
        try:
            yield stop
        finally:
            stop.set()  # where nobody hears it any more, nothing of it is stored
            stops.pop(mine, None)

    def end(tab: gr.Request) -> None:
        if stop := stops.get(known(tab)):
            stop.set()

    def resume(typed: str, memory: Memory, event: gr.EventData, tab: gr.Request) -> Updates:
        asked = Asked.of(_data(event).get("asked"))
        left = asked and known(tab, asked.tab)
        if left and (stop := stops.get(left)):  # the page was loaded anew, and the answer is nobody's now
            stop.set()
            until = time.monotonic() + LEAVING
            while left in stops and time.monotonic() < until:
                time.sleep(0.05)
        return go_on(seen(tab), memory, typed, asked, str(_data(event).get("words", "")))

    def refresh(memory: Memory, event: gr.EventData, tab: gr.Request) -> Updates:
        return look_around(seen(tab), memory, _data(event))

    def recover(memory: Memory, tab: gr.Request) -> Updates:
        view = seen(tab)
        return show(view, memory.get("course"), memory.get("conversation")) | {
            parts.notice: view.hint("failed", "error")
        }

    page.load(open_page, parts.memory, everything, **quiet)
    parts.timer.tick(look_again, parts.memory, everything, **quiet)
    # Not preprocessed, since the choices may have changed.
    parts.picker.input(choose_course, [parts.picker, parts.memory], everything, preprocess=False, **quiet)
    parts.fresh.click(begin, parts.memory, everything, **quiet)
    bridge.reopen(reopen, parts.memory, everything, trigger_mode="always_last", **quiet)
    bridge.visit(go_to, parts.memory, everything, trigger_mode="always_last", **quiet)
    in_order: Updates = {"trigger_mode": "multiple", "concurrency_limit": 1, "concurrency_id": "list"} | quiet
    bridge.search(search, parts.memory, [parts.history, parts.found], **in_order)
    bridge.rename(rename, parts.memory, [parts.history, parts.found], **in_order)
    bridge.delete(delete, parts.memory, everything, **in_order)
    bridge.changed(changed, parts.memory, everything, **in_order)
    bridge.cite(cite, None, parts.panel, trigger_mode="always_last", **quiet)
    typed = {"trigger_mode": "once", "concurrency_limit": CONCURRENT, "concurrency_id": "ask"} | quiet
    box = [parts.box, parts.replaces, parts.memory]
    asked = gr.on([parts.box.submit, parts.send.click], answer, box, everything, **typed)
    chosen = bridge.suggest(suggested, [parts.box, parts.memory], everything, **typed)
    repeated = bridge.again(again, [parts.box, parts.memory], everything, **typed)
    parts.stop.click(end, None, None, queue=False, **quiet)
    bridge.resume(resume, [parts.box, parts.memory], everything, trigger_mode="always_last", **quiet)
    bridge.refresh(refresh, parts.memory, everything, trigger_mode="always_last", **quiet)
    for one in (asked, chosen, repeated):
        one.failure(recover, parts.memory, everything, **quiet)


def open_address(view: View, address: dict[str, str], memory: Memory) -> Updates:
    """Return the page at what its address names: a conversation or a course, and perhaps a place in a source.

    Where it names neither, the page is as the browser remembers it.
    """
    parts = view.parts
    asked = address if address.get("course") or address.get("conversation") else memory
    shown = show(view, asked.get("course"), asked.get("conversation"))
    course = shown.get(parts.memory, {}).get("course")
    if course and address.get("course") not in (None, "", course) and not address.get("conversation"):
        shown[parts.notice] = view.hint("no-such-course")
    if course and address.get("source"):
        shown[parts.panel] = open_source(view, {"course": course} | address)
    elif course == address.get("course") and address.get("section"):
        shown |= open_section(view, course, address["section"])
    return shown


def open_section(view: View, course: str, title: str) -> Updates:
    """Return the source panel at a section, as the link of an LMS names it; where it is not there, that is said."""
    outline = view.tutor.home(course).outline
    found = [(source, one) for source in outline for one in source.sections if one.title == title]
    if not found:
        return {view.parts.notice: view.hint("no-such-section")}
    source, section = found[0]
    place = {"course": course, "source": source.name, "start": section.start, "end": section.start}
    return {view.parts.panel: open_source(view, place)}


def show_account(view: View, tab: gr.Request) -> Updates:
    """Return whose page it is, for the page's script to tell, and how to sign out where one signed in here."""
    assert tab.request
    signed_in = signed_in_of(view.tutor, tab.request) if view.tutor.settings.mode == "shared" else None
    if signed_in is None:
        return {}
    leave = "" if signed_in.platform else render_sign_out(view.say)
    return {view.parts.account: gr.HTML(render_account(signed_in.visitor, leave), visible=True)}


def show_outside(view: View) -> Updates:
    """Return that questions are sent to a chat model of somebody else's, where one is set up."""
    model = view.tutor.settings.model
    if model == "quotes" or model.startswith("gguf:"):
        return {}
    said = view.say("sent-outside", model=f"<bdi>{label(model)}</bdi>")
    return {view.parts.outside: gr.HTML(f"<p>{said}</p>", visible=True)}


def show(view: View, course: str | None, conversation: str | None) -> Updates:
    """Return the page at ``conversation``, or where a new one of ``course`` (else of the first course) begins."""
    tutor, parts, say = view.tutor, view.parts, view.say
    try:
        courses = tutor.courses()
        held = _conversation(tutor, conversation)
        course = held.course if held else course
        chosen = next((info for info in courses if info.id == course), courses[0] if courses else None)
        listed = tutor.conversations(chosen.id)[:LISTED] if chosen else ()
        home = tutor.home(chosen.id) if chosen and held is None else None
    except TutorError as error:
        return name_labels(parts, say, True) | {parts.notice: view.trouble(error)}
    if chosen is None:
        add = material.render_button(say) if tutor.may_add_material else ""
        transcript = rendering.render_no_course(say, add) if tutor.ready else ""
    elif home:
        transcript = course_home.render_home(say, home)
    else:
        transcript = rendering.render_transcript(say, chosen, held.messages if held else ())
    current = held.id if held else None
    return name_labels(parts, say, chosen is not None) | {
        parts.memory: {"course": chosen.id if chosen else None, "conversation": current},
        parts.picker: gr.Dropdown(
            [(option(info.title), info.id) for info in courses],
            label=say("course"),
            value=chosen.id if chosen else None,
            visible=bool(courses),
        ),
        parts.found: "",
        parts.history: rendering.render_conversations(say, listed, current),
        parts.transcript: transcript,
        parts.live: "",
        parts.panel: "",
        parts.notice: view.hint("gone") if conversation and held is None else "",
    }


def go_on(view: View, memory: Memory, typed: str, asked: Asked | None, words: str) -> Updates:
    """Return the page after the server or the page itself was gone for a while, with what became of what was ``asked``.

    It is shown with its answer if it has one, else it is put back into the box; what was ``typed`` there stays.
    """
    parts, say = view.parts, view.say
    course, conversation = memory.get("course"), memory.get("conversation")
    try:
        answered = find_answered(view.tutor, course, asked) if asked else None
    except TutorError as error:
        return name_labels(parts, say, True) | {parts.notice: view.trouble(error)}
    shown = show(view, course, answered.id if answered else conversation)
    kept: Updates = {parts.panel: gr.skip(), parts.found: gr.skip()}
    if not shown.get(parts.notice):
        kept[parts.notice] = gr.skip()
    if words.strip():  # what the list was searched by
        kept[parts.history] = gr.skip()
    if answered:
        kept[parts.announced] = rendering.announcement(say, answered.messages[-1].answer)
        if asked and asked.put(typed):
            kept[parts.box] = gr.Textbox(value="", interactive=True)
    elif asked:
        put_back = not typed.strip() or asked.put(typed)
        said = say("unanswered") if put_back else say("unanswered-kept", question=label(asked.question))
        kept[parts.notice] = rendering.render_notice(said, "hint")
        if put_back:
            kept[parts.box] = gr.Textbox(value=typed or asked.question, interactive=True)
    return shown | kept | _start(view, course)


def look_around(view: View, memory: Memory, shown: dict[str, Any]) -> Updates:
    """Return what has changed since the page was as ``shown``: in its conversation and in the list of all of them."""
    parts = view.parts
    course, conversation = memory.get("course"), memory.get("conversation")
    try:
        held = _conversation(view.tutor, conversation)
    except TutorError:  # whoever asks for something is told
        return {parts.live: gr.skip()}
    if not course or (conversation and held is None):
        return show(view, course, conversation)
    changed = find(view, shown, memory)
    changed[parts.found] = gr.skip()
    if held and [message.id for message in held.messages] != shown.get("messages"):
        changed[parts.transcript] = show(view, course, conversation)[parts.transcript]
    return changed


def show_changed(view: View, memory: Memory, opened: str, answering: bool) -> Updates:
    """Return the page after what courses hold has changed, with the course ``opened`` if it is one.

    A conversation stays as it is, and so does an answer under way.
    """
    tutor, parts = view.tutor, view.parts
    course, conversation = memory.get("course"), memory.get("conversation")
    try:
        courses = tutor.courses()
        there = course in {info.id for info in courses}
        if not answering and (opened or not there):
            return show(view, opened or None, None)
        home = tutor.home(course) if course and there and not conversation and not answering else None
    except TutorError as error:
        return {parts.notice: view.trouble(error)}
    return {
        parts.picker: gr.Dropdown([(option(info.title), info.id) for info in courses], visible=bool(courses)),
        parts.transcript: course_home.render_home(view.say, home) if home else gr.skip(),
    }


def find(view: View, chosen: dict[str, Any], memory: Memory) -> Updates:
    """Return the list of the course's conversations that have the words which were typed in their name."""
    parts, words = view.parts, str(chosen.get("words", ""))
    try:
        listed = view.tutor.conversations(memory.get("course"), matching=words)
    except TutorError as error:
        return {parts.found: view.trouble(error)}
    return {
        parts.history: rendering.render_conversations(view.say, listed[:LISTED], memory.get("conversation"), words),
        parts.found: view.hint("found", count=len(listed)) if words.strip() else "",
    }


def ask(
    view: View, question: str, memory: Memory, draft: str, stop: threading.Event, replaces: str = ""
) -> Iterator[Updates]:
    """Yield the page as the answer to ``question`` grows, and last with the whole conversation.

    The box keeps the question until it is answered, so that no failure loses it; ``draft`` is what it holds then.
    Setting ``stop`` ends it at once. The message that it ``replaces`` stays until the new answer is complete.
    """
    tutor, parts, say = view.tutor, view.parts, view.say
    course, conversation = memory.get("course"), memory.get("conversation")
    if not course or not question.strip():
        yield {parts.notice: view.hint("empty-question" if course else "nothing-to-ask")}
        return
    text = ""
    status = "in-line" if _warming_up(tutor) else "looking"
    yield name_labels(parts, say, False) | {
        parts.send: gr.Button(visible=False),
        parts.stop: gr.Button(visible=True),
        parts.transcript: gr.skip() if conversation else rendering.render_begun(say),
        parts.live: rendering.render_pending(say, question, text, status),
        parts.notice: "",
        parts.announced: "",
    }
    try:
        tutor.limits.count_learner(tutor.visitor)
        for piece in until_stopped(
            tutor.stream(course, question, conversation, replaces=replaces or None, stop=stop), stop
        ):
            if isinstance(piece, Answer):
                yield show(view, course, piece.conversation) | {
                    parts.box: gr.Textbox(value=draft, interactive=True),
                    parts.panel: gr.skip(),
                    parts.announced: rendering.announcement(say, piece),
                    parts.notice: view.hint("replaced") if replaces else "",
                }
            else:
                text += piece
                yield {parts.live: rendering.render_pending(say, question, text, status)}
    except Stopped:
        yield show(view, course, conversation) | {parts.notice: view.hint("stopped")}
    except TutorError as error:
        shown = show(view, course, conversation)
        gone = isinstance(error, NotFound) and conversation and not shown.get(parts.memory, {}).get("conversation")
        yield shown if gone else shown | {parts.notice: view.trouble(error)}


def open_source(view: View, chosen: dict[str, Any]) -> str:
    """Return the source panel for the citation that was activated; what is wrong with it is said there."""
    course, name, version, key = (str(chosen.get(what, "")) for what in ("course", "source", "version", "key"))
    cited = citing.unpack(chosen.get("citations"))
    try:
        start, end = int(chosen["start"]), int(chosen["end"])
    except (KeyError, TypeError, ValueError):
        start = end = 0
    try:
        stored = view.tutor.source(course, name, version or None)
    except TutorError as error:
        return source_panel.render_source_problem(view.say, error, key, cited)
    return source_panel.render_source(view.say, stored, start, end, key, cited)


def _visitor(tutor: Tutor, tab: gr.Request) -> Visitor:
    assert tab.request  # of every page that a browser has open
    return visitor_of(tutor, tab.request)


def _warming_up(tutor: Tutor) -> bool:
    return not tutor.ready and not tutor.trouble


def _start(view: View, course: str | None) -> Updates:
    """Return what the page says about the start of the tutor, and whether it looks again in a moment."""
    tutor, parts, say = view.tutor, view.parts, view.say
    if _warming_up(tutor):
        said = view.hint("warming-up" if course else "first-course", "wait")
    elif tutor.ready:
        said = ""
    else:
        trouble = f'<bdi lang="en">{escape(tutor.trouble)}</bdi>'
        said = rendering.render_notice(f"{say('not-started')} {trouble} {say('start-again')}", "error")
    return {parts.warming: said, parts.timer: gr.Timer(active=_warming_up(tutor))}


def _conversation(tutor: Tutor, id: str | None) -> Conversation | None:
    try:
        return tutor.conversation(id) if id else None
    except NotFound:  # deleted since, or the state folder is another one
        return None


def _data(event: gr.EventData) -> dict[str, Any]:
    """Return what `page.js` sent with an event."""
    return event._data if isinstance(event._data, dict) else {}
