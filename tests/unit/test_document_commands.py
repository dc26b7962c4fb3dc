"""Every command of every page is run by a test or by CI, or its block is marked as an illustration."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.pages.commands import CHECKED, PLAYED, TESTED, find_block, read_blocks, read_commands, read_recipe
from tests.unit.test_documents import find_documents

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CI = frozenset(line.strip() for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines())
MODULE = re.compile(r"-m ([\w.]+)")


@cache
def list_played() -> frozenset[str]:
    """List the commands that are run as a page has them, wherever else they stand."""
    return frozenset(
        command
        for place in PLAYED
        for command in read_commands(
            find_block((ROOT / place.page).read_text(encoding="utf-8"), place.first).text
        )
    )


def find_untested(page: str) -> list[str]:
    """Find the commands of a page that nothing runs."""
    return [
        f"line {block.line}: {command}"
        for block in read_blocks(page)
        if block.is_shell and not block.is_illustration
        for command in read_commands(block.text)
        if command not in CI | CHECKED | TESTED.keys() | list_played()
    ]


@cache
def find_test(name: str) -> tuple[Path, str]:
    """Find the test of a name: its file, and its source with decorators."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if f"def {name}(" in text:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                    return path, "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    pytest.fail(f"there is no test {name}: correct its name in tests/pages/commands.py")


def list_modules(command: str) -> list[str]:
    """List the modules that a command runs, by itself or as a target of the Makefile."""
    words = command.split()
    if "make" not in words:
        return MODULE.findall(command)
    target = words[-1]
    return MODULE.findall(read_recipe(MAKEFILE, target)) or ["make"]


@pytest.mark.parametrize("document", find_documents(ROOT), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_is_run_or_its_block_is_an_illustration(document: Path) -> None:
    untested = find_untested(document.read_text(encoding="utf-8"))
    assert not untested, (
        f"{document.relative_to(ROOT)}: nothing runs these commands; name their test in tests/pages/commands.py, "
        f"or open the block with `sh illustration`: {untested}"
    )


@pytest.mark.parametrize("place", PLAYED, ids=lambda place: f"{place.page}: {place.first[:30]}")
def test_block_that_is_played_is_there_and_its_test_plays_it(place: tuple[str, str]) -> None:
    page, first = place
    assert find_block((ROOT / page).read_text(encoding="utf-8"), first).text
    assert "play(" in find_test(PLAYED[place])[1]  # type: ignore[index]  # a place is a tuple


@pytest.mark.parametrize("command", TESTED)
def test_command_that_is_tested_stands_in_a_page_and_in_its_test(command: str) -> None:
    pages = [path.read_text(encoding="utf-8") for path in find_documents(ROOT)]
    shown = {found for page in pages for block in read_blocks(page) for found in read_commands(block.text)}
    assert command in shown, f"no page has {command!r} any more: remove it from tests/pages/commands.py"
    file, _ = find_test(TESTED[command])
    text = file.read_text(encoding="utf-8")
    assert any(module in text for module in list_modules(command)), f"{file.name} does not run {command!r}"


def test_checks_of_ci_run_what_is_said_to_be_checked() -> None:
    recipe = read_recipe(MAKEFILE, "check").replace("$(bin)", ".venv/bin")
    assert "make check" in CI
    assert sorted(CHECKED - {line.strip() for line in recipe.splitlines()}) == []


def test_new_command_without_a_test_is_named() -> None:
    page = "```sh\nmake verify\nmake coffee   # hot\n```\n\n```sh illustration\nmake tea\n```\n\n```python\nmake()\n```\n"
    assert find_untested(page) == ["line 1: make coffee"]


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a --x \\\n    --y   # why\n\n# only why\n", ["a --x --y"]),
        ("A=1\nexport B='x y'\nexport C=\"$D\"\nunset E\n", []),
        ("TOKEN=$(make -s token)\nA=1 b\n", ["TOKEN=$(make -s token)", "A=1 b"]),
        ('TOKEN="$(make -s token)"\n', ['TOKEN="$(make -s token)"']),
    ],
)
def test_commands_of_a_script_are_read(script: str, commands: list[str]) -> None:
    assert list(read_commands(script)) == commands
