"""A full disk, and one that fills up meanwhile: one clear line, and what answered before still answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commandline import run

COURSE = "great-leap-forward"
DIED = "When did Mao Zedong die?"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder with one small source."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "harvest.md").write_text("# Notes\n\nThe harvest of 1959 failed because the weather was bad.\n")
    return folder


def fill(disk: Path, leaving: int) -> Path:
    """Return a file that takes all space of ``disk`` but ``leaving`` bytes."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - leaving))
    return ballast


@pytest.fixture
def disk_home(small_disk: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch, warm: None) -> Path:
    """A state folder with the bundled course on a small file system."""
    shutil.copytree(prepared, small_disk / "home")
    monkeypatch.setenv("TUTOR_HOME", str(small_disk / "home"))
    return small_disk / "home"


@pytest.fixture
def ballast(disk_home: Path) -> Path:
    """What to delete to free the file system again, which is full."""
    return fill(disk_home.parent, leaving=0)


@pytest.mark.parametrize("leaving", [0, 60_000, 250_000])
def test_a_first_start_on_a_full_disk_is_told_in_one_line(
    leaving: int, small_disk: Path, notes: Path, monkeypatch: pytest.MonkeyPatch, warm: None
) -> None:
    fill(small_disk, leaving)
    monkeypatch.setenv("TUTOR_HOME", str(small_disk / "home"))
    assert run("ingest", notes, "--course", "notes").complaint


def test_a_course_still_answers_after_the_disk_was_full_for_another(ballast: Path, notes: Path) -> None:
    assert run("ingest", notes, "--course", "notes").complaint
    ballast.unlink()
    assert "September 9, 1976" in run("ask", DIED).out
    assert run("ingest", notes, "--course", "notes").out.startswith("1 added")


def test_a_course_still_answers_after_the_disk_was_full_for_its_own_next_version(ballast: Path, notes: Path) -> None:
    assert run("ingest", notes, "--course", COURSE).complaint
    ballast.unlink()
    assert "September 9, 1976" in run("ask", DIED, "--course", COURSE).out


def test_a_question_on_a_full_disk_is_told_in_one_line(ballast: Path) -> None:
    assert run("ask", DIED).complaint


def test_a_course_that_fills_the_disk_is_told_in_one_line_and_those_before_still_answer(
    disk_home: Path, notes: Path
) -> None:
    ballast = disk_home.parent / "ballast"
    ballast.write_bytes(bytes(500_000))
    for number in range(40):
        facts = (f"Field {number} gave {fact} tons." for fact in range(30))
        (notes / "harvest.md").write_text("# Harvest\n\n" + "\n\n".join(facts))
        ran = run("ingest", notes, "--course", f"field-{number}")
        if ran.status:
            break
    assert number > 0, "the disk was full from the start"
    assert "free space" in ran.complaint.lower()
    assert [line.split("\t")[0] for line in run("courses").out.splitlines()] == [
        *sorted(f"field-{ingested}" for ingested in range(number)), COURSE,
    ]  # fmt: skip
    ballast.unlink()
    assert "September 9, 1976" in run("ask", DIED, "--course", COURSE).out
    assert "tons [1]" in run("ask", f"What did field {number - 1} give?", "--course", f"field-{number - 1}").out
