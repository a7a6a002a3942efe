"""The program as a user runs it, in this process."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from tutor.cli import main


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
