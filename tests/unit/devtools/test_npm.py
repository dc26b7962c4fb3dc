"""Node, npm and the packages of the front end, with fake programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devtools.errors import FrontEndError
from devtools.npm import Programs, ask_version, find_npm, install_packages, is_installed, run_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

THERE = {"node": "/bin/node", "npm": "/bin/npm"}


def machine(programs: dict[str, str], node: str = "v20.19.0", code: int = 0) -> Programs:
    def run(_: Sequence[str], __: Path, ___: Mapping[str, str], ____: object) -> int:
        return code

    return Programs(programs.get, lambda program: node if program == "/bin/node" else "11.1.0", run)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "package.json").write_text(json.dumps({"engines": {"node": ">=20.19.0"}}))
    return tmp_path


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.1.0", "v100.0.0"])
def test_node_of_the_required_version_or_later_is_accepted(folder: Path, version: str) -> None:
    npm, line = find_npm(folder, machine(THERE, version))
    assert (npm, line) == ("/bin/npm", f"Node: {version[1:]}, npm 11.1.0")


@pytest.mark.parametrize("version", ["v20.18.9", "v18.20.0", "v9.99.99", "", "node", "v20"])
def test_older_node_and_one_without_a_version_are_refused(folder: Path, version: str) -> None:
    with pytest.raises(FrontEndError, match=r"is too old, the front end needs 20\.19\.0 or later"):
        find_npm(folder, machine(THERE, version))


@pytest.mark.parametrize(
    ("programs", "words"), [({}, "Node is missing"), ({"node": "/bin/node"}, "npm is missing")]
)
def test_missing_program_is_named_with_the_remedy(folder: Path, programs: dict[str, str], words: str) -> None:
    with pytest.raises(FrontEndError, match=rf"{words}.*do without the front end: make run"):
        find_npm(folder, machine(programs))


def test_missing_front_end_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrontEndError, match=r"package\.json is missing or no JSON"):
        find_npm(tmp_path, machine(THERE))


def test_missing_program_has_no_version(tmp_path: Path) -> None:
    assert ask_version(str(tmp_path / "absent")) == ""


LOCK: dict[str, Any] = {
    "": {"name": "frontend"},
    "node_modules/next": {"version": "16.0.0"},
    "node_modules/other-system": {"version": "1.0.0", "optional": True},
}


@pytest.mark.parametrize(
    ("there", "is_so"),
    [
        ({"node_modules/next": {"version": "16.0.0"}}, True),
        ({"node_modules/next": {"version": "15.9.9"}}, False),
        ({"node_modules/other-system": {"version": "1.0.0"}}, False),
        ({}, False),
        (None, False),
    ],
)
def test_packages_count_as_installed_if_all_have_the_locked_version(
    folder: Path, there: dict[str, Any] | None, *, is_so: bool
) -> None:
    (folder / "package-lock.json").write_text(json.dumps({"packages": LOCK}))
    if there is not None:
        (folder / "node_modules").mkdir()
        (folder / "node_modules/.package-lock.json").write_text(json.dumps({"packages": there}))
    assert is_installed(folder) == is_so


def test_incomplete_package_list_counts_as_not_installed(folder: Path) -> None:
    (folder / "package-lock.json").write_text(json.dumps({"packages": LOCK}))
    (folder / "node_modules").mkdir()
    (folder / "node_modules/.package-lock.json").write_text('{"packages": {')
    assert not is_installed(folder)


def test_failure_of_npm_gives_a_message_with_the_remedy(folder: Path) -> None:
    with pytest.raises(
        FrontEndError,
        match="npm ci failed with exit code 1, see its messages above: it needs a package registry",
    ):
        install_packages(folder, "npm", {}, machine(THERE, code=1))
    with pytest.raises(FrontEndError, match=r"npm run build failed with exit code 2 in .*: see"):
        run_script(folder, ["npm", "run", "build"], {}, programs=machine(THERE, code=2))
    install_packages(folder, "npm", {}, machine(THERE))
