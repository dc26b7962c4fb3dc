"""Writes the feature files of the specs, and reports those that are out of date."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from specwitness.errors import FeatureError
from specwitness.findings import DRIFT
from specwitness.gherkin import Line, derive_feature, is_derived
from specwitness.model import Finding, Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from specwitness.model import Spec

REMEDY = "run `specwitness derive`, review the change and commit it"


class Derived(NamedTuple):
    """A feature file with the lines that its spec gives it."""

    path: Path
    spec: Spec
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The text of the file."""
        return "".join(f"{line.text}\n" for line in self.lines)


def derive_features(specs: Sequence[Spec], folder: Path) -> tuple[Derived, ...]:
    """Derive the feature files of all specs: `specs/003-auth/spec.md` gives `003-auth.feature`.

    Raises:
        FeatureError: A hand-written file already has the name of a derived one.
    """
    derived = []
    for spec in specs:
        lines = tuple(derive_feature(spec))
        if not lines:
            continue
        path = folder / f"{PurePosixPath(spec.path).parent.name or spec.namespace}.feature"
        if path.exists() and not is_derived(path):
            raise FeatureError(
                f"is hand-written, but its name belongs to the feature derived from {spec.path}",
                where=path.name,
                remedy="give the hand-written file another name",
            )
        derived.append(Derived(path, spec, lines))
    return tuple(derived)


def find_drift(derived: Sequence[Derived], folder: Path, root: Path) -> tuple[Finding, ...]:
    """Compare the derived features with the files on disk.

    Returns:
        One finding for each place that differs, at the line of the spec, with the line of the feature
        in its message; and one for each derived file whose spec was removed.
    """
    findings = [finding for item in derived for finding in _compare(item, root)]
    expected = {item.path for item in derived}
    orphans = [
        path for path in sorted(folder.rglob("*.feature")) if is_derived(path) and path not in expected
    ]
    findings += [
        Finding(
            code=DRIFT,
            message="this file was derived from a spec that no longer exists",
            location=Location(file=path.relative_to(root).as_posix(), line=1),
            remedy="delete it, or fix [tool.specwitness] specs",
        )
        for path in orphans
    ]
    return tuple(findings)


def write_features(derived: Sequence[Derived]) -> tuple[Path, ...]:
    """Write the derived features whose bytes changed; return the paths that were written."""
    written = []
    for item in derived:
        data = item.text.encode()
        if item.path.exists() and item.path.read_bytes() == data:
            continue
        item.path.parent.mkdir(parents=True, exist_ok=True)
        item.path.write_bytes(data)
        written.append(item.path)
    return tuple(written)


def _compare(item: Derived, root: Path) -> Iterator[Finding]:
    file = item.path.relative_to(root).as_posix()
    if not item.path.exists():
        yield Finding(
            code=DRIFT,
            message=f"{file} does not exist",
            location=Location(file=item.spec.path, line=1),
            remedy=REMEDY,
        )
        return
    actual = item.path.read_bytes().decode("utf-8", errors="replace")
    if actual == item.text:
        return
    expected = [f"{line.text}\n" for line in item.lines]
    matcher = SequenceMatcher(None, expected, actual.splitlines(keepends=True), autojunk=False)
    for tag, start, end, other, _ in matcher.get_opcodes():
        if tag != "equal":
            line = _origin(item.lines, start, end)
            changed = [
                changed_line.key for changed_line in (*item.lines[start:end], line) if changed_line.key
            ]
            yield Finding(
                code=DRIFT,
                message=f"differs from {file}:{other + 1}",
                location=Location(file=item.spec.path, line=line.spec_line),
                requirements=tuple(dict.fromkeys(changed)),
                remedy=REMEDY,
            )


def _origin(lines: Sequence[Line], start: int, end: int) -> Line:
    """Return the first changed line that belongs to a requirement, or the line before a removal.

    A change in the title of a story does not belong to a requirement, nor to the scenario before it.
    """
    changed = lines[start:end]
    keyed = [line for line in changed or lines[: start + 1] if line.key]
    if changed:
        return (keyed or changed[-1:])[0]
    return (keyed[-1:] or lines)[0]
