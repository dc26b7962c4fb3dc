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
# A fixed boundary: a run with the same seed sends the same bytes.
_BOUNDARY = "specwitness"
_PLAIN = "text/plain"
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# The first bytes of a file, by type. Text is appended to them, which image readers ignore.
_BEGINNINGS = {"image/png": _PIXEL, "image/gif": b"GIF89a", "application/pdf": b"%PDF-1.4\n"}


def encode_body(value: Any, endpoint: Endpoint) -> bytes:
    """Encode a body in the media type that the fuzzer uses for an operation: JSON, a form, or a file."""
    media_type = _plain(endpoint.media or JSON)
    if media_type == _FORM and isinstance(value, dict):
        return urlencode({key: as_text(item) for key, item in value.items()}).encode()
    if media_type == _FILES and isinstance(value, dict):
        return encode_multipart_formdata(list(_fields(value, find_files(endpoint))), _BOUNDARY)[0]
    if media_type.endswith("json") or not isinstance(value, str):
        return dump(value)
    return _BEGINNINGS.get(media_type, b"") + value.encode()


def content_type(endpoint: Endpoint) -> str:
    """Give the Content-Type for an operation's body, with the boundary of a multipart form."""
    media = endpoint.media or JSON
    return f"{media}; boundary={_BOUNDARY}" if _plain(media) == _FILES and "boundary" not in media else media


def find_files(endpoint: Endpoint) -> dict[str, str]:
    """Find the files in a multipart form: `{"photo": "image/png"}`; a file of any type is sent as text."""
    media = endpoint.media
    if media is None or _plain(media) != _FILES:
        return {}
    content = dereference(endpoint.raw.get("requestBody", {}), endpoint.document)["content"][media]
    encodings = content.get("encoding", {})
    found = {}
    for name, property_schema in (endpoint.body_schema or {}).get("properties", {}).items():
        member = resolve(property_schema, endpoint.document)
        inner = resolve(member.get("items", {}), endpoint.document) if type_of(member) == "array" else member
        if inner.get("format") == "binary" or inner.get("contentMediaType"):
            media_types = (
                encodings.get(name, {}).get("contentType") or inner.get("contentMediaType") or _PLAIN
            )
            first = str(media_types).partition(",")[0].strip()
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
    for name, member_value in value.items():
        for item in member_value if isinstance(member_value, list) else [member_value]:
            if name in files:
                text, media = as_text(item), files[name]
                ending = mimetypes.guess_extension(media) or ""
                yield name, (f"{text}{ending}", _BEGINNINGS.get(media, b"") + text.encode(), media)
            else:
                yield name, as_text(item)
