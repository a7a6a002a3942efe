"""The tutor of another process: asked over its HTTP API while it, and not we, holds the store."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from tutor.client import TutorClient
from tutor.errors import NotReady, TutorError

SERVER_FILE = "server.json"  # {"url", "pid"} of the process that serves a state folder, while it does


class RunningTutor(TutorClient):
    """A tutor that serves a state folder elsewhere on this computer; its errors are raised as they would be here."""

    def __init__(self, url: str) -> None:
        super().__init__(url, trust_env=False)  # no proxy on the way to ourselves

    @classmethod
    def of(cls, home: Path) -> RunningTutor | None:
        """Return the tutor that serves ``home``; None where nothing says so, or nothing answers as a tutor there."""
        try:
            running = cls(json.loads((home / SERVER_FILE).read_text(encoding="utf-8"))["url"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, httpx.InvalidURL):
            return None
        try:
            running.courses()
        except TutorError:
            running.close()
            return None
        return running

    def _no_tutor(self) -> NotReady:
        return NotReady(f"The tutor at {self.url} does not answer as one. Stop it and try again.")
