"""Derives feature files from specs, and reads derived and hand-written feature files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gherkin import Compiler, Parser
from gherkin.errors import CompositeParserException, ParserError

from specwitness.errors import FeatureError
from specwitness.identifier import is_key
from specwitness.model import Frozen, Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from specwitness.model import ExampleRow, Examples, Scenario, Spec

HEADER = "# Derived by specwitness from "


class Line(NamedTuple):
    """A line of a derived feature, with the line and the requirement of the spec that it comes from."""

    text: str
    spec_line: int = 1
    key: str | None = None


class Pickle(Frozen):
    """A scenario to run, or one Examples row of a scenario outline (Gherkin calls both a pickle).

    `location` is the line of the scenario or of the row.
    """

    feature: str
    name: str
    scenario_line: int
    location: Location
    example: dict[str, str]
    requirements: tuple[str, ...]


def derive_feature(spec: Spec) -> list[Line]:
    """Derive the lines of a feature file from a spec; no lines for a spec without scenarios."""
    if not spec.scenarios:
        return []
    lines = [
        Line(f"{HEADER}{spec.path}"),
        Line("# Change the spec, then run: specwitness derive"),
        Line(f"Feature: {_escape_name(spec.title)}"),
    ]
    for title, line, scenarios in _rules(spec):
        lines += [Line(""), Line(f"  Rule: {_escape_name(title)}", line)]
        for scenario in scenarios:
            lines.append(Line("", scenario.location.line, scenario.key))
            lines += _derive_scenario(scenario, spec.namespace)
    return lines


def read_features(folder: Path, root: Path) -> tuple[Pickle, ...]:
    """Read the scenarios and Examples rows of every feature file under a folder.

    Raises:
        FeatureError: A file is not Gherkin, or two scenarios of a file have the same name.
    """
    return tuple(pickle for path in sorted(folder.rglob("*.feature")) for pickle in read_feature(path, root))


def read_feature(path: Path, root: Path) -> tuple[Pickle, ...]:
    """Read one feature file.

    Raises:
        FeatureError: As for `read_features`.
    """
    file = path.relative_to(root).as_posix()
    try:
        document: Any = Parser().parse(path.read_text(encoding="utf-8"))
    except (CompositeParserException, ParserError, UnicodeDecodeError) as error:
        message = str(error).splitlines()[-1]
        raise FeatureError(f"is not Gherkin: {message}", where=file, remedy="fix the file") from error
    document["uri"] = file
    nodes = _index_nodes(document)
    pickles: list[Any] = list(Compiler().compile(document))
    _refuse_shared_names(nodes, file)
    return tuple(_read_pickle(pickle, nodes, file) for pickle in pickles)


def is_derived(path: Path) -> bool:
    """Return whether a feature file was derived: its first line says so."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().startswith(HEADER)


def _rules(spec: Spec) -> Iterator[tuple[str, int, list[Scenario]]]:
    left = list(spec.scenarios)
    for story in spec.stories:
        own = [scenario for scenario in left if scenario.key.startswith(f"{story.key}/")]
        own += [
            scenario for scenario in left if scenario not in own and _stands_in(scenario, story.key, spec)
        ]
        if own:
            left = [scenario for scenario in left if scenario not in own]
            identifier = story.key.removeprefix(f"{spec.namespace}/")
            priority = f" ({story.priority})" if story.priority else ""
            yield f"{identifier} {story.title}{priority}".strip(), story.line, own
    edges = [
        scenario for scenario in left if scenario.key.removeprefix(f"{spec.namespace}/").startswith("EC")
    ]
    others = [scenario for scenario in left if scenario not in edges]
    if others:
        yield "Further scenarios", others[0].location.line, others
    if edges:
        yield "Edge cases", edges[0].location.line, edges


def _stands_in(scenario: Scenario, story: str, spec: Spec) -> bool:
    return any(item.key == scenario.key and item.story == story for item in spec.requirements)


def _derive_scenario(scenario: Scenario, namespace: str) -> Iterator[Line]:
    line, key = scenario.location.line, scenario.key
    tags = " ".join(f"@{name}" for name in (key, *scenario.requirements))
    word = "Scenario Outline" if scenario.examples else "Scenario"
    action = next((step.text for step in scenario.steps if step.keyword == "When"), scenario.steps[0].text)
    yield Line(f"    {tags}", line, key)
    yield Line(f"    {word}: {key.removeprefix(f'{namespace}/')} {_escape_name(action)}", line, key)
    for step in scenario.steps:
        yield Line(f"      {step.keyword} {step.text}", step.line, key)
    if scenario.examples:
        yield from _derive_examples(scenario.examples, key)


def _derive_examples(examples: Examples, key: str) -> Iterator[Line]:
    header = examples.header
    table = [header, *(row.cells for row in examples.rows)]
    widths = [max(len(_escape_cell(row[index])) for row in table) for index in range(len(header))]
    for rows in _same_requirements(examples.rows):
        yield Line("", rows[0].line, key)
        if rows[0].requirements:
            tags = " ".join(f"@{name}" for name in rows[0].requirements)
            yield Line(f"      {tags}", rows[0].line, key)
        yield Line("      Examples:", rows[0].line, key)
        yield Line(_table_line(header, widths), rows[0].line, key)
        for row in rows:
            yield Line(_table_line(row.cells, widths), row.line, key)


def _same_requirements(rows: Sequence[ExampleRow]) -> Iterator[list[ExampleRow]]:
    """Group neighbouring rows with the same requirements: Gherkin can tag a block of rows, but not a row."""
    group: list[ExampleRow] = []
    for row in rows:
        if group and row.requirements != group[0].requirements:
            yield group
            group = []
        group.append(row)
    yield group


def _table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (_escape_cell(cell).ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"        | {' | '.join(padded)} |"


def _escape_cell(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n")


def _escape_name(name: str) -> str:
    return " ".join(name.split())


def _index_nodes(document: dict[str, Any]) -> dict[str, Any]:
    """Index scenarios and Examples rows of a Gherkin document by their node id."""
    nodes: dict[str, Any] = {}

    def visit(children: list[dict[str, Any]]) -> None:
        for child in children:
            if "rule" in child:
                visit(child["rule"]["children"])
            elif "scenario" in child:
                scenario = child["scenario"]
                nodes[scenario["id"]] = scenario
                for block in scenario["examples"]:
                    names = [cell["value"] for cell in block.get("tableHeader", {}).get("cells", [])]
                    for row in block.get("tableBody", []):
                        nodes[row["id"]] = {**row, "names": names}

    visit(document.get("feature", {}).get("children", []) if document.get("feature") else [])
    return nodes


def _refuse_shared_names(nodes: dict[str, Any], file: str) -> None:
    """Refuse two scenarios of one name: pytest-bdd runs only one of them."""
    seen: dict[str, int] = {}
    for node in nodes.values():
        if "keyword" not in node:
            continue
        line = node["location"]["line"]
        if node["name"] in seen:
            raise FeatureError(
                f"two scenarios are named “{node['name']}”; the other is on line {seen[node['name']]}",
                where=f"{file}:{line}",
                remedy="give each scenario of a file its own name: only one of them would run",
            )
        seen[node["name"]] = line


def _read_pickle(pickle: dict[str, Any], nodes: dict[str, Any], file: str) -> Pickle:
    scenario, *rows = (nodes[identifier] for identifier in pickle["astNodeIds"])
    place = rows[0] if rows else scenario
    names = rows[0]["names"] if rows else []
    cells = [cell["value"] for cell in rows[0]["cells"]] if rows else []
    tags = (tag["name"].removeprefix("@") for tag in pickle["tags"])
    return Pickle(
        feature=file,
        name=scenario["name"],
        scenario_line=scenario["location"]["line"],
        location=Location(file=file, line=place["location"]["line"]),
        example=dict(zip(names, cells, strict=True)),
        requirements=tuple(dict.fromkeys(tag for tag in tags if is_key(tag))),
    )
