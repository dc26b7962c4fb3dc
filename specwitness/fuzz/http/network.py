"""Requests over HTTP to one base URL: without redirects, without proxies, with a limit of time and size."""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import urllib3

from specwitness.errors import TargetError
from specwitness.fuzz.http.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_SECONDS = 30.0
_CHUNK = 65_536
_LARGEST_BODY = 32 * 1024 * 1024
# Left out of the response: they describe bytes that are decoded already, such as `Content-Encoding: gzip`.
_HOP = frozenset({"connection", "content-encoding", "keep-alive", "transfer-encoding"})
_UNREACHABLE = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.SSLError,
)
# For a request that HTTP cannot carry, such as a header value with a line break.
_UNSENDABLE = Response(400)
_LONGEST_HEAD = 60_000  # bytes; servers take 8 to 64 kB
_TOO_LARGE = Response(431)


class SilentError(TargetError):
    """No response came to a request; `is_unreachable` where no connection could be made."""

    def __init__(self, message: str, *, where: str, is_unreachable: bool) -> None:
        remedy = "start the service, see its log, or fix --base-url"
        super().__init__(message, where=where, remedy=remedy)
        self.is_unreachable = is_unreachable


class HttpTransport:
    """Sends requests to one base URL.

    A redirect is a response like another and is not followed; proxies of the environment are not used.

    Args:
        base_url: Such as `http://127.0.0.1:8000`; a path in it goes before the path of each request.
        timeout: Seconds for one response, from the first byte sent to the last byte read.
        clock: Gives monotonic seconds.

    Raises:
        TargetError: The base URL is no http URL.
    """

    def __init__(
        self, base_url: str, timeout: float = TIMEOUT_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        parts = _split(base_url)
        self.is_remote = not _is_loopback(parts.hostname or "")
        self._base, self._path, self._timeout, self._clock = base_url, parts.path.rstrip("/"), timeout, clock
        self._pool = urllib3.connection_from_url(
            f"{parts.scheme}://{parts.netloc}", timeout=timeout, retries=False, maxsize=8
        )

    def send(self, request: Request) -> Response:
        """Send a request over HTTP, and once more where a kept connection was closed meanwhile.

        Returns:
            The response; 400 where HTTP cannot carry the request, and 431 where the connection was closed
            twice after a head of more than 60 kB.

        Raises:
            SilentError: No response came.
            TargetError: The path does not begin with `/`.
        """
        if not request.path.startswith("/"):
            raise TargetError(
                f"{request.path} is no path below the base URL",
                where=self._base,
                remedy="begin it with /: nothing but the base URL is called",
            )
        try:
            return self._exchange(request)
        except urllib3.exceptions.ProtocolError:
            # A server may close a kept connection at the moment when it is used again.
            try:
                return self._exchange(request)
            except urllib3.exceptions.HTTPError as error:
                if request.head_size > _LONGEST_HEAD:
                    # Some servers close the connection on such a head, and some respond with 431.
                    return _TOO_LARGE
                # The service may have crashed by this request, even if it cannot be reached just now.
                raise self._silence(request, error, is_unreachable=False) from error
        except urllib3.exceptions.HTTPError as error:
            raise self._silence(request, error, is_unreachable=isinstance(error, _UNREACHABLE)) from error
        except ValueError:
            return _UNSENDABLE

    def _exchange(self, request: Request) -> Response:
        headers = urllib3.HTTPHeaderDict()
        for name, value in request.headers:
            headers.add(name, value)
        if request.body is not None and "content-length" not in headers:
            headers.add("Content-Length", str(len(request.body)))
        response = self._pool.urlopen(
            request.method,
            self._path + request.target,
            body=request.body,
            headers=headers,
            redirect=False,
            preload_content=False,
        )
        lines: dict[str, list[str]] = {}
        for name, value in response.headers.iteritems():
            if name.lower() not in _HOP:
                lines.setdefault(name.lower(), []).append(value)
        return Response(response.status, lines, self._read(response))

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Read a body to its end, or to the limit of time or size: a `text/event-stream` may have no end."""
        content, end = bytearray(), self._clock() + self._timeout
        while chunk := response.read1(_CHUNK):
            content += chunk
            if len(content) > _LARGEST_BODY or self._clock() >= end:
                response.close()
                break
        response.release_conn()
        return bytes(content)

    def _silence(self, request: Request, error: Exception, *, is_unreachable: bool) -> SilentError:
        return SilentError(
            f"{request.method} {request.path} got no response: {_explain(error, self._timeout)}",
            where=self._base,
            is_unreachable=is_unreachable,
        )


def _split(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or parts.query or parts.fragment or parts.username is not None:
        raise TargetError(
            f"`{base_url.rpartition('@')[2]}` is no http URL",
            where="--base-url",
            remedy="write http://127.0.0.1:8000",
        )
    return parts


def _is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: `127.0.0.1`, `::1` or `localhost`; no name is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _explain(error: Exception, timeout: float) -> str:
    if isinstance(error, urllib3.exceptions.SSLError):
        return f"no trust by TLS ({error})"
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "the host name is not known"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "the connection was refused"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return f"none came within {timeout:g} seconds"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection was closed before the response was complete"
    return type(error).__name__
