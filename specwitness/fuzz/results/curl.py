"""Writes a request as a `curl` line without secrets and without values that change from run to run."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from specwitness.fuzz.http.message import Request, Response

_LONGEST_BODY = 2000
_SHORTEST_ID = 8
# Headers that every client sends by itself.
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
_VARIABLE = re.compile(r"\$(?:TOKEN_[A-Z]+|BAD_TOKEN|ID(?:_\d+)?)")
_ID = re.compile(r"\$ID(?:_(\d+))?")
# The three forms of quoted text that `_quote` writes: `"'"`, `$'\x00'` and `'text'`.
_QUOTED = re.compile(r"""\"'\"|\$'(?:[^'\\]|\\.)*'|'[^']*'""")
# Texts that the fuzzer generated, such as `alices1zq004`, come back in responses: they are no secrets.
_OWN_TEXT = re.compile(r"(?:alice|bob|admin)s[0-9a-f]+zq")
_DIGIT = re.compile(r"\d")
# A text of 24 characters without a blank is a key, and no word: the state `awaiting_confirmation` is shorter.
_SECRET = re.compile(r"[\w-]{24,}")
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
    character = chr(byte)
    return (
        character
        if character.isascii() and character.isprintable() and character not in "\\'"
        else f"\\x{byte:02x}"
    )


class Redaction:
    """Replaces ids of the service by `$ID`, `$ID_2` …, and credentials by `$TOKEN_ALICE` and the like.

    Args:
        credentials: The name of a user to the user's secrets.
    """

    def __init__(self, credentials: Mapping[str, Iterable[str | None]]) -> None:
        named = [(value, name) for name, values in credentials.items() for value in values if value]
        self._names = sorted(set(named), key=_by_length)
        self._made_up: set[str] = set()

    def hide_alike(self, made: object, secret: str) -> None:
        """Hide an altered credential, such as a token without its last character, as `$BAD_TOKEN`."""
        if isinstance(made, str) and made != secret and {made[:4], made[:4].swapcase()} & {secret[:4]}:
            self._names = [*self._names, (made, "")] if (made, "") not in self._names else self._names
            self._names.sort(key=_by_length)

    def hide(self, name: str, values: Iterable[str | None]) -> None:
        """Hide further credentials of a user."""
        self._names = sorted({*self._names, *((value, name) for value in values if value)}, key=_by_length)

    def learn(self, request: Request, response: Response) -> None:
        """Remember the ids and keys of a response that were not in its request."""
        sent = f"{request.target} {(request.body or b'').decode(errors='replace')}"
        # `cancelled` is a state and no id: an id has a digit, or at least 24 characters.
        texts = (
            text for text in _find_texts(response.content) if _DIGIT.search(text) or _SECRET.fullmatch(text)
        )
        found = {text for text in texts if not _OWN_TEXT.search(text)}
        if location := response.header("location"):
            found.add(location.rpartition("/")[2])
        self._made_up |= {text for text in found if len(text) >= _SHORTEST_ID and text not in sent}

    def clean(self, text: str) -> str:
        """Replace ids and credentials in a text. A shell still runs its `curl` lines."""
        for value, name in self._names:
            text = text.replace(value, f"$TOKEN_{name.upper()}" if name else "$BAD_TOKEN")
        text = self._hide_ids(_JWT.sub("$BAD_TOKEN", text))
        return "\n".join(
            _QUOTED.sub(_open_quotes, line) if line.lstrip().startswith("curl ") else line
            for line in text.split("\n")
        )

    def _hide_ids(self, text: str) -> str:
        # The longest first: `note-12` is a part of `note-123`.
        found = sorted(
            (value for value in self._made_up if value in text), key=lambda value: (-len(value), value)
        )
        places = {value: text.index(value) for value in found}
        # A text that was cleaned before may contain `$ID_2` already: counting goes on at `$ID_3`.
        first = 1 + max((int(number or 1) for number in _ID.findall(text)), default=0)
        names = {
            value: "$ID" if number == 1 else f"$ID_{number}"
            for number, value in enumerate(sorted(found, key=places.__getitem__), first)
        }
        for made_up in found:
            text = text.replace(made_up, names[made_up])
        return text


def _by_length(named: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    """Sort longer texts first: `note-12` is a part of `note-123`."""
    return -len(named[0]), named


def _open_quotes(match: re.Match[str]) -> str:
    """Put double quotes around variables: a shell replaces no `$ID` in single quotes."""
    text = match[0]
    if not _VARIABLE.search(text):
        return text
    if text.startswith("$"):
        return _VARIABLE.sub(lambda found: f"'\"{found[0]}\"$'", text)
    content, end, written = text[1:-1], 0, ""
    for found in _VARIABLE.finditer(content):
        written += re.sub(r'([\\"$`])', r"\\\1", content[end : found.start()]) + found[0]
        end = found.end()
    rest = re.sub(r'([\\"$`])', r"\\\1", content[end:])
    return f'"{written}{rest}"'


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
