"""Builds scenarios from the steps and tables of a spec."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from specwitness.errors import SpecError
from specwitness.identifier import find_keys, lists_references_only, strip_references
from specwitness.model import ExampleRow, Examples, Location, Scenario, Step

if TYPE_CHECKING:
    from specwitness.spec.markdown import Block, RawStep, Table

PLACEHOLDER = re.compile(r"<([^<>]+)>")
_EDGES = " \t,;.:"


@dataclass
class ScenarioDraft:
    """A scenario whose steps are not all read yet."""

    key: str
    preface: str
    line: int
    item: int | None
    last_line: int = 0
    steps: list[RawStep] = field(default_factory=list)
    table: Table | None = None

    @property
    def text(self) -> str:
        """The text of the scenario, as the report shows it."""
        step_text = " ".join(f"{step.keyword} {step.text}" for step in self.steps)
        return f"{self.preface} {step_text}".strip()

    def is_followed_by(self, steps: tuple[RawStep, ...]) -> bool:
        """Return whether these steps begin another scenario: a Given after a Then does, an And does not."""
        keywords = {step.keyword for step in self.steps}
        match steps[0].keyword:
            case "Given":
                return bool(keywords & {"When", "Then"})
            case "When":
                return "Then" in keywords
            case _:
                return False

    def add(self, steps: tuple[RawStep, ...], block: Block) -> None:
        """Add steps."""
        self.steps.extend(steps)
        self.last_line = block.last_line

    def holds(self, block: Block) -> bool:
        """Return whether a block is in the list item of the scenario."""
        return self.item is not None and self.item in block.items

    def uses(self, table: Table) -> bool:
        """Return whether a step has a placeholder such as `<age>` for a column of the table."""
        placeholders = {name for step in self.steps for name in PLACEHOLDER.findall(step.text)}
        return any(name in placeholders for name in table.header)


def build_scenario(draft: ScenarioDraft, file: str, namespace: str) -> Scenario:
    """Build the scenario of a complete draft.

    Raises:
        SpecError: It has no Then, an empty step, an empty table, or a placeholder without a column.
    """
    _refuse_incomplete(draft, file)
    references = find_keys(draft.text, namespace)
    return Scenario(
        key=draft.key,
        steps=tuple(_build_step(step, first=index == 0) for index, step in enumerate(draft.steps)),
        requirements=tuple(key for key in references if key != draft.key),
        location=Location(file=file, line=draft.line),
        examples=_build_examples(draft, draft.table, file, namespace) if draft.table else None,
    )


def _refuse_incomplete(draft: ScenarioDraft, file: str) -> None:
    if not any(step.keyword == "Then" for step in draft.steps):
        raise SpecError(
            f"{draft.key} has no Then step",
            where=f"{file}:{draft.line}",
            remedy="add the observable result: **Then** …",
        )
    for step in draft.steps:
        if not _clean(step.text):
            raise SpecError(
                f"{draft.key} has an empty {step.keyword}",
                where=f"{file}:{step.line}",
                remedy=f"write the text of the {step.keyword}, or remove it",
            )


def _build_step(step: RawStep, *, first: bool) -> Step:
    keyword = "Given" if first and step.keyword in {"And", "But"} else step.keyword
    return Step(
        keyword=cast('Literal["Given", "When", "Then", "And", "But"]', keyword),
        text=_clean(step.text),
        line=step.line,
    )


def _clean(text: str) -> str:
    return re.sub(r"\s+([,;.])", r"\1", strip_references(text)).strip(_EDGES)


def _build_examples(draft: ScenarioDraft, table: Table, file: str, namespace: str) -> Examples:
    _refuse_misfit(draft, table, file)
    used = {name for step in draft.steps for name in PLACEHOLDER.findall(step.text)}
    references = [
        index
        for index, name in enumerate(table.header)
        if name not in used
        and any(row.cells[index] for row in table.rows)
        and all(not row.cells[index] or lists_references_only(row.cells[index]) for row in table.rows)
    ]
    kept = [index for index in range(len(table.header)) if index not in references]
    return Examples(
        header=tuple(table.header[index] for index in kept),
        rows=tuple(
            ExampleRow(
                cells=tuple(row.cells[index] for index in kept),
                requirements=tuple(
                    dict.fromkeys(
                        key for index in references for key in find_keys(row.cells[index], namespace)
                    )
                ),
                line=row.line,
            )
            for row in table.rows
        ),
    )


def _refuse_misfit(draft: ScenarioDraft, table: Table, file: str) -> None:
    if not table.rows:
        raise SpecError(
            f"{draft.key} has a table without rows",
            where=f"{file}:{draft.line}",
            remedy="add a row, or remove the table and its placeholders",
        )
    if len(set(table.header)) != len(table.header):
        raise SpecError(
            f"{draft.key} has two columns with the same name",
            where=f"{file}:{table.rows[0].line - 2}",
            remedy="give each column its own name",
        )
    for step in draft.steps:
        for name in PLACEHOLDER.findall(step.text):
            if name not in table.header:
                raise SpecError(
                    f"{draft.key} uses <{name}>, which is not a column of its table",
                    where=f"{file}:{step.line}",
                    remedy=f"add a column {name}, or use one of: {', '.join(table.header)}",
                )
