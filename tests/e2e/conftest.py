"""Fixtures of the end-to-end tests: front end, service and browser. Skips the tests if a program is missing."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.both_sides import (
    BROWSER_ARGUMENTS,
    MODES,
    find_browser,
    find_missing,
    is_required,
    serving_both,
)
from tests.support.visitor import Visitor, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from devtools.postgres import PostgresServer
    from tests.support.both_sides import BothSides

HERE = Path(__file__).parent
# Long enough for a busy machine; an idle one needs a fraction of it.
TIMEOUT_MILLISECONDS = 30_000
# The token expires while the page is open.
SHORT = {"TOKEN_LIFETIME_SECONDS": "4"}
# The key is rotated while the token is still valid.
ROTATING = {"TOKEN_LIFETIME_SECONDS": "120", "KEY_ROTATION_SECONDS": "8"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip an end-to-end test if a program is missing; fail it if REQUIRE_E2E is set."""
    if not item.path.is_relative_to(HERE) or not (missing := find_missing()):
        return
    if is_required(os.environ):
        pytest.fail(f"REQUIRE_E2E is set, but {missing}")
    pytest.skip(missing)


@pytest.fixture(scope="session")
def serve_mode(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., BothSides]]:
    """Start front end and service in a mode, once for every set of settings; stopped at the end of the session."""
    with ExitStack() as stack:

        @cache
        def serve(mode: str, **settings: str) -> BothSides:
            folder = tmp_path_factory.mktemp(mode)
            return stack.enter_context(serving_both(postgres_server.url, mode, folder, **settings))

        yield serve


@pytest.fixture(params=MODES)
def sides(request: pytest.FixtureRequest, serve_mode: Callable[..., BothSides]) -> BothSides:
    """Front end and service; the test runs in both token modes."""
    return serve_mode(request.param)


@pytest.fixture
def any_sides(serve_mode: Callable[..., BothSides]) -> BothSides:
    """Front end and service in one token mode, for tests that do not depend on the mode."""
    return serve_mode(MODES[0])


@pytest.fixture(params=MODES)
def short_sides(request: pytest.FixtureRequest, serve_mode: Callable[..., BothSides]) -> BothSides:
    """Front end and service, with tokens that expire while the page is open."""
    return serve_mode(request.param, **SHORT)


@pytest.fixture
def rotating_sides(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[BothSides]:
    """Front end and service, with keys that are rotated while tokens are still valid."""
    with serving_both(postgres_server.url, "jwks", tmp_path, **ROTATING) as both:
        yield both


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that can reach this machine only. Closed after the module: its event loop disturbs other tests."""
    expect.set_options(timeout=TIMEOUT_MILLISECONDS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=list(BROWSER_ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def let_visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Open a browser for a new user. Fails at the end if a browser requested a URL on another machine."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def open_browser(sides: BothSides, name: str, **options: Any) -> Visitor:
            visitor = visit(browser, sides, name, **options)
            visitor.page.set_default_timeout(TIMEOUT_MILLISECONDS)
            visitors.append(visitor)
            stack.callback(visitor.context.close)
            return visitor

        yield open_browser
        assert [url for visitor in visitors for url in visitor.external_urls] == []
