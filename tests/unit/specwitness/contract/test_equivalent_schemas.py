"""Properties: a contract that is only rewritten has no differences and no changes."""

from __future__ import annotations

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from specwitness.contract import compare, find_undocumented
from specwitness.contract.operation_changes import find_changes
from specwitness.contract.schema_changes import Direction, SchemaEvolution
from specwitness.contract.schema_differences import Place
from tests.support.sample_contract import DOCUMENT, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Place((), "")

leaves = st.one_of(
    st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
        st.integers(-5, 5),
        st.integers(0, 5),
    ),
    st.lists(st.sampled_from(["a", "b", "c", 1, True]), min_size=1, max_size=3, unique_by=repr).map(
        lambda values: {"enum": values}
    ),
    st.just({"type": "boolean"}),
    st.just({"type": ["string", "null"], "format": "date"}),
    st.just({"$ref": "#/components/schemas/Draft"}),
)


def build_object(properties: dict[str, Any], *, is_closed: bool) -> dict[str, Any]:
    closing: dict[str, Any] = {"additionalProperties": False} if is_closed else {}
    return {"type": "object", "properties": properties, "required": sorted(properties)[:1], **closing}


schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "maxItems": 3, "items": items}),
        st.builds(
            lambda properties, is_closed: build_object(properties, is_closed=is_closed),
            st.dictionaries(st.sampled_from("pqr"), inner, max_size=3),
            st.booleans(),
        ),
        st.lists(inner, min_size=2, max_size=3).map(lambda members: {"anyOf": members}),
    ),
    max_leaves=6,
)


def rewrite(schema: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """Write a schema in another way that means the same."""
    if isinstance(schema, list):
        return [rewrite(member, draw) for member in schema]
    if not isinstance(schema, dict) or "$ref" in schema:
        return schema
    other = {key: rewrite_member(key, value, draw) for key, value in reversed(schema.items())}
    return draw(st.sampled_from(list(spell(other))))


def rewrite_member(key: str, value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    if key == "properties":
        return {name: rewrite(member, draw) for name, member in value.items()}
    return rewrite(value, draw) if key in {"items", "anyOf"} else value


def spell(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    yield {**schema, "title": "Another", "description": "words"}
    yield {"allOf": [schema]}
    if "enum" in schema:
        yield {**schema, "enum": schema["enum"][::-1]}
    if schema.get("type") == "integer":
        yield {"type": "integer", "exclusiveMinimum": schema["minimum"] - 1, "maximum": schema["maximum"]}
    if schema.get("type") == ["string", "null"]:
        yield {"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}]}


@settings(deadline=None, max_examples=150)
@given(schema=schemas, data=st.data())
def test_rewritten_schema_is_not_reported_as_a_change(schema: Any, data: st.DataObject) -> None:
    other = rewrite(copy.deepcopy(schema), data.draw)
    for direction in Direction:
        evolution = SchemaEvolution(DOCUMENT, DOCUMENT, direction)
        assert evolution.compare(schema, other, HERE) == []
        assert evolution.compare(other, schema, HERE) == []


@settings(deadline=None, max_examples=25)
@given(schema=schemas, data=st.data())
def test_rewritten_contract_equals_the_original(schema: Any, data: st.DataObject) -> None:
    one, other = copy.deepcopy(DOCUMENT), copy.deepcopy(DOCUMENT)
    one["components"]["schemas"]["Order"] = schema
    other["components"]["schemas"]["Order"] = rewrite(copy.deepcopy(schema), data.draw)
    other["components"]["securitySchemes"] = {"again": one["components"]["securitySchemes"]["token"]}
    other["security"] = [{"again": []}]
    with TemporaryDirectory() as folder:
        contract = read(one, Path(folder))
        assert find_changes(one, contract) == ()
        assert find_changes(other, contract) == ()
        assert [witness.detail for witness in compare(contract, one)] == [None] * 5
        assert find_undocumented(contract, other) == ()
