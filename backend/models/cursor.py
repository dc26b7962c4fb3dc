"""The place in a list where a page ended, as an opaque text."""

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
    """The last row of a page, by what the list is ordered by.

    Attributes:
        created_at: When the row was made.
        id: The row's id, which parts rows of one moment.
    """

    created_at: datetime
    id: UUID

    def encode(self) -> str:
        """Write the cursor in base64url."""
        microseconds = (self.created_at - _EPOCH) // _MICROSECOND
        return base64.urlsafe_b64encode(_LAYOUT.pack(microseconds, self.id.bytes)).decode("ascii")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read a cursor.

        Raises:
            ValueError: It is none that `encode` wrote.
        """
        try:
            microseconds, id_bytes = _LAYOUT.unpack(base64.urlsafe_b64decode(text.encode("ascii")))
            cursor = cls(_EPOCH + microseconds * _MICROSECOND, UUID(bytes=id_bytes))
        except (binascii.Error, struct.error, OverflowError, UnicodeEncodeError) as error:
            raise ValueError("is no cursor of this list") from error
        if microseconds < 0 or cursor.encode() != text:
            raise ValueError("is no cursor of this list")
        return cursor
