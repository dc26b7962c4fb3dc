"""Nothing is found in right services: these were once taken for bugs, or could be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.services import library
from tests.services.accounts import CLOSED_LATER, SHARED_ACCOUNT, SIGN_UP
from tests.services.catalogue import SERVICES
from tests.services.documents import DOCUMENTS
from tests.services.events import EVENTS
from tests.services.findings import assert_silent, attack, list_findings
from tests.services.jobs import JOBS
from tests.services.lists import make_list
from tests.services.memos import ARCHIVED_MEMOS, SEARCHED_MEMOS
from tests.services.sellers import SELLERS
from tests.services.service import SmallService
from tests.services.shop import limit_orders
from tests.services.things import REFERENCE, make_things

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS_OF_OBJECTS = ("isolation", "disclosure", "existence", "assignment", "deletion", "race", "side_effect")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_right_service_has_no_findings(service: SmallService) -> None:
    assert_silent(service)


@pytest.mark.parametrize("quota", range(4, 40, 3))
def test_user_who_reached_a_quota_is_not_refused_for_what_another_user_has(quota: int) -> None:
    assert_silent(limit_orders(quota), only=CHECKS_OF_OBJECTS)


@pytest.mark.parametrize(
    ("base", "members"),
    [("", {}), (library.BASE, {"client_id": "web-app", "method": "password"})],
    ids=["paths at the root", "login with more members"],
)
def test_library_elsewhere_has_no_findings(base: str, members: Mapping[str, str]) -> None:
    assert_silent(
        SmallService(
            name="library",
            create=partial(library.create, base=base),
            read=library.read,
            identities=library.log_in_with(base, **members),
            unreached=library.LIBRARY.unreached,
        )
    )


def test_account_that_two_users_share_belongs_to_neither() -> None:
    assert_silent(SHARED_ACCOUNT)


def test_account_that_is_closed_later_may_be_read_until_then() -> None:
    assert_silent(CLOSED_LATER)


def test_account_of_a_user_is_not_deleted_by_the_run() -> None:
    engine = attack(SIGN_UP)
    assert list_findings(engine) == []
    assert engine.target.app.state.deleted == []


def test_state_of_an_object_that_everybody_may_read_is_no_leak() -> None:
    assert [finding for finding in list_findings(attack(EVENTS)) if finding.check == "existence"] == []


def test_name_that_anybody_may_take_may_be_refused_as_taken() -> None:
    assert_silent(DOCUMENTS)


def test_members_of_one_of_several_response_schemas_are_documented() -> None:
    assert_silent(SELLERS)


def test_member_may_be_a_word_in_the_request_and_an_object_in_the_response() -> None:
    assert_silent(JOBS)


def test_search_may_repeat_its_query() -> None:
    assert_silent(SEARCHED_MEMOS)


def test_archived_object_may_be_listed_and_refused_calls_be_counted() -> None:
    assert_silent(ARCHIVED_MEMOS)


@pytest.mark.parametrize(
    ("path", "roles"),
    [("/staff-picks", ()), ("/tour-operators", ()), ("/folders/root", ()), ("/notes", ("user",))],
)
def test_word_in_a_path_or_the_role_of_all_users_is_no_privilege(path: str, roles: tuple[str, ...]) -> None:
    assert_silent(make_list(path, *roles))


@pytest.mark.parametrize(
    "member",
    [{"type": "string", "enum": ["red", "blue", None]}, True, REFERENCE],
    ids=["enum with null", "true", "recursive"],
)
def test_schema_of_any_shape_is_called_with_success(member: Any) -> None:
    assert set(attack(make_things(member)).context.succeeded) == {"makeThing"}
