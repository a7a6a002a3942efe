"""Exchange: datasets and runs in the shapes of RAGAS and DeepEval.

RAGAS (a `SingleTurnSample` a line): ``user_input``, ``retrieved_contexts``, ``reference_contexts``, ``response``,
``reference``. DeepEval (a golden a line, or one JSON array): ``input``, ``actual_output``, ``expected_output``,
``context``, ``retrieval_context``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from evals.datasets import Span
from evals.runs import Found, Outcome
from tutor.errors import InputError

Shape = Literal["ragas", "deepeval"]
NAMES: dict[Shape, dict[str, str]] = {
    "ragas": {
        "question": "user_input", "answer": "response", "reference": "reference",
        "gold": "reference_contexts", "found": "retrieved_contexts",
    },
    "deepeval": {
        "question": "input", "answer": "actual_output", "reference": "expected_output",
        "gold": "context", "found": "retrieval_context",
    },
}  # fmt: skip


def exported(outcomes: Sequence[Outcome], texts: Mapping[str, str], shape: Shape) -> str:
    """Return a run as JSON lines; the reference is what the gold evidence says, first alternatives joined."""
    names = NAMES[shape]
    lines = []
    for outcome in outcomes:
        gold = [_words(group[0], texts) for group in outcome.sample.evidence]
        row = {
            "question": outcome.sample.question,
            "answer": outcome.answer.answer if outcome.answer else None,
            "reference": " ".join(gold) or "The course does not answer this question.",
            "gold": gold,
            "found": [_words(passage, texts) for passage in outcome.passages],
        }
        lines.append(json.dumps({names[name]: value for name, value in row.items()}, ensure_ascii=False) + "\n")
    return "".join(lines)


def imported(path: Path) -> str:
    """Return a RAGAS or DeepEval dataset as one of ours, in JSON lines; raises `InputError`.

    Reference contexts become gold evidence, which must stand in the course word by word: loading the dataset lists
    what does not. A reference is kept for the reader, but is no fact that an answer must state as it is.
    """
    lines = []
    for number, row in enumerate(_rows(path), start=1):
        shape: Shape = "deepeval" if "input" in row else "ragas"
        names = NAMES[shape]
        question, gold = row.get(names["question"]), row.get(names["gold"]) or []
        if not isinstance(question, str) or not isinstance(gold, list):
            raise InputError(f"{path.name}: row {number} has no {names['question']!r} or an odd {names['gold']!r}.")
        made = {
            "id": f"row-{number}",
            "question": question,
            "evidence": [[context] for context in gold],
            "kind": shape,
            "answerable": bool(gold),
            "reference": row.get(names["reference"]),
        }
        lines.append(json.dumps(made, ensure_ascii=False) + "\n")
    if not lines:
        raise InputError(f"{path.name} holds no question.")
    return "".join(lines)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        whole = json.loads(text) if text.lstrip().startswith("[") else [json.loads(t) for t in text.split("\n") if t]
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}). Check the file.") from None
    for row in whole:
        if not isinstance(row, dict):
            raise InputError(f"{path.name}: a row is no object: {str(row)[:60]}")
        yield row


def _words(place: Span | Found, texts: Mapping[str, str]) -> str:
    return texts[place.source][place.start : place.end]
