"""What templates need beside Django's own tags: versioned files, the theme, moments and durations."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from eventhub.dashboard import assets, jsonview, spark
from eventhub.domain.difference import written
from eventhub.domain.pattern.words import Shown, values

register = template.Library()
register.simple_tag(assets.asset, name="asset")
register.simple_tag(spark.sparkline, name="spark")
register.simple_tag(spark.chart, name="chart")
register.simple_tag(spark.band, name="band")
register.filter("json", jsonview.laid_out)
register.filter("written", written)

THEMES = {"dark", "light"}


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return the theme that the reader chose (its cookie), or ``system``: rendered, so no page flashes."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request is not None else ""
    return chosen if chosen in THEMES else "system"


@register.simple_tag(takes_context=True)
def modules(context: Context, *names: str, **later: str) -> SafeString:
    """Render a page's import map and preloads; the first module named is its script.

    Modules given by keyword are only mapped: the page imports them when it needs them. So is ``keys``, which
    every page loads: whoever imports it gets that one.
    """
    nonce = getattr(context.get("request"), "csp_nonce", "")
    rendered = format_html(
        '<script type="importmap" nonce="{}">{}</script>',
        nonce,
        mark_safe(assets.import_map((*names, *later.values(), "keys"))),  # noqa: S308 - our own addresses, no reader's text
    )
    for name in names:
        rendered += format_html('\n<link rel="modulepreload" href="{}">', assets.asset(f"js/{name}.js"))
    return rendered + format_html(
        '\n<script type="module" src="{}"></script>', assets.asset(f"js/{names[0]}.js")
    )


@register.filter
def found(given: list[Any]) -> str:
    """Return values of an event, decoded, as the explanations of patterns write them.

    >>> found(["a", 1])
    '"a" and 1'
    """
    return values(Shown(given, len(given)))


@register.filter
def from_microseconds(value: int) -> datetime:
    """Return a moment of the journal's as a datetime."""
    return datetime.fromtimestamp(value / 1_000_000, UTC)


@register.filter
def from_seconds(value: float) -> datetime:
    """Return a clock's reading as a datetime."""
    return datetime.fromtimestamp(value, UTC)


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Render a moment with milliseconds, its full form for machines and on hover."""
    if value is None:
        return "–"
    full = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', full, full, value.strftime("%H:%M:%S.") + full[20:23]
    )


@register.filter
def day_and_moment(value: datetime | None) -> SafeString | str:
    """Render a moment with its day."""
    if value is None:
        return "–"
    full = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return format_html(
        '<time datetime="{}" title="{}"><span class="day">{}</span> {}</time>',
        full,
        full,
        value.strftime("%Y-%m-%d"),
        full[11:23],
    )


@register.filter
def minute(value: datetime | None) -> SafeString | str:
    """Render a moment that is known to the minute, its day with it only on hover."""
    if value is None:
        return "–"
    full = value.isoformat(timespec="minutes").replace("+00:00", "Z")
    return format_html(
        '<time datetime="{}" title="{}" data-minute>{}</time>', full, full, value.strftime("%H:%M")
    )


@register.filter
def duration(milliseconds: Any) -> str:
    """Return a duration for people.

    >>> [duration(0.4), duration(38.2), duration(1234), duration(75_000), duration(7_380_000), duration(None)]
    ['0.4 ms', '38 ms', '1.23 s', '1 min 15 s', '2 h 3 min', '–']
    >>> duration(604_800_000), duration(172_799_000)
    ('7 d 0 h', '47 h 59 min')
    """
    if milliseconds is None:
        return "–"
    value = float(milliseconds)
    if value < 10:
        return f"{value:.1f} ms"
    if value < 1000:
        return f"{value:.0f} ms"
    if value < 60_000:
        return f"{value / 1000:.2f} s"
    minutes, seconds = divmod(round(value / 1000), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


@register.filter
def brief(milliseconds: Any) -> str:
    """Return a duration in few letters, as ``static/js/figures.js`` writes it where it goes on.

    >>> [brief(0.4), brief(38.2), brief(1234), brief(75_000), brief(7_380_000), brief(None)]
    ['0.4 ms', '38 ms', '1.2 s', '1 min', '2 h', '–']
    """
    if milliseconds is None:
        return "–"
    value = float(milliseconds)
    if value < 9.95:
        return f"{value:.1f} ms"
    if value < 999.5:
        return f"{value:.0f} ms"
    if value < 59_950:
        return f"{value / 1000:.1f} s"
    if value < 3_570_000:
        return f"{value / 60_000:.0f} min"
    return f"{value / 3_600_000:.0f} h"


@register.filter
def size(count: int) -> str:
    """Return a number of bytes for people.

    >>> [size(812), size(1229), size(262144)]
    ['812 B', '1.2 KiB', '256.0 KiB']
    """
    return f"{count} B" if count < 1024 else f"{count / 1024:.1f} KiB"


@register.filter
def rate(per_second: float, last_minute: int) -> str:
    """Return a rate for people, as ``static/js/figures.js`` writes it; ``last_minute`` is a count.

    >>> [rate(1204.4, 72_000), rate(12, 700), rate(1.5, 90), rate(0.2, 1), rate(0, 0)]
    ['1,204/s', '12/s', '1.5/s', '1/min', '0/s']
    """
    if per_second >= 9.95:
        return f"{per_second:,.0f}/s"
    if per_second >= 1:
        return f"{per_second:.1f}/s"
    return f"{last_minute:,}/min" if last_minute else "0/s"


@register.filter
def grouped(count: int) -> str:
    """Return a count for people.

    >>> grouped(1204000)
    '1,204,000'
    """
    return f"{count:,}"


@register.filter
def at(named: Mapping[str, Any], name: str) -> Any:
    """Return a member by a name that is known only when the page is made."""
    return named.get(name, "")


@register.filter
def percent(share: float) -> str:
    """Return a share for people; what is little is not nothing.

    >>> [percent(share) for share in (0, 0.0004, 0.0096, 0.25, 1)]
    ['0 %', '< 0.1 %', '1.0 %', '25 %', '100 %']
    """
    if share == 0:
        return "0 %"
    if share < 0.001:
        return "< 0.1 %"
    return f"{share * 100:.1f} %" if share < 0.0995 else f"{share * 100:.0f} %"


@register.filter
def unlocalised(value: float) -> str:
    """Return a number as programs read it.

    >>> unlocalised(51.6988), unlocalised(0.0), unlocalised(1764349200)
    ('51.6988', '0', '1764349200')
    """
    return f"{value:.15g}"


@register.filter
def to_ms(microseconds: int) -> float:
    """Return microseconds as milliseconds."""
    return microseconds / 1000


@register.filter
def tick(milliseconds: float) -> str:
    """Return the label of an axis at a round moment.

    >>> [tick(0.0), tick(0.5), tick(200.0), tick(1500.0), tick(120_000.0)]
    ['0', '0.5 ms', '200 ms', '1.5 s', '2 min']
    """
    if milliseconds == 0:
        return "0"
    if milliseconds < 1000:
        return f"{milliseconds:g} ms"
    return f"{milliseconds / 1000:g} s" if milliseconds < 60_000 else f"{milliseconds / 60_000:g} min"
