"""The way over HTTP: to one base URL and nowhere else, past no proxy, and to an end."""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import urllib3

from specwitness.errors import TargetError
from specwitness.fuzz.http.message import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_SECONDS = 30.0
_CHUNK = 65_536
_LARGEST_BODY = 32 * 1024 * 1024
# Kept from the answer: they tell how the bytes came, and these are read and unpacked already.
_HOP = frozenset({"connection", "content-encoding", "keep-alive", "transfer-encoding"})
_UNREACHABLE = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.SSLError,
)
# A request that HTTP cannot carry is refused by whoever reads it.
_UNSENDABLE = Answer(400)
_LONGEST_HEAD = 60_000  # bytes; servers take 8 to 64 kB
_TOO_LARGE = Answer(431)


class SilentError(TargetError):
    """A request was sent or could not be, and no answer came; `is_unreachable` where nobody listens."""

    def __init__(self, message: str, *, where: str, is_unreachable: bool) -> None:
        remedy = "start the service, see its log, or mend --base-url"
        super().__init__(message, where=where, remedy=remedy)
        self.is_unreachable = is_unreachable


class HttpTransport:
    """Over HTTP, to one base URL; redirects are answers, and proxies of the environment are passed by.

    Args:
        base_url: Where the service is.
        timeout: Seconds for one answer, from the first byte sent to the last one read.
        clock: Tells monotonic seconds.
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

    def send(self, request: Request) -> Answer:
        """Send a request over HTTP.

        Raises:
            SilentError: Nobody answers.
            TargetError: The path is no path.
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
            # A connection that was kept may be closed just when it is used again: it says nothing.
            try:
                return self._exchange(request)
            except urllib3.exceptions.HTTPError as error:
                if request.head_size > _LONGEST_HEAD:
                    # Servers hang up on such a head as often as they answer it.
                    return _TOO_LARGE
                # Whoever fell silent at this very request may have crashed by it.
                raise self._silence(request, error, is_unreachable=False) from error
        except urllib3.exceptions.HTTPError as error:
            raise self._silence(request, error, is_unreachable=isinstance(error, _UNREACHABLE)) from error
        except ValueError:
            return _UNSENDABLE

    def _exchange(self, request: Request) -> Answer:
        headers = urllib3.HTTPHeaderDict()
        for name, value in request.headers:
            headers.add(name, value)
        if request.body is not None and "content-length" not in headers:
            headers.add("Content-Length", str(len(request.body)))
        came = self._pool.urlopen(
            request.method,
            self._path + request.target,
            body=request.body,
            headers=headers,
            redirect=False,
            preload_content=False,
        )
        lines: dict[str, list[str]] = {}
        for name, value in came.headers.iteritems():
            if name.lower() not in _HOP:
                lines.setdefault(name.lower(), []).append(value)
        return Answer(came.status, lines, self._read(came))

    def _read(self, came: urllib3.BaseHTTPResponse) -> bytes:
        """Read a body to its end, or as far as time and room allow: a stream of events has none."""
        content, end = bytearray(), self._clock() + self._timeout
        while chunk := came.read1(_CHUNK):
            content += chunk
            if len(content) > _LARGEST_BODY or self._clock() >= end:
                came.close()
                break
        came.release_conn()
        return bytes(content)

    def _silence(self, request: Request, error: Exception, *, is_unreachable: bool) -> SilentError:
        return SilentError(
            f"{request.method} {request.path} was not answered: {_explain(error, self._timeout)}",
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
    """Tell whether a name stands for this machine; what it resolves to may change, and is not asked."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _explain(error: Exception, timeout: float) -> str:
    if isinstance(error, urllib3.exceptions.SSLError):
        return f"no trust by TLS ({error})"
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "the name is not known"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "the connection was refused"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return f"nothing came within {timeout:g} seconds"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection was closed without a whole answer"
    return type(error).__name__
