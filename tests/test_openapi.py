"""The OpenAPI document: complete, with examples that are true, and kept to whatever is sent."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import fake_embedder
from pydantic import TypeAdapter
from serving import serving

import tutor.types
import tutor.web.openai
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.web.described import EXAMPLES
from tutor.web.problems import Problem

CASES = 12  # of each call, in each phase


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a tutor of its own with one small course, for whatever may be done to it."""
    folder = tmp_path_factory.mktemp("school")
    (folder / "lesson.md").write_text("# Bees\n\nBees collect nectar. They live in hives.\n")
    with Tutor.open(Settings.load(home=folder / "home", learner_calls_per_minute=0)) as opened:
        opened.loaded.embedder = fake_embedder()
        opened.ingest("great-leap-forward", [folder / "lesson.md"], title="Bees")
        opened.loaded.ready = True
        with serving(opened) as address:
            yield address


@pytest.fixture(scope="module")
def document(school: str) -> dict[str, Any]:
    described: dict[str, Any] = httpx.get(f"{school}/api/openapi.json").json()
    return described


@pytest.fixture(scope="module")
def calls(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def test_every_call_is_summed_up_tagged_and_has_all_its_statuses(calls: dict[str, dict[str, Any]]) -> None:
    for name, call in calls.items():
        assert call["summary"], name
        assert call["description"], name
        assert call["tags"], name
        statuses = set(call["responses"])
        assert {"400", "403", "413", "415"} <= statuses, name
        if " /api/" in name or " /v1/" in name:
            assert {"401", "429", "503"} <= statuses, name
            assert call["security"] == [{"HTTPBearer": []}], name
        if "{" in name:
            assert "404" in statuses or "learners" in name, name
        if not name.startswith("GET"):
            assert {"409", "422"} <= statuses, name


def test_the_way_to_sign_in_is_a_bearer_key(document: dict[str, Any]) -> None:
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_every_body_and_every_response_has_an_example(calls: dict[str, dict[str, Any]]) -> None:
    for name, call in calls.items():
        for status, response in call["responses"].items():
            for kind, body in response.get("content", {}).items():
                assert body.get("example"), f"{name} {status} {kind}"
        for kind, body in call.get("requestBody", {}).get("content", {}).items():
            assert "example" in body or kind == "application/octet-stream", f"{name} takes {kind}"


def test_examples_are_what_they_are_examples_of(calls: dict[str, dict[str, Any]]) -> None:
    for name, example in EXAMPLES.items():
        shape = getattr(tutor.types, name, None) or getattr(tutor.web.openai, name, None)
        if shape is not None:  # strictly: with fields that are there, and no others
            TypeAdapter(shape).validate_python(example)
    problems = [
        (status, response["content"]["application/problem+json"]["example"])
        for call in calls.values()
        for status, response in call["responses"].items()
        if "application/problem+json" in response.get("content", {})
    ]
    assert problems
    assert all(Problem.model_validate(example).status == int(status) for status, example in problems)


def test_whatever_is_sent_fails_nothing_and_gets_a_documented_status(school: str, tmp_path: Path) -> None:
    """A short run of schemathesis; `make fuzz` is the long one."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{school}/api/openapi.json"),
            *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
            *("--phases", "examples,fuzzing", "-n", str(CASES), "--generation-deterministic", "--no-color"),
            *("--continue-on-failure", "--request-timeout", "30", "--workers", "2"),
            *("--warnings", "off"),
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6_000:] + ran.stderr[-2_000:]
    made = re.search(r"([\d,]+) generated", ran.stdout)
    assert made, ran.stdout[-2_000:]
    assert int(made[1].replace(",", "")) > 100
