"""The errors of the development tools."""

from __future__ import annotations

from typing import ClassVar


class DevelopmentError(Exception):
    """A development tool failed; the message says what failed, why, and what to do.

    Attributes:
        code: A stable name of the error.
    """

    code: ClassVar[str] = "development_failed"


class PostgresError(DevelopmentError):
    """No PostgreSQL can be provided with these settings."""

    code = "postgres_unavailable"


class EngineMissingError(DevelopmentError):
    """No container engine responds; the message has only the reason."""

    code = "engine_missing"


class ContainerError(DevelopmentError):
    """A container engine responds, but no PostgreSQL starts in it; the message has only the reason."""

    code = "container_failed"


class ServeError(DevelopmentError):
    """The service cannot listen or did not start."""

    code = "serve_failed"


class FrontEndError(DevelopmentError):
    """The front end cannot be installed, or does not start or run."""

    code = "front_end_unavailable"
