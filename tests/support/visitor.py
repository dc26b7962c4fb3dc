"""A person at a browser of their own, who finds things by role and name; all that the browser sends is noted."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import expect

from backend.core.tokens.jws import decode_part

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request

    from tests.support.both_sides import BothSides

NEAR = frozenset({"127.0.0.1"})
PASSWORD = "correct horse battery"
_PAUSE_MILLISECONDS = 11_000
_LOOK = Path(__file__).with_name("look_for_token.js").read_text(encoding="utf-8")


@dataclass
class Visitor:
    """A person who visits the front end.

    Attributes:
        sides: What they visit.
        context: Their browser's own storage.
        page: Their page.
        name: Their name, from which their e-mail is made.
        requests: What the browser sent.
    """

    sides: BothSides
    context: BrowserContext
    page: Page
    name: str
    requests: list[Request] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@example.com"

    @property
    def tokens(self) -> list[str]:
        """The tokens that were sent to the service, each once, the newest last."""
        sent = [
            request.headers["authorization"].removeprefix("Bearer ")
            for request in self.requests
            if request.url.startswith(f"{self.sides.api}/") and "authorization" in request.headers
        ]
        return list(dict.fromkeys(sent))

    @property
    def strangers(self) -> list[str]:
        """The addresses beyond this machine that the browser asked for."""
        return [
            request.url
            for request in self.requests
            if urlsplit(request.url).scheme not in {"blob", "data"}
            and urlsplit(request.url).hostname not in NEAR
        ]

    def open(self, path: str) -> None:
        self.page.goto(f"{self.sides.origin}{path}")

    def label(self, name: str) -> Locator:
        return self.page.get_by_label(name, exact=True)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def sign_up(self) -> None:
        self.open("/sign-up")
        self.label("Name").fill(self.name)
        self.label("E-mail").fill(self.email)
        self.label("Password").fill(PASSWORD)
        self.press("Sign up")
        self.await_entry()

    def await_entry(self) -> None:
        """Wait for the tasks; all visitors come from one address, which may have to pause and try again."""
        too_many = self.page.get_by_role("alert").filter(has_text="Too many attempts").first
        tasks = self.page.get_by_role("heading", name="Tasks", level=1, exact=True)
        expect(tasks.or_(too_many)).to_be_visible()
        if too_many.is_visible():
            self.page.wait_for_timeout(_PAUSE_MILLISECONDS)
            self.label("Password").fill(PASSWORD)
            self.page.keyboard.press("Enter")
        self.await_page("Tasks")

    def sign_in(self) -> None:
        self.open("/sign-in")
        self.label("E-mail").fill(self.email)
        self.label("Password").fill(PASSWORD)
        self.press("Sign in")

    def await_page(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading, level=1, exact=True)).to_be_visible()

    def add(self, title: str) -> None:
        self.label("New task").fill(title)
        self.press("Add")
        expect(self.task(title)).to_be_visible()

    def task(self, title: str) -> Locator:
        return self.page.get_by_role("checkbox", name=title, exact=True)

    def read_tasks(self) -> list[str]:
        """Open the page of the tasks anew, and read it when it is there."""
        self.open("/tasks")
        self.await_page("Tasks")
        expect(self.page.get_by_text("Loading your tasks")).to_have_count(0)
        return self.page.locator("ul.tasks .title").all_inner_texts()

    def alert(self) -> str:
        """Wait for something to be wrong, and read it."""
        alert = self.page.get_by_role("alert").filter(has_text=re.compile(r"\S")).first
        expect(alert).to_be_visible()
        return alert.inner_text()

    def fetch_token(self) -> str:
        """Ask Better Auth for one more token of this session, as the page would."""
        answer = self.context.request.get(f"{self.sides.origin}/api/auth/token")
        assert answer.ok, answer.text()
        token: str = answer.json()["token"]
        return token

    def open_tab(self, path: str) -> Page:
        """Open one more page, with the same session."""
        page = self.context.new_page()
        page.goto(f"{self.sides.origin}{path}")
        return page

    def erase(self) -> None:
        self.open("/account")
        self.press("Erase my account")
        self.label("Type ERASE to confirm").fill("ERASE")
        self.press("Erase for good")

    def find_token(self, token: str) -> list[str]:
        """Find where the browser keeps a token beside the memory of its page."""
        places: list[str] = self.page.evaluate(_LOOK, token)
        # Those that scripts do not see as well.
        cookies = [f"cookie {each.get('name')}" for each in self.context.cookies() if token in str(each)]
        return places + cookies


def visit(browser: Browser, sides: BothSides, name: str, **options: Any) -> Visitor:
    """Let somebody new open a browser; close `visitor.context` at the end."""
    context = browser.new_context(**options)
    visitor = Visitor(sides, context, context.new_page(), f"{name}{secrets.token_hex(4)}")
    context.on("request", lambda request: visitor.requests.append(request))  # noqa: PLW0108  # no built-in is taken
    return visitor


def read_part(token: str, number: int) -> dict[str, Any]:
    """Read the header (0) or the claims (1) of a token, whoever vouches for it."""
    part: dict[str, Any] = json.loads(decode_part(token.split(".")[number].encode()))
    return part
