"""Deep linking: what an instructor chooses for a link, in the signed answer that takes it back to the platform."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from time import time
from typing import Any

import jwt

from tutor.completion import MAXIMUM
from tutor.lti.keys import signing_key
from tutor.lti.launch import ALGORITHM, DEEP_LINKING, LTI, VERSION
from tutor.lti.platforms import RegisteredPlatform
from tutor.records import Records

LASTS = 300  # seconds


@dataclass(frozen=True)
class Choice:
    """What a link is to open."""

    course: str
    title: str
    section: str | None = None


def deep_linking_response(
    records: Records, platform: RegisteredPlatform, details: dict[str, Any], choice: Choice, launch_url: str
) -> str:
    """Return the signed message that adds a link to ``choice`` at the platform that asked with these ``details``."""
    custom = {"course": choice.course} | ({"section": choice.section} if choice.section else {})
    item: dict[str, Any] = {"type": "ltiResourceLink", "url": launch_url, "title": choice.title, "custom": custom}
    if details["line_item"]:
        item["lineItem"] = {"scoreMaximum": MAXIMUM, "label": choice.title, "resourceId": choice.course}
    now = int(time())
    said = {
        "iss": platform.client_id,
        "aud": platform.issuer,
        "iat": now,
        "exp": now + LASTS,
        "nonce": secrets.token_urlsafe(24),
        LTI + "message_type": "LtiDeepLinkingResponse",
        LTI + "version": VERSION,
        LTI + "deployment_id": details["deployment"],
        DEEP_LINKING + "content_items": [item],
    }
    if details["data"] is not None:
        said[DEEP_LINKING + "data"] = details["data"]
    key = signing_key(records)
    return jwt.encode(said, key.private, ALGORITHM, headers={"kid": key.id})
