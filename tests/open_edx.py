"""A real LTI platform, Open edX's own consumer, in a process and an environment of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from filelock import FileLock
from platformdirs import user_cache_path
from signing import free_port

FOLDER = Path(__file__).parents[2] / "shared" / "lms-platform"
INSTALLED = Path(os.environ.get("PLATFORM_HOME") or user_cache_path("tutor-tests", appauthor=False) / "lms-platform")


@dataclass(frozen=True)
class OpenEdx:
    """The platform while it runs: its address, its state folder and what its administrator hands out."""

    url: str
    home: Path
    registration: dict[str, Any]

    def launch(self, client: httpx.Client, **query: str) -> tuple[httpx.Response, dict[str, str]]:
        """Return the tool's answer to a launch, and the form that the platform posted."""
        answered: tuple[httpx.Response, dict[str, str]] = _browser().launch(
            client, self.url, self.registration, **query
        )
        return answered

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the platform has stored."""
        with closing(sqlite3.connect(f"file:{self.home / 'platform.db'}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()


def form(page: str) -> tuple[str, dict[str, str]]:
    """Return the address and the fields of the one form of a page that posts itself."""
    posted: tuple[str, dict[str, str]] = _browser().form(page)
    return posted


def _browser() -> Any:
    spec = importlib.util.spec_from_file_location("lms_platform_browser", FOLDER / "browser.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def running_open_edx(tool: str, home: Path, grades: str = "declarative") -> Iterator[OpenEdx]:
    """Yield the platform, set up for the tool at ``tool``, with its state in ``home``; skips where it cannot be had.

    With ``grades`` as "programmatic" tools may make gradebook columns.
    """
    if not FOLDER.exists():
        pytest.skip("the LMS platform is not on this machine")
    _install()
    home.mkdir()
    (home / "venv").symlink_to(INSTALLED / "venv")
    port = free_port()
    environment = os.environ | {"PLATFORM_HOME": str(home), "PLATFORM_PORT": str(port)}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", FOLDER / "run.sh", tool, grades],
            env=environment,
            start_new_session=True,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await(process, f"{url}/scores", home / "log")
        yield OpenEdx(url, home, json.loads((home / "registration.json").read_text()))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def _install() -> None:
    """Install the platform in an environment of its own, once."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with FileLock(INSTALLED / "lock"):
        done, venv = INSTALLED / "venv" / "bin" / "django-admin", INSTALLED / "venv"
        if done.exists():
            return
        for command in (
            ["python3", "-m", "venv", venv],
            [
                venv / "bin" / "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
                FOLDER / "requirements.txt",
            ],
        ):
            ran = subprocess.run(command, capture_output=True, text=True)
            if ran.returncode:
                pytest.skip(f"the LMS platform cannot be installed here: {ran.stderr.strip()[-200:]}")


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(url, timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the LMS platform did not start: {log.read_text()}")
