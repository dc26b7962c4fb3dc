"""The names of checks in the settings and on the command line: an unknown one is refused."""

from __future__ import annotations

import pytest

from specwitness.errors import ConfigError
from specwitness.fuzz.checks.registry import named_checks, refuse_unknown

SETTING = "[tool.specwitness.fuzz.checks]"


def test_misspelled_check_is_refused_with_the_right_name() -> None:
    with pytest.raises(ConfigError) as refused:
        refuse_unknown(["isolation", "forgd"], SETTING)
    assert str(refused.value).startswith(f"{SETTING}: there is no check `forgd` → did you mean `forged`?")


def test_every_check_can_be_named() -> None:
    refuse_unknown(["contract", *named_checks()], SETTING)
    assert "isolation" in named_checks()
