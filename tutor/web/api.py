"""The HTTP API under ``/api/v1``: routing only; every call is a call of `Tutor`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from anyio import from_thread
from fastapi import APIRouter, Depends, Header, Query, Request, Response, Security
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from tutor import export
from tutor.conversations import LONGEST_TITLE
from tutor.errors import InputError, NotReady, TutorError
from tutor.tutor import Tutor
from tutor.types import (
    Answer,
    Conversation,
    ConversationInfo,
    CourseInfo,
    CourseMaterial,
    Feedback,
    IngestReport,
    MaterialFile,
    SourceInfo,
    StoredSource,
)
from tutor.web.access import BEARER, Asking, Reading, Writing, acting
from tutor.web.events import Streams, respond, taken_up
from tutor.web.paging import (
    ETAG,
    LINK,
    NOT_MODIFIED,
    Cursor,
    IfNoneMatch,
    Limit,
    is_known,
    page,
    page_of_conversations,
    tag,
    unchanged,
    validated,
)
from tutor.web.problems import documented
from tutor.web.texts import Texts, reader

router = APIRouter(
    prefix="/api/v1", responses=documented(400, 401, 403, 413, 415, 422, 429, 503), dependencies=[Security(BEARER)]
)
health = APIRouter(responses=documented(400, 403))


def may_add(tutor: Writing) -> None:
    """Raise `Forbidden` where whoever asks may not change what courses hold."""
    tutor.check_may_add_material()


def once(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="A value of the caller's own. A write that comes again with it is done once.", max_length=255
        ),
    ] = None,
) -> None:
    """Describe the header, which `Idempotency` reads before any route is chosen."""


class Question(BaseModel):
    """The body of a question."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"question": "Why did the harvests fail?", "stream": False}]}
    )

    question: str
    conversation: str | None = Field(
        None, max_length=64, description="An earlier answer's `conversation`, to go on with it."
    )
    learner: str | None = Field(None, min_length=1, max_length=256, description="Whose conversation this is.")
    replaces: str | None = Field(
        None, max_length=64, description="The id of the conversation's last message, whose place this question takes."
    )
    stream: bool = Field(False, description="Answer as server-sent events: token*, answer, done.")


Learner = Annotated[str | None, Query(description="Whose conversation it is, where it was asked for a learner.")]
LastEvent = Annotated[str | None, Header(description="The id of the last event that came, of a stream to take up.")]


@router.get("/courses", responses={200: {"headers": LINK}}, summary="Courses that can be asked")
def list_courses(
    tutor: Reading, request: Request, response: Response, cursor: Cursor = None, limit: Limit = None
) -> tuple[CourseInfo, ...]:
    """Return the courses, by title."""
    return page(tutor.courses(), lambda course: course.id, request, response, cursor, limit)


@router.get(
    "/courses/{course}/sources",
    response_model=tuple[SourceInfo, ...],
    responses={200: {"headers": LINK | ETAG}, 304: NOT_MODIFIED, **documented(404)},
    summary="Sources of a course",
)
def list_sources(
    tutor: Reading,
    request: Request,
    response: Response,
    course: str,
    cursor: Cursor = None,
    limit: Limit = None,
    if_none_match: IfNoneMatch = None,
) -> Any:
    """Return the sources that the course holds now, in its order."""
    held = tutor.sources(course)
    etag = tag(course, *(f"{source.name} {source.version} {source.title}" for source in held))
    if is_known(etag, if_none_match):
        return unchanged(etag)
    response.headers.update(validated(etag))
    return page(held, lambda source: source.name, request, response, cursor, limit)


@router.get(
    "/courses/{course}/sources/{source:path}",
    response_model=StoredSource,
    responses={200: {"headers": ETAG}, 304: NOT_MODIFIED, **documented(404)},
    summary="A source with its text",
)
def read_source(
    tutor: Reading,
    response: Response,
    course: str,
    source: str,
    version: Annotated[str | None, Query(description="sha256:… as a citation gives it.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Any:
    """Return one source with its outline and the stored text that citation offsets refer to."""
    held = tutor.source(course, source, version)
    etag = f'"{held.version}{"-changed" if held.changed else ""}"'
    if is_known(etag, if_none_match):
        return unchanged(etag)
    response.headers.update(validated(etag))
    return held


@router.put(
    "/courses/{course}/sources/{source:path}",
    status_code=202,
    dependencies=[Depends(may_add), Depends(once)],
    responses=documented(404, 409),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file as it is.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    summary="Add or replace a source",
)
def put_source(
    tutor: Writing,
    request: Request,
    course: str,
    source: str,
    title: Annotated[str | None, Query(description="What a course that is not there yet is to be called.")] = None,
) -> MaterialFile:
    """Take a file, which is added in the background: `material` says how it goes.

    Until it is, the course answers from what it held before. Where there is no such course, one is made.
    """
    return tutor.hand_in(course, source, _pieces(request), title)


def _pieces(request: Request) -> Iterator[bytes]:
    """Yield the body of a request as it arrives, to a thread of the pool."""
    stream = request.stream()
    while (piece := from_thread.run(_next, stream)) is not None:
        yield piece


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    return await anext(stream, None)


@router.get("/courses/{course}/material", responses=documented(404), summary="How files that were handed in stand")
def read_material(tutor: Writing, request: Request, course: str) -> CourseMaterial:
    """Return what was handed in for a course since the tutor started, and what became of it."""
    held = tutor.material(course)
    return held.model_copy(update={"files": tuple(_told(file, reader(request)) for file in held.files)})


def _told(file: MaterialFile, say: Texts) -> MaterialFile:
    """Return a file with what was wrong with it in the language of whoever asks."""
    if file.detail is None or say.language == "en":
        return file
    return file.model_copy(update={"detail": say.error(TutorError(file.detail, file.key, **file.values))})


@router.delete(
    "/courses/{course}/sources/{source:path}",
    dependencies=[Depends(may_add), Depends(once)],
    responses=documented(404, 409),
    summary="Take a source out of a course",
)
def delete_source(tutor: Writing, course: str, source: str) -> IngestReport:
    """Take a source, or a file that waits, out of a course; answers keep the words that they quote of it."""
    return tutor.remove_source(course, source)


@router.delete(
    "/courses/{course}",
    status_code=204,
    dependencies=[Depends(may_add), Depends(once)],
    responses=documented(404, 409),
    summary="Delete a course",
)
def delete_course(tutor: Writing, course: str) -> Response:
    """Delete a course with its sources and conversations."""
    tutor.remove_course(course)
    return Response(status_code=204)


@router.post(
    "/courses/{course}/ask",
    response_model=Answer,
    dependencies=[Depends(once)],
    summary="Ask a question",
    responses={
        200: {"description": "The answer, or with `stream` its events.", "content": {"text/event-stream": {}}},
        **documented(404, 409),
    },
)
def ask(tutor: Asking, request: Request, course: str, body: Question, last_event_id: LastEvent = None) -> Any:
    """Return the answer of the course's own texts, or a refusal that shows the nearest passages.

    A stream belongs to no connection: `Content-Location` says where to take it up (`GET`, with the `Last-Event-ID`
    that came last), for some minutes after its end. The same question sent again with a `Last-Event-ID` does so too,
    and asks nothing anew.
    """
    tutor = acting(tutor, body.learner)
    if not body.stream:
        return tutor.ask(course, body.question, body.conversation, replaces=body.replaces)
    streams: Streams = request.app.state.streams
    stream, after = taken_up(last_event_id)
    if stream:
        return respond(streams.find(tutor, course, stream), after)
    pieces = tutor.stream(course, body.question, body.conversation, replaces=body.replaces)
    return respond(streams.begin(tutor.visitor, course, pieces))


@router.get(
    "/courses/{course}/ask/{stream}",
    response_class=Response,
    responses={200: {"description": "The events.", "content": {"text/event-stream": {}}}, **documented(404)},
    summary="Take up a streamed answer",
)
def resume(
    tutor: Asking,
    request: Request,
    course: str,
    stream: str,
    last_event_id: LastEvent = None,
    learner: Learner = None,
) -> Response:
    """Return the events that came after the `Last-Event-ID`, all of them without one, and those that are still to come.

    Some minutes after the end its pieces are gone; `answer` and `done` are told as long as the answer is stored.
    """
    tutor = acting(tutor, learner)
    of, after = taken_up(last_event_id)
    if of not in ("", stream):
        raise InputError("Last-Event-ID belongs to another answer. Send the last one that came of this one.")
    return respond(request.app.state.streams.find(tutor, course, stream), after)


@router.get("/conversations", responses={200: {"headers": LINK}}, summary="Conversations of a learner")
def list_conversations(
    tutor: Reading,
    request: Request,
    response: Response,
    course: Annotated[str | None, Query(description="Only those about this course.")] = None,
    learner: Learner = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> tuple[ConversationInfo, ...]:
    """Return the conversations, the latest first; 50 of them where no limit is given."""
    return page_of_conversations(acting(tutor, learner), course, request, response, cursor, limit or 50)


@router.get("/conversations/{id}", responses=documented(404), summary="A conversation with its answers")
def read_conversation(tutor: Reading, id: str, learner: Learner = None) -> Conversation:
    """Return a conversation; a citation whose source has changed since says so."""
    return acting(tutor, learner).conversation(id)


@router.get(
    "/conversations/{id}/export",
    response_class=Response,
    responses={
        200: {"description": "A file.", "content": {"text/markdown": {}, "application/json": {}}},
        **documented(404),
    },
    summary="A conversation as a file",
)
def export_conversation(
    tutor: Reading, id: str, format: Literal["markdown", "json"] = "markdown", learner: Learner = None
) -> Response:
    """Return a conversation as a Markdown file, or as JSON with its stored answers."""
    held = acting(tutor, learner).conversation(id)
    if format == "json":
        return _file(held.model_dump_json(indent=2), "application/json", export.file_name(held, "json"))
    title = next((course.title for course in tutor.courses() if course.id == held.course), held.course)
    return _file(export.conversation_to_markdown(held, title), "text/markdown", export.file_name(held, "md"))


def _file(text: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text.encode(), media_type=f"{kind}; charset=utf-8", headers=headers)


@router.get(
    "/conversations/{id}/answers/{message}",
    response_class=PlainTextResponse,
    responses={
        200: {"description": "The text.", "content": {"text/plain": {}, "text/markdown": {}}},
        **documented(404),
    },
    summary="An answer as text",
)
def read_answer(
    tutor: Reading, id: str, message: str, format: Literal["text", "markdown"] = "text", learner: Learner = None
) -> Response:
    """Return one answer with its sources as plain text or Markdown, to be pasted elsewhere."""
    answer = acting(tutor, learner).message(id, message).answer
    if format == "markdown":
        return PlainTextResponse(export.to_markdown(answer), media_type="text/markdown")
    return PlainTextResponse(export.to_text(answer))


@router.post(
    "/conversations/{id}/answers/{message}/feedback",
    dependencies=[Depends(once)],
    responses=documented(404, 409),
    summary="Say what an answer is worth",
)
def give_feedback(tutor: Asking, id: str, message: str, body: Feedback, learner: Learner = None) -> Feedback:
    """Keep feedback with an answer, in place of what was said before."""
    given = acting(tutor, learner).feedback(id, message, body)
    assert given
    return given


@router.delete(
    "/conversations/{id}/answers/{message}/feedback",
    status_code=204,
    dependencies=[Depends(once)],
    responses=documented(404, 409),
    summary="Take feedback back",
)
def take_feedback_back(tutor: Asking, id: str, message: str, learner: Learner = None) -> Response:
    """Forget what was said of an answer."""
    acting(tutor, learner).feedback(id, message, None)
    return Response(status_code=204)


class Naming(BaseModel):
    """The body that renames a conversation."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "The famine"}]})

    title: str = Field(description=f"Its new title, of at most {LONGEST_TITLE} characters.")


@router.patch(
    "/conversations/{id}",
    dependencies=[Depends(once)],
    responses=documented(404, 409),
    summary="Rename a conversation",
)
def rename_conversation(tutor: Asking, id: str, body: Naming, learner: Learner = None) -> ConversationInfo:
    """Give a conversation another title."""
    return acting(tutor, learner).rename_conversation(id, body.title)


@router.delete(
    "/conversations/{id}",
    status_code=204,
    dependencies=[Depends(once)],
    responses=documented(404, 409),
    summary="Delete a conversation",
)
def delete_conversation(tutor: Asking, id: str, learner: Learner = None) -> Response:
    """Delete a conversation with its answers."""
    acting(tutor, learner).delete_conversation(id)
    return Response(status_code=204)


@health.get("/healthz", summary="Liveness")
def alive() -> dict[str, str]:
    """Return at once while the process answers."""
    return {"status": "ok"}


@health.get("/readyz", responses=documented(503), summary="Readiness")
def ready(request: Request) -> JSONResponse:
    """Return 200 when the models are warm and the courses are there, 503 before."""
    tutor: Tutor = request.app.state.tutor
    if tutor.trouble:
        raise NotReady(tutor.trouble)
    if not tutor.ready:
        raise NotReady("The tutor is warming up. Try again in a few seconds.")
    return JSONResponse({"status": "ready"})
