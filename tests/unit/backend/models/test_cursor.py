"""Cursors: encoding, decoding, and texts that are no cursor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.models.cursor import Cursor

if TYPE_CHECKING:
    from uuid import UUID

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis adds the zone


@given(MOMENTS, st.uuids())
def test_decoded_cursor_equals_the_encoded_one(moment: datetime, task_id: UUID) -> None:
    cursor = Cursor(moment, task_id)
    assert Cursor.decode(cursor.encode()) == cursor


@given(st.text(max_size=40) | st.binary(min_size=24, max_size=24).map(lambda data: data.hex()))
def test_random_text_is_no_cursor(text: str) -> None:
    try:
        cursor = Cursor.decode(text)
    except ValueError:
        return
    assert cursor.encode() == text


@pytest.mark.parametrize(
    "text", ["", "a", "A" * 31, "A" * 33, "A" * 31 + "=", "_" * 32, "A" * 31 + "é", "A" * 31 + "+"]
)
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no cursor"):
        Cursor.decode(text)


def test_cursor_with_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="no cursor"):
        Cursor.decode("f" + "_" * 31)
