"""Described: what the OpenAPI document says beside the types: examples of every body and error, and tags."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from tutor.web.problems import MEDIA_TYPE, Problem, documented

_TAGS = {
    "/api/v1/courses": "courses",
    "/api/v1/conversations": "conversations",
    "/api/v1/learners": "learners",
    "/v1/": "openai",
    "/": "running",
}
_DESCRIPTIONS = {
    "courses": "Courses, their sources, and questions to them.",
    "conversations": "What was asked and answered.",
    "learners": "What is held on a learner.",
    "openai": "The same for clients of OpenAI: each course is a model.",
    "running": "Whether the tutor runs, and how it does.",
}
_ALWAYS = (400, 403, 413, 415)  # what every request is looked at for before anything else
_WRITES = {"post", "put", "patch", "delete"}

_VERSION = "sha256:9f2a6c0f5d1b4a7e8c3d2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e"
_CITATION = {
    "marker": 1,
    "course": "great-leap-forward",
    "source": "lesson.md",
    "title": "The Great Leap Forward",
    "section": "What the newspapers said",
    "page": None,
    "version": _VERSION,
    "quote": "pumpkins weighing 132 pounds",
    "start": 7312,
    "end": 7340,
    "changed": False,
}
_ANSWER = {
    "question": "And how heavy were they?",
    "standalone_question": "How heavy were the pumpkins that the propaganda announced?",
    "answer": "The propaganda spoke of pumpkins weighing 132 pounds [1].",
    "refused": False,
    "reason": None,
    "claims": [
        {"text": "The propaganda spoke of pumpkins weighing 132 pounds", "citations": [1], "support": "verified"}
    ],
    "citations": [_CITATION],
    "nearest": [],
    "suggestions": ["What really happened to the harvest?"],
    "course": "great-leap-forward",
    "conversation": "c_01KB2M4Z8Q5V7XN3T6R9W1YHJD",
    "answerer": "quotes",
    "prompts": [],
    "timings_ms": {"condense": 1, "retrieve": 14, "answer": 31, "total": 46},
    "confidence": 0.91,
}
_COURSE = {
    "id": "great-leap-forward",
    "title": "The Great Leap Forward",
    "language": "en",
    "licence": "CC BY 4.0",
    "sources": 1,
    "first_questions": ["What was the Great Leap Forward?"],
}
_SOURCE = {"name": "lesson.md", "title": "The Great Leap Forward", "version": _VERSION, "characters": 18_220}
_FILE = {
    "id": "f_01KB2M4Z8Q5V7XN3T6R9W1YHJD",
    "course": "great-leap-forward",
    "name": "letters.pdf",
    "state": "waiting",
    "done": 0,
    "total": 0,
    "change": None,
    "detail": None,
}
_CONVERSATION = {
    "id": "c_01KB2M4Z8Q5V7XN3T6R9W1YHJD",
    "course": "great-leap-forward",
    "title": "How heavy were the pumpkins?",
    "created_at": "2026-11-25T09:30:00Z",
    "updated_at": "2026-11-25T09:31:12Z",
}
_FEEDBACK = {"rating": "down", "reason": "incomplete", "comment": "It leaves out the sparrows."}
_MESSAGE = {
    "id": "m_01KB2M50D3J8E6PG4SVQ2ZK7AX",
    "created_at": "2026-11-25T09:31:12Z",
    "answer": _ANSWER,
    "feedback": _FEEDBACK,
}
_MODEL = {"id": "tutor:great-leap-forward", "object": "model", "created": 0, "owned_by": "tutor"}
_REPLY = {
    "role": "assistant",
    "content": f"{_ANSWER['answer']}\n\nSources:\n[1] “{_CITATION['quote']}” — The Great Leap Forward (lesson.md)",
    "refusal": None,
}

EXAMPLES: dict[str, Any] = {
    "Answer": _ANSWER,
    "ChatCompletion": {
        "id": "chatcmpl-5f3c9a0e7b2d4168",
        "object": "chat.completion",
        "created": 1_795_599_072,
        "model": "tutor:great-leap-forward",
        "choices": [{"index": 0, "message": _REPLY, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "tutor": _ANSWER,
    },
    "Conversation": _CONVERSATION | {"messages": [_MESSAGE]},
    "ConversationInfo": _CONVERSATION,
    "CourseInfo": _COURSE,
    "CourseMaterial": {"course": "great-leap-forward", "files": [_FILE | {"state": "done", "change": "added"}]},
    "CourseModel": _MODEL,
    "Feedback": _FEEDBACK,
    "IngestReport": {"course": "great-leap-forward", "removed": ["letters.pdf"]},
    "LearnerExport": {
        "tenant": "oak-hill",
        "learner": "student-7",
        "exported_at": "2026-11-25T10:00:00Z",
        "conversations": [_CONVERSATION | {"space": "", "messages": [_MESSAGE]}],
    },
    "MaterialFile": _FILE,
    "Models": {"object": "list", "data": [_MODEL]},
    "SourceInfo": _SOURCE,
    "StoredSource": {
        "course": "great-leap-forward",
        "name": "lesson.md",
        "title": "The Great Leap Forward",
        "version": _VERSION,
        "changed": False,
        "outline": [{"title": "The Great Leap Forward", "level": 1, "start": 0}],
        "text": "The Great Leap Forward\n\nIn 1958 …",
    },
}
_TEXTS = {
    "text/event-stream": (
        'event: token\ndata: {"text":"The propaganda "}\nid: yK3v.1\n\n: ping\n\n'
        'event: answer\ndata: {"question":"…"}\nid: yK3v.2\n\nevent: done\ndata: {}\nid: yK3v.3\n\n'
    ),
    "text/markdown": "The propaganda spoke of pumpkins weighing 132 pounds \\[1\\]\\.",
    "text/plain": "The propaganda spoke of pumpkins weighing 132 pounds [1].",
    "application/json": {"status": "ok"},
}
PROBLEMS: dict[int, tuple[str, str]] = {
    400: ("The request cannot be used", "The question is empty. Type what you want to know."),
    401: ("Not signed in", "There is no such API key. Check that it was copied whole, or ask for a new one."),
    403: ("Not allowed", "This needs the scope 'write', which was not given to you. Ask an administrator for it."),
    404: ("Not found", "There is no course 'physics'. The courses are: great-leap-forward."),
    409: ("Conflict", "This is no longer the last question of the conversation. Open it again, then ask once more."),
    413: ("Too large", "The question is longer than 2,000 characters. Ask it in fewer words."),
    415: ("Unsupported media type", "The tutor takes no forms. Send JSON, or a file as it is."),
    422: ("The request cannot be used", "question: field required. Correct the request."),
    429: ("Too many requests", "More than 240 calls came within a minute. Try again in 7 seconds."),
    503: ("Not ready", "The tutor is warming up. Try again in a few seconds."),
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key of your own, such as a UUID: the same call sent again with it is done once.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "example": "0f8fad5b-d9cb-469f-a165-70867728950e",
}


def describe(app: FastAPI) -> None:
    """Put examples, tags and what holds for every call into the OpenAPI document of ``app``."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            document["tags"] = [{"name": name, "description": said} for name, said in _DESCRIPTIONS.items()]
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _describe(path, method, operation, document["components"]["schemas"])
            for unused in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(unused, None)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _describe(path: str, method: str, operation: dict[str, Any], shapes: dict[str, Any]) -> None:
    operation["tags"] = [next(tag for prefix, tag in _TAGS.items() if path.startswith(prefix))]
    responses = operation["responses"]
    if path.startswith("/v1/"):
        responses.pop("422", None)  # OpenAI's clients know it as 400
    statuses = set(_ALWAYS)
    if path.startswith(("/api/", "/v1/")):
        statuses |= {401, 429, 503}
        operation["security"] = [{"HTTPBearer": []}]
    if "{" in path:
        statuses.add(404)  # a name with a line break in it is no address
    if method in _WRITES:
        operation.setdefault("parameters", []).append(_KEY)
        statuses |= {409, 422}
    for status in statuses:
        content = responses.setdefault(str(status), {"description": "", "content": {}}).setdefault("content", {})
        content.update(documented(status)[status]["content"])
    for status, response in responses.items():
        for kind, body in response.get("content", {}).items():
            if int(status) >= 400:
                response["description"] = PROBLEMS[int(status)][0] + "."
                body["example"] = _problem(int(status), kind)
            else:
                body.setdefault("example", _example(kind, body.get("schema", {})))
    for body in operation.get("requestBody", {}).get("content", {}).values():
        name = body["schema"].get("$ref", "").rpartition("/")[2]
        if name:
            body["example"] = EXAMPLES.get(name) or shapes[name]["examples"][0]
    operation["responses"] = dict(sorted(responses.items()))


def _problem(status: int, kind: str) -> dict[str, Any]:
    title, detail = PROBLEMS[status]
    if kind != MEDIA_TYPE:
        return {"error": {"message": detail, "type": "invalid_request_error", "param": None, "code": None}}
    id = "6b1f0c9e2d7a4835"
    return Problem(title=title, status=status, detail=detail, instance=f"urn:request:{id}", request_id=id).model_dump()


def _example(kind: str, schema: dict[str, Any]) -> Any:
    """Return an example of a body: of what its schema names, or of text."""
    name = schema.get("$ref", "").rpartition("/")[2]
    items = schema.get("items", {}).get("$ref", "").rpartition("/")[2]
    if name in EXAMPLES:
        return EXAMPLES[name]
    return [EXAMPLES[items]] if items in EXAMPLES else _TEXTS.get(kind)
