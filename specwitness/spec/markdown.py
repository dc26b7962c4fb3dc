"""Parses Markdown into a flat list of blocks (headings, paragraphs, tables) with their lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

KEYWORDS = ("Given", "When", "Then", "And", "But")
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_LITERAL = frozenset({"text", "code_inline", "html_inline", "image"})
_PLAIN_KEYWORD = re.compile(r"(?:^|(?<=[\s,;.]))(?P<keyword>Given|When|Then)(?=\s)")


class RawStep(NamedTuple):
    """A step as written in the spec, with trailing punctuation and references."""

    keyword: str
    text: str
    line: int


@dataclass(frozen=True)
class Prose:
    """The text of a heading or paragraph, without Markdown.

    `preface` is the text before the first bold Given, When, Then, And or But.
    """

    text: str
    preface: str
    steps: tuple[RawStep, ...]
    starts_bold: bool

    def plain_steps(self, line: int) -> tuple[RawStep, ...]:
        """Split `Given …, When …, Then …` without bold keywords into steps; empty if it is not that."""
        if not self.text.startswith("Given "):
            return ()
        found = list(_PLAIN_KEYWORD.finditer(self.text))
        if [match["keyword"] for match in found] != ["Given", "When", "Then"]:
            return ()
        ends = [match.start() for match in found[1:]] + [len(self.text)]
        return tuple(
            RawStep(match["keyword"], self.text[match.end() : end], line)
            for match, end in zip(found, ends, strict=True)
        )


class Row(NamedTuple):
    """A table row below the header."""

    cells: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Table:
    """A Markdown table."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Block:
    """A heading, paragraph, table, or any other block (`break`).

    `items` are the first lines of the list items around it, outermost first. `item_end` is the last
    line of the innermost item. `opens_item` is true for the first paragraph of an item.
    """

    kind: Literal["heading", "paragraph", "table", "break"]
    line: int
    last_line: int
    items: tuple[int, ...] = ()
    item_end: int = 0
    opens_item: bool = False
    level: int = 0
    prose: Prose | None = None
    table: Table | None = None


def read_blocks(text: str) -> list[Block]:
    """Parse Markdown into a flat list of blocks with 1-based lines."""
    return list(_Flattening(text).blocks())


class _Flattening:
    """A pass over the tokens that keeps track of the open list items."""

    def __init__(self, text: str) -> None:
        self._tokens = _PARSER.parse(text)
        self._source = text.splitlines()
        self._items: list[tuple[int, int]] = []
        self._fresh_item = False

    def blocks(self) -> Iterator[Block]:
        position = 0
        while position < len(self._tokens):
            token = self._tokens[position]
            if token.type == "list_item_open":
                self._items.append(self._lines(token))
                self._fresh_item = True
            elif token.type == "list_item_close":
                self._items.pop()
                self._fresh_item = False
            elif token.type in {"heading_open", "paragraph_open"}:
                yield self._text_block(token, self._tokens[position + 1])
            elif token.type == "table_open":
                end = _closing(self._tokens, position)
                yield self._block("table", token, table=_read_table(self._tokens[position:end]))
                position = end
            elif token.type in {"fence", "code_block", "html_block", "hr"}:
                yield self._block("break", token)
            position += 1

    def _text_block(self, token: Token, inline: Token) -> Block:
        line = self._lines(token)[0]
        prose = _read_prose(inline.children or [], line)
        if token.type == "heading_open":
            return self._block("heading", token, prose=prose, level=int(token.tag[1]))
        return self._block("paragraph", token, prose=prose)

    def _block(
        self,
        kind: Literal["heading", "paragraph", "table", "break"],
        token: Token,
        *,
        prose: Prose | None = None,
        table: Table | None = None,
        level: int = 0,
    ) -> Block:
        first, last = self._lines(token)
        opens, self._fresh_item = self._fresh_item, False
        return Block(
            kind=kind,
            line=first,
            last_line=last,
            items=tuple(item[0] for item in self._items),
            item_end=self._items[-1][1] if self._items else last,
            opens_item=opens,
            level=level,
            prose=prose,
            table=table,
        )

    def _lines(self, token: Token) -> tuple[int, int]:
        first, end = token.map or [0, 1]
        while end - 1 > first and not self._source[end - 1].strip():
            end -= 1
        return first + 1, end


def _read_prose(children: Sequence[Token], line: int) -> Prose:
    steps: list[tuple[str, list[str], int]] = []
    preface: list[str] = []
    words = preface
    position, struck = 0, 0
    while position < len(children):
        token = children[position]
        if token.type == "strong_open" and (keyword := _keyword(children, position)):
            words = []
            steps.append((keyword, words, line))
            position += 2
        elif token.type in {"s_open", "s_close"}:
            struck += 1 if token.type == "s_open" else -1
        elif token.type in {"softbreak", "hardbreak"}:
            line += 1
            words.append(" ")
        elif token.type in _LITERAL and not struck:
            words.append(token.content)
        position += 1
    before = _squeeze("".join(preface))
    raw = tuple(RawStep(keyword, _squeeze("".join(parts)), at) for keyword, parts, at in steps)
    step_text = " ".join(f"{step.keyword} {step.text}" for step in raw)
    opening = next((child for child in children if child.type != "text" or child.content.strip()), None)
    return Prose(
        text=" ".join(part for part in (before, step_text) if part),
        preface=before,
        steps=raw,
        starts_bold=opening is not None and opening.type == "strong_open",
    )


def _keyword(children: Sequence[Token], position: int) -> str | None:
    """Return the keyword if the bold text at this position is one, as in `**Given**`."""
    if position + 2 >= len(children) or children[position + 2].type != "strong_close":
        return None
    word = children[position + 1].content.strip(" :,").capitalize()
    return word if word in KEYWORDS else None


def _read_table(tokens: Sequence[Token]) -> Table:
    rows: list[Row] = []
    cells: list[str] = []
    line = 0
    for token in tokens:
        if token.type == "tr_open":
            cells, line = [], (token.map or [0])[0] + 1
        elif token.type == "inline":
            cells.append(_read_prose(token.children or [], line).text)
        elif token.type == "tr_close":
            rows.append(Row(tuple(cells), line))
    return Table(header=rows[0].cells, rows=tuple(rows[1:]))


def _closing(tokens: Sequence[Token], position: int) -> int:
    level = tokens[position].level
    for end in range(position + 1, len(tokens)):
        if tokens[end].type == "table_close" and tokens[end].level == level:
            return end
    return len(tokens) - 1


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
