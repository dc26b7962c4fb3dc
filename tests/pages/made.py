"""What each generated page has to be now: made from code and other pages, without a run of anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from specwitness.config import read_config
from specwitness.contract import RULES
from specwitness.fuzz.checks.registry import table
from tests.falsifiers.__main__ import refresh_page
from tests.isolation.matrix import MATRIX, OPERATIONS
from tests.isolation.show import format_markdown
from tests.pages.blocks import put_between, read_between
from tests.proving_ground.page import make_page

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
README = "README.md"
CHECKS = "docs/checks.md"
CONTRACT = "docs/contract.md"
DETECTION = "docs/detection.md"
FUZZ_CHECKS = "docs/fuzz-checks.md"
ISOLATION = "docs/isolation.md"
PERFORMANCE = "docs/performance.md"
PROVING_GROUND = "docs/proving-ground.md"
QUICKSTART = "specs/003-jwt-auth-middleware/quickstart.md"

COMPARISON = """\
| what can go wrong | what people use today | here |
|---|---|---|
| a test that cannot fail: a scenario that nothing runs, an `async def` step, a Then step without an assertion | pytest-bdd: green | the run breaks, with file and line |
| a requirement that no test covers | found in review, or never | `silent`, and the run breaks |
| {bugs} planted bugs in authentication and ownership | Schemathesis with the tokens of two users finds {stock} | finds {ours} |
| an operation that loses its protection | `security: []` passes as any other edit | a finding of its own, with the line |
| time to verify a new HS256 / EdDSA token | PyJWT: {peer_hs256} / {peer_eddsa} µs | {own_hs256} / {own_eddsa} µs |
"""


def make_readme(text: str) -> str:
    """Put the figures of the other pages into the comparison of the first page."""
    return put_between(text, "comparison", COMPARISON.format(**_read_figures()))


def _read_figures() -> dict[str, str]:
    found = _read_row(DETECTION, "detection", "**found**")
    own, peer = (_read_row(PERFORMANCE, "tokens", name) for name in ("this verifier", "PyJWT"))
    bugs = re.search(r"^(\d+) planted bugs", _read_block(DETECTION, "detection"), re.MULTILINE)
    assert bugs, f"{DETECTION} does not say how many bugs are planted"
    return {
        "bugs": bugs[1],
        "stock": _first_word(found[1]),
        "ours": _first_word(found[3]),
        "own_hs256": _first_word(own[0]),
        "own_eddsa": _first_word(own[3]),
        "peer_hs256": _first_word(peer[0]),
        "peer_eddsa": _first_word(peer[3]),
    }


def _first_word(cell: str) -> str:
    return cell.partition(" ")[0]


def _read_block(page: str, name: str) -> str:
    return read_between((ROOT / page).read_text(encoding="utf-8"), name)


def _read_row(page: str, block: str, name: str) -> list[str]:
    """Give the cells of the row of a table that begins with a name, without that name."""
    for line in _read_block(page, block).splitlines():
        first, *cells = (cell.strip() for cell in line.strip("| ").split("|"))
        if first == name:
            return cells
    raise ValueError(f"{page} has no row {name}")


def make_isolation(text: str) -> str:
    """Put the expected isolation matrix into its page."""
    table = format_markdown({name: MATRIX[name].cells for name in OPERATIONS})
    return put_between(text, "isolation", table)


def make_contract(text: str) -> str:
    """Put the rules of the contract check into their page."""
    rows = [f"| `{rule.code}` | {rule.kind} | {rule.level} | {rule.reports} |\n" for rule in RULES.values()]
    table = "".join(["| rule | kind | level | what is reported |\n|---|---|---|---|\n", *rows])
    return put_between(text, "rules", table)


def make_fuzz_checks(text: str) -> str:
    """Put the checks of the fuzz run into their page."""
    return put_between(text, "checks", f"{table()}\n")


def make_quickstart(text: str) -> str:
    """List the requirements that are waived now."""
    rows = [
        f"| {waiver.requirement} | {waiver.reason} | {waiver.until} |\n"
        for waiver in read_config(ROOT).waivers
    ]
    table = "".join(["| requirement | reason | until |\n|---|---|---|\n", *rows])
    return put_between(text, "waived", table)


PAGES: dict[str, Callable[[str], str]] = {
    README: make_readme,
    CHECKS: refresh_page,
    CONTRACT: make_contract,
    FUZZ_CHECKS: make_fuzz_checks,
    ISOLATION: make_isolation,
    PROVING_GROUND: lambda _text: make_page(),
    QUICKSTART: make_quickstart,
}
