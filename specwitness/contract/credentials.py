"""Parameters that carry a credential though no security scheme says so: they protect as one does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.contract.differences import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.schemas import JsonObject
    from specwitness.contract.sides import LocatedParameter, Side

_CREDENTIAL = re.compile(
    r"(?:^|[-_.])(?:authorization|api[-_]?key|access[-_]?token|auth[-_]?token|id[-_]?token|token|secret"
    r"|password|passcode|otp|signature|csrf|xsrf|csrf[-_]?token|xsrf[-_]?token|session[-_]?id|credentials?)$",
    re.IGNORECASE,
)
_PAGES = re.compile(r"(?:page|next|continuation|sync|cursor|cancel|idempotency)[-_.]?token$", re.IGNORECASE)

Operation = tuple[str, "JsonObject"]


def find_loosened_credentials(
    sides: tuple[Side, Side], operations: tuple[Operation, Operation], here: Place
) -> Iterator[tuple[str, Place, str]]:
    """Find required parameters that carry a credential and are required no more.

    Args:
        sides: The older document and its successor.
        operations: Path and operation in each.
        here: Where the operation stands.
    """
    former = sides[0].read_parameters(*operations[0], unheard=True)
    present = sides[1].read_parameters(*operations[1], unheard=True)
    security = str(sides[1].read_security(operations[1][1]))
    for key, old in former.items():
        if not (old.value.get("required") and is_credential(old.value, sides[0])):
            continue
        new = present.get(key)
        label = f"{key[0]} {old.value.get('name')}"
        if new is None and f"apiKey {key[0]} {key[1].lower()}" not in security:
            yield "credential-parameter-loosened", Place(here.pointer, label), "this credential is gone"
        elif new is not None and not new.value.get("required"):
            place = _place_of(new, here, label)
            yield "credential-parameter-loosened", place, "this credential is required no more"


def is_credential(parameter: JsonObject, side: Side) -> bool:
    """Tell whether a parameter carries a credential: by its format, or by its name."""
    schema = side.read_schema(parameter)
    if isinstance(schema, dict) and schema.get("format") == "password":
        return True
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(parameter.get("name")))
    return bool(_CREDENTIAL.search(name)) and not _PAGES.search(name)


def _place_of(parameter: LocatedParameter, here: Place, label: str) -> Place:
    return Place(parameter.find_pointer(here.pointer), label)
