"""A request as a line that a reader can run, with nothing in it that changes from run to run."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LONGEST_BODY = 2000
_SHORTEST_ID = 8


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as it went out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def as_curl(request: SentRequest) -> str:
    """Write a request as one `curl` line against `$URL`; a bearer token becomes `$TOKEN`."""
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    words = ["curl", "-i", "-X", request.method]
    for name, value in sorted(request.headers.items(), key=lambda entry: entry[0].lower()):
        if name.lower() == "authorization":
            words += ["-H", '"Authorization: Bearer $TOKEN"']
        elif name.lower() in {"content-type", "accept-language", "cookie"} or name.lower().startswith("if-"):
            words += ["-H", shlex.quote(f"{name}: {value}")]
    if request.body:
        words += ["--data-binary", _quote(request.body)]
    return " ".join([*words, f'"$URL"{shlex.quote(target)}'])


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
    """Puts `$ID` for what the service made up, and `$TOKEN` for every credential."""

    def __init__(self, credentials: Iterable[str | None]) -> None:
        tokens = (value.rpartition(" ")[2] for value in credentials if value)
        self._tokens = sorted((token for token in tokens if token), key=len, reverse=True)
        self._made_up: set[str] = set()

    def learn(self, request: SentRequest, content: bytes, location: str | None) -> None:
        """Take note of what an answer holds that the request did not."""
        sent = f"{request.url} {request.body.decode(errors='replace')}"
        found = set(_find_texts(content))
        if location:
            found.add(location.rpartition("/")[2])
        self._made_up |= {text for text in found if len(text) >= _SHORTEST_ID and text not in sent}

    def clean(self, text: str) -> str:
        """Give the text without what was learnt and without credentials."""
        for token in self._tokens:
            text = text.replace(token, "$TOKEN")
        for made_up in sorted(
            (each for each in self._made_up if each in text), key=lambda each: (-len(each), each)
        ):
            text = text.replace(made_up, "$ID")
        return text


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
