"""Actions: what can be done with a conversation, as buttons, and the dialogs that ask before it is done.

`page.js` opens the dialogs and hands on what was decided in them.
"""

from __future__ import annotations

from tutor.tutor import LONGEST_TITLE
from tutor.types import ConversationInfo
from tutor.web.escaping import escape, label


def entry_actions(info: ConversationInfo) -> str:
    """Return the button beside a conversation in the list, and what it unfolds."""
    title, id = label(info.title), escape(info.id)
    named = f'data-conversation="{id}" data-course="{escape(info.course)}" data-title="{title}"'
    buttons = "".join(
        f'<button type="button" data-event="{event}" {named}>{said}</button>' for event, said in _ENTRY.items()
    )
    return (
        f'<button type="button" class="more" data-event="more" aria-expanded="false" data-conversation="{id}" '
        f'aria-label="More for: {title}"><span aria-hidden="true">⋯</span></button>'
        f'<div class="unfolded" role="group" aria-label="What to do with: {title}">{buttons}</div>'
    )


_ENTRY = {"rename": "Rename", "delete": "Delete"}


def render_search() -> str:
    """Return the box that filters the list of conversations as one types."""
    return (
        '<label for="search-words">Search your conversations</label>'
        '<input id="search-words" type="search" dir="auto" autocomplete="off" maxlength="200">'
    )


def render_dialogs() -> str:
    """Return the dialogs of the page, all of them closed."""
    return _dialog(
        "rename",
        "Rename this conversation",
        f'<label for="new-name">Name</label><input id="new-name" name="title" maxlength="{LONGEST_TITLE}" dir="auto" '
        'autocomplete="off" required>',
        "Save",
    ) + _dialog(
        "delete",
        "Delete this conversation?",
        '<p><bdi class="which"></bdi></p><p>Its questions and answers are then gone for good.</p>',
        "Delete",
        "danger",
    )


def _dialog(name: str, title: str, inside: str, decide: str, look: str = "decide") -> str:
    return (
        f'<dialog id="{name}-dialog" data-decides="{name}" aria-labelledby="{name}-title"><form method="dialog">'
        f'<h2 id="{name}-title">{title}</h2>{inside}<div class="choices">'
        '<button type="button" data-event="cancel">Cancel</button>'
        f'<button type="submit" class="{look}">{decide}</button></div></form></dialog>'
    )
