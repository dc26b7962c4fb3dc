"""Targets: loaded by reference, opened and closed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from specwitness.errors import TargetError
from specwitness.fuzz.target import Credential, Target, load_target

if TYPE_CHECKING:
    from collections.abc import Iterator

closed: list[str] = []


@contextmanager
def opens() -> Iterator[Target]:
    yield Target(app=None, authorization=lambda _: None)
    closed.append("opens")


@contextmanager
def yields_text() -> Iterator[str]:
    try:
        yield "text"
    finally:
        closed.append("yields_text")


@contextmanager
def cannot_open() -> Iterator[Target]:
    if not closed:
        raise ConnectionError("no\ndatabase")
    yield Target(app=None, authorization=lambda _: None)


@contextmanager
def cannot_close() -> Iterator[Target]:
    yield Target(app=None, authorization=lambda _: None)
    raise ConnectionError("still open")


def raises() -> Any:
    raise ValueError


@pytest.fixture(autouse=True)
def module(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ModuleType("made_up_target")
    for name in (opens, yields_text, cannot_open, cannot_close, raises):
        setattr(made, name.__name__, name)
    made.number = 3  # type: ignore[attr-defined]  # a module of the test's own making
    made.returns_number = lambda: 3  # type: ignore[attr-defined]  # the same
    monkeypatch.setitem(sys.modules, "made_up_target", made)
    closed.clear()


def test_target_is_opened_and_closed() -> None:
    with load_target("made_up_target:opens") as target:
        assert isinstance(target, Target)
        assert closed == []
    assert closed == ["opens"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("made_up_target", "`made_up_target` is no `module.path:callable`"),
        ("no.such.module:open", "the target cannot be imported: ModuleNotFoundError"),
        ("made_up_target:missing", "the target cannot be imported: AttributeError"),
        ("made_up_target:number", "the target cannot be called: TypeError"),
        ("made_up_target:raises", "the target cannot be called: ValueError: no message"),
        ("made_up_target:returns_number", "the target is no context manager"),
        ("made_up_target:cannot_open", "the target cannot be opened: ConnectionError: no database"),
        ("made_up_target:yields_text", "the target yields a str, not a Target"),
        ("made_up_target:cannot_close", "the target cannot be closed: ConnectionError: still open"),
    ],
)
def test_unusable_target_is_refused_with_reason_and_remedy(reference: str, message: str) -> None:
    with pytest.raises(TargetError) as caught, load_target(reference):
        pass
    assert message in str(caught.value)
    assert caught.value.remedy is not None


def test_context_manager_of_another_object_is_closed() -> None:
    with pytest.raises(TargetError), load_target("made_up_target:yields_text"):
        pass
    assert closed == ["yields_text"]


def test_error_inside_the_context_is_raised_unchanged() -> None:
    with pytest.raises(KeyError), load_target("made_up_target:opens"):
        raise KeyError


@pytest.mark.parametrize(
    ("credential", "phrase"),
    [
        (Credential.VALID, "with a valid token"),
        (Credential.NONE, "with no credentials"),
        (Credential.FORGED, "with a forged token"),
        (Credential.EXPIRED, "with an expired token"),
    ],
)
def test_credential_has_a_phrase_for_the_report(credential: Credential, phrase: str) -> None:
    assert credential.phrase == phrase
