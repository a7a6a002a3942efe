"""The address that an LMS's administrator gives it, so that it registers the tutor by itself."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Depends, Request, Response

from tutor.errors import InputError, TutorError
from tutor.fetching import Fetcher
from tutor.lti.registration import DynamicRegistration
from tutor.tutor import Tutor
from tutor.web import lti_pages
from tutor.web.lti import shared_only
from tutor.web.texts import reader

log = logging.getLogger("tutor.lti")

router = APIRouter(prefix="/lti", dependencies=[Depends(shared_only)], include_in_schema=False)


@router.get("/register")
def register(
    request: Request, openid_configuration: str | None = None, registration_token: str | None = None
) -> Response:
    """Register the LMS that opens this in a window of its administrator's, and have it close the window."""
    tutor: Tutor = request.app.state.tutor
    if openid_configuration is None:
        raise InputError("The LMS opens this address, and says where it describes itself. Give it to the LMS.")
    dynamic = DynamicRegistration(tutor.settings, tutor.records, Fetcher.of(tutor.settings))
    try:
        platform = dynamic.register(openid_configuration, registration_token)
    except TutorError as error:
        log.warning("an LMS was not registered: %s", error)
        raise
    log.info("an LMS was registered: %s, client %s", platform.issuer, platform.client_id)
    page = lti_pages.registered(reader(request), platform)
    page.headers["Cache-Control"] = "no-store"
    return page
