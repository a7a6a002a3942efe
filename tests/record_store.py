"""A real Learning Record Store (Ralph, with its file backend) in an environment of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from filelock import FileLock
from platformdirs import user_cache_path

RALPH = "ralph-malph[full]==5.1.0"
USER, PASSWORD = "tutor", "only-for-tests"


@dataclass(frozen=True)
class Store:
    """The store at its address."""

    url: str

    def statements(self) -> list[dict[str, Any]]:
        """Return the statements that it holds."""
        version = {"X-Experience-API-Version": "1.0.3"}
        answer = httpx.get(f"{self.url}/statements", headers=version, auth=(USER, PASSWORD), trust_env=False)
        assert answer.status_code == 200, answer.text
        held: list[dict[str, Any]] = answer.json()["statements"]
        return held


@contextmanager
def record_store(folder: Path) -> Iterator[Store]:
    """Yield a store that keeps its statements in ``folder``; skips where it is not here and cannot be installed."""
    programs = _installed()
    data = folder / "data"
    data.mkdir()
    environment = os.environ | {
        "RALPH_APP_DIR": str(folder),
        "RALPH_AUTH_FILE": str(folder / "auth.json"),
        "RALPH_RUNSERVER_BACKEND": "fs",
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(data),
    }
    scopes = ("-s", "statements/write", "-s", "statements/read", "-A", "tutor", "http://127.0.0.1")
    user = [programs / "ralph", "auth", "-u", USER, "-p", PASSWORD, *scopes, "-w"]
    subprocess.run(user, env=environment, cwd=folder, check=True, capture_output=True, timeout=120)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [programs / "python", "-m", "uvicorn", "ralph.api:app", "--fd", str(listener.fileno())]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                command, env=environment, cwd=folder, pass_fds=[listener.fileno()], stdout=log, stderr=log
            )
        try:
            _await(process, f"{url}/__heartbeat__", folder / "log")
            yield Store(f"{url}/xAPI")
        finally:
            process.terminate()
            process.wait(30)


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 120
    while True:
        assert process.poll() is None and time.monotonic() < until, log.read_text()
        try:
            httpx.get(url, timeout=30, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return


def _installed() -> Path:
    """Return where its programs are, after installing them on first use."""
    environment = user_cache_path("tutor-tests", ensure_exists=True) / RALPH.replace("[full]==", "-")
    done = environment / "installed"
    with FileLock(f"{environment}.lock"):
        if not done.exists():
            pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", RALPH]
            try:
                subprocess.run(
                    [sys.executable, "-m", "venv", environment], check=True, capture_output=True, timeout=120
                )
                subprocess.run(pip, check=True, capture_output=True, timeout=600)
            except (OSError, subprocess.SubprocessError) as error:
                pytest.skip(f"a Learning Record Store cannot be installed here: {type(error).__name__}")
            done.touch()
    return environment / "bin"
