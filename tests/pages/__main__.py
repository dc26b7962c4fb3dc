"""`make docs`: writes every page, sample and picture that is made from something else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.pages.made import PAGES, ROOT
from tests.pages.pictures import take_pictures
from tests.pages.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Write what is out of date, and name it; with `--no-pictures`, take no pictures.

    Returns:
        0; 2 for an unknown argument.
    """
    if unknown := set(arguments) - {"--no-pictures"}:
        sys.stderr.write(f"docs: there is no {unknown.pop()!r}; there is --no-pictures\n")
        return 2
    for name, make in (*PAGES.items(), *SAMPLES.items()):
        page = ROOT / name
        before = page.read_text(encoding="utf-8")
        after = make(before)
        page.write_text(after, encoding="utf-8")
        sys.stdout.write(f"{name} {'is as it was' if after == before else 'written'}\n")
    if not arguments:
        sys.stdout.writelines(f"{line}\n" for line in take_pictures())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
