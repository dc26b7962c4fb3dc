"""Violations of the rules, and their judgement by levels and waivers: error, warning, waived or off."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from specwitness.contract.rules import RULES, RuleKind
from specwitness.contract.schema_differences import Place
from specwitness.model import Judgement, Location, RuleLevel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from specwitness.config import ContractConfig
    from specwitness.model import ContractWaiver

_NAMED_OPERATIONS = 2


class Violation(NamedTuple):
    """A broken rule in one operation; a waiver can use any of `names` for the operation."""

    rule: str
    names: tuple[str, ...]
    location: Location
    text: str


PlacedViolation = tuple[str, Place, str]
"""The code of a broken rule, the place in the contract, and the text for the report."""


def judge(
    violations: Sequence[Violation], settings: ContractConfig, today: date
) -> tuple[list[Judgement], set[ContractWaiver]]:
    """Judge violations by the levels and waivers of the settings.

    Returns:
        The judgements, and the waivers that were used. Violations of one rule with the same text and
        location, as in a shared component, become one judgement.
    """
    used: set[ContractWaiver] = set()
    grouped: dict[tuple[str, str, str, str | None], list[Violation]] = defaultdict(list)
    for violation in violations:
        waiver = next(
            (candidate for candidate in settings.waivers if _covers(candidate, violation, today)), None
        )
        if waiver is not None:
            used.add(waiver)
        reason = waiver.reason if waiver else None
        grouped[violation.rule, str(violation.location), violation.text, reason].append(violation)
    judged = [_judge_alike(alike, reason, settings) for (*_, reason), alike in grouped.items()]
    order = list(RULES)
    judged.sort(key=lambda judgement: (order.index(judgement.code), _place_of(judgement), judgement.message))
    return [judgement for judgement in judged if judgement.level is not RuleLevel.OFF], used


def find_bad_waivers(
    settings: ContractConfig,
    used: set[ContractWaiver],
    places: Mapping[int, Location],
    *,
    today: date,
    were_tried: bool,
) -> Iterator[Judgement]:
    """Find waivers of unknown rules, expired waivers, and waivers without a violation.

    Args:
        settings: The settings with the waivers.
        used: The waivers that covered a violation.
        places: The location of each waiver, by its position.
        today: The day of the run.
        were_tried: Whether the contract was compared with a base that differs from it. Otherwise,
            waivers of changes cannot be called unneeded.
    """
    for index, waiver in enumerate(settings.waivers):
        name = f"the waiver of {waiver.change} for {waiver.operation}"
        rule = RULES.get(waiver.change)
        if rule is None:
            yield _report(f"{name} names no rule", places.get(index), f"use one of {', '.join(RULES)}")
        elif today > waiver.until:
            expired = f"{name} expired on {waiver.until.isoformat()}"
            yield _report(
                expired, places.get(index), "fix the contract, or give the waiver a later date and a reason"
            )
        elif waiver not in used and (were_tried or rule.kind is RuleKind.LINT):
            yield _report(f"{name} is not needed: there is no such violation", places.get(index), "remove it")


def _report(message: str, location: Location | None, remedy: str) -> Judgement:
    return Judgement(
        code="waiver", kind="waiver", level=RuleLevel.ERROR, message=message, location=location, remedy=remedy
    )


def _covers(waiver: ContractWaiver, violation: Violation, today: date) -> bool:
    names = violation.names or ("",)
    is_meant = any(fnmatchcase(name, waiver.operation) for name in names)
    return waiver.change == violation.rule and is_meant and today <= waiver.until


def _judge_alike(alike: Sequence[Violation], reason: str | None, settings: ContractConfig) -> Judgement:
    rule = RULES[alike[0].rule]
    setting = settings.levels.get(rule.code)
    level = setting.level if setting else rule.level
    operations = tuple(dict.fromkeys(violation.names[0] for violation in alike if violation.names))
    where = f"{_list_operations(operations)}: " if operations else ""
    return Judgement(
        code=rule.code,
        kind=rule.kind.value,
        level=level if reason is None or level is RuleLevel.OFF else RuleLevel.WAIVED,
        message=f"{where}{alike[0].text}",
        location=alike[0].location,
        operations=operations,
        remedy=rule.remedy,
        reason=reason,
    )


def _list_operations(operations: Sequence[str]) -> str:
    shown = ", ".join(operations[:_NAMED_OPERATIONS])
    more = len(operations) - _NAMED_OPERATIONS
    return f"{shown} and {more} more" if more > 0 else shown


def _place_of(judgement: Judgement) -> tuple[str, int]:
    location = judgement.location
    return (location.file, location.line) if location else ("", 0)


def refuse(judged: Iterable[Judgement]) -> list[Judgement]:
    """Return the judgements that break the run."""
    return [judgement for judgement in judged if judgement.level is RuleLevel.ERROR]
