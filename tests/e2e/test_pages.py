"""The pages: accessibility, keyboard use and small screens; takes a screenshot of every page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.support.both_sides import ARTEFACTS, FRONT_END
from tests.support.visitor import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import APIResponse, Page, Route

    from tests.support.both_sides import BothSides
    from tests.support.visitor import Visitor

SMALL, LARGE = {"width": 400, "height": 800}, {"width": 1280, "height": 800}
AXE = FRONT_END / "node_modules" / "axe-core" / "axe.min.js"
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
PAGES = {"tasks": "/tasks", "account": "/account"}
OPEN_PAGES = {"sign-in": "/sign-in", "sign-up": "/sign-up"}


def find_faults(page: Page) -> list[str]:
    """List the violations that axe reports, as `rule: first element`."""
    # `evaluate` goes through the debugger, so it works under the page's content security policy.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(f"() => axe.run({{ runOnly: {RULES} }})")
    assert len(found["passes"]) > 5  # axe ran its rules
    return [f"{violation['id']}: {violation['nodes'][0]['html']}" for violation in found["violations"]]


def measure_overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def inspect(visitor: Visitor, name: str) -> list[str]:
    """Take a screenshot, and list accessibility violations and horizontal overflow."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    size = visitor.page.viewport_size or SMALL
    visitor.page.screenshot(path=ARTEFACTS / f"{name}-{size['width']}.png", full_page=True)
    faults = [f"{name}: {fault}" for fault in find_faults(visitor.page)]
    return faults + (
        [f"{name}: {extra} pixels too wide"] if (extra := measure_overflow(visitor.page)) > 0 else []
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["400", "1280"])
def test_pages_have_no_accessibility_violation_and_fit_the_window(
    any_sides: BothSides, let_visit: Callable[..., Visitor], size: dict[str, int], scheme: str
) -> None:
    suffix = "" if scheme == "light" else "-dark"
    alice = let_visit(any_sides, "Alice", viewport=size, color_scheme=scheme, reduced_motion="reduce")
    faults = []
    for name, path in OPEN_PAGES.items():
        alice.open(path)
        faults += inspect(alice, f"{name}{suffix}")
    alice.sign_up()
    alice.add("Buy milk")
    alice.add("A title of two hundred characters that nobody would write by hand " + "x" * 133)
    alice.task("Buy milk").check()
    expect(alice.task("Buy milk")).to_be_checked()
    for name, path in PAGES.items():
        alice.open(path)
        if name == "tasks":
            expect(alice.task("Buy milk")).to_be_visible()
        faults += inspect(alice, f"{name}{suffix}")
    alice.press("Delete my account")
    faults += inspect(alice, f"delete{suffix}")
    alice.open("/tasks")
    alice.press("Edit Buy milk")
    faults += inspect(alice, f"edit{suffix}")
    assert faults == []


def test_planted_violation_and_overflow_are_found(
    any_sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    visitor = let_visit(any_sides, "Alice", viewport=SMALL)
    visitor.open("/sign-in")
    visitor.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<main><input><img src=data:,></main>');"
        "document.body.style.minWidth = '500px'"
    )
    faults = inspect(visitor, "planted")
    assert [fault for fault in faults if "label" in fault]
    assert [fault for fault in faults if "image-alt" in fault]
    assert faults[-1] == "planted: 100 pixels too wide"


def test_task_added_while_the_list_loads_stays_in_the_list(
    any_sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice = let_visit(any_sides, "Alice")
    alice.sign_up()
    held: list[tuple[Route, APIResponse]] = []
    is_list = re.compile(r"/api/tasks\?")
    alice.page.route(is_list, lambda route: held.append((route, route.fetch())))
    alice.open("/tasks")
    alice.await_page("Tasks")
    alice.page.wait_for_function("() => document.body.innerText.includes('Loading your tasks')")
    while not held:
        alice.page.wait_for_timeout(50)
    alice.add("Buy milk")
    for route, response in held:
        route.fulfill(response=response)
    expect(alice.page.get_by_text("Loading your tasks")).to_have_count(0)
    expect(alice.task("Buy milk")).to_be_visible()


def test_sign_up_and_tasks_work_by_keyboard_only(
    any_sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice = let_visit(any_sides, "Alice")
    alice.open("/sign-up")
    keyboard = alice.page.keyboard

    def go_to(role: Any, name: str) -> None:
        target = alice.page.get_by_role(role, name=name, exact=True)
        for _ in range(20):
            if target.evaluate("element => element === document.activeElement"):
                assert target.evaluate("element => element.matches(':focus-visible')")
                return
            keyboard.press("Tab")
        pytest.fail(f"the Tab key does not reach {role} {name!r}")

    go_to("textbox", "Name")
    keyboard.type(alice.name)
    go_to("textbox", "E-mail")
    keyboard.type(alice.email)
    keyboard.press("Tab")
    assert alice.label("Password").evaluate("element => element === document.activeElement")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    alice.await_signed_up()
    go_to("textbox", "New task")
    keyboard.type("Buy milk")
    keyboard.press("Enter")
    expect(alice.task("Buy milk")).to_be_visible()
    go_to("checkbox", "Buy milk")
    keyboard.press("Space")
    expect(alice.task("Buy milk")).to_be_checked()
