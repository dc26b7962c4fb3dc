"""A request as a line that a reader can run, with nothing in it that changes from run to run."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from specwitness.fuzz.wire import Answer, Request

_LONGEST_BODY = 2000
_SHORTEST_ID = 8
# What every client sends by itself.
_TRANSPORT = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "user-agent",
        "x-schemathesis-testcaseid",
    }
)
_QUOTED_VARIABLE = re.compile(r"""'([^'"`\\]*\$(?:TOKEN_[A-Z]+|BAD_TOKEN|ID)[^'"`\\]*)'""")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]*\.[\w!-]*=?")


def as_curl(request: Request) -> str:
    """Write a request as one `curl` line against `$URL`."""
    words = ["curl", "-i", "-X", request.method]
    for name, value in sorted(request.headers, key=lambda entry: entry[0].lower()):
        if name.lower() not in _TRANSPORT:
            words += ["-H", _quote(f"{name}: {value}".encode("latin-1", "replace"))]
    if request.body:
        words += ["--data-binary", _quote(request.body)]
    return " ".join([*words, f'"$URL"{shlex.quote(request.target)}'])


def _quote(raw: bytes) -> str:
    if len(raw) > _LONGEST_BODY:
        return f"{_quote(raw[:_LONGEST_BODY])}…"
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = ""
    if text and text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(_escape(byte) for byte in raw) + "'"


def _escape(byte: int) -> str:
    plain = chr(byte)
    return plain if plain.isascii() and plain.isprintable() and plain not in "\\'" else f"\\x{byte:02x}"


class Redaction:
    """Puts `$ID` for what the service made up, and `$TOKEN_ALICE` and the like for every credential.

    Args:
        credentials: Secrets, by the name of who has them.
    """

    def __init__(self, credentials: Mapping[str, Iterable[str | None]]) -> None:
        named = [(value, name) for name, values in credentials.items() for value in values if value]
        self._names = sorted(set(named), key=lambda pair: (-len(pair[0]), pair))
        self._made_up: set[str] = set()

    def hide_alike(self, made: object, secret: str) -> None:
        """Hide a credential that gives most of a secret away."""
        if isinstance(made, str) and made != secret and {made[:4], made[:4].swapcase()} & {secret[:4]}:
            self._names = [*self._names, (made, "")] if (made, "") not in self._names else self._names
            self._names.sort(key=lambda pair: (-len(pair[0]), pair))

    def learn(self, request: Request, answer: Answer) -> None:
        """Take note of what an answer holds that the request did not."""
        sent = f"{request.target} {(request.body or b'').decode(errors='replace')}"
        found = set(_find_texts(answer.content))
        if location := answer.header("location"):
            found.add(location.rpartition("/")[2])
        self._made_up |= {text for text in found if len(text) >= _SHORTEST_ID and text not in sent}

    def clean(self, text: str) -> str:
        """Give the text without what was learnt and without credentials."""
        for value, name in self._names:
            text = text.replace(value, f"$TOKEN_{name.upper()}" if name else "$BAD_TOKEN")
        text = _JWT.sub("$BAD_TOKEN", text)
        for made_up in sorted(
            (each for each in self._made_up if each in text), key=lambda each: (-len(each), each)
        ):
            text = text.replace(made_up, "$ID")
        # A shell puts variables in between double quotes only.
        return _QUOTED_VARIABLE.sub(r'"\1"', text)


def _find_texts(content: bytes) -> Iterable[str]:
    try:
        pending = [json.loads(content)]
    except ValueError:
        return
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value
