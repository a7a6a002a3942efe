"""Trains the grounder: question and sentence in its context to the score that the sentence answers.

    python -m evals.grounding.train ../shared/grounding OUT --steps 2400

Starts from the weights of the embedder (all-MiniLM-L6-v2). The loss is binary over all pairs plus listwise over the
pairs of one question. Writes a PyTorch checkpoint to OUT; `evals.grounding.export` makes the file that ships.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch.nn import functional as F
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evals.grounding.examples import Examples, Pair, held_out, read_rows
from evals.grounding.vectors import vectors_of
from evals.grounding.wordnet import WordNet
from tutor.embedder import unpack_builtin_model
from tutor.settings import Settings

SEED = 11
QUESTIONS = 8  # a step
LONGEST = 112  # tokens; the grounder reads no more
WARM_UP = 150
LENGTHS = 4  # parts of a step, by length
SHARE = {"squad-nqg": 0.6}  # more than half of the data otherwise

console = Console()


def encode(tokenizer: Any, pairs: list[Pair]) -> Any:
    """Return the tokens of pairs: the question, then the sentence followed by the one before it."""
    contexts = [f"{p.sentence} {tokenizer.sep_token} {p.context}" if p.context else p.sentence for p in pairs]
    questions = [p.question for p in pairs]
    return tokenizer(
        questions, contexts, truncation="only_second", max_length=LONGEST, padding=True, return_tensors="pt"
    )


def logits_of(model: Any, tokenizer: Any, pairs: list[Pair], device: str) -> torch.Tensor:
    """Return the logit of each pair; long and short ones go apart, since a batch is as long as its longest."""
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i].sentence) + len(pairs[i].context))
    made = []
    for part in np.array_split(order, LENGTHS):
        with torch.autocast(device, torch.bfloat16):
            made.append(model(**encode(tokenizer, [pairs[i] for i in part]).to(device)).logits[:, 0].float())
    back = torch.tensor(order, device=device).argsort()
    return torch.cat(made)[back]


def loss_of(logits: torch.Tensor, groups: list[list[Pair]]) -> torch.Tensor:
    """Return the loss of one step: each pair by itself, and each question's answer against its rivals."""
    labels = torch.tensor([float(p.answers) for group in groups for p in group], device=logits.device)
    weights = torch.where(labels > 0, 2.0, 1.0)
    binary = F.binary_cross_entropy_with_logits(logits, labels, weights)
    listwise, at = [], 0
    for group in groups:
        # A swapped question is another question: its pair is no rival in the list.
        rivals = [at + i for i, p in enumerate(group) if not p.swapped]
        listwise.append(-F.log_softmax(logits[rivals], 0)[0])
        at += len(group)
    return binary + 0.5 * torch.stack(listwise).mean()


def batches(examples: Examples) -> Iterator[list[list[Pair]]]:
    """Yield the questions of one step after another, without end."""
    stream = itertools.chain.from_iterable(examples.epoch(SHARE) for _ in itertools.count())
    while True:
        yield list(itertools.islice(stream, QUESTIONS))


def main(
    data: Annotated[Path, typer.Argument(help="folder with train.jsonl.gz")],
    out: Annotated[Path, typer.Argument(help="folder for the checkpoint")],
    steps: Annotated[int, typer.Option(help="steps of eight questions")] = 2400,
    start: Annotated[Path | None, typer.Option(help="checkpoint to go on from; the embedder, if left out")] = None,
    rate: Annotated[float, typer.Option(help="highest learning rate")] = 6e-5,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    seed: Annotated[int, typer.Option(help="another for each stage, so that it sees other questions")] = SEED,
    wordnet: Annotated[
        Path | None, typer.Option(help="WordNet's folder, to reword questions by: /usr/share/wordnet on Debian")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="file that keeps the vectors of the data between runs")] = None,
) -> None:
    """Train and save."""
    random.seed(seed)
    torch.manual_seed(seed)
    settings = Settings.load()
    rows = read_rows(data / "train.jsonl.gz")
    texts = list(dict.fromkeys(text for row in rows for text in (row.question, *row.sentences)))
    weights = str(start or unpack_builtin_model(settings.cache))
    tokenizer = AutoTokenizer.from_pretrained(weights)
    vectors = vectors_of(texts, settings, cache)
    words = WordNet(frozenset(tokenizer.get_vocab()), wordnet) if wordnet else None
    examples = Examples([row for row in rows if not held_out(row.title)], vectors, seed, words)
    model = AutoModelForSequenceClassification.from_pretrained(
        weights,
        num_labels=1,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",  # quickest on a CPU
    ).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / WARM_UP, max(0.02, 1 - step / steps))
    )
    model.train()
    started, running = time.monotonic(), 0.0
    for step, groups in enumerate(itertools.islice(batches(examples), steps), start=1):
        logits = logits_of(model, tokenizer, [p for group in groups for p in group], device)
        loss = loss_of(logits, groups)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        running = 0.98 * running + 0.02 * loss.item()
        if step % 50 == 0:
            console.print(f"step {step} loss {running / (1 - 0.98**step):.4f} {time.monotonic() - started:.0f}s")
        if step % 400 == 0 or step == steps:
            model.save_pretrained(out)
            tokenizer.save_pretrained(out)


if __name__ == "__main__":
    typer.run(main)
