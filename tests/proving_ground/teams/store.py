"""What the teams service takes and holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tests.proving_ground.web import (
    Body,
    RefusalError,
    Text,
    Whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proving_ground.door import Caller
    from tests.proving_ground.model import Faults

ADMIN = "teams:admin"


class ProfileForm(Body):
    nickname: Text


class RoleForm(ProfileForm):
    """A profile with the member that only administrators set: the fault of mass assignment."""

    role: Annotated[str, Field(pattern="^(member|admin)$")] = "member"


class TeamForm(Body):
    name: Text
    seats: Annotated[Whole, Field(ge=1, le=1000)] = 10


class OwnedTeamForm(TeamForm):
    """A team with the member that the service sets itself: the fault of mass assignment."""

    owner_id: str = ""


class UnboundTeamForm(TeamForm):
    seats: Whole = 10


class MemberForm(Body):
    name: Text


@dataclass(frozen=True, slots=True)
class Team:
    id: int
    name: str
    seats: int
    owner_id: str


@dataclass(frozen=True, slots=True)
class Member:
    id: int
    team: int
    name: str


@dataclass(slots=True)
class Store:
    """The stored profiles, teams and members."""

    teams: dict[int, Team] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    profiles: dict[str, dict[str, str]] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def find(self, team_id: int, caller: Caller, faults: Faults, *, of_anyone: bool = False) -> Team:
        team = self.teams.get(team_id)
        if team is None:
            raise RefusalError(404, "team not found")
        if team.owner_id != caller.subject and not of_anyone:
            # The fault: the sentence tells what the status hides.
            is_told = faults.has("owner-in-message")
            raise RefusalError(404, "team not found among yours" if is_told else "team not found")
        return team

    def delete(self, team_id: int, *, keeps_members: bool = False) -> None:
        del self.teams[team_id]
        if not keeps_members:
            self.members = {key: item for key, item in self.members.items() if item.team != team_id}

    def profile(self, caller: Caller) -> dict[str, str]:
        role = "admin" if ADMIN in caller.scopes else "member"
        return {"nickname": caller.subject, "role": role, **self.profiles.get(caller.subject, {})}
