"""Blocks of a page that a command writes: the text between `<!-- name -->` and `<!-- end of name -->`."""

from __future__ import annotations


def put_between(text: str, name: str, block: str) -> str:
    """Give a page with one of its blocks replaced.

    Raises:
        ValueError: The page has no such block.
    """
    before, _, after = _split(text, name)
    return f"{before}<!-- {name} -->\n{block}<!-- end of {name} -->\n{after}"


def read_between(text: str, name: str) -> str:
    """Give the text of one block of a page.

    Raises:
        ValueError: The page has no such block.
    """
    return _split(text, name)[1]


def _split(text: str, name: str) -> tuple[str, str, str]:
    before, found, rest = text.partition(f"<!-- {name} -->\n")
    block, closed, after = rest.partition(f"<!-- end of {name} -->\n")
    if not found or not closed:
        raise ValueError(f"the page has no block {name}")
    return before, block, after
