"""The list of who was erased: names nobody, and outlives the database, since a back-up of that still holds them.

A line is a moment, a salt, and the hash of tenant and learner under it. The file lies beside the database; lists of
several installations can be put together line by line.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from tutor.errors import NotReady, SetupError

ERASED_FILE = "erased.txt"


@dataclass(frozen=True)
class _Entry:
    at: datetime
    salt: str
    hash: str


class Erased:
    """Who was erased, and when last. Thread-safe, and shared by all processes that use one state folder."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = FileLock(file.with_suffix(".lock"))
        self._read: tuple[tuple[int, int], dict[tuple[str, str], _Entry]] = ((0, 0), {})

    def add(self, tenant: str, learner: str | None) -> datetime:
        """Note that a learner is being erased and return the moment; raises `NotReady` where that cannot be written."""
        with _plainly(self._file):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._lock:
                entries = dict(self._entries())
                salt = next(iter(self._salts(entries)), secrets.token_hex(16))
                entry = _Entry(datetime.now(UTC), salt, _hash(salt, tenant, learner))
                entries[salt, entry.hash] = entry
                lines = (f"{one.at.isoformat()} {one.salt} {one.hash}\n" for one in entries.values())
                _replace(self._file, "".join(lines))
                return entry.at

    def last(self, tenant: str, learner: str | None) -> datetime | None:
        """Return when a learner was last erased, None where they never were; raises `SetupError` for a damaged list."""
        with _plainly(self._file):
            entries = self._entries()
        found = (entries.get((salt, _hash(salt, tenant, learner))) for salt in self._salts(entries))
        return max((entry.at for entry in found if entry), default=None)

    @property
    def empty(self) -> bool:
        """Whether nobody was ever erased."""
        with _plainly(self._file):
            return not self._entries()

    def _entries(self) -> dict[tuple[str, str], _Entry]:
        """Return the entries, the latest of each learner; read anew where the file has changed."""
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return {}
        state = (stat.st_mtime_ns, stat.st_ino)
        if self._read[0] != state:
            self._read = (state, _parsed(self._file))
        return self._read[1]

    @staticmethod
    def _salts(entries: dict[tuple[str, str], _Entry]) -> dict[str, None]:
        return {salt: None for salt, _ in entries}


def _parsed(file: Path) -> dict[tuple[str, str], _Entry]:
    entries: dict[tuple[str, str], _Entry] = {}
    for number, line in enumerate(file.read_text(encoding="ascii", errors="replace").splitlines(), start=1):
        try:
            at, salt, hash = line.split()
            entry = _Entry(datetime.fromisoformat(at).astimezone(UTC), salt, hash)
        except ValueError:
            raise SetupError(f"{file} is damaged in line {number}. Put a copy of it back.") from None
        held = entries.get((salt, hash))
        entries[salt, hash] = max(entry, held, key=lambda one: one.at) if held else entry
    return entries


def _hash(salt: str, tenant: str, learner: str | None) -> str:
    return sha256(json.dumps([salt, tenant, learner]).encode()).hexdigest()


def _replace(file: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    beside = file.with_suffix(".part")
    with beside.open("w", encoding="ascii") as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())
    os.replace(beside, file)


@contextlib.contextmanager
def _plainly(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotReady(f"{file} cannot be used: {error.strerror or error}. Free space or set TUTOR_HOME.") from error
