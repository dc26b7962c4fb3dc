"""trace.json: stable, complete, and as its published schema says."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from specwitness.model import Trace
from specwitness.report import render_json, render_schema, trace_schema
from tests.support.sample_trace import ROOT, sample_trace

SCHEMA = Path(ROOT, "specwitness", "trace.schema.json")


def test_published_schema_is_current() -> None:
    published = SCHEMA.read_text(encoding="utf-8")
    assert published == render_schema(), "write render_schema() to specwitness/trace.schema.json"


def test_schema_names_its_dialect_and_itself() -> None:
    schema = trace_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "specwitness trace"
    assert schema["description"]


def test_rendered_trace_fits_the_schema() -> None:
    Draft202012Validator(trace_schema()).validate(json.loads(render_json(sample_trace())))


def test_document_with_an_unknown_verdict_does_not_fit() -> None:
    document = json.loads(render_json(sample_trace()))
    document["requirements"][0]["verdict"] = "probably"
    assert not Draft202012Validator(trace_schema()).is_valid(document)


def test_trace_is_read_back_from_its_json() -> None:
    once = Trace.model_validate_json(render_json(sample_trace()))
    assert render_json(once) == render_json(sample_trace())
    assert once.requirements[0].requirement == sample_trace().requirements[0].requirement


def test_order_of_witnesses_and_settings_makes_no_difference() -> None:
    trace = sample_trace()
    turned = trace.model_copy(
        update={
            "witnesses": trace.witnesses[::-1],
            "environment": dict(reversed(trace.environment.items())),
            "summary": dict(reversed(trace.summary.items())),
            "requirements": tuple(
                traced.model_copy(update={"witnesses": traced.witnesses[::-1]})
                for traced in trace.requirements
            ),
        }
    )
    assert render_json(turned) == render_json(trace)


def test_columns_of_an_examples_row_keep_their_order() -> None:
    document = json.loads(render_json(sample_trace()))
    rows = [
        witness["example"]
        for witness in document["witnesses"]
        if witness["example"] and "cause" in witness["example"]
    ]
    assert ["credential", "cause", "requirement"] in [list(row) for row in rows]


def test_text_is_indented_and_ends_with_a_newline() -> None:
    text = render_json(sample_trace())
    assert text.startswith('{\n  "version": 1,\n')
    assert text.endswith("}\n")
