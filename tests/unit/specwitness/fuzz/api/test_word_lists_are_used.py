"""Each list of words changes what the fuzzer makes of a contract: emptied, it reads one operation in another way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import pytest

from specwitness.fuzz.api import words
from specwitness.fuzz.api.endpoint import Endpoint, Parameter, Surface
from specwitness.fuzz.api.purpose import is_of_user
from specwitness.fuzz.api.relations import collection_by_key, collection_of, find_producers
from specwitness.fuzz.api.words import WordList, noun_of
from specwitness.fuzz.checks.authentication.enumeration import split_login
from specwitness.fuzz.checks.integrity.assignment import _alter, _is_moment, _object
from specwitness.fuzz.checks.integrity.deletion_traces import _is_ended
from specwitness.fuzz.checks.integrity.double_submit import _changes
from specwitness.fuzz.checks.isolation import pages
from specwitness.fuzz.checks.isolation.partial_access import names_recipient
from specwitness.fuzz.checks.isolation.side_channels import _names_publicly
from specwitness.fuzz.http.message import Response
from specwitness.fuzz.requests import responses
from specwitness.fuzz.requests.actor import Actor, StoredObject, value_from_responses
from specwitness.fuzz.requests.draft import Draft, Options
from specwitness.fuzz.requests.values import Maker, _choose
from specwitness.fuzz.requests.versions import is_version
from specwitness.fuzz.results.data_exposure import _is_private
from specwitness.fuzz.session.logins import _read_handles, _touches_access
from specwitness.fuzz.users.identity import Identity
from tests.services.contract import make_surface

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = {"type": "string"}


def body(**members: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"type": "object", "properties": members}}}}


def read(method: str, path: str, operation: dict[str, Any] | None = None, *others: str) -> Endpoint:
    """Read one operation of a contract with further paths, which are posted to."""
    names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    paths: dict[str, Any] = {other: {"post": {}} for other in others}
    paths.setdefault(path, {})[method.lower()] = {"parameters": parameters, **(operation or {})}
    found = make_surface(paths).find(method, Endpoint.shape.fget(SimpleNamespace(path=path)))  # type: ignore[attr-defined]
    assert found is not None
    return found


def surface(*operations: str) -> Surface:
    paths: dict[str, Any] = {}
    for operation in operations:
        method, _, path = operation.partition(" ")
        names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
        parameters = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
        paths.setdefault(path, {})[method.lower()] = {"parameters": parameters}
    return make_surface(paths)


def answer(value: str) -> Response:
    return Response(200, {"content-type": ["application/json"]}, value.encode())


def borrowed(name: str, shown: str) -> Any:
    actor = Actor(Identity("alice"), Maker("alice", {}))
    actor.responses["readIt"] = answer(shown)
    return value_from_responses(actor, name, TEXT)


def producers_by_id() -> list[str]:
    """List what makes the notes of a contract in which only tags are made, with an `id` each."""
    made = {"description": "Made", **body(id=TEXT)}
    parameter = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/tags": {"post": {"responses": {"201": made}}},
        "/notes/{id}": {"get": {"parameters": [parameter]}},
    }
    wanted = Parameter("id", "path", required=True, schema=TEXT)
    return [maker.path for maker, _ in find_producers(make_surface(paths), "/notes/{}", wanted, "note")]


def query(name: str) -> Endpoint:
    return read("GET", "/notes", {"parameters": [{"name": name, "in": "query", "schema": TEXT}]})


FACTS: dict[str, Callable[[], Any]] = {
    "USERS": lambda: is_of_user("patientId", "/patients/{}"),
    "OWN": lambda: read("GET", "/whoami").shows_caller,
    "ACCOUNTS": lambda: _names_publicly(read("POST", "/users", {"requestBody": body(email=TEXT)})),
    "HANDLES": lambda: _read_handles({"username": "ann"}),
    "ADDRESSES": lambda: _names_publicly(read("POST", "/users", {"requestBody": body(email=TEXT)})),
    "PUBLIC_NAMES": lambda: _names_publicly(read("POST", "/shops", {"requestBody": body(domain=TEXT)})),
    "RECIPIENTS": lambda: names_recipient("payeeId", "/accounts/{}"),
    "RELATION_ROLES": lambda: collection_of(surface("GET /folders/{id}"), read("POST", "/folders"), "parent"),
    "GENERIC_KEYS": producers_by_id,
    "NATURAL_KEYS": lambda: collection_by_key(surface("GET /shops/{slug}"), "sender_slug"),
    "COMMON_MEMBERS": lambda: borrowed("to_name", '{"name": "mine"}'),
    "VERSION_MEMBERS": lambda: is_version("lockVersion"),
    "READING": lambda: read("POST", "/notes/search").is_reading,
    "MAKING": lambda: collection_of(surface("POST /entries/create"), None, "entry"),
    "DELETING": lambda: read("POST", "/notes/delete").is_deleting,
    "BULK": lambda: read("POST", "/notes/bulk-delete").is_deleting,
    "ENDING_ACCESS": lambda: read("POST", "/logout").is_ending,
    "CLOSING_ACCOUNT": lambda: read("POST", "/close-account").is_account_end,
    "LOG_OUT": lambda: read("POST", "/sign-out").is_log_out,
    "ACCESS_NOUNS": lambda: _touches_access(read("POST", "/tokens")),
    "KEY_NOUNS": lambda: read("POST", "/api-keys").is_of_keys,
    "SWEEPING": lambda: read("POST", "/admin/flush").is_sweeping,
    "KEEPING_DELETED": lambda: read("GET", "/notes/{id}/history").keeps_deleted("/notes/{}"),
    "ENDED_STATES": lambda: _is_ended({"revoked_at": "2026-01-01"}),
    "PRIVILEGED": lambda: read("GET", "/admin/users").is_privileged,
    "EVERYBODY": lambda: read("GET", "/notes", {"x-roles": ["everyone"]}).is_privileged,
    "SECRETS": lambda: _is_private("passwordHash", read("GET", "/me")),
    "LOGIN_CODES": lambda: split_login({"email": "a@example.com", "code": "1234"}),
    "LOGIN_NAMES": lambda: split_login({"userName": "ann", "password": "x"}),
    "PERSONAL": lambda: _is_private("salary", read("GET", "/users/{userId}")),
    "OWNER_MEMBERS": lambda: _alter("sellerId", "u1", TEXT, with_two_users()),
    "ENVELOPE_MEMBERS": lambda: _object(answer('{"message": "made", "note": {"id": 1}}')),
    "AMOUNTS": lambda: list(_changes(paying(), Actor(Identity("alice"), Maker("a", {})))),
    "BALANCES": lambda: list(_changes(paying(), having('{"creditsLeft": 70}'))),
    "MOMENTS": lambda: _is_moment("starts_at"),
    "PAGE_SIZES": lambda: pages.find_size(query("per_page")),
    "SEARCH_TERMS": lambda: pages.find_word(query("q")),
    "ID_ENDINGS": lambda: noun_of("noteId"),
    "KEY_MEMBERS": lambda: responses.id_in({"slug": "my-post"}, "post", "post"),
    "REFERENCE_ENDINGS": lambda: make_without_references(),  # noqa: PLW0108  # defined below
    "PRIVILEGE_MEMBERS": lambda: _alter("role", "user", TEXT, with_two_users()),
    "LEAST_PUBLIC": lambda: _choose({"enum": ["public", "private"]}),
}


def with_two_users() -> Any:
    """A context in which bob's id is known; values are made by alice."""
    alice = Actor(Identity("alice", subject="u1"), Maker("alice", {}))
    return SimpleNamespace(alice=alice, bob=Actor(Identity("bob", subject="u2"), Maker("bob", {})))


def having(shown: str) -> Actor:
    actor = Actor(Identity("alice"), Maker("alice", {}))
    actor.objects["/wallets/{}"] = StoredObject("/wallets/{}", (1,), answer(shown))
    return actor


def make_without_references() -> Any:
    schema = {"type": "object", "properties": {"assigned_to": TEXT, "title": TEXT}}
    return Maker("alice", {}).make(schema, draft=Draft(options=Options(omit_references=True))).keys()


def paying() -> Endpoint:
    amount = {"type": "integer", "minimum": 1}
    return read(
        "POST",
        "/payments",
        {"requestBody": body(amount=amount), "responses": {"422": {"description": "Too little"}}},
    )


def words_in(name: str) -> dict[str, str]:
    value = getattr(words, name)
    return cast("dict[str, str]", value.examples if isinstance(value, WordList) else value)


@pytest.mark.parametrize("name", FACTS)
def test_emptied_list_changes_what_is_read(name: str) -> None:
    before = FACTS[name]()
    # The words come back in their order, which ranks them in some lists.
    with mock.patch.dict(words_in(name), clear=True):
        assert FACTS[name]() != before


def test_every_list_has_a_fact() -> None:
    lists = {name for name, value in vars(words).items() if isinstance(value, WordList)}
    dictionaries = {"ID_ENDINGS", "KEY_MEMBERS", "LEAST_PUBLIC", "PRIVILEGE_MEMBERS", "REFERENCE_ENDINGS"}
    assert FACTS.keys() == lists | dictionaries
