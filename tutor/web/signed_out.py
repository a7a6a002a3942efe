"""The page for somebody who is not signed in: how to come in, in their language, without any script."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse

from tutor.errors import TutorError
from tutor.tutor import Tutor
from tutor.web.texts import reader

_STYLE = """
:root { color-scheme: light dark; --paper: #fbf9f5; --ink: #23272d; --accent: #1d5f57; --accent-ink: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181b; --ink: #e9e6e0; --accent: #86cfc1; --accent-ink: #0d2622; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.55 ui-sans-serif, system-ui, sans-serif; }
main { max-width: 34em; margin: 0 auto; padding: 12vh 24px 24px; }
h1 { font: 600 30px/1.25 Georgia, "Liberation Serif", serif; margin: 0 0 16px; }
p[role="alert"] { padding: 9px 14px; border: 1px solid; border-radius: 10px; }
a.in { display: inline-block; margin-top: 8px; padding: 10px 22px; border-radius: 10px; background: var(--accent);
  color: var(--accent-ink); font-weight: 600; text-decoration: none; }
a.in:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
"""


def signed_out_page(tutor: Tutor, request: Request, trouble: TutorError | None = None) -> HTMLResponse:
    """Return the page (401) that says how to come in: from a course, and with the provider where there is one.

    With ``trouble`` it says that too, and has its status.
    """
    say = reader(request)
    way = ""
    if tutor.settings.oidc_issuer:
        to = request.url.query if request.url.path.endswith("/") else ""
        link = tutor.settings.base_url.rstrip("/") + "/sign-in" + (f"?{urlencode({'to': to})}" if to else "")
        way = f'<p>{say("signed-out-or")}</p><p><a class="in" href="{escape(link)}">{say("sign-in")}</a></p>'
    wrong = f'<p role="alert">{escape(say.error(trouble))}</p>' if trouble else ""
    page = (
        f'<!doctype html><html lang="{say.language}" dir="{say.direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{say("signed-out-title")}</title>'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body><main><h1>{say("signed-out-title")}</h1>'
        f"{wrong}<p>{say('signed-out-how')}</p>{way}</main></body></html>"
    )
    status = trouble.status if trouble else 401
    return HTMLResponse(page, status, {"Cache-Control": "no-store", "Content-Language": say.language})
