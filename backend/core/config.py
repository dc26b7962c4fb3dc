"""The settings of the service: read once from the environment, checked, immutable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from backend.core.errors import ConfigurationError
from backend.core.keys.algorithms import is_symmetric
from backend.core.settings.field_types import (
    DATABASE_REMEDY,
    Algorithms,
    DatabaseUrl,
    DirectDatabaseUrl,
    End,
    KeySetUrl,
    LogLevel,
    Name,
    Origin,
    Origins,
    PseudonymKey,
    SharedSecret,
    check_direct_database,
    check_key_set_url,
    normalize_origin,
)
from backend.core.settings.secret_strength import KEY_REMEDY, REMEDY

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(BaseModel):
    """The settings of the service; the alias of a field is its name in the environment."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    algorithms: Algorithms = Field(("HS256",), alias="JWT_ALGORITHMS")
    secret: SharedSecret | None = Field(None, alias="BETTER_AUTH_SECRET")
    previous_secret: SharedSecret | None = Field(None, alias="BETTER_AUTH_SECRET_PREVIOUS")
    previous_secret_until: End | None = Field(None, alias="BETTER_AUTH_SECRET_PREVIOUS_UNTIL")
    better_auth_url: Origin = Field("http://localhost:3000", alias="BETTER_AUTH_URL")
    frontend_origins: Origins | None = Field(None, alias="FRONTEND_ORIGINS")
    jwt_issuer: Name | None = Field(None, alias="JWT_ISSUER")
    jwt_audience: Name | None = Field(None, alias="JWT_AUDIENCE")
    leeway_seconds: int = Field(10, ge=0, le=60, alias="JWT_LEEWAY_SECONDS")
    max_age_seconds: int | None = Field(None, ge=1, le=31_536_000, alias="JWT_MAX_AGE_SECONDS")
    tokens_remembered: int = Field(10_000, ge=0, le=1_000_000, alias="JWT_TOKENS_REMEMBERED")
    jwks_url: KeySetUrl | None = Field(None, alias="JWKS_URL")
    jwks_refresh_seconds: int = Field(300, ge=10, le=86_400, alias="JWKS_REFRESH_SECONDS")
    jwks_cooldown_seconds: int = Field(5, ge=1, le=300, alias="JWKS_COOLDOWN_SECONDS")
    jwks_timeout_seconds: int = Field(3, ge=1, le=30, alias="JWKS_TIMEOUT_SECONDS")
    revocations: Literal["memory", "postgresql"] = Field("memory", alias="REVOCATIONS")
    database_url: DatabaseUrl = Field(alias="DATABASE_URL")
    database_direct_url: DirectDatabaseUrl | None = Field(None, alias="DATABASE_DIRECT_URL")
    database_pool_size: int = Field(5, ge=1, le=100, alias="DATABASE_POOL_SIZE")
    database_timeout_seconds: int = Field(5, ge=1, le=60, alias="DATABASE_TIMEOUT_SECONDS")
    pseudonym_key: PseudonymKey = Field(alias="PSEUDONYM_KEY")
    longest_token_seconds: int = Field(86_400, ge=60, le=31_536_000, alias="LONGEST_TOKEN_SECONDS")
    audit_days: int = Field(365, ge=1, le=36_500, alias="RETENTION_AUDIT_DAYS")
    task_days: int | None = Field(None, ge=1, le=36_500, alias="RETENTION_TASK_DAYS")
    log_level: LogLevel = Field("info", alias="LOG_LEVEL")

    @property
    def oldest_seconds(self) -> int:
        """The largest age of a token in seconds; at most `longest_token_seconds`, which times erasures."""
        return min(self.max_age_seconds or self.longest_token_seconds, self.longest_token_seconds)

    @property
    def closed_seconds(self) -> int:
        """The longest time in seconds for which an erased account stays closed: the lives of two tokens."""
        return 2 * self.longest_token_seconds + self.leeway_seconds

    @property
    def issuer(self) -> str:
        """The only accepted `iss`."""
        return self.jwt_issuer or self.better_auth_url

    @property
    def audience(self) -> str:
        """The audience that `aud` must contain."""
        return self.jwt_audience or self.better_auth_url

    @property
    def browser_origins(self) -> tuple[str, ...]:
        """The origins whose pages may call the API, as browsers write them (003/FR-050)."""
        return self.frontend_origins or (normalize_origin(self.better_auth_url),)

    @property
    def key_set_url(self) -> str:
        """The URL of Better Auth's key set."""
        return self.jwks_url or f"{self.better_auth_url}/api/auth/jwks"

    @model_validator(mode="after")
    def _check_family(self) -> Self:
        """Refuse settings of the other mode, shared secret or key set: one of the two is a mistake."""
        chosen = ",".join(self.algorithms)
        if is_symmetric(self.algorithms):
            if self.secret is None:
                raise ValueError(f"BETTER_AUTH_SECRET: {_explain_missing('BETTER_AUTH_SECRET')}")
            if self.jwks_url is not None:
                raise ValueError(
                    f"JWKS_URL: is set, though JWT_ALGORITHMS is {chosen}: unset it, or name the key set's "
                    "algorithm, as in JWT_ALGORITHMS=EdDSA"
                )
            return self
        for setting, value in (
            ("BETTER_AUTH_SECRET", self.secret),
            ("BETTER_AUTH_SECRET_PREVIOUS", self.previous_secret),
        ):
            if value is not None:
                raise ValueError(f"{setting}: {_explain_needless(chosen)}")
        try:
            check_key_set_url(self.key_set_url)
        except ValueError as error:
            raise ValueError(f"BETTER_AUTH_URL: {error}, or set JWKS_URL") from None
        return self

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


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from an environment (003/FR-013).

    Args:
        environ: The environment. An empty text counts as unset, except for `BETTER_AUTH_SECRET` and
            `JWT_ALGORITHMS`, where it is refused.

    Raises:
        ConfigurationError: Some settings are wrong; the message lists all of them, without values.
    """
    names = [field.alias for field in Settings.model_fields.values() if field.alias]
    given = {name: environ[name] for name in names if environ.get(name)}
    given |= {name: environ[name] for name in ("BETTER_AUTH_SECRET", "JWT_ALGORITHMS") if name in environ}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        faults = [_explain(fault) for fault in error.errors(include_input=False)]
        # Pydantic runs the checks of the whole model only if all fields are valid.
        if "BETTER_AUTH_SECRET" not in given and given.get("JWT_ALGORITHMS", "HS256") == "HS256":
            secret = ("BETTER_AUTH_SECRET", _explain_missing("BETTER_AUTH_SECRET"))
            faults = [secret, *(fault for fault in faults if fault != secret)]
        faults = _without_weakness_of_needless(faults, given.get("JWT_ALGORITHMS", "HS256"))
        # `from None`: the text of Pydantic's error may contain values.
        raise ConfigurationError(faults) from None


def read_database_url(environ: Mapping[str, str]) -> str:
    """Read the database URL for migrations and jobs, with psycopg as its driver.

    Args:
        environ: The environment with `DATABASE_DIRECT_URL`, or else `DATABASE_URL`. The host of a pooler
            is refused.

    Raises:
        ConfigurationError: The URL is missing or refused.
    """
    setting = "DATABASE_DIRECT_URL" if environ.get("DATABASE_DIRECT_URL") else "DATABASE_URL"
    given = environ.get(setting)
    if not given:
        raise ConfigurationError([(setting, _explain_missing(setting))])
    try:
        return check_direct_database(SecretStr(given)).get_secret_value()
    except ValueError as error:
        raise ConfigurationError([(setting, str(error))]) from None


def _explain(fault: Any) -> tuple[str, str]:
    text = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else str(fault["msg"])
    if not fault["loc"]:
        setting, _, what = text.partition(": ")
        return setting, what
    setting = str(fault["loc"][0])
    if fault["type"] == "missing":
        return setting, _explain_missing(setting)
    return setting, text if fault["type"] == "value_error" else f"cannot be used: {text}"


def _without_weakness_of_needless(faults: list[tuple[str, str]], chosen: str) -> list[tuple[str, str]]:
    """Replace the weakness of a secret beside a key set by the advice to unset it."""
    if "HS256" in chosen or "JWT_ALGORITHMS" in dict(faults):
        return faults
    secrets = {"BETTER_AUTH_SECRET", "BETTER_AUTH_SECRET_PREVIOUS"}
    return [(name, _explain_needless(chosen) if name in secrets else what) for name, what in faults]


def _explain_needless(chosen: str) -> str:
    return (
        f"is set, though JWT_ALGORITHMS is {chosen}: unset it here, since a key set needs no secret, "
        "or choose JWT_ALGORITHMS=HS256"
    )


def _explain_missing(setting: str) -> str:
    remedies = {"BETTER_AUTH_SECRET": REMEDY, "PSEUDONYM_KEY": KEY_REMEDY}
    return f"is missing: {remedies.get(setting, DATABASE_REMEDY)}"
