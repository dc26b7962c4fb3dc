"""Parameters with a credential outside of the security schemes, such as `X-CSRF-Token`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.contract.schema_differences import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.schemas import JsonObject
    from specwitness.contract.sides import LocatedParameter, Side
    from specwitness.contract.violations import PlacedViolation

_CREDENTIAL = re.compile(
    r"(?:^|[-_.])(?:authorization|api[-_]?key|access[-_]?token|auth[-_]?token|id[-_]?token|token|secret"
    r"|password|passcode|otp|signature|csrf|xsrf|csrf[-_]?token|xsrf[-_]?token|session[-_]?id|credentials?)$",
    re.IGNORECASE,
)
_PAGES = re.compile(r"(?:page|next|continuation|sync|cursor|cancel|idempotency)[-_.]?token$", re.IGNORECASE)


def find_loosened_credentials(
    sides: tuple[Side, Side],
    operations: tuple[tuple[str, JsonObject], tuple[str, JsonObject]],
    here: Place,
) -> Iterator[PlacedViolation]:
    """Find required parameters with a credential that became optional or were removed.

    Args:
        sides: The older document and its successor.
        operations: The path and the operation in each of the two documents.
        here: The place of the operation.
    """
    former = sides[0].read_parameters(*operations[0], with_ignored=True)
    present = sides[1].read_parameters(*operations[1], with_ignored=True)
    security = str(sides[1].read_security(operations[1][1]))
    for key, old in former.items():
        if not (old.value.get("required") and is_credential(old.value, sides[0])):
            continue
        new = present.get(key)
        label = f"{key[0]} {old.value.get('name')}"
        if new is None and f"apiKey {key[0]} {key[1].lower()}" not in security:
            yield "credential-parameter-loosened", Place(here.pointer, label), "this credential was removed"
        elif new is not None and not new.value.get("required"):
            place = _place_of(new, here, label)
            yield "credential-parameter-loosened", place, "this credential is no longer required"


def is_credential(parameter: JsonObject, side: Side) -> bool:
    """Return whether a parameter is a credential: `format: password`, or a name such as `api_key`.

    `page_token` and `nextToken` are not: `_PAGES` excludes them.
    """
    schema = side.read_schema(parameter)
    if isinstance(schema, dict) and schema.get("format") == "password":
        return True
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(parameter.get("name")))
    return bool(_CREDENTIAL.search(name)) and not _PAGES.search(name)


def _place_of(parameter: LocatedParameter, here: Place, label: str) -> Place:
    return Place(parameter.find_pointer(here.pointer), label)
