"""The settings of Schemathesis: the same seed gives the same requests, and no file is written."""

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

# These compare a response with earlier ones, such as a GET after a DELETE.
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
# positive_data_acceptance is left out: it reports `?cursor=abc` if the service accepts only its own cursors.

# For one response, with the waits on 429; the client's own limits are shorter.
_TIMEOUT_SECONDS = 600
_EXAMPLES = {"quick": 10, "deep": 100}
# The quick profile, for pull requests, has the coverage and stateful phases, and no random values.
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
        # With constants of the app's code, the values would depend on the modules that are imported.
        analysis=AnalysisConfig.from_dict({"constants": {"enabled": False}}),
    )
    return SchemathesisConfig(
        seed=settings.seed,
        suppress_health_check=[HealthCheck("all")],
        cache=CacheConfig(enabled=False),
        projects=ProjectsConfig(default=project),
    )
