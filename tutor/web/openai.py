"""The API of OpenAI, as far as a tutor can honour it: each course is a model, and its answers are chat completions.

What a client sends as system or developer prompt is left out: the tutor's own prompts are not for callers to change.
Settings of a model (temperature, max_tokens, stop, seed, tools, …) have nothing to act on and are left out too; what
would change the form of the reply is refused. Each question is stored like any other, for the learner named ``user``.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import BaseModel, ConfigDict, Field

from tutor import export
from tutor.errors import InputError, NotFound, TutorError
from tutor.tutor import Tutor
from tutor.types import Answer, Turn
from tutor.web.access import BEARER, Asking, Reading, acting
from tutor.web.events import AS_IT_COMES, Stream
from tutor.web.problems import headers_of, problem_of, what_is_wrong

PREFIX = "tutor:"
_TURNS = 40  # of the history that are read
_LISTS = re.compile(rf"\n\n(?:{export.SOURCES}|{export.NEAREST}):\n")  # what an earlier reply of ours ends with
_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class Trouble(BaseModel):
    """What was wrong, as OpenAI says it."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class Failure(BaseModel):
    """An error in the form that clients of OpenAI read."""

    error: Trouble


class Part(BaseModel):
    """A part of a message."""

    type: str
    text: str = ""


class ChatMessage(BaseModel):
    """A message of the conversation so far; of ``user`` and ``assistant`` ones the text is read."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """The words of the message."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream is to tell besides."""

    include_usage: bool | None = None


class ResponseFormat(BaseModel):
    """The form of a reply."""

    type: str = "text"


class ChatRequest(BaseModel):
    """A question with the conversation before it; what else a client sends is left out."""

    model: str = Field(max_length=128, description="`tutor:` and the course.")
    messages: list[ChatMessage] = Field(min_length=1, description="The last one of the user is the question.")
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = Field(None, min_length=1, max_length=256, description="The learner who asks.")
    conversation: str | None = Field(
        None, max_length=64, description="An earlier `tutor.conversation`, to go on with in place of these messages."
    )
    n: int | None = Field(None, description="1.")
    logprobs: bool | None = Field(None, description="false.")
    response_format: ResponseFormat | None = Field(None, description="text.")
    tool_choice: Any = Field(None, description="none or auto: the tutor calls no tools.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "tutor:great-leap-forward",
                    "messages": [{"role": "user", "content": "Why did the harvests fail?"}],
                    "user": "student-7",
                }
            ]
        }
    )


class TokenUsage(BaseModel):
    """Tokens of a chat model, none where the tutor quotes."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class Reply(BaseModel):
    """The tutor's message: its answer with markers, and below it each quotation with its source."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    """The one reply."""

    index: int = 0
    message: Reply
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class ChatCompletion(BaseModel):
    """A reply; ``tutor`` holds the whole answer with its citations."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: TokenUsage
    tutor: Answer


class CourseModel(BaseModel):
    """A course as a model."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "tutor"


class Models(BaseModel):
    """The courses as models."""

    object: Literal["list"] = "list"
    data: list[CourseModel]


class Route(APIRoute):
    """A route whose failures have the form that clients of OpenAI read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except TutorError as error:
                return JSONResponse(_failure(error).model_dump(), error.status, headers_of(request, error))
            except RequestValidationError as error:
                return JSONResponse(_failure(InputError(what_is_wrong(error))).model_dump(), 400)

        return handled


class Unsupported(InputError):
    """A parameter that would change the form of the reply."""


class NoModel(NotFound):
    """No course is called so."""


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Failure, "description": "An error in OpenAI's form."} for status in statuses}


router = APIRouter(
    prefix="/v1", route_class=Route, responses=_documented(400, 401, 403, 429, 503), dependencies=[Security(BEARER)]
)


@router.get("/models", summary="Courses as models")
def list_models(tutor: Reading) -> Models:
    """Return the courses that can be asked, each as a model."""
    return Models(data=[CourseModel(id=PREFIX + course.id) for course in tutor.courses()])


@router.get("/models/{model}", responses=_documented(404), summary="A course as a model")
def read_model(tutor: Reading, model: str) -> CourseModel:
    """Return a course as a model."""
    _course(tutor, model)
    return CourseModel(id=model)


@router.post(
    "/chat/completions",
    response_model=ChatCompletion,
    responses={
        200: {"description": "The reply, or with `stream` its pieces.", "content": {"text/event-stream": {}}},
        **_documented(404, 409, 413),
    },
    summary="Ask a question as a chat completion",
)
def complete(tutor: Asking, request: Request, body: ChatRequest) -> Any:
    """Return the answer of the course that ``model`` names.

    System and developer prompts, settings of a model and tools are left out.
    """
    _check(body)
    tutor = acting(tutor, body.user)
    course = _course(tutor, body.model)
    question, history = _said(body.messages)
    turns = () if body.conversation else history
    reply = _Completion(body.model, bool(body.stream_options and body.stream_options.include_usage))
    if not body.stream:
        return reply.whole(tutor.ask(course, question, body.conversation, turns))
    pieces = tutor.stream(course, question, body.conversation, turns)
    stream: Stream = request.app.state.streams.begin(tutor.visitor, course, pieces)
    return EventSourceResponse(reply.pieces(stream), headers=AS_IT_COMES)


class _Completion:
    """One reply in the forms that clients of OpenAI read."""

    def __init__(self, model: str, with_usage: bool) -> None:
        self.model, self.with_usage = model, with_usage
        self.id, self.created = f"chatcmpl-{uuid4().hex}", int(time.time())

    def whole(self, answer: Answer) -> ChatCompletion:
        """Return the reply in one."""
        message = Reply(content=answer.answer + _tail(answer))
        return ChatCompletion(
            id=self.id, created=self.created, model=self.model, choices=[Choice(message=message)], usage=_usage(answer),
            tutor=answer,
        )  # fmt: skip

    async def pieces(self, stream: Stream) -> AsyncIterator[bytes]:
        """Yield the reply in chunks, the last one with the whole answer."""
        yield self._chunk({"role": "assistant", "content": ""})
        async with contextlib.aclosing(stream.follow()) as parts:
            async for _, part in parts:
                match part:
                    case None:
                        yield KEEPALIVE_COMMENT
                    case str():
                        yield self._chunk({"content": part})
                    case Answer():
                        if tail := _tail(part):
                            yield self._chunk({"content": tail})
                        yield self._chunk({}, "stop", tutor=part.model_dump(mode="json"))
                        if self.with_usage:
                            yield self._event({"choices": [], "usage": _usage(part).model_dump()})
                    case _:
                        yield format_sse_event(data_str=_failure(part).model_dump_json())
                        return
        yield format_sse_event(data_str="[DONE]")

    def _chunk(self, delta: dict[str, str], ends: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ends}
        return self._event({"choices": [choice], **({"usage": None} if self.with_usage else {}), **more})

    def _event(self, fields: dict[str, Any]) -> bytes:
        head = {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model}
        return format_sse_event(data_str=json.dumps(head | fields, ensure_ascii=False))


def _check(body: ChatRequest) -> None:
    """Raise `Unsupported` for what would change the form of the reply."""
    forms = body.response_format.type if body.response_format else "text"
    asked = {
        "n": body.n not in (None, 1),
        "logprobs": bool(body.logprobs),
        "response_format": forms != "text",
        "tool_choice": body.tool_choice not in (None, "none", "auto"),
    }
    if wrong := [name for name, is_asked in asked.items() if is_asked]:
        raise Unsupported(f"The tutor gives one reply, in words: it has no {wrong[0]}. Leave that out.")
    parts = (part for message in body.messages if isinstance(message.content, list) for part in message.content)
    if any(part.type != "text" for part in parts):
        raise Unsupported("The tutor reads text only. Leave out pictures, sounds and files.")


def _course(tutor: Tutor, model: str) -> str:
    """Return the course that a model stands for; raises `NoModel`."""
    known = [PREFIX + course.id for course in tutor.courses()]
    if model not in known:
        raise NoModel(f"There is no model {model[:80]!r}. The models are: {', '.join(known) or 'none yet'}.")
    return model.removeprefix(PREFIX)


def _said(messages: list[ChatMessage]) -> tuple[str, tuple[Turn, ...]]:
    """Return the question and the exchanges before it; raises `InputError` where nothing is asked."""
    turns: list[Turn] = []
    asked = ""
    for message in messages:
        text = message.text
        if message.role == "user":
            asked = text
        elif message.role == "assistant" and asked and message is not messages[-1]:
            turns.append(Turn(asked, asked, _LISTS.split(text)[0]))
            asked = ""
    if not asked:
        raise InputError("The last message is not a question of the user. Send one with the role user at the end.")
    return asked, tuple(turns[-_TURNS:])


def _tail(answer: Answer) -> str:
    below = export.below_text(answer)
    return f"\n\n{below}" if below else ""


def _usage(answer: Answer) -> TokenUsage:
    if answer.usage is None:
        return TokenUsage()
    read, written = answer.usage.input_tokens, answer.usage.output_tokens
    return TokenUsage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


def _failure(error: Exception) -> Failure:
    told = problem_of(error)
    codes: dict[type[Exception], str] = {NoModel: "model_not_found", Unsupported: "unsupported_parameter"}
    code = codes.get(type(error))
    kind = _TYPES.get(told.status, "invalid_request_error" if told.status < 500 else "server_error")
    return Failure(error=Trouble(message=told.detail, type=kind, code=code))
