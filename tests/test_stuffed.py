"""The usual chain of the evals: asked through a real client of a real server that speaks as a chat model's does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from commandline import run
from langchain_core.language_models import FakeListChatModel

from evals.datasets import Turn
from evals.stuffed import CHUNK, StuffedChunks
from tutor.chat import chat_model
from tutor.errors import NotReady
from tutor.prompts import load_prompt
from tutor.tutor import Tutor

COURSE = "great-leap-forward"
LESSON = Path(__file__).parents[1] / "knowledge" / COURSE / "lesson.md"


class Server(ThreadingHTTPServer):
    """A chat model's server: it knows when Mao died and nothing else, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[list[dict[str, str]]] = []
        self.status = 200
        self.says = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(sent["messages"])
        said = self.server.says or (
            "Mao died in 1976." if "Mao" in sent["messages"][-1]["content"] else "I don’t know."
        )
        body = json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": sent["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}],
                "usage": {"prompt_tokens": 900, "completion_tokens": 10, "total_tokens": 910},
            }
        ).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    served = Server()
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


def chain(tutor: Tutor, *replies: str, name: str = "fake:one") -> StuffedChunks:
    return StuffedChunks(tutor, COURSE, FakeListChatModel(responses=list(replies)), name)


def test_it_cites_the_chunks_that_it_was_shown_as_they_stand(lesson_tutor: Tutor) -> None:
    text = lesson_tutor.source(COURSE, "lesson.md").text
    answer = chain(lesson_tutor, "In 1976.").ask("When did Mao Zedong die?", ())
    assert (answer.answer, answer.refused, answer.answerer, answer.usage) == ("In 1976.", False, "fake:one", None)
    assert [c.marker for c in answer.citations] == [1, 2, 3, 4]
    assert all(c.quote == text[c.start : c.end] and len(c.quote) <= CHUNK for c in answer.citations)
    assert any("1976" in c.quote for c in answer.citations)


@pytest.mark.parametrize("said", ["I don't know.", "Sorry, I do not know that.", "That is not mentioned."])
def test_it_refuses_where_the_model_does_not_know(said: str, lesson_tutor: Tutor) -> None:
    answer = chain(lesson_tutor, said).ask("Who won the World Cup?", ())
    assert (answer.refused, answer.reason, answer.citations) == (True, "not_in_course", ())


def test_what_it_retrieves_are_chunks_by_their_places(lesson_tutor: Tutor) -> None:
    found = chain(lesson_tutor, "").retrieve("When did Mao Zedong die?", 3)
    assert len(found) == 3
    assert all(0 < passage.end - passage.start <= CHUNK for passage in found)


def test_models_are_told_apart(lesson_tutor: Tutor) -> None:
    assert chain(lesson_tutor, "").fingerprint() != chain(lesson_tutor, "", name="fake:two").fingerprint()


def test_another_version_of_the_prompt_is_another_chain(lesson_tutor: Tutor, monkeypatch: pytest.MonkeyPatch) -> None:
    before = chain(lesson_tutor, "").fingerprint()
    newer = replace(load_prompt("stuffed"), version=99)
    monkeypatch.setattr("evals.stuffed.load_prompt", lambda name: newer)
    assert chain(lesson_tutor, "").fingerprint() != before


def test_a_run_counts_tokens_and_what_they_cost(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path, warm: None
) -> None:
    monkeypatch.setenv("TUTOR_MODEL_URL", server.url)
    asked = tmp_path / "two.jsonl"
    died = {"question": "When did Mao die?", "history": ["Who was Mao?"], "facts": [["1976"]], "evidence": ["1976"]}
    cup = {"question": "Who won the cup?", "kind": "off", "answerable": False}
    asked.write_text(json.dumps(died | {"kind": "date", "answerable": True}) + "\n" + json.dumps(cup) + "\n")
    told = ("eval", "run", asked, "--sources", LESSON, "--system", "stuffed-chunks", "--answerer", "openai:some")
    ran = run(*told, "--price", "1", "10", "--json")
    assert ran.status == 0
    summary = json.loads(ran.out)["summary"]
    assert summary["usage"] == {"input_tokens": 1800, "output_tokens": 20, "cost_usd": 0.002}
    assert summary["metrics"]["right"]["value"] == 1.0
    assert "n/a: see --price" in run(*told).out
    # The earlier question is asked first, and its answer stands in the conversation.
    earlier, later, _ = server.asked
    assert [m["content"] for m in later[1:]] == ["Who was Mao?", "Mao died in 1976.", "When did Mao die?"]
    assert (later[0]["role"], len(earlier)) == ("system", 2)
    assert "Great Leap Forward" in later[0]["content"]


def test_a_kept_run_is_judged_by_a_model_and_the_verdicts_are_kept(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path, warm: None
) -> None:
    monkeypatch.setenv("TUTOR_MODEL_URL", server.url)
    server.says = 'It is. {"verdict": "yes", "reason": "It says so."}'
    asked = tmp_path / "one.jsonl"
    died = {"question": "When did Mao die?", "facts": [["1976"]], "evidence": ["1976"]}
    asked.write_text(json.dumps(died | {"kind": "date", "answerable": True}))
    printed = run("eval", "run", asked, "--sources", LESSON).out
    folder = next(line.split(maxsplit=2)[2] for line in printed.splitlines() if line.startswith("kept in"))
    judged = run("eval", "judge", folder, "--model", "openai:some")
    assert judged.status == 0
    assert "faithfulness           1.000  (1)" in judged.out
    assert len(server.asked) == 12  # six dimensions, twice
    again = json.loads(run("eval", "judge", folder, "--model", "openai:some", "--json").out)
    assert again["dimensions"]["completeness"]["agreement"]["right"] == {"raw": 1.0, "kappa": None, "n": 1}
    assert len(server.asked) == 12


def test_a_model_that_fails_is_an_error_of_its_own_class(server: Server, lesson_tutor: Tutor) -> None:
    server.status = 400
    system = StuffedChunks(lesson_tutor, COURSE, chat_model("openai:some", server.url), "openai:some")
    with pytest.raises(NotReady, match=r"openai:some gave no answer \(\w+Error\)"):
        system.ask("Who was Mao?", (Turn("Who was he?", "Somebody."),))


@pytest.mark.parametrize(
    "options", [["--system", "stuffed-chunks"], ["--system", "nearest-sentence", "--answerer", "openai:some"]]
)
def test_the_chain_and_its_model_are_named_together(options: list[str]) -> None:
    assert run("eval", "run", *options).status == 2
