"""Actions: what can be done with a conversation, as buttons, and the dialogs that ask before it is done.

`page.js` opens the dialogs and hands on what was decided in them.
"""

from __future__ import annotations

from tutor import export
from tutor.conversations import LONGEST_TITLE
from tutor.types import LONGEST_COMMENT, Answer, ConversationInfo, Feedback, FeedbackReason, Message, StoredSource
from tutor.web.escaping import escape, label
from tutor.web.texts import Texts

_ENTRY = {
    "rename": "rename",
    "link": "copy-link",
    "markdown": "save-markdown",
    "json": "save-json",
    "print": "print",
    "delete": "delete",
}


_REASONS: dict[FeedbackReason, str] = {
    "wrong": "reason-wrong",
    "not_asked": "reason-not-asked",
    "hard": "reason-hard",
    "incomplete": "reason-incomplete",
    "other": "reason-other",
}


def entry_actions(say: Texts, info: ConversationInfo, current: bool) -> str:
    """Return the button beside a conversation in the list, and what it unfolds; only the ``current`` one is printed."""
    title, id = label(info.title), escape(info.id)
    named = f'data-conversation="{id}" data-course="{escape(info.course)}" data-title="{title}"'
    offered = ((event, key) for event, key in _ENTRY.items() if current or event != "print")
    buttons = "".join(
        f'<button type="button" data-event="{event}" {named}>{say(key)}</button>' for event, key in offered
    )
    return (
        f'<button type="button" class="more" data-event="more" aria-expanded="false" data-conversation="{id}" '
        f'aria-label="{say("more-for", title=title)}"><span aria-hidden="true">⋯</span></button>'
        f'<div class="unfolded" role="group" aria-label="{say("do-with", title=title)}">{buttons}</div>'
    )


def answer_actions(say: Texts, message: Message, last: bool) -> str:
    """Return the buttons below an answer; only the ``last`` question can be asked anew."""
    named = f'data-conversation="{escape(message.answer.conversation)}" data-message="{escape(message.id)}"'
    return (
        f'<div class="doing" role="group" aria-label="{say("do-with-answer")}" {named}>'
        f'<button type="button" data-event="copy" data-format="text">{say("copy")}</button>'
        f'<button type="button" data-event="copy" data-format="markdown">{say("copy-markdown")}</button>'
        f"{_thumbs(say, message.feedback)}{_anew(say, message.answer) if last else ''}</div>"
    )


def _anew(say: Texts, answer: Answer) -> str:
    """Return the buttons that ask a question anew; what is quoted, not for want of a model, would be the same again."""
    again = f'<button type="button" data-event="again">{say("answer-again")}</button>'
    phrased = answer.answerer != "quotes" or answer.fallback not in (None, "language")
    return (
        f'<button type="button" data-event="edit" data-question="{escape(answer.question)}">'
        f"{say('edit-question')}</button>"
        f"{again * phrased}"
    )


def _thumbs(say: Texts, given: Feedback | None) -> str:
    up, down = (str(given is not None and given.rating == rating).lower() for rating in ("up", "down"))
    said = f' data-reason="{given.reason or ""}" data-comment="{escape(given.comment)}"' if given else ""
    return (
        f'<button type="button" class="thumb" data-event="judge" data-rating="up" aria-pressed="{up}">'
        f"{say('helpful')}</button>"
        f'<button type="button" class="thumb" data-event="judge" data-rating="down" aria-pressed="{down}" '
        f'aria-haspopup="dialog"{said}>{say("not-helpful")}</button>'
    )


def printed_sources(say: Texts, answer: Answer) -> str:
    """Return the quotations of an answer with their sources: a sheet of paper has no button that opens them."""
    items = "".join(
        f'<li>{f"[{citation.marker}] " * bool(citation.marker)}<q dir="auto">{escape(citation.quote)}</q> '
        f"<bdi>{label(export.place(citation))}</bdi></li>"
        for citation in (*answer.citations, *answer.nearest)
    )
    title = say("nearest" if answer.nearest else "sources")
    return f'<section class="printed"><h3>{title}</h3><ul>{items}</ul></section>' if items else ""


def source_link(say: Texts, stored: StoredSource, start: int, end: int) -> str:
    """Return the button that copies the address at which a source opens at a span of its text."""
    return (
        f'<button type="button" class="link" data-event="link" data-course="{escape(stored.course)}" '
        f'data-source="{escape(stored.name)}" data-version="{escape(stored.version)}" data-start="{start}" '
        f'data-end="{end}">{say("copy-link")}</button>'
    )


def render_search(say: Texts) -> str:
    """Return the box that filters the list of conversations as one types."""
    return (
        f'<label for="search-words">{say("search-conversations")}</label>'
        '<input id="search-words" type="search" dir="auto" autocomplete="off" maxlength="200">'
    )


def render_editing(say: Texts) -> str:
    """Return what is said above the box while the last question is being edited."""
    return (
        f'<p class="notice hint" hidden>{say("editing")} '
        f'<button type="button" class="reword" data-event="keep">{say("keep-them")}</button></p>'
    )


def render_dialogs(say: Texts) -> str:
    """Return the dialogs of the page, all of them closed."""
    rename = (
        f'<label for="new-name">{say("name")}</label><input id="new-name" name="title" dir="auto" autocomplete="off" '
        f'maxlength="{LONGEST_TITLE}" required>'
    )
    delete = f'<p><bdi class="which"></bdi></p><p>{say("delete-warning")}</p>'
    feedback = (
        f"<fieldset><legend>{say('choose-one')}</legend>{_reasons(say)}</fieldset>"
        f'<label for="comment">{say("own-words")}</label>'
        f'<textarea id="comment" name="comment" rows="3" maxlength="{LONGEST_COMMENT}" dir="auto"></textarea>'
        f'<p class="small">{say("feedback-kept")}</p>'
        f'<button type="button" class="back" data-event="unjudge">{say("take-back")}</button>'
    )
    return (
        render_dialog(say, "rename", say("rename-title"), rename, say("save"))
        + render_dialog(say, "delete", say("delete-title"), delete, say("delete"), "danger")
        + render_dialog(say, "feedback", say("feedback-title"), feedback, say("send"))
    )


def _reasons(say: Texts) -> str:
    return "".join(
        f'<label class="reason"><input type="radio" name="reason" value="{reason}"> {say(key)}</label>'
        for reason, key in _REASONS.items()
    )


def render_dialog(say: Texts, name: str, title: str, inside: str, decide: str, look: str = "decide") -> str:
    """Return a dialog that asks before something is done; `conversation.js` opens it, and does what was decided."""
    return (
        f'<dialog id="{name}-dialog" data-decides="{name}" aria-labelledby="{name}-title"><form method="dialog">'
        f'<h2 id="{name}-title">{title}</h2>{inside}<p class="trouble" role="alert"></p><div class="choices">'
        f'<button type="button" data-event="cancel">{say("cancel")}</button>'
        f'<button type="submit" class="{look}">{decide}</button></div></form></dialog>'
    )
