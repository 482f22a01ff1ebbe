"""Contrast of the colours in tokens.css, in both themes (WCAG 2.2: 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = Path("static/css/tokens.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\);", TOKENS))
THEMES = ["light", "dark"]


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str, theme: str) -> float:
    pair = [_luminance(COLOURS[name].split(", ")[THEMES.index(theme)]) for name in (one, other)]
    return (max(pair) + 0.05) / (min(pair) + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("surface", ["ground", "panel", "raised", "hover", "chosen"])
@pytest.mark.parametrize("text", ["text", "muted", "ok", "warn", "bad"])
def test_text_can_be_read_on_every_surface(text: str, surface: str, theme: str) -> None:
    assert _contrast(text, surface, theme) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("surface", ["ground", "panel", "raised"])
def test_borders_of_controls_can_be_seen(surface: str, theme: str) -> None:
    assert _contrast("control", surface, theme) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_a_primary_button_can_be_read(theme: str) -> None:
    assert _contrast("on-accent", "ok", theme) >= 4.5
