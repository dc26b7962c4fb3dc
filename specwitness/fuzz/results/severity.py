"""How grave a violation is."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How grave it is to let an attack through."""

    MUST = "must"  # a hole, or a rule of an RFC that says MUST
    SHOULD = "should"  # hygiene: breaks a run only where the settings are strict
