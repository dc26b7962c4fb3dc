"""The report's colours keep the contrast of WCAG 2.2 AA (1.4.3) in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from specwitness.model import Verdict
from tests.support.sample_trace import ROOT

CSS = Path(ROOT, "specwitness/report/templates/report.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)
SELECTED = 0.09
CHIP = 0.12


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _mix(over: tuple[float, ...], under: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple(a * share + b * (1 - share) for a, b in zip(over, under, strict=True))


def _luminance(colour: tuple[float, ...]) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _contrast(one: tuple[float, ...], two: tuple[float, ...]) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(two)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "soft", "link", *(verdict.value for verdict in Verdict)])
def test_text_has_enough_contrast_on_each_background(palette: dict[str, str], name: str) -> None:
    text, paper = _rgb(palette[name]), _rgb(palette["paper"])
    grounds = {
        "paper": paper,
        "card": _rgb(palette["card"]),
        "chip": _mix(text, paper, CHIP),
        "selected": _mix(_rgb(palette["link"]), paper, SELECTED),
    }
    for ground, colour in grounds.items():
        assert _contrast(text, colour) >= 4.5, f"{name} on {ground}"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_each_verdict_has_its_own_colour(palette: dict[str, str]) -> None:
    assert len({palette[verdict.value] for verdict in Verdict}) == len(Verdict)
