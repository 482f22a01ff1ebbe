from itertools import pairwise

from eventhub.dashboard.event.waterfall import Axis, Span, phases_of


def test_spans_lie_on_the_axis_in_proportion() -> None:
    axis = Axis([Span("match", 0, 10), Span("attempt", 10, 100)])

    assert axis.x(50) * 2 == axis.x(100)
    assert axis.x(100) < 100


def test_a_short_span_can_still_be_seen() -> None:
    axis = Axis([Span("match", 0, 1), Span("attempt", 1, 1_000_000)])

    assert axis.bar(Span("match", 0, 1)).width > 0.3


def test_a_long_wait_is_folded_and_keeps_its_true_length_on_a_mark() -> None:
    spans = [
        Span("attempt", 0, 40_000),
        Span("backoff", 40_000, 7_000_000),
        Span("attempt", 7_000_000, 7_040_000),
    ]

    axis = Axis(spans)

    (fold,) = [mark for mark in axis.marks() if mark.is_fold]
    assert fold.milliseconds == 6960
    assert axis.x(7_000_000) - axis.x(40_000) < 10  # percent
    assert axis.x(40_000) > 40


def test_a_wait_of_one_delivery_is_not_folded_while_another_is_attempted() -> None:
    axis = Axis([Span("backoff", 0, 1000), Span("attempt", 0, 1000)])

    assert axis.folds() == []


def test_moments_keep_their_order_whatever_is_folded() -> None:
    spans = [Span("attempt", 0, 10), Span("attempt", 500, 510), Span("attempt", 1000, 1010)]

    places = [Axis(spans).x(moment) for moment in range(0, 1010, 5)]

    assert places == sorted(places)
    assert places[-1] <= 98


def test_phases_follow_each_other_and_end_with_their_attempt() -> None:
    spans = phases_of(100, 1000, {"connect": 0.2, "first_byte": 5.0, "dns": 0.1})

    assert [span.kind for span in spans] == ["dns", "connect", "first_byte"]
    assert [(span.start, span.end) for span in spans] == [(100, 200), (200, 400), (400, 1000)]


def test_an_attempt_without_phases_is_one_span() -> None:
    assert [span.kind for span in phases_of(0, 10, {})] == ["attempt"]


def test_an_event_that_nothing_happened_to_has_an_axis() -> None:
    assert Axis([]).x(0) == 0


def test_no_label_of_the_axis_runs_into_the_next() -> None:
    spans = [Span("match", 0, 1100), Span("attempt", 3200, 4600), Span("attempt", 9000, 9400)]

    marks = Axis(spans).marks()

    assert sum(mark.is_fold for mark in marks) == 2
    begins = [mark.x - 6.5 if mark.is_fold else mark.x for mark in marks]
    assert all(later - earlier >= 13 for earlier, later in pairwise(begins))
