"""The OpenAPI document: complete, with examples that are true, and kept to whatever is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fuzzing import fuzz, school
from pydantic import TypeAdapter

import tutor.privacy
import tutor.types
import tutor.web.openai
from tutor.web.described import EXAMPLES
from tutor.web.problems import Problem

CASES = 8  # of each call, at most, beside those that come from examples and from the schema


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with school(tmp_path_factory.mktemp("school")) as served:
        yield served


@pytest.fixture(scope="module")
def document(address: str) -> dict[str, Any]:
    described: dict[str, Any] = httpx.get(f"{address}/api/openapi.json").json()
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
            assert "404" in statuses, name
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
        modules = (tutor.types, tutor.web.openai, tutor.privacy)
        shape = next(vars(module)[name] for module in modules if name in vars(module))
        TypeAdapter(shape).validate_json(json.dumps(example))
    problems = [
        (status, response["content"]["application/problem+json"]["example"])
        for call in calls.values()
        for status, response in call["responses"].items()
        if "application/problem+json" in response.get("content", {})
    ]
    assert problems
    assert all(Problem.model_validate(example).status == int(status) for status, example in problems)


def test_whatever_is_sent_fails_nothing_and_gets_a_documented_status(address: str, tmp_path: Path) -> None:
    """A short run; `make fuzz` is the long one."""
    sent, wrong = fuzz(address, tmp_path, CASES, "--generation-deterministic")
    assert not wrong, wrong[-8_000:]
    assert sent > 300
