"""Two users on a real PostgreSQL, a request for a row of one of them, and what came of it in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from psycopg import sql

from backend.testing.issuer import make_subject
from tests.isolation.words import describe_answer, describe_change
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
    """Who calls: two users, both of whom have rows, and one without a token."""

    OWNER = "owner"
    ANOTHER = "another user"
    NOBODY = "nobody"


class Row(StrEnum):
    """What is in the database, and which row a request with a `{task_id}` names; as its caller sees it."""

    OWN = "own row"  # both users have rows
    OTHERS = "another's row"  # the others have rows, the caller has none
    MISSING = "a missing row"  # both users have rows, and the id was never given
    NONE = "no row at all"


CELLS = tuple((caller, row) for caller in Caller for row in Row)


@dataclass(frozen=True, slots=True)
class User:
    """A user with rows.

    Attributes:
        subject: The user id.
        headers: The token.
        marker: A text in each of the rows, and nowhere else.
        task_ids: The ids of the rows.
    """

    subject: str
    headers: dict[str, bytes]
    marker: str
    task_ids: tuple[str, str]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no answer to anybody else may hold."""
        return (self.subject, self.marker, *self.task_ids)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a request.

    Attributes:
        response: The answer.
        text: The status, the body and what changed in the database, in the words of the matrix.
        leaks: What the answer holds of users who are not the caller.
    """

    response: httpx.Response
    text: str
    leaks: tuple[str, ...]

    @property
    def outcome(self) -> tuple[str, tuple[str, ...]]:
        """The words and the leaks, to be compared at once with `(words, ())`."""
        return self.text, self.leaks


class Scene:
    """Plants rows past the service, sends requests through it, and tells what came of them.

    Args:
        client: A client of the service.
        database: A connection of the owner of the tables.
        issuer: Mints the tokens.
        another: The user id of the other user.
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

    def play(
        self, operation: Operation, caller: Caller, row: Row, *, body: Any = None, **injected: Any
    ) -> Seen:
        """Plant the rows of a cell, call the operation, and tell what came of it."""
        self.plant(caller, row)
        before = self.read_state()
        response = self.call(operation, caller, self.name_row(caller, row), body=body, **injected)
        return self.judge(response, caller, before, body=body)

    def plant(self, caller: Caller, row: Row) -> None:
        """Empty every table, and give rows to those who have some."""
        self.empty()
        for name, user in self.users.items():
            if row is not Row.NONE and (row is not Row.OTHERS or name is not caller):
                self.plant_rows(user)

    def empty(self) -> None:
        """Empty every table."""
        empty_tables(self.database)

    def plant_rows(self, user: User) -> None:
        """Write the rows of a user, each in a transaction of its own, so that their times differ."""
        for task_id in user.task_ids:
            row = {"id": task_id, "user_id": user.subject, "title": user.marker, "description": user.marker}
            self.database.execute(INSERT, row)

    def name_row(self, caller: Caller, row: Row) -> str:
        """Give the id that a request names; for nobody, who has no row, the owner's is the own one."""
        if row in {Row.MISSING, Row.NONE}:
            return str(uuid4())
        is_owners = (caller is Caller.ANOTHER) == (row is Row.OTHERS)
        return self.users[Caller.OWNER if is_owners else Caller.ANOTHER].task_ids[0]

    def call(
        self, operation: Operation, caller: Caller, task_id: str, *, body: Any = None, **injected: Any
    ) -> httpx.Response:
        """Call an operation; `injected` are more options of httpx, `headers` those beside the token."""
        headers = {**self.headers(caller), **injected.pop("headers", {})}
        path = operation.path.replace("{task_id}", task_id)
        return self.client.request(operation.method, path, headers=headers, json=body, **injected)

    def headers(self, caller: Caller) -> dict[str, bytes]:
        """Give the token of a caller, if there is one."""
        return self.users[caller].headers if caller in self.users else {}

    def judge(
        self, response: httpx.Response, caller: Caller, before: State, *, body: Mapping[str, Any] | None
    ) -> Seen:
        """Tell what an answer shows and what changed."""
        after = self.read_state()
        subject = self.users[caller].subject if caller in self.users else ""
        answer = describe_answer(response, after["tasks"], subject=subject, sent=body or {})
        change = describe_change(before, after, subject)
        return Seen(response, ", ".join((answer, *change)), self.find_leaks(response, caller))

    def find_leaks(self, response: httpx.Response, caller: Caller) -> tuple[str, ...]:
        """Find what an answer, its headers included, holds of users who are not the caller."""
        said = f"{response.text}\n{response.headers.multi_items()}"
        others = (user for name, user in self.users.items() if name is not caller)
        return tuple(secret for user in others for secret in user.secrets if secret in said)

    def read_state(self) -> State:
        """Read every row of every table."""
        return {table: self._read_table(table) for table in self._list_tables()}

    def _list_tables(self) -> Sequence[str]:
        return [name for (name,) in self.database.execute(TABLES).fetchall()]

    def _read_table(self, table: str) -> list[dict[str, Any]]:
        statement = sql.SQL("select to_jsonb(each) from {} each order by 1")
        found = self.database.execute(statement.format(sql.Identifier(table))).fetchall()
        return [row for (row,) in found]

    def _make_user(self, name: str, subject: str) -> User:
        task_ids = (str(uuid4()), str(uuid4()))
        return User(subject, bearer(self.issuer.token(subject)), f"secret-of-{name}", task_ids)


def wire(response: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Give all of an answer that its caller gets to see, to be compared byte for byte."""
    return response.status_code, response.headers.multi_items(), response.content
