"""Small charts, drawn by the server as SVG: complete without JavaScript, in the colours of the theme."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_HIGH = 24


def sparkline(values: Sequence[float], label: str) -> SafeString:
    """Return bars, each a value; ``label`` says what they show to who does not see them.

    The highest fills the height; a value that is not nothing is seen, however small.
    """
    return _drawn(values, (), label, "spark")


def chart(values: Sequence[float], failed: Sequence[float], label: str) -> SafeString:
    """Return wider bars, with what failed of each in front, in the colour of failure."""
    return _drawn(values, failed, label, "bars")


def _drawn(values: Sequence[float], lower: Sequence[float], label: str, css: str) -> SafeString:
    highest = max([*values, *lower, 1e-9])
    bars = [(number, _height(value, highest)) for number, value in enumerate(values) if value > 0]
    failed = [(number, _height(value, highest)) for number, value in enumerate(lower) if value > 0]
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}{}</svg>",
        css,
        max(len(values), 1),
        _HIGH,
        label,
        _rects(bars, "all"),
        _rects(failed, "failed"),
    )


def _height(value: float, highest: float) -> float:
    return max(1.0, round(value / highest * _HIGH, 1))


def _rects(bars: Sequence[tuple[int, float]], css: str) -> SafeString:
    return format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width=".8" height="{}"/>',
        ((css, number, round(_HIGH - height, 1), height) for number, height in bars),
    )
