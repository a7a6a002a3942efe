"""Settings: the environment first, then ``tutor.toml`` in the state folder, then the default.

``TUTOR_HOME`` itself can only come from the environment, since it says where the file is.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from tutor.errors import SetupError

DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"


def _home() -> Path:
    return Path(os.environ.get("TUTOR_HOME") or user_data_path("tutor", appauthor=False)).expanduser()


class Settings(BaseSettings):
    """Every setting of the tutor, read once at start-up by `Settings.load`."""

    model_config = SettingsConfigDict(env_prefix="TUTOR_", env_ignore_empty=True, extra="forbid", frozen=True)

    home: Path = Field(default_factory=_home, description="state folder")
    cache: Path = Field(
        default_factory=lambda: user_cache_path("tutor", appauthor=False), description="unpacked models"
    )
    mode: Literal["personal", "shared"] = Field("personal", description="personal: loopback, one person")
    base_url: str = Field("http://127.0.0.1:7860", description="public address")
    oidc_issuer: str = Field("", description="an OpenID Connect provider to sign in with; none when empty")
    oidc_client_id: str = Field("", description="what the tutor is called there")
    oidc_secret_file: Path | None = Field(None, description="file that holds its client secret, if there is one")
    oidc_tenant: str = Field("local", description="the tenant of who signs in there")
    oidc_role_claim: str = Field("", description="the claim that names roles, such as groups")
    oidc_teachers: str = Field("", description="values of that claim that make a teacher, with spaces between")
    oidc_administrators: str = Field("", description="values of it that make an administrator")
    model: str = Field("quotes", description="who phrases answers: quotes, or provider:model")
    model_url: str = Field("", description="another server for the model, such as vLLM's; its provider's when empty")
    model_key_file: Path | None = Field(None, description="file that holds the model's API key, and nothing else")
    model_seconds: float = Field(
        60, gt=0, allow_inf_nan=False, description="time that one answer of a chat model may take in all"
    )
    model_first_seconds: float = Field(20, gt=0, allow_inf_nan=False, description="time to its first word")
    model_tokens_per_day: int = Field(0, ge=0, description="that a chat model may spend on a learner; 0: no limit")
    model_prices: str = Field("", description='dollars for a million tokens read and written, such as "3 15"')
    model_output: Literal["text", "structured", "citations"] = Field("text", description="how a chat model answers")
    model_context_tokens: int = Field(3_000, ge=1, description="evidence and history together, of one question")
    embedder: str = Field(DEFAULT_EMBEDDER, description="a Sentence Transformers model, by name or folder")
    database_url: str = Field("", description="records; SQLite in the state folder when empty")
    chroma_url: str = Field("", description="a Chroma server; the state folder when empty")
    private_hosts: str = Field("", description="servers of the school's own network that may be called, by name")
    lti_registration: str = Field(
        "", description="hosts of LMSs that may register themselves, each for a tenant: lms.oak-hill.example=oak-hill"
    )
    xapi_url: str = Field("", description="a Learning Record Store that is told what learners do; none when empty")
    xapi_user: str = Field("tutor", description="what the Learning Record Store calls the tutor")
    xapi_password_file: Path | None = Field(None, description="file that holds the password there, and nothing else")
    evidence_threshold: float = Field(0.54, ge=0, le=1, description="least probability that the course answers")
    max_question_characters: int = Field(2_000, ge=1, description="longer questions are refused")
    answers_at_once: int = Field(8, ge=1, description="that are made; further questions wait")
    answers_waiting: int = Field(64, ge=0, description="questions that wait; further ones are refused for now")
    key_calls_per_minute: int = Field(600, ge=0, description="of an API key; 0: no limit")
    learner_calls_per_minute: int = Field(240, ge=0, description="for a learner, in shared mode or by key; 0: no limit")
    request_seconds: float = Field(
        180, gt=0, allow_inf_nan=False, description="time that a call of the API may take beside a chat model's"
    )
    max_source_bytes: int = Field(20_000_000, ge=1, description="larger files are refused")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in order of precedence: arguments, environment, ``tutor.toml``."""
        file = TomlConfigSettingsSource(settings_cls, _home() / "tutor.toml")
        if "home" in file():
            raise ValueError("home: the file stands in the state folder and cannot move it; set TUTOR_HOME instead")
        return init_settings, env_settings, file

    @field_validator("model_key_file", "oidc_secret_file", "xapi_password_file", mode="before")
    @classmethod
    def _none_when_empty(cls, path: object) -> object:
        return None if path == "" else path

    @field_validator("home", "cache", "model_key_file", "oidc_secret_file", "xapi_password_file")
    @classmethod
    def _expanded(cls, path: Path | None) -> Path | None:
        try:
            return path.expanduser() if path else path
        except RuntimeError:
            raise ValueError("no such user; write the whole path") from None

    @field_validator("model_key_file", "oidc_secret_file", "xapi_password_file")
    @classmethod
    def _not_the_key(cls, path: Path | None) -> Path | None:
        """Refuse what is no whole path: it may well be the key itself, which would then be printed as a path."""
        if path and not path.is_absolute():
            raise ValueError("give the whole path of a file that holds the key, such as ~/model.key")
        return path

    @field_validator("model_prices")
    @classmethod
    def _two_prices(cls, prices: str) -> str:
        _prices(prices)
        return prices

    @field_validator("lti_registration")
    @classmethod
    def _hosts_of_tenants(cls, hosts: str) -> str:
        _hosts(hosts)
        return hosts

    @classmethod
    def load(cls, **overrides: object) -> Settings:
        """Return the settings in force; raises `SetupError` that names each wrong one."""
        try:
            return cls(**overrides)  # type: ignore[arg-type]
        except ValidationError as error:
            said = [(".".join(map(str, e["loc"])), e["msg"].removeprefix("Value error, ")) for e in error.errors()]
            problems = "; ".join(f"{name}: {message.lower()}" for name, message in said)
            raise SetupError(f"Settings are wrong: {problems}. Correct the environment or tutor.toml.") from None
        except ValueError as error:
            raise SetupError(f"tutor.toml in {_home()} cannot be read: {error}.") from None

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the records."""
        return self.database_url or f"sqlite:///{self.home / 'tutor.db'}"

    @property
    def longest_request(self) -> float:
        """Seconds that a call of the API may take in all."""
        return self.request_seconds + self.model_seconds

    @property
    def registering(self) -> dict[str, str]:
        """The hosts of LMSs that may register themselves, each with its tenant."""
        return _hosts(self.lti_registration)

    @property
    def prices(self) -> tuple[float, float] | None:
        """Dollars for a million tokens that a chat model reads and writes, None where none are given."""
        return _prices(self.model_prices)

    def origins(self) -> dict[str, tuple[str, str]]:
        """Return each setting's value, passwords and keys hidden, and where it came from.

        That is ``environment``, ``tutor.toml`` or ``default``.
        """
        file = TomlConfigSettingsSource(type(self), _home() / "tutor.toml")()
        origins = {}
        for name in type(self).model_fields:
            if os.environ.get(f"TUTOR_{name.upper()}"):
                origin = "environment"
            else:
                origin = "tutor.toml" if name in file else "default"
            value = getattr(self, name)
            origins[name] = ("" if value is None else without_password(str(value)), origin)
        return origins


def _prices(written: str) -> tuple[float, float] | None:
    try:
        prices = tuple(float(price) for price in written.split())
    except ValueError:
        prices = (math.nan,)
    if not prices:
        return None
    if len(prices) != 2 or not all(math.isfinite(price) and price >= 0 for price in prices):
        raise ValueError('give dollars for a million tokens read and written, such as "3 15"')
    return prices


def _hosts(written: str) -> dict[str, str]:
    """Return hosts with the tenants that they stand for."""
    pairs = [one.lower().partition("=") for one in written.split()]
    if any(not host or not tenant or "/" in host for host, _, tenant in pairs):
        raise ValueError("give hosts, each with its tenant, such as lms.oak-hill.example=oak-hill")
    return {host: tenant for host, _, tenant in pairs}


def without_password(url: str) -> str:
    """Return ``url`` as it may be shown: ``***`` for its password and for keys among its parameters."""
    url = re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:***@", url)
    return re.sub(r"(?i)([?&][^=&#]*(?:key|token|secret|password)[^=&#]*=)[^&#]*", r"\1***", url)
