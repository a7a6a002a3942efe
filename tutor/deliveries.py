"""Deliveries: the outbox with a way out for each kind of thing that is put into it."""

from __future__ import annotations

from tutor.fetching import Fetcher
from tutor.lms import SCORE
from tutor.lti.services import Services
from tutor.lti.tokens import Sign
from tutor.outbox import Outbox, Sender
from tutor.records import Records
from tutor.settings import Settings
from tutor.xapi import STATEMENT, RecordStore


def open_outbox(settings: Settings, records: Records, sign: Sign) -> Outbox:
    """Return the outbox with the senders that ``settings`` ask for, not started yet; raises `SetupError`."""
    fetcher = Fetcher.of(settings)
    senders: dict[str, Sender] = {SCORE: Services(records, fetcher, sign)}
    if settings.xapi_url:
        senders[STATEMENT] = RecordStore.of(settings, fetcher)
    return Outbox(records, senders)
