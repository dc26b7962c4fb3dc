"""The list of targets that `make` prints."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_make_alone_lists_the_targets() -> None:
    command = ["make"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    targets = re.findall(
        r"^\.PHONY: ([\w-]+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {"verify", "test", "docs"} <= set(targets)
    assert re.findall(r"^  make ([\w-]+) +\S", done.stdout, re.MULTILINE) == targets
