"""Shared fixtures: the real embedder, store, database and server, each started once and never in the user's folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import serving

from tutor.embedder import Embedder, load_embedder
from tutor.settings import Settings
from tutor.tutor import Tutor

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
        opened.loaded.embedder = embedder
        yield opened


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> None:
    """Spare whoever loads the model the seconds that it takes: they share the one that is loaded already."""
    monkeypatch.setattr("tutor.embedder.load_embedder", lambda name, cache: embedder)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The state folder of this test, not made yet."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A state folder that holds the bundled course and is in nobody's use: for copying."""
    folder = tmp_path_factory.mktemp("prepared") / "home"
    with Tutor.open(Settings.load(home=folder)) as tutor:
        tutor.loaded.embedder = embedder
        tutor.warm()
    return folder


@pytest.fixture
def lesson_home(home: Path, prepared: Path) -> Path:
    """The state folder of this test, with the bundled course in it."""
    shutil.copytree(prepared, home)
    return home


@pytest.fixture(scope="session")
def lesson_tutor(tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor with the bundled course, shared by tests that only ask."""
    folder = tmp_path_factory.mktemp("lesson") / "home"
    shutil.copytree(prepared, folder)
    with Tutor.open(Settings.load(home=folder)) as opened:
        opened.loaded.embedder = embedder
        opened.warm()
        yield opened


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a small file system can only be mounted by root on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.fixture(scope="session")
def live_server(lesson_tutor: Tutor) -> Iterator[str]:
    """The address of a real server over the bundled course."""
    with serving(lesson_tutor) as address:
        yield address
