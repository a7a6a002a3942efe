"""Fuzzing: schemathesis sends a real server whatever its OpenAPI document allows, and much that it does not.

No answer may be a failure of the server, have a status that is not in the document, or another type of content. Half of
the cases are about the one course that is there, half about whatever comes. Run it with `make fuzz`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from fakes import fake_embedder
from serving import serving

from tutor.settings import Settings
from tutor.tutor import Tutor

COURSE = "great-leap-forward"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"
_SETTINGS = f'max-stream-events = 200\nrequest-timeout = 60\n[parameters]\n"path.course" = "{COURSE}"\n'
_DELETES_IT = "DELETE /api/v1/courses/{course}"


@contextmanager
def school(folder: Path) -> Iterator[str]:
    """Yield the address of a tutor of its own with one small course, for whatever may be done to it."""
    (folder / "lesson.md").write_text("# Bees\n\nBees collect nectar. They live in hives.\n")
    with Tutor.open(Settings.load(home=folder / "home")) as opened:
        opened.loaded.embedder = fake_embedder()
        opened.ingest(COURSE, [folder / "lesson.md"], title="Bees")
        opened.loaded.ready = True
        with serving(opened) as address:
            yield address


def fuzz(address: str, folder: Path, cases: int, *more: str) -> tuple[int, str]:
    """Send at most ``cases`` of each call; return how many were sent and what was wrong, empty where nothing was."""
    httpx.get(f"{address}/api/openapi.json", timeout=60)  # drawn up once, which schemathesis does not wait for
    sent, wrong = 0, ""
    for name, settings, options in (("any", "", ()), ("course", _SETTINGS, ("--exclude-name", _DELETES_IT))):
        config = folder / f"{name}.toml"
        config.write_text(settings)
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
                *("run", f"{address}/api/openapi.json", "--checks", CHECKS, "--phases", "examples,coverage,fuzzing"),
                *("-n", str(max(1, cases // 2)), "--continue-on-failure", "--no-color"),
                *("--warnings", "off", *options, *more),
            ],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        made = re.search(r"([\d,]+) generated", ran.stdout)
        sent += int(made[1].replace(",", "")) if made else 0
        if ran.returncode or not made:
            wrong += ran.stdout + ran.stderr
    return sent, wrong


def main() -> None:
    """Fuzz a server of one's own, and say how it went."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cases", type=int, default=700, help="of each call, at most")
    cases = parser.parse_args().cases
    with tempfile.TemporaryDirectory() as made, school(Path(made)) as address:
        sent, wrong = fuzz(address, Path(made), cases)
    sys.stdout.write(f"{wrong}{sent:,} cases: {'something is wrong' if wrong else 'nothing is wrong'}.\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
