"""Small charts, drawn by the server as SVG: complete without JavaScript, in the colours of the theme."""

import math
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
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="all" d="{}"/><path class="failed" d="{}"/></svg>',
        css,
        max(len(values), 1),
        _HIGH,
        label,
        _bars(values, highest),
        _bars(lower, highest),
    )


def _bars(values: Sequence[float], highest: float) -> str:
    """Return the bars as one path: a list draws thousands of them, and an element for each takes too long.

    >>> _bars([0, 2, 1], 2)
    'M1 24v-24h.8v24zM2 24v-12h.8v12z'
    """
    drawn = []
    for number, value in enumerate(values):
        if value > 0:
            height = f"{max(1.0, value / highest * _HIGH):.3g}"
            drawn.append(f"M{number} {_HIGH}v-{height}h.8v{height}z")
    return "".join(drawn)


def band(lows: Sequence[float | None], highs: Sequence[float | None], label: str) -> SafeString:
    """Return for each step a bar from its low to its high, such as p50 and p99; none where either is None.

    The heights are logarithms: a way that takes ten times as long is seen beside one that is quick.
    """
    pairs = [
        (number, math.log10(1 + low), math.log10(1 + high))
        for number, (low, high) in enumerate(zip(lows, highs, strict=True))
        if low is not None and high is not None
    ]
    highest = max((high for _, _, high in pairs), default=1.0)
    least = min((low for _, low, _ in pairs), default=0.0)
    ground = max(0.0, least - max(0.3, highest - least) / 4)  # below the least, which is to be seen
    unit = _HIGH / max(highest - ground, 0.1)
    spans = [(number, (low - ground) * unit, (high - ground) * unit) for number, low, high in pairs]
    return format_html(
        '<svg class="band" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}{}</svg>",
        max(len(lows), 1),
        _HIGH,
        label,
        _boxes("span", [(number, high, max(0.6, high - low)) for number, low, high in spans]),
        _boxes("low", [(number, low + 0.6, 1.2) for number, low, _ in spans]),
    )


def _boxes(css: str, boxes: Sequence[tuple[int, float, float]]) -> SafeString:
    """Return rectangles: of a step, from their top down; heights from the ground."""
    return format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width=".8" height="{}"/>',
        ((css, number, round(_HIGH - top, 1), round(high, 1)) for number, top, high in boxes),
    )
