"""Chat models: what a name gives, and one clear line where it gives none."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from scripted import StatusError, asked, scripted, streaming

from tutor import chat
from tutor.chat import EXTRAS, Chat, ModelFailed, chat_model, is_passing, open_chat
from tutor.errors import SetupError
from tutor.settings import Settings


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
        ("nobody:gpt", "No provider is called 'nobody'. Known are anthropic, gguf, google_genai, ollama, openai"),
        ("openai:gpt", "openai:gpt cannot be used .*: is its key in the environment"),
    ],
)
def test_a_name_that_gives_no_model_is_refused_in_one_line(name: str, said: str) -> None:
    with pytest.raises(SetupError, match=said) as refused:
        chat_model(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("provider", "extra"), [item for item in EXTRAS.items() if item[0] not in ("openai", "gguf")])
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


def test_a_key_comes_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-very-secret\n")
    model = chat_model("openai:gpt", key_file=file)
    assert model.model_dump()["openai_api_key"].get_secret_value() == "sk-very-secret"
    assert "sk-very-secret" not in repr(model)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b"", "must hold one key"),
        (b"a b", "one key"),
        (b"\xff", "it is no text"),
    ],
)
def test_a_key_file_that_holds_no_key_is_refused_without_being_shown(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SetupError, match=said):
        chat_model("openai:gpt", key_file=file)


def test_without_a_model_in_the_settings_there_is_none(settings: Settings) -> None:
    assert open_chat(settings) is None


def test_a_model_file_is_called_by_its_name_alone(settings: Settings) -> None:
    opened = open_chat(settings.model_copy(update={"model": "gguf:/secret/folder/small.gguf"}), scripted("x"))
    assert opened is not None
    assert opened.name == "gguf:small.gguf"


def said(model: BaseChatModel, seconds: float = 30.0, first: float = 30.0) -> str:
    """Return what a model says through a `Chat` of its own."""
    guarded = Chat(model, "fake:model", seconds, first)
    return "".join(piece.text for piece in guarded.stream(lambda: model.stream("Why?"), monotonic() + seconds))


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "LONGEST_WAIT", 0.01)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_asked_again(status: int, no_waiting: None) -> None:
    model = scripted(StatusError(status), "It rained.")
    assert said(model) == "It rained."
    assert asked(model) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_will_not_pass_is_asked_once(status: int, no_waiting: None) -> None:
    model = scripted(StatusError(status), "It rained.")
    with pytest.raises(ModelFailed) as failed:
        said(model)
    assert (failed.value.why, asked(model)) == ("failed", 1)
    assert "sk-very-secret" not in str(failed.value)


def test_it_is_asked_three_times_at_most(no_waiting: None) -> None:
    model = scripted(StatusError(429))
    with pytest.raises(ModelFailed) as failed:
        said(model)
    assert (failed.value.why, asked(model)) == ("busy", 3)


def test_a_server_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = monotonic()
    assert said(scripted(StatusError(429, **{"retry-after": "1"}), "It rained.")) == "It rained."
    assert monotonic() - begun >= 1


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (httpx.ConnectError("no route"), True),
        (httpx.ReadTimeout("slow"), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (type("APIConnectionError", (Exception,), {})(), True),
        (ValueError("malformed"), False),
        (StatusError(503), True),
        (StatusError(404), False),
    ],
)
def test_which_failures_may_pass(error: Exception, passes: bool) -> None:
    assert is_passing(error) is passes


def test_nothing_is_asked_again_once_it_speaks(no_waiting: None) -> None:
    model = streaming("It ", StatusError(500))
    pieces: list[str] = []
    guarded = Chat(model, "fake:model")
    with pytest.raises(ModelFailed):
        for piece in guarded.stream(lambda: model.stream("Why?"), monotonic() + 30):
            pieces.append(piece.text)
    assert pieces == ["It "]
    assert len(model.seen) == 1


@pytest.mark.parametrize(("seconds", "first"), [(30.0, 0.2), (0.2, 30.0)])
def test_a_model_that_is_slow_to_begin_is_not_waited_for(seconds: float, first: float) -> None:
    begun = monotonic()
    with pytest.raises(ModelFailed) as failed:
        said(scripted(3.0), seconds, first)
    assert failed.value.why == "slow"
    assert monotonic() - begun < 2


def test_a_model_that_dawdles_is_cut_off() -> None:
    with pytest.raises(ModelFailed) as failed:
        said(streaming("It ", 3.0, "rained."), 0.5)
    assert failed.value.why == "slow"


def test_a_model_that_is_no_longer_listened_to_stops() -> None:
    model = streaming(*["and so on "] * 10_000)
    guarded = Chat(model, "fake:model")
    stream = guarded.stream(lambda: model.stream("Why?"), monotonic() + 30)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    for _ in range(100):
        if model.closed:
            break
        sleep(0.05)
    assert model.closed


def test_a_model_that_keeps_failing_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch, no_waiting: None
) -> None:
    monkeypatch.setattr(chat, "REST", 0.3)
    model = scripted(*[StatusError(401)] * chat.FAILURES, "It rained.")
    guarded = Chat(model, "fake:model")

    def ask() -> str:
        return "".join(p.text for p in guarded.stream(lambda: model.stream("Why?"), monotonic() + 30))

    for _ in range(chat.FAILURES):
        with pytest.raises(ModelFailed):
            ask()
    with pytest.raises(ModelFailed, match="rests"):
        ask()
    assert asked(model) == chat.FAILURES
    sleep(0.4)
    assert ask() == "It rained."


@pytest.mark.parametrize("error", [StatusError(400), StatusError(413), StatusError(422)])
def test_a_request_that_is_wrong_in_itself_says_nothing_about_the_model(error: Exception) -> None:
    model = scripted(*[error] * (chat.FAILURES + 1), "It rained.")
    guarded = Chat(model, "fake:model")
    for _ in range(chat.FAILURES + 1):
        with pytest.raises(ModelFailed, match="StatusError"):
            list(guarded.stream(lambda: model.stream("Why?"), monotonic() + 30))


def test_a_student_who_leaves_says_nothing_about_the_model() -> None:
    model = streaming("It ", "rained.")
    guarded = Chat(model, "fake:model")
    for _ in range(chat.FAILURES + 1):
        stream = guarded.stream(lambda: model.stream("Why?"), monotonic() + 30)
        assert next(stream).text == "It "
        stream.close()  # type: ignore[attr-defined]


def test_many_may_ask_at_once() -> None:
    model = streaming(*["It", "rained", "a", "lot", "."])
    guarded = Chat(model, "fake:model")
    found: list[int] = []

    def ask() -> None:
        found.append(len(list(guarded.stream(lambda: model.stream("Why?"), monotonic() + 60))))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 12


def test_a_failure_is_logged_without_what_the_client_said(caplog: pytest.LogCaptureFixture, no_waiting: None) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelFailed):
        said(scripted(StatusError(401)))
    assert "sk-very-secret" not in caplog.text
