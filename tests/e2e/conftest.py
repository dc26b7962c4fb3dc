"""Front end, service and browser of the end-to-end tests; what is missing is told in one line."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.both_sides import MODES, find_browser, find_lack, is_required, serving_both
from tests.support.visitor import Visitor, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from devtools.postgres import PostgresServer
    from tests.support.both_sides import BothSides

HERE = Path(__file__).parent
NEAR_ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", NEAR_ALONE),
)
# Seconds: a token that ends while somebody looks, and keys that are rotated while a token is good.
# A machine may be busy; what is awaited is there at once on one that is not.
PATIENCE_MILLISECONDS = 30_000
SHORT = {"TOKEN_LIFETIME_SECONDS": "4"}
ROTATING = {"TOKEN_LIFETIME_SECONDS": "120", "KEY_ROTATION_SECONDS": "8"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tell from one place what is missing, so that it is told in one line."""
    if not item.path.is_relative_to(HERE) or not (lack := find_lack()):
        return
    if is_required(os.environ):
        pytest.fail(f"REQUIRE_E2E is set, but {lack}")
    pytest.skip(lack)


@pytest.fixture(scope="session")
def serve_mode(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., BothSides]]:
    """Serve both sides in a mode with some settings: started once, and stopped at the end of all tests."""
    with ExitStack() as stack:

        @cache
        def serve(mode: str, **settings: str) -> BothSides:
            folder = tmp_path_factory.mktemp(mode)
            return stack.enter_context(serving_both(postgres_server.url, mode, folder, **settings))

        yield serve


@pytest.fixture(params=MODES)
def sides(request: pytest.FixtureRequest, serve_mode: Callable[..., BothSides]) -> BothSides:
    """Both sides, in each of the two modes."""
    return serve_mode(request.param)


@pytest.fixture
def any_sides(serve_mode: Callable[..., BothSides]) -> BothSides:
    """Both sides in one of the modes, where it makes no difference which."""
    return serve_mode(MODES[0])


@pytest.fixture(params=MODES)
def short_sides(request: pytest.FixtureRequest, serve_mode: Callable[..., BothSides]) -> BothSides:
    """Both sides, with tokens that end while somebody looks."""
    return serve_mode(request.param, **SHORT)


@pytest.fixture
def rotating_sides(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[BothSides]:
    """Both sides, with keys that are rotated while tokens are good."""
    with serving_both(postgres_server.url, "jwks", tmp_path, **ROTATING) as both:
        yield both


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that reaches nothing but this machine; its event loop would be in the way of other modules."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def let_visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Let somebody new visit; nobody's browser may have asked for an address beyond this machine."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def open_browser(sides: BothSides, name: str, **options: Any) -> Visitor:
            visitor = visit(browser, sides, name, **options)
            visitor.page.set_default_timeout(PATIENCE_MILLISECONDS)
            visitors.append(visitor)
            stack.callback(visitor.context.close)
            return visitor

        yield open_browser
        assert [address for visitor in visitors for address in visitor.strangers] == []
