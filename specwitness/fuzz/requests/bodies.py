"""The bytes of a body in its media type: JSON, forms, and forms with files."""

from __future__ import annotations

import base64
import json
import mimetypes
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from urllib3.filepost import encode_multipart_formdata

from specwitness.fuzz.api.schema import Schema, resolve, type_of
from specwitness.fuzz.http.message import as_text
from specwitness.openapi.references import dereference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint

JSON = "application/json"
_FORM, _FILES = "application/x-www-form-urlencoded", "multipart/form-data"
# The same for every request: a run is to be the same each time.
_BOUNDARY = "specwitness"
_PLAIN = "text/plain"
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# The first bytes of files of a type; readers ignore the bytes after the end.
_BEGINNINGS = {"image/png": _PIXEL, "image/gif": b"GIF89a", "application/pdf": b"%PDF-1.4\n"}


def encode_body(value: Any, endpoint: Endpoint) -> bytes:
    """Write a body in the media type that an operation is sent."""
    plain = _plain(endpoint.media or JSON)
    if plain == _FORM and isinstance(value, dict):
        return urlencode({key: as_text(item) for key, item in value.items()}).encode()
    if plain == _FILES and isinstance(value, dict):
        return encode_multipart_formdata(list(_fields(value, find_files(endpoint))), _BOUNDARY)[0]
    if plain.endswith("json") or not isinstance(value, str):
        return dump(value)
    return _BEGINNINGS.get(plain, b"") + value.encode()


def content_type(endpoint: Endpoint) -> str:
    """Give the Content-Type that an operation's body is sent with."""
    media = endpoint.media or JSON
    return f"{media}; boundary={_BOUNDARY}" if _plain(media) == _FILES and "boundary" not in media else media


def find_files(endpoint: Endpoint) -> dict[str, str]:
    """Give the members of a form that are files, with the media type of each."""
    media = endpoint.media
    if media is None or _plain(media) != _FILES:
        return {}
    content = dereference(endpoint.raw.get("requestBody", {}), endpoint.document)["content"][media]
    told = content.get("encoding", {})
    found = {}
    for name, property_schema in (endpoint.body_schema or {}).get("properties", {}).items():
        member = resolve(property_schema, endpoint.document)
        inner = resolve(member.get("items", {}), endpoint.document) if type_of(member) == "array" else member
        if inner.get("format") == "binary" or inner.get("contentMediaType"):
            said = told.get(name, {}).get("contentType") or inner.get("contentMediaType") or _PLAIN
            first = str(said).partition(",")[0].strip()
            found[name] = (
                _PLAIN if first in {"*/*", "application/octet-stream"} else first.replace("*", "png")
            )
    return found


def dump(value: Any) -> bytes:
    """Write a value as JSON."""
    return json.dumps(value).encode()


def _plain(media: str) -> str:
    return media.partition(";")[0].strip().lower()


def _fields(value: Schema, files: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for name, several in value.items():
        for item in several if isinstance(several, list) else [several]:
            if name in files:
                text, media = as_text(item), files[name]
                ending = mimetypes.guess_extension(media) or ""
                yield name, (f"{text}{ending}", _BEGINNINGS.get(media, b"") + text.encode(), media)
            else:
                yield name, as_text(item)
