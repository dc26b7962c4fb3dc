"""A request of any shape, well-formed or not, and the response to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from specwitness.fuzz.api.endpoint import PARAMETER


def fill(path: str, values: tuple[Any, ...]) -> str:
    """Fill the template of a path: `/books/{id}/pages/{page}` and `(7,)` -> `/books/7/pages/`."""
    pending = iter(values)
    return PARAMETER.sub(lambda _: encode_segment(next(pending, "")), path)


Pairs = tuple[tuple[str, str], ...]
_SUCCESS = 2
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: Such as `GET`.
        path: Percent-encoded, and sent as it is: `/a/../b` stays so.
        query: Decoded names and values in their order; a name may repeat.
        headers: Names and Latin-1 values in their order; a name may repeat.
        body: The bytes of the body; None for no body.
        raw_query: An encoded query that is sent in place of `query`.
        is_whole: Whether the path is complete, and not put below the base path of the contract.
    """

    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes | None = None
    raw_query: str | None = None
    is_whole: bool = False

    @property
    def target(self) -> str:
        """Path and query of the request line, such as `/books?limit=1`."""
        query = urlencode(self.query) if self.raw_query is None else self.raw_query
        return self.path + (f"?{query}" if query else "")

    @property
    def head_size(self) -> int:
        """The number of characters in the target and the headers."""
        return len(self.target) + sum(len(name) + len(value) for name, value in self.headers)

    @property
    def is_safe(self) -> bool:
        """Tell whether the method promises to change nothing (RFC 9110 §9.2.1)."""
        return self.method in {"GET", "HEAD", "OPTIONS", "TRACE"}

    def with_headers(self, headers: Pairs) -> Request:
        """Give the request with these headers; they replace all headers of the same names."""
        names = {name.lower() for name, _ in headers}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return replace(self, headers=(*kept, *headers))

    def with_query(self, query: Pairs) -> Request:
        """Give the request with these query parameters; they replace all parameters of the same names."""
        names = {name for name, _ in query}
        kept = (pair for pair in self.query if pair[0] not in names)
        return replace(self, query=(*kept, *query), raw_query=None)

    def read_json(self) -> Any:
        """Read the body as JSON; None where there is none or it is no JSON."""
        try:
            return json.loads(self.body) if self.body is not None else None
        except (ValueError, RecursionError):
            return None

    def with_json(self, value: Any) -> Request:
        """Give the request with a JSON body."""
        return self.with_body(json.dumps(value).encode())

    def with_body(self, body: bytes | None) -> Request:
        """Give the request with another body."""
        return replace(self, body=body)


@dataclass(frozen=True, slots=True)
class Response:
    """A response.

    Attributes:
        status: The status; 0 where no response came.
        headers: The lines of each header in their order, by its name in lower case.
        content: The bytes of the body.
    """

    status: int
    headers: dict[str, list[str]] = field(default_factory=dict)
    content: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Tell whether the status is 2xx."""
        return self.status // 100 == _SUCCESS

    @property
    def crashed(self) -> bool:
        """Tell whether the status is 5xx, or no response came.

        501 and 503 are left out: a service may give them on purpose.
        """
        return self.status == 0 or (self.status >= _SERVER_ERROR and self.status not in {501, 503})

    @property
    def phrase(self) -> str:
        """The predicate of a sentence about the service, such as `answered 404`."""
        return f"answered {self.status}" if self.status else "closed the connection or gave no answer in time"

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced by U+FFFD."""
        return self.content.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        """Give the lines of a header, joined by commas; empty where there are none."""
        return ", ".join(self.headers.get(name.lower(), []))

    def json(self) -> Any:
        """Read the body as JSON; None where it is no JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


# For a request that got no response from a service that responds to others.
NO_RESPONSE = Response(0)


def encode_segment(value: Any) -> str:
    """Write a value as one segment of a path: `a/b` -> `a%2Fb`."""
    return quote(as_text(value), safe="")


def as_text(value: Any) -> str:
    """Write a value as a parameter carries it: True -> `true`, `[1, 2]` -> `[1, 2]`, text as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


class Exchange(NamedTuple):
    """A request that was sent, and the response to it."""

    request: Request
    response: Response
