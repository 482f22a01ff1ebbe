"""How an event stands, in a sentence."""

import pytest

from eventhub.dashboard.event.verdict import Facts, verdict

ONE = ("delivered", 1, "a")


@pytest.mark.parametrize(
    ("facts", "text", "tone"),
    [
        (Facts("b"), "Accepted and stored. Matching it against the rules is next.", "muted"),
        (
            Facts("b", is_bus_paused=True),
            "Accepted and stored. The bus b is paused, so nothing is matched.",
            "warn",
        ),
        (
            Facts("b", "unmatched"),
            "There was no rule on the bus b: it was kept, and delivered to nobody.",
            "warn",
        ),
        (Facts("b", "unmatched", rules=3), "No rule matched: it was kept, and delivered to nobody.", "warn"),
        (
            Facts("b", "unmatched", rules=3, too_complex=2),
            "No rule matched, but 2 were too complex to match: it was kept, and delivered to nobody.",
            "warn",
        ),
        (Facts("b", "unknown-bus"), "There is no bus b: it was kept, and routed nowhere.", "bad"),
        (Facts("b", "unroutable", error="KeyError: x"), "Routing failed three times: KeyError: x", "bad"),
        (
            Facts("b", "unmatched", error="the event was redacted", is_redacted=True),
            "It was redacted before it was routed: no rule was asked.",
            "muted",
        ),
        (Facts("b", "matched", deliveries=[ONE]), "Delivered to its one target.", "ok"),
        (
            Facts("b", "matched", deliveries=[("delivered", 3, "a")]),
            "Delivered to its one target, after 2 failures.",
            "ok",
        ),
        (
            Facts("b", "matched", deliveries=[ONE, ONE, ("delivered", 2, "c")]),
            "Delivered to all 3 targets, one of them after failures.",
            "ok",
        ),
        (
            Facts("b", "matched", deliveries=[ONE, ("dead", 4, "c")]),
            "1 of 2 deliveries was given up and is a dead letter; 1 delivered.",
            "bad",
        ),
        (
            Facts("b", "matched", deliveries=[("pending", 0, "c")], held="waits because mail is paused"),
            "Its delivery waits because mail is paused.",
            "warn",
        ),
        (
            Facts("b", "matched", deliveries=[("pending", 2, "c"), ONE]),
            "1 of 2 deliveries is being tried again; 1 delivered.",
            "warn",
        ),
        (
            Facts("b", "matched", deliveries=[("rule-disabled", 0, "c")]),
            "Matched, but every rule that did was disabled: delivered to nobody.",
            "warn",
        ),
        (
            Facts("b", "matched", deliveries=[("no-target", 0, "c")]),
            "Matched, but the rule has no target: delivered to nobody.",
            "warn",
        ),
        (
            Facts("b", "matched", deliveries=[("loop", 0, "c")]),
            "Matched, but it passed too many buses already: not put on another one.",
            "warn",
        ),
        (
            Facts("b", "matched", deliveries=[("shadow", 0, "c")]),
            "Matched by rules in shadow mode alone: counted, and delivered to nobody.",
            "muted",
        ),
        (
            Facts("b", "matched", deliveries=[("rule-disabled", 0, "c"), ONE]),
            "Delivered to its one target.",
            "ok",
        ),
    ],
)
def test_every_state_has_its_sentence(facts: Facts, text: str, tone: str) -> None:
    found = verdict(facts)

    assert (found.text, found.tone) == (text, tone)


@pytest.mark.parametrize(
    "facts",
    [
        Facts("b", "unknown-bus"),
        Facts("b", "unroutable", error="x"),
        Facts("b", "matched", deliveries=[("dead", 1, "a")]),
        Facts("b", "matched", deliveries=[("rule-disabled", 0, "a")]),
        Facts("b", is_bus_paused=True),
    ],
)
def test_what_is_not_well_says_what_to_do(facts: Facts) -> None:
    assert verdict(facts).advice
