"""What the real Better Auth once issued: for machines without Node, and held to today's by tests/e2e."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parents[1] / "vectors" / "better_auth.json"


@dataclass(frozen=True)
class Recording:
    """A token, and what it takes to verify it.

    Attributes:
        mode: Of the front end: `shared-secret` or `jwks`.
        issuer: Better Auth's base URL; the audience too.
        issued_at: Seconds since the epoch.
        token: As its token endpoint answered it.
        secret: The shared secret, made up for the recording; None in the mode `jwks`.
        keys: The key set as it was published; None in the mode `shared-secret`.
    """

    mode: str
    issuer: str
    issued_at: int
    token: str
    secret: str | None
    keys: dict[str, Any] | None


def read_recording(mode: str) -> Recording:
    """Read the recording of a mode."""
    recordings = json.loads(RECORDINGS.read_text(encoding="utf-8"))["recordings"]
    return next(Recording(**each) for each in recordings if each["mode"] == mode)
