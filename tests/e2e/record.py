"""`python -m tests.e2e.record`: records tokens of the real Better Auth, for tests on machines without Node."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from devtools.postgres import provide_postgres
from tests.support.both_sides import FRONT_END, MODES, find_missing, serving_both
from tests.support.recorded_tokens import RECORDINGS
from tests.support.visitor import PASSWORD, read_part

ORIGIN = "https://auth.example"
# Made up, and used for the recording only.
SECRET = "the-shared-secret-of-the-recording-Qk27xW"


def record(mode: str, server_url: str, folder: Path) -> dict[str, Any]:
    """Sign up a user in a mode, and return the token with the secret or the keys that verify it."""
    with serving_both(server_url, mode, folder, ORIGIN=ORIGIN, BETTER_AUTH_SECRET=SECRET) as both:
        person = {"name": "Alice", "email": "alice@example.com", "password": PASSWORD}
        near, headers = both.near, {"Origin": ORIGIN}
        signed_up = httpx.post(f"{near}/api/auth/sign-up/email", json=person, headers=headers)
        signed_up.raise_for_status()
        # httpx does not send the cookies itself: they are Secure, and this is http.
        cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in signed_up.cookies.jar)
        token = httpx.get(f"{near}/api/auth/token", headers={"Cookie": cookie}).json()["token"]
        keys = httpx.get(f"{near}/api/auth/jwks").json() if mode == "jwks" else None
    return {
        "mode": mode,
        "issuer": ORIGIN,
        "issued_at": read_part(token, 1)["iat"],
        "token": token,
        "secret": None if keys else SECRET,
        "keys": keys,
    }


def main() -> int:
    """Record both modes; returns the exit status."""
    if missing := find_missing():
        sys.stderr.write(f"record: {missing}\n")
        return 1
    manifest = json.loads((FRONT_END / "package.json").read_text(encoding="utf-8"))
    with provide_postgres(os.environ) as server, tempfile.TemporaryDirectory() as folder:
        recordings = [record(mode, server.url, Path(folder)) for mode in MODES]
    document = {"better-auth": manifest["dependencies"]["better-auth"], "recordings": recordings}
    RECORDINGS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
