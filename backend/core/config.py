"""The settings: read once from an environment, checked, and frozen."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from backend.core.errors import ConfigurationError
from backend.core.secret import REMEDY, find_weakness

if TYPE_CHECKING:
    from collections.abc import Mapping

DRIVER = "postgresql+psycopg"
_SCHEMES = frozenset({"postgres", "postgresql", DRIVER})
_DATABASE_REMEDY = "write postgresql://user:password@host/database"
_ORIGIN = re.compile(r"https?://[^/?#\s@]+")


def _check_secret(value: SecretStr) -> SecretStr:
    weakness = find_weakness(value.get_secret_value())
    if weakness:
        raise ValueError(f"{weakness}: {REMEDY}")
    return value


def _check_origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise ValueError("is no origin: write https://host or http://host:port, without path or slash")
    return value


def _check_name(value: str) -> str:
    if not value.isprintable() or value.isspace():
        raise ValueError("holds characters that no issuer or audience has: write it as the token has it")
    return value


def _check_database(value: SecretStr) -> SecretStr:
    scheme, separator, rest = value.get_secret_value().partition("://")
    try:
        is_address = bool(separator) and scheme in _SCHEMES and bool(make_url(f"{DRIVER}://{rest}"))
    except (ArgumentError, ValueError):
        is_address = False
    if not is_address:
        raise ValueError(f"is no address of PostgreSQL: {_DATABASE_REMEDY}")
    return SecretStr(f"{DRIVER}://{rest}")


def _require_date_time(value: object) -> object:
    """Refuse the numbers that pydantic would take for a date-time."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("is no date-time: write it with its time zone, as in 2030-01-31T12:00:00Z")
    return value


SharedSecret = Annotated[SecretStr, AfterValidator(_check_secret)]
Origin = Annotated[str, AfterValidator(_check_origin)]
Name = Annotated[str, Field(min_length=1, max_length=2048), AfterValidator(_check_name)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_database)]
End = Annotated[AwareDatetime, BeforeValidator(_require_date_time)]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error", "critical"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]


class Settings(BaseSettings):
    """The settings of the service; each field's alias is its name in the environment."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_file=None, hide_input_in_errors=True)

    secret: SharedSecret = Field(alias="BETTER_AUTH_SECRET")
    previous_secret: SharedSecret | None = Field(None, alias="BETTER_AUTH_SECRET_PREVIOUS")
    previous_secret_until: End | None = Field(None, alias="BETTER_AUTH_SECRET_PREVIOUS_UNTIL")
    better_auth_url: Origin = Field("http://localhost:3000", alias="BETTER_AUTH_URL")
    jwt_issuer: Name | None = Field(None, alias="JWT_ISSUER")
    jwt_audience: Name | None = Field(None, alias="JWT_AUDIENCE")
    leeway_seconds: int = Field(10, ge=0, le=60, alias="JWT_LEEWAY_SECONDS")
    database_url: DatabaseUrl = Field(alias="DATABASE_URL")
    database_pool_size: int = Field(5, ge=1, le=100, alias="DATABASE_POOL_SIZE")
    database_timeout_seconds: int = Field(5, ge=1, le=60, alias="DATABASE_TIMEOUT_SECONDS")
    log_level: LogLevel = Field("info", alias="LOG_LEVEL")

    @property
    def issuer(self) -> str:
        """The only issuer whose tokens are accepted."""
        return self.jwt_issuer or self.better_auth_url

    @property
    def audience(self) -> str:
        """The audience that a token must name."""
        return self.jwt_audience or self.better_auth_url

    @model_validator(mode="after")
    def _check_rotation(self) -> Self:
        previous, until = self.previous_secret, self.previous_secret_until
        if (previous is None) != (until is None):
            given, lacking = "BETTER_AUTH_SECRET_PREVIOUS", "BETTER_AUTH_SECRET_PREVIOUS_UNTIL"
            if previous is None:
                given, lacking = lacking, given
            raise ValueError(f"{lacking}: is missing, though {given} is set: set both or neither")
        if previous is not None and previous == self.secret:
            raise ValueError(
                "BETTER_AUTH_SECRET_PREVIOUS: is the current secret: set it to the one before, or unset it"
            )
        return self

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917  # the signature is pydantic's
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # same
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # same
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is handed in and nothing else: no process environment, no file."""
        return (init_settings,)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from an environment (003/FR-013).

    Args:
        environ: Names and texts; an empty text counts as unset, but for the secret.

    Raises:
        ConfigurationError: Something is wrong; every faulty setting is listed, none with its value.
    """
    names = [field.alias for field in Settings.model_fields.values() if field.alias]
    given = {name: environ[name] for name in names if environ.get(name)}
    if "BETTER_AUTH_SECRET" in environ:
        given["BETTER_AUTH_SECRET"] = environ["BETTER_AUTH_SECRET"]
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        # `from None`: the error's own text may hold values.
        raise ConfigurationError([_explain(fault) for fault in error.errors(include_input=False)]) from None


def read_database_url(environ: Mapping[str, str]) -> str:
    """Read the one setting that migrations need, with psycopg as its driver.

    Raises:
        ConfigurationError: It is missing, or no address of PostgreSQL.
    """
    given = environ.get("DATABASE_URL")
    if not given:
        raise ConfigurationError([("DATABASE_URL", _explain_missing("DATABASE_URL"))])
    try:
        return _check_database(SecretStr(given)).get_secret_value()
    except ValueError as error:
        raise ConfigurationError([("DATABASE_URL", str(error))]) from None


def _explain(fault: Any) -> tuple[str, str]:
    text = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else str(fault["msg"])
    if not fault["loc"]:
        setting, _, what = text.partition(": ")
        return setting, what
    setting = str(fault["loc"][0])
    if fault["type"] == "missing":
        return setting, _explain_missing(setting)
    return setting, text if fault["type"] == "value_error" else f"cannot be used: {text}"


def _explain_missing(setting: str) -> str:
    return f"is missing: {REMEDY if setting == 'BETTER_AUTH_SECRET' else _DATABASE_REMEDY}"
