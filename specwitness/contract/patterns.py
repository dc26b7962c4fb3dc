"""Rewrites regular expressions to a canonical form, so that equal ones can be recognised."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.|.", re.DOTALL)
_CLASSES = {r"\d": "0-9", r"\w": "A-Za-z0-9_"}
_PLAIN_ESCAPES = frozenset("/-_ @:,;=<>&%!~#'\"`")
_ESCAPED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def fold_pattern(pattern: str) -> str:
    r"""Rewrite a pattern so that simple variants of one expression become equal.

    `\d` is `[0-9]`, `\u0041` is `A`, `\/` is `/`, `\Z` is `$`, and the order within `[…]` does not
    matter. `\w` and `\d` are taken as ECMA-262 means them, as JSON Schema does.
    """
    pieces = [_fold_piece(piece) for piece in _PIECE.findall(pattern)]
    folded, index = [], 0
    while index < len(pieces):
        end = _class_end(pieces, index)
        if end is None:
            piece = pieces[index]
            folded.append(_fold_class([piece]) if piece in _CLASSES else piece)
            index += 1
        else:
            folded.append(_fold_class(pieces[index + 1 : end]))
            index = end + 1
    return "".join(folded)


def _fold_piece(piece: str) -> str:
    if piece[:2] in {r"\u", r"\x"}:
        character = chr(int.from_bytes(bytes.fromhex(piece[2:])))
        return character if character.isalnum() and character.isascii() else _hex(character)
    if piece == r"\Z":
        return "$"
    if piece[0] == "\\" and piece[1:] in _PLAIN_ESCAPES:
        return piece[1] if piece != r"\-" else _hex("-")
    if len(piece) == 1 and not piece.isprintable():
        return _ESCAPED.get(piece, _hex(piece))
    return piece


def _hex(character: str) -> str:
    return f"\\u{ord(character):04x}"


def _class_end(pieces: list[str], start: int) -> int | None:
    if pieces[start] != "[":
        return None
    for index in range(start + 2, len(pieces)):
        # The rare forms `[]…]` and `[^]…]`, in which the first `]` is a member, are not recognised.
        if pieces[index] == "]":
            return index
    return None


def _fold_class(members: list[str]) -> str:
    negation = "^" if members[:1] == ["^"] else ""
    rest = members[len(negation) :]
    items: list[str] = []
    index = 0
    while index < len(rest):
        if rest[index + 1 : index + 2] == ["-"] and index + 2 < len(rest):
            items.append(f"{rest[index]}-{rest[index + 2]}")
            index += 3
        elif rest[index] in _CLASSES:
            items += re.findall(r".-.|.", _CLASSES[rest[index]])
            index += 1
        else:
            items.append(_hex("-") if rest[index] == "-" else rest[index])
            index += 1
    return f"[{negation}{''.join(sorted(set(items)))}]"
