"""Two users on a real PostgreSQL; calls an operation as one of them, and describes the outcome as text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from psycopg import sql

from backend.testing.issuer import make_subject
from tests.isolation.outcomes import describe_change, describe_response
from tests.support.service import TABLES, bearer, empty_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx
    import psycopg

    from backend.testing.issuer import Issuer
    from specwitness.openapi.reading import Operation
    from tests.support.service import Client

    State = dict[str, list[dict[str, Any]]]

INSERT = (
    "insert into tasks (id, user_id, title, description, completed)"
    " values (%(id)s, %(user_id)s, %(title)s, %(description)s, false)"
)


class Caller(StrEnum):
    """The caller: one of two users with rows, or a client without a token."""

    OWNER = "owner"
    ANOTHER = "another user"
    NOBODY = "nobody"


class Row(StrEnum):
    """The row that `{task_id}` names, from the caller's point of view, and the rows in the database."""

    OWN = "own row"  # both users have rows
    OTHERS = "another's row"  # only the other user has rows
    MISSING = "a missing row"  # both users have rows, but none has this id
    NONE = "no row at all"  # the tables are empty


CELLS = tuple((caller, row) for caller in Caller for row in Row)


@dataclass(frozen=True, slots=True)
class User:
    """A user with rows.

    Attributes:
        subject: The user id.
        headers: The Authorization header.
        marker: A unique text in all of the user's rows.
        task_ids: The ids of the rows.
    """

    subject: str
    headers: dict[str, bytes]
    marker: str
    task_ids: tuple[str, str]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no response to another caller may contain."""
        return (self.subject, self.marker, *self.task_ids)


@dataclass(frozen=True, slots=True)
class Observation:
    """The response to a request, and its effect on the database.

    Attributes:
        response: The response.
        text: Status, body and database change, written as in the matrix.
        leaks: Secrets of other users that the response contains.
    """

    response: httpx.Response
    text: str
    leaks: tuple[str, ...]

    @property
    def outcome(self) -> tuple[str, tuple[str, ...]]:
        """Text and leaks, to compare both at once with `(text, ())`."""
        return self.text, self.leaks


class Scene:
    """Inserts rows by SQL, sends requests through the service, and describes the outcomes.

    Args:
        client: A client of the service.
        database: A connection as the owner of the tables.
        issuer: Issues the tokens.
        another: The user id of the second user.
    """

    def __init__(
        self,
        client: Client,
        database: psycopg.Connection[Any],
        issuer: Issuer,
        *,
        another: str = make_subject("bob"),
    ) -> None:
        self.client = client
        self.database = database
        self.issuer = issuer
        self.users = {
            Caller.OWNER: self._make_user("alice", make_subject("alice")),
            Caller.ANOTHER: self._make_user("bob", another),
        }

    def run_cell(
        self, operation: Operation, caller: Caller, row: Row, *, body: Any = None, **injected: Any
    ) -> Observation:
        """Insert the rows of a cell, call the operation, and return the outcome."""
        self.insert_cell_rows(caller, row)
        before = self.read_state()
        response = self.call(operation, caller, self.choose_task_id(caller, row), body=body, **injected)
        return self.observe(response, caller, before, body=body)

    def insert_cell_rows(self, caller: Caller, row: Row) -> None:
        """Empty all tables, and insert the rows of a cell."""
        self.empty()
        for name, user in self.users.items():
            if row is not Row.NONE and (row is not Row.OTHERS or name is not caller):
                self.insert_rows(user)

    def empty(self) -> None:
        empty_tables(self.database)

    def insert_rows(self, user: User) -> None:
        """Insert the rows of a user, each in its own transaction so that `created_at` differs."""
        for task_id in user.task_ids:
            row = {"id": task_id, "user_id": user.subject, "title": user.marker, "description": user.marker}
            self.database.execute(INSERT, row)

    def choose_task_id(self, caller: Caller, row: Row) -> str:
        """Return the task id for a cell. Without a token, "own row" means the owner's row."""
        if row in {Row.MISSING, Row.NONE}:
            return str(uuid4())
        is_owners = (caller is Caller.ANOTHER) == (row is Row.OTHERS)
        return self.users[Caller.OWNER if is_owners else Caller.ANOTHER].task_ids[0]

    def call(
        self, operation: Operation, caller: Caller, task_id: str, *, body: Any = None, **injected: Any
    ) -> httpx.Response:
        """Call an operation; `injected` are further options of httpx, whose `headers` are added to the token."""
        headers = {**self.headers(caller), **injected.pop("headers", {})}
        path = operation.path.replace("{task_id}", task_id)
        return self.client.request(operation.method, path, headers=headers, json=body, **injected)

    def headers(self, caller: Caller) -> dict[str, bytes]:
        """Return the Authorization header of a caller; empty without a token."""
        return self.users[caller].headers if caller in self.users else {}

    def observe(
        self, response: httpx.Response, caller: Caller, before: State, *, body: Mapping[str, Any] | None
    ) -> Observation:
        """Describe a response and the change of the database since `before`."""
        after = self.read_state()
        subject = self.users[caller].subject if caller in self.users else ""
        shown = describe_response(response, after["tasks"], subject=subject, sent=body or {})
        change = describe_change(before, after, subject)
        return Observation(response, ", ".join((shown, *change)), self.find_leaks(response, caller))

    def find_leaks(self, response: httpx.Response, caller: Caller) -> tuple[str, ...]:
        """List secrets of other users in the body or the headers of a response."""
        text = f"{response.text}\n{response.headers.multi_items()}"
        others = (user for name, user in self.users.items() if name is not caller)
        return tuple(secret for user in others for secret in user.secrets if secret in text)

    def read_state(self) -> State:
        """Read all rows, by table."""
        return {table: self._read_table(table) for table in self._list_tables()}

    def _list_tables(self) -> Sequence[str]:
        return [name for (name,) in self.database.execute(TABLES).fetchall()]

    def _read_table(self, table: str) -> list[dict[str, Any]]:
        statement = sql.SQL("select to_jsonb(entry) from {} entry order by 1")
        found = self.database.execute(statement.format(sql.Identifier(table))).fetchall()
        return [row for (row,) in found]

    def _make_user(self, name: str, subject: str) -> User:
        task_ids = (str(uuid4()), str(uuid4()))
        return User(subject, bearer(self.issuer.token(subject)), f"secret-of-{name}", task_ids)


def raw_response(response: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body of a response, to compare two responses byte for byte."""
    return response.status_code, response.headers.multi_items(), response.content
