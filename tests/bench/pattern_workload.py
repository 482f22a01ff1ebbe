"""Rules and events for measuring the pattern index: a factory's machines, the same on every run.

Every rule asks for one source and one detail-type, and one to three things of the detail: exact values, a
prefix, a number's range, anything-but, existence. About eight rules share a source and detail-type, and every
event matches one to five of them. ``distinct`` types belong to one source; ``shared`` ones to all.
"""

import json
from dataclasses import dataclass
from random import Random
from typing import Any

from eventhub.domain.pattern import Pattern, matches, parse

KINDS = ["state", "site", "folder", "load", "load", "parts", "fault", "note", "grade", "crew"]
RULES_TOGETHER = 8
SOURCES_TOGETHER = 4
STATES = ["idle", "setup", "running", "paused", "cleaning", "done", "scrapped", "waiting", "failed", "tested"]
SITES = ["fi-oulu", "fi-turku", "pl-lodz", "pl-gdynia", "mx-puebla", "mx-merida", "vn-hue", "vn-vinh"]
GRADES = ["A", "B", "C", "X"]
FOLDERS = ["/cells/a/", "/cells/b/", "/cells/b/old/", "/press/", "/press/hot/", "/paint/"]
TYPES = [
    "Part Finished",
    "Part Measured",
    "Tool Changed",
    "Door Opened",
    "Shift Began",
    "Oil Low",
    "Batch Closed",
    "Alarm Raised",
]


@dataclass(frozen=True)
class Workload:
    """Patterns by rule id, events as their text, and the ids of the rules that each event matches."""

    patterns: dict[int, str]
    events: list[bytes]
    expected: list[list[int]]


def workload(size: int, *, types: str = "distinct", events: int = 2000) -> Workload:
    """Make so many rules, and events for them."""
    dice = Random(f"{size} {types}")
    pairs = [_pair(number, types) for number in range(max(1, size // RULES_TOGETHER))]
    rules = {
        rule_id: {"source": [pair[0]], "detail-type": [pair[1]], "detail": _conditions(dice)}
        for rule_id in range(size)
        for pair in [pairs[rule_id % len(pairs)]]
    }
    texts = {rule_id: json.dumps(rule) for rule_id, rule in rules.items()}
    together: dict[int, dict[int, Pattern]] = {}
    made: list[bytes] = []
    expected: list[list[int]] = []
    while len(made) < events:
        number = dice.randrange(len(pairs))
        if number not in together:
            together[number] = {rule_id: parse(texts[rule_id]) for rule_id in range(number, size, len(pairs))}
        for _ in range(60):
            event = _event(dice, *pairs[number])
            hits = [rule_id for rule_id, pattern in together[number].items() if matches(pattern, event)]
            if 1 <= len(hits) <= 5:
                # Through text once more, as an event arrives.
                made.append(json.dumps(event, separators=(",", ":")).encode())
                expected.append(hits)
                break
    return Workload(texts, made, expected)


def _pair(number: int, types: str) -> tuple[str, str]:
    machine = number // SOURCES_TOGETHER
    name = TYPES[(machine * 3 + number % SOURCES_TOGETHER) % len(TYPES)]
    return f"factory.machine{machine:05}", name if types == "shared" else f"Machine {machine:05} {name}"


def _conditions(dice: Random) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for _ in range(dice.choice([1, 2, 2, 3])):
        conditions |= _condition(dice)
    return conditions


def _condition(dice: Random) -> dict[str, Any]:
    match dice.choice(KINDS):
        case "state":
            return {"state": dice.sample(STATES, dice.randint(3, 6))}
        case "site" if dice.random() < 0.6:
            return {"site": [{"anything-but": dice.sample(SITES, dice.randint(1, 3))}]}
        case "site":
            return {"site": [{"prefix": dice.choice(["fi-", "pl-", "mx-"])}]}
        case "folder":
            return {"program": {"file": [{"prefix": dice.choice(["/cells/", "/cells/b/", "/press/"])}]}}
        case "load":
            low = dice.randint(0, 900)
            ranges: list[list[Any]] = [[">=", low], [">", low, "<=", low + dice.randint(100, 500)]]
            return {"load": [{"numeric": dice.choice(ranges)}]}
        case "parts":
            return {"parts": [{"numeric": ["<", dice.randint(1, 15)]}]}
        case "fault":
            return {"fault": [{"exists": dice.random() < 0.5}]}
        case "note":
            return {"note": [{"exists": True}]}
        case "grade":
            return {"material": {"grade": dice.sample(GRADES, dice.randint(1, 3))}}
        case _:
            return {"crew": [{"anything-but": dice.choice(["red", "blue", "green"])}]}


def _event(dice: Random, source: str, detail_type: str) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "serial": f"sn-{dice.randrange(10**8):08}",
        "state": dice.choice(STATES),
        "site": dice.choice(SITES),
        "load": dice.randrange(1000),
        "parts": dice.randint(1, 20),
        "crew": dice.choice(["red", "blue", "green", "night"]),
        "material": {
            "lot": f"lot-{dice.randrange(10**6):06}",
            "grade": dice.choice(GRADES),
            "supplier": f"Supplier {dice.randrange(9999)}",
            "mail": f"sales{dice.randrange(9999)}@example.com",
        },
        "program": {
            "file": dice.choice(FOLDERS) + str(dice.randrange(1000)),
            "by": dice.choice(["hand", "plan", "repair"]),
            "host": f"198.51.100.{dice.randrange(256)}",
            "version": f"7.{dice.randrange(20)}",
        },
        "steps": [
            {"tool": f"T-{dice.randrange(5000):04}", "turns": dice.randint(1, 9), "feed": dice.randrange(100)}
            for _ in range(dice.randint(1, 3))
        ],
        "marks": dice.sample(["urgent", "sample", "rework", "export", "trial"], 2),
        "operator": None,
        "simulated": False,
    }
    if dice.random() < 0.3:
        detail["fault"] = f"F{dice.randrange(500):03}"
    if dice.random() < 0.4:
        detail["note"] = f"N{dice.randrange(10**5):05}"
    return {
        "version": "0",
        "id": f"{dice.getrandbits(32):08x}-0000-7000-8000-{dice.getrandbits(48):012x}",
        "detail-type": detail_type,
        "source": source,
        "account": "000000000000",
        "time": f"2026-03-{dice.randint(1, 28):02}T{dice.randrange(24):02}:{dice.randrange(60):02}:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:factory:us-east-1:000000000000:part/{detail['serial']}"],
        "detail": detail,
    }
