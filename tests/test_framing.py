"""Framing: who may show the tutor inside a page of theirs, on every page, as platforms come and go."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
from serving import serving
from signing import person, shared, signed_in
from sqlalchemy import delete

from tutor.embedder import Embedder
from tutor.records import Platform
from tutor.tutor import Tutor
from tutor.web.framing import frame_ancestors


def register(tutor: Tutor, issuer: str, login: str) -> None:
    urls = {"auth_login_url": login, "auth_token_url": "https://t", "key_set_url": "https://k"}
    with tutor.records.write() as session:
        session.add(Platform(tenant="oak", issuer=issuer, client_id=login, **urls))


def framing(response: httpx.Response) -> str:
    """Return what a page says of who may frame it."""
    assert "x-frame-options" not in response.headers
    return response.headers["content-security-policy"].partition("frame-ancestors ")[2]


def test_each_registered_platform_may_frame_every_page_from_then_on(
    home: Path, prepared: Path, embedder: Embedder
) -> None:
    shutil.copytree(prepared, home)
    with shared(home, embedder) as (tutor, address), httpx.Client(base_url=address) as nobody:
        assert framing(nobody.get("/")) == "'self'"
        register(tutor, "https://lms.example", "https://login.lms.example:8443/auth?x=1")
        register(tutor, "https://lms.example", "https://LMS.example/other")
        both = "'self' https://lms.example https://login.lms.example:8443"
        assert framing(nobody.get("/")) == framing(nobody.get("/nowhere")) == both
        with signed_in(tutor, address, person("l_ada")) as ada:
            assert framing(ada.get("/")) == both
            assert framing(ada.get("/api/v1/courses")) == "'self'"
        with tutor.records.write() as session:
            session.execute(delete(Platform))
        assert framing(nobody.get("/")) == "'self'"


@pytest.mark.parametrize(
    "url",
    ["urn:lms", "", "javascript:alert(1)", "https://a b", "https://a;script-src *", "https://u:p@a", "https://[x"],
)
def test_what_is_no_origin_does_not_get_into_the_policy(tutor: Tutor, url: str) -> None:
    from tutor.tenants import ensure_tenant

    with tutor.records.write() as session:
        ensure_tenant(session, "oak")
    register(tutor, url, "https://lms.example/auth")
    assert frame_ancestors(tutor.records) == "'self' https://lms.example"


def test_nobody_else_frames_the_page_of_one_person(tutor: Tutor) -> None:
    with serving(tutor) as address:
        assert framing(httpx.get(address)) == "'self'"


def test_records_that_cannot_be_read_frame_nothing(home: Path, prepared: Path, embedder: Embedder, monkeypatch) -> None:
    from tutor.errors import NotReady

    shutil.copytree(prepared, home)
    with shared(home, embedder) as (tutor, address):
        monkeypatch.setattr(tutor.records, "read", lambda: (_ for _ in ()).throw(NotReady("gone")))
        assert framing(httpx.get(f"{address}/nowhere")) == "'self'"
