from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from openapi_spec_validator import validate

from specwitness.fuzz.checks.registry import named_checks
from tests.proving_ground import contracts
from tests.proving_ground.__main__ import main
from tests.proving_ground.catalogue import BUGS, SERVICES, find_service
from tests.proving_ground.contracts import find_misfits, find_operation, list_operations
from tests.proving_ground.keys import BROUGHT
from tests.proving_ground.model import EVERY, Family
from tests.proving_ground.verifier import REFUSED_MEMBERS
from tests.proving_ground.visitor import Visitor
from tests.proving_ground.witnesses import TOURS, find_witness

if TYPE_CHECKING:
    import httpx

    from tests.proving_ground.model import Bug, Service

each_bug = pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


@each_bug
def test_broken_build_shows_its_bug(bug: Bug) -> None:
    with Visitor(find_service(bug.service), bug.id) as visitor:
        assert find_witness(bug)(visitor)


@each_bug
def test_right_build_does_not_show_the_bug(bug: Bug) -> None:
    is_shown, responses = play_on_right_build(bug)
    assert not is_shown
    contract = find_service(bug.service).contract
    assert [misfit for response in responses for misfit in find_misfits(contract, response)] == []


@cache
def play_on_right_build(bug: Bug) -> tuple[bool, list[httpx.Response]]:
    with Visitor(find_service(bug.service)) as visitor:
        return find_witness(bug)(visitor), visitor.responses


@each_bug
def test_bug_names_operations_of_the_contract(bug: Bug) -> None:
    contract = find_service(bug.service).contract
    known = {EVERY, *(f"{method} {path}" for method, path, _ in list_operations(contract))}
    if bug.family is Family.SHADOW_ROUTE:
        assert known.isdisjoint(bug.operations)
    else:
        assert set(bug.operations) <= known


@each_bug
def test_bug_names_registered_checks(bug: Bug) -> None:
    assert bug.checks
    assert set(bug.checks) <= set(named_checks())


@each_service
def test_contract_is_valid(service: Service) -> None:
    validate(service.contract)


@each_service
def test_right_build_gives_every_documented_answer(service: Service) -> None:
    documented = {
        (f"{method} {path}", status)
        for method, path, operation in list_operations(service.contract)
        for status in operation["responses"]
    }
    responses = [response for bug in service.bugs for response in play_on_right_build(bug)[1]]
    for play in (call_without_credentials, TOURS[service.name]):
        with Visitor(service) as visitor:
            play(visitor)
        responses += visitor.responses
    assert [misfit for entry in responses for misfit in find_misfits(service.contract, entry)] == []
    seen = set()
    for response in responses:
        found = find_operation(service.contract, response.request.method, response.request.url.path)
        if found:
            seen.add((found[0], str(response.status_code)))
    assert documented - seen == set()


def call_without_credentials(visitor: Visitor) -> None:
    for method, path, _ in list_operations(visitor.service.contract):
        visitor.call(method, path.replace("{", "").replace("}", ""), who=None, content=b"{")


def test_ids_of_bugs_are_unique() -> None:
    assert [name for name, count in Counter(bug.id for bug in BUGS).items() if count > 1] == []


def test_unknown_bug_is_not_built() -> None:
    with pytest.raises(KeyError):
        SERVICES[0].build("no-such-bug")


def test_there_are_bugs_of_every_family_and_service() -> None:
    assert len(BUGS) >= 60
    families = Counter(bug.family for bug in BUGS)
    assert {family for family in Family if families[family] < 2} == set()
    assert all(service.bugs for service in SERVICES)


def test_every_switch_is_asked_where_a_service_is_written() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("*.py"))
    asked = set(re.findall(r'faults\.has\(\s*"([^"]+)"', code))
    members = {f"{member}-ignored" for member in REFUSED_MEMBERS} | {
        f"{member}-trusted" for member in BROUGHT
    }
    keys = {key.switch for service in SERVICES for key in service.mint.unfit}
    # `faults.has(f"{name}-read-any")` asks for a switch of each collection of a service.
    endings = tuple(re.findall(r'faults\.has\(f"\{[a-z_]+\}(-[a-z-]+)"', code))
    switches = {bug.switch for bug in BUGS} - members - keys
    assert asked <= switches
    assert [switch for switch in switches - asked if not switch.endswith(endings)] == []


@each_service
def test_build_begins_with_an_empty_state(service: Service) -> None:
    with Visitor(service) as first, Visitor(service) as second:
        before = first.state()
        TOURS[service.name](first)
        assert first.state() != before
        assert second.state() == before


@each_service
def test_refusals_before_authentication_change_nothing(service: Service) -> None:
    with Visitor(service) as visitor:
        before = visitor.state()
        call_without_credentials(visitor)
        assert visitor.state() == before
        assert all(
            response.status_code == 401
            for response in visitor.responses
            if is_protected(service, response.request.method, response.request.url.path)
        )


def is_protected(service: Service, method: str, path: str) -> bool:
    found = find_operation(service.contract, method, path)
    return found is not None and contracts.is_protected(service.contract, found[1])


def test_build_is_served_with_its_bug() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = str(listener.getsockname()[1])
    listener.close()
    words = ["-m", "tests.proving_ground", "teams", "teams-admin-list-open", "--port", port]
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name, _, token = process.stdout.readline().strip().partition(": ")
        process.kill()
    assert (name, token.count(".")) == ("alice", 2)


def test_unknown_bug_is_not_served(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["teams", "no-such-bug"])
    assert ending.value.code == 2
    assert "teams has no bug 'no-such-bug'" in capsys.readouterr().err
