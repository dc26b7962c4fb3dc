"""A request while it is built: for which operation, with which path, and by which options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Options:
    """How the values of a request are chosen: an operation may succeed with one choice and refuse another.

    Args:
        full: Whether optional members of the body are sent too.
        query: Whether optional query parameters are sent too.
        prefer_examples: Whether values that the contract names come before made ones.
        examples_first: Whether they come before the ids of known objects too.
        omit_references: Whether optional members that name objects, such as `category_id`, are left out.
        reuse_response_values: Whether members may take values that earlier responses showed by their name.
        example: The number of the example in the contract that is sent as the whole body; None for none.
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
        used: The collections whose objects it names outside of its path, in order.
        named: The collection of each member that names an object: `category_id` to `/categories/{}`.
    """

    operation: Endpoint | None = None
    path_values: tuple[Any, ...] = ()
    options: Options = field(default_factory=Options)
    used: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
