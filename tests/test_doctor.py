"""The doctor: each part of the installation, well and unwell, and what is said of it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from commandline import run
from serving import serving

from tutor.doctor import Check, examine
from tutor.embedder import Embedder
from tutor.errors import SetupError
from tutor.index import Store
from tutor.tutor import Tutor
from tutor.web.server import announced

pytestmark = pytest.mark.usefixtures("warm")


def examined(port: int = 7860) -> dict[str, Check]:
    """Return each check by its name."""
    return {check.name: check for check in examine(port)[0]}


def unwell() -> dict[str, str]:
    """Return what is said of each part that does not work."""
    return {check.name: check.detail for check in examined().values() if not check.ok}


# --- the report ------------------------------------------------------------------------------------------------------


def test_a_sound_installation_is_reported_part_by_part(lesson_home: Path) -> None:
    ran = run("doctor")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[:4] == [
        "ok   settings: personal mode (this computer only), answered by quotes",
        f"ok   database: sqlite:///{lesson_home}/tutor.db answers; 1 course(s)",
        "ok   model: all-MiniLM-L6-v2 (53aa51172d14) gives vectors of 384 numbers",
        f"ok   store: {lesson_home}/indexes is free and holds 1 index(es)",
    ]


def test_each_setting_is_printed_with_where_it_came_from(lesson_home: Path) -> None:
    (lesson_home / "tutor.toml").write_text('base_url = "https://tutor.example"\n')
    printed = run("doctor").out.splitlines()
    assert f"     home = {lesson_home}  [environment]" in printed
    assert "     base_url = https://tutor.example  [tutor.toml]" in printed
    assert "     mode = personal  [default]" in printed
    assert "     chroma_url = (empty)  [default]" in printed
    assert "     model_key_file = (empty)  [default]" in printed
    assert "     model_seconds = 60.0  [default]" in printed


def test_what_is_missing_is_marked_and_summed_up_in_one_line(home: Path) -> None:
    home.mkdir()
    (home / "tutor.db").write_bytes(b"not a database" * 1_000)
    ran = run("doctor")
    assert ran.status == 1
    assert ran.err == "tutor: Something is missing: see the lines marked FAIL.\n"
    assert [line.split(":")[0] for line in ran.out.splitlines() if line.startswith("FAIL")] == [
        "FAIL database", "FAIL store",
    ]  # fmt: skip


def test_the_report_as_json_is_one_object(lesson_home: Path) -> None:
    report = json.loads(run("doctor", "--json").out)
    assert [check["name"] for check in report["checks"]] == ["settings", "database", "model", "store", "port"]
    assert {check["ok"] for check in report["checks"]} == {True}
    assert report["settings"]["mode"] == ["personal", "default"]


def test_a_new_installation_is_sound(home: Path) -> None:
    assert unwell() == {}
    assert examined()["database"].detail.endswith("0 course(s)")


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TUTOR_MODEL", "gpt", "TUTOR_MODEL: 'gpt' is no chat model: write provider:model, such as ollama:llama3.2."),
    ],
)
def test_a_setting_that_this_version_cannot_serve_is_said_once(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert unwell() == {
        "settings": said,
        "database": "not looked at; first mend the settings",
        "store": "not looked at; first mend the settings and the database",
    }


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('mode = "nonsense"', "mode: input should be 'personal' or 'shared'"),
        ("mode = [", "tutor.toml in .* cannot be read"),
        ("\udcff", "tutor.toml in .* cannot be read"),
    ],
)
def test_a_settings_file_that_cannot_be_used_stops_the_examination(written: str, said: str, home: Path) -> None:
    home.mkdir()
    (home / "tutor.toml").write_bytes(written.encode(errors="surrogateescape"))
    with pytest.raises(SetupError, match=said):
        examine()


# --- the state folder and its database -------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_named_with_what_to_do(home: Path) -> None:
    home.mkdir()
    (home / "tutor.db").write_bytes(b"not a database" * 1_000)
    assert unwell()["database"] == (
        f"sqlite:///{home}/tutor.db: The records are damaged: file is not a database. "
        "Put a copy of the database back, or move it away to begin anew."
    )


def test_a_database_that_is_damaged_inside_is_found_out(lesson_home: Path) -> None:
    database = lesson_home / "tutor.db"
    whole = database.read_bytes()
    page = int.from_bytes(whole[16:18])
    database.write_bytes(whole[: 8 * page] + b"\xa5" * (len(whole) - 8 * page))
    said = unwell()["database"]
    assert f"{database}: The records are damaged: " in said
    assert "Put a copy of the database back" in said
    assert "\n" not in said


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "file" / "home"))
    assert f"{tmp_path}/file/home cannot be made: Not a directory. Set TUTOR_HOME elsewhere." in unwell()["database"]


def test_a_state_folder_that_cannot_be_written_is_named(
    small_disk: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(prepared, small_disk / "home")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    monkeypatch.setenv("TUTOR_HOME", str(small_disk / "home"))
    said = unwell()["database"]
    assert str(small_disk / "home") in said
    assert "The records cannot be read or written" in said


def test_the_password_of_a_database_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_DATABASE_URL", "no-such-database://tutor:hush-hush@db/tutor")
    ran = run("doctor")
    assert "FAIL database: TUTOR_DATABASE_URL cannot be used" in ran.out
    assert "no-such-database://tutor:***@db/tutor" in ran.out
    assert "hush-hush" not in ran.out + ran.err


def test_the_file_of_a_key_is_printed_and_the_key_is_not(
    lesson_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.key").write_text("sk-hush-hush-0123\n")
    monkeypatch.setenv("TUTOR_MODEL_KEY_FILE", str(tmp_path / "model.key"))
    monkeypatch.setenv("TUTOR_MODEL_URL", "https://models.example/v1?api_key=sk-hush-hush-0123")
    for ran in (run("doctor"), run("doctor", "--json")):
        assert str(tmp_path / "model.key") in ran.out
        assert "https://models.example/v1?api_key=***" in ran.out
        assert "hush-hush" not in ran.out + ran.err


def test_a_key_in_the_place_of_its_file_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL_KEY_FILE", "sk-hush-hush-0123")
    ran = run("doctor")
    assert ran.status == 1
    assert ran.err.startswith("tutor: Settings are wrong: model_key_file: give the whole path of a file")
    assert "hush-hush" not in ran.out + ran.err


# --- the model -------------------------------------------------------------------------------------------------------


def test_a_model_that_is_not_on_this_machine_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lesson_home: Path
) -> None:
    monkeypatch.undo()  # the real loading is what is looked at
    monkeypatch.setenv("TUTOR_HOME", str(lesson_home))
    monkeypatch.setenv("TUTOR_EMBEDDER", str(tmp_path / "no-model"))
    said = unwell()
    assert "no-model' cannot be loaded" in said["model"]
    assert "Set TUTOR_EMBEDDER to all-MiniLM-L6-v2" in said["model"]
    assert said["store"] == "not looked at; first mend the model"


def test_a_folder_that_the_model_cannot_be_unpacked_into_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.undo()
    monkeypatch.setenv("TUTOR_HOME", str(home))
    monkeypatch.setenv("TUTOR_CACHE", str(tmp_path / "file" / "cache"))
    assert "or set TUTOR_CACHE to another folder" in unwell()["model"]


# --- the store -------------------------------------------------------------------------------------------------------


def test_an_index_that_is_damaged_is_to_be_made_again(lesson_home: Path) -> None:
    (index,) = (lesson_home / "indexes").glob("*.v*.db")
    index.unlink()
    assert unwell() == {
        "store": f"The index {index.stem} is missing or damaged. Ingest the course again to rebuild it."
    }


def test_a_store_that_is_held_by_a_running_tutor_is_well(lesson_home: Path, embedder: Embedder) -> None:
    with Tutor.open() as tutor:
        tutor.loaded.embedder = embedder
        _ = tutor.store
        with serving(tutor) as address, announced(lesson_home, address):
            assert examined()["store"] == Check("store", True, f"the tutor at {address} holds it and answers")


def test_a_store_that_is_held_by_something_else_is_not_well(lesson_home: Path) -> None:
    holder = Store(lesson_home / "indexes")
    said = unwell()
    holder.close()
    assert said == {
        "store": f"Another tutor is using {lesson_home}. Ask there, stop it first, or set TUTOR_HOME elsewhere."
    }


def test_a_chroma_server_that_does_not_answer_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setenv("TUTOR_CHROMA_URL", url)
    assert f"The Chroma server {url} does not answer" in unwell()["store"]


# --- the port --------------------------------------------------------------------------------------------------------


def test_a_port_in_use_says_how_to_serve_beside_it(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        used = examined(port)["port"]
    assert used.detail == f"{port} is in use: either the tutor is running, or serve needs --port"
    assert examined(port)["port"] == Check("port", True, f"{port} is free")
