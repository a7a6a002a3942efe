"""The layout of the chat page: its components in their places, its theme and its head."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import gradio as gr

from tutor.web.actions import render_dialogs, render_editing, render_search
from tutor.web.texts import LANGUAGES, Texts, for_script, texts

# Hands what `page.js` sends to the listeners; their names have to stand here in quotes for Gradio to know them.
_BRIDGE = """
element.dataset.bridge = "";
const known = [
  "suggest", "cite", "reopen", "search", "rename", "delete", "again", "changed", "resume", "refresh", "visit",
];
element.addEventListener("tutor", ({detail}) => { if (known.includes(detail.event)) trigger(detail.event, detail); });
"""
_LIVE = 'element.setAttribute("role", "status"); element.setAttribute("aria-live", "polite");'
_BOOK = (
    '<path d="M4 5.5C6.5 4 9.5 4 12 6v13c-2.5-2-5.5-2-8-.5z"/>'
    '<path d="M20 5.5C17.5 4 14.5 4 12 6v13c2.5-2 5.5-2 8-.5z" opacity=".55"/>'
)
_BRAND = f'<div class="brand"><svg viewBox="0 0 24 24" aria-hidden="true">{_BOOK}</svg>Tutor</div>'
_ICON = quote(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="3 2 18 20" fill="#1d5f57">{_BOOK}</svg>')


_GRADIO = {"zh": "zh-CN"}  # what Gradio calls a language where it is not its code
_LABELS = ("course", "new-conversation", "your-question", "ask-placeholder", "ask", "stop")
# One script, in this order.
_SCRIPTS = ("base.js", "connection.js", "source.js", "conversation.js", "material.js", "page.js")


@dataclass(frozen=True)
class Parts:
    """The components that handlers fill."""

    memory: gr.BrowserState
    top: gr.HTML
    search: gr.HTML
    languages: gr.HTML
    account: gr.HTML
    bar: gr.HTML
    editing: gr.HTML
    dialogs: gr.HTML
    picker: gr.Dropdown
    material: gr.HTML
    fresh: gr.Button
    found: gr.HTML
    history: gr.HTML
    transcript: gr.HTML
    live: gr.HTML
    warming: gr.HTML
    notice: gr.HTML
    box: gr.Textbox
    outside: gr.HTML
    replaces: gr.Textbox
    send: gr.Button
    stop: gr.Button
    panel: gr.HTML
    announced: gr.HTML
    timer: gr.Timer


def build_head() -> str:
    """Return what goes into the page's ``<head>``: its icon, style and script, all inline."""
    style = "\n".join(map(_static, ("page.css", "material.css")))
    script = "\n".join([f"const SAID = {for_script()};", *map(_static, _SCRIPTS)])
    # Not as css=, because Gradio rewrites its selectors and would miss those above its own container.
    run = f'(() => {{ "use strict";\n{script}}})();'
    return f'<link rel="icon" href="data:image/svg+xml,{_ICON}"><style>{style}</style><script>{run}</script>'


def _static(name: str) -> str:
    return (files("tutor.web") / "static" / name).read_text("utf-8")


def build_theme() -> gr.themes.Base:
    """Return a theme of system fonts only; `page.css` holds the colours for light and dark."""
    sans = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "sans-serif"]
    return gr.themes.Base(font=sans, font_mono=["ui-monospace", "Consolas", "monospace"]).set(
        body_background_fill="#fbf9f5",
        body_background_fill_dark="#15181b",
        body_text_color="#23272d",
        body_text_color_dark="#e9e6e0",
    )


def build_i18n() -> gr.I18n:
    """Return the labels of components for Gradio's own translation: ``i18n("key")`` is one that the browser puts in.

    It goes by the browser's language alone, and puts one text into a property, none into HTML that has several
    (Gradio 6.31); `name_labels` goes by the reader's choice.
    """
    said = {language: {key: texts(language)(key) for key in _LABELS} for language in LANGUAGES}
    return gr.I18n(**{_GRADIO.get(language, language): labels for language, labels in said.items()})


def _html(value: str = "", **options: Any) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, **options)


def name_labels(parts: Parts, say: Texts, usable: bool) -> dict[Any, Any]:
    """Return the components that one asks with, labelled; they can be used where there is a course."""
    return {
        parts.box: gr.Textbox(label=say("your-question"), placeholder=say("ask-placeholder"), interactive=usable),
        parts.send: gr.Button(say("ask"), interactive=usable, visible=True),
        parts.stop: gr.Button(say("stop"), visible=False),
    }


def render_frame(parts: Parts, say: Texts) -> dict[Any, Any]:
    """Return what the parts hold that never change while the page is open."""
    menu = '<button type="button" class="menu" data-event="menu" aria-controls="rail" aria-expanded="false">'
    shut = f'<button type="button" class="shut" data-event="menu" aria-label="{say("close-menu")}">×</button>'
    return {
        parts.top: f'<div class="top">{_BRAND}{shut}</div>',
        parts.bar: f'<div class="bar">{menu}{say("menu")}</button>{_BRAND}</div>',
        parts.fresh: gr.Button(say("new-conversation")),
        parts.search: render_search(say),
        parts.languages: _languages(say),
        parts.editing: render_editing(say),
        parts.dialogs: render_dialogs(say),
    }


def _languages(say: Texts) -> str:
    choices = "".join(
        f'<option value="{code}" lang="{code}"{" selected" * (code == say.language)}>{name}</option>'
        for code, name in LANGUAGES.items()
    )
    return f'<label for="language">{say("language")}</label><select id="language">{choices}</select>'


def build_bridge() -> gr.HTML:
    """Return the unseen component whose events are what `page.js` sends: ``suggest``, ``cite``, ``rename``, …"""
    return _html(elem_id="bridge", js_on_load=_BRIDGE)


def lay_out() -> Parts:
    """Return the components of the page, put in their places in the ``gr.Blocks`` that is open."""
    said = build_i18n()
    with gr.Row(elem_id="app"):
        with gr.Column(elem_id="rail"):
            top = _html()
            picker = gr.Dropdown(label=said("course"), elem_id="course", filterable=False, interactive=True)
            material = _html(elem_id="material")
            fresh = gr.Button(said("new-conversation"), elem_id="fresh")
            search = _html(elem_id="search")
            found = _html(elem_id="found", js_on_load=_LIVE)
            history = _html(elem_id="history")
            languages = _html(elem_id="languages")
            account = _html(elem_id="account", visible=False)
        with gr.Column(elem_id="chat"):
            bar = _html(elem_id="bar")
            with gr.Column(elem_id="thread"):
                transcript = _html(elem_id="transcript")
                live = _html(elem_id="live")
            with gr.Column(elem_id="composer"):
                _html(elem_id="connection", js_on_load=_LIVE)  # `connection.js` says there what is wrong with it
                warming = _html(js_on_load=_LIVE)
                notice = _html(elem_id="notice", js_on_load=_LIVE)
                editing = _html(elem_id="editing", js_on_load=_LIVE)
                replaces = gr.Textbox(elem_id="replaces", label="Replaces", visible="hidden")  # filled by `page.js`
                with gr.Row(elem_id="ask"):
                    box = gr.Textbox(
                        label=said("your-question"), show_label=False, container=False, elem_id="question",
                        placeholder=said("ask-placeholder"), lines=1, max_lines=6,
                    )  # fmt: skip
                    send = gr.Button(said("ask"), variant="primary", elem_id="send")
                    stop = gr.Button(said("stop"), elem_id="stop", visible=False)
                outside = _html(elem_id="outside", visible=False)
        panel = _html(elem_id="source")
    dialogs = _html(elem_id="dialogs")
    _html(elem_id="told", js_on_load=_LIVE)  # `page.js` says there what it has done
    return Parts(
        # The key only keeps Gradio from drawing a new one at each start, which would lose the conversation.
        memory=gr.BrowserState({}, storage_key="tutor", secret="tutor-page-state"),
        announced=_html(elem_id="announced", js_on_load=_LIVE),
        timer=gr.Timer(1, active=False),
        top=top, search=search, languages=languages, account=account, bar=bar, editing=editing, dialogs=dialogs,
        picker=picker, material=material, fresh=fresh, found=found, history=history, transcript=transcript, live=live,
        warming=warming, notice=notice, box=box, outside=outside, replaces=replaces, send=send, stop=stop, panel=panel,
    )  # fmt: skip
