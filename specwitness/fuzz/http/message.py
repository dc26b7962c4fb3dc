"""What goes over the wire: a request of any shape, and the answer to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from specwitness.fuzz.api.endpoint import PARAMETER


def fill(path: str, values: tuple[Any, ...]) -> str:
    """Put values into the template of a path; those that lack stay empty."""
    pending = iter(values)
    return PARAMETER.sub(lambda _: encode_segment(next(pending, "")), path)


Pairs = tuple[tuple[str, str], ...]
_SUCCESS = 2
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `path` is percent-encoded, header values are Latin-1, names may repeat.

    `raw_query` is a query as it came from elsewhere, and goes before `query`.
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
        """Path and query as they stand in the request line."""
        query = urlencode(self.query) if self.raw_query is None else self.raw_query
        return self.path + (f"?{query}" if query else "")

    @property
    def head_size(self) -> int:
        """The characters of the target and the headers."""
        return len(self.target) + sum(len(name) + len(value) for name, value in self.headers)

    @property
    def is_safe(self) -> bool:
        """Tell whether the method promises to change nothing (RFC 9110 §9.2.1)."""
        return self.method in {"GET", "HEAD", "OPTIONS", "TRACE"}

    def with_headers(self, headers: Pairs) -> Request:
        """Give the request with headers put in; those of the same name go."""
        names = {name.lower() for name, _ in headers}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return replace(self, headers=(*kept, *headers))

    def with_query(self, query: Pairs) -> Request:
        """Give the request with query parameters put in; those of the same name go."""
        names = {name for name, _ in query}
        kept = (pair for pair in self.query if pair[0] not in names)
        return replace(self, query=(*kept, *query), raw_query=None)

    def read_json(self) -> Any:
        """Give the body as JSON; None where it is none."""
        try:
            return json.loads(self.body) if self.body is not None else None
        except (ValueError, RecursionError):
            return None

    def with_json(self, value: Any) -> Request:
        """Give the request with a JSON body."""
        return self.with_body(json.dumps(value).encode())

    def with_body(self, body: bytes | None) -> Request:
        """Give the request with other bytes as its body."""
        return replace(self, body=body)


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of a response that it is judged by; header names are in lower case."""

    status: int
    headers: dict[str, list[str]] = field(default_factory=dict)
    content: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Tell whether the status is 2xx."""
        return self.status // 100 == _SUCCESS

    @property
    def crashed(self) -> bool:
        """Tell whether the status is 5xx, other than 501 and 503, which a service may mean, or none came."""
        return self.status == 0 or (self.status >= _SERVER_ERROR and self.status not in {501, 503})

    @property
    def phrase(self) -> str:
        """What came, as a sentence takes it: `answered 404`."""
        return f"answered {self.status}" if self.status else "closed the connection or gave no answer in time"

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is replaced."""
        return self.content.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        """Give a header, its lines joined; empty where there is none."""
        return ", ".join(self.headers.get(name.lower(), []))

    def json(self) -> Any:
        """Give the body as JSON; None where it is none."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


# Of a service that is there, and left one request without an answer.
NO_ANSWER = Answer(0)


def encode_segment(value: Any) -> str:
    """Write a value as one segment of a path."""
    return quote(as_text(value), safe="")


def as_text(value: Any) -> str:
    """Write a value as a parameter carries it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


class Exchange(NamedTuple):
    """A request that was sent, and the response to it."""

    request: Request
    answer: Answer
