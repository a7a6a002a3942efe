"""Averages two checkpoints of the grounder: what a later stage has learned, without all that it has forgotten.

    python -m evals.grounding.average BEFORE AFTER OUT --share 0.6

Source: Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022 (weights between a model and its successor).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from safetensors.torch import load_file, save_file

WEIGHTS = "model.safetensors"


def main(
    before: Annotated[Path, typer.Argument(help="folder of the earlier checkpoint")],
    after: Annotated[Path, typer.Argument(help="folder of the later one")],
    out: Annotated[Path, typer.Argument(help="folder to write")],
    share: Annotated[float, typer.Option(min=0, max=1, help="weight of the later one")] = 0.6,
) -> None:
    """Write a checkpoint whose every weight lies between those of the two."""
    old, new = load_file(before / WEIGHTS), load_file(after / WEIGHTS)
    shutil.copytree(after, out, dirs_exist_ok=True)
    mixed = {name: old[name].float().lerp(weights.float(), share).contiguous() for name, weights in new.items()}
    save_file(mixed, out / WEIGHTS, metadata={"format": "pt"})


if __name__ == "__main__":
    typer.run(main)
