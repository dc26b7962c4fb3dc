"""A user in a browser of their own. Finds elements by role and name, and records all requests of the browser."""

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

ALLOWED_HOSTS = frozenset({"127.0.0.1"})
PASSWORD = "correct horse battery"
# Better Auth's rate limit counts in windows of ten seconds.
_RATE_LIMIT_MILLISECONDS = 11_000
_FIND_TOKEN = Path(__file__).with_name("find_token.js").read_text(encoding="utf-8")


@dataclass
class Visitor:
    """A user of the front end.

    Attributes:
        sides: The front end and the service.
        context: The browser context, with its own cookies and storage.
        page: The open page.
        name: The user's name; the e-mail address is made from it.
        requests: All requests that the browser sent.
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
        """The distinct tokens that were sent to the service, the newest last."""
        sent = [
            request.headers["authorization"].removeprefix("Bearer ")
            for request in self.requests
            if request.url.startswith(f"{self.sides.api}/") and "authorization" in request.headers
        ]
        return list(dict.fromkeys(sent))

    @property
    def external_urls(self) -> list[str]:
        """The URLs on other machines that the browser requested."""
        return [
            request.url
            for request in self.requests
            if urlsplit(request.url).scheme not in {"blob", "data"}
            and urlsplit(request.url).hostname not in ALLOWED_HOSTS
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
        self.await_signed_up()

    def await_signed_up(self) -> None:
        """Wait for the tasks page; retry once after a rate limit, since all visitors share one IP address."""
        too_many = self.page.get_by_role("alert").filter(has_text="Too many attempts").first
        tasks = self.page.get_by_role("heading", name="Tasks", level=1, exact=True)
        expect(tasks.or_(too_many)).to_be_visible()
        if too_many.is_visible():
            self.page.wait_for_timeout(_RATE_LIMIT_MILLISECONDS)
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
        """Reload the tasks page, wait until the list has loaded, and return the titles."""
        self.open("/tasks")
        self.await_page("Tasks")
        expect(self.page.get_by_text("Loading your tasks")).to_have_count(0)
        return self.page.locator("ul.tasks .title").all_inner_texts()

    def alert(self) -> str:
        """Wait for an error message, and return it."""
        alert = self.page.get_by_role("alert").filter(has_text=re.compile(r"\S")).first
        expect(alert).to_be_visible()
        return alert.inner_text()

    def fetch_token(self) -> str:
        """Request another token of this session from Better Auth, as the page does."""
        response = self.context.request.get(f"{self.sides.origin}/api/auth/token")
        assert response.ok, response.text()
        token: str = response.json()["token"]
        return token

    def open_tab(self, path: str) -> Page:
        """Open another page with the same session."""
        page = self.context.new_page()
        page.goto(f"{self.sides.origin}{path}")
        return page

    def delete_account(self) -> None:
        self.open("/account")
        self.press("Delete my account")
        self.label("Type DELETE to confirm").fill("DELETE")
        self.press("Delete permanently")

    def find_token(self, token: str) -> list[str]:
        """List the places, apart from the memory of the page, where the browser stores a token."""
        places: list[str] = self.page.evaluate(_FIND_TOKEN, token)
        # Includes HttpOnly cookies, which scripts cannot read.
        cookies = [
            f"cookie {cookie.get('name')}" for cookie in self.context.cookies() if token in str(cookie)
        ]
        return places + cookies


def visit(browser: Browser, sides: BothSides, name: str, **options: Any) -> Visitor:
    """Open a browser context for a new user; close `visitor.context` at the end."""
    context = browser.new_context(**options)
    visitor = Visitor(sides, context, context.new_page(), f"{name}{secrets.token_hex(4)}")
    context.on("request", lambda request: visitor.requests.append(request))  # noqa: PLW0108  # no built-in is taken
    return visitor


def read_part(token: str, number: int) -> dict[str, Any]:
    """Read the header (0) or the claims (1) of a token, without verifying it."""
    part: dict[str, Any] = json.loads(decode_part(token.split(".")[number].encode()))
    return part
