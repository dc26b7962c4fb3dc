"""Deriving features byte for byte, and reading features back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specwitness.drift import derive_features, find_drift, write_features
from specwitness.errors import FeatureError
from specwitness.gherkin import read_feature, read_features
from specwitness.spec import read_spec

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
# Feature Specification: Albums

### User Story 1 - Make (Priority: P1)

1. **Given** a `<kind>` file, **When** it is opened, **Then** the answer is <status>. [FR-001]

   | kind   | status | proves |
   |--------|--------|--------|
   | empty  | 400    | FR-002 |
   | a \\| b | 200    | FR-003 |
   | c \\\\ d | 200    | FR-003 |

2. **Given** an album, **When** it is read, **Then** it is there, **And** it is whole.

### Edge Cases

- **Big**: **Given** a big one, **When** it is read, **Then** it is refused.
"""

FEATURE = """\
# Derived by specwitness from specs/001-albums/spec.md
# Change the spec, then run: specwitness derive
Feature: Albums

  Rule: US1 Make (P1)

    @001/US1/AC1 @001/FR-001
    Scenario Outline: US1/AC1 it is opened
      Given a <kind> file
      When it is opened
      Then the answer is <status>

      @001/FR-002
      Examples:
        | kind   | status |
        | empty  | 400    |

      @001/FR-003
      Examples:
        | kind   | status |
        | a \\| b | 200    |
        | c \\\\ d | 200    |

    @001/US1/AC2
    Scenario: US1/AC2 it is read
      Given an album
      When it is read
      Then it is there
      And it is whole

  Rule: Edge cases

    @001/EC1
    Scenario: EC1 it is read
      Given a big one
      When it is read
      Then it is refused
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one spec and no features yet."""
    (tmp_path / "specs" / "001-albums").mkdir(parents=True)
    (tmp_path / "features").mkdir()
    write_spec(tmp_path, SPEC)
    return tmp_path


def write_spec(root: Path, text: str) -> None:
    (root / "specs" / "001-albums" / "spec.md").write_text(text, encoding="utf-8")


def derive(root: Path) -> list[str]:
    return [path.name for path in write_features(_derived(root))]


def drift(root: Path) -> list[str]:
    return [str(finding) for finding in find_drift(_derived(root), root / "features", root)]


def _derived(root: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202  # a tuple of Derived
    spec = read_spec(root / "specs" / "001-albums" / "spec.md", root, "001")
    return derive_features([spec], root / "features")


def test_feature_is_derived_byte_for_byte(repository: Path) -> None:
    assert derive(repository) == ["001-albums.feature"]
    assert (repository / "features" / "001-albums.feature").read_bytes() == FEATURE.encode()


def test_deriving_again_writes_nothing(repository: Path) -> None:
    derive(repository)
    assert derive(repository) == []
    assert drift(repository) == []


def test_derived_feature_is_read_back_row_by_row(repository: Path) -> None:
    derive(repository)
    pickles = read_features(repository / "features", repository)
    assert [(str(pickle.location), pickle.requirements, pickle.example) for pickle in pickles] == [
        (
            "features/001-albums.feature:16",
            ("001/US1/AC1", "001/FR-001", "001/FR-002"),
            {"kind": "empty", "status": "400"},
        ),
        (
            "features/001-albums.feature:21",
            ("001/US1/AC1", "001/FR-001", "001/FR-003"),
            {"kind": "a | b", "status": "200"},
        ),
        (
            "features/001-albums.feature:22",
            ("001/US1/AC1", "001/FR-001", "001/FR-003"),
            {"kind": "c \\ d", "status": "200"},
        ),
        ("features/001-albums.feature:25", ("001/US1/AC2",), {}),
        ("features/001-albums.feature:34", ("001/EC1",), {}),
    ]


def test_reworded_scenario_is_reported_with_both_lines(repository: Path) -> None:
    derive(repository)
    write_spec(repository, SPEC.replace("it is whole", "it is complete"))
    assert drift(repository) == [
        (
            "specs/001-albums/spec.md:13: differs from features/001-albums.feature:29 [001/US1/AC2]"
            " → run `specwitness derive`, review the change and commit it"
        )
    ]


def test_changed_examples_row_is_reported_at_its_line(repository: Path) -> None:
    derive(repository)
    write_spec(repository, SPEC.replace("| empty  | 400 ", "| empty  | 401 "))
    (line,) = drift(repository)
    assert line.startswith(
        "specs/001-albums/spec.md:9: differs from features/001-albums.feature:16 [001/US1/AC1]"
    )


def test_removed_scenario_is_drift(repository: Path) -> None:
    derive(repository)
    write_spec(repository, SPEC.partition("2. **Given**")[0])
    assert any("differs from features/001-albums.feature:2" in line for line in drift(repository))


def test_edited_derived_feature_is_drift(repository: Path) -> None:
    derive(repository)
    path = repository / "features" / "001-albums.feature"
    path.write_text(FEATURE.replace("Then it is refused", "Then it is taken"), encoding="utf-8")
    (line,) = drift(repository)
    assert line.startswith(
        "specs/001-albums/spec.md:17: differs from features/001-albums.feature:37 [001/EC1]"
    )


@pytest.mark.parametrize("change", [lambda data: data.replace(b"\n", b"\r\n"), lambda data: data[:-1]])
def test_changed_line_endings_are_drift(repository: Path, change) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    derive(repository)
    path = repository / "features" / "001-albums.feature"
    path.write_bytes(change(path.read_bytes()))
    assert drift(repository)


def test_missing_feature_is_drift(repository: Path) -> None:
    (line,) = drift(repository)
    assert line.startswith("specs/001-albums/spec.md:1: features/001-albums.feature does not exist")


def test_derived_feature_without_a_spec_is_drift(repository: Path) -> None:
    derive(repository)
    (repository / "features" / "002-gone.feature").write_text(FEATURE, encoding="utf-8")
    (line,) = drift(repository)
    assert line.startswith(
        "features/002-gone.feature:1: this file was derived from a spec that no longer exists"
    )


def test_hand_written_feature_is_never_changed(repository: Path) -> None:
    by_hand = repository / "features" / "by_hand.feature"
    by_hand.write_text("Feature: Mine\n", encoding="utf-8")
    derive(repository)
    assert by_hand.read_text(encoding="utf-8") == "Feature: Mine\n"
    assert drift(repository) == []


def test_hand_written_feature_with_the_name_of_a_derived_one_is_refused(repository: Path) -> None:
    (repository / "features" / "001-albums.feature").write_text("Feature: Mine\n", encoding="utf-8")
    with pytest.raises(FeatureError, match="is hand-written, but its name belongs"):
        derive(repository)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Feature: a\n  Scenario: b\n    When c\n    nonsense\n", "is not Gherkin"),
        (
            "Feature: a\n  Scenario: b\n    When c\n  Scenario: b\n    When d\n",
            "f.feature:4: two scenarios are named",
        ),
    ],
)
def test_invalid_feature_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "f.feature"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FeatureError, match=message):
        read_feature(path, tmp_path)


def test_empty_feature_has_no_scenarios(tmp_path: Path) -> None:
    path = tmp_path / "f.feature"
    path.write_text("", encoding="utf-8")
    assert read_feature(path, tmp_path) == ()


@given(cell=st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20))
def test_any_cell_is_unchanged_after_derive_and_read(
    tmp_path_factory: pytest.TempPathFactory, cell: str
) -> None:
    root = tmp_path_factory.mktemp("cell")
    (root / "specs" / "001-albums").mkdir(parents=True)
    (root / "features").mkdir()
    quoted = "``" if "`" in cell else "`"
    source = cell.replace("|", "\\|")
    text = f"### US1: a\n\n1. **When** <x>, **Then** b\n\n   | x |\n   |---|\n   | {quoted} {source} {quoted} |\n"
    write_spec(root, text)
    spec = read_spec(root / "specs" / "001-albums" / "spec.md", root, "001")
    examples = spec.scenarios[0].examples
    assert examples is not None
    derive(root)
    (pickle,) = read_features(root / "features", root)
    assert pickle.example == {"x": examples.rows[0].cells[0]}
