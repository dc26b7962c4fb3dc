"""Reads Spec Kit specs: stories, requirements, scenarios and edge cases, with their lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from specwitness.errors import SpecError
from specwitness.identifier import ID, split_definition
from specwitness.model import Location, Requirement, RequirementKind, Spec, Story
from specwitness.spec.markdown import read_blocks
from specwitness.spec.scenario import ScenarioDraft, build_scenario

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from specwitness.model import Scenario
    from specwitness.spec.markdown import Block, Prose, RawStep, Table

STORY = re.compile(
    r"^(?:user\s+story|story|us)\s*[-#:]?\s*(?P<number>\d+)\b\s*[-:–—.)]*\s*(?P<title>.*)$", re.IGNORECASE
)
PRIORITISED = re.compile(
    r"^\D{1,40}?(?P<number>\d+)\s*[-:–—.)]+\s*(?P<title>.*\(\s*(?:\w+\s*:\s*)?P\d\s*\).*)$"
)
PRIORITY = re.compile(r"\(\s*(?:\w+\s*:\s*)?(?P<priority>P\d)\s*\)\s*\S*$")
EDGE_CASES = re.compile(r"\bedge[\s-]*cases?\b", re.IGNORECASE)
CLARIFICATION = re.compile(r"\[NEEDS CLARIFICATION", re.IGNORECASE)


def read_spec(path: Path, root: Path, namespace: str) -> Spec:
    """Read one spec.md.

    Args:
        path: The file.
        root: The root of the repository; all paths in the result are relative to it.
        namespace: The first part of every key, such as `003`.

    Raises:
        SpecError: The file is ambiguous or incomplete; the message has file and line.
    """
    relative = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"cannot be read: {error}", where=relative, remedy="save it as UTF-8") from error
    reading = _Reading(namespace, relative)
    for block in read_blocks(text):
        reading.read(block)
    reading.close_scenario()
    return Spec(
        namespace=namespace,
        title=reading.title or namespace,
        path=relative,
        text=text,
        stories=tuple(reading.stories),
        requirements=tuple(
            sorted(reading.requirements.values(), key=lambda item: (item.location.line, item.key))
        ),
        scenarios=tuple(reading.scenarios),
    )


def read_specs(paths: Iterable[Path], root: Path) -> tuple[Spec, ...]:
    """Read several specs.

    The namespace of `specs/003-auth/spec.md` is `003`, or `003-auth` if another folder begins with 003.
    """
    listed = list(paths)
    numbers = {path: re.match(r"\d+", path.parent.name) for path in listed}
    short = {path: match.group() if match else path.parent.name for path, match in numbers.items()}
    taken = list(short.values())
    return tuple(
        read_spec(path, root, name if taken.count(name) == 1 else path.parent.name)
        for path, name in short.items()
    )


@dataclass
class _Reading:
    """The state of one pass over a spec's blocks, from top to bottom."""

    namespace: str
    file: str
    title: str = ""
    story: Story | None = None
    story_level: int = 0
    edge_level: int = 0
    edge_item: tuple[int, str] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    stories: list[Story] = field(default_factory=list)
    scenarios: list[Scenario] = field(default_factory=list)
    requirements: dict[str, Requirement] = field(default_factory=dict)
    weak: set[str] = field(default_factory=set)
    draft: ScenarioDraft | None = None

    def read(self, block: Block) -> None:
        """Process the next block of the file."""
        if block.prose and block.kind == "heading":
            self._read_heading(block, block.prose)
        elif block.prose:
            self._read_paragraph(block, block.prose)
        elif block.table:
            self._read_table(block, block.table)
        else:
            self.close_scenario()

    def close_scenario(self) -> None:
        """Add the scenario whose steps were read so far, if there is one."""
        draft, self.draft = self.draft, None
        if draft is None:
            return
        scenario = build_scenario(draft, self.file, self.namespace)
        self.scenarios.append(scenario)
        known = self.requirements.get(scenario.key)
        if known and known.kind is RequirementKind.EDGE_CASE and known.location.line != draft.line:
            self.requirements[scenario.key] = known.model_copy(update={"question": False})
            return
        identifier = draft.key.removeprefix(f"{self.namespace}/")
        kind = RequirementKind.EDGE_CASE if identifier.startswith("EC") else RequirementKind.SCENARIO
        self._add(identifier, kind, draft.text, (draft.line, draft.last_line))

    def _read_heading(self, block: Block, prose: Prose) -> None:
        self.close_scenario()
        if block.level == 1 and not self.title:
            self.title = re.sub(r"^Feature Specification:\s*", "", prose.text, flags=re.IGNORECASE)
        if block.level <= self.story_level:
            self.story, self.story_level = None, 0
        if block.level <= self.edge_level:
            self.edge_level = 0
        if EDGE_CASES.search(prose.text):
            self.story, self.story_level, self.edge_level = None, 0, block.level
        elif match := STORY.match(prose.text) or PRIORITISED.match(prose.text):
            self._open_story(match, block)
        else:
            self._define(block, prose)

    def _open_story(self, match: re.Match[str], block: Block) -> None:
        title = match["title"].strip()
        priority = PRIORITY.search(title)
        story = Story(
            key=f"{self.namespace}/US{int(match['number'])}",
            title=PRIORITY.sub("", title).strip(),
            priority=priority["priority"] if priority else None,
            line=block.line,
        )
        for known in self.stories:
            if known.key == story.key:
                message = f"{story.key} is the number of two stories; the other is on line {known.line}"
                self._refuse(message, block.line, "give one of them another number")
        self.stories.append(story)
        self.story, self.story_level = story, block.level

    def _read_paragraph(self, block: Block, prose: Prose) -> None:
        steps = prose.steps
        if not steps and self.story and block.items:
            steps = prose.plain_steps(block.line)
        if steps and self._expects_steps(steps):
            self._take_steps(steps, block, prose)
        elif self.draft is None or not self.draft.holds(block):
            self.close_scenario()
            defined = self._define(block, prose)
            if not defined and self.edge_level and block.opens_item and len(block.items) == 1:
                self._add_edge_case(block, prose)

    def _expects_steps(self, steps: tuple[RawStep, ...]) -> bool:
        """Return whether bold keywords are steps here, and not emphasis as in `**When** in doubt, ask`."""
        if self.story or self.edge_level or self.draft:
            return True
        return {"When", "Then"} <= {step.keyword for step in steps} or steps[0].keyword == "Given"

    def _take_steps(self, steps: tuple[RawStep, ...], block: Block, prose: Prose) -> None:
        if self.draft is None or self.draft.is_followed_by(steps):
            self.close_scenario()
            item = block.items[-1] if block.items else None
            self.draft = ScenarioDraft(self._scenario_key(block, prose), prose.preface, block.line, item)
        self.draft.add(steps, block)

    def _scenario_key(self, block: Block, prose: Prose) -> str:
        definition = split_definition(prose.preface, bold=prose.starts_bold)
        if definition and definition.kind in {RequirementKind.SCENARIO, RequirementKind.EDGE_CASE}:
            return f"{self.namespace}/{definition.id}"
        if self.story:
            return f"{self.story.key}/AC{self._count(self.story.key)}"
        if not self.edge_level:
            return f"{self.namespace}/AC{self._count('AC')}"
        if self.edge_item and self.edge_item[0] in block.items:
            return self.edge_item[1]
        return f"{self.namespace}/EC{self._count('EC')}"

    def _count(self, name: str) -> int:
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]

    def _read_table(self, block: Block, table: Table) -> None:
        draft = self.draft
        if draft and (draft.holds(block) or draft.uses(table)):
            self._attach(draft, block, table)
            return
        self.close_scenario()
        for row in table.rows:
            if re.fullmatch(ID, row.cells[0]):
                statement = " ".join(cell for cell in row.cells[1:] if cell)
                self._add(
                    row.cells[0],
                    RequirementKind(row.cells[0].split("-")[0]),
                    statement,
                    (row.line, row.line),
                    weak=True,
                )

    def _attach(self, draft: ScenarioDraft, block: Block, table: Table) -> None:
        if not draft.uses(table):
            self._refuse(
                f"{draft.key} has a table, but no step uses a column of it",
                block.line,
                f"write <{table.header[0]}> in a step, or move the table out of the scenario",
            )
        draft.table, draft.last_line = table, block.last_line
        self.close_scenario()

    def _add_edge_case(self, block: Block, prose: Prose) -> None:
        identifier = f"EC{self._count('EC')}"
        self.edge_item = (block.items[-1], f"{self.namespace}/{identifier}")
        question = prose.text.rstrip(' _)”"').endswith("?")
        self._add(
            identifier, RequirementKind.EDGE_CASE, prose.text, (block.line, block.item_end), question=question
        )

    def _define(self, block: Block, prose: Prose) -> bool:
        listed = block.opens_item or block.kind == "heading"
        definition = split_definition(prose.text, bold=prose.starts_bold, weak=listed)
        if definition is None:
            return False
        lines = (block.line, block.item_end if block.opens_item else block.last_line)
        if definition.kind is RequirementKind.EDGE_CASE and block.opens_item:
            self.edge_item = (block.items[-1], f"{self.namespace}/{definition.id}")
        self._add(definition.id, definition.kind, definition.text, lines, weak=definition.weak)
        return True

    def _add(
        self,
        identifier: str,
        kind: RequirementKind,
        text: str,
        lines: tuple[int, int],
        *,
        weak: bool = False,
        question: bool = False,
    ) -> None:
        key = f"{self.namespace}/{identifier}"
        known = self.requirements.get(key)
        if known and weak:
            return
        if known and key not in self.weak:
            message = f"{key} is defined twice, first on line {known.location.line}"
            self._refuse(message, lines[0], "give one of them another id")
        self.weak = self.weak | {key} if weak else self.weak - {key}
        self.requirements[key] = Requirement(
            key=key,
            kind=kind,
            text=text,
            location=Location(file=self.file, line=lines[0]),
            last_line=lines[1],
            story=self.story.key if self.story else None,
            question=question or bool(CLARIFICATION.search(text)),
        )

    def _refuse(self, message: str, line: int, remedy: str) -> NoReturn:
        raise SpecError(message, where=f"{self.file}:{line}", remedy=remedy)
