"""What a single setting may be: types that check a text of the environment, and say what is wrong with it."""

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


def write_as_browsers_do(origin: str) -> str:
    """Write an origin as a browser names it: in lower case, without the port that the scheme implies."""
    url = urlsplit(origin)
    implied = {"http": 80, "https": 443}[url.scheme]
    return f"{url.scheme}://{url.netloc.lower().removesuffix(f':{implied}')}"


def _check_origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for one in value:
        if not one.isascii():
            raise ValueError("names a host that is not ASCII: write it as browsers do, as in https://xn--...")
        try:
            _check_origin(one)
        except ValueError as error:
            raise ValueError(f"{error}, and a comma between two") from None
    return tuple(dict.fromkeys(write_as_browsers_do(one) for one in value))


def _check_name(value: str) -> str:
    if not value.isprintable() or value.isspace():
        raise ValueError("holds characters that no issuer or audience has: write it as the token has it")
    return value


def _check_key(value: SecretStr) -> SecretStr:
    weakness = find_weakness(value.get_secret_value())
    if weakness:
        raise ValueError(f"{weakness}: {KEY_REMEDY}")
    return value


def check_database(value: SecretStr) -> SecretStr:
    """Check the address of a database, and give it the driver.

    Raises:
        ValueError: It is none of PostgreSQL, or leaves this machine without TLS.
    """
    url, options = _read_address(value.get_secret_value())
    leaves_machine = any(not (host.startswith("/") or _is_loopback(host)) for host in _find_hosts(options))
    if leaves_machine and options.get("sslmode") not in _TLS_MODES:
        raise ValueError("goes over a network without TLS: add ?sslmode=require, or a stricter mode")
    return SecretStr(url)


def check_direct_database(value: SecretStr) -> SecretStr:
    """Check the address that migrations and jobs use: as `check_database` does, and no pooler's.

    Raises:
        ValueError: It is none, or a pooler's.
    """
    checked = check_database(value)
    _, options = _read_address(checked.get_secret_value())
    if any("-pooler." in host.lower() for host in _find_hosts(options)):
        raise ValueError("is a pooler's host: migrations need the direct one, without `-pooler`")
    return checked


def _read_address(text: str) -> tuple[str, Mapping[str, Any]]:
    """Read an address as the driver does: what stands after `?` may overrule what stands before it.

    Returns:
        The address with the driver, and the options that the driver gets.
    """
    scheme, separator, rest = text.partition("://")
    address, refusal = f"{DRIVER}://{rest}", f"is no address of PostgreSQL: {DATABASE_REMEDY}"
    if not separator or scheme not in _SCHEMES:
        raise ValueError(refusal)
    if not text.isascii() and text != text.encode(errors="replace").decode():
        raise ValueError("is not UTF-8: write what is not ASCII percent-encoded")
    try:
        url = make_url(address)
        _, options = url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError):
        raise ValueError(refusal) from None
    _check_options(options)
    return address, options


def _check_options(options: Mapping[str, Any]) -> None:
    if any("\0" in str(value) for value in options.values()):
        raise ValueError("holds a NUL, which would end it early: remove the %00")
    if any(isinstance(value, tuple) for value in options.values()):
        raise ValueError("has an option twice: name each one once")
    if "service" in options:
        raise ValueError("names a service, whose file may lead anywhere: write the host and its options here")
    try:
        make_conninfo(**options)
    except psycopg.ProgrammingError:
        # By no name: it may be a piece of a password that holds a question mark.
        raise ValueError("has an option that libpq does not know: remove it after the ?") from None


def _find_hosts(options: Mapping[str, Any]) -> list[str]:
    """Find every host that may be connected to; none is this machine's socket."""
    given = (options.get(name, "") for name in ("host", "hostaddr"))
    return [host for hosts in given for host in hosts.split(",") if host]


def check_key_set_url(value: str) -> str:
    """Check the address of a key set: https, or http on this machine (003/FR-025).

    Raises:
        ValueError: It is another one.
    """
    try:
        url = urlsplit(value)
        is_address = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:  # a port that is no number, or none that exists
        is_address = False
    if not is_address or not _URL.fullmatch(value):
        raise ValueError("is no address of a key set: write https://host/api/auth/jwks")
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        raise ValueError("is http beyond this machine, where anybody may put keys in: write https")
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _split_list(value: object) -> object:
    """Split the text of the environment at its commas."""
    return tuple(each.strip() for each in value.split(",")) if isinstance(value, str) else value


def _check_algorithms(value: tuple[str, ...]) -> tuple[str, ...]:
    # By name and never by part of one, and in the case that tokens have it.
    if not set(value) <= set(BETTER_AUTH_ALGORITHMS):
        raise ValueError(
            f"names one that Better Auth does not sign with: choose {', '.join(BETTER_AUTH_ALGORITHMS)}"
        )
    check_algorithms(value)
    return value


def _require_date_time(value: object) -> object:
    """Refuse the numbers that pydantic would take for a date-time."""
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
