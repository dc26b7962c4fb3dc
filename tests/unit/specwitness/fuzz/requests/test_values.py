"""Values that fit their schema and tell which user sent them."""

from __future__ import annotations

from typing import Any

import pytest

from specwitness.fuzz.requests.draft import Draft, Options
from specwitness.fuzz.requests.values import Maker


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "example": "EUR"}, "EUR"),
        ({"type": "integer", "examples": [30, 60]}, 30),
        ({"type": "string", "default": "plain"}, "plain"),
    ],
)
def test_example_or_default_of_the_contract_is_sent_where_wanted(
    schema: dict[str, Any], value: object
) -> None:
    examples = Draft(options=Options(prefer_examples=True))
    assert Maker("alice", {}).make(schema, draft=examples) == value
    assert Maker("alice", {}).make({key: part for key, part in schema.items() if key != "default"}) != value


@pytest.mark.parametrize("pattern", ["^[a-z]*$", "^[A-Z]+$", "^[A-Z0-9]+$", "^[a-z0-9]+$"])
def test_text_tells_the_user_whatever_the_pattern(pattern: str) -> None:
    maker, other = Maker("alices1zq", {}), Maker("bobs1zq", {})
    texts = [maker.make({"type": "string", "pattern": pattern}) for _ in range(2)]
    assert len(set(texts)) == len(texts)
    assert all(maker.is_in(text) and not other.is_in(text) for text in texts)


def test_example_comes_before_a_known_value_where_examples_come_first() -> None:
    schema = {"type": "object", "properties": {"agent_id": {"type": "integer", "example": 3}}}
    maker = Maker("alice", {}, lookup=lambda name, _schema, _draft: 1 if name else ...)
    options = Options(prefer_examples=True)
    assert maker.make(schema, draft=Draft(options=options)) == {"agent_id": 1}
    options = Options(prefer_examples=True, examples_first=True)
    assert maker.make(schema, draft=Draft(options=options)) == {"agent_id": 3}


def test_body_without_references_names_only_required_objects() -> None:
    properties = {name: {"type": "string"} for name in ("title", "assigneeId", "created_by")}
    maker, draft = Maker("alice", {}), Draft(options=Options(omit_references=True))
    assert maker.make({"type": "object", "properties": properties}, draft=draft).keys() == {"title"}
    required = {"type": "object", "properties": properties, "required": ["assigneeId"]}
    assert maker.make(required, draft=draft).keys() == {"title", "assigneeId"}
