"""Conformance: the responses to baseline requests and to the requests of Schemathesis fit the contract."""

from __future__ import annotations

from specwitness.fuzz.checks.registry import Check

CHECKS = (
    Check(
        name="conformance",
        order=0,
        title="keeps its contract",
        tries="status, headers and body of every response; the checks of Schemathesis",
        requirements="responses are as the contract documents them",
        is_due=lambda _endpoint: True,
    ),
)
