"""Turns the file that ships back into a checkpoint, so that training can go on from it.

    python -m evals.grounding.restore OUT

The int8 weights are scaled back to floating point: what rounding took is gone, and the first steps of training make up
for it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import torch
import typer
from onnx import numpy_helper
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tutor.embedder import unpack_builtin_model
from tutor.errors import SetupError
from tutor.grounder import MODEL
from tutor.settings import Settings


def weights(model: Path) -> dict[str, torch.Tensor]:
    """Return the weights of an exported file by their names in the checkpoint."""
    graph = onnx.load(str(model)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    def whole(name: str) -> torch.Tensor:
        numbers = stored[f"{name}_quantized"].astype(np.float32) - stored[f"{name}_zero_point"].astype(np.float32)
        return torch.from_numpy(numbers * stored[f"{name}_scale"])

    found = {n.removeprefix("model."): torch.from_numpy(a.copy()) for n, a in stored.items() if n.startswith("model.")}
    for name in list(found):
        if match := re.fullmatch(r"(.+)_quantized", name):
            found[match.group(1)] = whole(f"model.{match.group(1)}")
    for node in graph.node:  # a layer's matrix is named by the node that multiplies by it, and lies transposed
        if node.op_type == "MatMulInteger":
            layer = re.sub(r"/(?:Gemm_)?MatMul_quant$", "", node.name.removeprefix("/model/")).replace("/", ".")
            found[f"{layer}.weight"] = whole(node.input[1].removesuffix("_quantized")).T.contiguous()
    return found


def main(out: Annotated[Path, typer.Argument(help="folder for the checkpoint")]) -> None:
    """Write the checkpoint."""
    start = str(unpack_builtin_model(Settings.load().cache))
    model = AutoModelForSequenceClassification.from_pretrained(start, num_labels=1)
    found = weights(MODEL)
    state = model.state_dict()
    for name in state:
        if name in found:
            state[name] = found[name].reshape(state[name].shape)
        elif not name.endswith("position_ids"):
            raise SetupError(f"{MODEL.name} holds no weights named {name}. Export it with evals.grounding.export.")
    model.load_state_dict(state)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(start).save_pretrained(out)


if __name__ == "__main__":
    typer.run(main)
