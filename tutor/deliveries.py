"""Deliveries: the outbox with a way out for each kind of thing that is put into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jwt

from tutor.fetching import Fetcher
from tutor.lms import SCORE
from tutor.lti.keys import signing_key
from tutor.lti.launch import ALGORITHM
from tutor.lti.services import Services
from tutor.lti.tokens import Sign
from tutor.outbox import Outbox, Sender
from tutor.records import Records
from tutor.settings import Settings
from tutor.xapi import STATEMENT, RecordStore


def open_outbox(settings: Settings, records: Records) -> Outbox:
    """Return the outbox with the senders that ``settings`` ask for, not started yet; raises `SetupError`."""
    senders: dict[str, Sender] = {SCORE: open_services(settings, records)}
    if settings.xapi_url:
        senders[STATEMENT] = RecordStore.of(settings, Fetcher.of(settings))
    return Outbox(records, senders)


def open_services(settings: Settings, records: Records) -> Services:
    """Return the services of all platforms, called with the tutor's own key."""
    return Services(records, Fetcher.of(settings), signer(records))


def signer(records: Records) -> Sign:
    """Return what signs claims with the key that is in use at that moment."""

    def sign(claims: dict[str, Any]) -> str:
        key = signing_key(records)
        return jwt.encode(claims, key.private, ALGORITHM, headers={"kid": key.id})

    return sign


@contextmanager
def delivering(settings: Settings, records: Records) -> Iterator[None]:
    """Deliver what is put into the outbox while the block runs, where there is anybody to deliver for."""
    if settings.mode == "personal":
        yield
        return
    outbox = open_outbox(settings, records)
    outbox.start()
    try:
        yield
    finally:
        outbox.close()
