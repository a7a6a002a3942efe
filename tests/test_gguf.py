"""Models in .gguf files: a real small one, in this process, and the same one behind a server that is not ours."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from pydantic import BaseModel, ConfigDict, Field
from smollm2 import FILE, needs_smollm2, serve_smollm2, smollm2  # noqa: F401 (a fixture)

from tutor.chat import chat_model
from tutor.errors import SetupError
from tutor.gguf import GgufChat, GgufError, load_gguf

LESSON = """[1] In 1958 Mao Zedong launched the Great Leap Forward.
[2] Farmers were told to build small furnaces in their back yards.
[3] The steel that they made was too poor to use."""
STORY = "Tell a long story about a cat."
ENDLESS = {"ignore_eos": True, "max_tokens": 3000}
AFRESH = {"cache_prompt": False}  # where two answers are compared: reuse rounds otherwise, and may turn a word


class Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(max_length=40)
    ids: list[int] = Field(max_length=2)


class Spy:
    """The real server, and the events that each call heard."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.heard: list[list[dict[str, Any]]] = []

    def handle_chat_completions(self, request: dict[str, Any], hear: Callable[[dict[str, Any]], bool]) -> None:
        events: list[dict[str, Any]] = []
        self.heard.append(events)

        def note(event: dict[str, Any]) -> bool:
            events.append(event)
            return hear(event)

        self.server.handle_chat_completions(request, note)


@pytest.fixture(scope="module")
def chat() -> GgufChat:
    return load_gguf(str(smollm2()), seconds=250)


@pytest.fixture
def spied(chat: GgufChat) -> tuple[GgufChat, Spy]:
    spy = Spy(chat.server)
    return chat.model_copy(update={"server": spy}), spy


def joined(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    return reduce(add, chunks)


# --- answers -------------------------------------------------------------------------------------------------------


@needs_smollm2
def test_a_question_is_answered_and_its_tokens_are_counted(chat: GgufChat) -> None:
    answer = chat.invoke([SystemMessage("Answer briefly."), HumanMessage(f"{LESSON}\n\nWho launched it?")])
    assert "Mao Zedong" in answer.content
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.usage_metadata
    assert answer.usage_metadata["input_tokens"] > 60
    assert 5 < answer.usage_metadata["output_tokens"] < 200


@needs_smollm2
def test_a_streamed_answer_is_the_same_in_pieces_and_its_last_piece_counts_the_tokens(chat: GgufChat) -> None:
    chunks = list(chat.stream(STORY, max_tokens=20, **AFRESH))
    assert len([chunk for chunk in chunks if chunk.content]) > 10
    assert joined(chunks).content == chat.invoke(STORY, max_tokens=20, **AFRESH).content
    assert chunks[-1].chunk_position == "last"
    assert chunks[-1].usage_metadata
    assert chunks[-1].usage_metadata["output_tokens"] == 20


@needs_smollm2
def test_it_streams_to_a_waiting_loop_too(chat: GgufChat) -> None:
    async def read() -> list[Any]:
        return [chunk.content async for chunk in chat.astream("Hello", max_tokens=5)]

    assert len(asyncio.run(read())) > 3


@needs_smollm2
def test_an_answer_ends_before_a_stop_word(chat: GgufChat) -> None:
    whole = str(chat.invoke(STORY, max_tokens=20, **AFRESH).content)
    word = whole.split()[5]
    stopped = chat.invoke(STORY, stop=[word], max_tokens=20, **AFRESH)
    assert stopped.content == whole[: whole.index(word)]
    assert stopped.response_metadata["finish_reason"] == "stop"


@needs_smollm2
def test_an_answer_at_the_limit_says_that_it_was_cut(chat: GgufChat) -> None:
    short = chat.model_copy(update={"most_tokens": 3})
    assert short.invoke(STORY).response_metadata["finish_reason"] == "length"


@needs_smollm2
def test_the_same_beginning_is_not_read_twice(chat: GgufChat) -> None:
    def ask(question: str) -> tuple[int, int]:
        usage = chat.invoke(f"{LESSON * 3}\n\n{question}", max_tokens=1).usage_metadata
        assert usage
        return usage["input_tokens"], usage["input_token_details"]["cache_read"]

    ask("Who launched it?")
    read, reused = ask("What did farmers do?")
    assert read - 20 < reused < read


@needs_smollm2
def test_text_of_a_marker_acts_as_one(chat: GgufChat) -> None:
    """What the class says of it: the day that this fails, callers need not break such text up."""

    def tokens(text: str) -> int:
        usage = chat.invoke(text, max_tokens=1).usage_metadata
        assert usage
        return usage["input_tokens"]

    assert tokens("a<|im_end|>b") == tokens("ab") + 2  # "ab" is one token; a marker has one of its own
    assert tokens("a<|im_end |>b") > tokens("ab") + 6


@needs_smollm2
def test_what_it_is_called_gives_no_folder_away(chat: GgufChat) -> None:
    assert chat._llm_type == "gguf"
    assert chat.asdict() == {"model": FILE, "context": 4096, "most_tokens": 512, "_type": "gguf"}
    assert str(smollm2().parent) not in repr(chat)
    assert chat.invoke("Hello", max_tokens=1).response_metadata["model_name"] == FILE


# --- objects by a schema ---------------------------------------------------------------------------------------------


@needs_smollm2
def test_an_object_follows_its_schema_and_grows_while_it_streams(chat: GgufChat) -> None:
    structured = chat.with_structured_output(Said.model_json_schema(), method="json_schema")
    grown = list(structured.stream(f"{LESSON}\n\nSay what happened."))
    Said.model_validate(grown[-1])
    assert len(grown) > 2
    Said.model_validate(structured.invoke(f"{LESSON}\n\nSay what happened."))


@needs_smollm2
def test_an_object_that_was_cut_is_refused(chat: GgufChat) -> None:
    cut = chat.model_copy(update={"most_tokens": 6}).with_structured_output(Said.model_json_schema())
    with pytest.raises(OutputParserException, match="cut at the limit"):
        cut.invoke(STORY)
    with pytest.raises(OutputParserException, match="cut at the limit"):
        list(cut.stream(STORY))


@needs_smollm2
@pytest.mark.parametrize("asked", [{"include_raw": True}, {"method": "function_calling"}, {"schema": Said}])
def test_other_ways_to_objects_are_refused(chat: GgufChat, asked: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError, match="by a JSON schema"):
        chat.with_structured_output(**{"schema": Said.model_json_schema(), **asked})


# --- ends ------------------------------------------------------------------------------------------------------------


@needs_smollm2
def test_a_reader_who_leaves_stops_the_model(spied: tuple[GgufChat, Spy]) -> None:
    chat, spy = spied
    stream = chat.stream(STORY, **ENDLESS)
    next(stream)
    stream.close()
    chat.invoke("Hello", max_tokens=1)  # whose turn comes when the first has ended
    assert len(spy.heard[0]) < 300


@needs_smollm2
def test_a_call_that_takes_too_long_is_ended_while_the_prompt_is_read(spied: tuple[GgufChat, Spy]) -> None:
    chat, spy = spied
    with pytest.raises(GgufError, match=r"took longer than 0\.2 s") as ended:
        chat.model_copy(update={"seconds": 0.2}).invoke("slowly " * 3500)
    assert ended.value.status_code == 504
    chat.invoke("Hello", max_tokens=1)
    progress = spy.heard[0][-1]["prompt_progress"]
    assert progress["processed"] < progress["total"]


@needs_smollm2
def test_a_call_that_does_not_get_its_turn_says_busy_and_never_begins(spied: tuple[GgufChat, Spy]) -> None:
    chat, spy = spied
    first = chat.stream(STORY, **ENDLESS)
    next(first)
    with pytest.raises(GgufError, match=r"was busy for 0\.1 s") as refused:
        chat.model_copy(update={"seconds": 0.1}).invoke("Hello")
    assert refused.value.status_code == 503
    first.close()
    chat.invoke("Hello", max_tokens=1)
    assert len(spy.heard) == 2


@needs_smollm2
def test_a_prompt_that_does_not_fit_is_refused(chat: GgufChat) -> None:
    with pytest.raises(GgufError, match=r"^SmolLM2.*exceeds the available context size") as refused:
        chat.invoke("too long " * 4096)
    assert refused.value.status_code == 400


@needs_smollm2
@pytest.mark.parametrize(
    ("message", "more"),
    [
        ("half a \ud800 character", {}),
        ("hi", {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "?"}}}}),
    ],
)
def test_what_the_library_cannot_read_is_refused_in_one_line(
    chat: GgufChat, message: str, more: dict[str, Any]
) -> None:
    with pytest.raises(GgufError) as refused:
        chat.invoke([HumanMessage("Hello"), AIMessage("Hello."), HumanMessage(message)], **more)
    assert refused.value.status_code == 400
    assert "\n" not in str(refused.value)


@needs_smollm2
def test_a_mistake_of_ours_is_not_taken_for_an_end(chat: GgufChat) -> None:
    with pytest.raises(AttributeError, match="handle_chat_completions"):
        chat.model_copy(update={"server": object()}).invoke("Hello")


# --- loading ---------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"none\.gguf cannot be read: No such file"):
        load_gguf(str(tmp_path / "none.gguf"))


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read: Is a directory"):
        load_gguf(str(tmp_path))


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"PK\3\4")
    with pytest.raises(SetupError, match=r"model\.gguf is no GGUF file"):
        load_gguf(str(tmp_path / "model.gguf"))


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(SetupError, match=r"pip install 'course-tutor\[gguf\]'"):
        load_gguf(str(tmp_path / "model.gguf"))


@needs_smollm2
def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    with smollm2().open("rb") as whole:
        (tmp_path / "model.gguf").write_bytes(whole.read(3_000_000))
    with pytest.raises(SetupError, match=r"cannot load .*model\.gguf: is the file whole"):
        load_gguf(str(tmp_path / "model.gguf"))


@needs_smollm2
@pytest.mark.parametrize(("load", "threads"), [(0.2, (4, 3)), (2.4, (2, 1)), (30.0, (1, 1))])
def test_cores_that_others_use_are_left_to_them(
    load: float, threads: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(4)), raising=False)
    monkeypatch.setattr("os.getloadavg", lambda: (load, 9, 9))
    given: list[Any] = []

    class Server:
        def __init__(self, params: Any) -> None:
            given.append(params)

        def handle_chat_completions(self, request: dict[str, Any], hear: Callable[[dict[str, Any]], bool]) -> None:
            pass

    monkeypatch.setattr("xllamacpp.Server", Server)
    load_gguf(str(smollm2()))
    assert (given[0].cpuparams_batch.n_threads, given[0].cpuparams.n_threads) == threads


@needs_smollm2
def test_it_is_quiet() -> None:
    program = "import sys; from tutor.gguf import load_gguf; load_gguf(sys.argv[1]).invoke('Hello', max_tokens=2)"
    ran = subprocess.run([sys.executable, "-c", program, smollm2()], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


# --- the library's own server ----------------------------------------------------------------------------------------


@needs_smollm2
@needs_smollm2
def test_a_model_that_is_let_go_at_once_holds_nobody_up() -> None:
    program = "import sys\nfrom tutor.gguf import load_gguf\nfor _ in range(12): load_gguf(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, smollm2()], check=True, timeout=120)


def test_nobody_finds_the_server_that_the_library_starts(chat: GgufChat) -> None:
    kind, _, path = chat.server.listening_address.partition("://")
    assert kind == "unix"
    assert not Path(path).parent.exists()


@needs_smollm2
@pytest.mark.parametrize("path", ["v1/chat/completions", "completion", "tokenize", "apply-template", "slots", "props"])
def test_where_it_can_be_found_it_answers_nobody_without_the_key(keyed: GgufChat, path: str) -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}], "prompt": "Hello", "content": "Hello"}
    for key in ({}, {"Authorization": "Bearer none"}):
        assert httpx.post(f"{keyed.server.listening_address}/{path}", json=body, headers=key).status_code == 401


@needs_smollm2
def test_the_key_does_not_bar_this_process(keyed: GgufChat) -> None:
    assert keyed.invoke("Hello", max_tokens=2).content


@pytest.fixture(scope="module")
def keyed() -> GgufChat:
    """A model on a system without Unix sockets: its server listens at a port of this computer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr("socket.AF_UNIX")
        return load_gguf(str(smollm2()), context=256)


# --- the same model behind HTTP --------------------------------------------------------------------------------------


@needs_smollm2
def test_a_server_that_is_not_ours_answers_and_counts(
    smollm2_server: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, key = smollm2_server
    monkeypatch.setenv("OPENAI_API_KEY", key)
    model = chat_model("openai:smollm2", url)
    question = f"{LESSON}\n\nWho launched the Great Leap Forward?"
    answer = model.invoke(question)
    assert "Mao Zedong" in answer.content
    assert answer.usage_metadata
    assert answer.usage_metadata["input_tokens"] > 60
    chunks = list(model.stream(question))
    streamed = joined(chunks)
    assert len(chunks) > 5
    assert "Mao Zedong" in streamed.content
    assert streamed.usage_metadata
    assert streamed.usage_metadata["output_tokens"] > 5


@needs_smollm2
def test_a_server_that_is_not_ours_refuses_a_wrong_key(
    smollm2_server: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    with pytest.raises(Exception, match="Invalid API Key") as refused:
        chat_model("openai:smollm2", smollm2_server[0]).invoke("Hello")
    assert getattr(refused.value, "status_code", None) == 401
