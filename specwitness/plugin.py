"""The pytest plugin: fails scenarios that assert nothing, and records every test as a witness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_bdd.steps import StepFunctionContext

from specwitness.errors import FeatureError
from specwitness.gherkin import read_features
from specwitness.identifier import is_key
from specwitness.model import Finding, Location
from specwitness.session import SessionState
from specwitness.testimony import locate, testify

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pytest_bdd.parser import Feature, Scenario, Step

RECORDS = "--witness-records"
_STATE: pytest.StashKey[SessionState] = pytest.StashKey()


class Hooks:
    """Hooks that a conftest.py may implement."""

    @pytest.hookspec
    def pytest_specwitness_environment(self, config: pytest.Config) -> dict[str, str]:  # type: ignore[empty-body]
        """Return what the tests ran on, for the report: `{"PostgreSQL": "embedded 18.4"}`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--witness-records`."""
    group = parser.getgroup("specwitness")
    group.addoption(RECORDS, metavar="FILE", help="record every test as a witness in FILE (JSON lines)")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the hooks that conftest files may implement."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker `requirement`, and a marker for each tag of the features (pytest-bdd uses them)."""
    config.addinivalue_line("markers", "requirement(*keys): the requirements that a test testifies for")
    config.stash[_STATE] = SessionState(config.rootpath, config.getoption(RECORDS))
    base = config.getini("bdd_features_base_dir")
    folder = config.rootpath / (base or "features")
    try:
        pickles = read_features(folder, config.rootpath) if folder.is_dir() else ()
    except FeatureError as error:
        raise pytest.UsageError(str(error)) from error
    for tag in sorted({key for pickle in pickles for key in pickle.requirements}):
        config.addinivalue_line("markers", f"{tag}: a requirement of a spec")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the file of records, and restore pytest."""
    state = config.stash.get(_STATE, None)
    if state:
        state.close()


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool | None:
    """Turn a tag such as `@003/FR-006` into the marker `requirement("003/FR-006")`."""
    if not is_key(tag):
        return None
    pytest.mark.requirement(tag)(function)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Stop the run if assertions cannot be counted, or if a scenario of a used feature has no test."""
    state = config.stash[_STATE]
    pickles = [pickle for item in items if (pickle := state.pickle_of(item))]
    testifies = any(item.get_closest_marker("requirement") for item in items)
    if (pickles or testifies) and not config.getini("enable_assertion_pass_hook"):
        raise pytest.UsageError(
            "specwitness cannot count the assertions of tests and Then steps"
            " → set enable_assertion_pass_hook = true in [tool.pytest.ini_options],"
            " then delete the __pycache__ folders of the tests once"
        )
    is_whole = state.writer is None and not any("::" in argument for argument in config.args)
    if is_whole and (unbound := state.find_unbound(pickles)):
        listed = "\n".join(unbound)
        raise pytest.UsageError(f'{listed}\n→ bind them in a test module: scenarios("NAME.feature")')


def pytest_collection_finish(session: pytest.Session) -> None:
    """Record how many tests there are, for the progress bar."""
    if writer := session.config.stash[_STATE].writer:
        writer.expect(len(session.items))


def pytest_assertion_pass(item: pytest.Item, orig: str) -> None:
    """Count an assertion that passed."""
    item.config.stash[_STATE].guard.count_assertion(orig)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Wrap each step function to check its result; pytest-bdd stores step functions as fixtures."""
    value = yield
    if isinstance(value, StepFunctionContext):
        value.step_func = request.config.stash[_STATE].watch_result(value.step_func)
    return value


def pytest_bdd_before_step_call(request: pytest.FixtureRequest, step_func: Callable[..., object]) -> None:
    """Fail an async step: it would pass without running."""
    guard = request.config.stash[_STATE].guard
    if objection := guard.objection_to_call(step_func):
        pytest.fail(objection, pytrace=False)
    guard.start_step()


@pytest.hookimpl(trylast=True)
def pytest_bdd_after_step(
    request: pytest.FixtureRequest, feature: Feature, step: Step, step_func: Callable[..., object]
) -> None:
    """Fail a Then step that made no assertion."""
    state = request.config.stash[_STATE]
    if objection := state.guard.objection_to_pass(step.type, step_func):
        state.guard.failed_step = state.describe_step(feature, step)
        pytest.fail(objection, pytrace=False)


def pytest_bdd_step_error(request: pytest.FixtureRequest, feature: Feature, step: Step) -> None:
    """Remember which step failed."""
    state = request.config.stash[_STATE]
    state.guard.failed_step = state.describe_step(feature, step)


def pytest_bdd_step_func_lookup_error(
    request: pytest.FixtureRequest, feature: Feature, scenario: Scenario, step: Step
) -> None:
    """Remember which step has no definition."""
    state = request.config.stash[_STATE]
    state.guard.failed_step = (
        f"{state.describe_step(feature, step)} has no step definition in {scenario.name}"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that names requirements and made no assertion."""
    result = yield
    state = item.config.stash[_STATE]
    if isinstance(item, pytest.Function) and item.get_closest_marker("requirement"):
        place = locate(item, state.pickle_of(item))
        if objection := state.guard.objection_to_test(item.name, place):
            pytest.fail(objection, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record the test as a witness after its teardown."""
    report = yield
    state = item.config.stash[_STATE]
    if call.when == "setup":
        state.guard.start_test()
    state.reports.setdefault(item.nodeid, []).append(report)
    if call.when == "teardown":
        reports = state.reports.pop(item.nodeid)
        if state.writer:
            state.writer.witness(testify(item, reports, state.pickle_of(item), state.guard))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Record a finding for a module that cannot be collected, since none of its tests will run."""
    report = yield
    writer = collector.config.stash[_STATE].writer
    if report.failed and writer:
        writer.finding(
            Finding(
                code="collection",
                message=f"cannot be collected: {_last_line(str(report.longrepr))}",
                location=Location(file=report.nodeid.partition("::")[0] or ".", line=1),
                remedy="fix the module: none of its tests ran",
            )
        )
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """Record what the tests ran on, and that the run is complete."""
    state = session.config.stash[_STATE]
    # A run without tests is complete too: its requirements are silent in the trace.
    ended = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
    complete = exitstatus in ended
    if state.writer and complete:
        facts: list[dict[str, str]] = session.config.hook.pytest_specwitness_environment(
            config=session.config
        )
        for fact in facts:
            state.writer.environment(fact)
        state.writer.end()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("E").strip() if lines else "unknown error"
