"""Recorded tokens of the real Better Auth, for machines without Node; tests/e2e compares them with new ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parents[1] / "vectors" / "better_auth.json"


@dataclass(frozen=True)
class Recording:
    """A token, and the secret or the keys that verify it.

    Attributes:
        mode: `TOKEN_MODE` of the front end: `shared-secret` or `jwks`.
        issuer: Better Auth's base URL, which is also the audience.
        issued_at: The `iat`, in seconds since the epoch.
        token: The token that the endpoint returned.
        secret: The shared secret, made up for the recording; None in the mode `jwks`.
        keys: The published key set; None in the mode `shared-secret`.
    """

    mode: str
    issuer: str
    issued_at: int
    token: str
    secret: str | None
    keys: dict[str, Any] | None


def read_recording(mode: str) -> Recording:
    recordings = json.loads(RECORDINGS.read_text(encoding="utf-8"))["recordings"]
    return next(Recording(**recording) for recording in recordings if recording["mode"] == mode)
