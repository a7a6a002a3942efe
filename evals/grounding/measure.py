"""Measures a grounder on questions that it was not trained on.

    python -m evals.grounding.measure ../shared/grounding [CHECKPOINT]

- SelQA dev (785 questions): answer sentence selection, MAP and MRR as its authors define them (published: attentive RNN
  0.876 MAP on the test set, Jurczyk, Zhai and Choi 2016).
- ClapNQ (350, half without the answer): AUROC of the best score, answerable against not.
- SelQA questions over another question's passage: AUROC of the best score, the hardest of ten passages.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evals.grounding.examples import Pair, Row, heading_of, in_context, read_rows
from evals.grounding.train import encode
from tutor.embedder import unpack_builtin_model
from tutor.grounder import InContext, load_grounder
from tutor.settings import Settings

console = Console()
Scorer = Callable[[Sequence[Pair]], "np.ndarray[Any, np.dtype[np.float32]]"]


def average_precision(right: Sequence[bool]) -> float:
    """Return the average precision of a ranking."""
    hits = [i for i, answers in enumerate(right) if answers]
    return float(np.mean([(n + 1) / (i + 1) for n, i in enumerate(hits)]))


def scores(row: Row, question: str, score: Scorer) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the score of each sentence of a row's passage for ``question``."""
    return score(
        [
            Pair(question, s, in_context(heading_of(row), row.sentences[i - 1] if i else ""), False)
            for i, s in enumerate(row.sentences)
        ]
    )


def selection(rows: Sequence[Row], score: Scorer) -> tuple[float, float]:
    """Return MAP and MRR over the rows that have an answer."""
    precisions, ranks = [], []
    for row in rows:
        order = np.argsort(-scores(row, row.question, score), kind="stable")
        right = [int(i) in row.answers for i in order]
        precisions.append(average_precision(right))
        ranks.append(1 / (right.index(True) + 1))
    return float(np.mean(precisions)), float(np.mean(ranks))


def checkpoint_scorer(folder: Path) -> Scorer:
    """Return the scorer of a PyTorch checkpoint."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()

    def score(pairs: Sequence[Pair]) -> np.ndarray[Any, np.dtype[np.float32]]:
        with torch.inference_mode():
            return np.asarray(model(**encode(tokenizer, list(pairs))).logits[:, 0].numpy(), dtype=np.float32)

    return score


def shipped_scorer() -> Scorer:
    """Return the scorer of the model that ships; all pairs of a call share one question."""
    grounder = load_grounder(unpack_builtin_model(Settings.load().cache) / "tokenizer.json")
    return lambda pairs: grounder.logits(pairs[0].question, [InContext(p.sentence, p.context) for p in pairs])


def main(
    data: Annotated[Path, typer.Argument(help="folder with dev.jsonl.gz")],
    checkpoint: Annotated[Path | None, typer.Argument(help="folder of a checkpoint; what ships, if left out")] = None,
    most: Annotated[int, typer.Option(help="questions of each set")] = 1000,
) -> None:
    """Print the figures."""
    from sklearn.metrics import roc_auc_score

    rows = read_rows(data / "dev.jsonl.gz")
    score = checkpoint_scorer(checkpoint) if checkpoint else shipped_scorer()
    for origin in ("selqa", "fairytaleqa", "clapnq"):
        answerable = [r for r in rows if r.origin == origin and r.answers][:most]
        found = selection(answerable, score)
        console.print(f"{origin:12} {len(answerable):4} questions  MAP {found[0]:.4f}  MRR {found[1]:.4f}")
    clapnq = [r for r in rows if r.origin == "clapnq"]
    best = [float(scores(r, r.question, score).max()) for r in clapnq]
    console.print(f"clapnq no-answer AUROC {roc_auc_score([bool(r.answers) for r in clapnq], best):.4f}")
    draw = random.Random(3)
    selqa = [r for r in rows if r.origin == "selqa"][:150]
    own = [float(scores(r, r.question, score).max()) for r in selqa]
    other = [
        max(float(scores(o, r.question, score).max()) for o in draw.sample(selqa, 10) if o.title != r.title)
        for r in selqa
    ]
    area = roc_auc_score([1] * len(own) + [0] * len(other), own + other)
    console.print(f"selqa own against other passages AUROC {area:.4f}")
    pairs = [Pair(selqa[0].question, r.sentences[0], heading_of(r), False) for r in selqa[:32]]
    times = []
    for _ in range(20):
        started = perf_counter()
        score(pairs)
        times.append((perf_counter() - started) * 1000)
    console.print(f"{statistics.median(times):.0f} ms for {len(pairs)} pairs")


if __name__ == "__main__":
    typer.run(main)
