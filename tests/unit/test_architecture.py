"""The tree of ARCHITECTURE.md against the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
LINE = re.compile(r"(?P<indent> *)(?P<path>\S+)  +\S.*|(?P<folder_indent> *)(?P<folder>\S+/)")
MOST_IN_FUZZ = 18


def read_tree(page: str) -> list[str]:
    """List the paths of the tree, in which each level is indented by two blanks."""
    found: list[str] = []
    folders: list[str] = []
    for line in page.split("```\n", 3)[2].splitlines():
        match = LINE.fullmatch(line)
        assert match, f"not a path and what it is for: {line}"
        level = len(match["indent"] or match["folder_indent"] or "") // 2
        name = match["path"] or match["folder"]
        found.append("/".join([*folders[:level], name.rstrip("/")]))
        folders[level:] = [name.rstrip("/")]
    return found


def list_first_level(package: Path) -> set[str]:
    """List the modules and packages right inside a package, the package's own module left out."""
    return {
        entry.stem
        for entry in package.iterdir()
        if (entry.suffix == ".py" and entry.stem != "__init__") or (entry / "__init__.py").exists()
    }


def test_every_path_of_the_tree_exists() -> None:
    paths = read_tree(PAGE)
    assert len(paths) > 60
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("package", ["backend/core", "specwitness/fuzz"])
def test_tree_names_every_module_and_package_of_the_first_level(package: str) -> None:
    named = {Path(path).stem for path in read_tree(PAGE) if str(Path(path).parent) == package}
    assert named == list_first_level(ROOT / package)


@pytest.mark.parametrize("folder", ["tests", "backend"])
def test_tree_names_every_folder(folder: str) -> None:
    named = {Path(path).name for path in read_tree(PAGE) if str(Path(path).parent) == folder}
    tracked = {path.parent.name for path in (ROOT / folder).glob("*/*.py")} | {
        path.parents[1].name for path in (ROOT / folder).glob("*/*/*.py")
    }
    assert tracked - {folder} <= named


def test_fuzzer_has_few_modules_and_packages_on_its_first_level() -> None:
    assert len(list_first_level(ROOT / "specwitness/fuzz")) <= MOST_IN_FUZZ


def test_fault_in_a_tree_is_seen() -> None:
    tree = "```sh\nx\n```\n\n```\na/\n  b.py    one\n  c/      two\n    d.py  three\ne/        four\n```\n"
    assert read_tree(tree) == ["a", "a/b.py", "a/c", "a/c/d.py", "e"]
