"""The lock files match pyproject.toml; needs no package index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = {"requirements.lock": "dev", "backend/requirements.txt": "backend"}
ENTRY = re.compile(r"^(?P<requirement>[A-Za-z0-9][^\\\n]*?) *\\\n(?P<rest>(?: +[^\n]*\n)*)", re.MULTILINE)

Entries = dict[str, list[tuple[Requirement, str]]]


def read_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def expand_group(groups: dict[str, list[Any]], name: str) -> list[Requirement]:
    found: list[Requirement] = []
    for item in groups[name]:
        found += [Requirement(item)] if isinstance(item, str) else expand_group(groups, item["include-group"])
    return found


def read_direct(project: dict[str, Any], group: str) -> list[Requirement]:
    own = [Requirement(item) for item in project["project"]["dependencies"]] if group == "dev" else []
    return own + expand_group(project["dependency-groups"], group)


def read_entries(text: str) -> Entries:
    entries: Entries = {}
    for match in ENTRY.finditer(text):
        requirement = Requirement(match["requirement"])
        entries.setdefault(canonicalize_name(requirement.name), []).append((requirement, match["rest"]))
    return entries


def find_drift(direct: list[Requirement], entries: Entries) -> list[str]:
    """List the differences between the required packages and a lock file."""
    drift = []
    for wanted in direct:
        pins = [entry for entry, _ in entries.get(canonicalize_name(wanted.name), [])]
        versions = [specifier.version for pin in pins for specifier in pin.specifier]
        if not versions:
            drift.append(f"{wanted} is not locked")
        drift += [
            f"{wanted} is locked at {version}"
            for version in versions
            if not wanted.specifier.contains(version, prereleases=True)
        ]
    asked = {canonicalize_name(wanted.name) for wanted in direct}
    annotated = {name for name, pins in entries.items() if any("(pyproject.toml" in rest for _, rest in pins)}
    return drift + [f"{name} is locked and no longer required" for name in sorted(annotated - asked)]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_matches_the_requirements_of_the_project(lock: str) -> None:
    entries = read_entries((ROOT / lock).read_text())
    drift = find_drift(read_direct(read_project(), LOCKS[lock]), entries)
    assert not drift, f"{lock} differs from pyproject.toml: {'; '.join(drift)}. Run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_is_exact_and_hashed(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = read_entries(text)
    pins = [pin for pins_of_package in entries.values() for pin in pins_of_package]
    loose = [str(pin) for pin, rest in pins if "==" not in str(pin.specifier) or "--hash=sha256:" not in rest]
    assert len(pins) == len(re.findall(r"^[^ #\n]", text, re.MULTILINE))
    assert not loose


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links", text)


def test_drift_is_reported() -> None:
    entries = read_entries(
        "a-one==1.0 \\\n    --hash=sha256:00\n    # via it (pyproject.toml)\n"
        "b==2 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n    # via it (pyproject.toml:dev)\n"
    )
    assert find_drift([Requirement("A_One>=1"), Requirement("b")], entries) == []
    assert find_drift([Requirement("a-one>=2"), Requirement("c")], entries) == [
        "a-one>=2 is locked at 1.0",
        "c is not locked",
        "b is locked and no longer required",
    ]
