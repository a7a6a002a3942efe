"""The account: whose page it is, as far as its script has to know, and the way out."""

from __future__ import annotations

from hashlib import sha256

from tutor.visitor import Visitor
from tutor.web.texts import Texts


def render_account(visitor: Visitor, inside: str) -> str:
    """Return a mark of the visitor, by which `connection.js` keeps what one typed from the next one to sign in."""
    mark = sha256(f"{visitor.tenant} {visitor.space} {visitor.learner}".encode()).hexdigest()[:16]
    return f'<div class="account" data-visitor="{mark}">{inside}</div>'


def render_sign_out(say: Texts) -> str:
    """Return the button that signs out."""
    return f'<form method="post" action="sign-out"><button type="submit">{say("sign-out")}</button></form>'
