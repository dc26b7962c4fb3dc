"""The severity of a violation."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """The severity of a violation."""

    MUST = "must"  # a hole, or a rule of an RFC that says MUST
    SHOULD = "should"  # hygiene: breaks a run only where the settings are strict
