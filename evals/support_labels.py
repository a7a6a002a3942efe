"""Labels of support: whether what a chat model wrote is supported by what it cites, as people judged it.

    python -m evals.support_labels RUN                 # what kept runs come to by the labels
    python -m evals.support_labels RUN --todo > mine.jsonl   # what nobody has judged yet, to be filled in
    python -m evals.support_labels --add mine.jsonl    # take the filled-in lines over

Counted are the sentences of each answer that a chat model phrased: those shown as fact, and with them those that the
checks dropped, which is what it would have been without checks. A sentence that is a cited one word for word is
supported and needs no label. Labels are kept by hash alone: no words of a course or an answer are copied.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals import runs
from evals.summary import rate
from evals.systems import QUOTES
from tutor.errors import InputError, TutorError
from tutor.types import Answer

LABELS = Path(__file__).with_name("support_labels.jsonl")
NO_STATEMENTS = ("markup", "fragment", "broken_off")  # what was dropped for these says nothing that could be true
BESIDE = "beside"  # what was dropped for this held, but does not answer the question
_APART = "⟂"
_ENDS = ".!?…。！？:;,\"'”’»)] "

Labels = dict[str, dict[str, bool]]
"""Whether a sentence is supported, by its key and then by who judged it."""


class Label(BaseModel):
    """A line of a labels file; more keys than these, such as those of ``--todo``, are left aside."""

    model_config = ConfigDict(strict=True)

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    supported: bool | None = None
    labeller: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence of a chat model with the quotes that it cites, or with the check that it was ``dropped`` by.

    What was dropped cites nothing any more: it is judged by the ``passages`` that were found for its question.
    ``phrased`` is False where the course was quoted in the model's place.
    """

    question: str
    text: str
    quotes: tuple[str, ...]
    passages: tuple[str, ...]
    dropped: str = ""
    phrased: bool = True

    @property
    def key(self) -> str:
        """The hash by which a label is kept: of the question, the sentence and the quotes, however they are set."""
        return sha256(_APART.join(map(_normal, (self.question, self.text, *self.quotes))).encode()).hexdigest()

    @property
    def verbatim(self) -> bool:
        """Whether it is one of the quotes, whole: a part of one may say the opposite."""
        return not self.phrased or (not self.dropped and _bare(self.text) in map(_bare, self.quotes))


def read_sentences(folder: Path) -> list[Sentence]:
    """Return what a chat model wrote in a kept run, in order; raises `InputError`."""
    _, outcomes, texts = runs.load(folder)
    found: list[Sentence] = []
    for outcome in outcomes:
        if outcome.answer:
            passages = tuple(texts[p.source][p.start : p.end] for p in outcome.passages if p.source in texts)
            found += _written(outcome.answer, passages)
    return found


def _written(answer: Answer, passages: tuple[str, ...]) -> Iterator[Sentence]:
    quotes = {citation.marker: citation.quote for citation in answer.citations}
    question = answer.standalone_question
    for claim in () if answer.refused else answer.claims:
        cited = tuple(quotes[marker] for marker in claim.citations if marker in quotes)
        yield Sentence(question, claim.text, cited, passages, phrased=answer.answerer != QUOTES)
    for one in answer.dropped:
        if one.text and one.reason not in NO_STATEMENTS:
            yield Sentence(question, one.text, (), passages, one.reason)


def measure(sentences: Sequence[Sentence], labels: Labels) -> dict[str, Any]:
    """Return the rates of what is not supported, with Wilson intervals, and of what was dropped though it is true.

    ``as_fact`` is what was shown as fact, ``shown`` what of it stands in answers that a model phrased, ``own_words``
    what of that is no whole quotation, ``written`` what would have been shown without checks. Where people differ on a
    sentence it counts as not supported. A true sentence that was left out for being beside the point is none that was
    wrongly dropped.
    """
    as_fact = [sentence for sentence in sentences if not sentence.dropped]
    sentences = [sentence for sentence in sentences if sentence.phrased]
    shown = [sentence for sentence in sentences if not sentence.dropped]
    true = [sentence for sentence in sentences if sentence.dropped != BESIDE and _supported(sentence, labels)]
    judged = [labels[sentence.key] for sentence in sentences if sentence.key in labels]
    return {
        "as_fact": _unsupported(as_fact, labels),
        "shown": _unsupported(shown, labels),
        "own_words": _unsupported([sentence for sentence in shown if not sentence.verbatim], labels),
        "written": _unsupported(sentences, labels),
        "true_dropped": rate(sum(bool(sentence.dropped) for sentence in true), len(true)),
        "disputed": sum(len(set(label.values())) > 1 for label in judged),
    }


def _unsupported(sentences: Sequence[Sentence], labels: Labels) -> dict[str, Any]:
    known = [found for sentence in sentences if (found := _supported(sentence, labels)) is not None]
    return rate(known.count(False), len(known)) | {
        "verbatim": sum(sentence.verbatim for sentence in sentences),
        "unlabelled": len(sentences) - len(known),
    }


def _supported(sentence: Sentence, labels: Labels) -> bool | None:
    """Return whether a sentence is supported; None where nobody has judged it."""
    if sentence.verbatim:
        return True
    judged = labels.get(sentence.key)
    return all(judged.values()) if judged else None


def todo(sentences: Sequence[Sentence], labels: Labels) -> list[dict[str, Any]]:
    """Return what nobody has judged yet, once each, as lines to be filled in."""
    left = {one.key: one for one in sentences if _supported(one, labels) is None}
    return [
        {"sha256": key, "supported": None, "labeller": "", "question": one.question, "sentence": one.text}
        | ({"dropped": one.dropped, "passages": one.passages} if one.dropped else {"cited": one.quotes})
        for key, one in left.items()
    ]


def read_labels(file: Path) -> Labels:
    """Return the labels in a file, none where it is not there; raises `InputError` that names the line."""
    found: Labels = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n") if file.exists() else (), start=1):
        if not line.strip():
            continue
        try:
            label = Label.model_validate_json(line)
        except ValidationError as error:
            raise InputError(f"{file}:{number}: {error.errors()[0]['msg']}. Correct the line.") from None
        if label.supported is None:  # not judged yet
            continue
        if not label.labeller:
            raise InputError(f"{file}:{number}: it is not said who judged this. Fill in the labeller.")
        found.setdefault(label.sha256, {})[label.labeller] = label.supported
    return found


def add(file: Path, into: Path) -> int:
    """Take the labels of ``file`` over and return how many; the same person's later label stands."""
    if not file.is_file():
        raise InputError(f"There is no file {file}. Write one with --todo.")
    held, new = read_labels(into), read_labels(file)
    for key, judged in new.items():
        held.setdefault(key, {}).update(judged)
    rows = [
        {"sha256": key, "supported": supported, "labeller": labeller}
        for key, judged in sorted(held.items())
        for labeller, supported in sorted(judged.items())
    ]
    into.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return sum(map(len, new.values()))


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return the lines to print of what `measure` found."""
    said = [
        f"  {name:16} not supported {_said(found[name])}, {found[name]['verbatim']} of them word for word;"
        f" {found[name]['unlabelled']} not judged"
        for name in ("as_fact", "shown", "own_words", "written")
    ]
    return [*said, f"  {'true sentences':16} dropped {_said(found['true_dropped'])}", f"  {found['disputed']} disputed"]


def _said(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "n/a of 0"
    return f"{found['value']:.3f}  [{found['low']:.3f}, {found['high']:.3f}] of {found['n']}"


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _bare(text: str) -> str:
    return _normal(text).rstrip(_ENDS)


def main(
    folders: Annotated[list[Path] | None, typer.Argument(metavar="RUN", help="folders of kept runs")] = None,
    unjudged: Annotated[bool, typer.Option("--todo", help="print what nobody has judged, to be filled in")] = False,
    judged: Annotated[Path | None, typer.Option("--add", help="take the labels of this file over")] = None,
    labels: Annotated[Path, typer.Option(help="the file of labels")] = LABELS,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON and nothing else")] = False,
) -> None:
    """Say how much of what chat models wrote is not supported, before and after the checks."""
    try:
        if judged:
            typer.echo(f"{add(judged, labels)} labels taken over into {labels}", err=True)
        read = {folder.resolve().name: read_sentences(folder) for folder in folders or ()}
        held = read_labels(labels)
    except TutorError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    every = [sentence for of_run in read.values() for sentence in of_run]
    if unjudged:
        for line in todo(every, held):
            typer.echo(json.dumps(line, ensure_ascii=False))
        return
    found = {name: measure(of_run, held) for name, of_run in read.items()}
    if len(found) > 1:
        found["together"] = measure(every, held)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for name, rates in found.items():
        typer.echo("\n".join([name, *lines(rates)]))


if __name__ == "__main__":
    typer.run(main)
