"""A request as a line that a reader can run, with nothing in it that changes from run to run."""

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
# A quoted quote, a string with escapes, and a plain one, as `_quote` writes them.
_QUOTED = re.compile(r"""\"'\"|\$'(?:[^'\\]|\\.)*'|'[^']*'""")
# Values of our own requests come back in responses: they are no secrets of the service.
_OWN_TEXT = re.compile(r"(?:alice|bob|admin)s[0-9a-f]+zq")
_DIGIT = re.compile(r"\d")
# No word of a language is so long.
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
    plain = chr(byte)
    return plain if plain.isascii() and plain.isprintable() and plain not in "\\'" else f"\\x{byte:02x}"


class Redaction:
    """Puts `$ID`, `$ID_2` … for what the service made up, and `$TOKEN_ALICE` and the like for credentials.

    Args:
        credentials: Secrets, by the name of who has them.
    """

    def __init__(self, credentials: Mapping[str, Iterable[str | None]]) -> None:
        named = [(value, name) for name, values in credentials.items() for value in values if value]
        self._names = sorted(set(named), key=_by_length)
        self._made_up: set[str] = set()

    def hide_alike(self, made: object, secret: str) -> None:
        """Hide a credential that gives most of a secret away."""
        if isinstance(made, str) and made != secret and {made[:4], made[:4].swapcase()} & {secret[:4]}:
            self._names = [*self._names, (made, "")] if (made, "") not in self._names else self._names
            self._names.sort(key=_by_length)

    def hide(self, name: str, values: Iterable[str | None]) -> None:
        """Hide further credentials of a user."""
        self._names = sorted({*self._names, *((value, name) for value in values if value)}, key=_by_length)

    def learn(self, request: Request, response: Response) -> None:
        """Take note of what an answer holds that the request did not."""
        sent = f"{request.target} {(request.body or b'').decode(errors='replace')}"
        # Words of the service, such as a state, are no ids.
        texts = (
            text for text in _find_texts(response.content) if _DIGIT.search(text) or _SECRET.fullmatch(text)
        )
        found = {text for text in texts if not _OWN_TEXT.search(text)}
        if location := response.header("location"):
            found.add(location.rpartition("/")[2])
        self._made_up |= {text for text in found if len(text) >= _SHORTEST_ID and text not in sent}

    def clean(self, text: str) -> str:
        """Give the text without what was learnt and without credentials; what is a `curl` line still runs."""
        for value, name in self._names:
            text = text.replace(value, f"$TOKEN_{name.upper()}" if name else "$BAD_TOKEN")
        text = self._hide_ids(_JWT.sub("$BAD_TOKEN", text))
        return "\n".join(
            _QUOTED.sub(_open_quotes, line) if line.lstrip().startswith("curl ") else line
            for line in text.split("\n")
        )

    def _hide_ids(self, text: str) -> str:
        # The longest first: one may be a part of another.
        found = sorted(
            (entry for entry in self._made_up if entry in text), key=lambda element: (-len(element), element)
        )
        places = {option: text.index(option) for option in found}
        # A text may have been cleaned before, when less was known.
        first = 1 + max((int(number or 1) for number in _ID.findall(text)), default=0)
        names = {
            value: "$ID" if number == 1 else f"$ID_{number}"
            for number, value in enumerate(sorted(found, key=places.__getitem__), first)
        }
        for made_up in found:
            text = text.replace(made_up, names[made_up])
        return text


def _by_length(named: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    """Put the longest first: one may be a part of another."""
    return -len(named[0]), named


def _open_quotes(match: re.Match[str]) -> str:
    """Let a shell put variables in, which it does between double quotes only."""
    text = match[0]
    if not _VARIABLE.search(text):
        return text
    if text.startswith("$"):
        return _VARIABLE.sub(lambda found: f"'\"{found[0]}\"$'", text)
    plain, end, written = text[1:-1], 0, ""
    for found in _VARIABLE.finditer(plain):
        written += re.sub(r'([\\"$`])', r"\\\1", plain[end : found.start()]) + found[0]
        end = found.end()
    rest = re.sub(r'([\\"$`])', r"\\\1", plain[end:])
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
