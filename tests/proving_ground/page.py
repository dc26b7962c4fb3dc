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

| bug | family | operation | what the broken build does |
|---|---|---|---|
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
            *_make_rows((f"`{bug.id}`", bug.family, _code(bug.operation), bug.what) for bug in ordered),
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
