"""The LTI endpoints: a platform's browser comes here to log in, to launch and to choose what a link opens."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from tutor.completion import rule_from_form
from tutor.errors import Forbidden, InputError, NotFound, Unauthorised
from tutor.lti import admission
from tutor.lti.admission import Admission, admit, begin_ticket, use_ticket
from tutor.lti.deep_linking import Choice, deep_linking_response
from tutor.lti.key_sets import KeySets
from tutor.lti.keys import key_set
from tutor.lti.launch import check_launch, key_id
from tutor.lti.login import AGAIN, LASTS, Pending, StrangerBrowser, begin_login, cookie_part, find_login
from tutor.lti.platforms import RegisteredPlatform, read_platform
from tutor.sign_ins import LASTS as SIGN_IN_LASTS
from tutor.sign_ins import SignedIn
from tutor.tutor import Tutor
from tutor.web import lti_pages
from tutor.web.access import cookie_name, folder, is_https, set_cookie, signed_in_of
from tutor.web.texts import reader
from tutor.words import UNSHOWABLE

log = logging.getLogger("tutor.lti")

CROSS_SITE = ("/lti/login", "/lti/launch")  # what a platform's page posts to
_FORM = "application/x-www-form-urlencoded"
_COOKIE = "tutor-lti-"


class NoForm(InputError):
    """A request that has to be a form and is none."""

    status = 415
    title = "Unsupported media type"


def shared_only(request: Request) -> None:
    """Raise `NotFound` in personal mode, where nobody but whoever runs the tutor uses it."""
    if request.app.state.tutor.settings.mode == "personal":
        raise NotFound("In personal mode no LMS launches the tutor. Start it with TUTOR_MODE=shared.")


router = APIRouter(prefix="/lti", dependencies=[Depends(shared_only)], include_in_schema=False)


@router.get("/login")
def login_by_get(request: Request) -> Response:
    """Begin a login whose parameters stand in the address."""
    return _login(request, _parameters(request.scope["query_string"]))


@router.post("/login")
async def login_by_post(request: Request) -> Response:
    """Begin a login whose parameters come as a form."""
    return await run_in_threadpool(_login, request, await _form(request))


def _login(request: Request, given: dict[str, str]) -> Response:
    tutor: Tutor = request.app.state.tutor
    login = begin_login(tutor.records, tutor.settings.base_url, given)
    frame = given.get("lti_storage_target")
    if frame is None:
        response: Response = RedirectResponse(login.address, 302)
    else:
        key = _COOKIE + cookie_part(login.state)
        response = lti_pages.storing(reader(request), login.platform, frame, key, login.browser, login.address)
    _remember(response, tutor, login.state, login.browser, int(LASTS.total_seconds()))
    return _kept_by_nobody(response)


@router.post("/launch")
async def launch(request: Request) -> Response:
    """Sign in whom a platform launches and go to what their link opens; what is not right about it is refused."""
    tutor: Tutor = request.app.state.tutor
    given = await _form(request)
    if "error" in given:
        raise Forbidden(f"The LMS did not sign you in ({given['error'][:80]}). {AGAIN}")
    for name in ("state", "id_token"):
        if not given.get(name):
            raise InputError(f"The launch lacks {name}. {AGAIN}")
    shown = given.get("browser") if _comes_from_here(request, tutor) else None
    try:
        signed_in = await _launched(request, given, shown)
    except StrangerBrowser as stranger:
        if (page := _without_cookie(request, given, shown, stranger)) is None:
            raise
        return _kept_by_nobody(page)
    except Forbidden as error:
        log.warning("a launch was refused: %s", error)
        raise
    if shown is not None:  # this browser keeps no cookie in a frame: only a window of its own can be signed in
        say, platform = reader(request), await run_in_threadpool(_platform, tutor, signed_in)
        ticket = await run_in_threadpool(begin_ticket, tutor, signed_in)
        return _kept_by_nobody(lti_pages.opening(say, platform, folder(tutor) + "/lti/open", ticket))
    before = request.cookies.get(cookie_name(tutor))
    response = _go(tutor, await run_in_threadpool(admission.sign_in, tutor, signed_in, before))
    _remember(response, tutor, given["state"], "", 0)
    return response


async def _launched(request: Request, given: Mapping[str, str], shown: str | None) -> SignedIn:
    tutor: Tutor = request.app.state.tutor
    keys: KeySets = request.app.state.key_sets
    state, token, ours = given["state"], given["id_token"], cookie_name(tutor, _COOKIE)
    cookies = {name.removeprefix(ours): value for name, value in request.cookies.items() if name.startswith(ours)}
    pending = await run_in_threadpool(find_login, tutor.records, state, cookies, shown)
    key = await keys.find(pending.platform.key_set_url, key_id(token))
    return await run_in_threadpool(_admitted, tutor, token, key, pending)


def _admitted(tutor: Tutor, token: str, key: RSAPublicKey, pending: Pending) -> SignedIn:
    return admit(tutor, check_launch(token, key, pending, tutor.settings.base_url), pending)


def _without_cookie(
    request: Request, given: Mapping[str, str], shown: str | None, stranger: StrangerBrowser
) -> Response | None:
    """Return the page that goes on without a cookie, where it is a browser that asks."""
    say, tutor = reader(request), request.app.state.tutor
    again = folder(tutor) + stranger.again
    if shown is None and "lti_storage_target" in given:
        key = _COOKIE + cookie_part(given["state"])
        return lti_pages.asking(say, stranger.platform, given, key, folder(tutor) + "/lti/launch", again)
    if "text/html" in request.headers.get("accept", ""):
        return lti_pages.own_window(say, stranger.platform, again)
    return None


@router.post("/open")
async def open_window(request: Request) -> Response:
    """Sign in a window of its own, for a launch in a frame that could not keep a cookie."""
    tutor: Tutor = request.app.state.tutor
    given, before = await _form(request), request.cookies.get(cookie_name(tutor))
    return _go(tutor, await run_in_threadpool(use_ticket, tutor, given.get("ticket", ""), before))


@router.get("/jwks")
def jwks(request: Request) -> Response:
    """Return the public keys with which platforms check what the tutor signs."""
    return JSONResponse(key_set(request.app.state.tutor.records), headers={"Cache-Control": "public, max-age=600"})


@router.get("/deep-link")
def choose(request: Request) -> Response:
    """Show an instructor the courses and sections that a new link can open."""
    tutor, signed_in = _choosing(request)
    homes = [tutor.home(course.id) for course in tutor.courses()]
    action, token = folder(tutor) + admission.CHOOSE, signed_in.details["form"]
    return _kept_by_nobody(lti_pages.choosing(reader(request), _platform(tutor, signed_in), homes, action, token))


@router.post("/deep-link")
async def choice(request: Request) -> Response:
    """Return what an instructor chose to the platform that asked."""
    return await run_in_threadpool(_chosen, request, await _form(request))


def _chosen(request: Request, given: Mapping[str, str]) -> Response:
    tutor, signed_in = _choosing(request)
    details, platform = signed_in.details, _platform(tutor, signed_in)
    if not hmac.compare_digest(given.get("form", "").encode(), details["form"].encode()):
        raise Forbidden(f"This form is not the one that was opened last. {AGAIN}")
    course, _, section = given.get("choice", "").partition(" ")
    home = tutor.home(course)
    titles = {one.title for source in home.outline for one in source.sections}
    if section and section not in titles:
        raise NotFound("The course has no such section any more. Go back and choose again.")
    rule = rule_from_form(given.get("questions", ""), given.get("sources", ""))
    chosen = Choice(course, section or home.course.title, section or None, rule)
    launch_url = tutor.settings.base_url.rstrip("/") + "/lti/launch"
    signed = deep_linking_response(tutor.records, platform, details, chosen, launch_url)
    return _kept_by_nobody(lti_pages.returning(reader(request), platform, details["return_url"], signed))


def _choosing(request: Request) -> tuple[Tutor, SignedIn]:
    """Return the tutor as it is for an instructor who came to choose, and how they are signed in."""
    tutor: Tutor = request.app.state.tutor
    signed_in = signed_in_of(tutor, request)
    if signed_in is None:
        raise Unauthorised("Nobody is signed in. Add the link from your course once more.")
    if signed_in.visitor.role == "learner" or "return_url" not in signed_in.details:
        raise Forbidden("Only teachers who add a link to their course choose what it opens. Begin there.")
    return tutor.visited_by(signed_in.visitor), signed_in


def _platform(tutor: Tutor, signed_in: SignedIn) -> RegisteredPlatform:
    assert signed_in.platform is not None
    with tutor.records.read() as session:
        return read_platform(session, signed_in.platform)


def _go(tutor: Tutor, admitted: Admission) -> Response:
    response = RedirectResponse(folder(tutor) + admitted.address, 303)
    set_cookie(response, tutor, cookie_name(tutor), admitted.secret, int(SIGN_IN_LASTS.total_seconds()))
    return _kept_by_nobody(response)


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise NoForm(f"This takes a form as {_FORM}, as browsers send it. {AGAIN}")
    return _parameters(await request.body())


def _parameters(written: bytes) -> dict[str, str]:
    """Return parameters, of which each may be given once; raises `InputError`."""
    try:
        pairs = parse_qsl(written.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise InputError(f"The parameters cannot be read. {AGAIN}") from None
    given: dict[str, str] = dict(pairs)
    if len(given) < len(pairs) or any(UNSHOWABLE.search(part) for pair in pairs for part in pair):
        raise InputError(f"A parameter is given twice, or holds what is no text. {AGAIN}")
    return given


def _comes_from_here(request: Request, tutor: Tutor) -> bool:
    """Return whether a page of the tutor itself sends this, and no other site's."""
    sent = request.headers.get("origin", "").partition("://")
    return bool(sent[2]) and sent[2] == request.headers.get("host")


def _remember(response: Response, tutor: Tutor, state: str, secret: str, seconds: int) -> None:
    """Set the cookie by which the browser that began a login is known, for ``seconds``."""
    name = cookie_name(tutor, _COOKIE + cookie_part(state))
    if is_https(tutor):
        set_cookie(response, tutor, name, secret, seconds)
    else:  # without https, browsers send it with another site's post only where no SameSite is given, and not for long
        response.headers.append("Set-Cookie", f"{name}={secret}; Path=/; HttpOnly; Max-Age={seconds}")


def _kept_by_nobody(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
