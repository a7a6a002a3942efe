"""Dynamic registration: an LMS that is on the list registers the tutor by itself (LTI Dynamic Registration 1.0).

Whoever opens the address names where the LMS describes itself. So nothing is fetched from, and nothing believed of, a
server that whoever runs the tutor has not named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tutor.errors import Forbidden, InputError, TutorError, Unreachable
from tutor.fetching import Fetcher
from tutor.lti.launch import DEEP_LINK, RESOURCE_LINK
from tutor.lti.platforms import RegisteredPlatform, parse_registration, register
from tutor.lti.services import LINE_ITEM_SCOPE, MEMBERS_SCOPE, SCORE_SCOPE
from tutor.records import Records
from tutor.settings import Settings

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
LONGEST = 2_000  # characters of an address, and of a token several times over
_SCOPES = (SCORE_SCOPE, LINE_ITEM_SCOPE, MEMBERS_SCOPE)
_MESSAGES = (RESOURCE_LINK, DEEP_LINK)
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


class DynamicRegistration:
    """The LMSs that may register themselves, and how they do."""

    def __init__(self, settings: Settings, records: Records, fetcher: Fetcher) -> None:
        self._base, self._allowed = settings.base_url.rstrip("/"), settings.registering
        self._records, self._fetcher = records, fetcher

    def register(self, configuration: str, token: str | None) -> RegisteredPlatform:
        """Register the LMS that describes itself at ``configuration``, and return it as it may launch the tutor now.

        Raises `Forbidden` for one that is not on the list, `InputError` for a description that cannot be right,
        `Unreachable` where it does not answer as it should, `Conflict` where it is another tenant's.
        """
        if not self._allowed:
            raise Forbidden("No LMS may register itself here. Name its host in TUTOR_LTI_REGISTRATION first.")
        tenant = self._tenant(configuration)
        said = self._described(configuration, tenant)
        wanted = self._tool(said)
        answer = self._ask(said["registration_endpoint"], wanted, token)
        client_id = answer.get("client_id")
        deployment = _object(answer, TOOL).get("deployment_id")
        if deployment is None:
            raise InputError(
                f"The LMS made the client {str(client_id)[:80]!r} without a deployment. Add one there, and register it "
                "here with: tutor lti register FILE."
            )
        registration = parse_registration(
            {
                "issuer": said["issuer"],
                "client_id": client_id,
                "deployment_id": deployment,
                "auth_login_url": said["authorization_endpoint"],
                "auth_token_url": said["token_endpoint"],
                "key_set_url": said["jwks_uri"],
            }
        )
        return register(self._records, registration, tenant)

    def _tenant(self, url: str) -> str:
        """Return whose LMS is at ``url``; raises `Forbidden` for one that is not on the list."""
        host = self._host(url)
        if host not in self._allowed:
            raise Forbidden("This LMS may not register itself here. Name its host in TUTOR_LTI_REGISTRATION first.")
        return self._allowed[host]

    def _host(self, url: object) -> str:
        if not isinstance(url, str) or len(url) > LONGEST:
            raise InputError("The LMS describes itself at no address that can be used. Begin the registration anew.")
        return self._fetcher.check(url).netloc.decode().lower()

    def _described(self, url: str, tenant: str) -> Mapping[str, Any]:
        answer = self._fetcher.get(url, {"Accept": "application/json"})
        if not answer.ok:
            raise Unreachable(f"The LMS does not describe itself ({answer.status}). Begin the registration anew.")
        said = answer.json()
        if not isinstance(said, dict):
            raise InputError("The LMS's description of itself is no object. Ask whoever runs it.")
        # Else any LMS on the list could pass itself off as another one.
        if self._host(said.get("issuer")) != self._host(url):
            raise Forbidden("The LMS describes itself at another host than its issuer's. Ask whoever runs it.")
        for name in _ENDPOINTS:
            try:
                same = self._tenant(said.get(name, "")) == tenant
            except TutorError:
                same = False
            if not same:
                raise Forbidden(f"The LMS's {name} is not at a host that may register itself. Ask whoever runs it.")
        return said

    def _tool(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the tutor says of itself: no more scopes than the LMS has, and no claims on who a learner is."""
        launch = f"{self._base}/lti/launch"
        scopes = said.get("scopes_supported")
        offered = _object(said, PLATFORM).get("messages_supported")
        messages = {one.get("type") for one in offered if isinstance(one, dict)} if isinstance(offered, list) else set()
        return {
            "application_type": "web",
            "client_name": "Tutor",
            "grant_types": ["client_credentials", "implicit"],
            "response_types": ["id_token"],
            "initiate_login_uri": f"{self._base}/lti/login",
            "redirect_uris": [launch],
            "jwks_uri": f"{self._base}/lti/jwks",
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": " ".join(one for one in _SCOPES if isinstance(scopes, list) and one in scopes),
            TOOL: {
                "domain": self._base.partition("://")[2].partition("/")[0],
                "description": "Answers from the course's own texts, with the exact words relied on.",
                "target_link_uri": launch,
                "claims": ["iss", "sub"],
                "messages": [
                    {"type": one, "target_link_uri": launch, "label": "Tutor"} for one in _MESSAGES if one in messages
                ],
            },
        }

    def _ask(self, url: str, wanted: Mapping[str, Any], token: str | None) -> Mapping[str, Any]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token:
            if len(token) > 4 * LONGEST or not token.isascii() or not token.isprintable() or " " in token:
                raise InputError("The registration's token is none. Begin the registration anew in the LMS.")
            headers["Authorization"] = f"Bearer {token}"
        answer = self._fetcher.call("POST", url, headers, json.dumps(wanted).encode())
        if not answer.ok:
            raise Unreachable(f"The LMS did not register the tutor ({answer.status}). Begin the registration anew.")
        said = answer.json()
        return said if isinstance(said, dict) else {}


def _object(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = said.get(name)
    return value if isinstance(value, dict) else {}
