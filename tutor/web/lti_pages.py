"""The pages of a launch: the few that stand between an LMS and the chat, and the one that chooses what a link opens.

They hold no script and no style but their own, by a nonce, and may be framed by the platform alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from importlib.resources import files

from fastapi.responses import HTMLResponse

from tutor.completion import MOST
from tutor.lti.addresses import origin
from tutor.lti.platforms import RegisteredPlatform
from tutor.types import CourseHome, SourceOutline
from tutor.web.escaping import escape, label
from tutor.web.texts import Texts


def storing(say: Texts, platform: RegisteredPlatform, frame: str, key: str, secret: str, address: str) -> HTMLResponse:
    """Return the page that lays a login's secret into the platform's storage and goes on to ``address``."""
    step = _step("put", platform, frame, key, value=secret)
    body = f'<main {step}><p>{say("lti-opening")}</p><p><a href="{escape(address)}">{say("lti-go-on")}</a></p></main>'
    return _page(say, say("lti-opening"), body, platform)


def asking(
    say: Texts, platform: RegisteredPlatform, given: Mapping[str, str], key: str, action: str, again: str
) -> HTMLResponse:
    """Return the page that takes a login's secret out of the platform's storage and launches once more with it."""
    step = _step("get", platform, given["lti_storage_target"], key)
    fields = {"state": given["state"], "id_token": given["id_token"], "browser": ""}
    form = f'<form method="post" action="{escape(action)}">{_hidden(fields)}</form>'
    body = f"<main {step}><p>{say('lti-opening')}</p>{form}<div hidden>{_own_window(say, again)}</div></main>"
    return _page(say, say("lti-opening"), body, platform, 403)


def own_window(say: Texts, platform: RegisteredPlatform, again: str) -> HTMLResponse:
    """Return the page that opens the tutor in a window of its own, where a frame cannot keep a cookie."""
    return _page(say, say("lti-window-title"), f"<main>{_own_window(say, again)}</main>", platform, 403)


def opening(say: Texts, platform: RegisteredPlatform, action: str, ticket: str) -> HTMLResponse:
    """Return the page whose button signs a window of its own in."""
    button = f"<button>{say('lti-window-open')}</button>"
    form = f'<form method="post" action="{escape(action)}" target="_blank">{_hidden({"ticket": ticket})}{button}</form>'
    body = f"<main><h1>{say('lti-window-title')}</h1><p>{say('lti-window-why')}</p>{form}</main>"
    return _page(say, say("lti-window-title"), body, platform)


def choosing(
    say: Texts, platform: RegisteredPlatform, homes: Sequence[CourseHome], action: str, token: str
) -> HTMLResponse:
    """Return the page on which an instructor chooses the course or the section that a link opens."""
    title = say("lti-choose-title")
    if not homes:
        return _page(say, title, f"<main><h1>{title}</h1><p>{say('lti-choose-none')}</p></main>", platform)
    courses = "".join(_course(say, home, number == 0) for number, home in enumerate(homes))
    form = (
        f'<form method="post" action="{escape(action)}">{_hidden({"form": token})}{courses}{_rule(say)}'
        f"<p><button>{say('lti-choose-add')}</button></p></form>"
    )
    return _page(say, title, f"<main><h1>{title}</h1><p>{say('lti-choose-intro')}</p>{form}</main>", platform)


def returning(say: Texts, platform: RegisteredPlatform, address: str, signed: str) -> HTMLResponse:
    """Return the page that takes a choice back to the platform."""
    button = f"<button>{say('lti-go-on')}</button>"
    form = f'<form method="post" action="{escape(address)}">{_hidden({"JWT": signed})}{button}</form>'
    body = f'<main data-step="send"><p>{say("lti-returning")}</p>{form}</main>'
    # The platform may send the browser on to another of its hosts, which a form's policy covers too.
    receiver = "https:" if address.startswith("https:") else origin(address)
    return _page(say, say("lti-returning"), body, platform, receiver=receiver)


def registered(say: Texts, platform: RegisteredPlatform) -> HTMLResponse:
    """Return the page that has the platform close the window in which its administrator registered the tutor."""
    body = f'<main data-step="close"><h1>{say("lti-registered")}</h1><p>{say("lti-registered-next")}</p></main>'
    return _page(say, say("lti-registered"), body, platform)


def _course(say: Texts, home: CourseHome, first: bool) -> str:
    course = home.course
    whole = _radio(course.id, say("lti-choose-whole"), first)
    sources = "".join(_source(course.id, source) for source in home.outline if source.sections)
    title = f'<bdi lang="{escape(course.language)}">{label(course.title)}</bdi>'
    return f"<fieldset><legend>{title}</legend>{whole}{sources}</fieldset>"


def _rule(say: Texts) -> str:
    """Return the fields that say what completes the link."""
    asked = {"questions": say("lti-rule-questions"), "sources": say("lti-rule-sources")}
    numbers = "".join(
        f'<label><input type="number" name="{name}" min="0" max="{MOST}" value="0" inputmode="numeric">'
        f"<span>{what}</span></label>"
        for name, what in asked.items()
    )
    return f"<fieldset><legend>{say('lti-rule-title')}</legend><p>{say('lti-rule-why')}</p>{numbers}</fieldset>"


def _source(course: str, source: SourceOutline) -> str:
    titles = dict.fromkeys(section.title for section in source.sections)
    listed = "".join(_radio(f"{course} {title}", f"<bdi>{label(title)}</bdi>") for title in titles)
    return f"<details><summary><bdi>{label(source.title)}</bdi></summary>{listed}</details>"


def _radio(value: str, name: str, checked: bool = False) -> str:
    return (
        f'<label><input type="radio" name="choice" value="{escape(value)}" required{" checked" * checked}> '
        f"<span>{name}</span></label>"
    )


def _own_window(say: Texts, again: str) -> str:
    link = f'<a class="button" href="{escape(again)}" target="_blank" rel="noopener">{say("lti-window-open")}</a>'
    return f"<h1>{say('lti-window-title')}</h1><p>{say('lti-window-why')}</p><p>{link}</p>"


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())


def _step(step: str, platform: RegisteredPlatform, frame: str, key: str, value: str = "") -> str:
    """Return what `lti.js` has to do, and with whom: the platform's storage belongs to where it authorises."""
    told = {"step": step, "origin": origin(platform.auth_login_url), "frame": frame, "key": key, "value": value}
    return " ".join(f'data-{name}="{escape(said)}"' for name, said in told.items())


def _page(
    say: Texts, title: str, body: str, platform: RegisteredPlatform, status: int = 200, receiver: str = ""
) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; "
        f"form-action 'self' {receiver}; frame-ancestors 'self' {' '.join(platform.origins)}"
    )
    page = (
        f'<!doctype html><html lang="{say.language}" dir="{say.direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f'<link rel="icon" href="data:,"><style nonce="{nonce}">{_static("lti.css")}</style></head><body>{body}'
        f'<script nonce="{nonce}">{_static("lti.js")}</script></body></html>'
    )
    return HTMLResponse(page, status, {"Content-Security-Policy": policy, "Content-Language": say.language})


def _static(name: str) -> str:
    return (files("tutor.web") / "static" / name).read_text("utf-8")
