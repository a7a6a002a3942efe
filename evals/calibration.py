"""Fits the weights that turn a sentence's features into the probability that it answers (see tutor/evidence.py).

    python -m evals.calibration ../shared/grounding

Each question of the training data is asked of a small course: its own passage and twelve others of the same origin.
In an eighth of them the answering sentences are taken out while their neighbours stay, in another eighth the whole
passage is, so that the right outcome is a refusal: students mostly ask what their course does answer. A logistic
regression is fitted on the sentences nearest to each question; the threshold is the one that decides most questions
right on held-out titles. Nothing under ``shared/evals`` is read.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from tutor.embedder import Embedder, load_embedder
from tutor.evidence import FEATURES, Question, features
from tutor.index import IndexedSentence, Vector
from tutor.settings import Settings
from tutor.types import Sentence
from tutor.words import content_stems, stems

SEED = 7
PER_ORIGIN = 1200
OTHERS = 12
PASSAGE = 5
NEAREST = 12
HELD_OUT = 0.2

console = Console()


@dataclass(frozen=True)
class Case:
    """A question asked of a small course: features of its nearest sentences, and which of them answer."""

    origin: str
    held_out: bool
    rows: list[tuple[float, ...]]
    answers: list[bool]


def load(path: Path, most: int) -> list[dict[str, Any]]:
    """Return at most ``most`` rows of each origin of a gzipped JSONL file, drawn with a fixed seed."""
    by_origin = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            by_origin[row["origin"]].append(row)
    draw = random.Random(SEED)
    return [row for rows in by_origin.values() for row in draw.sample(rows, min(most, len(rows)))]


def cases(rows: list[dict[str, Any]], embedder: Embedder) -> list[Case]:
    """Return each row as a case; every fourth one has its answers, or all of its passage, taken out."""
    draw = random.Random(SEED)
    titles = sorted({row["title"] for row in rows})
    held_out = set(draw.sample(titles, round(HELD_OUT * len(titles))))
    texts = list(dict.fromkeys(text for row in rows for text in (row["question"], *row["sentences"])))
    vectors = embed(texts, embedder)
    by_origin = defaultdict(list)
    for row in rows:
        by_origin[row["origin"]].append(row)
    made = []
    for number, row in enumerate(rows):
        others = [o for o in draw.sample(by_origin[row["origin"]], OTHERS + 1) if o["title"] != row["title"]][:OTHERS]
        gone = {1: set(row["answers"]), 5: set(range(len(row["sentences"])))}.get(number % 8, set())
        own = [(text, i in row["answers"]) for i, text in enumerate(row["sentences"]) if i not in gone]
        passages = [own[at : at + PASSAGE] for at in range(0, len(own), PASSAGE)]
        for other in others:
            passages += [[(t, False) for t in other["sentences"][:PASSAGE]]]
        made.append(case(row, passages, row["title"] in held_out, vectors))
    return made


def case(
    row: dict[str, Any], passages: list[list[tuple[str, bool]]], held_out: bool, vectors: dict[str, Vector]
) -> Case:
    """Return the features of the sentences nearest to the row's question."""
    contexts = [frozenset(stems(" ".join(text for text, _ in passage), "en")) for passage in passages]
    terms = content_stems(row["question"], "en")
    frequencies = {term: sum(term in context for context in contexts) for term in terms}
    question = Question.of(row["question"], "en", frequencies, len(passages))
    vector = vectors[row["question"]]
    flat = [(text, right, c) for passage, c in zip(passages, contexts, strict=True) for text, right in passage]
    flat.sort(key=lambda item: -float(np.dot(vector, vectors[item[0]])))
    found, right = [], []
    for text, answers, context in flat[:NEAREST]:
        sentence = IndexedSentence(0, Sentence(0, len(text), "paragraph", ()), text, vectors[text])
        found.append(features(question, list(map(float, vector)), sentence, context, "en"))
        right.append(answers)
    return Case(row["origin"], held_out, found, right)


def embed(texts: list[str], embedder: Embedder) -> dict[str, Vector]:
    """Return the unit vector of each text; texts beyond the model's limit are cut, as single sentences rarely are."""
    model: Any = embedder.embeddings
    made = model._client.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=console.is_terminal)
    return dict(zip(texts, np.asarray(made, dtype=np.float32), strict=True))


def share_right(found: list[Case], scores: list[Vector], threshold: float) -> float:
    """Return the share of all cases that are answered by their best sentence, or refused, as they should be."""
    answerable = sum(any(c.answers) for c in found) / len(found)
    answered, refused = decided_right(found, scores, threshold)
    return answerable * answered + (1 - answerable) * refused


def decided_right(found: list[Case], scores: list[Vector], threshold: float) -> tuple[float, float]:
    """Return the share of answerable cases whose best sentence answers, and of the others that are refused."""
    answered = [
        float(max(s) >= threshold and c.answers[int(np.argmax(s))])
        for c, s in zip(found, scores, strict=True)
        if any(c.answers)
    ]
    refused = [float(max(s) < threshold) for c, s in zip(found, scores, strict=True) if not any(c.answers)]
    return float(np.mean(answered)), float(np.mean(refused))


def main(
    data: Annotated[Path, typer.Argument(help="folder with train.jsonl.gz and dev.jsonl.gz")],
    per_origin: Annotated[int, typer.Option(help="questions of each origin")] = PER_ORIGIN,
) -> None:
    """Fit, and print the weights, the threshold and how well they decide."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    embedder = load_embedder(Settings.load().embedder, Settings.load().cache)
    found = cases(load(data / "train.jsonl.gz", per_origin), embedder)
    fit, held = [c for c in found if not c.held_out], [c for c in found if c.held_out]
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit([r for c in fit for r in c.rows], [a for c in fit for a in c.answers])
    console.print(f"INTERCEPT = {model.intercept_[0]:.3f}")
    console.print(f"WEIGHTS = ({', '.join(f'{w:.3f}' for w in model.coef_[0])})  # {', '.join(FEATURES)}")

    scores = [model.predict_proba(c.rows)[:, 1] for c in held]
    grid = np.linspace(0.02, 0.9, 89)
    threshold = float(max(grid, key=lambda t: share_right(held, scores, t)))
    answerable = [any(c.answers) for c in held]
    area = roc_auc_score(answerable, [max(s) for s in scores])
    console.print(
        f"threshold {threshold:.2f}; AUROC answerable/not {area:.3f}; {len(fit)} fitted, {len(held)} held out"
    )
    for origin in ["all", *sorted({c.origin for c in held})]:
        pairs = [(c, s) for c, s in zip(held, scores, strict=True) if origin in ("all", c.origin)]
        right = decided_right([c for c, _ in pairs], [s for _, s in pairs], threshold)
        console.print(f"{origin:12} {len(pairs):5} answered right {right[0]:.1%}  refused right {right[1]:.1%}")


if __name__ == "__main__":
    typer.run(main)
