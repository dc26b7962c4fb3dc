"""The spec reader on the stock template, on common variants of it, and on specs that it refuses."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specwitness.errors import SpecError
from specwitness.model import RequirementKind
from specwitness.spec import read_spec, read_specs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from specwitness.model import Requirement, Scenario, Spec

    Read = Callable[[str], Spec]

STOCK = """\
# Feature Specification: Photo albums

## User Scenarios & Testing *(mandatory)*

### User Story 1 - Make an album (Priority: P1)

A person makes an album.

**Why this priority**: without it, nothing.

**Independent Test**: make one.

**Acceptance Scenarios**:

1. **Given** no album, **When** the person makes "Summer", **Then** it is listed [FR-001].
2. **Given** an album, **When** the person makes it again, **Then** it is refused, **But** nothing is lost.

---

### User Story 2 - Sort albums (Priority: P2)

**Acceptance Scenarios**:

1. **Given** two albums, **When** they are sorted, **Then** the newest is first.

### Edge Cases

- What happens when the name is empty?
- An album without photos is shown with a placeholder.

## Requirements *(mandatory)*

### Functional Requirements

- **FR-001**: System MUST keep albums.
- **FR-002**: System MUST sort albums by date, newest first,
  and by name where dates are equal.
- **FR-003**: System MUST keep albums for [NEEDS CLARIFICATION: how long?].

### Key Entities

- **Album**: has a name.

## Success Criteria *(mandatory)*

### Measurable Outcomes

- **SC-001**: 95 % of people make an album in a minute.
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a text as the spec 001."""

    def read_text(text: str) -> Spec:
        path = tmp_path / "specs" / "001-albums" / "spec.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return read_spec(path, tmp_path, "001")

    return read_text


def keys(spec: Spec) -> list[str]:
    return [requirement.key for requirement in spec.requirements]


def find(spec: Spec, key: str) -> Requirement:
    return next(requirement for requirement in spec.requirements if requirement.key == key)


def steps(scenario: Scenario) -> list[tuple[str, str]]:
    return [(step.keyword, step.text) for step in scenario.steps]


def test_spec_of_the_stock_template_is_read_with_all_lines(read: Read) -> None:
    spec = read(STOCK)
    assert spec.title == "Photo albums"
    assert [(item.key, item.location.line) for item in spec.requirements] == [
        ("001/US1/AC1", 15),
        ("001/US1/AC2", 16),
        ("001/US2/AC1", 24),
        ("001/EC1", 28),
        ("001/EC2", 29),
        ("001/FR-001", 35),
        ("001/FR-002", 36),
        ("001/FR-003", 38),
        ("001/SC-001", 48),
    ]
    assert spec.text == STOCK


def test_stories_have_their_number_title_priority_and_line(read: Read) -> None:
    story = read(STOCK).stories[1]
    assert (story.key, story.title, story.priority, story.line) == ("001/US2", "Sort albums", "P2", 20)


def test_statement_over_several_lines_is_one_requirement(read: Read) -> None:
    requirement = find(read(STOCK), "001/FR-002")
    assert requirement.text.endswith("newest first, and by name where dates are equal.")
    assert requirement.last_line == 37


def test_open_questions_are_marked(read: Read) -> None:
    spec = read(STOCK)
    assert [item.key for item in spec.requirements if item.question] == ["001/EC1", "001/FR-003"]


def test_scenario_has_steps_without_markdown_and_its_requirements(read: Read) -> None:
    first, second, _ = read(STOCK).scenarios
    assert steps(first) == [
        ("Given", "no album"),
        ("When", 'the person makes "Summer"'),
        ("Then", "it is listed"),
    ]
    assert first.requirements == ("001/FR-001",)
    assert steps(second)[-1] == ("But", "nothing is lost")


@pytest.mark.parametrize(
    "heading",
    [
        "### User Story 4 - Share (Priority: P1)",
        "### User Story 4: Share (P1)",
        "### US-4: Share (Priority: P1)",
        "### US4 – Share (P1)",
        "### Story 4. Share (P1)",
        "### Historia de usuario 4 - Share (Prioridad: P1)",
    ],
)
def test_story_heading_in_any_common_style_is_read(read: Read, heading: str) -> None:
    spec = read(f"{heading}\n\n1. **Given** a, **When** b, **Then** c\n")
    assert keys(spec) == ["001/US4/AC1"]
    assert (spec.stories[0].title, spec.stories[0].priority) == ("Share", "P1")


@pytest.mark.parametrize(
    "text",
    [
        "1. **Given** a, **When** b, **Then** c\n2. **Given** d, **When** e, **Then** f\n",
        "**Given** a,\n**When** b,\n**Then** c.\n\n**Given** d,\n**When** e,\n**Then** f.\n",
        "**Given** a\n\n**When** b\n\n**Then** c\n\n**Given** d\n\n**When** e\n\n**Then** f\n",
        "- **Given** a\n- **When** b\n- **Then** c\n\n- **Given** d\n- **When** e\n- **Then** f\n",
        (
            "1. First\n   - **Given**: a\n   - **When**: b\n   - **Then**: c\n"
            "2. Second\n   - **Given** d\n   - **When** e\n   - **Then** f\n"
        ),
        "1. Given a, When b, Then c\n2. Given d, When e, Then f\n",
        "1. **Given** a, **When** b,\n   **Then** c\n1. **GIVEN** d; **WHEN** e; **THEN** f\n",
        (
            "#### Scenario 1: one\n\n**Given** a **When** b **Then** c\n\n"
            "#### Scenario 2: two\n\n**Given** d **When** e **Then** f\n"
        ),
    ],
)
def test_two_scenarios_in_any_common_style_are_read_alike(read: Read, text: str) -> None:
    spec = read(f"### User Story 1 - Any (Priority: P1)\n\n{text}")
    assert [steps(scenario) for scenario in spec.scenarios] == [
        [("Given", "a"), ("When", "b"), ("Then", "c")],
        [("Given", "d"), ("When", "e"), ("Then", "f")],
    ]
    assert keys(spec) == ["001/US1/AC1", "001/US1/AC2"]


def test_scenarios_without_given_are_separate(read: Read) -> None:
    spec = read("### US1: Any\n\n1. **When** a, **Then** b\n2. **When** c, **Then** d\n")
    assert [steps(scenario) for scenario in spec.scenarios] == [
        [("When", "a"), ("Then", "b")],
        [("When", "c"), ("Then", "d")],
    ]


@pytest.mark.parametrize(
    ("text", "key", "statement"),
    [
        ("- **FR-001**: System MUST a.", "001/FR-001", "System MUST a."),
        ("- **FR-001:** System MUST a.", "001/FR-001", "System MUST a."),
        ("- FR-001: System MUST a.", "001/FR-001", "System MUST a."),
        ("- FR-001 System MUST a.", "001/FR-001", "System MUST a."),
        ("- FR-001 - System MUST a.", "001/FR-001", "System MUST a."),
        ("- [ ] **FR-001** System MUST a.", "001/FR-001", "System MUST a."),
        ("1. **FR-001**: System MUST a.", "001/FR-001", "System MUST a."),
        ("FR-001: System MUST a.", "001/FR-001", "System MUST a."),
        ("**FR-001** System MUST a.", "001/FR-001", "System MUST a."),
        ("#### FR-001: System MUST a.", "001/FR-001", "System MUST a."),
        ("> - **FR-001**: System MUST a.", "001/FR-001", "System MUST a."),
        ("- **FR-001**：系统必须 a。", "001/FR-001", "系统必须 a。"),
        ("- **FR-001**: `/health` MUST a.", "001/FR-001", "/health MUST a."),
        ("- **FR-GATE-90**: System MUST a.", "001/FR-GATE-90", "System MUST a."),
        ("- **SC-004a**: 90 % a.", "001/SC-004a", "90 % a."),
        ("- **NFR-002**: System MUST a.", "001/NFR-002", "System MUST a."),
        ("- **AC-003**: a is seen.", "001/AC-003", "a is seen."),
        ("- **EC-003**: a is seen.", "001/EC-003", "a is seen."),
        ("| ID | Text |\n|---|---|\n| FR-001 | System MUST a. |", "001/FR-001", "System MUST a."),
        ("| ID | Text |\n|---|---|\n| **FR-001** | System MUST a. |", "001/FR-001", "System MUST a."),
    ],
)
def test_id_in_any_common_style_defines_a_requirement(
    read: Read, text: str, key: str, statement: str
) -> None:
    spec = read(f"## Requirements\n\n{text}\n")
    assert [(item.key, item.text) for item in spec.requirements] == [(key, statement)]


@pytest.mark.parametrize(
    "text",
    [
        "- FR-001, FR-002: covered by story 1",
        "- FR-001 → US1",
        "- FR-001 and FR-002 go together",
        "FR-001 is the first of them.",
        "See **FR-001** for more.",
        "- ~~**FR-001**: withdrawn~~",
        "```\n- **FR-001**: in a code block\n```",
        "<!-- - **FR-001**: in a comment -->",
    ],
)
def test_mention_of_an_id_defines_nothing(read: Read, text: str) -> None:
    assert keys(read(f"## Notes\n\n{text}\n")) == []


def test_later_list_of_ids_does_not_define_them_again(read: Read) -> None:
    spec = read("- **FR-001**: System MUST a.\n\n## Map\n\n| FR | Story |\n|---|---|\n| FR-001 | US1 |\n")
    assert [(item.key, item.text) for item in spec.requirements] == [("001/FR-001", "System MUST a.")]


def test_requirements_under_numbered_topics_are_found(read: Read) -> None:
    spec = read(
        "1. Sign in\n   - **FR-001**: a\n     - detail\n   - **FR-002**: b\n2. Sign out\n   - **FR-003**: c\n"
    )
    assert [(item.key, item.location.line, item.last_line) for item in spec.requirements] == [
        ("001/FR-001", 2, 3),
        ("001/FR-002", 4, 4),
        ("001/FR-003", 6, 6),
    ]


OUTLINE = """\
### User Story 1 - Any (Priority: P1)

1. **Given** a `<kind>` file, **When** it is opened, **Then** the answer is <status>. [FR-001]

   | kind      | status | note  | proves         |
   |-----------|--------|-------|----------------|
   | empty     | 400    | first | FR-002         |
   | a \\| b   | 200    |       | [FR-003, SC-1] |

2. **Given** a, **When** b, **Then** c
"""


def test_table_under_a_scenario_gives_examples_with_requirements_per_row(read: Read) -> None:
    spec = read(OUTLINE)
    examples = spec.scenarios[0].examples
    assert examples is not None
    assert examples.header == ("kind", "status", "note")
    assert [(row.cells, row.requirements, row.line) for row in examples.rows] == [
        (("empty", "400", "first"), ("001/FR-002",), 7),
        (("a | b", "200", ""), ("001/FR-003", "001/SC-1"), 8),
    ]
    assert steps(spec.scenarios[0])[0] == ("Given", "a <kind> file")
    assert find(spec, "001/US1/AC1").last_line == 8
    assert keys(spec) == ["001/US1/AC1", "001/US1/AC2"]


def test_table_without_indentation_belongs_to_the_scenario_above(read: Read) -> None:
    spec = read(
        "### US1: Any\n\n1. **When** <x> comes, **Then** it goes\n\n| x |\n|---|\n| 1 |\n\n"
        "2. **When** a, **Then** b\n"
    )
    assert [scenario.examples is not None for scenario in spec.scenarios] == [True, False]
    assert keys(spec) == ["001/US1/AC1", "001/US1/AC2"]


def test_table_elsewhere_in_the_story_is_ignored(read: Read) -> None:
    spec = read("### US1: Any\n\n1. **When** a, **Then** b\n\n| size | note |\n|---|---|\n| 1 | x |\n")
    assert spec.scenarios[0].examples is None


def test_edge_case_with_steps_is_a_scenario(read: Read) -> None:
    spec = read(
        "### Edge Cases\n\n- **Big**: it is refused. **Given** a, **When** b, **Then** c. [FR-001]\n"
        "- What about small?\n\n  **When** it is small, **Then** it fits.\n- And none?\n- Plain.\n"
    )
    assert keys(spec) == ["001/EC1", "001/EC2", "001/EC3", "001/EC4"]
    assert [scenario.key for scenario in spec.scenarios] == ["001/EC1", "001/EC2"]
    assert [item.question for item in spec.requirements] == [False, False, True, False]
    assert all(item.kind is RequirementKind.EDGE_CASE for item in spec.requirements)


def test_scenario_keeps_its_own_id(read: Read) -> None:
    spec = read("### US1: Any\n\n- **AC-007**: **Given** a, **When** b, **Then** c\n")
    assert [scenario.key for scenario in spec.scenarios] == ["001/AC-007"]
    assert find(spec, "001/AC-007").story == "001/US1"


def test_scenarios_outside_stories_are_found(read: Read) -> None:
    spec = read("## Acceptance\n\n1. **Given** a, **When** b, **Then** c\n")
    assert keys(spec) == ["001/AC1"]


def test_bold_keywords_in_prose_are_not_a_scenario(read: Read) -> None:
    assert keys(read("## Notes\n\nDo it **when** you like, **and** often.\n")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "- **FR-001**: a\n- **FR-001**: b\n",
            "spec.md:2: 001/FR-001 is defined twice, first on line 1",
        ),
        (
            "### US1: a\n\n### US1: b\n",
            "spec.md:3: 001/US1 is the number of two stories; the other is on line 1",
        ),
        ("### US1: a\n\n1. **Given** a, **When** b\n", "spec.md:3: 001/US1/AC1 has no Then step"),
        (
            "### US1: a\n\n1. **Given** a, **When**, **Then** c\n",
            "spec.md:3: 001/US1/AC1 has an empty When",
        ),
        (
            "### US1: a\n\n1. **When** <x>, **Then** <y>\n\n   | x |\n   |---|\n   | 1 |\n",
            "spec.md:3: 001/US1/AC1 uses <y>, which is not a column of its table",
        ),
        (
            "### US1: a\n\n1. **When** a, **Then** b\n\n   | x |\n   |---|\n   | 1 |\n",
            "spec.md:5: 001/US1/AC1 has a table, but no step uses a column of it",
        ),
        (
            "### US1: a\n\n1. **When** <x>, **Then** b\n\n   | x |\n   |---|\n",
            "spec.md:3: 001/US1/AC1 has a table without rows",
        ),
        (
            "### US1: a\n\n1. **When** <x>, **Then** b\n\n   | x | x |\n   |---|---|\n   | 1 | 2 |\n",
            "spec.md:5: 001/US1/AC1 has two columns with the same name",
        ),
    ],
)
def test_ambiguous_spec_is_refused_with_its_line(read: Read, text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(text)
    assert str(caught.value).startswith(f"specs/001-albums/{message}")
    assert caught.value.remedy


def test_file_that_is_not_text_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "spec.md"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError, match=r"spec\.md: cannot be read"):
        read_spec(path, tmp_path, "001")


def test_windows_line_endings_and_byte_order_mark_make_no_difference(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "spec.md"
    path.write_bytes(b"\xef\xbb\xbf" + STOCK.replace("\n", "\r\n").encode())
    other = read_spec(path, tmp_path, "001")
    assert [(item.key, item.location.line) for item in other.requirements] == [
        (item.key, item.location.line) for item in read(STOCK).requirements
    ]


def test_namespaces_are_numbers_unless_they_clash(tmp_path: Path) -> None:
    paths = []
    for name in ("001-a", "002-a", "002-b", "plain"):
        path = tmp_path / name / "spec.md"
        path.parent.mkdir()
        path.write_text("# x\n", encoding="utf-8")
        paths.append(path)
    assert [spec.namespace for spec in read_specs(paths, tmp_path)] == ["001", "002-a", "002-b", "plain"]


@given(st.text(alphabet="#*-|<>`[]() \n123.FRSCGivenWhT:\t\\é", max_size=200))
def test_any_text_gives_a_spec_or_a_spec_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "spec.md"
    path.write_text(text, encoding="utf-8")
    try:
        spec = read_spec(path, path.parent, "001")
    except SpecError as error:
        assert error.where
    else:
        assert len(keys(spec)) == len(set(keys(spec)))
