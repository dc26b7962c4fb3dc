"""The Markdown of the repository: links that lead somewhere, short decisions, gates that are held."""

from __future__ import annotations

import os
import re
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
CONSTITUTION = ROOT / ".specify/memory/constitution.md"
PLAN = ROOT / "specs/003-jwt-auth-middleware/plan.md"
TASKS = PLAN.with_name("tasks.md")
GATES = 8
DECISION_LINES = 40
GATE = re.compile(r"(?:[IVX]+)\. (?P<name>.+)")
CHECKED_TASK = re.compile(r"^- \[[Xx]\] (?P<id>T\d+) (?P<text>.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
TOPS = (
    "backend/",
    "benchmarks/",
    "contracts/",
    "devtools/",
    "docs/",
    "frontend/",
    "specs/",
    "specwitness/",
    "tests/",
)
PLAIN_PATH = re.compile(r"[\w./-]+(?<!NNNN-title\.md)")
# It shows how to begin a repository, whose files it names.
OF_ANOTHER_REPOSITORY = ROOT / "specwitness/README.md"
CHECKED_GATE = re.compile(r"^- \[[Xx]\] (?P<name>[^:]+):", re.MULTILINE)
HTML_TARGET = re.compile(r"""\b(?:src|srcset|href)=["']([^"'\s]+)""")


class Link(NamedTuple):
    target: str
    line: int


class Gate(NamedTuple):
    name: str
    text: str
    links: tuple[Link, ...]


def read_ignored(root: Path) -> tuple[str, ...]:
    """What a fresh clone does not have."""
    ignored = (root / ".gitignore").read_text(encoding="utf-8").split()
    return (".git", *(pattern.rstrip("/") for pattern in ignored))


def is_ignored(parts: tuple[str, ...], ignored: tuple[str, ...]) -> bool:
    return any(fnmatch(part, pattern) for part in parts for pattern in ignored)


def find_documents(root: Path) -> list[Path]:
    ignored = read_ignored(root)
    found = []
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if not is_ignored((name,), ignored)]
        found += [Path(folder, name) for name in files if name.endswith(".md")]
    return sorted(found)


def parse(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def find_links(tokens: list[Token]) -> Iterator[Link]:
    for block in tokens:
        line = block.map[0] + 1 if block.map else 0
        for token in (block, *(block.children or ())):
            if token.type in {"link_open", "image"}:
                yield Link(str(token.attrGet("href") or token.attrGet("src") or ""), line)
            elif token.type in {"html_block", "html_inline"}:
                yield from (Link(target, line) for target in HTML_TARGET.findall(token.content))


def read_headings(tokens: list[Token]) -> list[tuple[str, str, int]]:
    """Tag, plain text and index of each heading."""
    return [
        (token.tag, "".join(child.content for child in tokens[index + 1].children or ()), index)
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def read_anchors(path: Path) -> set[str]:
    """The anchors that code hosts give to headings; a repeated one is numbered."""
    seen: Counter[str] = Counter()
    anchors = set()
    for _, text, _ in read_headings(parse(path)):
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return anchors


def find_fault(target: str, document: Path, root: Path) -> str | None:
    """Say why a link leads nowhere in a fresh clone; None when it leads somewhere."""
    parts = urlsplit(target)
    if parts.scheme in {"http", "https", "mailto"}:
        return None
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return "is not relative"
    path = Path(os.path.normpath(document.parent / unquote(parts.path))) if parts.path else document
    return find_path_fault(path, root) or find_anchor_fault(unquote(parts.fragment), path)


def find_path_fault(path: Path, root: Path) -> str | None:
    if not path.is_relative_to(root):
        return "leads out of the repository"
    if is_ignored(path.relative_to(root).parts, read_ignored(root)):
        return "is built, and no part of a clone"
    return None if is_in_a_clone(path, root) else "is not there"


def is_path(code: str) -> bool:
    return " " not in code and not code.startswith("/") and ("/" in code or (ROOT / code).exists())


def is_in_a_clone(path: Path, root: Path) -> bool:
    """Tell whether a path is a file, or a folder that holds one: git keeps no empty folders."""
    if not path.is_dir():
        return path.exists()
    ignored = read_ignored(root)
    return any(
        entry.is_file() and not is_ignored(entry.relative_to(root).parts, ignored)
        for entry in path.rglob("*")
    )


def find_anchor_fault(anchor: str, path: Path) -> str | None:
    if not anchor or (path.suffix == ".md" and anchor in read_anchors(path)):
        return None
    return "names a heading that is not there"


def find_broken_links(document: Path, root: Path) -> list[str]:
    place = document.relative_to(root).as_posix()
    return [
        f"{place}:{link.line}: {link.target} {fault}"
        for link in find_links(parse(document))
        if (fault := find_fault(link.target, document, root))
    ]


def read_gates(path: Path) -> list[Gate]:
    tokens = parse(path)
    headings = read_headings(tokens)
    ends = [index for _, _, index in headings[1:]] + [len(tokens)]
    gates = []
    for (tag, text, start), end in zip(headings, ends, strict=True):
        if tag == "h3" and (match := GATE.fullmatch(text)):
            section = tokens[start + 3 : end]
            words = " ".join(token.content for token in section if token.type == "inline")
            gates.append(Gate(match["name"], words, tuple(find_links(section))))
    return gates


def find_missing_paths(document: Path) -> list[str]:
    """Find the paths of the repository that a page names in code, and that are not there."""
    codes = CODE.findall(document.read_text(encoding="utf-8"))
    named = {code for code in codes if code.startswith(TOPS) and PLAIN_PATH.fullmatch(code)}
    return sorted(path for path in named if not is_in_a_clone(ROOT / path, ROOT))


@pytest.mark.parametrize(
    "document",
    [path for path in find_documents(ROOT) if path != OF_ANOTHER_REPOSITORY],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_every_path_in_code_is_there(document: Path) -> None:
    assert find_missing_paths(document) == []


def test_every_test_that_a_page_names_is_there() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    # docs/checks.md names tests of scenarios too, and has a test of its own.
    pages = [path for path in find_documents(ROOT) if path.name != "checks.md"]
    named = {name for path in pages for name in re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8"))}
    assert len(named) > 30
    assert sorted(name for name in named if f"def {name}(" not in tests) == []


def test_path_in_code_that_is_not_there_is_named(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("`backend/main.py`, `backend/absent.py` and `docs/* (all)`\n", encoding="utf-8")
    assert find_missing_paths(page) == ["backend/absent.py"]


@pytest.mark.parametrize("document", find_documents(ROOT), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = find_broken_links(document, ROOT)
    assert not broken, "\n".join(broken)


def test_decisions_are_short_and_numbered_without_gap() -> None:
    decisions = sorted((ROOT / "docs/decisions").iterdir())
    long = [path.name for path in decisions if len(path.read_text().splitlines()) > DECISION_LINES]
    assert not long, f"a decision has at most {DECISION_LINES} lines: shorten {', '.join(long)}"
    numbers = [path.name[:5] for path in decisions]
    assert numbers == [f"{number:04}-" for number in range(1, len(decisions) + 1)]


def test_what_a_done_task_names_is_there() -> None:
    done = list(CHECKED_TASK.finditer(TASKS.read_text(encoding="utf-8")))
    paths = [(task["id"], path) for task in done for path in CODE.findall(task["text"]) if is_path(path)]
    missing = [f"{name}: {path}" for name, path in paths if not is_in_a_clone(ROOT / path, ROOT)]
    assert len(paths) >= len(done)
    assert not missing, f"uncheck the task or mend its path: {', '.join(missing)}"


def test_constitution_has_the_gates_of_the_plan() -> None:
    names = [gate.name for gate in read_gates(CONSTITUTION)]
    assert len(names) == GATES
    assert names == CHECKED_GATE.findall(PLAN.read_text(encoding="utf-8"))


def test_every_gate_demands_something_and_names_what_holds_it() -> None:
    for gate in read_gates(CONSTITUTION):
        held = [link for link in gate.links if not find_fault(link.target, CONSTITUTION, ROOT)]
        assert "MUST" in gate.text, f"{gate.name} demands nothing: say what MUST be"
        assert [link for link in held if not urlsplit(link.target).scheme], f"{gate.name}: link its check"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / ".gitignore").write_text("build/\n*.log\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "empty" / "build").mkdir(parents=True)
    (tmp_path / "empty" / "build" / "made").touch()
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "report.html").touch()
    (tmp_path / "docs" / "a b.md").write_text("# One\n\n## Same `code`, here\n\n## Same `code`, here\n")
    return tmp_path


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("docs/a%20b.md", None),
        ("docs", None),
        ("docs/a%20b.md#same-code-here-1", None),
        ("#top", None),
        ("https://example.com/absent", None),
        ("docs/absent.md", "is not there"),
        ("empty", "is not there"),
        ("docs/a%20b.md#same-code-here-2", "names a heading that is not there"),
        (".gitignore#top", "names a heading that is not there"),
        ("#absent", "names a heading that is not there"),
        ("/docs", "is not relative"),
        ("ftp:docs", "is not relative"),
        ("../elsewhere.md", "leads out of the repository"),
        ("build/report.html", "is built, and no part of a clone"),
    ],
)
def test_link_is_judged_as_a_fresh_clone_would(clone: Path, target: str, fault: str | None) -> None:
    document = clone / "README.md"
    document.write_text(f"# Top\n\ntext\n[words]({target}) `[no link](absent.md)`\n")
    expected = [f"README.md:3: {target} {fault}"] if fault else []
    assert find_broken_links(document, clone) == expected


def test_link_in_html_and_image_are_seen(clone: Path) -> None:
    document = clone / "README.md"
    document.write_text('<img src="absent.png">\n\n![picture](gone.png) and <a href="lost.md">words</a>\n')
    broken = find_broken_links(document, clone)
    assert [line.split()[1] for line in broken] == ["absent.png", "gone.png", "lost.md"]


def test_built_documents_are_not_read(clone: Path) -> None:
    (clone / "build" / "summary.md").touch()
    assert [path.name for path in find_documents(clone)] == ["a b.md"]


def test_table_of_the_log_has_every_event_of_the_service() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    told = {event for row in rows for event in CODE.findall(row)}
    code = "\n".join(file.read_text() for file in (ROOT / "backend").rglob("*.py"))
    calls = re.findall(r"_log\.(?:debug|info|warning|error)\(\s*(.*)", code)
    logged = {
        event for call in calls for event in re.findall(r'"([a-z_]+)"(?=[ ,)]|$)', call.partition(", ")[0])
    }
    assert len(logged) > 10
    assert told == logged
