"""The errors of the development tools."""

from __future__ import annotations

from typing import ClassVar


class DevelopmentError(Exception):
    """A development tool cannot do its work; the message says what, why and what to do.

    Attributes:
        code: Stable name of the kind of error.
    """

    code: ClassVar[str] = "development_failed"


class PostgresError(DevelopmentError):
    """No PostgreSQL can be had in the way that was asked for."""

    code = "postgres_unavailable"


class EngineMissingError(DevelopmentError):
    """No container engine answers; the message is the reason alone."""

    code = "engine_missing"


class ContainerError(DevelopmentError):
    """A container engine answers and yet gives no PostgreSQL; the message is the reason alone."""

    code = "container_failed"


class ServeError(DevelopmentError):
    """The service cannot be served from this machine as it stands."""

    code = "serve_failed"


class FrontEndError(DevelopmentError):
    """The front end cannot be set up, or does not run."""

    code = "front_end_unavailable"
