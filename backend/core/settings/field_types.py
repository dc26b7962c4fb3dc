"""The types of single settings: Pydantic types that check a text of the environment, with clear messages."""

from __future__ import annotations

import re
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import make_conninfo
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from backend.core.keys.algorithms import check_algorithms
from backend.core.settings.secret_strength import KEY_REMEDY, REMEDY, find_weakness

if TYPE_CHECKING:
    from collections.abc import Mapping

DRIVER = "postgresql+psycopg"
BETTER_AUTH_ALGORITHMS = ("HS256", "EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256")
_SCHEMES = frozenset({"postgres", "postgresql", DRIVER})
DATABASE_REMEDY = "write postgresql://user:password@host/database"
_TLS_MODES = frozenset({"require", "verify-ca", "verify-full"})
_ORIGIN = re.compile(r"https?://[^/?#\s@\x00-\x1f\x7f]+")
# Printable ASCII, without credentials before the host and without a fragment.
_URL = re.compile(r"https?://[!-.0->A-~]+(?:[/?][!-\"$-~]*)?")


def _check_secret(value: SecretStr) -> SecretStr:
    weakness = find_weakness(value.get_secret_value())
    if weakness:
        raise ValueError(f"{weakness}: {REMEDY}")
    return value


def _check_origin(value: str) -> str:
    try:
        is_origin = bool(_ORIGIN.fullmatch(value)) and urlsplit(value).port != 0
    except ValueError:
        is_origin = False
    if not is_origin:
        raise ValueError("is no origin: write https://host or http://host:port, without path or slash")
    return value


def normalize_origin(origin: str) -> str:
    """Normalize an origin as browsers do: `https://App.example:443` -> `https://app.example`."""
    url = urlsplit(origin)
    implied = {"http": 80, "https": 443}[url.scheme]
    return f"{url.scheme}://{url.netloc.lower().removesuffix(f':{implied}')}"


def _check_origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        if not origin.isascii():
            raise ValueError("names a host that is not ASCII: write it as browsers do, as in https://xn--...")
        try:
            _check_origin(origin)
        except ValueError as error:
            raise ValueError(f"{error}; separate several by commas") from None
    return tuple(dict.fromkeys(normalize_origin(origin) for origin in value))


def _check_name(value: str) -> str:
    if not value.isprintable() or value.isspace():
        raise ValueError("contains unprintable characters, or only blanks: copy it from the token's claim")
    return value


def _check_key(value: SecretStr) -> SecretStr:
    weakness = find_weakness(value.get_secret_value())
    if weakness:
        raise ValueError(f"{weakness}: {KEY_REMEDY}")
    return value


def check_database(value: SecretStr) -> SecretStr:
    """Check the URL of a PostgreSQL database, and return it with the driver psycopg.

    Raises:
        ValueError: It is no URL of PostgreSQL, or connects over a network without TLS.
    """
    url, options = _read_address(value.get_secret_value())
    leaves_machine = any(not (host.startswith("/") or _is_loopback(host)) for host in _find_hosts(options))
    if leaves_machine and options.get("sslmode") not in _TLS_MODES:
        raise ValueError("connects over a network without TLS: add ?sslmode=require, or a stricter mode")
    return SecretStr(url)


def check_direct_database(value: SecretStr) -> SecretStr:
    """Check the database URL of migrations and jobs as `check_database` does; refuse the host of a pooler.

    Raises:
        ValueError: `check_database` refuses it, or its host is a pooler, such as `ep-x-pooler.neon.tech`.
    """
    checked = check_database(value)
    _, options = _read_address(checked.get_secret_value())
    if any("-pooler." in host.lower() for host in _find_hosts(options)):
        raise ValueError("is a pooler's host: migrations need the direct one, without `-pooler`")
    return checked


def _read_address(text: str) -> tuple[str, Mapping[str, Any]]:
    """Parse a URL as the driver does: `?host=db.example.org` overrides the host before the `?`.

    Returns:
        The URL with the driver, and the connection options.
    """
    scheme, separator, rest = text.partition("://")
    address, refusal = f"{DRIVER}://{rest}", f"is no URL of PostgreSQL: {DATABASE_REMEDY}"
    if not separator or scheme not in _SCHEMES:
        raise ValueError(refusal)
    if not text.isascii() and text != text.encode(errors="replace").decode():
        raise ValueError("is not UTF-8: percent-encode the characters outside of ASCII")
    try:
        url = make_url(address)
        _, options = url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError):
        raise ValueError(refusal) from None
    _check_options(options)
    return address, options


def _check_options(options: Mapping[str, Any]) -> None:
    if any("\0" in str(value) for value in options.values()):
        raise ValueError("contains a NUL, which would cut it off: remove the %00")
    if any(isinstance(value, tuple) for value in options.values()):
        raise ValueError("has an option twice: remove one of them")
    if "service" in options:
        raise ValueError("names a service, whose file may name any host: write the host and options here")
    try:
        make_conninfo(**options)
    except psycopg.ProgrammingError:
        # Without its name, which may be part of a password that contains a question mark.
        raise ValueError("has an option that libpq does not know: remove it after the ?") from None


def _find_hosts(options: Mapping[str, Any]) -> list[str]:
    """Return all hosts of the options; no host means the local socket."""
    given = (options.get(name, "") for name in ("host", "hostaddr"))
    return [host for hosts in given for host in hosts.split(",") if host]


def check_key_set_url(value: str) -> str:
    """Check the URL of a key set: https, or http on loopback (003/FR-025).

    Raises:
        ValueError: It is another URL, or has credentials or a fragment.
    """
    try:
        url = urlsplit(value)
        is_address = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:  # a port that is no number, or none that exists
        is_address = False
    if not is_address or not _URL.fullmatch(value):
        raise ValueError("is no URL of a key set: write https://host/api/auth/jwks")
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        raise ValueError("is http beyond this machine, where the keys may be replaced: write https")
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _split_list(value: object) -> object:
    """Split the text of the environment at the commas: `RS256, PS256` -> (RS256, PS256)."""
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


def _check_algorithms(value: tuple[str, ...]) -> tuple[str, ...]:
    # Whole names in the case that tokens use: `HS` and `hs256` are refused.
    if not set(value) <= set(BETTER_AUTH_ALGORITHMS):
        raise ValueError(
            f"names one that Better Auth does not sign with: choose {', '.join(BETTER_AUTH_ALGORITHMS)}"
        )
    check_algorithms(value)
    return value


def _require_date_time(value: object) -> object:
    """Refuse numbers, which Pydantic would read as seconds since the epoch."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("is no date-time: write it with its time zone, as in 2030-01-31T12:00:00Z")
    return value


PseudonymKey = Annotated[SecretStr, AfterValidator(_check_key)]
SharedSecret = Annotated[SecretStr, AfterValidator(_check_secret)]
Origin = Annotated[str, AfterValidator(_check_origin)]
Origins = Annotated[tuple[str, ...], BeforeValidator(_split_list), AfterValidator(_check_origins)]
Name = Annotated[str, Field(min_length=1, max_length=2048), AfterValidator(_check_name)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(check_database)]
DirectDatabaseUrl = Annotated[SecretStr, AfterValidator(check_direct_database)]
KeySetUrl = Annotated[str, Field(max_length=2048), AfterValidator(check_key_set_url)]
Algorithms = Annotated[tuple[str, ...], BeforeValidator(_split_list), AfterValidator(_check_algorithms)]
End = Annotated[AwareDatetime, BeforeValidator(_require_date_time)]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error", "critical"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]
