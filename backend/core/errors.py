"""The errors of the service: every refusal has a stable code, a status, a safe sentence and headers."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Cause = Literal[
    "absent",
    "algorithm",
    "audience",
    "blank",
    "characters",
    "duplicate_member",
    "encoding",
    "expired",
    "header",
    "issued_in_future",
    "issuer",
    "missing_claim",
    "not_yet_valid",
    "parts",
    "payload",
    "revoked",
    "scheme",
    "several_headers",
    "signature",
    "subject",
    "time_claim",
    "too_large",
    "too_old",
    "type",
    "unknown_key",
]

NOT_CACHED = "private, no-store"
REALM = "tasks"
RETRY_SECONDS = 5


class ConfigurationError(Exception):
    """The service cannot start with these settings; the message contains no value (003/FR-013).

    Args:
        faults: Pairs of the name of a setting, and what is wrong with it and what to do.
    """

    code: ClassVar[str] = "configuration_invalid"

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{setting}: {what}" for setting, what in self.faults))


class ServiceError(Exception):
    """The base of all errors that the API responds with.

    Attributes:
        code: A stable name of the error, for programs.
        status: The HTTP status.
        title: The status in words.
        detail: One sentence for the caller, without any data of the request.
        meaning: The description of the response in the contract.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    title: ClassVar[str] = "Internal Server Error"
    detail: ClassVar[str] = "The service failed; the failure is logged."
    meaning: ClassVar[str] = "The service failed"

    def __init__(self) -> None:
        super().__init__(self.detail)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response (003/FR-021)."""
        return {"Cache-Control": NOT_CACHED}

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a place in the request, such as `body.title`, and what is wrong there."""
        return ()


class InternalError(ServiceError):
    """An unexpected failure."""


class AuthenticationError(ServiceError):
    """The credentials are missing or invalid (003/FR-006).

    Args:
        cause: The reason; only for the log.
        hint: A remedy for the operator; only for the log.
    """

    status = HTTPStatus.UNAUTHORIZED
    title = "Unauthorized"
    meaning = "No valid credentials came with the request"
    challenge: ClassVar[str] = f'Bearer realm="{REALM}"'

    def __init__(self, cause: Cause, hint: str | None = None) -> None:
        super().__init__()
        self.cause = cause
        self.hint = hint

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response, with the challenge of RFC 6750 §3."""
        return {**super().headers, "WWW-Authenticate": self.challenge}


class CredentialsMissingError(AuthenticationError):
    """The request has no credentials; the challenge names no error (RFC 6750 §3.1)."""

    code = "credentials_missing"
    detail = "Send a bearer token in the Authorization header."


class CredentialsMalformedError(AuthenticationError):
    """The request has several Authorization headers, or one that is not `Bearer TOKEN`."""

    code = "credentials_malformed"
    detail = "Send exactly one Authorization header that holds one bearer token."
    challenge = f'Bearer realm="{REALM}", error="invalid_token", error_description="Not one bearer token"'


class TokenInvalidError(AuthenticationError):
    """The token is invalid; only the log has the reason."""

    code = "token_invalid"
    detail = "The token is not valid here; sign in again."
    challenge = f'Bearer realm="{REALM}", error="invalid_token", error_description="The token is not valid"'


class UnknownKeyError(TokenInvalidError):
    """The token names a key that is not in the key set; a newer key set may contain it (003/FR-025).

    Args:
        key_id: The `kid` of the token, which is not verified; None if it has none.
    """

    def __init__(self, key_id: str | None) -> None:
        super().__init__("unknown_key")
        self.key_id = key_id


class TokenExpiredError(AuthenticationError):
    """The token is expired, and valid in everything else."""

    code = "token_expired"
    detail = "The token has expired; fetch a new one."
    challenge = f'Bearer realm="{REALM}", error="invalid_token", error_description="The token has expired"'


class InsufficientScopeError(ServiceError):
    """The token lacks a scope that the route requires (RFC 6750 §3.1, 003/FR-029).

    Args:
        scopes: The scopes that the route requires.
    """

    code = "insufficient_scope"
    status = HTTPStatus.FORBIDDEN
    title = "Forbidden"
    detail = "The token does not grant this; the challenge says what is needed."
    meaning = "The token does not grant this"

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__()
        self.scopes = tuple(scopes)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response, with the required scopes in the challenge."""
        needed = " ".join(self.scopes)
        challenge = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{needed}"'
        return {**super().headers, "WWW-Authenticate": challenge}


class NotFoundError(ServiceError):
    """No route has this path."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND
    title = "Not Found"
    detail = "There is nothing at this address."
    meaning = "There is nothing at this address"


class TaskNotFoundError(NotFoundError):
    """The caller has no such task; it may exist and belong to another user (003/FR-009)."""

    code = "task_not_found"
    detail = "You have no such task."
    meaning = "The caller has no such task"


class AccountErasedError(ServiceError):
    """The caller's account is erased; tokens of before the erasure do not reopen it (003/FR-011)."""

    code = "account_erased"
    status = HTTPStatus.GONE
    title = "Gone"
    detail = "This account is erased; sign up anew once the old tokens have ended."
    meaning = "The caller's account is erased"


class MethodNotAllowedError(ServiceError):
    """The path has no such method.

    Args:
        allowed: The methods of the path.
    """

    code = "method_not_allowed"
    status = HTTPStatus.METHOD_NOT_ALLOWED
    title = "Method Not Allowed"
    detail = "This address does not answer that method; the Allow header lists those it does."
    meaning = "This address does not answer that method"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__()
        self.allowed = tuple(sorted(allowed))

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response, with the allowed methods (RFC 9110 §15.5.6)."""
        return {**super().headers, "Allow": ", ".join(self.allowed)}


class RequestInvalidError(ServiceError):
    """The request does not conform to the contract; nothing was changed (003/FR-020).

    Args:
        faults: Pairs of a place, such as `body.title`, and what is wrong there, without the value sent.
    """

    code = "request_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Unprocessable Content"
    detail = "The request does not fit the contract; `errors` says where."
    meaning = "The request does not fit this contract"

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__()
        self._faults = faults

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a place in the request, such as `body.title`, and what is wrong there."""
        return self._faults


class UnavailableError(ServiceError):
    """The database or the key set of the issuer is unavailable (003/FR-018, 003/FR-026)."""

    code = "service_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Service Unavailable"
    detail = "The service cannot answer now; try again later."
    meaning = "The service cannot answer now; the request changed nothing that was acknowledged"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response, with the seconds to wait."""
        return {**super().headers, "Retry-After": str(RETRY_SECONDS)}
