"""The cursor of a page: the position of its last row, as an opaque text."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAYOUT = struct.Struct(">q16s")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The position of the last row of a page.

    Attributes:
        created_at: The creation time of the row.
        id: The id of the row, which orders rows of the same time.
    """

    created_at: datetime
    id: UUID

    def encode(self) -> str:
        """Encode the cursor as base64url of 24 bytes: microseconds since the epoch, and the id."""
        microseconds = (self.created_at - _EPOCH) // _MICROSECOND
        return base64.urlsafe_b64encode(_LAYOUT.pack(microseconds, self.id.bytes)).decode("ascii")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Decode a cursor.

        Raises:
            ValueError: The text is not a result of `encode`.
        """
        try:
            microseconds, id_bytes = _LAYOUT.unpack(base64.urlsafe_b64decode(text.encode("ascii")))
            cursor = cls(_EPOCH + microseconds * _MICROSECOND, UUID(bytes=id_bytes))
        except (binascii.Error, struct.error, OverflowError, UnicodeEncodeError) as error:
            raise ValueError("is no cursor of this list") from error
        if microseconds < 0 or cursor.encode() != text:
            raise ValueError("is no cursor of this list")
        return cursor
