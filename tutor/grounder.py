"""The grounder: reads a question beside a sentence in its context and says whether the sentence answers.

A cross-encoder of our own, trained by ``evals/grounding`` (see its model card) and shipped as an int8 ONNX file. The
number that it gives is a logit; `tutor.evidence` turns it, with other signs, into a calibrated probability.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tutor.errors import SetupError
from tutor.index import Vector
from tutor.words import stem

MODEL = Path(__file__).parent / "models" / "grounder.onnx"
MODEL_SHA256 = "f80c14f3d794c59bfdcf1e7cd3f9e175293a333fad016ff4887c4fc55c0af3f0"
LONGEST = 112  # tokens of a pair, as in training; what goes beyond is cut from the context's end


@dataclass(frozen=True)
class InContext:
    """A sentence with what stands before it: its heading or question, and the sentence before."""

    text: str
    heading: str = ""
    before: str = ""

    def __str__(self) -> str:
        context = ". ".join(part for part in (self.heading, self.before) if part)
        return f"{self.text} [SEP] {context}" if context else self.text


class Grounder:
    """The loaded model. Thread-safe."""

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._readers = ThreadPoolExecutor(_cores(), thread_name_prefix="grounder")

    def logits(self, question: str, sentences: Sequence[InContext]) -> Vector:
        """Return for each sentence the logit that it answers ``question``; above 0 means more likely than not."""
        pairs = self._tokenizer.encode_batch([(question, str(sentence)) for sentence in sentences])
        return np.fromiter(self._readers.map(self._logit, pairs), dtype=np.float32, count=len(pairs))

    def _logit(self, pair: Any) -> float:
        # One by one: int8 rounds by what shares a batch, and a score must not depend on what else is read.
        inputs = {name: np.array([getattr(pair, part)], dtype=np.int64) for name, part in _INPUTS.items()}
        return float(self._session.run(None, inputs)[0][0])

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """The whole words of the model's vocabulary with their rank: common words and names, the commonest first."""
        return {word: rank for word, rank in self._tokenizer.get_vocab().items() if word.isalpha()}

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of the vocabulary: other forms of its words ("pans", "inventing") are no misspellings either."""
        return frozenset(stem(word, "en") for word in self.vocabulary)


def _cores() -> int:
    """Return how many cores this process may use, at most four: a question leaves some to others."""
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


_INPUTS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}


@lru_cache(maxsize=1)
def load_grounder(tokenizer: Path) -> Grounder:
    """Return the grounder; ``tokenizer`` is the ``tokenizer.json`` of all-MiniLM-L6-v2, whose words it reads.

    Raises `SetupError` when the model is missing or its SHA-256 is not the pinned one.
    """
    return load_reader(MODEL, MODEL_SHA256, tokenizer, LONGEST)


def load_reader(model: Path, sha256: str, tokenizer: Path, longest: int) -> Grounder:
    """Return the cross-encoder in the file ``model`` that reads pairs of at most ``longest`` tokens.

    Raises `SetupError` when the file is missing or its SHA-256 is another.
    """
    try:
        weights = model.read_bytes()
    except OSError as error:
        raise SetupError(f"The grounding model {model.name} is missing ({error.strerror}). Reinstall tutor.") from None
    if hashlib.sha256(weights).hexdigest() != sha256:
        raise SetupError(f"The grounding model {model.name} is not the pinned one (SHA-256 differs). Reinstall tutor.")
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a pair is small: several are read beside one another instead
    words = Tokenizer.from_file(str(tokenizer))
    words.enable_truncation(longest, strategy="longest_first")
    words.no_padding()
    return Grounder(onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"]), words)
