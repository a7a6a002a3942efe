"""The pytest plugin: a dataset's questions as tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = "great-leap-forward"
LINES = """
{"id": "when", "question": "When did Mao Zedong die?", "evidence": ["1976"], "kind": "date", "answerable": true}
{"id": "moon", "question": "When did Mao Zedong die?", "kind": "offtopic", "answerable": false}
"""


def pytest_of(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, as somebody with a course would."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, *map(str, arguments)],
        capture_output=True, text=True, env=os.environ | {"TUTOR_HOME": str(home)}, cwd=home.parent, timeout=240,
    )  # fmt: skip


@pytest.mark.slow
def test_each_question_is_a_test_that_fails_where_the_answer_is_not_right(lesson_home: Path, tmp_path: Path) -> None:
    (tmp_path / "two.jsonl").write_text(LINES)
    ran = pytest_of(lesson_home, "--evals", COURSE, tmp_path / "two.jsonl")
    assert "1 failed, 1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "answered what the course does not" in ran.stdout


def test_a_dataset_with_a_mistake_is_one_error_that_names_it(lesson_home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"question": "Why?"}')
    ran = pytest_of(lesson_home, "--evals", COURSE, tmp_path / "bad.jsonl")
    assert "bad.jsonl:1: kind: field required" in ran.stdout, ran.stdout + ran.stderr


def test_without_the_option_no_dataset_is_collected(lesson_home: Path, tmp_path: Path) -> None:
    (tmp_path / "two.jsonl").write_text(LINES)
    assert "collected 0 items" in pytest_of(lesson_home, tmp_path).stdout
