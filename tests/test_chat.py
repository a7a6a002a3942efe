"""Chat models: what a name gives, and one clear line where it gives none."""

from __future__ import annotations

import sys

import pytest

from tutor.chat import EXTRAS, chat_model
from tutor.errors import SetupError


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gpt", "'gpt' is no chat model: write provider:model"),
        ("openai:", "is no chat model"),
        (":gpt", "is no chat model"),
        ("nobody:gpt", "No provider is called 'nobody'. Known are anthropic, google_genai, ollama, openai"),
        ("openai:gpt", "openai:gpt cannot be used .*: is its key in the environment"),
    ],
)
def test_a_name_that_gives_no_model_is_refused_in_one_line(name: str, said: str) -> None:
    with pytest.raises(SetupError, match=said) as refused:
        chat_model(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("provider", "extra"), [item for item in EXTRAS.items() if item[0] != "openai"])
def test_a_missing_package_is_named_with_what_installs_it(
    provider: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"langchain_{provider}", None)  # as if it were not installed, whether it is or not
    with pytest.raises(SetupError, match=rf"pip install 'course-tutor\[{extra}\]'"):
        chat_model(f"{provider}:some")


def test_without_langchain_itself_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain.chat_models", None)
    with pytest.raises(SetupError, match=r"Chat models need another package: pip install 'course-tutor\[openai\]'"):
        chat_model("openai:gpt")


def test_a_server_of_ones_own_needs_no_key() -> None:
    model = chat_model("openai:some", "http://127.0.0.1:9/v1")
    assert model.model_dump()["openai_api_base"] == "http://127.0.0.1:9/v1"


def test_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    assert "sk-very-secret" not in repr(chat_model("openai:gpt"))
