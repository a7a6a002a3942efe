"""Exports a trained checkpoint as the file that ships: ONNX with int8 weights, and its SHA-256.

python -m evals.grounding.export CHECKPOINT tutor/models/grounder.onnx
"""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from pathlib import Path
from typing import Annotated

import torch
import typer
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evals.grounding.examples import Pair
from evals.grounding.train import encode


class _Logit(torch.nn.Module):
    """The checkpoint with plain arguments and one number for each pair."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits
        return logits[:, 0]


def main(
    checkpoint: Annotated[Path, typer.Argument(help="folder of a checkpoint")],
    out: Annotated[Path, typer.Argument(help="the ONNX file to write")],
) -> None:
    """Write the file and print its SHA-256."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, attn_implementation="eager").eval()
    inputs = encode(
        tokenizer, [Pair("Why?", "Because it is so.", "", True), Pair("When did it end?", "In 1961.", "", True)]
    )
    names = ("input_ids", "attention_mask", "token_type_ids")
    axes = {name: {0: "pairs", 1: "tokens"} for name in names}
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its age, and of branches that every pair takes alike
            torch.onnx.export(
                _Logit(model), tuple(inputs[name] for name in names), whole,
                input_names=list(names), output_names=["logit"],
                dynamic_axes=axes | {"logit": {0: "pairs"}}, opset_version=17, dynamo=False,
            )  # fmt: skip
        quantize_dynamic(whole, out, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    typer.echo(f"{hashlib.sha256(out.read_bytes()).hexdigest()}  {out} ({out.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    typer.run(main)
