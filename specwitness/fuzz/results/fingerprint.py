"""Fingerprints of responses for comparison, without values that always differ, such as `Date`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from specwitness.fuzz.http.message import Response

_ALWAYS_NEW = re.compile(
    r"^(date|age|server-timing|content-length|traceparent|tracestate|set-cookie|x-runtime|x-process-time"
    r"|x-response-time|.*request-?id|.*correlation-?id|.*trace-?id|(x-)?rate-?limit.*|retry-after)$"
)
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$")
_EPOCH = 1_500_000_000


def take_fingerprint(response: Response, echoes: Iterable[object] = ()) -> dict[str, Any]:
    """Give status, headers and every scalar of the body, by place.

    Args:
        response: The response.
        echoes: Values of the request; their occurrences in the response become `$`.

    Returns:
        Place to value: `{"status": 200, "header etag": "…", "body /items[0]/title": "$"}`.
    """
    words = sorted({str(echo) for echo in echoes if len(str(echo)) > 0}, key=len, reverse=True)
    found: dict[str, Any] = {"status": response.status}
    for name, lines in response.headers.items():
        if not _ALWAYS_NEW.match(name):
            found[f"header {name}"] = _mask(", ".join(lines), words)
    body = response.json()
    if body is None:
        found["body"] = _mask(response.text, words)
    else:
        found |= {f"body {place}": _mask(value, words) for place, value in _flatten(body, "")}
    return found


def differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Give the places in which two fingerprints differ, such as `body /count`.

    Two points in time do not count as a difference, nor do two numbers that may be seconds since 1970.
    """
    places = {place for place in {*one, *other} if one.get(place, ...) != other.get(place, ...)}
    return {place for place in places if not _is_moment(one.get(place), other.get(place))}


def _is_moment(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return bool(_MOMENT.match(one) and _MOMENT.match(other))
    return all(isinstance(value, int | float) and value > _EPOCH for value in (one, other))


def _mask(value: Any, words: list[str]) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return "$" if str(value) in words else value
    if not isinstance(value, str):
        return value
    for word in words:
        value = value.replace(word, "$")
    return value


def _flatten(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield f"{place}/", len(value)
        for key, child in value.items():
            yield from _flatten(child, f"{place}/{key}")
    elif isinstance(value, list):
        yield f"{place}[]", len(value)
        for index, child in enumerate(value):
            yield from _flatten(child, f"{place}[{index}]")
    else:
        yield place, value
