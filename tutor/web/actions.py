"""Actions: what can be done with a conversation, as buttons, and the dialogs that ask before it is done.

`page.js` opens the dialogs and hands on what was decided in them.
"""

from __future__ import annotations

from tutor import export
from tutor.conversations import LONGEST_TITLE
from tutor.types import LONGEST_COMMENT, Answer, ConversationInfo, Feedback, FeedbackReason, Message, StoredSource
from tutor.web.escaping import escape, label

_ENTRY = {
    "rename": "Rename",
    "link": "Copy link",
    "markdown": "Save as Markdown",
    "json": "Save as JSON",
    "print": "Print or save as PDF",
    "delete": "Delete",
}


_REASONS: dict[FeedbackReason, str] = {
    "wrong": "It is wrong",
    "not_asked": "It is not what I asked",
    "hard": "It is hard to understand",
    "incomplete": "Something is missing",
    "other": "Something else",
}


def entry_actions(info: ConversationInfo, current: bool) -> str:
    """Return the button beside a conversation in the list, and what it unfolds; only the ``current`` one is printed."""
    title, id = label(info.title), escape(info.id)
    named = f'data-conversation="{id}" data-course="{escape(info.course)}" data-title="{title}"'
    offered = ((event, said) for event, said in _ENTRY.items() if current or event != "print")
    buttons = "".join(f'<button type="button" data-event="{event}" {named}>{said}</button>' for event, said in offered)
    return (
        f'<button type="button" class="more" data-event="more" aria-expanded="false" data-conversation="{id}" '
        f'aria-label="More for: {title}"><span aria-hidden="true">⋯</span></button>'
        f'<div class="unfolded" role="group" aria-label="What to do with: {title}">{buttons}</div>'
    )


def answer_actions(message: Message, last: bool) -> str:
    """Return the buttons below an answer; only the ``last`` question can be asked anew."""
    named = f'data-conversation="{escape(message.answer.conversation)}" data-message="{escape(message.id)}"'
    return (
        f'<div class="doing" role="group" aria-label="What to do with this answer" {named}>'
        '<button type="button" data-event="copy" data-format="text">Copy</button>'
        '<button type="button" data-event="copy" data-format="markdown">Copy as Markdown</button>'
        f"{_thumbs(message.feedback)}{_anew(message.answer) if last else ''}</div>"
    )


def _anew(answer: Answer) -> str:
    """Return the buttons that ask a question anew; what is quoted, not for want of a model, would be the same again."""
    again = '<button type="button" data-event="again">Answer again</button>'
    phrased = answer.answerer != "quotes" or answer.fallback not in (None, "language")
    return (
        f'<button type="button" data-event="edit" data-question="{escape(answer.question)}">Edit question</button>'
        f"{again * phrased}"
    )


def _thumbs(given: Feedback | None) -> str:
    up, down = (str(given is not None and given.rating == rating).lower() for rating in ("up", "down"))
    said = f' data-reason="{given.reason or ""}" data-comment="{escape(given.comment)}"' if given else ""
    return (
        f'<button type="button" class="thumb" data-event="judge" data-rating="up" aria-pressed="{up}">Helpful</button>'
        f'<button type="button" class="thumb" data-event="judge" data-rating="down" aria-pressed="{down}" '
        f'aria-haspopup="dialog"{said}>Not helpful</button>'
    )


def printed_sources(answer: Answer) -> str:
    """Return the quotations of an answer with their sources: a sheet of paper has no button that opens them."""
    items = "".join(
        f'<li>{f"[{citation.marker}] " * bool(citation.marker)}<q dir="auto">{escape(citation.quote)}</q> '
        f"<bdi>{label(export.place(citation))}</bdi></li>"
        for citation in (*answer.citations, *answer.nearest)
    )
    title = export.NEAREST if answer.nearest else export.SOURCES
    return f'<section class="printed"><h3>{title}</h3><ul>{items}</ul></section>' if items else ""


def source_link(stored: StoredSource, start: int, end: int) -> str:
    """Return the button that copies the address at which a source opens at a span of its text."""
    return (
        f'<button type="button" class="link" data-event="link" data-course="{escape(stored.course)}" '
        f'data-source="{escape(stored.name)}" data-version="{escape(stored.version)}" data-start="{start}" '
        f'data-end="{end}">Copy link</button>'
    )


def render_search() -> str:
    """Return the box that filters the list of conversations as one types."""
    return (
        '<label for="search-words">Search your conversations</label>'
        '<input id="search-words" type="search" dir="auto" autocomplete="off" maxlength="200">'
    )


def render_editing() -> str:
    """Return what is said above the box while the last question is being edited."""
    return (
        '<p class="notice hint" hidden>What you send now takes the place of your last question and its answer. '
        '<button type="button" class="reword" data-event="keep">Keep them</button></p>'
    )


def render_dialogs() -> str:
    """Return the dialogs of the page, all of them closed."""
    rename = (
        '<label for="new-name">Name</label><input id="new-name" name="title" dir="auto" autocomplete="off" '
        f'maxlength="{LONGEST_TITLE}" required>'
    )
    delete = '<p><bdi class="which"></bdi></p><p>Its questions and answers are then gone for good.</p>'
    feedback = (
        f"<fieldset><legend>Choose one, if you like</legend>{_reasons()}</fieldset>"
        '<label for="comment">In your own words, if you like</label>'
        f'<textarea id="comment" name="comment" rows="3" maxlength="{LONGEST_COMMENT}" dir="auto"></textarea>'
        '<p class="small">It is kept together with the answer, for those who look after this tutor.</p>'
        '<button type="button" class="back" data-event="unjudge">Take my feedback back</button>'
    )
    return (
        _dialog("rename", "Rename this conversation", rename, "Save")
        + _dialog("delete", "Delete this conversation?", delete, "Delete", "danger")
        + _dialog("feedback", "What is not good about this answer?", feedback, "Send")
    )


def _reasons() -> str:
    return "".join(
        f'<label class="reason"><input type="radio" name="reason" value="{reason}"> {said}</label>'
        for reason, said in _REASONS.items()
    )


def _dialog(name: str, title: str, inside: str, decide: str, look: str = "decide") -> str:
    return (
        f'<dialog id="{name}-dialog" data-decides="{name}" aria-labelledby="{name}-title"><form method="dialog">'
        f'<h2 id="{name}-title">{title}</h2>{inside}<p class="trouble" role="alert"></p><div class="choices">'
        '<button type="button" data-event="cancel">Cancel</button>'
        f'<button type="submit" class="{look}">{decide}</button></div></form></dialog>'
    )
