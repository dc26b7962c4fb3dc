"""Makes the page of the documentation that lists the services and every bug that can be planted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.proving_ground.catalogue import BUGS, SERVICES
from tests.proving_ground.contracts import list_operations
from tests.proving_ground.model import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proving_ground.model import Service

PAGE = Path(__file__).parents[2] / "docs/proving-ground.md"

HEAD = """\
# The proving ground

Serve a small service with one bug in it, and look for the bug yourself:

```sh
.venv/bin/python -m tests.proving_ground teams teams-admin-list-open
```

The command prints a token for each user. Without the second name it serves the right build, without the bug.

There are {services} small services in [tests/proving_ground](../tests/proving_ground), each with a contract that is \
written by hand. Each has a right build, and together they have {bugs} broken builds with one bug each. A bug is a \
switch at the line where a developer would make the mistake. A fuzzer has to find every bug, and must not report \
anything on a right build ([the figures](detection.md)).

[tests/proving_ground/test_proving_ground.py](../tests/proving_ground/test_proving_ground.py) makes sure of three \
things: a witness that is written by hand shows each bug on its broken build and not on the right one; every response \
of a right build fits its contract; and every status of a contract occurs. `make docs` writes this page.

## Services

| service | contract | schemes | tokens | operations | bugs |
|---|---|---|---|---|---|
"""
FAMILIES = """
## Families

| family | bugs |
|---|---|
"""
LIST = """
## Bugs

A bug counts as found when a finding of the check that is named here is on the operation that is named here. Of two \
checks each has to find it; of two operations one is enough, as is one protected operation for a bug that all of them \
have. A finding about a route that the contract does not have is recorded on another operation and has to name the route.

| bug | family | check | operation | what the broken build does |
|---|---|---|---|---|
"""

# Rows of a verifier that no request of a client can tell apart.
UNSEEN = """
## Mistakes that no caller can see

A verifier can also make these mistakes. No request shows them, so no build here has them:

- A list of algorithms that is empty, a text or None, or of two families: tests of the settings show it.
- A secret that is JSON or a public key: tests of the settings show it. A public key as a secret is `alg-confusion`, a guessable one `weak-secret`.
- A valid token that is rejected because its key is in a set of several kinds: the first good request fails, and the run is invalid.
- Two keys with one `kid` in a key set, one unusable key that spoils the set, an exponent of 1: to try it, one has to publish the key set.
- A key set that is fetched again for each unknown `kid`, over plain http, through redirects, without a limit: only the host of the key set sees it.
- 401 or 500 in place of 503 if the key set or the database cannot be reached: to try it, one has to take them away.
- A new key that is accepted too late, or an old key that is accepted for ever: to try it, one has to rotate the keys.
- A deny-list of token digests: it fails if one token can be spelt in two ways, which `signature-malleable` and `signature-spare-bits` try.
- A token that is valid after its session ended: a JWT is, unless the contract promises otherwise.
- A log with tokens, claims or addresses, or without the cause of a rejection: a caller sees only the response.
- EdDSA or PS256 that is not supported: no token of such a service is accepted, the first good request fails, and the run is invalid.
"""


def make_page() -> str:
    """Make the page."""
    families = Counter(bug.family for bug in BUGS)
    ordered = [bug for family in Family for bug in BUGS if bug.family is family]
    return "".join(
        (
            HEAD.format(services=len(SERVICES), bugs=len(BUGS)),
            *_make_rows(_describe(service) for service in SERVICES),
            FAMILIES,
            *_make_rows((family, str(families[family])) for family in Family),
            LIST,
            *_make_rows(
                (
                    f"`{bug.id}`",
                    bug.family,
                    " and ".join(f"`{check}`" for check in bug.checks),
                    " or ".join(map(_code, bug.operations)),
                    bug.what,
                )
                for bug in ordered
            ),
            UNSEEN,
        )
    )


def _describe(service: Service) -> tuple[str, ...]:
    schemes = [
        f"{scheme['type']}{' ' + scheme.get('scheme', scheme.get('in', '')) if scheme['type'] in {'http', 'apiKey'} else ''}"
        for scheme in service.contract["components"]["securitySchemes"].values()
    ]
    folder = f"tests/proving_ground/{service.name}"
    return (
        f"[{service.name}](../{folder}/service.py)",
        f"[OpenAPI {service.contract['openapi']}](../{folder}/openapi.yaml)",
        ", ".join(schemes),
        service.mint.algorithm,
        str(len(list(list_operations(service.contract)))),
        str(len(service.bugs)),
    )


def _code(operation: str) -> str:
    return f"`{operation}`" if "/" in operation else operation


def _make_rows(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(row)} |\n"
