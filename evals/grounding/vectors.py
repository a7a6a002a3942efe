"""Vectors of the training texts, kept between runs: embedding them all takes minutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from tutor.embedder import load_embedder
from tutor.index import Vector
from tutor.settings import Settings

console = Console()


def vectors_of(texts: Sequence[str], settings: Settings, cache: Path | None) -> dict[str, Vector]:
    """Return the unit vector of each text, from ``cache`` where it holds these texts; very long ones are cut."""
    if cache and cache.exists():
        return dict(zip(texts, np.load(cache).astype(np.float32), strict=True))
    model: Any = load_embedder(settings.embedder, settings.cache).embeddings
    made = model._client.encode(
        list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=console.is_terminal
    )
    if cache:
        np.save(cache, np.asarray(made, dtype=np.float16))
    return dict(zip(texts, np.asarray(made, dtype=np.float32), strict=True))
