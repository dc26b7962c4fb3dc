"""The pytest plugin on small test suites: tests without assertions fail, and witnesses are recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["pytester"]

PLUGINS = (
    "--disable-plugin-autoload",
    "-p",
    "pytest_bdd.plugin",
    "-p",
    "specwitness.plugin",
    "-p",
    "no:cacheprovider",
)
INI = """
[pytest]
enable_assertion_pass_hook = true
bdd_features_base_dir = features
addopts = --strict-markers
filterwarnings = error
"""
FEATURE = """
Feature: Sums
  @001/US1/AC1 @001/FR-001
  Scenario: two numbers
    Given the numbers 1 and 2
    When they are added
    Then the sum is 3
"""
OUTLINE = """
Feature: Sums
  @001/US1/AC1
  Scenario Outline: two numbers
    Given the numbers <a> and <b>
    When they are added
    Then the sum is <sum>

    @001/FR-001
    Examples:
      | a | b | sum |
      | 1 | 2 | 3   |
      | 2 | 2 | 4   |

    @001/FR-002
    Examples:
      | a | b | sum |
      | 0 | 0 | 1   |
"""
STEPS = """
from pytest_bdd import scenarios, given, when, then, parsers

scenarios("sums.feature")

@given(parsers.parse("the numbers {a:d} and {b:d}"), target_fixture="numbers")
def numbers(a, b):
    return [a, b]

@when("they are added", target_fixture="total")
def total(numbers):
    return sum(numbers)
"""
THEN = """
@then(parsers.parse("the sum is {expected:d}"))
def check(total, expected):
    assert total == expected
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., tuple[pytest.RunResult, list[dict[str, Any]]]]:
    """Run a test suite in its own process, and return its records."""

    def run_suite(
        steps: str = STEPS + THEN, feature: str = FEATURE, ini: str = INI
    ) -> tuple[pytest.RunResult, list[dict[str, Any]]]:
        folder = pytester.mkdir("features")
        (folder / "sums.feature").write_text(feature, encoding="utf-8")
        pytester.makeini(ini)
        pytester.makepyfile(test_sums=steps)
        result = pytester.runpytest_inprocess(
            *PLUGINS, "--continue-on-collection-errors", "--witness-records=out.jsonl"
        )
        records = Path(pytester.path, "out.jsonl")
        lines = records.read_text(encoding="utf-8").splitlines() if records.exists() else []
        return result, [json.loads(line) for line in lines]

    return run_suite


def witnesses(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record["witness"] for record in records if "witness" in record]


def test_passed_scenario_is_recorded_with_its_requirements_and_line(run: Any) -> None:
    result, records = run()
    assert result.ret == 0
    (witness,) = witnesses(records)
    assert witness["outcome"] == "passed"
    assert witness["requirements"] == ["001/US1/AC1", "001/FR-001"]
    assert witness["id"] == "features/sums.feature:4"
    assert witness["counts"] == {"assertions": 1}
    assert records[0] == {"expect": 1}
    assert records[-1] == {"end": True}


def test_examples_row_testifies_for_its_own_requirements(run: Any) -> None:
    result, records = run(feature=OUTLINE)
    assert result.ret == 1
    rows = {witness["id"]: witness for witness in witnesses(records)}
    assert rows["features/sums.feature:12"]["requirements"] == ["001/US1/AC1", "001/FR-001"]
    assert rows["features/sums.feature:12"]["outcome"] == "passed"
    failing = rows["features/sums.feature:18"]
    assert failing["requirements"] == ["001/US1/AC1", "001/FR-002"]
    assert failing["outcome"] == "failed"
    assert failing["example"] == {"a": "0", "b": "0", "sum": "1"}
    assert "features/sums.feature:7 “Then the sum is 1”" in failing["detail"]
    assert "assert 0 == 1" in failing["detail"]


def test_async_step_fails_with_its_line_and_a_remedy(run: Any) -> None:
    steps = STEPS + '\n@then("the sum is 3")\nasync def check(total):\n    assert total == 99\n'
    result, records = run(steps)
    assert result.ret == 1
    detail = witnesses(records)[0]["detail"]
    assert (
        "test_sums.py:13: the step check is async and would pass without running → make it a plain def"
        in detail
    )


def test_async_step_behind_a_decorator_or_partial_fails(run: Any) -> None:
    steps = STEPS + (
        "\nimport functools\nasync def inner(total):\n    assert total == 99\n"
        "@functools.wraps(inner)\ndef outer(total):\n    return inner(total)\n"
        'then("the sum is 3")(outer)\n'
    )
    result, records = run(steps)
    assert result.ret == 1
    assert "the step inner is async" in witnesses(records)[0]["detail"]


DISGUISES = {
    "a decorator that hides it": (
        (
            "def hide(function):\n    def call(total):\n        return function(total)\n    return call\n"
            '@then("the sum is 3")\n@hide\nasync def check(total):\n    assert total == 99\n'
        ),
        "test_sums.py:18: the step check is async",
    ),
    "a plain def that gives back a coroutine": (
        (
            "async def work(total):\n    assert total == 99\n"
            '@then("the sum is 3")\ndef check(total):\n    assert total\n    return work(total)\n'
        ),
        "test_sums.py:14: the step work is async",
    ),
    "an object with an async call": (
        (
            "class Check:\n    async def __call__(self, total):\n        assert total == 99\n"
            'then("the sum is 3")(Check())\n'
        ),
        "test_sums.py:15: the step __call__ is async",
    ),
    "a plain def that gives back an async generator": (
        (
            "async def work(total):\n    assert total == 99\n    yield\n"
            '@then("the sum is 3")\ndef check(total):\n    assert total\n    return work(total)\n'
        ),
        "test_sums.py:14: the step work is async",
    ),
    "a plain def that gives back another awaitable": (
        (
            "class Later:\n    def __await__(self):\n        yield\n"
            '@then("the sum is 3")\ndef check(total):\n    assert total\n    return Later()\n'
        ),
        "test_sums.py:17: the step check is async",
    ),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_step_that_returns_a_coroutine_fails_with_its_line_and_a_remedy(run: Any, disguise: str) -> None:
    steps, expected = DISGUISES[disguise]
    result, records = run(f"{STEPS}\n\n{steps}")
    assert result.ret == 1
    (witness,) = witnesses(records)
    assert expected in witness["detail"]
    assert "features/sums.feature:7 “Then the sum is 3”" in witness["detail"]
    assert "would pass without running → make it a plain def" in witness["detail"]


def test_generator_step_runs_and_is_torn_down(run: Any) -> None:
    steps = STEPS + THEN.replace(
        "    assert total == expected", "    assert total == expected\n    yield\n    assert total == 99"
    )
    result, records = run(steps)
    assert result.ret == 1
    (witness,) = witnesses(records)
    assert witness["outcome"] == "failed"
    assert "assert 3 == 99" in witness["detail"]


def test_then_step_without_an_assertion_fails_with_its_line_and_a_remedy(run: Any) -> None:
    steps = STEPS + '\n@then("the sum is 3")\ndef check(total):\n    total == 99\n'
    result, records = run(steps)
    assert result.ret == 1
    detail = witnesses(records)[0]["detail"]
    assert (
        "test_sums.py:13: the Then step check made no assertion → add an assertion of what the step says"
        in detail
    )


@pytest.mark.parametrize("claim", ["True", "1 == 1", "'text'", "not False"])
def test_assertion_of_a_constant_does_not_count(run: Any, claim: str) -> None:
    steps = STEPS + f'\n@then("the sum is 3")\ndef check(total):\n    assert {claim}\n'
    result, records = run(steps)
    assert result.ret == 1
    assert "made no assertion" in witnesses(records)[0]["detail"]


def test_assertion_of_another_step_does_not_count_for_a_then_step(run: Any) -> None:
    steps = STEPS.replace("return sum(numbers)", "assert numbers\n    return sum(numbers)")
    result, records = run(steps + '\n@then("the sum is 3")\ndef check(total):\n    pass\n')
    assert result.ret == 1
    assert "made no assertion" in witnesses(records)[0]["detail"]


def test_and_after_then_needs_an_assertion(run: Any) -> None:
    steps = STEPS + THEN + '\n@then("all is well")\ndef well():\n    pass\n'
    result, records = run(steps, FEATURE + "    And all is well\n")
    assert result.ret == 1
    assert "the Then step well made no assertion" in witnesses(records)[0]["detail"]


def test_missing_step_definition_is_reported_with_the_line_of_the_step(run: Any) -> None:
    result, records = run(STEPS)
    assert result.ret == 1
    (witness,) = witnesses(records)
    assert "features/sums.feature:7 “Then the sum is 3” has no step definition" in witness["detail"]
    assert witness["requirements"] == ["001/US1/AC1", "001/FR-001"]


def marked(body: str) -> str:
    return f"import pytest, warnings\n@pytest.mark.requirement('001/FR-003')\ndef test_a():\n{body}"


@pytest.mark.parametrize(
    "body",
    [
        "    pass\n",
        "    assert True\n",
        "    try:\n        with pytest.raises(ValueError):\n            raise KeyError\n    except KeyError: pass\n",
    ],
)
def test_test_with_requirements_and_no_assertion_fails_with_its_line(run: Any, body: str) -> None:
    result, records = run(marked(body))
    assert result.ret == 1
    (witness,) = witnesses(records)
    assert witness["outcome"] == "failed"
    assert witness["counts"] == {"assertions": 0}
    assert (
        "test_sums.py:2: test_a made no assertion → add an assertion of what its requirements say"
        in (witness["detail"])
    )


EXPECTATIONS = [
    "    with pytest.raises(KeyError):\n        {}['a']\n",
    "    pytest.raises(KeyError, dict.__getitem__, {}, 'a')\n",
    "    with pytest.RaisesGroup(KeyError):\n        raise ExceptionGroup('', [KeyError()])\n",
    "    with pytest.warns(UserWarning):\n        warnings.warn('a', UserWarning)\n",
    "    with pytest.deprecated_call():\n        warnings.warn('a', DeprecationWarning)\n",
]


@pytest.mark.parametrize("body", EXPECTATIONS)
def test_expected_error_counts_as_an_assertion(run: Any, body: str) -> None:
    result, records = run(marked(body))
    assert result.ret == 0
    (witness,) = witnesses(records)
    assert witness["counts"] == {"assertions": 1}


def test_then_step_may_expect_an_error(run: Any) -> None:
    steps = (
        "import pytest\n" + STEPS + '\n@then("the sum is 3")\ndef check(total):\n'
        "    with pytest.raises(TypeError):\n        len(total)\n"
    )
    result, records = run(steps)
    assert result.ret == 0
    assert witnesses(records)[0]["counts"] == {"assertions": 1}


def test_test_without_requirements_may_assert_nothing(run: Any) -> None:
    result, _ = run("def test_a(): pass\n")
    assert result.ret == 0


def test_scenario_without_a_then_step_fails_with_its_line(run: Any) -> None:
    result, records = run(feature=FEATURE.replace("    Then the sum is 3\n", ""))
    assert result.ret == 1
    assert "features/sums.feature:4: test_two_numbers made no assertion" in witnesses(records)[0]["detail"]


def test_pytest_is_restored_after_the_session(run: Any) -> None:
    before = pytest.RaisesExc.__exit__
    run()
    assert pytest.RaisesExc.__exit__ is before


def test_skipped_and_xfailed_tests_are_recorded_as_such(run: Any) -> None:
    steps = (
        "import pytest\n"
        "@pytest.mark.requirement('001/FR-003')\n@pytest.mark.skip(reason='later')\ndef test_a(): assert 1\n"
        "@pytest.mark.requirement('001/FR-003')\n@pytest.mark.xfail(reason='known')\ndef test_b(): assert 0\n"
        "@pytest.mark.requirement('001/FR-003')\n@pytest.mark.xfail(reason='fixed')\ndef test_c(): pass\n"
        "@pytest.mark.requirement('001/FR-003')\ndef test_d(): pytest.skip('now')\n"
    )
    _, records = run(steps)
    outcomes = {witness["name"]: (witness["outcome"], witness["detail"]) for witness in witnesses(records)}
    assert outcomes == {
        "test_a": ("skipped", "later"),
        "test_b": ("xfailed", "known"),
        "test_c": ("xfailed", "fixed"),
        "test_d": ("skipped", "now"),
    }


def test_failure_in_teardown_fails_the_witness(run: Any) -> None:
    steps = (
        "import pytest\n@pytest.fixture\ndef broken():\n    yield\n    raise RuntimeError('left dirty')\n"
        "def test_a(broken): assert broken is None\n"
    )
    _, records = run(steps)
    (witness,) = witnesses(records)
    assert witness["outcome"] == "failed"
    assert "left dirty" in witness["detail"]


def test_module_that_cannot_be_collected_is_a_finding(run: Any) -> None:
    _, records = run("import no_such_module\n")
    (finding,) = [record["finding"] for record in records if "finding" in record]
    assert finding["location"] == {"file": "test_sums.py", "line": 1}
    assert "no_such_module" in finding["message"]
    assert records[-1] == {"end": True}


@pytest.mark.parametrize("steps", [STEPS + THEN, marked("    assert pytest\n")])
def test_tests_with_requirements_need_the_assertion_hook(run: Any, steps: str) -> None:
    result, _ = run(steps, ini=INI.replace("enable_assertion_pass_hook = true", ""))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*set enable_assertion_pass_hook = true*"])


def test_environment_is_recorded(pytester: pytest.Pytester, run: Any) -> None:
    pytester.makeconftest(
        "def pytest_specwitness_environment(config):\n    return {'PostgreSQL': 'embedded'}\n"
    )
    _, records = run()
    assert {"environment": {"PostgreSQL": "embedded"}} in records


def test_plain_run_refuses_a_feature_with_an_unbound_scenario(
    pytester: pytest.Pytester,
) -> None:
    folder = pytester.mkdir("features")
    second = FEATURE.replace("Feature: Sums", "").replace("two numbers", "forgotten")
    (folder / "sums.feature").write_text(FEATURE + second, encoding="utf-8")
    pytester.makeini(INI)
    bound = STEPS.replace("scenarios, ", "scenario, ").replace(
        'scenarios("sums.feature")', '@scenario("sums.feature", "two numbers")\ndef test_it(): pass'
    )
    pytester.makepyfile(test_sums=bound + THEN)
    result = pytester.runpytest_inprocess(*PLUGINS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*features/sums.feature:11: no test runs the scenario “forgotten”*"])
