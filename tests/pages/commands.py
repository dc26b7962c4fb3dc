"""The commands of the pages, and the test that runs each of them.

A command stands in a block of `sh` in any Markdown file of the repository. A block that only illustrates is opened
with `sh illustration`. Every other command is in one of three lists here:

- `PLAYED`: blocks that a test reads from the page and runs as they stand;
- `TESTED`: commands that a test runs in its own way, in process or as a process;
- what CI runs: lines of .ci/run, such as `make check`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = frozenset({"sh", "bash", "shell", "console", "zsh"})
ILLUSTRATION = "illustration"
_COMMENT = re.compile(r"(?:^|\s)#.*")
_SETTINGS_ONLY = re.compile(
    r"(?:export )?(?:[A-Z_]+=(?:\"(?:[^\"`$]|\$(?!\())*\"|'[^']*'|[^\s$`]*) ?)+|unset [A-Z_]+"
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code.

    Attributes:
        info: The words behind the fence.
        text: What is in it.
        line: Its first line in the page, counted from 1.
        before: The last line before it that is not empty.
    """

    info: str
    text: str
    line: int
    before: str

    @property
    def is_shell(self) -> bool:
        """Tell whether it holds commands."""
        return self.info.partition(" ")[0] in SHELLS

    @property
    def is_illustration(self) -> bool:
        """Tell whether it is marked as one that is not meant to be run."""
        return ILLUSTRATION in self.info.split()[1:]


class Place(NamedTuple):
    """A block of a page, by the first of its commands."""

    page: str
    first: str


QUICKSTART = "specs/003-jwt-auth-middleware/quickstart.md"
INSTALL = "pip install PATH/TO/CLONE"
TOKENS = 'TOKEN_ALICE=$(specwitness token alice --base-url "$URL")'
PLAIN_RUN = (
    'st run openapi.yaml --url http://127.0.0.1:8000 -H "Authorization: Bearer $TOKEN_ALICE" --phases coverage,stateful'
    " --max-examples 20 --exclude-operation-id eraseAccount --exclude-checks positive_data_acceptance"
)

# The test that reads the block from the page and runs it.
PLAYED: dict[Place, str] = {
    Place("README.md", INSTALL): "test_package_is_installed_from_a_clone",
    Place(
        "backend/README.md", "TOKEN=$(make -s token USER=alice)"
    ): "test_service_is_called_as_its_page_says",
    Place("docs/contract.md", "specwitness contract"): "test_contract_is_checked_as_its_page_says",
    Place("docs/contract.md", "git fetch origin main"): "test_contract_is_checked_as_its_page_says",
    Place(
        "docs/fuzzing.md", "specwitness fuzz --base-url http://127.0.0.1:8000"
    ): "test_running_service_is_attacked_as_the_page_says",
    Place("docs/fuzzing.md", "specwitness fuzz"): "test_target_is_attacked_as_the_page_says",
    Place("docs/fuzzing.md", TOKENS): "test_running_service_is_attacked_as_the_page_says",
    Place("docs/fuzzing.md", PLAIN_RUN): "test_plain_schemathesis_run_is_green_and_erases_nobody",
    Place(
        "docs/fuzz-checks.md", "specwitness fuzz --check isolation"
    ): "test_target_is_attacked_as_the_page_says",
    Place("specwitness/README.md", "specwitness derive"): "test_first_spec_is_proven_as_the_page_says",
    Place(QUICKSTART, "TOKEN=$(make -s token USER=ann)"): "test_quickstart_names_the_status_of_every_call",
}

# The test that runs the command in its own way.
TESTED: dict[str, str] = {
    "make": "test_make_alone_lists_the_targets",
    "make run": "test_make_run_accepts_a_token_and_stops_with_its_postgresql",
    "PORT=8001 LOG_LEVEL=debug make run": "test_make_run_accepts_a_token_and_stops_with_its_postgresql",
    "make dev": "test_make_dev_serves_both_on_one_database_and_leaves_no_process",
    "TOKEN_MODE=jwks make dev": "test_jwks_mode_sets_both_sides_and_gives_the_service_no_secret",
    "make isolation": "test_command_runs_the_matrix_and_prints_the_expected_outcomes",
    "make falsify": "test_removed_check_turns_a_test_red",
    ".venv/bin/python -m tests.falsifiers 8192 bytes": "test_removed_check_turns_a_test_red",
    ".venv/bin/python -m tests.proving_ground teams teams-admin-list-open": "test_build_is_served_with_its_bug",
    ".venv/bin/python -m benchmarks detection": "test_detection_is_measured_and_written_into_its_page",
    ".venv/bin/python -m benchmarks tokens": "test_tokens_are_measured_and_written_into_their_page",
    ".venv/bin/python -m benchmarks authentication": "test_authentication_is_measured",
    ".venv/bin/python -m benchmarks existence": "test_existence_is_measured",
    ".venv/bin/python -m pytest -k test_expired_token_is_refused_from_the_end_of_the_leeway tests/unit/backend/core": (
        "test_expired_token_is_refused_from_the_end_of_the_leeway"
    ),
    "python -m backend.migrations": "test_command_migrates",
    "python -m backend.migrations all": "test_command_runs_contracting_migrations_only_on_request",
    "python -m backend.retention": "test_audit_entries_older_than_a_year_are_deleted",
    "python -m backend.retention audit": "test_audit_is_printed_with_pseudonyms",
    "python -m backend.retention erasures erasures.jsonl": "test_erasures_can_be_reapplied_after_a_restore",
    "python -m backend.retention reapply erasures.jsonl": "test_erasures_can_be_reapplied_after_a_restore",
}

# Commands that targets run which CI runs: target to commands.
WITHIN = {
    "check": frozenset({".venv/bin/lint-imports"}),
    "test-all": frozenset({"make test", "make test-slow"}),
}


def read_blocks(page: str) -> list[Block]:
    """Read the blocks of code of a page."""
    lines = page.splitlines()
    blocks = []
    for token in MarkdownIt("commonmark").parse(page):
        if token.type == "fence" and token.map:
            before = next((line.strip() for line in reversed(lines[: token.map[0]]) if line.strip()), "")
            blocks.append(Block(token.info.strip(), token.content, token.map[0] + 1, before))
    return blocks


def read_commands(script: str) -> Iterator[str]:
    """Read the commands of a script: one for each line, without comments, and without settings alone."""
    for line in script.replace("\\\n", " ").splitlines():
        command = " ".join(_COMMENT.sub("", line).split())
        if command and not _SETTINGS_ONLY.fullmatch(command):
            yield command


def find_block(page: str, first: str) -> Block:
    """Find the block of commands that begins with a command.

    Raises:
        LookupError: The page has no such block.
    """
    for block in read_blocks(page):
        if block.is_shell and next(read_commands(block.text), "") == first:
            return block
    raise LookupError(f"no block of sh begins with {first!r}")


def read_recipe(makefile: str, target: str) -> str:
    """Read the commands of a target of the Makefile; empty for a target that it does not have."""
    match = re.search(rf"^{re.escape(target)}:[^=\n]*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    return match[1] if match else ""
