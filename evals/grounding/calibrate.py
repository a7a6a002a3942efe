"""Fits what `tutor.evidence` knows: which sentence answers, and whether the course answers at all.

    python -m evals.grounding.calibrate ../shared/grounding

The questions are those of training titles that the grounder was not trained on, and of the dev set's FairytaleQA and
ClapNQ parts. Each is asked twice of a course: its own passage among 8, 30 or 120 others of the same origin. In a tenth
of the cases the answering sentences are taken out while their neighbours stay, in a tenth the whole passage is, and in
a tenth the question is changed to one about something else, so that the right outcome is a refusal. A logistic
regression is fitted on the sentences that the grounder reads, another on whole questions, three quarters of which count
as answerable, since students mostly ask what their course does answer. The threshold is the highest one that wrongly
refuses at most 8% of the answerable questions. Nothing under ``shared/evals`` is read, and neither is the SelQA part of
dev, whose questions are asked there.
"""

from __future__ import annotations

import random
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from evals.grounding import details
from evals.grounding.examples import Examples, Row, heading_of, held_out, read_rows
from evals.grounding.vectors import vectors_of
from tutor.embedder import unpack_builtin_model
from tutor.evidence import FEATURES, READ, SIGNS, Context, capped, features, rank, signs
from tutor.grounder import Grounder, InContext, load_grounder
from tutor.index import IndexedSentence, Vector
from tutor.question import Question
from tutor.settings import Settings
from tutor.types import Sentence
from tutor.words import content_stems

SEED = 7
OTHERS = (8, 30, 120)  # passages beside its own: a chapter, an article, a course
PASSAGE = 5
ROUNDS = 2  # among other passages each time
ANSWERABLE = 0.75  # of students' questions, as they are weighed: more of the cases made here have no answer
MOST_WRONGLY_REFUSED = 0.08  # of the questions that the course answers

Scores = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Case:
    """A question asked of a course: features of the sentences read, and which of them answer."""

    origin: str
    fitted: bool
    rows: list[tuple[float, ...]]
    answers: list[bool]


def load(data: Path) -> list[Row]:
    """Return the questions to calibrate on."""
    train = [row for row in read_rows(data / "train.jsonl.gz") if held_out(row.title)]
    return train + [row for row in read_rows(data / "dev.jsonl.gz") if row.origin != "selqa"]


def posed(rows: list[Row]) -> list[tuple[Row, frozenset[int]]]:
    """Return each row twice, with the sentences that are taken out of its passage; a part of them asks something else.

    Of ten, one has lost its answering sentences, one its whole passage, and one asks about somebody or something else
    or for another detail; such a row has no answers any more.
    """
    draw = random.Random(SEED)
    examples = Examples(rows, {}, SEED)
    made: list[tuple[Row, frozenset[int]]] = []
    for number, row in enumerate(rows * ROUNDS):
        right = min(row.answers, default=-1)
        match (number + number // len(rows) * 3) % 10:
            case 1:
                made.append((row, row.answers))
            case 5:
                made.append((row, frozenset(range(len(row.sentences)))))
            case 8 if right >= 0:
                other = draw.random() < 0.5 and details.turned(row.question, row.sentences[right], draw)
                other = other or examples.swap(row, right, heading_of(row))
                made.append((replace(row, question=other, answers=frozenset()) if other else row, frozenset()))
            case _:
                made.append((row, frozenset()))
    return made


def cases(made: list[tuple[Row, frozenset[int]]], vectors: dict[str, Vector], grounder: Grounder) -> list[Case]:
    """Return each row as a case: its passage, without the sentences taken out, among those of other titles."""
    draw = random.Random(SEED)
    by_origin = defaultdict(list)
    for row, _ in made:
        by_origin[row.origin].append(row)
    found = []
    for row, gone in made:
        apart = [other for other in by_origin[row.origin] if other.title != row.title]
        others = draw.sample(apart, min(draw.choice(OTHERS), len(apart)))
        own = [
            (text, i in row.answers, InContext(text, heading_of(row), row.sentences[i - 1] if i else ""))
            for i, text in enumerate(row.sentences)
            if i not in gone
        ]
        passages = [own[at : at + PASSAGE] for at in range(0, len(own), PASSAGE)]
        for other in others:
            held = other.sentences[:PASSAGE]
            passages.append(
                [(t, False, InContext(t, heading_of(other), held[i - 1] if i else "")) for i, t in enumerate(held)]
            )
        found.append(case(row, passages, vectors, grounder))
    return found


def case(
    row: Row, passages: list[list[tuple[str, bool, InContext]]], vectors: dict[str, Vector], grounder: Grounder
) -> Case:
    """Return the features of the sentences that would be read for the row's question."""
    contexts = [
        Context.of(" ".join([p[0][2].heading, *(text for text, _, _ in p)]), [vectors[text] for text, _, _ in p], "en")
        for p in passages
    ]
    terms = content_stems(row.question, "en")
    frequencies = {term: sum(term in context.stems for context in contexts) for term in terms}
    question = Question.of(row.question, "en", frequencies, len(passages))
    seen = []
    for passage, context in zip(passages, contexts, strict=True):
        for text, answers, inside in passage:
            sentence = IndexedSentence(0, Sentence(0, len(text), "paragraph", ()), text, vectors[text])
            seen.append((features(question, vectors[row.question], sentence, context, "en"), answers, inside))
    seen.sort(key=lambda item: -rank(item[0]))
    read = seen[:READ]
    logits = grounder.logits(row.question, [inside for _, _, inside in read])
    fitted = zlib.crc32(row.title.encode()) // 12 % 10 < 7
    found = [(float(logit), *values) for logit, (values, _, _) in zip(logits, read, strict=True)]
    return Case(row.origin, fitted, found, [answers for _, answers, _ in read])


def highest_threshold(found: list[Case], sure: Sequence[float], most: float = MOST_WRONGLY_REFUSED) -> float:
    """Return the highest threshold, in hundredths, that refuses at most the share ``most`` of the answerable cases."""
    answerable = np.array([p for c, p in zip(found, sure, strict=True) if any(c.answers)])
    return max(t / 100 for t in range(100) if (answerable < t / 100).mean() <= most)


def decided_right(
    found: list[Case], scores: list[Scores], sure: Sequence[float], threshold: float
) -> tuple[float, float]:
    """Return the share of answerable cases whose best sentence answers, and of the others that are refused.

    ``scores`` hold the score of each case's sentences, ``sure`` how probable it is that the course answers.
    """
    answered = [
        float(p >= threshold and c.answers[int(np.argmax(s))])
        for c, s, p in zip(found, scores, sure, strict=True)
        if any(c.answers)
    ]
    refused = [float(p < threshold) for c, p in zip(found, sure, strict=True) if not any(c.answers)]
    return (float(np.mean(answered)) if answered else 0.0), (float(np.mean(refused)) if refused else 0.0)


def calibration_error(probabilities: Scores, answers: Scores, bins: int = 10) -> float:
    """Return the expected calibration error: mean distance of probability and frequency over equal bins."""
    at = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        abs(probabilities[at == b].mean() - answers[at == b].mean()) * (at == b).mean()
        for b in range(bins)
        if (at == b).any()
    ]
    return float(sum(gaps))


def main(
    data: Annotated[Path, typer.Argument(help="folder with train.jsonl.gz and dev.jsonl.gz")],
    cache: Annotated[Path | None, typer.Option(help="file that keeps the vectors of the data between runs")] = None,
) -> None:
    """Fit, and print the weights, the threshold and how well they decide."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    settings = Settings.load()
    rows = load(data)
    made = posed(rows)
    texts = list(dict.fromkeys(text for row, _ in made for text in (row.question, *row.sentences)))
    grounder = load_grounder(unpack_builtin_model(settings.cache) / "tokenizer.json")
    found = cases(made, vectors_of(texts, settings, cache), grounder)
    fit, held = [c for c in found if c.fitted], [c for c in found if not c.fitted]
    sentences = LogisticRegression(C=1.0, max_iter=2000)
    sentences.fit([r for c in fit for r in c.rows], [a for c in fit for a in c.answers])
    odds = {
        id(c): np.array([capped(o, r) for o, r in zip(sentences.decision_function(c.rows), c.rows, strict=True)])
        for c in found
    }
    of_question = {id(c): signs(c.rows, list(odds[id(c)])) for c in found}
    asked = np.array([any(c.answers) for c in fit])
    shares = np.where(asked, ANSWERABLE / asked.mean(), (1 - ANSWERABLE) / (1 - asked.mean()))
    questions = LogisticRegression(C=1.0, max_iter=2000)
    questions.fit([of_question[id(c)] for c in fit], asked, shares)
    for prefix, model, names in (("", sentences, FEATURES), ("DECISION_", questions, SIGNS)):
        typer.echo(f"{prefix}INTERCEPT = {model.intercept_[0]:.3f}")
        typer.echo(f"{prefix}WEIGHTS = ({', '.join(f'{w:.3f}' for w in model.coef_[0])})  # {', '.join(names)}")

    def sureness(cases: list[Case]) -> list[float]:
        return list(map(float, questions.predict_proba([of_question[id(c)] for c in cases])[:, 1]))

    threshold = highest_threshold(found, sureness(found))
    scores, sure = [odds[id(c)] for c in held], sureness(held)
    answerable = [any(c.answers) for c in held]
    typer.echo(f"{len(fit)} questions fitted, {len(held)} held out; threshold {threshold:.2f}")
    flat = 1 / (1 + np.exp(-np.concatenate(scores))), np.array([float(a) for c in held for a in c.answers])
    typer.echo(f"calibration error {calibration_error(*flat):.4f} over {len(flat[0])} sentences")
    whole = np.array(sure), np.array(answerable, dtype=float)
    typer.echo(f"calibration error {calibration_error(*whole):.4f} over {len(sure)} questions")
    typer.echo(f"AUROC answerable/not by confidence: {roc_auc_score(answerable, sure):.3f}")
    for column, label in enumerate(SIGNS[:2]):
        area = roc_auc_score(answerable, [of_question[id(c)][column] for c in held])
        typer.echo(f"AUROC answerable/not by {label} alone: {area:.3f}")
    typer.echo("threshold  answered right  refused right")
    for at in (0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9):
        typer.echo("{:9.2f}  {:14.1%}  {:13.1%}".format(at, *decided_right(held, scores, sure, at)))
    for origin in ["all", *sorted({c.origin for c in held})]:
        part = [i for i, c in enumerate(held) if origin in ("all", c.origin)]
        right = decided_right([held[i] for i in part], [scores[i] for i in part], [sure[i] for i in part], threshold)
        typer.echo(f"{origin:12} {len(part):5} answered right {right[0]:.1%}  refused right {right[1]:.1%}")


if __name__ == "__main__":
    typer.run(main)
