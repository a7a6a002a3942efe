"""Settings: where a value comes from, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.errors import SetupError
from tutor.settings import Settings, without_password


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The settings file of this test's state folder, empty."""
    file = tmp_path / "home" / "tutor.toml"
    file.parent.mkdir()
    file.touch()
    return file


def test_without_any_setting_one_person_is_answered_in_quotes_on_this_computer() -> None:
    settings = Settings.load()
    assert (settings.mode, settings.model, settings.base_url) == ("personal", "quotes", "http://127.0.0.1:7860")


def test_the_file_is_heard_before_the_default(file: Path) -> None:
    file.write_text('base_url = "https://tutor.example"')
    assert Settings.load().base_url == "https://tutor.example"


def test_the_environment_is_heard_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("max_question_characters = 10")
    monkeypatch.setenv("TUTOR_MAX_QUESTION_CHARACTERS", "20")
    assert Settings.load().max_question_characters == 20


def test_an_empty_variable_counts_as_unset(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("max_question_characters = 10")
    monkeypatch.setenv("TUTOR_MAX_QUESTION_CHARACTERS", "")
    assert Settings.load().max_question_characters == 10


def test_the_records_are_a_file_in_the_state_folder_unless_a_database_is_named(tmp_path: Path) -> None:
    assert Settings.load().database == f"sqlite:///{tmp_path / 'home' / 'tutor.db'}"
    assert Settings.load(database_url="postgresql://db/tutor").database == "postgresql://db/tutor"


def test_without_a_state_folder_it_is_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUTOR_HOME")
    assert Settings.load().home.name == "tutor"


@pytest.mark.parametrize("name", ["home", "cache", "model_key_file"])
def test_a_tilde_is_the_users_own_folder(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TUTOR_{name.upper()}", "~/somewhere")
    assert getattr(Settings.load(), name) == Path.home() / "somewhere"


def test_reading_the_settings_makes_no_folder(tmp_path: Path) -> None:
    Settings.load()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('mode = "secret"', "mode: input should be 'personal' or 'shared'"),
        ('colour = "red"', "colour: extra inputs are not permitted"),
        ("evidence_threshold = 2", "evidence_threshold: input should be less than or equal to 1"),
        ("mode = [", "tutor.toml in .* cannot be read"),
        ('home = "/elsewhere"', "set TUTOR_HOME instead"),
        ('cache = "~nobody-of-that-name/x"', "cache: no such user; write the whole path"),
        ("model_seconds = 0", "model_seconds: input should be greater than 0"),
        ("model_seconds = inf", "model_seconds: input should be a finite number"),
        ("model_first_seconds = -1", "model_first_seconds: input should be greater than 0"),
        ("model_tokens_per_day = -1", "model_tokens_per_day: input should be greater than or equal to 0"),
        ("model_context_tokens = 0", "model_context_tokens: input should be greater than or equal to 1"),
        ('model_output = "json"', "model_output: input should be 'text', 'structured' or 'citations'"),
        ('model_key_file = "model.key"', "model_key_file: give the whole path of a file"),
    ],
)
def test_a_wrong_line_of_the_file_is_named(written: str, said: str, file: Path) -> None:
    file.write_text(written)
    with pytest.raises(SetupError, match=said):
        Settings.load()


def test_all_wrong_settings_are_named_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('mode = "secret"\ncolour = "red"')
    monkeypatch.setenv("TUTOR_MAX_SOURCE_BYTES", "many")
    with pytest.raises(SetupError, match=r"(?=.*mode)(?=.*colour)(?=.*max_source_bytes)"):
        Settings.load()


def test_without_any_setting_a_chat_model_has_a_minute_and_no_limit_of_tokens() -> None:
    settings = Settings.load()
    assert (settings.model_seconds, settings.model_first_seconds) == (60, 20)
    assert (settings.model_tokens_per_day, settings.model_context_tokens) == (0, 3_000)
    assert (settings.model_key_file, settings.model_output, settings.prices) == (None, "text", None)


def test_an_empty_key_file_is_none(file: Path) -> None:
    file.write_text('model_key_file = ""')
    assert Settings.load().model_key_file is None


@pytest.mark.parametrize(
    ("written", "prices"), [("3 15", (3.0, 15.0)), (" 0.25\t1.5 ", (0.25, 1.5)), ("0 0", (0.0, 0.0)), (" ", None)]
)
def test_prices_are_dollars_for_tokens_read_and_written(written: str, prices: tuple[float, float] | None) -> None:
    assert Settings.load(model_prices=written).prices == prices


@pytest.mark.parametrize("written", ["3", "3 15 1", "3, 15", "three fifteen", "3 -15", "nan 15", "3 inf", "$3 $15"])
def test_prices_that_are_not_two_amounts_are_refused_with_an_example(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTOR_MODEL_PRICES", written)
    with pytest.raises(SetupError, match=r'model_prices: give dollars .* such as "3 15"') as caught:
        Settings.load()
    assert "\n" not in str(caught.value)


def test_a_key_in_the_place_of_its_file_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL_KEY_FILE", "sk-secret-0123")
    with pytest.raises(SetupError, match="give the whole path of a file that holds the key") as caught:
        Settings.load()
    assert "secret" not in str(caught.value)


def test_each_setting_says_where_it_came_from(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('base_url = "https://tutor.example"\nmode = "shared"')
    monkeypatch.setenv("TUTOR_MODE", "personal")
    origins = Settings.load().origins()
    assert origins["mode"] == ("personal", "environment")
    assert origins["base_url"] == ("https://tutor.example", "tutor.toml")
    assert origins["model"] == ("quotes", "default")


def test_every_setting_of_the_contract_has_an_origin() -> None:
    named = {"home", "mode", "base_url", "model", "model_key_file", "model_prices", "database_url", "chroma_url"}
    assert named <= Settings.load().origins().keys()


def test_origins_hide_the_password_of_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_DATABASE_URL", "postgresql://tutor:secret@db:5432/tutor")
    assert Settings.load().origins()["database_url"] == ("postgresql://tutor:***@db:5432/tutor", "environment")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://models.example/v1?api_key=secret&model=a", "https://models.example/v1?api_key=***&model=a"),
        (
            "https://models.example/v1?model=a&Access-Token=secret#x",
            "https://models.example/v1?model=a&Access-Token=***#x",
        ),
        ("postgresql://db/tutor?user=a&password=secret", "postgresql://db/tutor?user=a&password=***"),
        ("https://me:secret@models.example/?key=secret", "https://me:***@models.example/?key=***"),
    ],
)
def test_a_key_among_the_parameters_of_an_address_is_hidden(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize("url", ["", "sqlite:///home/a@b/tutor.db", "postgresql://tutor@db/tutor", "http://[::1]:80/"])
def test_an_address_without_a_password_is_shown_as_it_is(url: str) -> None:
    assert without_password(url) == url
