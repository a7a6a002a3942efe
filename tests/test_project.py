"""The project itself: floors that only rise, what is pinned, a wheel that is whole."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
COURSES = sorted((ROOT / "knowledge").iterdir())


def git(*arguments: str) -> str:
    """Return what git says; skips where this is not a checkout."""
    try:
        ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the history is not at hand: {error}")
    return ran.stdout


def versions(path: str) -> Iterator[str]:
    """Yield every version of a file, oldest first, the present one last."""
    for commit in reversed(git("log", "--format=%H", "--", path).split()):
        shown = subprocess.run(["git", "show", f"{commit}:{path}"], cwd=ROOT, capture_output=True, text=True)
        if shown.returncode == 0:  # a commit may have deleted it
            yield shown.stdout
    yield (ROOT / path).read_text(encoding="utf-8")


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def only_rises(floors: list[dict[str, float]]) -> bool:
    """Return whether no floor is lower, or gone, in a later version."""
    return all(
        later.get(name, -1.0) >= floor
        for earlier, later in itertools.pairwise(floors)
        for name, floor in earlier.items()
    )


def test_a_floor_that_sinks_or_goes_is_noticed() -> None:
    assert only_rises([{}, {"right": 0.5}, {"right": 0.5, "mrr": 0.8}])
    assert not only_rises([{"right": 0.5}, {"right": 0.4}])
    assert not only_rises([{"right": 0.5}, {}])


def test_the_floor_under_the_coverage_only_rises() -> None:
    found: list[dict[str, float]] = []
    for text in versions("pyproject.toml"):
        report = tomllib.loads(text)["tool"].get("coverage", {}).get("report", {})
        found.append({"fail_under": report["fail_under"]} if "fail_under" in report else {})
    assert found[-1]["fail_under"] >= 97
    assert only_rises(found)


def test_the_floors_under_the_answers_only_rise() -> None:
    found = [tomllib.loads(text) for text in versions("evals/gates.toml")]
    flat = [
        {f"{task}.{name}": v for task, floors in gates.items() for name, v in floors.items() if name != "no_drop"}
        for gates in found
    ]
    assert flat[-1]
    assert only_rises(flat)


@pytest.mark.parametrize("course", COURSES, ids=lambda folder: folder.name)
def test_a_bundled_course_holds_what_its_manifest_says(course: Path) -> None:
    manifest: dict[str, Any] = tomllib.loads((course / "course.toml").read_text(encoding="utf-8"))
    assert manifest["id"] == course.name
    listed = {source["file"]: source["sha256"] for source in manifest["sources"]}
    assert listed == {name: sha256((course / name).read_bytes()).hexdigest() for name in listed}
    assert set(listed) == {p.name for p in course.iterdir()} - {"course.toml"}


def test_everything_that_is_needed_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    pins = {_normal(r.name): r for r in map(Requirement, (ROOT / "constraints.txt").read_text().split())}
    assert str(pins["torch"].specifier) == "==2.13.0"
    for requirement in (r for r in map(Requirement, needed) if r.name != project["name"]):  # extras name one another
        (pin,) = pins[_normal(requirement.name)].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version, prereleases=True), requirement


def test_the_two_commands_of_the_readme_exist_and_ci_calls_the_second() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert typed[:2] == ["run", "test"]
    assert set(typed) <= targets
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    named = re.compile(rb"(?<![\w.:/])/(?:home|Users|root|work|mnt|tmp/bash)/\w")
    found = [name for name in git("ls-files").splitlines() if named.search((ROOT / name).read_bytes())]
    assert found == []


@pytest.mark.slow
def test_the_wheel_holds_everything_that_runs(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    kept = {n for n in git("ls-files", "tutor", "evals").splitlines()}
    data = {f"tutor/bundled/{n}" for n in git("ls-files", "knowledge", "prompts").splitlines()}
    assert kept | data <= inside
    assert not {n for n in inside if n.startswith(("tests/", "docs/", "knowledge/", "prompts/"))}
