"""Signing in for tests: a tutor in shared mode, served for real, and browsers that are signed in to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from serving import serving

from tutor.embedder import Embedder
from tutor.settings import Settings
from tutor.sign_ins import SignedIn
from tutor.tenants import ensure_tenant
from tutor.tutor import Tutor
from tutor.visitor import SCOPES_OF, Role, Visitor
from tutor.web.access import cookie_name


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def shared(home: Path, embedder: Embedder, **options: Any) -> Iterator[tuple[Tutor, str]]:
    """Yield a tutor in shared mode over the state folder ``home``, warm and served, and its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with Tutor.open(Settings.load(home=home, mode="shared", base_url=address, **options)) as tutor:
        with tutor.records.write() as session:
            ensure_tenant(session, "oak")
        tutor.loaded.embedder = embedder
        tutor.warm()
        with serving(tutor, port=port):
            yield tutor, address


def person(learner: str, role: Role = "learner", tenant: str = "oak", space: str = "") -> Visitor:
    """Return a visitor of a school."""
    return Visitor(tenant, space, learner, role, SCOPES_OF[role])


def cookie_of(tutor: Tutor, visitor: Visitor, **details: Any) -> dict[str, str]:
    """Sign ``visitor`` in and return the cookie of their browser."""
    return {cookie_name(tutor): tutor.sign_ins.begin(SignedIn(visitor, **details))}


@contextmanager
def signed_in(tutor: Tutor, address: str, visitor: Visitor) -> Iterator[httpx.Client]:
    """Yield a client that is signed in as ``visitor``."""
    with httpx.Client(
        base_url=address, cookies=cookie_of(tutor, visitor), headers={"origin": address}, timeout=60
    ) as client:
        yield client
