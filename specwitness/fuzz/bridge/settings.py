"""The settings that Schemathesis runs with: reproducible, quiet and without a trace on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemathesis.config import (
    AnalysisConfig,
    CacheConfig,
    ChecksConfig,
    GenerationConfig,
    HealthCheck,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)

if TYPE_CHECKING:
    from specwitness.config import FuzzConfig

# These judge an answer by what was answered before.
HISTORY_CHECKS = ("use_after_free", "ensure_resource_availability")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    *HISTORY_CHECKS,
)
# positive_data_acceptance is left out: a contract cannot say that a cursor was never handed out.

# Of an answer with all the waiting that a service asks for; the client itself ends sooner.
_TIMEOUT_SECONDS = 600
_EXAMPLES = {"quick": 10, "deep": 100}
# A pull request waits for the coverage phase, and for nothing that is drawn at random.
_PHASES: dict[str, dict[str, Any]] = {
    "quick": {
        "fuzzing": {"enabled": False},
        "stateful": {"generation": {"max-examples": _EXAMPLES["quick"]}},
    },
    "deep": {"stateful": {"generation": {"max-examples": _EXAMPLES["deep"]}}},
}


def configure(settings: FuzzConfig) -> SchemathesisConfig:
    """Give the configuration of a run against an app."""
    examples = _EXAMPLES[settings.profile]
    checks = {"enabled": False, **{name: {"enabled": True} for name in CHECKS}}
    project = ProjectConfig(
        workers=1,
        continue_on_failure=True,
        max_redirects=0,
        request_timeout=_TIMEOUT_SECONDS,
        checks=ChecksConfig.from_dict(checks),
        phases=PhasesConfig.from_dict(_PHASES[settings.profile]),
        generation=GenerationConfig(max_examples=examples, database="none", with_security_parameters=False),
        # Constants of the app's code would tie the cases to whatever is imported.
        analysis=AnalysisConfig.from_dict({"constants": {"enabled": False}}),
    )
    return SchemathesisConfig(
        seed=settings.seed,
        suppress_health_check=[HealthCheck("all")],
        cache=CacheConfig(enabled=False),
        projects=ProjectsConfig(default=project),
    )
