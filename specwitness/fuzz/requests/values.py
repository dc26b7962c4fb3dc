"""Generates values that fit a schema; texts begin with the user's marker."""

from __future__ import annotations

import base64
import re
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from specwitness.fuzz.api.schema import Schema, resolve, type_of
from specwitness.fuzz.api.words import LEAST_PUBLIC, REFERENCE_ENDINGS, snake
from specwitness.fuzz.requests.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMESPACE = UUID("5f0c2f9e-5d2c-4f5f-9a0e-2b8f3a0c7d11")
_DEEPEST = 6
# A schema that requires a member of its own type has no finite value: generation stops at this depth.
_TOO_DEEP = 20
# Part of the texts of all users: a search for it finds objects of every user.
COMMON = "zq"
# Replaces digits by letters, for a pattern without digits: `^[a-z]+$`.
_LETTERS = str.maketrans("0123456789", "abcdefghij")
Lookup = "Callable[[str, Schema], Any]"


@dataclass(slots=True)
class Maker:
    """Generates values for one user; no two texts are the same.

    Args:
        marker: The beginning of all texts of this user, and of no other.
        document: The contract, for `$ref`s.
        seed: The seed for texts that are drawn at random to fit a pattern.
        lookup: Gives the value for a name, such as the id of a stored object; `...` if it has none.
    """

    marker: str
    document: dict[str, Any] = field(repr=False)
    seed: int = 1
    lookup: Callable[[str, Schema, Draft], Any] = lambda _name, _schema, _draft: ...
    _count: int = 0

    def make(self, schema: Any, name: str = "", draft: Draft | None = None, depth: int = 0) -> Any:
        """Generate a value.

        Args:
            schema: The schema that the value has to fit.
            name: The name of the member or parameter, for the lookup.
            draft: The request that needs the value.
            depth: The depth of the value in the body.
        """
        draft = draft or Draft()
        resolved, options = resolve(schema, self.document), draft.options
        examples = _list_examples(resolved) if options.prefer_examples else []
        fixed = [resolved["const"]] if "const" in resolved else examples
        looked_up = ... if fixed and options.examples_first else self.lookup(name, resolved, draft)
        if looked_up is not ...:
            return looked_up
        if fixed:
            return fixed[0]
        if resolved.get("enum"):
            return _choose(resolved)
        kind = type_of(resolved)
        if kind == "object":
            return self._make_object(resolved, draft, depth)
        if kind == "array":
            return self._make_array(resolved, name, draft, depth)
        return self._make_scalar(kind, resolved)

    def _make_object(self, schema: Schema, draft: Draft, depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        value = {}
        for name, property_schema in schema.get("properties", {}).items():
            member = resolve(property_schema, self.document)
            is_omitted = draft.options.omit_references and snake(name).endswith(tuple(REFERENCE_ENDINGS))
            if depth > _TOO_DEEP:
                continue
            is_wanted = name in required or (draft.options.full and depth < _DEEPEST and not is_omitted)
            if is_wanted and not member.get("readOnly"):
                value[name] = self.make(property_schema, name, draft, depth + 1)
        return value

    def _make_array(self, schema: Schema, name: str, draft: Draft, depth: int) -> list[Any]:
        if depth >= _DEEPEST and not schema.get("minItems"):
            return []
        count = min(max(schema.get("minItems", 0), 1), schema.get("maxItems", 1_000))
        items = schema.get("items", {})
        return [self.make(items, name, draft, depth + 1) for _ in range(count)]

    def _make_scalar(self, kind: str | None, schema: Schema) -> Any:
        if kind == "boolean":
            return schema.get("default", False)
        if kind in {"integer", "number"}:
            return _make_number(kind, schema)
        if kind == "null":
            return None
        return self._make_text(schema)

    def is_in(self, text: str) -> bool:
        """Tell whether a text contains the user's marker, in upper or lower case, with digits or letters."""
        lower = text.lower()
        return self.marker in lower or self.marker.translate(_LETTERS) in lower

    def find_texts(self, text: str) -> list[str]:
        """List the user's texts that occur in another text."""
        return re.findall(rf"{re.escape(self.marker)}\w*", text)

    def next_text(self) -> str:
        """Generate a new text: the marker and a number."""
        self._count += 1
        return f"{self.marker}{self._count:03d}"

    def _make_text(self, schema: Schema) -> str:
        text = _shape(self.next_text(), schema.get("format"))
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if "format" not in schema:
            text = text.ljust(least, "x")
            if most is not None and len(text) > most:
                text = text[-most:] if most else ""
        pattern = schema.get("pattern")
        if pattern is None:
            return text
        for spelled in (text, text.translate(_LETTERS), text.upper(), text.translate(_LETTERS).upper()):
            if _matches(pattern, spelled):
                return spelled
        for example in (schema.get("example"), *schema.get("examples", ())):
            if isinstance(example, str) and _matches(pattern, example):
                return example
        return draw_text(pattern, least, most, self.seed + self._count) or text


def _list_examples(schema: Schema) -> list[Any]:
    examples = schema.get("examples", ())
    values = [schema["example"]] if "example" in schema else []
    return [
        *values,
        *(examples if isinstance(examples, list) else ()),
        *([schema["default"]] if "default" in schema else []),
    ]


def _choose(schema: Schema) -> Any:
    values = [value for value in schema["enum"] if value is not None] or schema["enum"]
    if "default" in schema and schema["default"] in values:
        return schema["default"]
    return next((preferred for preferred in LEAST_PUBLIC if preferred in values), values[0])


def _make_number(kind: str, schema: Schema) -> Any:
    low = schema.get("minimum")
    if isinstance(exclusive := schema.get("exclusiveMinimum"), int | float) and not isinstance(
        exclusive, bool
    ):
        low = exclusive + 1
    high = schema.get("maximum")
    value = schema.get("default", 1 if low is None else max(low, 1))
    if high is not None and value > high:
        value = high if low is None else low
    step = schema.get("multipleOf")
    if step and value % step:
        value = value - value % step + step
    return int(value) if kind == "integer" else value


def _shape(text: str, form: str | None) -> str:
    shapes: dict[str, Callable[[], str]] = {
        "uuid": lambda: str(uuid5(_NAMESPACE, text)),
        "date-time": lambda: "2031-05-06T07:08:09Z",
        "date": lambda: "2031-05-06",
        "time": lambda: "07:08:09Z",
        "duration": lambda: "P1D",
        "email": lambda: f"{text}@example.com",
        "uri": lambda: f"https://example.com/{text}",
        "url": lambda: f"https://example.com/{text}",
        "hostname": lambda: f"{text}.example.com",
        "ipv4": lambda: "192.0.2.1",
        "ipv6": lambda: "2001:db8::1",
        "password": lambda: f"Aa1!{text}",
        "byte": lambda: base64.b64encode(text.encode()).decode(),
    }
    shape = shapes.get(form or "")
    return shape() if shape else text


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True


@lru_cache(maxsize=256)
def draw_text(pattern: str, least: int, most: int | None, number: int) -> str | None:
    """Draw a text that matches a pattern.

    Args:
        pattern: The regular expression.
        least: The minimum length.
        most: The maximum length; None for no maximum.
        number: The seed; the same seed gives the same text.

    Returns:
        The text; None if none of five draws fits, or if the pattern is invalid.
    """
    found: list[str] = []

    @seed(number)
    @settings(
        max_examples=5,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.from_regex(pattern, fullmatch=True, alphabet=st.characters(min_codepoint=32, max_codepoint=126))
    )
    def draw(text: str) -> None:
        if len(text) >= least and (most is None or len(text) <= most):
            found.append(text)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            draw()
        except (HypothesisException, re.error):
            return None
    return found[-1] if found else None
