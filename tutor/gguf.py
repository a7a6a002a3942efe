"""A chat model in a .gguf file, run in this process by llama.cpp (package ``xllamacpp``): no server, key or network."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.outputs import ChatGenerationChunk, ChatResult, Generation
from langchain_core.runnables import Runnable
from pydantic import BaseModel, Field, PrivateAttr

from tutor.errors import SetupError

CONTEXT = 4096  # tokens of a prompt and its answer
MOST_TOKENS = 512  # of one answer
SECONDS = 60.0  # that one call may take, waiting for its turn included

_BATCH = 256  # tokens read at once: after each batch a call can be stopped; larger ones are no faster on a processor
_CACHE_MIB = 1024  # for the beginnings of earlier prompts; llama.cpp would take 8 GiB
_THREADS = 4  # at most
_LONGEST_SOCKET = 100  # bytes of a Unix socket's path; systems allow 104 or 108


class GgufError(Exception):
    """A call that failed; ``status_code`` is what an HTTP service would answer, such as 400 for too long a prompt."""

    def __init__(self, message: str, status_code: int) -> None:
        super().__init__(message)
        self.status_code = status_code


class GgufChat(BaseChatModel):
    """A loaded model. Thread-safe: it writes one answer at a time, and a call that has to wait does so.

    Calls raise `GgufError`: 400 for what the model cannot read, 503 when others kept it busy for ``seconds``, 504 when
    it took longer than that. More options of llama.cpp's ``/v1/chat/completions`` may be bound. Text of the model's
    own markers in a message, such as ``<|im_end|>``, acts as a marker: whoever passes on others' words breaks it up.
    """

    model: str
    context: int
    most_tokens: int
    seconds: float
    server: Any = Field(exclude=True, repr=False)
    _turns: ThreadPoolExecutor = PrivateAttr(default_factory=lambda: ThreadPoolExecutor(1, "gguf"))

    @property
    def _llm_type(self) -> str:
        return "gguf"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "context": self.context, "most_tokens": self.most_tokens}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = {
            "messages": convert_to_openai_messages(messages),
            "max_tokens": self.most_tokens,
            "temperature": 0,
            "stop": list(stop or ()),
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,  # the library asks whether to go on while it reads the prompt, too
        }
        for event in self._events(request | kwargs):
            if "error" in event:
                raise GgufError(f"{self.model}: {event['error']['message']}", event["error"]["code"])
            if chunk := self._chunk(event):
                yield chunk

    def _events(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield what the library says, until it has ended or the caller closes this generator: then it stops too."""
        said: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        stopped = Event()

        def hear(event: dict[str, Any]) -> bool:
            said.put(event)
            return stopped.is_set()

        def speak() -> None:
            try:
                self.server.handle_chat_completions(request, hear)
            except (ValueError, TypeError, RuntimeError) as error:
                said.put({"error": {"message": " ".join(str(error).split()), "code": 400}})
            finally:
                said.put(None)

        deadline = monotonic() + self.seconds
        turn = self._turns.submit(speak)
        try:
            while event := said.get(timeout=max(0.0, deadline - monotonic())):
                yield event
            turn.result()  # raises what nobody expected, here where it is seen
        except Empty:
            if turn.cancel():
                raise GgufError(f"{self.model} was busy for {self.seconds:g} s.", 503) from None
            raise GgufError(f"{self.model} took longer than {self.seconds:g} s.", 504) from None
        finally:
            stopped.set()
            turn.cancel()

    def _chunk(self, event: dict[str, Any]) -> ChatGenerationChunk | None:
        """Return an event as LangChain's chunk; None for one that only says how far the prompt is read."""
        if usage := event.get("usage"):
            counted = UsageMetadata(
                input_tokens=usage["prompt_tokens"],
                output_tokens=usage["completion_tokens"],
                total_tokens=usage["total_tokens"],
                input_token_details=InputTokenDetails(cache_read=usage["prompt_tokens_details"]["cached_tokens"]),
            )
            return ChatGenerationChunk(
                message=AIMessageChunk(content="", usage_metadata=counted, chunk_position="last")
            )
        choice = event["choices"][0]
        if reason := choice["finish_reason"]:
            ended = {"finish_reason": reason, "model_name": self.model}
            return ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=ended))
        text = choice["delta"].get("content")
        return ChatGenerationChunk(message=AIMessageChunk(content=text)) if text else None

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """Return a chain that gives an object by a JSON schema, which the model cannot but follow.

        Streamed, the object grows. Raises `OutputParserException` where the answer was cut at its limit, and
        `NotImplementedError` for ``include_raw``, another method than ``json_schema`` or a class as the schema.
        """
        if not isinstance(schema, dict) or include_raw or kwargs.get("method", "json_schema") != "json_schema":
            raise NotImplementedError("A .gguf model gives objects by a JSON schema (a dict), without the raw message.")
        shape = {"name": schema.get("title", "answer"), "strict": True, "schema": schema}
        bound = self.bind(response_format={"type": "json_schema", "json_schema": shape})
        return bound | _WholeJson()


class _WholeJson(JsonOutputParser):
    """Refuses an object that was cut: the parser closes what is open, and half a sentence would pass for a whole."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        message = getattr(result[0], "message", None)
        if message and message.response_metadata.get("finish_reason") == "length":
            raise OutputParserException("The model's object was cut at the limit of its length.")
        return super().parse_result(result, partial=partial)


def load_gguf(
    path: str, *, context: int = CONTEXT, most_tokens: int = MOST_TOKENS, seconds: float = SECONDS
) -> GgufChat:
    """Return the chat model in the file ``path``, loaded; ``context`` is for a prompt and its answer, in tokens.

    Raises `SetupError` where ``xllamacpp`` is missing, or the file is missing, no GGUF or refused by llama.cpp.
    """
    file = Path(path).expanduser()
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
    except OSError as error:
        raise SetupError(f"The model {path} cannot be read: {error.strerror}.") from None
    if magic != b"GGUF":
        raise SetupError(f"{path} is no GGUF file. Name a model in the format of llama.cpp.")
    try:
        import xllamacpp
    except ImportError:
        raise SetupError("Models in .gguf files need another package: pip install 'course-tutor[gguf]'.") from None
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx = context
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = _BATCH
    params.cache_ram_mib = _CACHE_MIB
    free = _free_cores()
    params.cpuparams_batch.n_threads = free  # to read the prompt
    params.cpuparams.n_threads = max(1, free - 1)  # to write, while another core checks what is written
    params.verbosity = -1
    params.offline = True
    try:
        server = _without_a_door(xllamacpp.Server, params)
        # One word: the library waits for ever where a server is let go before its loop has begun.
        server.handle_chat_completions(
            {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}, lambda event: False
        )
    except (RuntimeError, ValueError):
        raise SetupError(f"llama.cpp cannot load {path}: is the file whole, and is there memory for it?") from None
    return GgufChat(model=file.name, context=context, most_tokens=most_tokens, seconds=seconds, server=server)


def _free_cores() -> int:
    """Return how many cores this process may use and others have left it in the last minute, from one to four.

    Measured on two cores: a second thread makes reading twice as fast where its core is free, and three to ten times
    slower where it is not, since all threads wait for the last one at every step.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
    return max(1, min(_THREADS, cores - busy))


def _without_a_door(serve: Any, params: Any) -> Any:
    """Return the library's server, whose HTTP side cannot be left out, so that nobody reaches it from outside.

    It listens on a Unix socket in a folder of its own, which is gone at once. Where there are none, it listens on this
    computer only. Either way it answers nobody without a random key.
    """
    params.api_keys = [secrets.token_urlsafe(32)]
    params.ui = params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
    params.cors_origins = ""
    with TemporaryDirectory(prefix="tutor-") as folder:
        door = str(Path(folder) / "door.sock")
        if hasattr(socket, "AF_UNIX") and len(os.fsencode(door)) <= _LONGEST_SOCKET:
            params.hostnames = [door]
        return serve(params)
