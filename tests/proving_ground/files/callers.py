"""Finds the caller of the files service: by token, key or session."""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.proving_ground.door import Caller, Door
from tests.proving_ground.files.identity import KEYS, MINT
from tests.proving_ground.verifier import read_unverified

if TYPE_CHECKING:
    from fastapi import Request

    from tests.proving_ground.model import Faults

ANONYMOUS = Caller("")


@dataclass(frozen=True, slots=True)
class Gate:
    """Finds the caller by whichever credentials come; of several, the token decides.

    Attributes:
        door: Knows tokens.
        faults: What is planted.
    """

    door: Door
    faults: Faults

    def admit(self, request: Request) -> Caller:
        """Find the caller, who must be known."""
        if "authorization" in request.headers:
            caller = self.door.admit(request)
            if self.faults.has("sub-nul-crash"):
                with suppress(OSError):
                    Path(caller.subject).stat()
            return caller
        key = request.headers.get("x-api-key")
        if key is None and self.faults.has("key-in-query"):
            named = {name.lower(): value for name, value in request.query_params.items()}
            key = named.get("api_key", named.get("x-api-key"))
        if key is not None:
            return self._find("key", key)
        if "session" in request.cookies:
            return self._find("session", request.cookies["session"])
        return self.door.admit(request)

    def admit_anybody(self, request: Request) -> Caller:
        """Find the caller, who may be unknown; wrong credentials are refused all the same."""
        names = {"authorization", "x-api-key"} & set(request.headers)
        if not names and "session" not in request.cookies:
            return ANONYMOUS
        if self.faults.has("shelf-unverified") and "authorization" in names:
            return Caller(read_unverified(request.headers["authorization"]).get("sub", ""))
        return self.admit(request)

    def _find(self, scheme: str, given: str) -> Caller:
        for who, key in KEYS[scheme].items():
            is_beginning = self.faults.has("key-prefix") and key.startswith(given)
            if is_beginning or hmac.compare_digest(key.encode(), given.encode()):
                return Caller(MINT.subjects[who], by=scheme)
        raise self.door.refuse('error="invalid_token"')
