"""Admission: whoever a platform launches is signed in, at the course and the section that their link opens."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from tutor.completion import rule_from_custom
from tutor.errors import Forbidden, InputError
from tutor.lti.launch import Launch
from tutor.lti.login import AGAIN, Pending, use_login
from tutor.records import Link
from tutor.sign_ins import SignedIn
from tutor.tenants import pseudonym
from tutor.tutor import Tutor
from tutor.visitor import SCOPES_OF, Visitor

TICKET_LASTS = timedelta(minutes=5)
CHOOSE = "/lti/deep-link"


@dataclass(frozen=True)
class Admission:
    """Somebody who is signed in: the secret of their cookie, and the address on this server that they came for."""

    secret: str
    address: str


def admit(tutor: Tutor, launch: Launch, pending: Pending) -> SignedIn:
    """Return whom ``launch`` signs in and for what; raises `Forbidden` where its login was used in the meantime."""
    if launch.deep_linking and launch.role == "learner":
        raise Forbidden("Only teachers choose what a link opens. Ask one of them.", "lti-teachers")
    with tutor.records.write() as session:
        use_login(session, pending)
        link = None if launch.deep_linking else _keep_link(session, launch)
    learner = pseudonym(tutor.records, launch.platform.issuer, launch.subject)
    visitor = Visitor(launch.platform.tenant, launch.space, learner, launch.role, SCOPES_OF[launch.role])
    details: dict[str, Any] = {"subject": launch.subject}
    if launch.deep_linking:
        choice = launch.deep_linking
        details |= {"return_url": choice.return_url, "data": choice.data, "line_item": choice.accept_line_item}
        details |= {"deployment": launch.deployment, "form": secrets.token_urlsafe(32)}
    elif link:
        details |= _place(tutor.visited_by(visitor), link)
    return SignedIn(visitor, link.id if link else None, launch.platform.id, details)


def sign_in(tutor: Tutor, signed_in: SignedIn, before: str | None) -> Admission:
    """Sign a browser in anew, whoever it was ``before``."""
    if before:
        tutor.sign_ins.end(before)
    return Admission(tutor.sign_ins.begin(signed_in), _address(signed_in))


def begin_ticket(tutor: Tutor, signed_in: SignedIn) -> str:
    """Return a secret that signs in once, within minutes, whichever window shows it."""
    return tutor.sign_ins.begin(signed_in, TICKET_LASTS)


def use_ticket(tutor: Tutor, ticket: str, before: str | None) -> Admission:
    """Sign in the window that shows ``ticket``; raises `Forbidden` where it was used or is too old."""
    signed_in = tutor.sign_ins.find(ticket)
    if signed_in is None:
        raise Forbidden(f"This was used already, or is too long ago. {AGAIN}")
    tutor.sign_ins.end(ticket)
    return sign_in(tutor, signed_in, before)


def _keep_link(session: Session, launch: Launch) -> Link:
    """Return the record of the place that was launched, with what the platform says of it now."""
    whose = {"platform_id": launch.platform.id, "deployment": launch.deployment}
    where = {"context": launch.context, "resource": launch.resource}
    link = session.scalar(select(Link).filter_by(**whose, **where))
    if link is None:
        link = Link(**whose, **where, scopes=[])
        session.add(link)
    link.space = launch.space
    if launch.custom.get("course"):
        link.course, link.section = launch.custom["course"][:64], launch.custom.get("section")
    services = launch.services
    link.line_item, link.line_items = services.line_item or link.line_item, services.line_items
    link.memberships, link.scopes = services.memberships, list(services.scopes)
    with suppress(InputError):  # a rule that its author got wrong keeps nobody out
        rule = rule_from_custom(launch.custom)
        link.rule = rule.model_dump() if rule else link.rule
    session.flush()
    return link


def _place(tutor: Tutor, link: Link) -> dict[str, str]:
    """Return the course and section to open; without a choice, the course where there is but one."""
    if link.course:
        return {"course": link.course} | ({"section": link.section} if link.section else {})
    courses = tutor.courses()
    return {"course": courses[0].id} if len(courses) == 1 else {}


def _address(signed_in: SignedIn) -> str:
    if "return_url" in signed_in.details:
        return CHOOSE
    place = {name: value for name, value in signed_in.details.items() if name in ("course", "section")}
    return f"/?{urlencode(place)}" if place else "/"
