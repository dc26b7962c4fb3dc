"""A request while it is built: its operation, its path values and its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Options:
    """The choices in building a request.

    A service may refuse one choice and accept another: it may require an `email` that the contract calls
    optional, or refuse a `category_id` of a category that cannot be created.

    Args:
        full: Whether optional members of the body are sent too.
        query: Whether optional query parameters are sent too.
        prefer_examples: Whether examples of the contract come before generated values.
        examples_first: Whether examples come before the ids of known objects too.
        omit_references: Whether optional members that name objects, such as `category_id`, are left out.
        reuse_response_values: Whether a member may take a value from an earlier response: `{"iban": "DE02…"}`
            gives `to_iban`.
        example: The index of the contract's example that is the whole body; None for a generated body.
    """

    full: bool = True
    query: bool = False
    prefer_examples: bool = False
    examples_first: bool = False
    omit_references: bool = False
    reuse_response_values: bool = False
    example: int | None = None


@dataclass(slots=True)
class Draft:
    """A request while it is built.

    Args:
        operation: The operation; None for a value that no request needs yet.
        path_values: The values of the path's parameters.
        options: How its values are chosen.
        used: The collections of the objects that query and body name, in order.
        named: The collection of each member that names an object: `category_id` to `/categories/{}`.
    """

    operation: Endpoint | None = None
    path_values: tuple[Any, ...] = ()
    options: Options = field(default_factory=Options)
    used: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
