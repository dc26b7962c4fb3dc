"""A spec as HTML: its whole text, with a mark at each requirement."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from specwitness.report.wording import escape_controls, is_long

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specwitness.report.links import Links

# Raw HTML and images are shown as text: the page loads nothing, and comments should be visible.
# Link definitions are shown as text too: rendering would drop them.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_MARKDOWN.disable(["image", "reference"])
_BLOCKS = frozenset({"list_item_open", "tr_open", "paragraph_open", "heading_open"})
_SAFE_LINK = re.compile(r"(https?|mailto):", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)
_CELL = re.compile(r"(?<!\\)\|")
_QUOTE = re.compile(r"^[\s>]*")
_LOWEST_HEADING = 6


@dataclass(frozen=True)
class Mark:
    """The HTML for one requirement: `head` goes before its first word, `proof` after its block."""

    key: str
    line: int
    head: Markup
    proof: Markup


@dataclass
class _Page:
    """The Markdown tokens of a spec, and the tokens to insert before each of them, by index."""

    tokens: list[Token]
    before: defaultdict[int, list[Token]] = field(default_factory=lambda: defaultdict(list))


def render_spec(text: str, marks: Iterable[Mark], links: Links, folder: str) -> Markup:
    """Render a spec with a mark at each requirement.

    Args:
        text: The spec's Markdown.
        marks: The marks, by line.
        links: Where files of the repository can be read.
        folder: The folder of the spec; relative links start there.
    """
    shown = escape_controls(text)
    page = _Page(_MARKDOWN.parse(shown))
    _keep_every_cell(page, shown.split("\n"))
    for mark in marks:
        _place(mark, page)
    tokens: list[Token] = []
    for index, token in enumerate(page.tokens):
        tokens += page.before[index]
        _adapt(token, links, folder)
        if token.type in {"td_open", "th_open"} and is_long(page.tokens[index + 1].content):
            token.attrJoin("class", "long")
        tokens += _framed(token)
    tokens += page.before[len(page.tokens)]
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - escaped above


def render_inline(text: str) -> Markup:
    """Render one statement, such as a requirement's text, without blocks."""
    tokens = _MARKDOWN.parseInline(escape_controls(text))
    for token in tokens:
        token.children = [child for child in token.children or [] if not child.type.startswith("link_")]
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - raw HTML is off


def _html(kind: str, content: str) -> Token:
    return Token(kind, "", 0, content=content)


def _place(mark: Mark, page: _Page) -> None:
    row = mark.line - 1
    block = _block_at(row, page.tokens)
    if block is None:
        _place_outside(mark, row, page)
        return
    opening = page.tokens[block]
    if opening.map and opening.map[0] == row and not opening.attrs and not opening.hidden:
        opening.attrs = {"class": "req", "id": mark.key, "data-key": mark.key}
        head = mark.head
    else:
        head = Markup('<span class="req" id="{0}" data-key="{0}">{1}</span>').format(mark.key, mark.head)
    end = _end_of(block, page.tokens)
    if not _insert_head(head, row, page.tokens[block:end]):
        page.before[block + 1].append(_html("html_block", head))
    page.before[end].append(_html("html_block", mark.proof))


def _block_at(row: int, tokens: list[Token]) -> int | None:
    """Find the block that starts at a line, or else the innermost block around the line."""
    covering = None
    for index, token in enumerate(tokens):
        if token.type not in _BLOCKS or not token.map or not token.map[0] <= row < token.map[1]:
            continue
        if token.map[0] == row and not token.hidden:
            return index
        covering = index
    return covering


def _insert_head(head: str, row: int, tokens: list[Token]) -> bool:
    for token in tokens:
        if token.type == "inline" and token.map and token.children is not None:
            _insert_at_line(head, row - token.map[0], token.children)
            return True
    return False


def _insert_at_line(head: str, breaks: int, children: list[Token]) -> None:
    seen = 0
    for index, child in enumerate(children):
        if seen >= breaks:
            children.insert(index, _html("html_inline", head))
            return
        seen += child.type in {"softbreak", "hardbreak"}
    children.append(_html("html_inline", head))


def _end_of(block: int, tokens: list[Token]) -> int:
    """Find the place for a proof: at the end inside a list item, after any other block."""
    opening = tokens[block]
    closing = "table_close" if opening.type == "tr_open" else opening.type.replace("_open", "_close")
    for index in range(block, len(tokens)):
        if tokens[index].type == closing and tokens[index].level <= opening.level:
            return index if opening.type == "list_item_open" else index + 1
    return len(tokens)


def _place_outside(mark: Mark, row: int, page: _Page) -> None:
    """Put a mark before the next block, for a requirement without a block, as inside a code block."""
    after = (
        index
        for index, token in enumerate(page.tokens)
        if token.map and token.level == 0 and token.map[1] > row
    )
    where = next(after, len(page.tokens))
    block = Markup('<div class="req" id="{0}" data-key="{0}">{1}{2}</div>')
    page.before[where].append(_html("html_block", block.format(mark.key, mark.head, mark.proof)))


def _keep_every_cell(page: _Page, lines: list[str]) -> None:
    """Add the cells that a row has beyond the columns of its header: rendering would drop them."""
    cells = row = 0
    for index, token in enumerate(page.tokens):
        if token.type == "tr_open" and token.map:
            cells, row = 0, token.map[0]
        elif token.type in {"td_open", "th_open"}:
            cells += 1
        elif token.type == "tr_close":
            written = _CELL.split(_QUOTE.sub("", lines[row]).strip().removeprefix("|"))
            extra = [Markup("<td>{}</td>").format(cell) for cell in written[cells:] if cell.strip()]
            page.before[index] += [_html("html_block", cell) for cell in extra]


def _adapt(token: Token, links: Links, folder: str) -> None:
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(int(token.tag[1]) + 1, _LOWEST_HEADING)}"
    children: list[Token] = []
    target = ""
    for child in token.children or []:
        children.append(child)
        if child.type == "link_open":
            target = _target_words(child)
            _point(child, links, folder)
        elif child.type == "link_close" and target:
            children.append(_html("html_inline", Markup('<span class="target"> {}</span>').format(target)))
    if token.children:
        token.children = children


def _framed(token: Token) -> list[Token]:
    """Wrap a table in a scrolling frame, and show the language of a code block."""
    if token.type == "table_open":
        return [_html("html_block", '<div class="scroll">'), token]
    if token.type == "table_close":
        return [token, _html("html_block", "</div>\n")]
    if token.type == "fence" and token.info:
        return [_html("html_block", Markup('<p class="info">{}</p>').format(token.info)), token]
    return [token]


def _target_words(link: Token) -> str:
    """Return the target and title of a link as text, for print; empty for `<https://…>`."""
    if link.info == "auto":
        return ""
    title = link.attrGet("title")
    return f"({link.attrGet('href')} {title})" if title else f"({link.attrGet('href')})"


def _point(link: Token, links: Links, folder: str) -> None:
    """Keep http, https and mailto targets, and link relative ones to the repository; drop all others."""
    target = str(link.attrGet("href") or "")
    place = target if _SCHEME.match(target) else links.to_file(f"{folder}/{target}")
    link.attrs = {"href": place, "rel": "noreferrer"} if place and _SAFE_LINK.match(place) else {}
