"""The program as a user runs it, in this process, and state folders that already hold the bundled course."""

from __future__ import annotations

import io
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from tutor.cli import main
from tutor.embedder import Embedder
from tutor.settings import Settings
from tutor.tutor import Tutor


@dataclass(frozen=True)
class Ran:
    """How the program ended: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error of a run that failed with status 1 and printed nothing else."""
        assert (self.status, self.out, self.err.count("\n")) == (1, "", 1), self
        assert self.err.startswith("tutor: ")
        return self.err


def run(*arguments: str | Path, stdin: str = "", encoding: str = "utf-8") -> Ran:
    """Return what ``tutor`` does with these arguments, its streams being pipes."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="") for _ in range(2))
    keyboard = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    argv = ["tutor", *map(str, arguments)]
    with patch("sys.argv", argv), patch("sys.stdin", keyboard), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            status = 0
        except SystemExit as ended:
            status = int(ended.code or 0)
    return Ran(status, *(_written(stream) for stream in (out, err)))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The state folder of this test, not made yet."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A state folder that holds the bundled course and is in nobody's use: for copying."""
    folder = tmp_path_factory.mktemp("prepared") / "home"
    with Tutor.open(Settings.load(home=folder)) as tutor:
        tutor._embedder = embedder
        tutor.warm()
    return folder


@pytest.fixture
def lesson_home(home: Path, prepared: Path) -> Path:
    """The state folder of this test, with the bundled course in it."""
    shutil.copytree(prepared, home)
    return home


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> None:
    """Spare each run the seconds that loading the model takes: they share the one that is loaded already."""
    monkeypatch.setattr("tutor.embedder.load_embedder", lambda name, cache: embedder)
