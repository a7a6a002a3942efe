"""Prompts: each file is whole, and no text changes without its version."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from tutor.errors import SetupError
from tutor.prompts import load_prompt, prompts_folder
from tutor.types import RefusalReason

RECORDED = {
    # A prompt whose text changes needs a new version in its head, and a new line here beside the old one: answers
    # that are stored name the version that they were made with.
    "refusals@1": "cc216110bacc5dbf5499570ea5d26be03a176a077a59acd8c4ad7ba5aceff370",
    "refusals@2": "36dc188aee3afbcf287b9d4569bfbb8dd799178cf9ca56d95bec12e170975c49",
    "courtesies@1": "d1e5f1e5b2104280c6812ee39c0316f4fc2485c9ec4b76f58f4d048df841e5d6",
    "stuffed@1": "44d450bde9f787f96b140362fc74f64712d0a8c708d12209df5509767660e7f8",
    "judge@1": "832b848061f21e8ece4f77a67cfcb7bb368e01440eecc1107009e467e843bcc4",
    "leads@1": "2894c3e8e424fdcb47f6f5172ca66659a5df9b7a45e2326d01808cffb68d8bf1",
}
NAMES = sorted(path.stem for path in prompts_folder().glob("*.md"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of prompts of this test's own."""
    monkeypatch.setattr("tutor.prompts.prompts_folder", lambda: tmp_path)
    load_prompt.cache_clear()
    yield tmp_path
    load_prompt.cache_clear()


def test_there_are_prompts() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_prompt_is_called_like_its_file_and_has_sections(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.id == name
    assert all(prompt.sections.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_that_changes_gets_a_new_version(name: str) -> None:
    written = sha256((prompts_folder() / f"{name}.md").read_text(encoding="utf-8").encode()).hexdigest()
    assert RECORDED.get(load_prompt(name).stamp) == written


@pytest.mark.parametrize("reason", get_args(RefusalReason))
def test_there_are_words_for_each_reason_to_refuse(reason: str) -> None:
    assert "“Rome”" in load_prompt("refusals").fill(reason, course="Rome")


def test_missing_and_unknown_variables_are_refused_in_one_error() -> None:
    with pytest.raises(SetupError, match=r"missing \['course'\], unknown \['colour', 'title'\]"):
        load_prompt("refusals").fill("unclear", title="Rome", colour="red")


def test_a_value_cannot_act_as_a_variable() -> None:
    assert "“{course}”" in load_prompt("refusals").fill("unclear", course="{course}")


def test_a_section_is_one_line_whatever_its_line_breaks(folder: Path) -> None:
    (folder / "a.md").write_text(
        "---\nid: a\nversion: 2\nvariables: []\n---\n## one\n\nFirst\nline.\n\n## two\n\nOther.\n"
    )
    assert load_prompt("a").sections == {"one": "First line.", "two": "Other."}


def test_declared_variables_are_the_used_ones(folder: Path) -> None:
    (folder / "a.md").write_text("---\nid: a\nversion: 1\nvariables: [course]\n---\n## one\n\nSay {name}.\n")
    with pytest.raises(SetupError, match=r"a@1 declares \['course'\] but uses \['name'\]"):
        load_prompt("a")


@pytest.mark.parametrize(
    "text",
    [
        "no head",
        "---\nid: a\n---\n## one\n\nText.\n",
        "---\nid: [\n---\n## one\n\nText.\n",
        "---\njust words\n---\n## one\n\nText.\n",
        "---\nid: a\nversion: 1\nvariables:\n---\n## one\n\nText.\n",
    ],
)
def test_a_wrong_head_is_refused_with_the_name_of_the_file(text: str, folder: Path) -> None:
    (folder / "a.md").write_text(text)
    with pytest.raises(SetupError, match=r"The prompt a\.md cannot be read"):
        load_prompt("a")


def test_a_missing_prompt_is_refused_with_the_name_of_the_file(folder: Path) -> None:
    with pytest.raises(SetupError, match=r"The prompt gone\.md cannot be read"):
        load_prompt("gone")
