"""Shared fixtures: the real embedder, store, database and server, each started once and never in the user's folders."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from tutor.embedder import Embedder, load_embedder
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.web.app import build_app
from tutor.web.server import listen

SHARED = Path(__file__).parents[2] / "shared"
ARTICLE = SHARED / "sources" / "great-leap-forward.txt"

needs_article = pytest.mark.skipif(not ARTICLE.exists(), reason="the original article is not on this machine")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test out of the user's state folder, and the user's settings out of every test."""
    cache = os.environ.get("TUTOR_CACHE")
    for name in [name for name in os.environ if name.startswith("TUTOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "home"))
    if cache:  # unpacked models may be shared: they are verified on each load
        monkeypatch.setenv("TUTOR_CACHE", cache)


@pytest.fixture
def settings() -> Settings:
    """Settings with a state folder of the test's own."""
    return Settings.load()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The real embedder, loaded once."""
    loaded = Settings.load(home=Path("unused"))
    return load_embedder(loaded.embedder, loaded.cache)


@pytest.fixture
def tutor(settings: Settings, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor with an empty state folder and warm models."""
    with Tutor.open(settings) as opened:
        opened._embedder = embedder
        yield opened


@pytest.fixture(scope="session")
def lesson_tutor(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor with the bundled course, shared by tests that only ask."""
    with Tutor.open(Settings.load(home=tmp_path_factory.mktemp("lesson"))) as opened:
        opened._embedder = embedder
        opened.warm()
        yield opened


@pytest.fixture(scope="session")
def live_server(lesson_tutor: Tutor) -> Iterator[str]:
    """The address of a real server over the bundled course."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(build_app(lesson_tutor), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    while not server.started:
        time.sleep(0.05)
    assert httpx.get(f"{address}/healthz").status_code == 200
    yield address
    server.should_exit = True
    thread.join(timeout=10)
