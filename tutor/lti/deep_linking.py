"""Deep linking: what an instructor chooses for a link, in the signed answer that takes it back to the platform."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from time import time
from typing import Any

import jwt

from tutor.completion import MAXIMUM, QUESTIONS, SOURCES, Rule
from tutor.lti.keys import signing_key
from tutor.lti.launch import ALGORITHM, DEEP_LINKING, LTI, VERSION
from tutor.lti.platforms import RegisteredPlatform
from tutor.records import Records

LASTS = 300  # seconds


@dataclass(frozen=True)
class Choice:
    """What a link is to open, and what completes it."""

    course: str
    title: str
    section: str | None = None
    rule: Rule | None = None

    @property
    def custom(self) -> dict[str, str]:
        """The parameters that the platform sends with each launch of the link."""
        rule = self.rule.model_dump() if self.rule else {}
        said = {
            "course": self.course,
            "section": self.section,
            QUESTIONS: rule.get("questions"),
            SOURCES: rule.get("sources"),
        }
        return {name: str(value) for name, value in said.items() if value}


def deep_linking_response(
    records: Records, platform: RegisteredPlatform, details: dict[str, Any], choice: Choice, launch_url: str
) -> str:
    """Return the signed message that adds a link to ``choice`` at the platform that asked with these ``details``."""
    item: dict[str, Any] = {"type": "ltiResourceLink", "url": launch_url, "title": choice.title}
    item["custom"] = choice.custom
    if details["line_item"] and choice.rule:  # a column of the gradebook that nothing fills is in the way
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
