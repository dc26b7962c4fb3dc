"""Names in the code: a loop variable says what it holds."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("backend", "benchmarks", "devtools", "specwitness", "tests")


def find_empty_names(source: str) -> list[int]:
    """List the lines on which a name is `each`, which says nothing of what it holds."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == "each"
    ]


def test_no_loop_variable_is_called_each() -> None:
    paths = [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
    ]
    assert paths
    assert {path.name: lines for path in paths if (lines := find_empty_names(path.read_text("utf-8")))} == {}


def test_loop_variable_called_each_is_found() -> None:
    assert find_empty_names("for each in ():\n    pass\n") == [1]
