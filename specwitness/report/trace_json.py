"""The trace as JSON, and its published JSON Schema."""

from __future__ import annotations

import json
from typing import Any

from specwitness.model import Trace, TracedRequirement, Witness

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render_json(trace: Trace) -> str:
    """Write a trace as JSON; equal traces give equal bytes.

    Witnesses, their requirements and their counts are sorted. Specs, requirements, findings and the
    columns of an Examples row keep their order.
    """
    document = trace.model_dump(mode="json")
    document["environment"] = dict(sorted(trace.environment.items()))
    document["summary"] = dict(sorted(document["summary"].items()))
    document["requirements"] = [_requirement(traced) for traced in trace.requirements]
    document["witnesses"] = [
        _witness(witness) for witness in sorted(trace.witnesses, key=lambda witness: witness.id)
    ]
    return _dump(document)


def trace_schema() -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of what `render_json` writes."""
    schema = Trace.model_json_schema(mode="serialization")
    return {
        "$schema": DIALECT,
        **schema,
        "title": "specwitness trace",
        "description": "The result of one run: specs, requirements, witnesses (evidence) and verdicts.",
    }


def render_schema() -> str:
    """Write the schema, which is published as `specwitness/trace.schema.json`."""
    return _dump(trace_schema())


def _requirement(traced: TracedRequirement) -> dict[str, Any]:
    document = traced.model_dump(mode="json")
    document["witnesses"] = sorted(traced.witnesses)
    return document


def _witness(witness: Witness) -> dict[str, Any]:
    document = witness.model_dump(mode="json")
    document["requirements"] = sorted(witness.requirements)
    document["counts"] = dict(sorted(witness.counts.items()))
    return document


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
