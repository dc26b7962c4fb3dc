"""What breaks a rule and where, and how violations are judged: waived, warned of, or a reason to refuse."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from specwitness.contract.rules import RULES, RuleKind
from specwitness.model import Judgement, Location, RuleLevel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from specwitness.config import ContractConfig
    from specwitness.model import ContractWaiver

_NAMED_OPERATIONS = 2


class Violation(NamedTuple):
    """A rule that is broken in one operation; `names` are what a waiver may call the operation."""

    rule: str
    names: tuple[str, ...]
    location: Location
    text: str


def judge(
    violations: Sequence[Violation], settings: ContractConfig, today: date
) -> tuple[list[Judgement], set[ContractWaiver]]:
    """Judge violations by levels and waivers.

    Returns:
        One judgement for all violations of one rule at one place in the same words, and the waivers
        that were needed.
    """
    used: set[ContractWaiver] = set()
    grouped: dict[tuple[str, str, str, str | None], list[Violation]] = defaultdict(list)
    for violation in violations:
        waiver = next((entry for entry in settings.waivers if _covers(entry, violation, today)), None)
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
    """Find waivers that name no rule, have ended, or that nothing needs.

    Args:
        settings: The waivers.
        used: Those that covered a violation.
        places: Where each stands, by its position.
        today: The day of the run.
        were_tried: Whether the contract was compared with a base from which it differs; otherwise
            nothing can be said of waivers of changes.
    """
    for index, waiver in enumerate(settings.waivers):
        name = f"the waiver of {waiver.change} for {waiver.operation}"
        rule = RULES.get(waiver.change)
        if rule is None:
            yield _report(f"{name} names no rule", places.get(index), f"name one of {', '.join(RULES)}")
        elif today > waiver.until:
            ended = f"{name} ended on {waiver.until.isoformat()}"
            yield _report(ended, places.get(index), "mend the contract, or give it a new end and say why")
        elif waiver not in used and (were_tried or rule.kind is RuleKind.LINT):
            yield _report(f"nothing needs {name}", places.get(index), "remove it")


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
    """Give those that are reasons to refuse the contract."""
    return [judgement for judgement in judged if judgement.level is RuleLevel.ERROR]
