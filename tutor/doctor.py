"""The doctor: looks at each part of the installation and says what is missing."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text

from tutor.chat import open_chat
from tutor.errors import NotReady, TutorError
from tutor.modes import check_mode
from tutor.records import MEND
from tutor.remote import RunningTutor
from tutor.settings import Settings, without_password
from tutor.tutor import Tutor


@dataclass(frozen=True)
class Check:
    """One part of the installation: whether it works, and what was seen or what to do."""

    name: str
    ok: bool
    detail: str


def examine(port: int = 7860) -> tuple[list[Check], dict[str, tuple[str, str]]]:
    """Return a check of each part, and each setting with where it came from; raises `SetupError` for wrong settings."""
    settings = Settings.load()
    supported = _check("settings", lambda: _supported(settings))
    model = _check("model", lambda: _model(settings))
    database = _check("database", lambda: _database(settings), supported)
    store = _check("store", lambda: _store(settings), supported, database, model)
    return [supported, database, model, store, _check("port", lambda: _port(port))], settings.origins()


def _check(name: str, look: Callable[[], str], *needed: Check) -> Check:
    """Return what ``look`` finds; it is spared where a check that it builds on has failed, which says enough."""
    failed = [check.name for check in needed if not check.ok]
    if failed:
        return Check(name, False, f"not looked at; first mend the {' and the '.join(failed)}")
    try:
        return Check(name, True, look())
    except (TutorError, OSError) as error:
        return Check(name, False, str(error))


def _supported(settings: Settings) -> str:
    mode = check_mode(settings)
    open_chat(settings)
    return f"{mode}, answered by {settings.model}"


def _database(settings: Settings) -> str:
    shown = without_password(settings.database)
    try:
        with Tutor.open(settings) as tutor:
            with tutor.records.read() as session:
                if session.get_bind().dialect.name == "sqlite":
                    wrong = session.scalar(text("PRAGMA quick_check(1)"))
                    if wrong != "ok":
                        raise NotReady(f"The records are damaged: {' '.join(str(wrong).split())}. {MEND}")
            found = tutor.courses()
    except NotReady as error:
        raise NotReady(f"{shown}: {error}") from error
    return f"{shown} answers; {len(found)} course(s)"


def _model(settings: Settings) -> str:
    from tutor.embedder import load_embedder

    embedder = load_embedder(settings.embedder, settings.cache)
    length = len(embedder.query("Is the model well?"))
    return f"{embedder.name} ({embedder.revision}) gives vectors of {length} numbers"


def _store(settings: Settings) -> str:
    with Tutor.open(settings) as tutor:
        try:
            store = tutor.store
        except NotReady:
            running = RunningTutor.of(settings.home)
            if running is None:
                raise
            with contextlib.closing(running):
                return f"the tutor at {running.url} holds it and answers"
        for course in tutor.courses():
            tutor.retrieve(course.id, "Is the store well?", 1)
        return f"{store.folder} is free and holds {len(store.names())} index(es)"


def _port(port: int) -> str:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return f"{port} is in use: either the tutor is running, or serve needs --port"
    return f"{port} is free"
