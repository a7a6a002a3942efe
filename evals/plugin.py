"""A pytest plugin: ``pytest --evals COURSE my.jsonl`` runs a dataset's questions as tests, one each.

    pytest --evals world-history datasets/world-history.jsonl

A test fails where the answer is not right, and says why. The course is one of yours (TUTOR_HOME).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from evals.datasets import Sample


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that turns the plugin on."""
    parser.addoption("--evals", metavar="COURSE", help="ask the questions of .jsonl and .csv datasets of this course")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Return the tests of a dataset, where the plugin is turned on."""
    if parent.config.getoption("--evals") and file_path.suffix in (".jsonl", ".csv"):
        collected: pytest.Collector = DatasetFile.from_parent(parent, path=file_path)
        return collected
    return None


class DatasetFile(pytest.File):
    """A dataset whose questions are tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each question; a dataset with mistakes is one error that lists them."""
        from evals import datasets
        from evals.systems import TutorSystem, texts_of
        from tutor.errors import TutorError
        from tutor.tutor import Tutor

        try:
            tutor = self.config.stash.get(_TUTOR, None) or Tutor.open()
            self.config.stash[_TUTOR] = tutor
            course = self.config.getoption("--evals")
            samples = datasets.load(self.path, texts_of(tutor, course))
        except TutorError as error:
            raise self.CollectError(str(error)) from None
        system = TutorSystem(tutor, course)
        for sample in samples:
            yield QuestionItem.from_parent(self, name=sample.id, sample=sample, system=system)


class QuestionItem(pytest.Item):
    """One question of a dataset."""

    def __init__(self, *, sample: Sample, system: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sample, self.system = sample, system

    def runtest(self) -> None:
        """Ask; raise where the answer is not right."""
        from evals.metrics import right
        from evals.runs import ask

        outcome = ask(self.system, 1, self.sample)
        if outcome.error:
            raise NotRight(outcome.error)
        score = right(outcome)
        if score.value != 1.0:
            raise NotRight(f"{self.sample.question}\n{score.explanation}\ngot: {score.answer}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what went wrong, without a traceback where it is the answer that is wrong."""
        return str(excinfo.value) if isinstance(excinfo.value, NotRight) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the question stands."""
        return self.path, None, f"{self.path.name}: {self.name}"


class NotRight(Exception):
    """An answer is not right."""


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the tutor that was asked."""
    tutor = config.stash.get(_TUTOR, None)
    if tutor:
        tutor.close()


_TUTOR: pytest.StashKey[Any] = pytest.StashKey()
