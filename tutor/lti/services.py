"""Services: what the tutor asks of a platform after a launch (LTI Advantage).

Assignment and Grade Services 2.0 take scores, Names and Role Provisioning Services 2.0 list who belongs to a context.
A platform says where they are; whatever it answers with leads to the same server only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx

from tutor.errors import Conflict, ForbiddenAddress, NotFound, Unreachable
from tutor.fetching import Fetched, Fetcher, retry_after, same_origin
from tutor.lti.tokens import NoToken, Sign, Tokens, TokenSource
from tutor.outbox import Final, Later, Parcel
from tutor.records import Link, Platform, Records
from tutor.types import Model

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
LINE_ITEM_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
MEMBERS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
_SCORE = "application/vnd.ims.lis.v1.score+json"
_LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
_LINE_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
_MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

MOST_PAGES = 50
MOST_MEMBERS = 10_000
LABEL = "Tutor"  # of a column in a gradebook that the tutor had to make
TAG = "tutor"

# To the specification a partial score is one that is pending; platforms show it, and do not take it for the last word.
_PROGRESS = {
    "in progress": ("InProgress", "Pending"),
    "completed": ("Completed", "FullyGraded"),
}
_WAIT = {408, 425, 429}  # of the statuses below 500, those that say "not now"


class Member(Model):
    """Somebody who belongs to a context; ``subject`` is what the platform calls them in its launches."""

    subject: str
    roles: tuple[str, ...]
    active: bool
    name: str | None = None


@dataclass(frozen=True)
class Place:
    """A link of a platform, with what the platform offers for it."""

    link: int
    source: TokenSource
    resource: str
    line_item: str | None
    line_items: str | None
    memberships: str | None
    scopes: frozenset[str]


class Refused(Exception):
    """The platform answered, and did not do what it was asked."""

    def __init__(self, what: str, answer: Fetched) -> None:
        super().__init__(f"The LMS did not {what} ({answer.status}).")
        self.answer = answer


class Services:
    """The services of all platforms. Thread-safe."""

    most = 1  # score in a call

    def __init__(self, records: Records, fetcher: Fetcher, sign: Sign) -> None:
        self._records, self._fetcher, self._tokens = records, fetcher, Tokens(fetcher, sign)

    def send(self, parcels: Sequence[Parcel]) -> None:
        """Pass a score of the outbox back; raises `Later` or `Final` where it did not arrive."""
        (parcel,) = parcels
        assert parcel.link is not None
        try:
            self._pass_back(self._place(parcel.link), parcel.body)
        except Refused as refused:
            if _is_stale(refused.answer):
                return  # it has arrived already, or a newer one has
            status = refused.answer.status
            # 401: with a new token just now, too; keys and registrations can be mended.
            if status in _WAIT or status == 401 or status >= 500:
                raise Later(str(refused), retry_after(refused.answer.headers)) from None
            raise Final(f"{refused} It will not take this score; see the link's settings there.") from None
        except NoToken as none:
            raise Later(str(none), retry_after(none.answer.headers) if none.answer else None) from None
        except Unreachable as away:
            raise Later(str(away)) from None
        except (ForbiddenAddress, Conflict, NotFound) as never:
            raise Final(str(never)) from None

    def members(self, link: int) -> tuple[Member, ...]:
        """Return who belongs to the context of a link.

        Raises `NotFound` where the platform does not say, `Unreachable` where it does not answer as it should,
        `ForbiddenAddress` where it names an address that may not be called.
        """
        place = self._place(link)
        if place.memberships is None:
            raise NotFound("This LMS does not tell who belongs to the course. Allow it in the tool's settings there.")
        found: dict[str, Member] = {}
        try:
            for page in self._pages(
                place, place.memberships, MEMBERS_SCOPE, _MEMBERS, "tell who belongs to the course"
            ):
                members = page.get("members") if isinstance(page, dict) else None
                for said in members if isinstance(members, list) else []:
                    member = _member(said)
                    if member:
                        found[member.subject] = member
                if len(found) > MOST_MEMBERS:
                    raise Unreachable(f"The LMS names more than {MOST_MEMBERS:,} members. Ask whoever runs it.")
        except Refused as refused:
            raise Unreachable(f"{refused} Check the tool's settings there.") from None
        return tuple(found.values())

    def _place(self, link: int) -> Place:
        with self._records.read() as session:
            row = session.get(Link, link)
            platform = session.get(Platform, row.platform_id) if row else None
            if row is None or platform is None:
                raise NotFound("The link is gone. Launch the tutor from the LMS once more.")
            return Place(
                link=row.id,
                source=TokenSource(platform.id, platform.client_id, platform.auth_token_url),
                resource=row.resource,
                line_item=row.line_item,
                line_items=row.line_items,
                memberships=row.memberships,
                scopes=frozenset(map(str, row.scopes)),
            )

    def _pass_back(self, place: Place, body: Mapping[str, Any]) -> None:
        if SCORE_SCOPE not in place.scopes:
            raise Conflict("The LMS takes no scores for this link. Allow it in the tool's settings there.")
        score, maximum = float(body["score"]), float(body["maximum"])
        activity, grading = _PROGRESS[body["progress"]]
        said = {
            "userId": body["subject"],
            "scoreGiven": min(score, maximum),
            "scoreMaximum": maximum,
            "activityProgress": activity,
            "gradingProgress": grading,
            "timestamp": body["at"],
        }
        line_item = place.line_item or self._line_item(place, maximum)
        target = self._fetcher.check(line_item)  # whose parameters, such as Moodle's type_id, stay behind the path
        scores = str(target.copy_with(path=f"{target.path.rstrip('/')}/scores"))
        self._call(place, "POST", scores, [SCORE_SCOPE], "take a score", {"Content-Type": _SCORE}, said)

    def _line_item(self, place: Place, maximum: float) -> str:
        """Return the line item of a link that came with none: the one that is there, else a new one."""
        if place.line_items is None or LINE_ITEM_SCOPE not in place.scopes:
            raise Conflict("The LMS has no gradebook column for this link. Add one in the link's settings there.")
        asked = str(self._fetcher.check(place.line_items).copy_merge_params({"resource_link_id": place.resource}))
        for page in self._pages(place, asked, LINE_ITEM_SCOPE, _LINE_ITEMS, "list its gradebook columns"):
            for said in page if isinstance(page, list) else []:
                if isinstance(said, dict) and said.get("resourceLinkId") == place.resource:
                    return self._keep(place, said)
        item = {"scoreMaximum": maximum, "label": LABEL, "tag": TAG, "resourceLinkId": place.resource}
        headers = {"Content-Type": _LINE_ITEM, "Accept": _LINE_ITEM}
        made = self._call(place, "POST", place.line_items, [LINE_ITEM_SCOPE], "add a gradebook column", headers, item)
        return self._keep(place, made.json())

    def _keep(self, place: Place, said: object) -> str:
        url = said.get("id") if isinstance(said, dict) else None
        assert place.line_items
        if not isinstance(url, str) or not same_origin(url, place.line_items):
            raise ForbiddenAddress("The LMS names a gradebook column on another server. Ask whoever runs it.")
        with self._records.write() as session:
            row = session.get(Link, place.link)
            if row is not None:
                row.line_item = url
        return url

    def _pages(self, place: Place, url: str, scope: str, kind: str, what: str) -> Iterable[Any]:
        """Yield the pages of a list as JSON, each after the one before it was looked at."""
        first, seen = url, set[str]()
        while url not in seen:
            if len(seen) == MOST_PAGES:
                raise Unreachable(f"The LMS answered in more than {MOST_PAGES} pages. Ask whoever runs it.")
            seen.add(url)
            page = self._call(place, "GET", url, [scope], what, {"Accept": kind})
            yield page.json()
            following = _next(page)
            if following is None:
                return
            url = _joined(url, following)
            if not same_origin(url, first):  # it would be called with the token
                raise ForbiddenAddress("The LMS continues its answer on another server. Ask whoever runs it.")

    def _call(
        self,
        place: Place,
        method: str,
        url: str,
        scopes: Iterable[str],
        what: str,
        headers: Mapping[str, str],
        said: Mapping[str, Any] | None = None,
    ) -> Fetched:
        """Return what the platform answers, asked with a token, and once more with a new one where it takes it not."""
        self._fetcher.check(url)  # before a token is asked for
        content = json.dumps(said).encode() if said is not None else None
        for last in (False, True):
            authorised = {**headers, "Authorization": f"Bearer {self._tokens.token(place.source, scopes)}"}
            answer = self._fetcher.call(method, url, authorised, content)
            if answer.status != 401 or last:
                break
            self._tokens.forget(place.source)
        if not answer.ok:
            raise Refused(what, answer)
        return answer


def _is_stale(answer: Fetched) -> bool:
    """Return whether a platform holds a score that is as new already.

    The specification has 409 for it; Open edX answers 400 and names the field.
    """
    if answer.status == 409:
        return True
    if answer.status != 400:
        return False
    try:
        said = answer.json()
    except Unreachable:
        return False
    return isinstance(said, dict) and set(said) == {"timestamp"}


def _next(page: Fetched) -> str | None:
    # httpx reads the header of RFC 8288 for its own answers.
    links = httpx.Response(200, headers={"Link": page.headers.get("Link", "")}).links
    return links.get("next", {}).get("url") or None


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:  # brackets that hold no address
        return ""


def _member(said: object) -> Member | None:
    if not isinstance(said, dict):
        return None
    subject, roles, name = said.get("user_id"), said.get("roles"), said.get("name")
    if not isinstance(subject, str | int) or not str(subject):
        return None
    return Member(
        subject=str(subject)[:255],
        roles=tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
        active=said.get("status", "Active") == "Active",
        name=name[:255] if isinstance(name, str) else None,
    )
