from __future__ import annotations

import pytest

from specwitness.contract.patterns import fold_pattern


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"^\d+$", "^[0-9]+$"),
        (r"^[\d_]$", "^[_0-9]$"),
        (r"^\w$", "^[A-Za-z0-9_]$"),
        (r"[\w-]", "[-0-9A-Z_a-z]"),
        (r"^[^\u0000]*$", r"^[^\x00]*$"),
        ("^[^\x00]*$", r"^[^\u0000]*$"),
        (r"[^\u0000-\u001f\u007f]", "[^\x7f\x00-\x1f]"),
        (r"^\/api\/$", "^/api/$"),
        (r"a\Z", "a$"),
        (r"\u0041", "A"),
        ("[A-Za-z0-9_-]", r"[a-z0-9A-Z\-_]"),
        ("\t", r"\t"),
    ],
)
def test_simple_variants_of_a_pattern_are_equal(one: str, other: str) -> None:
    assert fold_pattern(one) == fold_pattern(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\d", r"\D"),
        ("[ab]", "[^ab]"),
        ("[a-c]", "[ac-]"),
        (r"\.", "."),
        (r"\S", r"\s"),
        ("a{1,2}", "a{1,3}"),
        (r"\[a\]", "[a]"),
    ],
)
def test_different_patterns_stay_different(one: str, other: str) -> None:
    assert fold_pattern(one) != fold_pattern(other)


@pytest.mark.parametrize("pattern", ["[", "[]", "[^", "\\", "a[b", "", "[a-", "(?:x)"])
def test_invalid_pattern_raises_no_error(pattern: str) -> None:
    assert fold_pattern(pattern) is not None
