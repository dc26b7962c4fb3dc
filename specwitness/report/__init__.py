"""The reports: each renderer turns a trace into one format."""

from specwitness.report.html import render_html
from specwitness.report.inspection import print_inspection, render_inspection
from specwitness.report.markdown import render_markdown
from specwitness.report.terminal import print_summary
from specwitness.report.trace_json import render_json, render_schema, trace_schema

__all__ = [
    "print_inspection",
    "print_summary",
    "render_html",
    "render_inspection",
    "render_json",
    "render_markdown",
    "render_schema",
    "trace_schema",
]
