"""Material: the button and the dialogs with which files are added to a course, and taken out again.

`material.js` fills them: a template is what the page's framework leaves alone, however often it draws the page anew.
"""

from __future__ import annotations

from tutor import readers
from tutor.material import LONGEST_TITLE
from tutor.web.actions import render_dialog
from tutor.web.texts import Texts


def render_button(say: Texts) -> str:
    """Return the button that opens the dialog."""
    opens = 'type="button" class="material" data-event="material" aria-haspopup="dialog"'
    return f"<button {opens}>{say('material')}</button>"


def render_material(say: Texts, largest: int) -> str:
    """Return the button with the dialogs, all of them closed; a file may have ``largest`` bytes."""
    gone = f'<p><bdi class="which"></bdi></p><p>{say("material-take-out-warning")}</p>'
    deleted = f'<p><bdi class="which"></bdi></p><p>{say("material-delete-warning")}</p>'
    return (
        f'{render_button(say)}<template id="material-dialogs" data-largest="{largest}">{_dialog(say, largest)}'
        f"{render_dialog(say, 'take-out', say('material-take-out-title'), gone, say('material-take-out'), 'danger')}"
        f"{render_dialog(say, 'drop-course', say('material-delete-title'), deleted, say('delete'), 'danger')}"
        "</template>"
    )


def _dialog(say: Texts, largest: int) -> str:
    kinds = say("material-kinds", suffixes=readers.SUFFIXES, size=f"{largest / 1e6:g}")
    return (
        f'<dialog id="material-dialog" aria-labelledby="material-title"><header><h2 id="material-title" tabindex="-1">'
        f'{say("material")}</h2><button type="button" class="close" data-event="close-material" '
        f'aria-label="{say("material-close")}">×</button></header><p>{say("material-intro")}</p>'
        f'<form><label for="material-course">{say("course")}</label>'
        f'<select id="material-course"><option value="">{say("material-new-course")}</option></select>'
        f'<div class="new" hidden><label for="material-name">{say("material-new-name")}</label>'
        f'<input id="material-name" dir="auto" autocomplete="off" maxlength="{LONGEST_TITLE}"></div>'
        f'<section class="held" hidden><h3>{say("material-held")}</h3><ul></ul></section>'
        f'<div class="drop"><label for="material-files">{say("material-choose")}</label>'
        f'<input id="material-files" type="file" multiple accept="{readers.SUFFIXES}" '
        f'aria-describedby="material-kinds"><p id="material-kinds" class="small">{kinds}</p></div>'
        f'<ul class="files" aria-label="{say("material-files")}"></ul>'
        f'<p class="trouble" role="alert"></p><p class="told" role="status"></p><div class="choices">'
        '<button type="button" class="drop-course" data-event="drop-course" hidden>'
        f"{say('material-delete-course')}</button>"
        f'<button type="submit" class="decide">{say("material-add")}</button></div></form></dialog>'
    )
