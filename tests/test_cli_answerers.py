"""``tutor eval run --answerer``: the same questions, phrased by one answerer after another, and held side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandline import Ran, run
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from evals import benchmark_writing, gates, runner, runs
from tutor.errors import SetupError
from tutor.tutor import Tutor

COURSE = "great-leap-forward"
LINES = """
{"id": "mao", "question": "When did Mao Zedong die?", "evidence": ["1976"], "kind": "d", "answerable": true}
{"id": "moon", "question": "How far away is the moon?", "kind": "offtopic", "answerable": false}
"""


class Model(BaseChatModel):
    """A chat model that repeats the sentence of 1976 that it is shown, or says that Mao is alive."""

    truthful: bool = True

    @property
    def _llm_type(self) -> str:
        return "fake"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        shown = re.search(r"^\[(\d+)\] (.*1976.*)$", str(messages[-1].content), re.MULTILINE)
        assert shown
        said = f"{shown[2].rstrip('.')} [{shown[1]}]." if self.truthful else "Mao Zedong died in 2031 [1]."
        for word in said.split(" "):
            yield ChatGenerationChunk(message=AIMessageChunk(f"{word} "))
        counted = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
        yield ChatGenerationChunk(message=AIMessageChunk("", usage_metadata=counted))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _models(monkeypatch: pytest.MonkeyPatch, lesson_home: Path, warm: None) -> None:
    """Let ``fake:…`` be chat models of which one lies, and any other one lack its package."""

    def made(name: str, *_: Any, **__: Any) -> BaseChatModel:
        if not name.startswith("fake:"):
            raise SetupError(f"Models of {name} need another package.")
        return Model(truthful=name != "fake:liar")

    monkeypatch.setattr("tutor.chat.chat_model", made)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two questions on the bundled lesson."""
    (tmp_path / "two.jsonl").write_text(LINES)
    return tmp_path / "two.jsonl"


def asked(dataset: Path, *answerers: str, more: tuple[str, ...] = ()) -> Ran:
    """Return the run of the questions with these answerers."""
    named = [part for name in answerers for part in ("--answerer", name)]
    return run("eval", "run", dataset, "--course", COURSE, *named, *more)


def kept(printed: str) -> list[Path]:
    """Return the folders that runs say they are kept in."""
    return [Path(line.split(maxsplit=2)[2]) for line in printed.splitlines() if line.startswith("kept in")]


def test_each_answerer_is_asked_in_turn_and_kept_by_itself(dataset: Path) -> None:
    ran = asked(dataset, "quotes", "fake:parrot", "fake:liar")
    assert (ran.status, ran.err) == (0, "")
    said = [line.split()[1] for line in ran.out.splitlines() if line.startswith("answerer  ")]
    assert said == ["quotes", "fake:parrot", "fake:liar"]
    folders = kept(ran.out)
    assert [folder.name.rsplit("-", 1)[0] for folder in folders] == [
        "two-tutor",
        "two-tutor-fake-parrot",
        "two-tutor-fake-liar",
    ]
    phrased = [runs.load(folder)[1][0].answer for folder in folders]
    assert [a and a.answerer for a in phrased] == ["quotes", "fake:parrot", "quotes"]
    assert [a and a.fallback for a in phrased] == [None, None, "unsupported"]


def test_what_they_come_to_is_printed_and_written_as_a_page(dataset: Path) -> None:
    ran = asked(dataset, "quotes", "fake:parrot", "fake:liar", more=("--price", "1", "10"))
    page = Path(ran.out.splitlines()[-1])
    assert page == kept(ran.out)[-1] / "answerers.html"
    written = page.read_text(encoding="utf-8")
    for words in ("1 phrased by the model; 1 refused", "1 quoted in its place (unsupported 1); 1 refused"):
        assert words in ran.out and words in written
    assert "two: 2 questions, held against quotes" in ran.out
    assert "0 flipped" in ran.out
    found = json.loads(asked(dataset, "quotes", "fake:parrot", "fake:liar", more=("--json",)).out.splitlines()[-1])
    assert found["page"] == str(page)
    assert [one["answerer"] for one in found["answerers"]] == ["quotes", "fake:parrot", "fake:liar"]
    assert found["answerers"][2]["sentences"]["dropped"] == {"number": 1}
    assert found["metrics"]["right"][1] == found["metrics"]["right"][0] | {
        "difference": 0.0, "p": 1.0, "pairs": 2, "beyond_chance": False,
    }  # fmt: skip


def test_each_task_is_compared_by_itself(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text(LINES.splitlines()[2])
    ran = run(
        "eval", "run", dataset, tmp_path / "other.jsonl", "--course", COURSE, "--json", "--answerer", "fake:parrot",
        "--answerer", "quotes",
    )  # fmt: skip
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [(line["task"], line["answerer"]) for line in lines[:4]] == [
        ("two", "fake:parrot"), ("other", "fake:parrot"), ("two", "quotes"), ("other", "quotes"),
    ]  # fmt: skip
    assert [line["task"] for line in lines[4:]] == ["two", "other"]


def test_one_answerer_is_compared_with_nobody(dataset: Path) -> None:
    ran = asked(dataset, "fake:parrot")
    assert ran.out.splitlines()[-1] == "PASS two"
    assert not list(kept(ran.out)[0].glob("*.html"))


def test_without_one_the_settings_say_who_answers(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "fake:parrot")
    monkeypatch.setenv("TUTOR_MODEL_PRICES", "1 10")
    ran = asked(dataset)
    (folder,) = kept(ran.out)
    assert folder.name.startswith("two-tutor-fake-parrot-")
    assert "cost_usd             0.0002" in ran.out
    assert not ran.out.startswith("answerer")
    baseline = asked(dataset, more=("--system", "nearest-sentence"))  # which needs no chat model
    assert baseline.status == 0


def test_gates_are_applied_to_the_built_in_answerer_only(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "DATASETS", tmp_path)
    monkeypatch.setattr(gates.judge, "__defaults__", (tmp_path / "gates.toml", tmp_path))
    (tmp_path / "gates.toml").write_text("[two]\npairs_right = 0.1\n")
    ran = run("eval", "run", "two", "--course", COURSE, "--answerer", "fake:parrot", "--answerer", "quotes")
    assert ran.status == 3
    verdicts = [line for line in ran.out.splitlines() if line.startswith(("PASS", "FAIL"))]
    assert verdicts == ["PASS two", "FAIL two"]
    monkeypatch.setenv("TUTOR_MODEL", "fake:parrot")
    assert run("eval", "run", "two", "--course", COURSE).status == 0


def test_a_model_that_cannot_be_used_is_told_before_any_question_is_asked(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tutor, "ask", lambda *_: pytest.fail("a question was asked"))
    assert "need another package" in asked(dataset, "quotes", "openai:some").complaint


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--answerer", "quotes", "--answerer", "quotes"], "name each --answerer once"),
        (["--system", "nearest-sentence", "--answerer", "fake:parrot"], "needs no --answerer"),
        (["--system", "stuffed-chunks"], "needs one --answerer"),
        (["--system", "stuffed-chunks", "--answerer", "a:b", "--answerer", "c:d"], "needs one --answerer"),
        (["--course", "a", "--sources", "b"], "either --course or --sources"),
    ],
)
def test_what_cannot_be_asked_is_said(options: list[str], why: str) -> None:
    ran = run("eval", "run", *options)
    assert ran.status == 2
    assert why in " ".join(re.sub(r"[│╭╰╮╯─]", " ", ran.err).split())


def test_a_course_made_for_the_run_is_asked_by_each(tmp_path: Path) -> None:
    notes, questions = tmp_path / "rain.md", tmp_path / "one.jsonl"
    notes.write_text("# Rain\n\nRain fell in 1951 and spoiled the harvest.\n")
    questions.write_text(LINES.splitlines()[2])
    answerers = ("--answerer", "quotes", "--answerer", "fake:parrot")
    ran = run("eval", "run", questions, "--sources", notes, *answerers, "--json")
    assert ran.status == 0
    assert json.loads(ran.out.splitlines()[-1])["course"] == "eval"


# --- the benchmark of writing ----------------------------------------------------------------------------------------


def test_the_benchmark_times_what_a_model_writes_beside_what_is_quoted(
    dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark_writing.main("fake:parrot", str(dataset), course=COURSE, most=3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("mao ") and "n/a" not in lines[1] and "fell back" not in lines[1]
    assert not [line for line in lines if line.startswith("moon")]  # which the course does not answer
    assert re.search(r"first sentence / first word +p50 +\d+\.\d\d +p95 +\d+\.\d\d +\(1\)", "\n".join(lines))


def test_the_benchmark_says_what_a_model_could_not_phrase(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark_writing.main("fake:liar", str(dataset), course=COURSE, most=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("fell back: unsupported")
    assert re.search(r"first sentence / first word +p50 +n/a", "\n".join(lines))


def test_the_benchmark_needs_a_model(dataset: Path) -> None:
    with pytest.raises(SetupError, match="Name a chat model"):
        benchmark_writing.main("quotes", str(dataset), course=COURSE, most=1)
