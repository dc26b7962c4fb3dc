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

{services} small services in [tests/proving_ground](../tests/proving_ground), each with a contract written by hand, in \
a right build and in {bugs} broken ones: one bug each, planted by a switch at the line where a developer would make it. \
A fuzzer is worth what it finds here, and what it does not say of the right builds.

[tests/proving_ground/test_proving_ground.py](../tests/proving_ground/test_proving_ground.py) holds it to that: a \
hand-written witness shows each bug on its broken build and not on the right one, every answer of a right build fits \
its contract, and every status of a contract is met. This page is written by `python -m tests.proving_ground`; \
`python -m tests.proving_ground teams teams-admin-list-open` serves one build on this machine, with tokens to try it.

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
## What HTTP does not show

What a verifier can get wrong and no caller can tell, so that no build is broken by it here:

- A list of algorithms that is empty, a text or None, two families at once: told at the start, by tests of the settings.
- A secret that is JSON or a public key: told at the start; a public key as a secret is `alg-confusion`, a guessable one `weak-secret`.
- A right token that is refused, since its key stands in a set of several kinds: each run ends as invalid, since its control fails.
- A duplicate `kid` in a key set, one unusable key that poisons the set, an exponent of 1: only who writes the set can try it.
- A key set that is fetched anew for each unknown `kid`, over plain http, through redirects, without an end or a limit: only the host of the set sees it.
- A key set or a database out of reach that gives 401 or 500 instead of 503: only who takes it away can try it.
- A new key that is not taken at once, an old one that is taken for ever: only who rotates the keys can try it.
- A deny-list on a digest of the token: a caller has no second spelling where none is let in, which `signature-malleable` and `signature-spare-bits` try.
- A token that lives on after its session ended: so a JWT is meant, unless the contract promises otherwise.
- A log that holds tokens, claims or addresses; a log without the cause: a caller sees the answer alone.
- EdDSA or PS256 that is not served: no token of such a service is let in, and the control fails.
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
