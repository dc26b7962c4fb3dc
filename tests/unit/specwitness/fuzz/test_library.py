"""Users who sign in and are named by handle, keys that are titles, and paths below the path of a server."""

from __future__ import annotations

import pytest

from specwitness.config import FuzzConfig
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.login import Login
from tests.support.attacks import attack_target, complaints
from tests.support.library import BASE, PASSWORDS, make_library, make_paths
from tests.support.surfaces import make_surface

SCHEMES = {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}
SERVER = {"url": "https://{host}/api/{version}/", "variables": {"version": {"default": "v2"}}}


def complain(fault: str | None, base: str = BASE, **more: str) -> dict[str, list[str]]:
    surface = make_surface(make_paths(), components=SCHEMES, security=[{"bearer": []}], servers=[SERVER])
    people = dict(zip(("alice", "bob"), PASSWORDS.items(), strict=True))
    bodies = {who: {"username": name, "password": secret, **more} for who, (name, secret) in people.items()}
    login = Login(f"{base}/login", bodies, token="/token", subject="/username")  # a pointer
    engine = attack_target(surface, Target(app=make_library(fault, base), identities=login), FuzzConfig())
    # The login is for those who know a password.
    assert {each.id for each in surface.endpoints} - set(engine.trial.succeeded) == {"logIn"}
    return complaints(engine)


@pytest.mark.parametrize("base", [BASE, ""])
def test_right_library_is_not_blamed_wherever_its_paths_begin(base: str) -> None:
    assert complain(None, base) == {}


def test_what_is_no_name_of_a_user_is_left_as_it_is_at_the_login() -> None:
    assert complain(None, client_id="web-app", method="password") == {}


@pytest.mark.parametrize(
    ("fault", "check", "text"),
    [
        ("login", "existence", "POST /login tells who has an account: with a wrong password body /detail"),
        ("admin", "assignment", "POST /users/register takes `admin`"),
        ("debug", "shadow", "GET /users/_debug answers 200"),
        ("outside", "shadow", "GET /internal/users answers 200"),
        ("write_only", "disclosure", "GET /me shows `password`"),
        ("email", "side_effect", "PUT /users/{username}/email as another user answered 404, and then GET /"),
        ("password", "isolation", "PUT /users/{username}/password as another user answered 200"),
        ("owner", "assignment", "POST /books takes `owner`"),
        ("bulk", "isolation", "POST /books/bulk-delete as another user answered 200, and then"),
        ("charset", "robustness", "PUT /books/{book_title} answered 500"),
        ("moment", "robustness", "POST /reports answered 500"),
        ("body", "existence", "PUT /books/{book_title} tells another's id by a body that does not fit: 422"),
    ],
)
def test_fault_of_a_library_is_found(fault: str, check: str, text: str) -> None:
    found = complain(fault)
    assert any(text in each for each in found.get(check, [])), found
