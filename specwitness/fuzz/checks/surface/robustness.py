"""Robustness: odd texts, numbers, encodings and headers, to which a service must not respond with a 5xx."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.purpose import noun_for
from specwitness.fuzz.api.relations import find_producers
from specwitness.fuzz.api.schema import Schema, resolve, type_of
from specwitness.fuzz.api.words import MOMENTS
from specwitness.fuzz.checks.isolation.pages import find_size
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.http.message import Request, Response, as_text, encode_segment
from specwitness.fuzz.requests.bodies import find_files
from specwitness.fuzz.requests.responses import list_items, read_id
from specwitness.fuzz.results.results import NO_OBJECT
from specwitness.fuzz.session.context import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

# The status by which a service may refuse malformed input, even if the contract does not document it.
MALFORMED = frozenset({400})
_ASTRAY = frozenset({404})
TEXTS = {
    "a NUL": "a\x00b",
    "half a character": "a\ud800b",
    "an emoji": "\U0001f600\u202e\u0301",
    "punctuation": "[('\"\\%*{$;--</",
    "a long text": "x" * 10_000,
    "a text of blanks": "   ",
}
NUMBERS: dict[str, Any] = {
    "a number beyond 64 bits": 2**63,
    "a negative number": -1,
    "zero": 0,
    "a number of 400 digits": 10**400,
}
_HUGE_FLOAT = "1e400"
_DAYS: dict[str, dict[str, Any]] = {
    "date": {"the first day": "0001-01-01", "the last day": "9999-12-31"},
    "date-time": {
        "the first moment": "0001-01-01T00:00:00+14:00",
        "the last moment": "9999-12-31T23:59:59-12:00",
    },
}
_LONGEST_DAY = 10
_PLAIN = ("a NUL", "punctuation")
_FILE_NAMES = {
    "a file's name in Japanese": "日本語.txt",
    "a file's name that leads upwards": "../../name.txt",
    "a file's name with a line break": "a%0d%0ab.txt",
    "a long file's name": f"{'x' * 300}.txt",
}
# A value that was stored without an error may fail when it is read: `Content-Disposition: 日本語.txt`.
_STORED = ("an emoji as", *_FILE_NAMES)
_NAMES_FILE = re.compile("file_?name")
_FILE_NAME = re.compile(rb'filename="[^"]*"')


def check_public(context: Context, endpoint: Endpoint) -> None:
    """Send odd input to a public operation without a successful baseline request, such as a login."""
    if endpoint.id not in context.succeeded:
        check_robustness(context, endpoint)


def check_robustness(context: Context, endpoint: Endpoint) -> None:
    """Send odd input in path, query, headers and body, as a user who may call the operation."""
    caller = context.caller_of(endpoint)
    signed = context.request(endpoint, caller)
    if signed is None:
        context.note_lack(endpoint, "robustness", NO_OBJECT)
        return
    for attack, request in _in_path(endpoint, signed):
        # `/notes/a%00b` may get a 404, documented or not.
        context.send(endpoint, "robustness", attack, request, allowed=MALFORMED | _ASTRAY)
        context.judged(endpoint, "robustness")
    for attack, request in _requests(context, endpoint, signed):
        response = context.send(endpoint, "robustness", attack, request, allowed=MALFORMED)
        context.judged(endpoint, "robustness")
        _judge_page(context, endpoint, request, response)
        if response.succeeded and attack.startswith(_STORED):
            _read_back(context, endpoint, caller, response)


def _requests(context: Context, endpoint: Endpoint, good: Request) -> Iterator[tuple[str, Request]]:
    yield from _in_query(context, endpoint, good)
    yield from _in_headers(endpoint, good)
    if good.body is not None and (endpoint.media or "").endswith("json"):
        yield from _in_members(endpoint, good, is_deep=context.is_deep)
        first = next(
            (operation for operation in context.reached() if operation.media == endpoint.media), endpoint
        )
        # One parser reads the bodies of all operations: one operation gets every malformed encoding, and
        # the others get one.
        yield from _in_encoding(good, is_whole=context.is_deep or endpoint.id == first.id)
    for attack, name in _FILE_NAMES.items() if find_files(endpoint) else ():
        put = f'filename="{name}"'.encode().replace(b"\\", rb"\\")
        yield attack, good.with_body(_FILE_NAME.sub(put, good.body or b""))


def _read_back(context: Context, endpoint: Endpoint, caller: Actor, stored: Response) -> None:
    """Read the object that was created with odd input: its name may be stored, and fail in a header later."""
    for reader in context.reached():
        collection = reader.collections[-1:]
        if reader.method != "GET" or not collection or len(reader.collections) > 1 + len(endpoint.path_names):
            continue
        name = reader.path_names[-1]
        parameter = reader.parameter(name, "path")
        noun = noun_for(name, collection[0])
        makers = find_producers(context.surface, collection[0], parameter, noun) if parameter else ()
        value = read_id(stored, name, noun) if endpoint.id in {maker.id for maker, _ in makers} else None
        parent = context.builder.obtain(endpoint, caller) if endpoint.path_names else None
        parents = parent.values[: len(reader.path_names) - 1] if parent else ()
        if value is not None:
            context.call(
                reader,
                caller,
                (*parents, value),
                case=Case("robustness", "an object stored with odd input", MALFORMED),
            )


def _in_query(context: Context, endpoint: Endpoint, good: Request) -> Iterator[tuple[str, Request]]:
    for parameter in endpoint.parameters:
        if parameter.location != "query":
            continue
        kind = type_of(parameter.schema)
        if kind in {"integer", "number"}:
            odd = {
                name: as_text(value) for name, value in NUMBERS.items() if name != "a number of 400 digits"
            }
            odd["no number"] = "NaN"
        elif kind == "boolean":
            odd = {"no truth": "maybe"}
        else:
            names = (
                TEXTS
                if context.is_deep
                else ("a NUL", "punctuation", "a number beyond 64 bits", "a long text")
            )
            names = (*names, "an emoji") if _NAMES_FILE.search(parameter.name.lower()) else names
            odd = {
                name: TEXTS.get(name, "9223372036854775808") for name in names if name != "half a character"
            }
        for name, value in odd.items():
            yield f"{name} as {parameter.name}", good.with_query(((parameter.name, value),))


def _in_path(endpoint: Endpoint, good: Request) -> Iterator[tuple[str, Request]]:
    if not endpoint.path_names:
        return
    parameter = endpoint.parameter(endpoint.path_names[-1], "path")
    values = ["a%00b", "%ff%fe", encode_segment(TEXTS["punctuation"].replace("/", ""))]
    if parameter and type_of(parameter.schema) in {"integer", "number"}:
        values = ["9223372036854775808", "-1", "0", "x"]
    shape = endpoint.last_collection
    segments = good.path.split("/")
    index = shape.count("/")
    for value in values:
        changed = "/".join([*segments[:index], value, *segments[index + 1 :]])
        yield f"{value} in the path", _with_path(good, changed)


def _with_path(request: Request, path: str) -> Request:
    return replace(request, path=path)


def _in_headers(endpoint: Endpoint, good: Request) -> Iterator[tuple[str, Request]]:
    yield (
        "headers that are no ASCII",
        good.with_headers(
            (("Accept-Language", "\xff\xe9"), ("User-Agent", "\xff\xe9"), ("X-Request-ID", "\xe9'\"\\"))
        ),
    )
    yield (
        "headers with invalid values",
        good.with_headers(
            (
                ("Accept", "nonsense"),
                ("Range", "bytes=9-1"),
                ("If-None-Match", '"'),
                ("If-Modified-Since", "never"),
                ("Accept-Language", ";;q=x"),
            )
        ),
    )
    for parameter in endpoint.parameters:
        if parameter.location == "header":
            for odd_name, value in {
                "no ASCII": "\xff\xe9",
                "punctuation": "[('\"\\%*{{$;--</",
                "a number": "9" * 30,
                "nothing": "",
            }.items():
                yield f"{odd_name} as {parameter.name}", good.with_headers(((parameter.name, value),))


def _in_members(endpoint: Endpoint, good: Request, *, is_deep: bool) -> Iterator[tuple[str, Request]]:
    body = good.read_json()
    if not isinstance(body, dict) or endpoint.body_schema is None:
        return
    members = {
        name: resolve(member, endpoint.document)
        for name, member in endpoint.body_schema.get("properties", {}).items()
        if not resolve(member, endpoint.document).get("readOnly")
    }
    texts = {
        name: member_schema
        for name, member_schema in members.items()
        if type_of(member_schema) in {"string", None} and not member_schema.get("enum")
    }
    numbers = {
        name: member_schema
        for name, member_schema in members.items()
        if type_of(member_schema) in {"integer", "number"}
    }
    yield from _spread(endpoint, good, texts, TEXTS)
    for form, days in _DAYS.items():
        dated = {name: text for name, text in texts.items() if text.get("format") == form}
        yield from _spread(endpoint, good, dated, days)
        # `created_at` with the pattern `^\\d{4}-` and no format lets `9999-12-31T23:59:59-12:00` pass.
        named = [
            name
            for name, text in texts.items()
            if "format" not in text and (name in MOMENTS or MOMENTS.ends(name))
        ]
        for (day, value), name in product(days.items(), named):
            if len(value) > _LONGEST_DAY:
                yield f"{day} as {name}", good.with_json({**body, name: value})
    yield from _spread(endpoint, good, numbers, NUMBERS)
    for name in numbers:
        raw = json.dumps({**body, name: "\x00"}).replace('"\\u0000"', _HUGE_FLOAT)
        yield f"{_HUGE_FLOAT} as {name}", good.with_body(raw.encode())
    # Schemathesis gives every member values of other types.
    for name, item in members.items() if is_deep else ():
        wrong: Any = {"x": 1} if type_of(item) != "object" else "x"
        yield f"a value of another type as {name}", good.with_json({**body, name: wrong})
        yield f"null as {name}", good.with_json({**body, name: None})


def _spread(
    endpoint: Endpoint, good: Request, members: dict[str, Schema], odd: dict[str, Any]
) -> Iterator[tuple[str, Request]]:
    """Put odd values into members.

    Members whose schema accepts the value get it in one request. The others get it one by one: a refusal
    of `title` would hide a crash for `body`.
    """
    body = good.read_json()
    for attack, value in odd.items():
        fitting = [name for name, schema in members.items() if endpoint.accepts(schema, value)]
        if fitting:
            yield (
                f"{attack} as {', '.join(fitting)}",
                good.with_json({**body, **dict.fromkeys(fitting, value)}),
            )
        for name in members:
            if name not in fitting and (
                attack in _PLAIN or attack in NUMBERS or attack == "half a character"
            ):
                yield f"{attack} as {name}", good.with_json({**body, name: value})


def _in_encoding(good: Request, *, is_whole: bool) -> Iterator[tuple[str, Request]]:
    raw = good.body or b""
    bodies = {
        "a body that is no UTF-8": b'{"\xff\xfe": "\xc3\x28"}',
        "a body in UTF-16": raw.decode().encode("utf-16"),
        "a body that is cut off": raw[:-1],
        "an empty body": b"",
        "null for a body": b"null",
        "a list for a body": b"[]",
        "a body that nests too deep": b"[" * 3_000,
        "a body with NaN": b'{"x": NaN}',
    }
    for attack, body in bodies.items() if is_whole else list(bodies.items())[:1]:
        yield attack, good.with_body(body)
    unknown = "application/json; charset=none-such"
    yield "a body with an unknown charset", good.with_headers((("Content-Type", unknown),))
    if is_whole:
        yield "a body of another type", good.with_headers((("Content-Type", "text/plain"),))
        odd = "application/json; charset=\xffnone"
        yield "a body whose charset is no ASCII", good.with_headers((("Content-Type", odd),))


def _judge_page(context: Context, endpoint: Endpoint, request: Request, response: Response) -> None:
    """Report a list that is longer than its maximum page size: 500 items where `limit` is at most 100."""
    size_parameter = find_size(endpoint)
    maximum = size_parameter.schema.get("maximum") if size_parameter else None
    if maximum is None or not response.succeeded:
        return
    if len(list_items(response.json())) > maximum:
        context.report(endpoint, "robustness", f"gives a page of more than {maximum}", request)


CHECKS = (
    Check(
        name="robustness",
        order=70,
        title="with odd input",
        tries="odd texts, numbers, encodings and headers end in a 5xx",
        requirements="malformed input is refused, and no request gets a 5xx",
        fits=lambda context, endpoint: (
            context.is_ordinary(endpoint) or (context.is_for_admin(endpoint) and endpoint.is_safe)
        ),
        run=check_robustness,
    ),
    Check(
        name="robustness",
        order=85,
        scope=Scope.CALLABLE,
        fits=lambda _context, endpoint: not endpoint.security,
        run=check_public,
    ),
)
